"""Lock files of Cargo, uv, Poetry, PDM, Pipenv, Bundler, Composer, NuGet, Gradle, conda, pixi and pylock.toml: what they settle.

Hosts, missing hashes, git refs that move, own versions. Files of packages come from other hosts than their index, so of a
file's URL only an unprotected transport says something. NuGet and Gradle write down no sources, Gradle no hashes either.

Each file is written by its tool in one layout, so passes with patterns are enough; no tree is built.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relcheck.facts import Fact
from relcheck.readers.lock_ledger import Ledger
from relcheck.source import Source

_CARGO = re.compile(
    r'^name = "(?P<name>[^"\n]+)"\r?\nversion = "(?P<version>[^"\n]+)"\r?\n'
    r'(?:source = "(?P<protocol>registry|sparse|git)\+(?P<url>[^"\n]+)"\r?\n)?(?P<hash>checksum = )?',
    re.MULTILINE,
)
_PYTHON_HEAD = re.compile(r'^name = "(?P<name>[^"\n]+)"\r?\nversion = "(?P<version>[^"\n]+)"', re.MULTILINE)
_UV_SOURCE = re.compile(
    r'^source = \{ (?P<kind>registry|git|url|editable|virtual|directory|path|workspace) = "(?P<value>[^"\n]*)"',
    re.MULTILINE,
)
_UV_FILE = re.compile(r'\{ url = "(?P<url>[^"\n]+)"(?P<hash>, hash = )?')
_POETRY_SOURCE = re.compile(
    r'^\[package\.source\]\r?\ntype = "(?P<kind>\w+)"\r?\nurl = "(?P<url>[^"\n]*)"', re.MULTILINE
)
_POETRY_COMMIT = re.compile(r'^resolved_reference = "(?P<ref>[^"\n]*)"', re.MULTILINE)
_PDM_OTHER = re.compile(r'^(?:path|url) = "', re.MULTILINE)
_PDM_GIT = re.compile(r'^git = "(?P<url>[^"\n]*)"', re.MULTILINE)
_PDM_COMMIT = re.compile(r'^revision = "(?P<ref>[^"\n]*)"', re.MULTILINE)
_PLAIN_URL = re.compile(r'\burl = "(?P<url>http://[^"\n]*)"')
_NO_FILES = re.compile(r"^files = \[\s*\]", re.MULTILINE)
_PIPENV = re.compile(r'"(?P<name>[^"\n]+)": \{(?P<body>[^{}]*)\}')
_PIPENV_VERSION = re.compile(r'"version": "==(?P<version>[^"\n]+)"')
_PIPENV_GIT = re.compile(r'"git": "(?P<url>[^"\n]+)"')
_PIPENV_COMMIT = re.compile(r'"ref": "(?P<ref>[^"\n]*)"')
_PIPENV_URL = re.compile(r'"url": "(?P<url>[^"\n]+)"')
_GEM_REMOTE = re.compile(r"^(?P<section>[A-Z]+)\r?\n(?P<body>(?:  .*(?:\r?\n|\Z))*)", re.MULTILINE)
_GEM_URL = re.compile(r"^  remote: (?P<url>\S+)", re.MULTILINE)
_GEM_SPEC = re.compile(r"^    (?P<name>[\w.-]+) \((?P<version>[\w.-]+)\)", re.MULTILINE)
_GEM_REVISION = re.compile(r"^  revision: (?P<ref>\S+)", re.MULTILINE)
_GEM_LOCKED = re.compile(r"^    (?P<name>[\w.-]+) \((?P<version>[\w.]+)(?:-[\w.-]+)?\)\r?$", re.MULTILINE)
_GEM_WANTED = re.compile(r"^  (?P<name>[\w.-]+)(?: \(|!|\r?$)", re.MULTILINE)
_PYLOCK = re.compile(r"pylock(?:\.[^.]+)?\.toml")
_PYLOCK_HEAD = re.compile(r'^name = "(?P<name>[^"\n]+)"(?:\r?\nversion = "(?P<version>[^"\n]+)")?', re.MULTILINE)
_PYLOCK_INDEX = re.compile(r'^index = "(?P<url>[^"\n]+)"', re.MULTILINE)
_PYLOCK_FILE = re.compile(r'\burl = "(?P<url>[^"\n]+)"')
_PYLOCK_GIT = re.compile(r"^(?:vcs = \{|\[packages\.vcs\])", re.MULTILINE)
_PYLOCK_COMMIT = re.compile(r'\bcommit-id = "(?P<ref>[^"\n]*)"')
_GEM_CHECKSUM = re.compile(r"^  (?P<name>[\w.-]+) \((?P<version>[\w.-]+)\)(?P<hash> sha\d+=)?", re.MULTILINE)
_COMPOSER = re.compile(
    r'^ {12}"name": "(?P<name>[^"\n/]+/[^"\n]+)",\r?\n {12}"version": "v?(?P<version>[^"\n]+)"', re.MULTILINE
)
_COMPOSER_URL = re.compile(r'"url": "(?P<url>http://[^"\n]*)"')
_NUGET = re.compile(
    r'"(?P<name>[\w.-]+)": \{\s*"type": "(?P<kind>\w+)",(?:\s*"requested": "[^"\n]*",)?\s*"resolved": "(?P<version>[^"\n]+)"'
    r'(?P<hash>,\s*"contentHash": "[^"\n]+")?'
)
_CONDA = re.compile(r"^- name: (?P<name>\S+)\r?\n  version: '?(?P<version>[^'\s]+)", re.MULTILINE)
_CONDA_URL = re.compile(r"^ *(?:- )?(?:url|conda|pypi): (?P<url>http://\S+)", re.MULTILINE)
_GRADLE = re.compile(
    r"^(?P<name>[\w.-]+:[\w.-]+):(?P<version>[^\s:=(]+)(?:=[^\r\n]*| \(\d+ constraints[^\r\n]*\))?\r?$", re.MULTILINE
)


def read(source: Source) -> Iterator[Fact]:
    """Yield what the lock file tells."""
    name = source.path.rsplit("/", 1)[-1].lower()
    name = "pylock.toml" if _PYLOCK.fullmatch(name) else "gradle.lockfile" if name.endswith(".lockfile") else name
    name = "conda-lock.yml" if name.endswith((".conda-lock.yml", ".conda-lock.yaml")) else name
    known = _READERS.get(name)
    if known is None:
        return
    ecosystem, reader = known
    ledger = Ledger(source, ecosystem)
    reader(source.text, ledger)
    yield from ledger.facts()


def _cargo(text: str, ledger: Ledger) -> None:
    """`[[package]]` with name, version, source and checksum; members of the workspace have no source."""
    old = "\n[metadata]" in text  # checksums stand together at the end
    for match in _CARGO.finditer(text):
        url, protocol = match["url"], match["protocol"]
        name = (match["name"], match.start("name"))
        ledger.locked(match["name"], match["version"], whole=True)
        if url is None:
            ledger.own(name, *match.span("version"), folder="")
        elif protocol == "git":
            ref = url.rpartition("#")[2] if "#" in url else ""
            ledger.repository(name, (ref, match.end("url") - len(ref)), *match.span("url"))
        else:
            ledger.came_from(url, match.start("url"))
            if not match["hash"] and not old:
                ledger.unverified(name, *match.span("url"))


def _packages(text: str) -> Iterator[tuple[int, str]]:
    """Yield each `[[package]]` table with its offset."""
    start = text.find("[[package]]")
    while start >= 0:
        end = text.find("\n[[package]]", start)
        end = len(text) if end < 0 else end + 1
        yield start, text[start:end]
        start = end if end < len(text) else -1


def _unprotected(text: str, ledger: Ledger, start: int = 0) -> None:
    """Count the files that are fetched without encryption."""
    for file in _PLAIN_URL.finditer(text):
        ledger.archive(file["url"], start + file.start("url"))


def _uv(text: str, ledger: Ledger) -> None:
    _unprotected(text, ledger)
    for start, block in _packages(text):
        head, source = _PYTHON_HEAD.search(block), _UV_SOURCE.search(block)
        if head is None or source is None:
            continue
        first = start + source.start("value")
        ledger.locked(head["name"], head["version"])
        name = (head["name"], start + head.start("name"))
        kind = source["kind"]
        if kind == "registry":
            ledger.came_from(source["value"], first)
            missing = next((file for file in _UV_FILE.finditer(block) if not file["hash"]), None)
            if missing is not None:
                ledger.unverified(name, start + missing.start("url"), start + missing.end("url"))
        elif kind == "git":
            last = start + source.end("value")
            ref = source["value"].rpartition("#")[2]
            ledger.repository(name, (ref, last - len(ref)), first, last)
        elif kind in ("editable", "virtual"):
            ledger.own(name, start + head.start("version"), start + head.end("version"), folder=source["value"])


def _poetry(text: str, ledger: Ledger) -> None:
    """`[[package]]` with files, and `[package.source]` where it is not the default index; PDM's are alike."""
    for start, block in _packages(text):
        head, source = _PYTHON_HEAD.search(block), _POETRY_SOURCE.search(block)
        if head is None:
            continue
        ledger.locked(head["name"], head["version"])
        name = (head["name"], start + head.start("name"))
        git = _PDM_GIT.search(block)
        kind = source["kind"] if source is not None else "git" if git or _PDM_OTHER.search(block) else ""
        if source is not None and kind == "legacy":
            ledger.came_from(source["url"], start + source.start("url"))
        commit = _POETRY_COMMIT.search(block)
        if source is not None and kind == "git":
            place = (start + source.start("url"), start + source.end("url"))
            ledger.repository(name, (commit["ref"], start + commit.start("ref")) if commit else ("", -1), *place)
        elif git is not None:
            commit = _PDM_COMMIT.search(block)
            place = (start + git.start("url"), start + git.end("url"))
            ledger.repository(name, (commit["ref"], start + commit.start("ref")) if commit else ("", -1), *place)
        elif kind != "legacy":
            _unprotected(block, ledger, start)
        if kind in ("", "legacy") and _NO_FILES.search(block):
            ledger.unverified(name, start + head.start("name"), start + head.end("name"))


def _pylock(text: str, ledger: Ledger) -> None:
    """PEP 751: `[[packages]]` with name, version, index, and sdist, wheels or archive, each with url and hashes; or vcs."""
    start = text.find("[[packages]]")
    while start >= 0:
        end = text.find("\n[[packages]]", start)
        end = len(text) if end < 0 else end + 1
        block = text[start:end]
        head, index, file = (found.search(block) for found in (_PYLOCK_HEAD, _PYLOCK_INDEX, _PYLOCK_FILE))
        if head is not None:
            ledger.locked(head["name"], head["version"] or "")
            name = (head["name"], start + head.start("name"))
            commit = _PYLOCK_COMMIT.search(block)
            if index is not None:
                ledger.came_from(index["url"], start + index.start("url"))
            if _PYLOCK_GIT.search(block) and file is not None:
                place = (start + file.start("url"), start + file.end("url"))
                ledger.repository(name, (commit["ref"], start + commit.start("ref")) if commit else ("", -1), *place)
            else:
                _unprotected(block, ledger, start)
                if file is not None and "hashes" not in block:
                    ledger.unverified(name, start + file.start("url"), start + file.end("url"))
        start = end if end < len(text) else -1


def _pipenv(text: str, ledger: Ledger) -> None:
    """`_meta.sources`, and packages with `hashes`; git and path dependencies have none."""
    for match in _PIPENV.finditer(text):
        body = match["body"]
        version = _PIPENV_VERSION.search(body)
        if version is not None:
            ledger.nested(match["name"], version["version"])
        if '"version": "' in body and '"hashes"' not in body and not re.search(r'"(?:git|path|file)":', body):
            ledger.unverified((match["name"], match.start("name")), *match.span("name"))
        git, base = _PIPENV_GIT.search(body), match.start("body")
        if git is not None:
            commit = _PIPENV_COMMIT.search(body)
            ref = (commit["ref"], base + commit.start("ref")) if commit else ("", -1)
            place = (base + git.start("url"), base + git.end("url"))
            ledger.repository((match["name"], match.start("name")), ref, *place)
    end = text.find('"default"')
    for match in _PIPENV_URL.finditer(text, 0, end if end >= 0 else len(text)):
        ledger.came_from(match["url"], match.start("url"))


def _bundler(text: str, ledger: Ledger) -> None:
    """Sections GEM (remotes of registries), GIT (remote and revision), PATH (gems of the repository) and CHECKSUMS.

    Gems of repositories and of folders stand among the checksums too, without any.
    """
    served: set[str] = set()
    for section in _GEM_REMOTE.finditer(text):
        base, body = section.start("body"), section["body"]
        for spec in _GEM_LOCKED.finditer(body):
            ledger.locked(spec["name"], spec["version"])
        for wanted in _GEM_WANTED.finditer(body) if section["section"] == "DEPENDENCIES" else ():
            ledger.locked(wanted["name"], "", whole=True)
        remotes = list(_GEM_URL.finditer(body))
        if section["section"] == "CHECKSUMS":
            for gem in _GEM_CHECKSUM.finditer(body):
                if not gem["hash"] and gem["name"] in served:
                    ledger.unverified(
                        (gem["name"], base + gem.start("name")), base + gem.start("name"), base + gem.end("version")
                    )
        if section["section"] == "GEM":
            served |= {spec["name"] for spec in _GEM_SPEC.finditer(body)}
            for remote in remotes:
                ledger.came_from(remote["url"], base + remote.start("url"))
        elif section["section"] == "GIT" and remotes:
            revision = _GEM_REVISION.search(body)
            place = (base + remotes[0].start("url"), base + remotes[0].end("url"))
            commit = (revision["ref"], base + revision.start("ref")) if revision else ("", -1)
            ledger.repository(("", -1), commit, *place)
        elif section["section"] == "PATH" and remotes:
            folder = remotes[0]["url"].strip("./")
            for spec in _GEM_SPEC.finditer(body):
                name = (spec["name"], base + spec.start("name"))
                ledger.own(name, base + spec.start("version"), base + spec.end("version"), folder=folder)


def _composer(text: str, ledger: Ledger) -> None:
    """Archives come from the forges of each package, so only an unprotected transport says something."""
    for match in _COMPOSER.finditer(text):
        ledger.locked(match["name"], match["version"])
    for match in _COMPOSER_URL.finditer(text):
        ledger.came_from(match["url"], match.start("url"))


def _conda(text: str, ledger: Ledger) -> None:
    """conda-lock's `name`, `version`, `url`, `hash`, and pixi's `conda: URL`, `sha256`."""
    for match in _CONDA.finditer(text):
        ledger.locked(match["name"], match["version"])
    for file in _CONDA_URL.finditer(text):
        ledger.archive(file["url"], file.start("url"))


def _nuget(text: str, ledger: Ledger) -> None:
    """By framework `"NAME": {"type", "requested", "resolved", "contentHash"}`; projects of the repository have no version."""
    for match in _NUGET.finditer(text):
        ledger.locked(match["name"], match["version"])
        if not match["hash"] and match["kind"] != "Project":
            ledger.unverified((match["name"], match.start("name")), *match.span("version"))


def _gradle(text: str, ledger: Ledger) -> None:
    """Gradle's `GROUP:NAME:VERSION=CONFIGURATIONS`, and `GROUP:NAME:VERSION (N constraints: HASH)` of versions.lock."""
    for match in _GRADLE.finditer(text):
        ledger.locked(match["name"], match["version"])


_READERS: dict[str, tuple[str, Callable[[str, Ledger], None]]] = {
    "cargo.lock": ("cargo", _cargo),
    "uv.lock": ("pypi", _uv),
    "poetry.lock": ("pypi", _poetry),
    "pdm.lock": ("pypi", _poetry),
    "pylock.toml": ("pypi", _pylock),
    "pipfile.lock": ("pypi", _pipenv),
    "gemfile.lock": ("gem", _bundler),
    "gems.locked": ("gem", _bundler),
    "composer.lock": ("composer", _composer),
    "packages.lock.json": ("nuget", _nuget),
    "gradle.lockfile": ("maven", _gradle),
    "versions.lock": ("maven", _gradle),
    "conda-lock.yml": ("conda", _conda),
    "conda-lock.yaml": ("conda", _conda),
    "pixi.lock": ("conda", _conda),
}
