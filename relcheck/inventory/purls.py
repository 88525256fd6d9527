"""Package URLs of facts, by packageurl-python (the purl specification's own types)."""

from __future__ import annotations

from packageurl import PackageURL

from relcheck.facts import UNKNOWN, Component, Dependency, Fact, Image

_TYPES = {
    "pypi": "pypi", "npm": "npm", "cargo": "cargo", "gem": "gem", "go": "golang", "maven": "maven", "nuget": "nuget",
    "composer": "composer", "helm": "helm", "conda": "conda",
}  # fmt: skip
_FORGES = {"github.com": "github", "gitlab.com": "gitlab", "bitbucket.org": "bitbucket"}


def purl_of(fact: Fact) -> str:
    """Return the package URL of what a fact names, with a version only where it is exact; "" where it has none."""
    made: PackageURL | None = None
    if isinstance(fact, Image):
        made = _image(fact)
    elif isinstance(fact, Component):
        made = _component(fact)
    elif isinstance(fact, Dependency):
        made = _dependency(fact)
    return str(made.to_string()) if made is not None else ""


def _image(fact: Image) -> PackageURL | None:
    if not isinstance(fact.repository, str) or not isinstance(fact.host, str) or not fact.repository:
        return None
    namespace, _, name = fact.repository.rpartition("/")
    version = fact.digest if isinstance(fact.digest, str) and fact.digest else fact.tag
    qualifiers = {"repository_url": fact.host} if fact.host and fact.host != "docker.io" else {}
    return PackageURL("docker", namespace or None, name, _text(version) or None, qualifiers) if name else None


def _component(fact: Component) -> PackageURL | None:
    if not isinstance(fact.name, str):
        return None
    host = "github.com" if fact.system == "github" else _text(fact.host)
    address = fact.name.partition("://")[2] or fact.name
    parts = [part for part in address.removesuffix(".git").removeprefix(f"{host}/").split("/") if part]
    if not parts:
        return None
    version = _text(fact.ref) if fact.ref_kind != "range" else ""  # a range is no version
    if host in _FORGES and len(parts) > 1:
        return PackageURL(_FORGES[host], parts[0], parts[1], version or None, None, "/".join(parts[2:]) or None)
    return PackageURL("generic", "/".join([host, *parts[:-1]]).strip("/") or None, parts[-1], version or None)


def _dependency(fact: Dependency) -> PackageURL | None:
    kind = _TYPES.get(fact.ecosystem)
    if kind is None or not isinstance(fact.name, str):
        return None
    namespace, name = _split(kind, fact.name)
    exact = fact.firmness == "exact" and isinstance(fact.constraint, str)
    version = _text(fact.constraint).strip().lstrip("=v").strip() if exact else ""
    if kind == "golang" and version:
        version = f"v{version}"
    return PackageURL(kind, namespace or None, name, version or None) if name else None


def _split(kind: str, name: str) -> tuple[str, str]:
    if kind == "maven":
        group, _, artifact = name.partition(":")
        return group, artifact
    if kind in ("npm", "golang", "composer"):
        namespace, _, last = name.rpartition("/")
        return namespace, last
    return "", name


def _text(value: object) -> str:
    return "" if value is UNKNOWN else str(value)
