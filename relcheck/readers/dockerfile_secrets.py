"""Secrets that a build hands to the image: an ARG that is called like a secret and is written into a layer.

The value of such an ARG stands in the history of every image that is built from its stage; a file or an ENV that it is
written to stands in the layer as well. Only what certainly writes it counts: a command that uses it does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from relcheck.facts import Credential, Related
from relcheck.patterns import lazy_pattern
from relcheck.refs.secrets import is_publish_variable, looks_secret_name
from relcheck.source import Source

_REFERENCE = lazy_pattern(r"(?<!\\)\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:[:#%/?+-][^{}]*)?\})")
_REFERENCES = 500
"""How many variables of one instruction are looked at."""
_END = lazy_pattern(r"&&|\|\||;|\n")
_SAYS = lazy_pattern(r"(?:\(|\{\s|!\s)*\s*(?:echo|printf|cat)\b")
_INTO = lazy_pattern(r"(?<![0-9&>])>{1,2}(?![&>])\s*(?!/dev/)\S|\|\s*(?:sudo\s+)?tee\b")
_SETS = lazy_pattern(
    r"\s*(?:(?:npm|pnpm)\s+(?:-\S+\s+)*(?:config\s+)?set\b|(?:yarn|bundle|composer|poetry|pip3?|conda)\s+(?:-\S+\s+)*config\b"
    r"|git\s+config\b|sed\s+(?:-\S+\s+)*-i|(?:dotnet\s+)?nuget\s+(?:add|update)\s+source\b|dotnet\s+nuget\s+add\b)"
)


def written_arguments(script: Source, arguments: Mapping[str, Source], *, env: bool = False) -> Iterator[Credential]:
    """Yield each secret ARG of the stage that a RUN writes into a file, or that an ENV keeps (`env`)."""
    said: set[str] = set()
    for match in islice(_REFERENCE.finditer(script.text), _REFERENCES if arguments else 0):
        name = match[1] or match[2]
        if name not in arguments or name in said or not (looks_secret_name(name) or is_publish_variable(name)):
            continue
        if env or _is_written(script.text, match.start()):
            yield Credential(
                span=script.at(*match.span()),
                related=(Related(span=arguments[name].all(), note="the build argument"),),
                kind="build-arg",
                form="reference",
                where="layer",
                key=name,
                tool="ENV" if env else "RUN",
            )
            said.add(name)


def _is_written(text: str, at: int) -> bool:
    """Whether the command around an offset writes its words into a file or a configuration."""
    start = max((match.end() for match in _END.finditer(text, max(0, at - 4000), at)), default=max(0, at - 4000))
    end = _END.search(text, at)
    command = text[start : min(end.start() if end else len(text), at + 4000)]
    return bool(_SETS.match(command) or _SAYS.match(command) and _INTO.search(command)) or _in_document(text, start)


def _in_document(text: str, at: int) -> bool:
    """Whether an offset lies in a heredoc that a command writes into a file (`cat <<EOF > x`)."""
    for match in re.finditer(r"(?m)^(.*?)<<-?\s*([\"'\\]?)(\w+)[\"']?(.*)$", text[:at][-20_000:]):
        closed = re.search(rf"(?m)^\t*{re.escape(match[3])}$", text[:at][-20_000:][match.end() :])
        if not closed and not match[2] and _INTO.search(match[1] + match[4]):
            return True
    return False
