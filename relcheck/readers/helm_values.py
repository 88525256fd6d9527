"""Values of a Helm chart: the images that they name, in the shapes that charts use (helm.sh/docs/chart_best_practices).

    …image: REFERENCE                                 a key that ends in "image"
    …image: {registry, repository | name, tag, digest | sha}
    any:    {repository, registry | tag | version | digest | sha}
    image | imageName | imageRepository beside tag | imageTag | imageVersion
    containers, initContainers, extraContainers, extraInitContainers, sidecars: lists, or text with a list
    global.imageRegistry, global.image.registry: the registry of images without one
    imageCredentials {registry, username, password}

An empty tag means the chart's `appVersion`, which link fills in; `raw` then holds the reference as a template has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Image, Option, Variables
from relcheck.readers.composed import reference
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence
from relcheck.readers.yaml_tree import faults, load
from relcheck.refs.image import parse_image
from relcheck.source import Source

_IMAGE_KEY = re.compile(r"image|.*(?:[a-z0-9]Image|[_-]image|IMAGE)")
_NOT_IMAGES = re.compile(
    r"(?:background|logo|icon|cover|hero|banner|og|social|preview|thumbnail|favicon)[-_]?image", re.IGNORECASE
)
_FILES = re.compile(r"\.(?:png|svg|jpe?g|gif|webp|ico|iso|qcow2|img|vmdk|raw)$", re.IGNORECASE)
_LISTS = frozenset(("containers", "initContainers", "extraContainers", "extraInitContainers", "sidecars"))
_TAG_KEYS = ("tag", "imageTag", "imageVersion", "image_tag", "version")
_DIGEST_KEYS = ("digest", "sha", "sha256", "imageDigest")
_NAME_KEYS = ("imageName", "imageRepository", "image_name", "image_repository")
_ANY_TAG = re.compile(r".*(?:tag|version|digest|sha(?:256)?)", re.IGNORECASE)
_HANDED_ON = re.compile(r"(?:.*\.)?(?:tag|imageTag|image_tag|imageVersion|version|image|repository|registry|digest)")
_HARMLESS = re.compile(r"[A-Za-z0-9._/:@+-]{0,200}")
_CREDENTIALS = re.compile(r"(?:image|registry|docker|pull).*(?:credentials?|secrets?|auth)", re.IGNORECASE)
_TESTS = ("test", "tests", "testFramework")
"""What belongs to `helm test`, which runs beside a release and is no part of it."""
_NULLS = ("", "~", "null")
_MANY = 5000
APP_VERSION = "{{ .Chart.AppVersion }}"


def read(source: Source) -> Iterator[Fact]:
    """Read a file of values; what holds objects is named so by chance."""
    loaded = load(source)
    if any(isinstance(node, Mapping) and node.text("apiVersion") and node.text("kind") for node in loaded.documents):
        from relcheck.readers import embedded  # noqa: PLC0415 - the table of formats imports readers by name

        yield from embedded("documents", source)
        return
    if loaded.faults and "{{" in source.text:
        from relcheck.readers.go_template import masked  # noqa: PLC0415 - few values are templates

        loaded = load(masked(source))
    else:
        yield from faults(loaded)
    for node in loaded.documents:
        if isinstance(node, Mapping):
            yield from value_facts(node)
            yield from _variables(node)


def value_facts(node: Mapping) -> Iterator[Fact]:
    """Yield the images and credentials in a tree of values, in document order."""
    host = _global_registry(node)
    for path, key, value in _walk(node):
        if isinstance(value, Mapping):
            yield from _map(path, key or path.rpartition(".")[2], value, host, listed=not key)
            yield from _publish_values(value)
        elif key in _LISTS:
            yield from _containers(value)


def pieces(node: Mapping) -> Iterator[Fact]:
    """Yield the images of a file that only looks like values: `{repository, tag}` under a key that ends in "image"."""
    host = _global_registry(node)
    for path, key, value in _walk(node):
        if isinstance(value, Mapping) and _IMAGE_KEY.fullmatch(key) and value.scalar("tag", merge=True) is not None:
            name = _repository(key, value) if value.scalar("repository", merge=True) is not None else None
            found = _composed(path, value, name, host) if name is not None else None
            yield from (found,) if found is not None else ()


def _publish_values(node: Mapping) -> Iterator[Fact]:
    """Yield the tokens of publishing tools among values: as keys, and as `{name, value}` of containers' variables."""
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few values hold any
    from relcheck.refs.secrets import is_publish_variable  # noqa: PLC0415 - see above

    name, value = node.text("name"), node.scalar("value")
    pairs = [(name, value)] if value is not None else []
    pairs += [(key.value, held) for key, held in node.pairs() if isinstance(held, Scalar)]
    for key, held in pairs:
        if key.isupper() and _written(held) and is_publish_variable(key):
            found = environment_facts(key, held.source, where="manifest")
            yield from (fact for fact in found if isinstance(fact, Credential))


def _walk(node: Mapping) -> Iterator[tuple[str, str, Node]]:
    """Yield (path, key, value) of all mappings and lists, each once, the whole first."""
    seen: set[int] = set()
    stack: list[tuple[str, str, Node]] = [("", "", node)]
    while stack:
        path, key, found = stack.pop()
        if id(found) in seen or isinstance(found, Scalar) and key not in _LISTS:
            continue
        seen.add(id(found))
        yield path, key, found
        if isinstance(found, Mapping):
            below = [(f"{path}.{name.value}".lstrip("."), name.value, value) for name, value in found.pairs(merge=True)]
        elif isinstance(found, Sequence):
            below = [(path, "", item) for item in found] if key not in _LISTS else []
        else:
            below = []
        stack.extend(reversed(below))


def _global_registry(node: Mapping) -> Scalar | None:
    shared = node.map("global", merge=True)
    image = shared.map("image", merge=True) if shared is not None else None
    found = shared.scalar("imageRegistry", merge=True) if shared is not None else None
    found = (
        found or (image.scalar("registry", merge=True) if image else None) or node.scalar("imageRegistry", merge=True)
    )
    return found if found is not None and _written(found) else None


def _written(scalar: Scalar | None) -> bool:
    return scalar is not None and bool(scalar.value.strip()) and not (scalar.plain and scalar.value in _NULLS)


def _first(node: Mapping, names: tuple[str, ...]) -> Scalar | None:
    """Return the first of some keys that has a value, else the first that is written at all."""
    found = [scalar for name in names if (scalar := node.scalar(name, merge=True)) is not None]
    return next((scalar for scalar in found if _written(scalar)), found[0] if found else None)


def _map(path: str, key: str, node: Mapping, host: Scalar | None, *, listed: bool) -> Iterator[Fact]:
    """Read one mapping: an image in pieces, else the images among its scalars. An item of a list has no key of its own."""
    if _CREDENTIALS.fullmatch(key):
        yield from _credential(node)
    key = "" if listed else key
    if key == "global" or _FILES.search(key):
        return
    name = _repository(key, node)
    if name is not None:
        found = _composed(path, node, name, host)
        if found is not None:
            yield found
        return
    siblings = [other.value for other, _ in node.pairs(merge=True)]
    for other, value in node.pairs(merge=True):
        if not isinstance(value, Scalar) or not _written(value) or _NOT_IMAGES.fullmatch(other.value):
            continue
        if other.value in _NAME_KEYS and any(tag in siblings for tag in _TAG_KEYS[:4]):
            found = _composed(path, node, value, host)
        elif _IMAGE_KEY.fullmatch(other.value):
            found = _scalar(f"{path}.{other.value}".lstrip("."), node, value, siblings)
        else:
            continue
        if found is not None:
            yield found


def _repository(key: str, node: Mapping) -> Scalar | None:
    """Return the value that names the repository, where the mapping is an image in pieces."""
    is_image = bool(_IMAGE_KEY.fullmatch(key)) and not _NOT_IMAGES.fullmatch(key)
    repository = node.scalar("repository", merge=True)
    keys = {name.value for name, _ in node.pairs(merge=True)}
    if repository is not None and _names_image(repository):
        return repository if is_image or keys & {"registry", "tag", "digest", "sha"} else None
    if repository is None and "tag" in keys and (is_image or "registry" in keys):
        found = _first(node, ("image", "name"))
        return found if found is not None and _names_image(found) else None
    return None


def _names_image(scalar: Scalar) -> bool:
    text = scalar.value.strip()
    if not _written(scalar) or text.startswith(("@", "alias:", "git@", "/", ".")) or text.endswith(".git"):
        return False
    return ("://" not in text or text.startswith(("docker://", "oci://"))) and not _FILES.search(text)


def _composed(path: str, node: Mapping, name: Scalar, host: Scalar | None) -> Image | None:
    """Return the image of a mapping with its parts under keys of their own."""
    tag, digest = _first(node, _TAG_KEYS[:4]), _first(node, _DIGEST_KEYS)
    if tag is None and _IMAGE_KEY.fullmatch(path.rpartition(".")[2]):
        tag = node.scalar("version", merge=True)
    registry = node.scalar("registry", merge=True)
    if not _written(registry):
        ref = parse_image(name.value)
        registry = host if ref is not None and ref.registry == "" and host is not None else None
    source = reference(
        name.source,
        tag.source if tag is not None and _written(tag) else None,
        digest.source if digest is not None and _written(digest) else None,
        registry.source if registry is not None else None,
    )
    role = "job" if path.partition(".")[0] in _TESTS else "workload"
    found = image_fact(source, role=role, engine="helm", pull_policy=node.text("pullPolicy", merge=True))
    if found is None or found.tag != "" or found.digest != "":
        return found
    return _untagged(found, f"{{{{ .Values.{path}.repository }}}}:{APP_VERSION}")


def _untagged(found: Image, raw: str) -> Image:
    """Return an image whose tag the templates give."""
    return found.replace(tag=UNKNOWN, tag_kind=UNKNOWN, state="partial", raw=raw)


def _scalar(path: str, node: Mapping, value: Scalar, siblings: list[str]) -> Image | None:
    """Return the image of a key that ends in "image"; a single word is one only beside a tag."""
    text = value.value.strip()
    if not _names_image(value) or any(letter.isspace() for letter in text):
        return None
    tag = _first(node, _TAG_KEYS[:4])
    if not re.search(r"[/:@]", text) and tag is None:
        return None
    ref = parse_image(text)
    if ref is None or ref.problem or text.startswith("sha256:"):
        return None
    if ref.tag == "" and ref.digest == "" and tag is not None and _written(tag):
        return image_fact(reference(value.source, tag.source), role="workload", engine="helm")
    found = image_fact(value.source, role="workload", engine="helm")
    if found is None or found.tag != "" or found.digest != "":
        return found
    others = any(_ANY_TAG.fullmatch(name) for name in siblings)
    return _untagged(found, "" if others else f"{{{{ .Values.{path} }}}}")


def _containers(node: Node) -> Iterator[Fact]:
    """A list of containers, or a text that a template turns into one."""
    items: list[Node] = list(node) if isinstance(node, Sequence) else []
    if isinstance(node, Scalar) and node.style in ("|", ">"):
        from relcheck.readers.go_template import masked  # noqa: PLC0415 - few values hold text of templates

        for inner in load(masked(node.source)).documents:
            items += list(inner) if isinstance(inner, Sequence) else []
    for item in items:
        image = item.scalar("image", merge=True) if isinstance(item, Mapping) else None
        if image is None or not _written(image):
            continue
        found = image_fact(image.source, role="workload", engine="helm")
        if found is not None:
            yield found


def _credential(node: Mapping) -> Iterator[Fact]:
    """`{registry, username, password}`: what a template turns into a pull secret."""
    from relcheck.refs.secrets import identify, literal_form, redact  # noqa: PLC0415 - few values hold any

    password = node.scalar("password", merge=True)
    if password is None or not _written(password) or node.scalar("username", merge=True) is None:
        return
    form = literal_form(password.value)
    literal = form == "literal"
    token = identify(password.value) if literal else None
    yield Credential(
        span=password.span,
        parts={"value": password.span},
        kind="k8s-registry-secret",
        form=form,
        where="manifest",
        ecosystem="docker",
        key="password",
        host=node.text("registry", merge=True),
        user=node.text("username", merge=True),
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        redacted=redact(password.value) if literal else "",
        length=len(password.value) if literal else 0,
    )


def _variables(node: Mapping) -> Iterator[Fact]:
    """Hand on the values that an image in a template may use, by their paths."""
    options: list[Option] = []
    for path, _, holder in _walk(node):
        for key, value in holder.pairs(merge=True) if isinstance(holder, Mapping) else ():
            full = f"{path}.{key.value}".lstrip(".")
            if isinstance(value, Scalar) and _HANDED_ON.fullmatch(full) and len(options) < _MANY:
                text = value.value if _written(value) else ""
                options.append(Option(name=full, value=text if _HARMLESS.fullmatch(text) else UNKNOWN, span=value.span))
    if options:
        yield Variables(span=options[0].span, values_of=tuple(options))
