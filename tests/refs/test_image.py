from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN, Text
from relcheck.refs import MARK
from relcheck.refs.image import ImageRef, digest_problem, mask_placeholders, parse_image, tag_kind

HEX = "0123456789abcdef" * 4
PIN = f"sha256:{HEX}"


def parsed(text: str) -> ImageRef:
    ref = parse_image(text)
    assert ref is not None
    return ref


@pytest.mark.parametrize(
    "row",  # text, registry, host, namespace, repository, tag, digest
    [
        ("alpine", "", "docker.io", "", "library/alpine", "", ""),
        ("alpine:3", "", "docker.io", "", "library/alpine", "3", ""),
        ("library/alpine", "", "docker.io", "library", "library/alpine", "", ""),
        ("docker.io/alpine", "docker.io", "docker.io", "", "library/alpine", "", ""),
        ("index.docker.io/x/y:1", "index.docker.io", "docker.io", "x", "x/y", "1", ""),
        ("org/app", "", "docker.io", "org", "org/app", "", ""),
        ("registry.example.com/app", "registry.example.com", "registry.example.com", "", "app", "", ""),
        (
            "registry.example.com:5000/a/b/c:v1",
            "registry.example.com:5000",
            "registry.example.com:5000",
            "a/b",
            "a/b/c",
            "v1",
            "",
        ),
        ("localhost/app", "localhost", "localhost", "", "app", "", ""),
        ("localhost:5000", "", "docker.io", "", "library/localhost", "5000", ""),
        ("localhost:5000/a", "localhost:5000", "localhost:5000", "", "a", "", ""),
        ("registry.example.com", "", "docker.io", "", "library/registry.example.com", "", ""),
        ("[::1]:5000/app:1", "[::1]:5000", "[::1]:5000", "", "app", "1", ""),
        ("Foo/app", "Foo", "Foo", "", "app", "", ""),
        ("MyOrg/app", "MyOrg", "MyOrg", "", "app", "", ""),
        (f"app:1@{PIN}", "", "docker.io", "", "library/app", "1", PIN),
        (f"app:latest@{PIN}", "", "docker.io", "", "library/app", "latest", PIN),
        ("docker://alpine:3", "", "docker.io", "", "library/alpine", "3", ""),
        ("docker:dind", "", "docker.io", "", "library/docker", "dind", ""),
        (
            "oci://registry.example.com/charts/x",
            "registry.example.com",
            "registry.example.com",
            "charts",
            "charts/x",
            "",
            "",
        ),
    ],
)
def test_a_reference_is_split_as_the_engines_do(row: tuple[str, ...]) -> None:
    text, *expected = row
    ref = parsed(text)
    found = [ref.registry, ref.host, ref.namespace, ref.repository, ref.tag, ref.digest]
    assert (found, ref.problem) == (expected, "")


@pytest.mark.parametrize(
    "row",  # text, registry, namespace, name, tag, digest
    [
        ("M/app:latest", UNKNOWN, UNKNOWN, UNKNOWN, "latest", ""),
        ("alpine:M", "", "", "alpine", UNKNOWN, UNKNOWN),
        ("alpine:M-slim", "", "", "alpine", UNKNOWN, ""),
        ("alpineM", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        ("M/alpine", UNKNOWN, UNKNOWN, UNKNOWN, "", ""),
        ("M", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        ("M:latest", UNKNOWN, UNKNOWN, UNKNOWN, "latest", ""),
        (f"M@{PIN}", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, PIN),
        ("x@sha256:M", "", "", "x", "", UNKNOWN),
        ("x@M", "", "", "x", "", UNKNOWN),
        ("M@M", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        ("x:M@M", "", "", "x", UNKNOWN, UNKNOWN),
        ("ghcr.io/M/app:1", "ghcr.io", UNKNOWN, UNKNOWN, "1", ""),
        ("ghcr.io/M", "ghcr.io", UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN),
        ("localhost:M/app", UNKNOWN, UNKNOWN, UNKNOWN, "", ""),
    ],
)
def test_only_what_an_unknown_stretch_cannot_change_is_known(row: tuple[Text, ...]) -> None:
    text, *expected = row
    ref = parsed(str(text).replace("M", MARK))
    assert [ref.registry, ref.namespace, ref.name, ref.tag, ref.digest] == expected
    assert (ref.problem, ref.digest_problem) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        HEX,
        PIN,
        "dir:/x",
        "oci:/x",
        "oci-archive:x.tar",
        "docker-archive:x",
        "oci-layout://x",
        "target:base",
        "service:web",
        "https://example.com/x.git",
        "git@example.com:a/b",
        "docker://",
        "urn:cnb:registry:x",
        "aws/codebuild/standard:7.0",
    ],
)
def test_what_names_no_registry_image_gives_nothing(text: str) -> None:
    assert parse_image(text) is None


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("Foo", "the repository holds upper case"),
        ("registry.example.com/Org/app:1", "the repository holds upper case"),
        ("alpine:", "nothing follows the colon"),
        ("alpine:-x", "the tag starts with a dot or a dash"),
        ("alpine:" + "a" * 129, "the tag is longer than 128 characters"),
        ("alpine: 3", "a blank stands in the reference"),
        ("a//b", "a part of the repository is empty"),
        ("a/b/", "a part of the repository is empty"),
        ("a..b", "the repository holds a character or separator that is not allowed"),
        ("re_.example.com/a", "the registry is not a host name"),
        ("foo://bar/x", "a URL scheme is no part of an image reference"),
        ("a" * 256, "the repository is longer than 255 characters"),
    ],
)
def test_a_reference_that_engines_refuse_says_why(text: str, problem: str) -> None:
    assert parsed(text).problem == problem


@pytest.mark.parametrize(
    ("digest", "problem"),
    [
        (PIN, ""),
        ("sha512:" + HEX * 2, ""),
        ("sha256:abc", "sha256 has 64 digits, not 3"),
        (f"sha256:{HEX.upper()}", "the digits are in upper case"),
        (HEX, "the algorithm is missing"),
        ("", "nothing follows the @"),
        ("sha256:" + "0" * 64, "one repeated character is no digest"),
        ("sha256:" + "z" * 64, "the value is not hexadecimal"),
    ],
)
def test_a_digest_that_pins_nothing_says_why(digest: str, problem: str) -> None:
    assert digest_problem(digest) == problem
    assert parsed(f"app@{digest}").digest_problem == problem


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("<image>", UNKNOWN),
        ("<image>:1.2", "1.2"),
        ("YOUR_REGISTRY/app:latest", "latest"),
        ("your-registry.example.com/app:latest", "latest"),
        ("app:@@TAG@@", UNKNOWN),
        ("app:__TAG__", UNKNOWN),
        ("app:#{TAG}#", UNKNOWN),
        ("app:%%TAG%%", UNKNOWN),
        ("app:@TAG@", UNKNOWN),
        ("@IMAGE@", UNKNOWN),
        ("{NAME}:latest", "latest"),
        ("app:{TAG}", UNKNOWN),
        ("app:REPLACE_ME", UNKNOWN),
        ("app:changeme", UNKNOWN),
        ("IMAGE_NAME", UNKNOWN),
        ("PLACEHOLDER", UNKNOWN),
        ("app:{{ .Values.tag }}", UNKNOWN),
        ("app:$TAG", UNKNOWN),
        ("app:vX.Y.Z", UNKNOWN),
        ("app:LATEST", "LATEST"),
        ("app:RC1", "RC1"),
        ("registry.example.com/app", ""),
        ("yourls:1", "1"),
    ],
)
def test_placeholders_are_unknown_stretches(text: str, tag: object) -> None:
    ref = parsed(text)
    assert (ref.tag, ref.problem) == (tag, "")


@pytest.mark.parametrize(
    ("tag", "kind"),
    [
        ("", "none"),
        ("latest", "latest"),
        ("1.2.3", "version"),
        ("v1.2.3-rc.1", "version"),
        ("3.13.1-slim", "version"),
        ("1.2.3.4", "version"),
        ("jdk-17.0.2", "version"),
        ("1", "partial"),
        ("1.2", "partial"),
        ("v4", "partial"),
        ("3.12-slim", "partial"),
        ("1-latest", "partial"),
        ("1234567e8", "commit"),
        ("sha-0a1b2c3", "commit"),
        ("20240101", "date"),
        ("2024-01-01", "date"),
        ("bookworm-20240101-slim", "date"),
        ("RELEASE.2024-01-16T16-07-38Z", "date"),
        ("slim", "word"),
        ("latest-alpine", "word"),
        ("stable-2.12-latest", "word"),
        ("12345678", "other"),
        ("_x", "other"),
    ],
)
def test_the_kind_of_a_tag(tag: str, kind: str) -> None:
    assert tag_kind(tag) == kind


ANY = st.text(st.sampled_from("aZ0.:/@-_ $\\{}<>%[]" + MARK) | st.characters(), max_size=40)


@given(ANY)
def test_any_text_is_parsed_and_every_span_holds_its_field(text: str) -> None:
    ref = parse_image(text)
    assert len(mask_placeholders(text)) == len(text)
    if ref is not None:
        for field, (start, end) in ref.spans.items():
            assert text[start:end] == getattr(ref, field)


@given(
    registry=st.sampled_from(["", "localhost", "registry.example.com", "registry.example.com:5000"]),
    path=st.lists(st.from_regex(r"[a-z0-9]+(?:[._-][a-z0-9]+)?", fullmatch=True), min_size=1, max_size=3),
    tag=st.just("") | st.from_regex(r"[0-9a-z][0-9a-z.-]{0,10}", fullmatch=True),
    digest=st.sampled_from(["", PIN]),
)
def test_a_reference_put_together_is_taken_apart_again(registry: str, path: list[str], tag: str, digest: str) -> None:
    if not registry and len(path) > 1 and ("." in path[0] or path[0] == "localhost"):
        path = ["org", *path]
    name = "/".join([registry, *path] if registry else path)
    text = name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    if mask_placeholders(text) != text or parse_image(text) is None:
        return
    ref = parsed(f"  {text}\n")
    assert (ref.name, ref.registry, ref.tag, ref.digest, ref.problem) == (name, registry, tag, digest, "")
    assert ref.whole == (2, 2 + len(text))
