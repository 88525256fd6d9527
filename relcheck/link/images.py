"""Images and what stands around them.

`.env` beside a compose file, what builds hand to a Dockerfile (`builds`), names that the repository builds itself,
`.dockerignore`, and what the credential files hold that a Dockerfile copies.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from relcheck.facts import (
    UNKNOWN,
    Command,
    Component,
    Copy,
    Credential,
    IgnoreFile,
    Image,
    Option,
    Related,
    Unknown,
    Variables,
)
from relcheck.link import Repository, builds, folder_of
from relcheck.patterns import lazy_pattern
from relcheck.readers.images import image_fact
from relcheck.refs import MARK
from relcheck.refs.variables import expand
from relcheck.source import Source, Span
from relcheck.vcs import origin

_REWRITTEN = ("kubernetes", "kustomize", "helm", "skaffold")
_ENV_FILES = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env")
_CREDENTIAL_HOMES = (".npmrc", ".pypirc", ".netrc", "auth.json")
_VARIABLE = lazy_pattern(r"\$(?:\w+|\{\w+(?::?[-?][^{}]*)?\})")
_PREFIXED = lazy_pattern(r"…(?P<name>[a-z0-9][\w.-]*)(?::.*)?")
_BUILDERS = lazy_pattern(
    r"(?:.*/)?(?:[^/]+\.(?:ya?ml|hcl|sh|bash|mk|groovy|gradle|kts|build|csproj)|[^/]*bake[^/]*\.json|\.?devcontainer\.json|pom\.xml|package\.json"
    r"|[Mm]akefile|GNUmakefile|[Jj]ustfile|Tiltfile|Jenkinsfile|Earthfile)"
)
_BUILDS = (b"build", b"tags", b"args", b"load", b"output", b"context", b"jib")
"""What stands in a file that builds images or loads them: one of these words."""
_PARTS = 8  # of a name, between slashes: few have more than four
_BUILDERS_READ = 300
"""How many files a scan of a few files looks at to find out what the repository builds."""


def link(repository: Repository) -> None:
    """Fill what images, copies and credential files cannot know alone."""
    _interpolate(repository)
    certain = _read_builders(repository)
    builds.hand_over(repository)
    builds.unread_arguments(repository)
    _built_here(repository, certain=certain)
    _loaded_unseen(repository)
    _own_development(repository)
    builds.named_contexts(repository)
    _ignored(repository)
    _copied_credentials(repository)
    _said_before(repository)


def _interpolate(repository: Repository) -> None:
    """Give the variables of compose files the values of the `.env` beside them, before any inline default."""
    for path, index, image in list(repository.all(Image)):
        if image.engine != "compose" or not image.raw or "raw" not in image.parts:
            continue
        beside = repository.beside(path, ".env")
        found = _with_values(image, path, beside, _values(repository, beside)) if beside else None
        if found is not None:
            repository.put(path, index, found)


def _said_before(repository: Repository) -> None:
    """Mark what a script, or a compose file, takes from a variable once more: the repair is made once, where that is set."""
    said: set[tuple[str, str, int, str]] = set()
    used: set[tuple[str, str, str]] = set()
    for path, index, image in list(repository.all(Image)):
        if image.engine == "compose" and any(place.path for place in image.related):
            use = (path, image.role, image.written)
            if use in used:
                repository.put(path, index, image.replace(repeated=True))
            used.add(use)
        place = image.parts.get("tag") or image.parts.get("name")
        if image.engine != "command" or place is None or not place.form.endswith("variable"):
            continue
        key = (path, image.job, image.step, image.written)
        if key in said and image.role in ("pulled", "run"):
            repository.put(path, index, image.replace(repeated=True))
        said.add(key)


def _values(repository: Repository, path: str) -> dict[str, Option]:
    return {
        option.name: option for fact in repository.of(path) if isinstance(fact, Variables) for option in fact.values_of
    }


def _with_values(image: Image, path: str, beside: str, options: dict[str, Option]) -> Image | None:
    def lookup(name: str) -> str | None:
        option = options.get(name)
        if option is None:
            return None
        return MARK if isinstance(option.value, Unknown) else option.value

    expansion = expand(Source(path, image.raw), lookup, "compose")
    if not expansion.used:
        return None
    found = image_fact(
        expansion.source,
        role=image.role,
        engine=image.engine,
        written=expansion.source.text if _VARIABLE.fullmatch(image.raw) else image.raw,
        state=expansion.state,
        related=tuple(
            Related(span=options[name].span, note=f"{name} is set here", path=beside) for name, _ in expansion.used
        ),
        pull_policy=image.pull_policy,
        build_here=image.build_here,
        floating_default=True,
        raw=image.raw,
    )
    if found is None:
        return None
    whole = image.parts["raw"]
    parts = {name: _moved(span, whole) for name, span in found.parts.items()}
    return found.replace(span=_moved(found.span, whole), parts={**parts, "raw": whole})


def _moved(span: Span, whole: Span) -> Span:
    """Turn a place in the text of a value into one of the file."""
    if whole.form == "plain":
        return Span(whole.start + span.start, whole.start + span.end, span.form)
    return Span(whole.start, whole.end, f"{whole.form}>variable")


def _read_builders(repository: Repository) -> bool:
    """Look at what may build an image, where only some files are scanned; false when that is too much.

    A file is read only where it names one of the images that are scanned, so that one file alone stays fast.
    """
    asked = {} if repository.whole else _asked(repository)
    found = [path for path in repository.paths if asked and _BUILDERS.fullmatch(path)]
    new = sorted(path for path in found if path not in repository.reported and _may_build(repository, path, asked))
    for path in new[:_BUILDERS_READ]:
        repository.of(path)
    if new:
        _interpolate(repository)
    return len(new) <= _BUILDERS_READ


def _asked(repository: Repository) -> dict[str, re.Pattern[bytes]]:
    """Return the names that matter by where they must be built: "" anywhere, in a folder (with `/`), or by Skaffold."""
    names: dict[str, set[str]] = {}
    for path, _, image in repository.all(Image):
        if _may_be_built(image) and isinstance(image.name, str) and image.name:
            bare = image.registry == "" and (image.namespace == "" or image.engine == "dockerfile")
            own = (
                "skaffold" if image.engine in _REWRITTEN else f"{folder_of(path)}/" if image.engine == "compose" else ""
            )
            if bare or own:
                names.setdefault("" if bare else own, set()).add(image.name.rsplit("/", 1)[-1])
    if handed := builds.argument_names(repository):
        names.setdefault("", set()).update(handed)
    return {
        where: re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(found)))})(?![\w-])".encode())
        for where, found in names.items()
    }


def _may_be_built(image: Image) -> bool:
    return not image.build_here and image.digest == "" and image.role not in ("output", "pushed")


def _may_build(repository: Repository, path: str, asked: dict[str, re.Pattern[bytes]]) -> bool:
    """Whether a file names one of the images and a word of building."""
    skaffold = "skaffold" if path.rsplit("/", 1)[-1].startswith("skaffold.") else ""
    wanted = {where: asked[where] for where in ("", f"{folder_of(path)}/", skaffold) if where in asked}
    content = repository.content(path) if wanted else b""
    return any(word in content for word in _BUILDS) and any(names.search(content) for names in wanted.values())


def _built_here(repository: Repository, *, certain: bool) -> None:
    """Mark what the repository builds itself; what it may build, where not all that builds was read.

    Bare names anywhere, names without a registry where a Dockerfile builds on them, and any name within the file or the
    compose project that builds it. What is deployed under a full name comes from a registry, whoever built it.
    """
    bare: set[str] = set()
    local: set[str] = set()
    near: set[tuple[str, str]] = set()
    rewritten, composed, perhaps = _rewritten(repository), _composed(repository), _perhaps_bare(repository)
    for path, name, registry, namespace in _built(repository):
        if registry == "":
            local.add(name)
            if namespace == "":
                bare.add(name)
        near.add((path, name))
        near.add((folder_of(path) + "/", name))
        near.update((f"{folder}/", name) for folder in composed.get(path, ()))
    shapes = _shapes(repository)
    for path, index, image in list(repository.all(Image)):
        if image.build_here or image.role in ("output", "pushed"):
            continue
        if isinstance(image.name, Unknown):
            if image.digest == "" and _shape(image.written) in shapes.get(path, ()):
                repository.put(path, index, image.replace(overridden=UNKNOWN))
            continue
        beside = image.engine == "compose" and (folder_of(path) + "/", image.name) in near
        beside = beside or (image.engine in _REWRITTEN and _is_below(path, rewritten.get(image.name, ())))
        based = image.engine == "dockerfile" and image.name in local
        if image.name in bare or (path, image.name) in near or beside or based:
            repository.put(path, index, image.replace(build_here=True))
        elif image.digest == "" and (not certain or image.name in perhaps or _fits(image.name, shapes.get(path))):
            repository.put(path, index, image.replace(overridden=UNKNOWN))


def _shapes(repository: Repository) -> dict[str, set[str]]:
    """Return, by Dockerfile, the names that other steps of what builds it give to images, where those are known in part.

    A Dockerfile that builds on a name which is known in the same part may build on one of them, though not on its own.
    """
    made: dict[str, list[tuple[str, int, str]]] = {}
    for path, _, image in repository.all(Image):
        if image.role == "output" and image.name is UNKNOWN and (shape := _shape(image.written)):
            made.setdefault(path, []).append((image.job, image.step, shape))
    found: dict[str, set[str]] = {}
    for dockerfile, its_builds in builds.builds(repository).items() if made else ():
        own = {(build.path, build.component.job, build.component.step) for build in its_builds}
        for path in {build.path for build in its_builds} if dockerfile else ():
            others = {shape for job, step, shape in made.get(path, ()) if (path, job, step) not in own}
            found.setdefault(dockerfile, set()).update(others)
    return found


def _shape(written: str) -> str:
    """Return a name without its tag, each variable a `…`; "" where its last part is not known: that could be any image."""
    name = _VARIABLE.sub("…", written)
    before, slash, last = name.rpartition("/")
    last = last.partition("@")[0].partition(":")[0]
    return f"{before}/{last}" if slash and last and "…" in before and "…" not in last else ""


def _fits(name: str, shapes: set[str] | None) -> bool:
    """Whether a name is what one of the names becomes whose one part is not known: `…` for the maintainers' own project."""
    parts = name.split("/") if shapes else []
    tried = range(len(parts) - 1) if len(parts) <= _PARTS else ()
    return any("/".join((*parts[:at], "…", *parts[at + 1 :])) in (shapes or ()) for at in tried)


def _perhaps_bare(repository: Repository) -> set[str]:
    """Return the names that are built behind a variable which may be empty, `-t $(PREFIX)tools`."""
    outputs = (image for _, _, image in repository.all(Image) if image.role == "output" and image.name is UNKNOWN)
    return {match["name"] for image in outputs if (match := _PREFIXED.fullmatch(image.written))}


def _composed(repository: Repository) -> dict[str, set[str]]:
    """Return the folders for which a file builds: those of the compose files that one file of another format runs together."""
    projects: dict[str, set[str]] = {}
    for path, _, component in repository.all(Component):
        if component.system == "compose" and component.local and isinstance(component.name, str):
            file = posixpath.normpath(posixpath.join(folder_of(path), component.name))
            if file in repository.paths:
                projects.setdefault(path, {path}).add(file)
    found: dict[str, set[str]] = {}
    for files in projects.values():
        for path in files:
            found.setdefault(path, set()).update(map(folder_of, files))
    return found


def _loaded_unseen(repository: Repository) -> None:
    """A script that is told to load what it builds (`pnpm build:docker --args '--load'`) may have built what is run next."""
    named = {(path, fact.job, fact.step) for path, _, fact in repository.all(Image) if fact.role == "output"}
    loaded: dict[tuple[str, str], int] = {}
    for path, _, command in repository.all(Command):
        if (
            command.job
            and "--load" in " ".join(command.argv).split()
            and (path, command.job, command.step) not in named
        ):
            key = (path, command.job)
            loaded[key] = min(command.step, loaded.get(key, command.step))
    for path, index, image in list(repository.all(Image)) if loaded else ():
        unnamed = image.role == "run" and image.engine == "command" and image.registry == "" and not image.build_here
        if unnamed and image.step > loaded.get((path, image.job), image.step):
            repository.put(path, index, image.replace(overridden=UNKNOWN))


def _own_development(repository: Repository) -> None:
    """A development container may be built ahead, under the repository's own name: each start is to take the newest."""
    images = [found for found in repository.all(Image) if found[2].engine == "devcontainer"]
    here = origin(repository.root).lower().split("/")[-2:] if images and repository.root else []
    for path, index, image in images if len(here) == 2 else ():
        owner, _, name = str(image.repository).lower().rpartition("/")
        if owner.rpartition("/")[2] == here[0] and name.startswith(here[1]):
            repository.put(path, index, image.replace(build_here=True))


def _rewritten(repository: Repository) -> dict[str, list[str]]:
    """Return the folders of the files that build an image for Skaffold or Tilt, which rewrite its name in what they deploy."""
    found: dict[str, list[str]] = {}
    for path, _, image in repository.all(Image):
        if image.role != "output" or not isinstance(image.name, str):
            continue
        # What Tilt deploys is not known here: under a full name others deploy the same manifests from a registry.
        if image.engine == "skaffold" or (image.engine == "tilt" and image.registry == ""):
            found.setdefault(image.name, []).append(folder_of(path))
    return found


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(not folder or path.startswith(f"{folder}/") for folder in folders)


def _built(repository: Repository) -> Iterator[tuple[str, str, object, object]]:
    """Yield (path, name, registry, namespace) of each image that is built or loaded into a local cluster."""
    for path, _, image in repository.all(Image):
        if image.role == "output" and isinstance(image.name, str):
            yield path, image.name, image.registry, image.namespace
    for path, _, command in repository.all(Command):
        if command.program == "kind" and isinstance(command.verb, str) and command.verb.startswith("load"):
            for word in command.operands:
                fact = image_fact(Source(path, word), role="output", engine="command")
                if fact and isinstance(fact.name, str):
                    yield path, fact.name, fact.registry, fact.namespace


def _ignored(repository: Repository) -> None:
    """Say of each COPY of everything what no `.dockerignore` keeps out."""
    contexts = builds.contexts_of(repository)
    told = repository.whole or not _has_compose_files(repository)
    for path, index, copy in list(repository.all(Copy)):
        if copy.whole and (told or path in contexts):
            repository.put(path, index, _with_ignored(repository, path, copy, contexts.get(path)))


def _has_compose_files(repository: Repository) -> bool:
    """Whether compose files that the scan has not read may say where a build starts."""
    return any(re.search(r"compose[^/]*\.ya?ml$", path) for path in repository.paths)


def _with_ignored(repository: Repository, path: str, copy: Copy, context: str | None) -> Copy:
    name = path.rsplit("/", 1)[-1]
    found = repository.beside(path, f"{name}.dockerignore")
    if not found and context is None:
        # Where the build starts is not known: any ignore file further up may be the one.
        found = repository.above(path, ".containerignore", ".dockerignore")
    elif not found:
        found = repository.beside(f"{context}/x" if context else "x", ".containerignore", ".dockerignore")
    patterns = (
        [pattern for fact in repository.of(found) if isinstance(fact, IgnoreFile) for pattern in fact.patterns]
        if found
        else []
    )
    kept = tuple(
        entry
        for entry in _worth_hiding(repository, folder_of(path) if context is None else context)
        if not _kept_out(patterns, entry)
    )
    return copy.replace(ignore_file=found, unignored=kept)


def _worth_hiding(repository: Repository, folder: str) -> Iterator[str]:
    """Yield what stands at the top of a context, now or on a developer's machine, and belongs into no image."""
    if not folder:
        yield ".git"
    inside = f"{folder}/x" if folder else "x"
    if repository.beside(inside, *_ENV_FILES):
        yield ".env"
    if repository.beside(inside, "package.json"):
        yield "node_modules"
    for name in _CREDENTIAL_HOMES:
        if repository.beside(inside, name):
            yield name


def _kept_out(patterns: list[str], name: str) -> bool:
    """Whether an entry at the top of the context is ignored: the last pattern that fits decides, `!` takes back."""
    out = False
    for pattern in patterns:
        back = pattern.startswith("!")
        cleaned = posixpath.normpath(pattern.removeprefix("!").strip().lstrip("/") or ".")
        while cleaned.startswith("**/"):
            cleaned = cleaned[3:]
        for tail in ("/**", "/*"):
            cleaned = cleaned.removesuffix(tail)
        if fnmatchcase(name, cleaned):
            out = not back
    return out


def _copied_credentials(repository: Repository) -> None:
    """Say of a copied credential file what it holds, where it is a file of the repository."""
    copied = [found for found in repository.all(Credential) if found[2].kind == "file" and found[2].where == "layer"]
    tails = {credential.key: posixpath.normpath(credential.key.lstrip("/")) for _, _, credential in copied}
    named = repository.named(*{tail.rsplit("/", 1)[-1] for tail in tails.values()}) if copied else []
    known = {key: list(_forms(repository, named, tail)) for key, tail in tails.items()}
    for path, index, credential in copied:
        forms = known[credential.key]
        if forms:
            form = next((form for form in ("literal", "reference") if form in forms), "empty")
            repository.put(path, index, credential.replace(form=form))


def _forms(repository: Repository, paths: list[str], tail: str) -> Iterator[str]:
    """Yield the forms of the secrets in the files that the name may mean, "empty" where a file holds none."""
    for candidate in paths:
        if candidate == tail or candidate.endswith(f"/{tail}"):
            yield from [fact.form for fact in repository.of(candidate) if isinstance(fact, Credential)] or ["empty"]
