"""What builds hand to a Dockerfile: values for its arguments, and named contexts in place of images.

A build is a component of system docker and kind context (`relcheck.readers.build_inputs` says what its inputs mean); which
Dockerfile it means is certain only where that file exists.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from relcheck.facts import Component, Credential, Image, Related, Text, Unknown, Variables
from relcheck.link import Repository, folder_of
from relcheck.patterns import lazy_pattern
from relcheck.readers.build_inputs import familiar, replaced_by
from relcheck.readers.images import image_fact
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.variables import Expansion, expand
from relcheck.source import Source, Span

_BARE = lazy_pattern(r"[\w.-]+", re.ASCII)
_STAGE_ROLES = ("base", "final", "copied", "mount")
_BAKE_ACTION = "docker/bake-action"
_ALTERNATIVES = 20
"""So many values of one reference are kept."""
_BUILDS_READ = 50
"""So many builds of one Dockerfile are looked at."""


class Build(Record):
    """A build of a Dockerfile: who says so, from which folder (None where that is not known), and what is handed over."""

    path: str
    context: str | None
    component: Component


class Given(Record):
    """A value for an argument, with its place."""

    value: str
    related: Related


def builds(repository: Repository) -> dict[str, list[Build]]:
    """Return the builds of the repository by the path of their Dockerfile; "" where that is not certain.

    A file that names a Dockerfile which is not there hands over nothing.
    """
    found: dict[str, list[Build]] = {}
    for path, _, component in repository.all(Component):
        if component.system == "docker" and component.kind == "context":
            dockerfile, context = located(repository.paths, path, repository.format_of(path), component)
            elsewhere = not dockerfile and context is not None and not _is_command(component)
            if not elsewhere:
                found.setdefault(dockerfile, []).append(Build(path=path, context=context, component=component))
    return found


def _is_command(component: Component) -> bool:
    """Whether a command or a step builds: in which folder it runs is less certain than for a file of builds."""
    return bool(component.job) or any(option.name == "folder" for option in component.inputs)


def located(paths: frozenset[str], path: str, file_format: str, component: Component) -> tuple[str, str | None]:
    """Return the Dockerfile among `paths` that a build of a file means, "" where it is not known, and the context's folder."""
    given = {option.name: option.value for option in component.inputs if ":" not in option.name}
    first: str | None = None
    for base in _bases(path, file_format, component, given):
        context = _joined(base, component.name)
        first = context if first is None else first
        for candidate in _candidates(base, context, given):
            if candidate in paths:
                return candidate, context
    return "", first


def _bases(path: str, file_format: str, component: Component, given: dict[str, Text]) -> Iterator[str]:
    """Yield the folders from which the paths of a build may be seen."""
    moved = given.get("folder", "")
    if isinstance(moved, Unknown):
        return
    if component.job:
        outside, mark, _ = path.rpartition(".github/")
        beside = ".gitlab-ci" in path or file_format == "cloudbuild"
        starts = [outside.rstrip("/") if mark else folder_of(path) if beside else "", ""]
    else:
        starts = [folder_of(path), ""]
    for start in dict.fromkeys(starts):
        base = _joined(start, str(moved))
        if base is not None:
            yield base


def _candidates(base: str, context: str | None, given: dict[str, Text]) -> Iterator[str]:
    """Yield where the Dockerfile may be: seen from the command's folder, then from the context."""
    if isinstance(file := given.get("file", ""), str) and file:
        yield _joined(base, file) or ""
    inner = given.get("dockerfile", "") or file
    if context is not None and isinstance(inner, str):
        for name in (inner,) if inner else ("Dockerfile", "Containerfile"):
            yield _joined(context, name) or ""


def _joined(folder: str, path: object) -> str | None:
    """Return a path below a folder, None where it is not known or outside; "" is the root."""
    if not isinstance(path, str) or MARK in path or path.startswith(("/", "~")):
        return None
    found = posixpath.normpath(posixpath.join(folder, path))
    return None if found.startswith("..") else "" if found == "." else found


def hand_over(repository: Repository) -> None:
    """Give the images of Dockerfiles the values that their builds hand over; other values than a default are further images."""
    open_to = [found for found in repository.all(Image) if found[2].engine == "dockerfile" and found[2].raw]
    known = builds(repository) if open_to else {}
    variables: dict[str, dict[str, str]] = {}
    for path, index, image in open_to:
        found: dict[str, Image] = {}
        made_by = known.get(path, [])[:_BUILDS_READ]
        content = repository.content(path) if made_by else b""
        for build in made_by:
            for given in _rounds(repository, build, variables):
                made = _resolved(path, image, given, content)
                if made is not None and len(found) < _ALTERNATIVES:
                    found.setdefault(f"{made.written} {made.name} {made.tag} {made.digest}", made)
        _keep(repository, path, index, list(found.values()))


def unread_arguments(repository: Repository) -> None:
    """Say which secrets a build hands to Dockerfiles that never name them: what no `ARG` takes is kept in no image.

    Docker's own actions attest all arguments of a public repository, so that with them nothing is certain.
    """
    handed = [found for found in repository.all(Credential) if found[2].kind == "build-arg" and not found[2].job]
    if not handed or any(component.name == _BAKE_ACTION for _, _, component in repository.all(Component)):
        return
    built: dict[str, set[str]] = {}
    for dockerfile, made in builds(repository).items():
        for build in made:
            built.setdefault(build.path, set()).add(dockerfile)
    for path, index, credential in handed:
        files = built.get(path, {""})
        if "" not in files and not any(_names(repository, file, credential.key) for file in files):
            repository.put(path, index, credential.replace(where="unread"))


def _names(repository: Repository, path: str, word: str) -> bool:
    content = repository.content(path)
    return not content or re.search(rb"(?<!\w)" + re.escape(word.encode()) + rb"(?!\w)", content) is not None


def _keep(repository: Repository, path: str, index: int, found: list[Image]) -> None:
    """Put the first value in the place of an image that names nothing certain by itself, and add the others."""
    image = repository.of(path)[index]
    if found and isinstance(image, Image) and image.state in ("unknown", "partial"):
        repository.put(path, index, found.pop(0))
    for made in found:
        if not (isinstance(made.tag, Unknown) and isinstance(made.digest, Unknown)):
            repository.add(path, made)


def _rounds(repository: Repository, build: Build, variables: dict[str, dict[str, str]]) -> Iterator[dict[str, Given]]:
    """Yield the values of a build; those of a matrix one by one."""
    values: dict[str, list[Given]] = {}
    raw = {option.name[4:]: option.value for option in build.component.inputs if option.name.startswith("raw:")}
    for option in build.component.inputs:
        name = option.name.removeprefix("arg:")
        if name == option.name:
            continue
        told = _beside(repository, build.path, raw[name], variables) if name in raw else None
        text = option.value if told is None else told
        # What is not known at all may be nothing, which leaves the default.
        if isinstance(text, str) and (text.strip(MARK) or not text):
            related = Related(span=option.span, note=f"{name} is handed over here", path=build.path)
            values.setdefault(name, []).append(Given(value=text, related=related))
    for number in range(min(max(map(len, values.values()), default=0), _ALTERNATIVES)):
        yield {name: found[min(number, len(found) - 1)] for name, found in values.items()}


def _beside(repository: Repository, path: str, raw: object, known: dict[str, dict[str, str]]) -> str | None:
    """Return a compose value with the variables of the `.env` beside the file, None where that says nothing of it."""
    beside = repository.beside(path, ".env")
    if not beside or not isinstance(raw, str):
        return None
    if beside not in known:
        known[beside] = {
            option.name: MARK if isinstance(option.value, Unknown) else option.value
            for fact in repository.of(beside) if isinstance(fact, Variables) for option in fact.values_of
        }  # fmt: skip
    expansion = expand(Source(path, raw), known[beside].get, "compose")
    return expansion.source.text if expansion.used else None


def _is_stage(text: str, content: bytes) -> bool:
    """Whether a bare name may be a stage of the Dockerfile."""
    return _BARE.fullmatch(text) is not None and (
        not content or re.search(rf"(?i)\sas\s+{re.escape(text)}\s".encode(), content) is not None
    )


def _resolved(path: str, image: Image, given: dict[str, Given], content: bytes) -> Image | None:
    """Return the image that a reference comes to by what is handed over; None where that changes or tells nothing."""
    source = Source(path, image.raw)

    def lookup(name: str) -> str | None:
        return given[name].value if name in given else None

    expansion = expand(source, lookup, "docker")
    text = expansion.source.text
    default = expand(source, lambda _: None, "docker").source.text
    if not expansion.used or not text.strip(MARK + " ") or text in (default, "scratch") or _is_stage(text, content):
        return None
    return _placed(image, expansion, given)


def _placed(image: Image, expansion: Expansion, given: dict[str, Given]) -> Image | None:
    """Make the image at the place where the Dockerfile uses the argument."""
    whole = image.parts["raw"]
    made = image_fact(
        expansion.source, role=image.role, engine="dockerfile", state=expansion.state, raw=image.raw,
        written=expansion.source.text if _is_whole(image.raw) else image.written,
        related=tuple(given[name].related for name, _ in expansion.used if name in given),
    )  # fmt: skip
    if made is None:
        return None
    parts = {name: _part(name, image, made, whole) for name in made.parts}
    return made.replace(span=parts.get("tag") or parts.get("name") or whole, parts={**parts, "raw": whole})


def _part(name: str, image: Image, made: Image, whole: Span) -> Span:
    """Return where a part of the reference stands: where it did, behind the name that is the same, or anywhere in it."""
    # A default that is the whole reference has its parts at the default, which is not what is used here.
    kept = {} if any(other.note == "used here" for other in image.related) else image.parts
    before = kept.get("name")
    if name in kept and getattr(made, name) == getattr(image, name):
        return kept[name]
    if (
        name == "tag"
        and before is not None
        and before.form == "plain"
        and "@" not in image.raw
        and made.name == image.name
    ):
        return Span(before.end + 1, whole.end, "variable")
    return _variable(kept.get(name, whole))


def _variable(span: Span) -> Span:
    if span.form.endswith("variable"):
        return span
    return Span(span.start, span.end, "variable" if span.form == "plain" else f"{span.form}>variable")


def _is_whole(raw: str) -> bool:
    """Whether a reference is one variable, with its default or without."""
    depth = 0
    for at, letter in enumerate(raw):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == "}" and not depth:
            return raw.startswith("${") and at == len(raw) - 1
    return re.fullmatch(r"\$\w+", raw) is not None


def argument_names(repository: Repository) -> set[str]:
    """Return the variables of Dockerfiles' references: builds may give them values."""
    raws = (image.raw for _, _, image in repository.all(Image) if image.engine == "dockerfile")
    return {name for raw in raws for name in re.findall(r"\$\{?([A-Za-z_]\w*)", raw)}


def named_contexts(repository: Repository) -> None:
    """Mark what a named context of a build replaces, and say what stands in for it."""
    anywhere: dict[str, Related] = {}
    by_file: dict[str, dict[str, Related]] = {}
    for dockerfile, found in builds(repository).items():
        for build in found:
            into = by_file.setdefault(dockerfile, {}) if dockerfile else anywhere
            into.update(_contexts(build.path, build.component))
    anywhere.update(_by_actions(repository))
    if not anywhere and not any(by_file.values()):
        return
    for path, index, image in list(repository.all(Image)):
        if image.engine == "dockerfile" and image.role in _STAGE_ROLES and image.overridden is not True:
            name = familiar(image.written)
            place = by_file.get(path, {}).get(name) or anywhere.get(name)
            if place is not None:
                repository.put(path, index, replaced_by(image, place.span, place.note, place.path))


def _contexts(path: str, component: Component) -> Iterator[tuple[str, Related]]:
    for option in component.inputs:
        kind, _, name = option.name.partition(":")
        if kind == "context":
            note = option.value if isinstance(option.value, str) and MARK not in option.value else ""
            yield familiar(name), Related(span=option.span, note=note, path=path)


def _by_actions(repository: Repository) -> Iterator[tuple[str, Related]]:
    """Yield the named contexts of actions that build, where the table of actions does not know how."""
    known = {
        (path, build.job, build.step) for path, _, build in repository.all(Component)
        if build.kind == "context" and build.system == "docker"
    }  # fmt: skip
    for path, _, action in repository.all(Component):
        for option in action.inputs if action.kind == "action" else ():
            if (
                option.name == "build-contexts"
                and isinstance(option.value, str)
                and (path, action.job, action.step) not in known
            ):
                for line in option.value.splitlines():
                    name, equals, target = line.strip().partition("=")
                    if equals:
                        yield familiar(name), Related(span=option.span, note=target, path=path)


def contexts_of(repository: Repository) -> dict[str, str]:
    """Return the folder in which the build of a Dockerfile starts, by its path, where a file of the repository says so."""
    found: dict[str, str] = {}
    for dockerfile, made in builds(repository).items():
        context = next((build.context for build in made if build.context is not None), None)
        if dockerfile and context is not None:
            found[dockerfile] = context
    return found
