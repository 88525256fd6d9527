"""What its owner has given up: a chart with `deprecated: true`, a Tekton task of a catalogue with `tekton.dev/deprecated`.

Nothing more is released of it, so what is wrong in it is only noted. A folder of a catalogue belongs to the one version
of a task that it holds, with the Dockerfile of the task's image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from relcheck.facts import Chart, Resource
from relcheck.link import Repository, folder_of

_CHART = "Chart.yaml"
_AT_ROOT = ("templates/", "charts/", "crds/", "ci/", "values", _CHART, "requirements.yaml")
"""What belongs to a chart that is the whole repository."""

_SIBLINGS_READ = 20
_WORD = b"tekton.dev/deprecated"


def deprecated_paths(repository: Repository, paths: Iterable[str]) -> frozenset[str]:
    """Return those of the paths that belong to a chart or a task which its owner has given up."""
    paths = tuple(paths)
    if not repository.whole:
        _read_around(repository, paths)
    charts = {chart.folder for _, _, chart in repository.all(Chart) if chart.deprecated}
    tasks = _task_folders(repository)
    if not charts and not tasks:
        return frozenset()
    return frozenset(path for path in paths if _below(path, charts) or folder_of(path) in tasks)


def _below(path: str, charts: set[str]) -> bool:
    return ("" in charts and path.startswith(_AT_ROOT)) or any(folder in charts for folder in _folders(path))


def _folders(path: str) -> Iterator[str]:
    """Yield the folders around a path, the nearest first, without the root."""
    folder = folder_of(path)
    while folder:
        yield folder
        folder = folder_of(folder)


def _task_folders(repository: Repository) -> set[str]:
    """Return the folders whose Tekton objects are all deprecated; one at the root is a whole repository and stays out."""
    states: dict[str, bool] = {}
    for path, _, found in repository.all(Resource):
        if found.api_version.startswith("tekton.dev/") and (folder := folder_of(path)):
            states[folder] = states.get(folder, True) and found.deprecated
    return {folder for folder, deprecated in states.items() if deprecated}


def _read_around(repository: Repository, paths: tuple[str, ...]) -> None:
    """Read the charts around some files, and the deprecated tasks beside them."""
    folders = {folder for path in paths if (folder := folder_of(path))}
    around = {f"{folder}/{_CHART}" for path in paths for folder in _folders(path)}
    for chart in sorted((around | {_CHART}) & repository.paths):
        repository.of(chart)
    near = [path for path in repository.paths - repository.reported if folder_of(path) in folders]
    beside = sorted(path for path in near if path.endswith((".yaml", ".yml")))
    told = any(found.deprecated for _, _, found in repository.all(Resource))
    if len(beside) <= _SIBLINGS_READ and (told or any(_WORD in repository.content(path) for path in beside)):
        for path in beside:
            repository.of(path)
