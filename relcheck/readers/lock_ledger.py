"""What a lock file tells of a release: where packages came from, and which of them nothing verifies.

Lock files have thousands of entries that are alike, so nothing is said of an entry that is in order: one fact for each
host, one for each kind of fault, with the number of the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Dependency, Fact, Locked, Package, Registry
from relcheck.readers.lock_secrets import lock_secrets
from relcheck.readers.package_sources import INSECURE, firmness_of_ref, plain_http, transport
from relcheck.readers.package_versions import version_fields
from relcheck.readers.urls import registry
from relcheck.source import Source, Span

FORGES = re.compile(
    r"https?://(?:codeload\.github\.com|api\.github\.com|github\.com|gitlab\.com|bitbucket\.org|codeberg\.org)/"
)
"""For npm, archives of a commit on these hosts are git dependencies: the commit in their URL is what verifies them."""


Named = tuple[str, int]
"""The name of an entry and where it begins; -1 where no name is found."""


class Ledger:
    """Collects what one lock file says, then yields it."""

    def __init__(self, source: Source, ecosystem: str) -> None:
        self._source = source
        self._ecosystem = ecosystem
        self._hosts: dict[str, list[int]] = {}  # address: first place, how many entries, whether it is a registry
        self._unhashed: tuple[Named, int, int] | None = None
        self._unhashed_count = 0
        self._moving: list[Dependency] = []
        self._unprotected: dict[str, Source] = {}  # repositories that are fetched without encryption, by host
        self._archives: dict[str, int] = {}  # hosts of files that come over plain HTTP: where each is named first
        self._own: list[Package] = []
        self._locked: dict[str, None] = {}
        self._whole = False
        self._nested: dict[str, None] = {}

    def came_from(self, url: str, start: int) -> bool:
        """Count the host of a URL that stands at `start`; False for an archive of a forge, which is no registry."""
        begin = url.find("://")
        if begin < 0:
            return False
        cut = url.find("/", begin + 3)
        address = url if cut < 0 else url[:cut]
        counted = self._hosts.get(address)
        if counted is None:
            forge = self._ecosystem == "npm" and FORGES.match(f"{address}/") is not None
            counted = [start, 0, 0 if forge else 1]
            self._hosts[address] = counted
        counted[1] += 1
        return counted[2] == 1

    def archive(self, url: str, start: int) -> None:
        """Remember the host of a single file that comes over plain HTTP; it is no registry that is asked for packages."""
        cut = url.find("/", len("http://"))
        self._archives.setdefault(url if cut < 0 else url[:cut], start)

    def unverified(self, name: Named, start: int, end: int) -> None:
        """Remember an entry without any hash; the place is where it says where it came from."""
        if self._unhashed is None:
            self._unhashed = (name, start, end)
        self._unhashed_count += 1

    def repository(self, name: Named, ref: Named, start: int, end: int) -> None:
        """Remember an entry from git, where the ref that it records is no commit or its URL is not protected."""
        url = self._source.part(start, end)
        scheme, found, rest = url.text.removeprefix("git+").partition("://")
        if found and scheme in INSECURE:
            self._unprotected.setdefault(rest.partition("/")[0], url)
        firmness = firmness_of_ref(ref[0])
        if firmness in ("git-branch", "git-default") and len(self._moving) < 20:
            self._moving.append(
                Dependency(
                    span=self._source.at(start, end), parts=self._parts(name=name, ref=ref), ecosystem=self._ecosystem,
                    where="lock", name=name[0], firmness=firmness, source="git", ref=ref[0], group="lock",
                )
            )  # fmt: skip

    def _parts(self, **written: Named) -> dict[str, Span]:
        """Return the places of what stands in the file."""
        return {
            field: self._source.at(start, start + len(text))
            for field, (text, start) in written.items()
            if start >= 0 and text
        }

    def own(self, name: Named, start: int, end: int, folder: str | None = None) -> None:
        """Remember the version that the lock file states for a package of the repository itself."""
        place = self._source.at(start, end)
        version = self._source.text[start:end]
        self._own.append(
            Package(
                span=place, parts={"version": place, **self._parts(name=name)}, ecosystem=self._ecosystem, name=name[0],
                folder=self._source.path.rpartition("/")[0] if folder is None else folder,
                version=version, version_only=True, **version_fields(self._ecosystem, version),
            )
        )  # fmt: skip

    def locked(self, name: str, version: str, *, whole: bool = False) -> None:
        """Remember the version of a package; `whole` where a package that is not here is missing."""
        self._locked[f"{name} {version}"] = None
        self._whole = self._whole or whole

    def nested(self, name: str, version: str) -> None:
        """Remember the version of a package of which nothing tells whether the manifest asks for it, or a dependency."""
        self._nested[f"{name} {version}"] = None

    def facts(self) -> Iterator[Fact]:
        """Yield what was collected, in the order of kinds."""
        yield from self._own
        if self._locked:
            yield Locked(
                span=self._source.at(0, 0), ecosystem=self._ecosystem, versions=tuple(self._locked), whole=self._whole
            )
        if self._nested:
            yield Locked(
                span=self._source.at(0, 0), ecosystem=self._ecosystem, versions=tuple(self._nested), nested=True
            )
        for address, (start, count, is_registry) in self._hosts.items():
            if not is_registry:
                continue
            piece = self._source.part(start, start + len(address))
            for fact in registry(piece, ecosystem=self._ecosystem, purpose="lock", key="resolved"):
                if isinstance(fact, Registry):
                    yield fact.replace(others=count - 1)
        for address, start in self._archives.items():
            piece = self._source.part(start, start + len(address))
            yield from plain_http(piece, self._ecosystem)
        yield from lock_secrets(self._source, self._ecosystem)
        if self._unhashed is not None:
            name, start, end = self._unhashed
            yield Dependency(
                span=self._source.at(start, end), parts=self._parts(name=name), ecosystem=self._ecosystem, where="lock",
                name=name[0], group="lock", firmness="exact", others=self._unhashed_count - 1,
            )  # fmt: skip
        yield from self._moving
        for url in self._unprotected.values():
            yield from (fact for fact in transport(url, self._ecosystem) if isinstance(fact, Registry))
