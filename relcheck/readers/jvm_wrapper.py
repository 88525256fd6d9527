r"""The wrappers of Maven and Gradle, and the files of options beside Maven's (.mvn/maven.config, .mvn/jvm.config).

    distributionUrl, distributionSha256Sum            what ./mvnw and ./gradlew fetch and run
    wrapperUrl, wrapperSha256Sum                      Maven: the wrapper's own jar

Properties files: `key=value`, `#` and `!` comments, `\` in front of any letter (`https\://`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Dependency, Download, Fact, Registry
from relcheck.readers.urls import url_parts
from relcheck.refs import MARK
from relcheck.refs.url import parse_url
from relcheck.source import Piece, Source

_LINE = re.compile(r"(?m)^[ \t\f]*(?P<key>(?:[^\s=:#!\\]|\\.)+)[ \t\f]*[=: \t][ \t\f]*(?P<value>[^\r\n]*?)[ \t\f]*\r?$")
_ESCAPE = re.compile(r"\\(.)")
_VERSION = re.compile(
    r"(?:apache-maven|maven-wrapper|gradle)(?:-wrapper)?-(?P<version>\d[\w.+-]*?)(?:-(?:bin|all|src))?\.(?:zip|jar|tar\.gz)$"
)
_INSECURE = re.compile(
    r"-D(?:maven\.wagon\.http\.ssl\.(?:insecure|allowall)=true|aether\.connector\.https\.securityMode=insecure)"
)
_LAX = re.compile(r"(?:^|\s)(?P<flag>-c|--lax-checksums)(?=\s|$)")


def read(source: Source) -> Iterator[Fact]:
    """Read gradle-wrapper.properties, maven-wrapper.properties, maven.config or jvm.config."""
    name = source.path.rsplit("/", 1)[-1].lower()
    if name.endswith(".config"):
        yield from _options(source)
        return
    values = properties(source)
    gradle = name.startswith("gradle")
    program = "gradlew" if gradle else "mvnw"
    yield from _download(values, "distributionUrl", "distributionSha256Sum", program, "gradle" if gradle else "maven")
    yield from _download(values, "wrapperUrl", "wrapperSha256Sum", program, "maven-wrapper")
    stated = values.get("wrapperVersion")
    if stated is not None and stated.text and "wrapperUrl" not in values:
        yield Dependency(
            span=stated.all(), parts={"constraint": stated.all()}, ecosystem="maven", where="tool", name="maven-wrapper",
            constraint=stated.text, firmness="exact", group="tool",
        )  # fmt: skip


def properties(source: Source) -> dict[str, Source]:
    """Return the values of a properties file by key, the last one of each."""
    return {match["key"]: _unescaped(source.part(*match.span("value"))) for match in _LINE.finditer(source.text)}


def _unescaped(source: Source) -> Source:
    if "\\" not in source.text:
        return source
    pieces: list[Piece] = []
    out: list[str] = []
    size, at = 0, 0
    for match in _ESCAPE.finditer(source.text):
        pieces.append(Piece(size, size + match.start() - at, at, match.start()))
        pieces.append(Piece(size + match.start() - at, size + match.start() - at + 1, match.start(), match.end()))
        out += [source.text[at : match.start()], match[1]]
        size, at = size + match.start() - at + 1, match.end()
    pieces.append(Piece(size, size + len(source.text) - at, at, len(source.text)))
    out.append(source.text[at:])
    return source.embed("".join(out), tuple(pieces), "double")


def _download(values: dict[str, Source], key: str, checksum: str, program: str, name: str) -> Iterator[Fact]:
    where = values.get(key)
    if where is None or not where.text:
        return
    url = parse_url(where.text)
    pinned = values.get(checksum)
    if url is not None:
        yield Download(
            span=where.all(), parts=url_parts(where, url), tool="wrapper",
            url=UNKNOWN if MARK in url.redacted else url.redacted, scheme=url.scheme, host=url.host,
            verified_by="checksum" if pinned is not None and pinned.text else "", executed_by=program, unpacked=True,
            context="manifest",
        )  # fmt: skip
    version = _VERSION.search(where.text)
    if version is not None:
        place = where.at(*version.span("version"))
        yield Dependency(
            span=place, parts={"constraint": place}, ecosystem="maven" if program == "mvnw" else "gradle", where="tool",
            name=name, constraint=version["version"], firmness="exact", group="tool", hashed=pinned is not None,
        )  # fmt: skip


def _options(source: Source) -> Iterator[Fact]:
    for match in _INSECURE.finditer(source.text):
        yield Registry(
            span=source.at(*match.span()),
            ecosystem="maven",
            purpose="index",
            url=UNKNOWN,
            host=UNKNOWN,
            tls="off",
            key=match[0],
        )
    for match in _LAX.finditer(source.text):
        yield Registry(
            span=source.at(*match.span("flag")), ecosystem="maven", purpose="index", url="", host="", key=match["flag"],
            integrity_off=True,
        )  # fmt: skip
