"""Dockerfiles: what each construct says, where it stands, and what is no image."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Component, Copy, Credential, Download, Fact, Image, Unreadable
from relcheck.forms import decode_form
from relcheck.readers.dockerfile import read
from relcheck.source import Source


def facts(text: str, path: str = "Dockerfile") -> list[Fact]:
    return list(read(Source(path, text)))


def images(text: str) -> list[tuple[str, str, str]]:
    """Return line:column, role and written reference of each image."""
    source = Source("Dockerfile", text)
    out = []
    for fact in read(source):
        if isinstance(fact, Image):
            place = source.position(fact.span.start)
            out.append((f"{place.line}:{place.column}", fact.role, fact.written))
    return out


def image(text: str) -> Image:
    (found,) = (fact for fact in facts(text) if isinstance(fact, Image))
    return found


def of(kind: type[Fact], text: str) -> list[Fact]:
    return [fact for fact in facts(text) if isinstance(fact, kind)]


IMAGES = {
    "a stage named like its own image hides it from then on": (
        "FROM alpine AS alpine\nFROM alpine\n",
        [("1:6", "final", "alpine")],
    ),
    "names of stages are compared without case": (
        "FROM node:22 AS builder\nFROM Builder\n",
        [("1:11", "final", "node:22")],
    ),
    "a stage that comes later is no stage yet": (
        "FROM builder\nFROM node:22 AS builder\n",
        [("1:6", "base", "builder"), ("2:11", "final", "node:22")],
    ),
    "lower-case instructions and as": (
        "from node:22 as a\nfrom a\n",
        [("1:11", "final", "node:22")],
    ),
    "a platform is no part of the image": (
        "FROM --platform=$BUILDPLATFORM golang\n",
        [("1:32", "final", "golang")],
    ),
    "scratch is no image": ("FROM scratch\nCOPY --from=scratch a b\n", []),
    "a syntax directive names the frontend": (
        "#syntax=docker/dockerfile:1 trailing\nFROM a:1\n",
        [("1:27", "frontend", "docker/dockerfile:1"), ("2:8", "final", "a:1")],
    ),
    "a directive behind a comment is a comment": ("# hello\n# syntax=docker/dockerfile:1\n", []),
    "a directive with a blank before it names no frontend": (" # syntax=docker/dockerfile:1\n", []),
    "a directive behind a shebang": (
        "#!/usr/bin/env docker\n# syntax=docker/dockerfile:1\n",
        [("2:28", "frontend", "docker/dockerfile:1")],
    ),
    "a directive in slashes": ("//syntax=docker/dockerfile:1\n", [("1:28", "frontend", "docker/dockerfile:1")]),
    "copies from numbers and stages": (
        "FROM a:1 AS Build\nFROM b:1\nCOPY --link --chmod=755 --from=0 x y\nCOPY --from=build x y\n",
        [("1:8", "base", "a:1"), ("2:8", "final", "b:1")],
    ),
    "a copy from an image": (
        "FROM b:1\nCOPY --from=img:tag x y\n",
        [("1:8", "final", "b:1"), ("2:17", "copied", "img:tag")],
    ),
    "a copy from a stage that is defined later is an error, not an image": (
        "FROM b:1\nCOPY --from=late x y\nFROM c:1 AS late\n",
        [("1:8", "base", "b:1"), ("3:8", "final", "c:1")],
    ),
    "mounts name images": (
        'FROM b:1\nRUN --mount=type=bind,"from=a:1",target=/x --mount=type=cache,target=/y make\n',
        [("1:8", "final", "b:1"), ("2:31", "mount", "a:1")],
    ),
    "a mount within ONBUILD": (
        "FROM b:1\nONBUILD RUN --mount=from=a:1 x\n",
        [("1:8", "final", "b:1"), ("2:28", "mount", "a:1")],
    ),
    "a bare name within ONBUILD may be a stage downstream": (
        "FROM b:1\nONBUILD COPY --from=assets x y\n",
        [("1:8", "final", "b:1")],
    ),
    "an image within ONBUILD": (
        "FROM b:1\nONBUILD COPY --from=x:1 a b\n",
        [("1:8", "final", "b:1"), ("2:23", "copied", "x:1")],
    ),
    "the body of a heredoc is no instruction": (
        "FROM b:1\nRUN <<-\\EOT\n\tFROM evil\n\tEOT\nCOPY <<'A' <<B /x/\nFROM evil\nA\nFROM evil\nB\nFROM c:1\n",
        [("1:8", "base", "b:1"), ("10:8", "final", "c:1")],
    ),
    "a heredoc whose marker follows a continuation": (
        "FROM b:1\nRUN cat \\\n  <<EOF\nFROM evil\nEOF\n# comment\nFROM c:1\n",
        [("1:8", "base", "b:1"), ("7:8", "final", "c:1")],
    ),
    "a here-string and a shift are no heredocs": (
        "FROM b:1\nRUN cat <<<x && echo $((1<<3))\nFROM c:1\n",
        [("1:8", "base", "b:1"), ("3:8", "final", "c:1")],
    ),
    "comments and blank lines within a continuation": (
        "FROM \\\n# note\n\n  b:1\nRUN a && \\\n\n # FROM evil\n  b\nFROM c:1\n",
        [("4:5", "base", "b:1"), ("9:8", "final", "c:1")],
    ),
    "an escape directive in any case lets paths end in a backslash": (
        "# Escape = `\nFROM b:1\nCOPY a c:\\\nFROM c:`\n1\n",
        [("2:8", "base", "b:1"), ("5:1", "final", "c:1")],
    ),
    "an escaped escape ends the instruction": (
        "FROM b:1\nRUN echo \\\\\nFROM c:1\n",
        [("1:8", "base", "b:1"), ("3:8", "final", "c:1")],
    ),
    "a file that ends within a continuation": ("FROM b:1 \\", [("1:8", "final", "b:1")]),
    "a byte order mark, CRLF": (
        "FROM b:1\r\nRUN a \\\r\n  b\r\nFROM c:1\r\n",
        [("1:8", "base", "b:1"), ("4:8", "final", "c:1")],
    ),
    "quotes inside a reference": ("FROM \"al\"pine:'3'\n", [("1:16", "final", "alpine:3")]),
    "template markers with blanks": (
        "FROM {{ .Base }}:3 AS x\n{{ if .y }}\nFROM x\n{{ end }}\n",
        [("1:18", "final", "{{ .Base }}:3")],
    ),
    "an image id is no reference": (f"FROM {'0a' * 32}\n", []),
    "labels and arguments that look like images": (
        "FROM b:1\nLABEL base=alpine:latest\nARG X=alpine:latest\n",
        [("1:8", "final", "b:1")],
    ),
    "the base of the last stage, through stages": (
        "FROM a:1 AS one\nFROM one AS two\nFROM b:1 AS other\nFROM two\n",
        [("1:8", "final", "a:1"), ("3:8", "base", "b:1")],
    ),
    "stage names reached through an ARG": (
        "ARG WHICH=slim\nFROM a:1 AS slim\nFROM b:1 AS full\nFROM ${WHICH}\n",
        [("2:8", "final", "a:1"), ("3:8", "base", "b:1")],
    ),
    "stage names of which a part is not known": (
        "FROM a:1 AS build-arm\nFROM build-${TARGETARCH}\nCOPY --from=build-${TARGETARCH} x y\n",
        [("1:8", "final", "a:1")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), IMAGES.values(), ids=IMAGES.keys())
def test_images(text: str, expected: list[tuple[str, str, str]]) -> None:
    found = images(text)

    # Words in quotes are written without them.
    assert [(place, role, written.replace('"', "").replace("'", "")) for place, role, written in found] == expected


ARGUMENTS = {
    "an ARG of a stage feeds no FROM": ("FROM b:1 AS b\nARG V=latest\nFROM x:${V}\n", 1, "tag", UNKNOWN, "partial"),
    "no default": ("ARG V\nFROM x:$V\n", 0, "tag", UNKNOWN, "partial"),
    "the second variable of a continued ARG": ("ARG A=1 \\\n B=latest\nFROM x:${B}\n", 0, "tag", "latest", "defaulted"),
    "a default of a default": ("ARG A=22\nARG B=$A-slim\nFROM node:${B}\n", 0, "tag", "22-slim", "defaulted"),
    "a cycle": ("ARG A=${B}\nARG B=${A}\nFROM x:$A\n", 0, "tag", UNKNOWN, "partial"),
    "a tag that is written behind an unknown name": ("ARG R\nFROM $R/app:latest\n", 0, "tag", "latest", "partial"),
    "a suffix that may hold a tag": ("ARG S\nFROM alpine$S\n", 0, "tag", UNKNOWN, "partial"),
    "an empty default for the registry": ("ARG R=\nFROM ${R}node:22\n", 0, "name", "node", "defaulted"),
    "an empty default that would break the reference": ("ARG T=\nFROM node:$T\n", 0, "tag", UNKNOWN, "partial"),
    "an empty default for everything": ('ARG T=""\nFROM $T\n', 0, "name", UNKNOWN, "unknown"),
    "a default within the braces": ("FROM node:${V:-latest}\n", 0, "tag", "latest", "defaulted"),
    "a removed suffix": ("ARG T=3.1.2\nFROM node:${T%.*}\n", 0, "tag", UNKNOWN, "partial"),
    "tag and digest in variables": ("ARG A\nARG B\nFROM node:${A}@${B}\n", 0, "digest", UNKNOWN, "partial"),
    "a digest behind an unknown name": ("ARG A\nFROM ${A}@sha256:abc\n", 0, "digest", "sha256:abc", "partial"),
    "no variables in --from": ("ARG X=a:1\nFROM b:1\nCOPY --from=$X a b\n", 1, "tag", UNKNOWN, "unknown"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "number", "field", "value", "state"), ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_variables_of_references(text: str, number: int, field: str, value: object, state: str) -> None:
    found = of(Image, text)[number]

    assert isinstance(found, Image)
    assert (getattr(found, field), found.state) == (value, state)


def test_a_default_that_is_the_whole_reference_is_where_the_repair_goes() -> None:
    text = 'ARG IMAGE="alpine:latest"\nARG BASE=$IMAGE\nFROM ${BASE:-busybox} AS x\n'
    source = Source("Dockerfile", text)

    found = image(text)

    assert source.position(found.span.start) == (1, 19)
    assert (found.written, found.state, found.floating_default) == ("alpine:latest", "defaulted", True)
    assert [text[other.span.start : other.span.end] for other in found.related] == ["${BASE:-busybox}"]


def test_the_definition_of_a_variable_is_a_related_place() -> None:
    text = "ARG A=1 \\\n    B=latest\nFROM x:${B}\n"

    found = image(text)

    assert text[found.span.start : found.span.end] == "${B}"
    assert [text[other.span.start : other.span.end] for other in found.related] == ["latest"]


MALFORMED = [
    ("FROM alpine # x\n", "1:6", "FROM takes an image and, after AS, a name."),
    ("FROM\n", "1:5", "FROM takes an image and, after AS, a name."),
    ("FROM a:1\nONBUILD FROM x\n", "2:9", "ONBUILD takes an instruction, not FROM."),
    ("FROM a:1\nSHELL /bin/sh\n", "2:7", 'SHELL takes the JSON form, as in ["/bin/sh", "-c"].'),
    ("FROM a:1\nFETCH x\nFETCH y\n", "2:1", "This is no instruction of a Dockerfile."),
    ("FROM a:1\nRUN cat <<EOF\nx\n", "2:1", "the heredoc EOF has no end."),
    ("# escape=x\nFROM a:1\n", "1:10", "the escape character is \\ or `."),
    ("# check=a\n# check=b\nFROM a:1\n", "2:9", "the directive check stands twice."),
    ("FROM a:1\nENV FOO\n", "2:5", "ENV takes name=value."),
]


@pytest.mark.parametrize(("text", "place", "reason"), MALFORMED)
def test_what_is_malformed_is_said_at_its_place(text: str, place: str, reason: str) -> None:
    source = Source("Dockerfile", text)

    (found, *_) = of(Unreadable, text)

    assert isinstance(found, Unreadable)
    where = source.position(found.span.start)
    assert (f"{where.line}:{where.column}", found.reason) == (place, reason)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", "Dockerfile"),
        ("RUN true\n", "Dockerfile"),
        ("FROM a:1\nINCLUDE x\n", "Dockerfile.in"),
        ("# syntax=devthefuture/dockerfile-x\nFROM a:1\nINCLUDE x\n", "Dockerfile"),
        ("FROM a:1\n{% if x %}\nRUN true\n{% endif %}\n", "Dockerfile"),
        ("FROM a:1\n{{ if x -}}\n\telse\n{{ end }}\n", "Dockerfile"),
        ("FROM a:1\n#include <x>\nCOMMON(x)\n", "Dockerfile"),
    ],
)
def test_fragments_and_templates_are_no_faults(text: str, path: str) -> None:
    assert not [fact for fact in facts(text, path) if isinstance(fact, Unreadable)]


def test_what_add_fetches() -> None:
    text = (
        "FROM a:1\nARG V=1.2\nADD --checksum=sha256:00 https://example.com/x-$V.tgz http://u:p@example.org/y /d/\n"
        "ADD https://github.com/moby/buildkit.git#v0.10.1:docs git@example.com:a/b.git /b/\n"
    )

    downloads = [(fact.url, fact.host, fact.scheme, fact.verified_by, fact.output) for fact in of(Download, text)]  # type: ignore[attr-defined]
    repositories = [(fact.name, fact.ref, fact.ref_kind, fact.host) for fact in of(Component, text)]  # type: ignore[attr-defined]

    assert downloads == [
        ("https://example.com/x-1.2.tgz", "example.com", "https", "checksum", "/d/"),
        ("http://example.org/y", "example.org", "http", "checksum", "/d/"),
    ]
    assert repositories == [
        ("moby/buildkit", "v0.10.1", "semver-full", "github.com"),
        ("a/b", "", "none", "example.com"),
    ]
    assert not of(Copy, text)


COPIES = [
    ("COPY . .", (".",), True),
    ("COPY ./ /app", ("./",), True),
    ("ADD * /app", ("*",), True),
    ('COPY ["a b", "./.", "/x"]', ("a b", "./."), True),
    ("COPY --chown=1:1 src/ package.json /app/", ("src/", "package.json"), False),
    ("COPY .. /app", ("..",), False),
]


@pytest.mark.parametrize(("line", "sources", "whole"), COPIES)
def test_what_copy_takes_from_the_context(line: str, sources: tuple[str, ...], whole: bool) -> None:
    (found,) = of(Copy, f"FROM a:1\n{line}\n")

    assert isinstance(found, Copy)
    assert (found.sources, found.whole, found.final) == (sources, whole, True)


@pytest.mark.parametrize("line", ["COPY --from=0 . .", "COPY <<EOF /x\ny\nEOF", "ADD https://example.com/x /y"])
def test_copies_that_take_nothing_from_the_context(line: str) -> None:
    assert not of(Copy, f"FROM a:1 AS a\nFROM a\n{line}\n")


def test_credential_files_are_in_the_result_only_where_the_last_stage_descends_from_theirs() -> None:
    text = (
        "FROM a:1 AS deps\nCOPY .npmrc package.json ./\nFROM a:1 AS base\nADD conf/.netrc /root/\n"
        "FROM base\nCOPY --from=deps /x /x\nCOPY .docker /root/.docker\nCOPY .docker/nginx.conf /etc/\n"
    )

    found = [(fact.key, fact.in_final_stage) for fact in of(Credential, text)]  # type: ignore[attr-defined]

    assert found == [(".npmrc", False), ("conf/.netrc", True), (".docker", True)]


HOSTILE = [
    "FROM " + "\\\n" * 3000,
    "FROM " + "{{" * 3000,
    "FROM " + "$" * 3000 + "{" * 3000,
    "RUN <<A\n" * 2000,
    "RUN " + "<<A " * 2000,
    "FROM '" + '"' * 5001,
    "COPY [" + "[" * 100_000 + "]",
    "FROM a\x00b:1\n\x00\n",
    "FROM \u2028a:1\n\x0cFROM b\x0c:2\r\rFROM c",
    "\ud800FROM a:1\nRUN \ud800",
    "ARG " + "".join(f"A{n}=$A{n + 1}$A{n + 1} " for n in range(60)) + "\nFROM $A0",
    "# escape=`\nFROM a:1 ``\nRUN `\n`\n`",
    "ONBUILD " * 500,
    "ENV " + "A=" * 2000,
    "COPY --from= a b\nRUN --mount=from= --mount --x=",
    "FROM a AS\nFROM AS b\nFROM a b c\nCOPY\nADD\nENV\nARG\nSHELL\nONBUILD\nRUN\nCMD",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_never_raises(text: str) -> None:
    facts(text)


def test_every_part_stands_where_its_place_says() -> None:
    for text, *_ in [*IMAGES.values(), *ARGUMENTS.values()]:
        for fact in facts(str(text)):
            for name, span in fact.parts.items():
                if "variable" not in span.form and span.form != "composed":
                    assert decode_form(str(text)[span.start : span.end], span.form) == getattr(fact, name)
