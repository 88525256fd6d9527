"""Versions of packages, per ecosystem: npm, cargo, helm, go, pypi, gem, nuget, maven; and the version in a git tag."""

from __future__ import annotations

import re
from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from relcheck.facts import UNKNOWN, Text, Truth
from relcheck.patterns import lazy_pattern
from relcheck.refs import MARK

if TYPE_CHECKING:
    from collections.abc import Callable

    from packaging.version import Version

_N = r"(?:0|[1-9]\d*)"
_PRE = rf"(?:{_N}|\d*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = lazy_pattern(
    rf"(?P<core>{_N}\.{_N}\.{_N})(?:-(?P<pre>{_PRE}(?:\.{_PRE})*))?(?:\+(?P<build>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?",
    re.ASCII,
)
_LOOSE = lazy_pattern(r"[vV=]?(?P<core>\d+(?:\.\d+){0,3})(?P<rest>[-+.].*)?", re.ASCII)
_GEM = lazy_pattern(r"[0-9]+(?:\.[0-9a-zA-Z]+)*(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?", re.ASCII)
_NUGET = lazy_pattern(
    r"(?P<core>\d+(?:\.\d+){0,3})(?:-(?P<pre>[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?", re.ASCII
)
_MAVEN_REFUSED = lazy_pattern(r"[\\/:\"<>|?*\[\](),]|\$\{")
_MAVEN_PRE = lazy_pattern(
    r"(?i)(?:^|[-._\d])(?:snapshot|alpha|beta|milestone|rc|cr|m\d|a\d|b\d|dev|ea|preview)(?:$|[-._\d])"
)
_LONGEST = 256  # numbers beyond any registry's limit are not compared
_SEMVER_FAMILY = ("npm", "cargo", "helm", "go")
_PLACEHOLDERS = (
    "0.0.0", "0.0.0-development", "0.0.0-semantic-release", "0.0.0-semantically-released", "0.1.dev0", "0.0.0.dev0",
    "1.0.0-SNAPSHOT", "0.0.0-dev", "0.0.0-PLACEHOLDER",
)  # fmt: skip


def version_problem(eco: str, version: str) -> str:
    """Say why the registry of an ecosystem refuses a version, "" when it takes it."""
    if MARK in version:
        return ""
    if not version:
        return "the version is empty"
    judge = _PROBLEMS.get(eco)
    return judge(version) if judge else ""


def _semver_problem(version: str) -> str:
    if _SEMVER.fullmatch(version):
        return ""
    if version.startswith(("v", "V", "=")) and _SEMVER.fullmatch(version[1:]):
        return f"SemVer has no leading {version[0]}"
    core = re.match(r"[vV]?(\d+(?:\.\d+)*)(?![\w.])", version)
    if core and len(core[1].split(".")) != 3:
        return f"SemVer has three numbers, not {len(core[1].split('.'))}"
    if core and any(len(part) > 1 and part[0] == "0" for part in core[1].split(".")):
        return "SemVer numbers have no leading zero"
    return "this is not SemVer (MAJOR.MINOR.PATCH)"


def _cargo_problem(version: str) -> str:
    return _semver_problem(version) or ("the version is longer than 150 characters" if len(version) > 150 else "")


def _go_problem(version: str) -> str:
    if not version.startswith("v"):
        return "a Go version starts with v"
    return _semver_problem(version[1:])


def _pypi_problem(version: str) -> str:
    return "this is not PEP 440" if _pep440(version) is None else ""


def _gem_problem(version: str) -> str:
    return "" if _GEM.fullmatch(version) else "a gem's version is numbers and letters joined by dots"


def _nuget_problem(version: str) -> str:
    if len(version) > 64:
        return "the version is longer than 64 characters"
    return "" if _NUGET.fullmatch(version) else "this is not one to four numbers with a SemVer suffix"


def _maven_problem(version: str) -> str:
    refused = _MAVEN_REFUSED.search(version)
    return f"a Maven version holds no {refused[0]}" if refused else ""


_PROBLEMS: dict[str, Callable[[str], str]] = {
    "npm": _semver_problem,
    "helm": _semver_problem,
    "cargo": _cargo_problem,
    "go": _go_problem,
    "pypi": _pypi_problem,
    "gem": _gem_problem,
    "nuget": _nuget_problem,
    "maven": _maven_problem,
}


def canonical(eco: str, version: str) -> str:
    """Return the spelling that the ecosystem makes of a version; the text itself when it has none."""
    if len(version) > _LONGEST:
        return version
    if eco in _SEMVER_FAMILY:
        found = _semver(version)
        prefix = "v" if eco == "go" else ""
        return f"{prefix}{version.lstrip('vV=').partition('+')[0]}" if found else version
    if eco == "pypi":
        parsed = _pep440(version)
        return str(parsed) if parsed else version
    if eco == "gem":
        return version.replace("-", ".pre.")
    if eco == "nuget" and (match := _NUGET.fullmatch(version)):
        return _nuget_canonical(match)
    return version


def _nuget_canonical(match: re.Match[str]) -> str:
    numbers = [str(int(part)) for part in match["core"].split(".")]
    numbers += ["0"] * (3 - len(numbers))
    if len(numbers) == 4 and numbers[3] == "0":
        numbers.pop()
    return ".".join(numbers) + (f"-{match['pre'].lower()}" if match["pre"] else "")


def is_prerelease(eco: str, version: str) -> Truth:
    """Whether a version is a pre-release; UNKNOWN when it is not fully known or no version of the ecosystem."""
    if MARK in version or not version:
        return UNKNOWN
    if eco == "pypi":
        parsed = _pep440(version)
        return parsed.is_prerelease if parsed else UNKNOWN
    if eco == "maven":
        return bool(_MAVEN_PRE.search(version))
    if eco == "gem":
        return any(letter.isalpha() for letter in version) if _GEM.fullmatch(version) else UNKNOWN
    if eco == "nuget":
        found = _NUGET.fullmatch(version)
        return bool(found["pre"]) if found else UNKNOWN
    match = _SEMVER.fullmatch(version.lstrip("vV="))
    return bool(match["pre"]) if match else UNKNOWN


def same_version(eco: str, a: str, b: str) -> bool:
    """Whether two spellings are one version for the registry (build metadata of SemVer does not count)."""
    return canonical(eco, a) == canonical(eco, b) or (eco == "pypi" and _same_pep440(a, b))


def compare(eco: str, a: str, b: str) -> int | None:
    """Return a number below, at or above zero as `a` is older than, the same as or newer than `b`; None: no order."""
    keys = sort_key(eco, a), sort_key(eco, b)
    if keys[0] is None or keys[1] is None:
        return None
    return int(keys[0] > keys[1]) - int(keys[0] < keys[1])


def sort_key(eco: str, version: str) -> Any:  # noqa: ANN401 - only good for comparing with its own kind
    """Return a key that orders versions of one ecosystem, None for what is no version of it."""
    if len(version) > _LONGEST:
        return None
    if eco == "pypi":
        return _pep440(version)
    if eco in _SEMVER_FAMILY:
        return _semver(version)
    if eco in ("nuget", "gem"):
        text = canonical(eco, version)
        return _ORDER(text) if re.match(r"\d", text) else None
    return _ORDER(version) if re.match(r"\d", version) else None


def newest(eco: str, versions: list[str]) -> str:
    """Return the newest version that has an order, "" when none has."""
    known = [(key, version) for version in versions if (key := sort_key(eco, version)) is not None]
    return max(known, key=lambda pair: pair[0])[1] if known else ""


def tag_version(tag: str, name: str = "", folder: str = "", eco: str = "") -> Text | None:
    """Return the version that a git tag states for a package (release-tag conventions of the ecosystems).

    None: the tag belongs to another package or is no version tag. UNKNOWN: it may belong to this package or another.
    `folder` is the package's folder in the repository, "" at the root. Forms: NAME@V, NAME-vV, NAME/vV, FOLDER/vV,
    NAME-V, release-V, release/V, rel_V, vV, V.
    """
    tag = tag.removeprefix("refs/tags/")
    if MARK in tag:
        return UNKNOWN
    folder = folder.strip("/")
    for prefix in tag_prefixes(name, folder, eco):
        if tag.startswith(prefix) and (version := _as_version(tag[len(prefix) :], eco)):
            return version
    plain = re.sub(r"^(?:release[-/_]|rel[-_/])", "", tag)
    version = _as_version(plain, eco)
    if not version:
        return None
    # A bare tag of a repository states the version of the package at its root; that of a nested one is not told.
    if not folder:
        return version
    return None if eco == "go" else UNKNOWN


def tag_prefixes(name: str, folder: str, eco: str) -> list[str]:
    """Return what stands before the version in tags of a package (`NAME@`, `NAME-`, `FOLDER/`)."""
    if eco == "go":
        module = re.sub(r"(?:^|/)v\d+$", "", folder)
        return [f"{module}/"] if module else []
    short = name.rpartition("/")[2]
    names = [part for part in dict.fromkeys((name, name.lstrip("@"), short, folder, folder.rpartition("/")[2])) if part]
    return [part + mark for part in names for mark in ("@", "-", "/", "_", "==")]


def _as_version(text: str, eco: str) -> str:
    """Return the version without its `v` when the text is one, "" otherwise."""
    bare = text[1:] if re.match(r"[vV]\d", text) else text
    if not re.match(r"\d", bare) or not (_LOOSE.fullmatch(bare) or _pep440_like(bare, eco)):
        return ""
    return f"v{bare}" if eco == "go" else bare


def _pep440_like(text: str, eco: str) -> bool:
    return eco == "pypi" and _pep440(text) is not None


def is_placeholder_version(version: str) -> bool:
    """Whether a version is one that tools write into the tree and replace when they release."""
    return version in _PLACEHOLDERS or version.startswith("0.0.0-0")


def _pep440(version: str) -> Version | None:
    from packaging.version import InvalidVersion, Version  # noqa: PLC0415 - only for Python projects

    try:
        return Version(version)
    except (InvalidVersion, ValueError):
        return None


def _same_pep440(a: str, b: str) -> bool:
    first, second = _pep440(a), _pep440(b)
    return first is not None and first == second


def _semver(version: str) -> tuple[Any, ...] | None:
    """Return the order of SemVer 2.0 section 11: numbers, then a release above its pre-releases."""
    match = _SEMVER.fullmatch(version[1:] if version[:1] in ("v", "V", "=") else version)
    if not match:
        return None
    core = tuple(int(part) for part in match["core"].split("."))
    if not match["pre"]:
        return core, 1, ()
    return core, 0, tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in match["pre"].split("."))


def _compare_loose(a: str, b: str) -> int:
    """Order versions of other ecosystems: numbers by value, a word below a number and below the end."""
    first, second = (re.findall(r"\d+|[a-z]+", text.partition("+")[0].lower()) for text in (a, b))
    for i in range(max(len(first), len(second))):
        left, right = (_rank(parts[i] if i < len(parts) else "") for parts in (first, second))
        if left != right:
            return -1 if left < right else 1
    return 0


def _rank(part: str) -> tuple[int, int, str]:
    if part.isdigit():
        return 1, int(part), ""
    return (0, 0, part) if part else (1, 0, "")


_ORDER = cmp_to_key(_compare_loose)
