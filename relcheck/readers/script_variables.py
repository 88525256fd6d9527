"""Variables that publish, in scripts whose language is not read: PowerShell, batch files, just, Task, tox, Rake, fastlane.

    $env:NAME = 'value'   set NAME=value   set "NAME=value"   export NAME := 'value'   NAME: value   ENV['NAME'] = 'value'

Only names that publishing tools read count, and only values that are written out: in code they stand in quotes. The key of a
push of NuGet or of the PowerShell Gallery may stand behind its option.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Credential, Fact
from relcheck.readers.home_secrets import home_credential
from relcheck.refs.secrets import is_publish_variable
from relcheck.source import Source

_ASSIGNMENT = re.compile(
    r"(?<![\w.-])(?P<name>[A-Za-z][A-Za-z0-9_]{3,60})[\"'\]}]{0,3}[ \t]*(?::=|=|:)[ \t]*"
    r"(?:\"(?P<double>[^\"\r\n]{1,400})\"|'(?P<single>[^'\r\n]{1,400})'|(?P<bare>[\w./+~-][\w./+=~-]{0,400})(?=[\s;&\"]|\Z))",
    re.ASCII,
)
_CODE = re.compile(r"\.(?:ps1|psm1|just|py|rake)$|(?:^|/)(?:\.?justfile|Rakefile|Fastfile)$", re.IGNORECASE)
"""Languages in which a word without quotes is a name, not a text."""
_PUSHED = re.compile(
    r"(?<![\w-])(?P<option>--api-key|-ApiKey|-NuGetApiKey)[ \t=:]+(?P<quote>[\"']?)(?P<value>[\w-]{16,200})"
    r"(?P=quote)(?=[\s;&|)]|\Z)",
    re.IGNORECASE | re.ASCII,
)
_PLAIN = re.compile(r"\d{1,5}|(?i:yes|no|on|off)|/[\w./-]*|\.{1,2}/[\w./-]*")
"""Numbers, switches and names of files, which a variable with such a name holds too."""
_LINE = 400
_COMMENT = re.compile(r"[ \t]*(?:#|//|::|rem[ \t])", re.IGNORECASE)


def read(source: Source) -> Iterator[Fact]:
    """Yield the variables with a publishing tool's name, and keys behind the option of a push."""
    code = _CODE.search(source.path) is not None
    for match in _ASSIGNMENT.finditer(source.text):
        group = next(name for name in ("double", "single", "bare") if match[name] is not None)
        if (group == "bare" and code) or not is_publish_variable(match["name"]) or _is_comment(source, match.start()):
            continue
        if not _PLAIN.fullmatch(match[group]):
            form = "reference" if "$" in match[group] else ""
            found = home_credential(source.part(*match.span(group)), "env", ecosystem="", key=match["name"], form=form)
            yield found.replace(where="script", access="publish")
    for match in _PUSHED.finditer(source.text):
        if not _is_comment(source, match.start()):
            yield _key(source, match)


def _is_comment(source: Source, at: int) -> bool:
    """Whether a comment begins the line; a line that begins far before is none that people write."""
    start = source.text.rfind("\n", max(at - _LINE, 0), at) + 1
    return (start > 0 or at <= _LINE) and _COMMENT.match(source.text, start, at) is not None


def _key(source: Source, match: re.Match[str]) -> Credential:
    found = home_credential(source.part(*match.span("value")), "argv-token", ecosystem="nuget", key=match["option"])
    return found.replace(where="argv", tool="nuget")
