"""What the values, the templates and the metadata of a chart say together about an image's tag.

An empty tag in values means the chart's `appVersion`; the default in a template holds only where values.yaml gives
nothing; an image in values without a tag has none only where a template uses it as it is.
"""

from __future__ import annotations

import re

from relcheck.facts import UNKNOWN, Chart, Component, Dependency, Image, Option, Related, Unknown, Variables
from relcheck.link import Repository, folder_of
from relcheck.patterns import lazy_pattern
from relcheck.refs.image import tag_kind

_APP_VERSION = ".Chart.AppVersion"
_PATH = lazy_pattern(r"\.Values\.([\w.]+)")
_WHOLE = lazy_pattern(r"\{\{-?\s*\.Values\.(?P<path>[\w.]+)\s*(?:\|\s*(?:quote|squote|toString|trim)\s*)*-?\}\}")
_VERSIONED = lazy_pattern(
    r":\{\{-?\s*(?:\.Values\.(?P<before>[\w.]+)\s*\|\s*default\s+\.Chart\.AppVersion"
    r"|default\s+\.Chart\.AppVersion\s+\.Values\.(?P<behind>[\w.]+)|\.Chart\.AppVersion)\s*(?:\|\s*toString\s*)?-?\}\}$"
)
_ACTION = lazy_pattern(r"\{\{.*?\}\}", re.DOTALL)
_HANDED_ON = frozenset(
    ("tag", "imageTag", "image_tag", "imageVersion", "version", "image", "repository", "registry", "digest")
)
_TAG = lazy_pattern(r"[\w][\w.-]{0,127}", re.ASCII)
_TEMPLATES_READ = 200
LOCKS: dict[str, tuple[str, ...]] = {
    "Chart.yaml": ("Chart.lock", "requirements.lock"),
    "requirements.yaml": ("requirements.lock",),
    "vendir.yml": ("vendir.lock.yml",),
    "vendir.yaml": ("vendir.lock.yml",),
}
"""The lock files of files that name charts; those of a helmfile have its name."""


def link(repository: Repository) -> None:
    """Fill what images and dependencies of charts cannot know alone."""
    _locks(repository)
    for path, index, image in list(repository.all(Image)):
        if image.engine != "helm" or not image.raw:
            continue
        chart = repository.above(path, "Chart.yaml")
        if not chart:
            continue
        if "/templates/" in f"/{path}":
            found = (
                _without_default(repository, chart, image)
                if image.floating_default
                else _with_default_version(repository, chart, image)
            )
        elif _APP_VERSION in image.raw:
            found = _with_app_version(repository, chart, image)
        else:
            found = _as_written(repository, chart, image)
        if found is not None:
            repository.put(path, index, found)


def _locks(repository: Repository) -> None:
    """A lock file beside the very file that names charts settles their versions; one further up is another chart's."""
    for path, index, found in list(repository.all(Dependency)):
        if found.ecosystem == "helm" and found.where == "manifest" and found.locked is UNKNOWN:
            stem = path.rsplit("/", 1)[-1].partition(".")[0]
            names = LOCKS.get(path.rsplit("/", 1)[-1], (f"{stem}.lock", "helmfile.lock"))
            locked = bool(repository.beside(path, *names)) or _is_packed(repository, path, found)
            repository.put(path, index, found.replace(locked=locked))
    for path, index, component in list(repository.all(Component)):
        if component.system == "vendir" and repository.beside(path, *LOCKS["vendir.yml"]):
            repository.put(path, index, component.replace(locked=True))


def _is_packed(repository: Repository, path: str, found: Dependency) -> bool:
    """Whether the chart itself is committed below the one that depends on it, as a folder or packed."""
    folder = f"{folder_of(path)}/charts/".lstrip("/")
    name = str(found.name)
    if f"{folder}{name}/Chart.yaml" in repository.paths:
        return True
    packed = re.compile(rf"{re.escape(folder + name)}-v?\d[^/]*\.tgz")
    return any(packed.fullmatch(other) for other in repository.paths if other.startswith(folder))


def _with_app_version(repository: Repository, chart: str, image: Image) -> Image | None:
    """Give the image the version of the chart that its values belong to: this one, or one that it depends on."""
    match = _PATH.search(image.raw)
    first = match[1].partition(".")[0] if match else ""
    inner = f"{folder_of(chart)}/charts/{first}/Chart.yaml".lstrip("/")
    if inner in repository.paths:
        chart = inner
    elif first in _subcharts(repository, chart):
        return None
    about = next((fact for fact in repository.of(chart) if isinstance(fact, Chart)), None)
    if about is None or not isinstance(about.app_version, str) or not _TAG.fullmatch(about.app_version):
        return None
    place = about.parts.get("app_version", about.span)
    return image.replace(
        written=f"{image.written}:{about.app_version}",
        tag=about.app_version,
        tag_kind=tag_kind(about.app_version),
        state="defaulted",
        related=(*image.related, Related(span=place, note="the tag is the chart's appVersion", path=chart)),
    )


def _with_default_version(repository: Repository, chart: str, image: Image) -> Image | None:
    """Give the image of a template the chart's version, where that is the tag unless values.yaml gives another.

    An image whose name comes from values is looked at there.
    """
    match = _VERSIONED.search(image.raw)
    if match is None or isinstance(image.name, Unknown):
        return None
    path = match["before"] or match["behind"] or ""
    given = _values(repository, chart).get(path)
    if path and not (given.value == "" if given is not None else path.rpartition(".")[2] in _HANDED_ON):
        return None
    found = _with_app_version(repository, chart, image)
    return found.replace(written=f"{image.name}:{found.tag}", digest="") if found is not None else None


def _subcharts(repository: Repository, chart: str) -> set[str]:
    facts = repository.of(chart)
    return {option.name for fact in facts if isinstance(fact, Variables) for option in fact.values_of}


def _values(repository: Repository, chart: str) -> dict[str, Option]:
    path = repository.beside(chart, "values.yaml", "values.yml")
    facts = repository.of(path) if path else []
    return {option.name: option for fact in facts if isinstance(fact, Variables) for option in fact.values_of}


def _without_default(repository: Repository, chart: str, image: Image) -> Image | None:
    """Take back what the default of a template says where values.yaml gives, or may give, something else."""
    values = _values(repository, chart)
    for action in _ACTION.findall(image.raw):
        match = _PATH.search(action)
        if "default" not in action or match is None:
            continue
        given = values.get(match[1])
        unset = given is None and match[1].rpartition(".")[2] in _HANDED_ON
        if unset or (given is not None and given.value == ""):
            continue
        unknown = dict.fromkeys(("tag", "tag_kind", "digest"), UNKNOWN)
        if _ACTION.fullmatch(image.raw.strip()):
            unknown |= dict.fromkeys(("name", "registry", "host", "namespace", "repository"), UNKNOWN)
        return image.replace(state="partial", floating_default=False, problem="", digest_problem="", **unknown)
    return None


def _as_written(repository: Repository, chart: str, image: Image) -> Image | None:
    """Say that an image of values has no tag where a template of the chart uses the value and nothing else."""
    match = _WHOLE.fullmatch(image.raw)
    if match is None or not isinstance(image.tag, Unknown):
        return None
    folder = folder_of(chart)
    prefix = f"{folder}/templates/" if folder else "templates/"
    paths = sorted(path for path in repository.paths if path.startswith(prefix))
    for path in paths[:_TEMPLATES_READ]:
        for fact in repository.of(path):
            used = _WHOLE.fullmatch(fact.raw.strip()) if isinstance(fact, Image) else None
            if used is not None and used["path"] == match["path"]:
                return image.replace(tag="", tag_kind="none", state="literal")
    return None
