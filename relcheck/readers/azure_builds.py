"""What the task Docker of Azure Pipelines builds: the command that it runs, put together from its inputs.

    command: build | buildAndPush      Dockerfile: PATH      buildContext: FOLDER      arguments: more of `docker build`

`buildAndPush` takes no arguments (documentation: "Docker@2"). Without a Dockerfile the first one found is built, and
without a folder that of the Dockerfile; from which file that is, cannot be told here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Option
from relcheck.readers import build_inputs
from relcheck.readers.ci_common import placed
from relcheck.readers.composed import composed, in_file
from relcheck.readers.known import Call
from relcheck.refs import MARK
from relcheck.source import Source

_BUILDS = re.compile(r"(?i)(?:build|buildandpush)?")
_ROOT = re.compile(
    r"\$\((?:Build\.(?:SourcesDirectory|Repository\.LocalPath)|System\.DefaultWorkingDirectory)\)[/\\]?", re.IGNORECASE
)


def docker_build(call: Call) -> Iterator[Fact]:
    """Yield what a build hands to its Dockerfile, and what its arguments say."""
    command = call.text("command")
    if command is UNKNOWN or not _BUILDS.fullmatch(str(command)):
        return
    file, arguments = _path(call, "dockerfile"), call.source("arguments")
    folder = _path(call, "buildcontext") or (file.text.rpartition("/")[0] or "." if file is not None else "-")
    if arguments is not None and command == "build" and arguments.text.strip():
        words: list[Source | str] = ["docker build ", in_file(arguments)]
        words += [" -f ", in_file(file)] if file is not None else []
        words += [" ", in_file(folder) if isinstance(folder, Source) else folder]
        yield from _command(call, composed(words))
    elif file is not None:
        inputs = [Option(name="file", value=file.text)]
        where = folder.text if isinstance(folder, Source) else folder
        yield build_inputs.build(call.place, where, inputs, job=call.around.job, step=call.around.step)


def _path(call: Call, name: str) -> Source | None:
    """Return a path below the repository, where it is told: no pattern, and no variable but that of the checkout."""
    source = call.source(name)
    if source is None:
        return None
    root = _ROOT.match(source.text)
    source = source.part(root.end(), len(source.text)) if root else source
    known = call.markers.one(source).text
    return None if MARK in known or "*" in known or not known.strip() or "\\" in known else source


def _command(call: Call, source: Source) -> Iterator[Fact]:
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

    around = call.around
    found = read_shell(
        call.markers.one(source),
        context="run",
        job=around.job,
        step=around.step,
        tolerant=around.tolerant,
        shell_options="e",
    )
    yield from placed(found, around)
