"""The origin of the repository against names that must agree with it: module paths of Go and names of images."""

from __future__ import annotations

import re

from relcheck.facts import Command, Dependency, Image, Package, Registry
from relcheck.link import Repository
from relcheck.vcs import origin

_USES_MODULES = frozenset(("build", "install", "test", "get", "run", "mod", "vet", "generate", "list"))
_TOOLS = frozenset(("hack", "tools", "tool", "scripts", "script", "internal", "build", "ci", "dev"))
_MAJOR = re.compile(r"(?:^|/)v\d+$")


def link(repository: Repository) -> None:
    """Fill `capitals` of images, `expected_name` of Go modules and `asked_publicly` of what they require."""
    images = [found for found in repository.all(Image) if found[2].name_template]
    modules = [found for found in repository.all(Package) if found[2].ecosystem == "go" and not found[2].version_only]
    if modules:
        _private_modules(repository)
    remote = origin(repository.root) if repository.root and (images or modules) else ""
    if remote.count("/") < 2:
        return
    owner_and_name = remote.partition("/")[2]
    for path, index, image in images:
        owner_only = image.name_template.endswith("_owner")
        told = owner_and_name.rpartition("/")[0] if owner_only else owner_and_name
        if told != told.lower():
            repository.put(path, index, image.replace(capitals=told))
    for path, index, module in modules:
        expected = _expected(remote, module)
        if expected and not (module.folder and _is_internal(repository, path, module.folder)):
            repository.put(path, index, module.replace(expected_name=expected))


def _expected(remote: str, module: Package) -> str:
    """Return the path that a module must have to be found at the origin, the empty string where it has one.

    A path of another host may be redirected to any repository, so nothing is said of it; letters are compared without
    case, because the forges do.
    """
    name = str(module.name)
    if name.partition("/")[0].lower() != remote.partition("/")[0]:
        return ""
    folder = _MAJOR.sub("", module.folder)
    major = _MAJOR.search(name)
    expected = "/".join(part for part in (remote, folder) if part)
    bare = name[: major.start()] if major else name
    return "" if bare.lower() == expected.lower() else expected + (major[0] if major else "")


def _is_internal(repository: Repository, path: str, folder: str) -> bool:
    """Whether a nested module is a program or a test of its repository, which nobody else depends on."""
    if folder.split("/", maxsplit=1)[0] in _TOOLS or any(
        isinstance(fact, Dependency) and fact.group == "replace" and fact.source == "path"
        for fact in repository.of(path)
    ):
        return True
    names = [name for name in repository.paths if name.startswith(f"{folder}/") and name.endswith(".go")]
    program = f"{folder}/main.go" in names or any(name.startswith(f"{folder}/cmd/") for name in names)
    return program or all(name.endswith("_test.go") for name in names)


def _private_modules(repository: Repository) -> None:
    """Modules of the user's own hosts or namespaces, where nothing keeps them from the public proxy."""
    own = (*repository.own.get("registries", ()), *repository.own.get("namespaces", ()))
    if not own or not repository.whole or any(path.endswith("vendor/modules.txt") for path in repository.paths):
        return
    if any(fact.ecosystem == "go" and fact.purpose in ("private", "index") for _, _, fact in repository.all(Registry)):
        return
    asking = next(
        (path for path, _, fact in repository.all(Command) if fact.program == "go" and _asks(fact)), ""
    )  # fmt: skip
    if not asking:
        return
    told: set[str] = set()
    for path, index, fact in list(repository.all(Dependency)):
        private = fact.ecosystem == "go" and fact.where == "manifest" and f"{fact.name}/".startswith(
            tuple(f"{name}/" for name in own)
        )  # fmt: skip
        if private and fact.group in ("prod", "indirect") and path not in told:
            told.add(path)
            repository.put(path, index, fact.replace(asked_publicly=asking))


def _asks(command: Command) -> bool:
    return command.verb in _USES_MODULES and "-mod=vendor" not in command.argv and command.context != "script"
