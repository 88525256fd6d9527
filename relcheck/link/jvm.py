"""Values that the manifests of Maven, Gradle and .NET take from files beside and above them.

Maven: properties of the parents inside the repository. Gradle: see `relcheck.link.gradle`. .NET: Directory.*.props and imports.
"""

from __future__ import annotations

import posixpath

from relcheck.facts import UNKNOWN, Component, Dependency, Option, Package, Related, Text, Unknown, Variables
from relcheck.link import Repository, folder_of
from relcheck.link.gradle import Gradle, Values
from relcheck.refs import MARK
from relcheck.refs.variables import expand
from relcheck.source import Source, Span

_PARENTS = 10
_PROPS = ("Directory.Packages.props", "Directory.Build.props", "Directory.Build.targets", "Directory.build.props")
_SYNTAX = {"maven": "terraform", "gradle": "terraform", "nuget": "azure"}
_GRADLE = (".gradle", ".kts", ".kt")


def link(repository: Repository) -> None:
    """Fill the versions of dependencies that properties of other files give."""
    gradle: Gradle | None = None
    seen: tuple[str, Values] = ("", {})
    for path, index, dependency in list(repository.all(Dependency)):
        if not dependency.raw or dependency.ecosystem not in _SYNTAX:
            continue
        is_pom = dependency.ecosystem == "maven" and not path.endswith(_GRADLE)
        if is_pom:
            values = _pom_values(repository, path)
        elif dependency.ecosystem == "nuget":
            values = _values_above(repository, path)
        else:
            gradle = gradle or Gradle(repository)
            seen = seen if seen[0] == path else (path, gradle.values(path))
            values = seen[1]
        found = _filled(dependency, path, values, is_pom=is_pom)
        if found is not None:
            repository.put(path, index, found)


def _pom_values(repository: Repository, path: str) -> Values:
    """Return the properties of the parents inside the repository, the nearest first."""
    out: Values = {}
    for _ in range(_PARENTS):
        path = _parent(repository, path)
        if not path:
            break
        for name, option in _options(repository, path).items():
            # What a parent calls `project.version` is its own.
            if not name.startswith("project."):
                out.setdefault(name, (path, option))
    return out


def _parent(repository: Repository, path: str) -> str:
    for fact in repository.of(path):
        if isinstance(fact, Component) and fact.system == "maven" and fact.kind == "parent":
            relative = next((option.value for option in fact.inputs if option.name == "relativePath"), "")
            if not isinstance(relative, str) or not relative:
                return ""
            target = posixpath.normpath(posixpath.join(folder_of(path), relative))
            candidates = (target, f"{target}/pom.xml")
            found = next((name for name in candidates if name in repository.paths and name != path), "")
            if found and any(isinstance(other, Package) and other.name == fact.name for other in repository.of(found)):
                return found
    return ""


def _options(repository: Repository, path: str) -> dict[str, Option]:
    return {
        option.name: option for fact in repository.of(path) if isinstance(fact, Variables) for option in fact.values_of
    }


def _values_above(repository: Repository, path: str) -> Values:
    """Return the values of .NET's files in the folders above, the nearest first."""
    out: Values = {}
    folder = folder_of(path)
    for _ in range(_PARENTS):
        for name in _PROPS:
            other = f"{folder}/{name}" if folder else name
            if other in repository.paths and other != path:
                for key, option in _options(repository, other).items():
                    out.setdefault(key.lower(), (other, option))
        if not folder:
            break
        folder = folder_of(folder)
    return out


def _filled(dependency: Dependency, path: str, values: Values, *, is_pom: bool) -> Dependency | None:
    if not values:
        return None

    def lookup(name: str) -> str | None:
        found = values.get(name.lower() if dependency.ecosystem == "nuget" else name)
        return None if found is None or isinstance(found[1].value, Unknown) else found[1].value

    expansion = expand(Source(path, dependency.raw), lookup, _SYNTAX[dependency.ecosystem])
    text = expansion.source.text.strip()
    if not expansion.used or MARK in text or "${" in text or "$(" in text:
        return None
    names = (name.lower() if dependency.ecosystem == "nuget" else name for name, _ in expansion.used)
    used = [values[name] for name in names if name in values]
    related = tuple(Related(span=option.span, note=f"{option.name} is set here", path=other) for other, option in used)
    place = Span(dependency.span.start, dependency.span.end, f"{dependency.span.form}>variable")
    return dependency.replace(
        constraint=text, firmness=_firmness(dependency.ecosystem, text, is_pom=is_pom), related=related,
        parts={**dependency.parts, "constraint": place},
    )  # fmt: skip


def _firmness(ecosystem: str, text: str, *, is_pom: bool) -> Text:
    if ecosystem == "nuget":
        from relcheck.readers.nuget import nuget_firmness  # noqa: PLC0415 - only where a property is used

        return nuget_firmness(text)
    if is_pom:
        from relcheck.readers.pom import maven_firmness  # noqa: PLC0415 - only where there are such files

        return maven_firmness(text)
    from relcheck.readers.gradle import gradle_firmness  # noqa: PLC0415 - only where there are such files

    return gradle_firmness(text) or UNKNOWN
