"""What the names of a Gradle script stand for, from the files beside and above it.

The nearest folder wins, and in one folder: the script itself, the scripts that it applies, gradle.properties. Objects of
Kotlin below buildSrc and version catalogs are seen by every script of their build; a catalog's name is that of its file
(`libs.versions.toml` gives `libs.versions.x`), unless the settings call it something else.
"""

from __future__ import annotations

import posixpath
import re

from relcheck.facts import Component, Option, Variables
from relcheck.link import Repository, folder_of
from relcheck.refs import MARK
from relcheck.refs.variables import expand
from relcheck.source import Source

Values = dict[str, tuple[str, Option]]

_SCRIPTS = ("build.gradle", "build.gradle.kts")
_SETTINGS = ("settings.gradle", "settings.gradle.kts")
_OWN = ("group", "version", "name", "description", "defaultLibrariesExtensionName")
"""What each project has of its own, whatever the project above calls itself."""
_FOLDERS = 10
_APPLIED = 20
"""So many scripts that one script applies, directly or not, are read."""
_ROOTS = re.compile(r"^\$\{(?:rootDir|projectDir|rootProject\.projectDir|rootProject\.rootDir|buildscript\.\w+)\}/|^/+")
_CATALOG = ".versions.toml"
_KOTLIN = re.compile(r"(?:^|(?P<root>.*)/)(?:buildSrc|build-logic|buildLogic)/.*\.kt$")


class Gradle:
    """The values of a repository's scripts, each folder looked at once."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.folders: dict[str, Values] = {}
        self.shared = self._shared_files()

    def _shared_files(self) -> dict[str, list[str]]:
        """Return the constants and catalogs by the folder of their build."""
        found: dict[str, list[str]] = {}
        for path in sorted(self.repository.paths):
            if path.endswith(_CATALOG):
                folder = folder_of(path)
                found.setdefault(folder_of(folder) if folder.endswith("gradle") else folder, []).append(path)
            elif path.endswith(".kt") and (match := _KOTLIN.match(path)):
                found.setdefault(match["root"] or "", []).append(path)
        return found

    def values(self, path: str) -> Values:
        """Return the values that a script sees, by name."""
        return {**self._folder(folder_of(path), _FOLDERS), **self._script(path)}

    def _folder(self, folder: str, depth: int) -> Values:
        """Return the values that a folder gives to the scripts in it and below."""
        if folder not in self.folders:
            self.folders[folder] = {}
            out: Values = dict(self._folder(folder_of(folder), depth - 1)) if folder and depth else {}
            for shared in self.shared.get(folder, ()):
                out.update(self._named(shared, folder))
            properties = f"{folder}/gradle.properties" if folder else "gradle.properties"
            if properties in self.repository.paths:
                out.update(self._options(properties))
            self.folders[folder] = out  # what scripts of this folder may ask for, to find those that they apply
            for name in _SCRIPTS:
                script = f"{folder}/{name}" if folder else name
                if script in self.repository.paths:
                    out.update((key, found) for key, found in self._script(script).items() if key not in _OWN)
        return self.folders[folder]

    def _options(self, path: str) -> Values:
        facts = self.repository.of(path)
        return {
            option.name: (path, option) for fact in facts if isinstance(fact, Variables) for option in fact.values_of
        }

    def _named(self, path: str, folder: str) -> Values:
        """Return the values of constants, or of a catalog under the names by which scripts know it."""
        values = self._options(path)
        if not path.endswith(_CATALOG):
            return values
        name = path.rsplit("/", 1)[-1].removesuffix(_CATALOG)
        called = [name, self._default_name(folder)] if name == "libs" else [name]
        return {f"{prefix}.{key}": found for prefix in called if prefix for key, found in values.items()}

    def _default_name(self, folder: str) -> str:
        for name in _SETTINGS:
            settings = f"{folder}/{name}" if folder else name
            if settings in self.repository.paths:
                found = self._options(settings).get("defaultLibrariesExtensionName")
                return str(found[1].value) if found else ""
        return ""

    def _script(self, path: str) -> Values:
        """Return the values of a script and of those that it applies; its own win."""
        out: Values = {}
        waiting, seen = [path], {path}
        while waiting:
            script = waiting.pop(0)
            own = self._options(script)
            out = {**own, **out}
            for fact in self.repository.of(script):
                if isinstance(fact, Component) and fact.system == "gradle" and fact.kind == "script":
                    target = self._applied(path, fact, out)
                    if target and target not in seen and len(seen) < _APPLIED:
                        seen.add(target)
                        waiting.append(target)
        return out

    def _applied(self, path: str, fact: Component, known: Values) -> str:
        """Return the script that is applied, "" where it is not there: seen from the project's folder or one above."""
        above = self.folders.get(folder_of(path), {})

        def lookup(name: str) -> str | None:
            found = known.get(name) or above.get(name)
            return str(found[1].value) if found else None

        written = next((option.value for option in fact.inputs if option.name == "path"), "")
        text = expand(Source(path, _ROOTS.sub("", str(written))), lookup, "terraform").source.text
        folder = folder_of(path)
        for _ in range(_FOLDERS if MARK not in text else 0):
            target = posixpath.normpath(posixpath.join(folder, text))
            if target in self.repository.paths:
                return target
            if not folder:
                break
            folder = folder_of(folder)
        return ""
