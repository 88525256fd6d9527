"""Image references: `[registry/]path[:tag][@digest]` (the grammar of the distribution reference package).

A stretch of the text that is not known is `MARK`; it may hold anything that fits there (a tag, a digest, a slash),
so a field is `UNKNOWN` as soon as such a stretch could change it, and known however much else is not:
`MARK/app:latest` has the tag `latest`, `MARK/alpine` has none for certain, `alpineMARK` may have one.
"""

from __future__ import annotations

import re

from relcheck.facts import UNKNOWN, Text
from relcheck.patterns import lazy_pattern
from relcheck.records import Record
from relcheck.refs import MARK

HUB = "docker.io"
_LONGEST = 2048  # a name of 255, a tag of 128, a digest, and room for the markers of templates
_HUB_NAMES = ("", HUB, "index.docker.io")

# Transports of containers/image, buildpacks, bootc and BuildKit in front of a reference.
_STRIP = lazy_pattern(
    r"(?:ostree-image-signed:|ostree-unverified-image:)?docker://+|oci://|docker-image://"
    r"|docker-daemon:|docker:/(?!/)|ostree-unverified-registry:"
)
# The same place may name something that is no image of a registry.
_NO_IMAGE = lazy_pattern(
    r"(?:dir|oci(?!://)|oci-archive|docker-archive|containers-storage|sif|tarball|service|target|container|file):"
    r"|oci-layout://|https?://|git://|ssh://|git\+|git@|urn:cnb:|aws/codebuild/"
)
_IMAGE_ID = lazy_pattern(r"(?:sha256:)?[0-9a-f]{64}")
_SCHEME = lazy_pattern(r"[A-Za-z][A-Za-z0-9+.-]*://")

_LABEL = r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*"
_DOMAIN = lazy_pattern(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::[0-9]+)?")
_COMPONENT = lazy_pattern(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*")
_TAG = lazy_pattern(r"\w[\w.-]{0,127}", re.ASCII)
_ALGORITHM = lazy_pattern(r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*")
_HEX = lazy_pattern(r"[0-9a-fA-F]+")
_DIGEST_LENGTH = {"sha256": 64, "sha512": 128}

# Markers of templates and substitution tools; none of them can stand in a valid reference.
_MARKERS = lazy_pattern(
    r"\{\{.{0,400}?\}\}|\$\[\[.*?\]\]|\$?\{[^{}]*\}|#\{[^{}]*\}#?|\$\([^()]*\)|\$[A-Za-z_][A-Za-z0-9_]*|\$[0-9@]"
    r"|<<[^<>]*>>|<[^<>]*>|@@[^@/:]+@@|@[A-Za-z_][A-Za-z0-9_.-]*@|%%[^%/:]+%%|%[A-Za-z_][A-Za-z0-9_]*%|%[sdv]"
    r"|__[A-Z][A-Z0-9_]*?__|\[[^\]\[:]*\]|`[^`]*`|\.{3,}|…"
)
# Whole components that are only there to be replaced.
_WORDS = lazy_pattern(
    r"(?<![^/:@])(?:(?i:your[-_.][\w.-]*|your(?:org|name|repo|image|registry|company|user(?:name)?|tag|account|project)"
    r"|replace[-_]?me|change[-_]?(?:me|it)|placeholder|todo|tbd|x{3,}|v?x\.[xy](?:\.[xz])?|example)"
    r"|(?:YOUR|REPLACE|CHANGE|INSERT|PLACEHOLDER)[A-Z0-9_-]*|TAG|VERSION|DIGEST"
    r"|[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?=[/:@]|$)"
)
# A repository holds no capitals, so an all-capital component of a name is a word to replace (IMAGE, REGISTRY/app).
_CAPITALS = lazy_pattern(r"(?:^|(?<=/))[A-Z][A-Z0-9]+(?:[_-][A-Z0-9]+)*(?=[/:@]|$)")

_VERSION = lazy_pattern(r"(?:[A-Za-z]+(?:[-_.][A-Za-z]+)*[-_.]?)?\d+(?:\.\d+){2,}(?![0-9])(?:[-_.+A-Za-z].*)?")
_PARTIAL = lazy_pattern(r"v?\d{1,5}(?:\.\d+)?(?:[-_A-Za-z].*)?")
_DATE = lazy_pattern(
    r"(?<![0-9A-Za-z.])v?(?:19|20)\d\d(-?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?=T\d|[^0-9A-Za-z]|$)"
)
_RELEASE_DATE = lazy_pattern(r"RELEASE\.\d{4}-\d\d-\d\dT")
_COMMIT = lazy_pattern(r"(?:sha-|git-)?(?=[0-9]*[a-f])[0-9a-f]{7,40}")


class ImageRef(Record):
    """The parts of a reference; `spans` gives the places in the text of the fields that stand there as they are.

    registry and namespace are as written ("" when none is), host and repository are effective (docker.io, library/).
    tag_kind: none, latest, version, partial, commit, date, word, other. problem: why an engine refuses the name or
    the tag; digest_problem: why the text after `@` is no digest. whole: the reference in the text without blanks
    and transport.
    """

    name: Text = UNKNOWN
    registry: Text = UNKNOWN
    host: Text = UNKNOWN
    namespace: Text = UNKNOWN
    repository: Text = UNKNOWN
    tag: Text = UNKNOWN
    digest: Text = UNKNOWN
    tag_kind: Text = UNKNOWN
    problem: str = ""
    digest_problem: str = ""
    spans: dict[str, tuple[int, int]] = {}
    whole: tuple[int, int] = (0, 0)


def parse_image(text: str) -> ImageRef | None:
    """Parse a reference; None for an empty text, an image id and the transports that name no registry image."""
    start, end = _trim(text)
    if (
        start == end
        or end - start > _LONGEST
        or _IMAGE_ID.fullmatch(text, start, end)
        or _NO_IMAGE.match(text, start, end)
    ):
        return None
    if transport := _STRIP.match(text, start, end):
        start = transport.end()
    if start == end:
        return None
    shown = mask_placeholders(text[start:end])
    scheme = _SCHEME.match(shown)
    offset = scheme.end() if scheme else 0
    ref = _parse(shown[offset:])
    if scheme:
        ref = ref.replace(problem="a URL scheme is no part of an image reference")
    spans = {field: (a + start + offset, b + start + offset) for field, (a, b) in ref.spans.items()}
    return ref.replace(spans=spans, whole=(start, end))


def login_host(text: str) -> str:
    """Return the registry that the server argument of a login names, comparable with an image's host.

    Empty means Docker Hub, as do its older names; a scheme and a path (`https://…/v1/`) do not count.
    """
    host = text.strip().rpartition("://")[2].partition("/")[0].lower()
    return HUB if host in (*_HUB_NAMES, "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com") else host


def mask_placeholders(text: str) -> str:
    """Replace template markers and words that are there to be replaced by `MARK`s, keeping the length."""
    if not any(letter in text for letter in "$<{@%#_[`.…") and text.islower() and not _WORDS.search(text):
        return text
    for pattern in (_MARKERS, _WORDS, _CAPITALS):
        text = pattern.sub(lambda match: MARK * len(match[0]), text)
    return text


def tag_kind(tag: Text) -> Text:
    """Name the kind of a tag: none, latest, version, partial, commit, date, word or other."""
    if tag is UNKNOWN:
        return UNKNOWN
    if tag in ("", "latest"):
        return tag or "none"
    for kind, pattern in (("commit", _COMMIT), ("version", _VERSION)):
        if pattern.fullmatch(tag):
            return kind
    if _DATE.search(tag) or _RELEASE_DATE.match(tag):
        return "date"
    if _PARTIAL.fullmatch(tag):
        return "partial"
    return "word" if tag[0].isalpha() else "other"


def digest_problem(digest: str) -> str:
    """Say why a text is no digest (`algorithm:hex`), "" when it is one."""
    algorithm, colon, value = digest.partition(":")
    if not colon:
        return "the algorithm is missing" if digest else "nothing follows the @"
    if not _ALGORITHM.fullmatch(algorithm):
        return "the algorithm is malformed"
    if not _HEX.fullmatch(value):
        return "the value is not hexadecimal" if value else "the value is missing"
    wanted = _DIGEST_LENGTH.get(algorithm, 0)
    if wanted and len(value) != wanted:
        return f"{algorithm} has {wanted} digits, not {len(value)}"
    if len(value) < 32:
        return "a digest has at least 32 digits"
    if value != value.lower():
        return "the digits are in upper case"
    return "one repeated character is no digest" if len(set(value)) == 1 else ""


def _trim(text: str) -> tuple[int, int]:
    end = len(text.rstrip())
    return min(end, len(text) - len(text.lstrip())), end


def _parse(text: str) -> ImageRef:
    """Split a masked text: digest at the first `@`, tag at the last `:` behind the last `/`, domain, path."""
    at = text.find("@")
    head = text if at < 0 else text[:at]
    colon = head.rfind(":")
    has_tag = colon > head.rfind("/")
    name = head[:colon] if has_tag else head
    fields: dict[str, Text] = {
        "tag": _tag(name, head[colon + 1 :] if has_tag else None),
        "digest": _digest(head, None if at < 0 else text[at + 1 :]),
        **_name_fields(name),
    }
    problem = _name_problem(name)
    if not problem and has_tag:
        problem = _tag_problem(head[colon + 1 :])
    kind = "other" if has_tag and fields["tag"] == "" else tag_kind(fields["tag"])
    digest = fields["digest"]
    return ImageRef(
        tag_kind=kind,
        problem=problem,
        digest_problem=digest_problem(digest) if at >= 0 and digest is not UNKNOWN else "",
        spans=_spans(fields, len(name), colon, at),
    ).replace(**fields)


def _tag(name: str, tag: str | None) -> Text:
    if tag is not None:
        return UNKNOWN if MARK in tag else tag
    return UNKNOWN if MARK in name[name.rfind("/") + 1 :] else ""


def _digest(head: str, digest: str | None) -> Text:
    if digest is not None:
        return UNKNOWN if MARK in digest else digest
    return UNKNOWN if head.endswith(MARK) else ""


def _split_domain(name: str) -> tuple[str, str]:
    """Split the registry from the path by the first component (distribution: localhost, `.`, `:`, a capital)."""
    first, slash, rest = name.partition("/")
    if slash and (first == "localhost" or "." in first or ":" in first or first != first.lower()):
        return first, rest
    return "", name


def _name_fields(name: str) -> dict[str, Text]:
    if MARK in name.partition("/")[0]:
        return {}
    registry, path = _split_domain(name)
    host = HUB if registry in _HUB_NAMES else registry
    known: dict[str, Text] = {"registry": registry, "host": host}
    if MARK in path:
        return known
    library = "library/" if host == HUB and "/" not in path else ""
    namespace = path.rpartition("/")[0]
    return {**known, "name": name, "namespace": namespace, "repository": library + path}


def _spans(fields: dict[str, Text], name_end: int, colon: int, at: int) -> dict[str, tuple[int, int]]:
    spans: dict[str, tuple[int, int]] = {}
    name, registry, repository = (fields.get(field, UNKNOWN) for field in ("name", "registry", "repository"))
    if registry is not UNKNOWN and registry:
        spans["registry"] = (0, len(registry))
    path = len(registry) + 1 if registry is not UNKNOWN and registry else 0
    if name is not UNKNOWN:
        spans["name"] = (0, name_end)
    namespace, tag, digest = (fields.get(field, UNKNOWN) for field in ("namespace", "tag", "digest"))
    if namespace is not UNKNOWN and namespace:
        spans["namespace"] = (path, path + len(namespace))
    if repository is not UNKNOWN and len(repository) == name_end - path:
        spans["repository"] = (path, name_end)
    if tag is not UNKNOWN and tag:
        spans["tag"] = (colon + 1, colon + 1 + len(tag))
    if digest is not UNKNOWN and digest:
        spans["digest"] = (at + 1, at + 1 + len(digest))
    return spans


def _name_problem(name: str) -> str:
    """Say why an engine refuses the name; components with an unknown stretch are not judged."""
    if any(letter.isspace() for letter in name):
        return "a blank stands in the reference"
    registry, path = _split_domain(name)
    if MARK in name.partition("/")[0]:
        registry, path = "", name.partition("/")[2] or MARK
    if registry and MARK not in registry and not _DOMAIN.fullmatch(registry):
        return "the registry is not a host name"
    if len(path) > 255 and MARK not in path:
        return "the repository is longer than 255 characters"
    for component in path.split("/"):
        if MARK not in component and (problem := _component_problem(component)):
            return problem
    return ""


def _component_problem(component: str) -> str:
    if _COMPONENT.fullmatch(component):
        return ""
    if not component:
        return "a part of the repository is empty"
    if _COMPONENT.fullmatch(component.lower()):
        return "the repository holds upper case"
    return "the repository holds a character or separator that is not allowed"


def _tag_problem(tag: str) -> str:
    if MARK in tag or _TAG.fullmatch(tag):
        return ""
    if not tag:
        return "nothing follows the colon"
    if any(letter.isspace() for letter in tag):
        return "a blank stands in the reference"
    if len(tag) > 128:
        return "the tag is longer than 128 characters"
    return "the tag starts with a dot or a dash" if tag[0] in ".-" else "the tag holds a character that is not allowed"
