"""Tiltfile (Tilt's API reference): which images a development environment builds, and the commands that it runs.

    docker_build('NAME', CONTEXT, …), custom_build('NAME', COMMAND, …), docker_build_with_restart, podman_build, …
    local('COMMAND'), local_resource(NAME, 'COMMAND' | cmd='COMMAND' | serve_cmd='COMMAND')

Only texts that are written out as one literal are read; whatever a function of Starlark makes is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers import embedded
from relcheck.readers.images import image_fact
from relcheck.source import Source

_TEXT = r"""(?:'(?P<single{0}>[^'\\\r\n{{}}%]*)'|"(?P<double{0}>[^"\\\r\n{{}}%]*)")"""
_BUILD = re.compile(
    r"(?m)^[^#\r\n]*?\b(?:docker|custom|podman|buildah|ko|pack|bazel)_build\w*[ \t]*\(\s*(?:ref[ \t]*=[ \t]*)?"
    + _TEXT.format("")
)
_COMMAND = re.compile(
    r"(?m)^[^#\r\n]*?(?:\blocal[ \t]*\(\s*(?:command[ \t]*=[ \t]*)?|\b(?:serve_)?cmd[ \t]*=[ \t]*|"
    r"\blocal_resource[ \t]*\([ \t]*['\"][^'\"\r\n]*['\"],[ \t]*)" + _TEXT.format("") + r"(?![ \t]*[%+.])"
)


def read(source: Source) -> Iterator[Fact]:
    """Yield the names that are built here, then what the commands say."""
    for match in _BUILD.finditer(source.text):
        found = image_fact(source.part(*_place(match)), role="output", engine="tilt", build_here=True)
        if found is not None:
            yield found
    for match in _COMMAND.finditer(source.text):
        yield from embedded("shell", source.part(*_place(match)))


def _place(match: re.Match[str]) -> tuple[int, int]:
    return match.span("single") if match["single"] is not None else match.span("double")
