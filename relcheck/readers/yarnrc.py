"""Yarn's configuration: `.yarnrc.yml` (Yarn 2 and newer) and `.yarnrc` (Yarn 1).

`.yarnrc.yml` is YAML whose values may hold `${NAME}` and `${NAME:-default}`; `.yarnrc` has lines `key "value"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Download, Fact, Install, Registry, Unreadable
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.readers.npm_spec import group_of
from relcheck.readers.urls import registry, url_parts
from relcheck.readers.yaml_tree import load
from relcheck.refs.url import parse_url
from relcheck.source import Source

_V1 = re.compile(r"^[ \t]*(?P<key>\"[^\"\n]+\"|[^\s\"#]+)[ \t]+\"?(?P<value>[^\"\s#]+)\"?[ \t]*\r?$", re.MULTILINE)
_LOGIN = re.compile(r"//(?P<host>[^/:]+(?::\d+)?)[^=]*?:(?P<key>_authToken|_auth|_password)")
_FIRST_KINDS = {"_authToken": "npm-token", "_auth": "npm-auth", "_password": "npm-password"}
"""Yarn 1 reads the keys of `.npmrc` from its own file too."""
_CREDENTIALS = {"npmAuthToken": "npm-token", "npmAuthIdent": "npm-auth"}
_DEFAULTED = re.compile(r"\$\{[A-Za-z_]\w*:-(?P<default>[^}]+)\}$")


def read(source: Source) -> Iterator[Fact]:
    """Yield registries, credentials, catalogs, and settings that weaken an install."""
    if source.path.rsplit("/", 1)[-1].lower() == ".yarnrc":
        yield from _first_version(source)
        return
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"not valid YAML here: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if isinstance(top, Mapping):
        yield from _servers(top)
        yield from _catalogs(top)
        yield from _weak(top)
        yield from _plugins(top)


def _first_version(source: Source) -> Iterator[Fact]:
    for match in _V1.finditer(source.text):
        key, value = match["key"].strip('"'), source.part(*match.span("value"))
        if key == "registry" or key.endswith(":registry"):
            scope = key.partition(":")[0] if key.startswith("@") else ""
            yield from registry(value, ecosystem="npm", purpose="index", key=key, scope=scope)
        elif (login := _LOGIN.fullmatch(key)) is not None:
            kind = _FIRST_KINDS[login["key"]]
            yield home_credential(value, kind, ecosystem="npm", key=login["key"], host=login["host"])
        elif key == "strict-ssl" and value.text == "false":
            yield Registry(
                span=value.all(),
                ecosystem="npm",
                purpose="index",
                url=UNKNOWN,
                host=UNKNOWN,
                tls="off",
                key="strict-ssl false",
            )


def _servers(top: Mapping) -> Iterator[Fact]:
    """The top level, `npmScopes.NAME` and `npmRegistries."//host"` have the same keys."""
    yield from _server(top, "", "")
    for key, value in (top.map("npmScopes") or _EMPTY).pairs():
        if isinstance(value, Mapping):
            yield from _server(value, f"@{key.value.lstrip('@')}", f"npmScopes.{key.value}.")
    for key, value in (top.map("npmRegistries") or _EMPTY).pairs():
        if isinstance(value, Mapping):
            host = re.match(r"(?:https?:)?//(?P<host>[^/:]+)", key.value)
            yield from _credentials(value, host["host"] if host else "")


def _server(table: Mapping, scope: str, prefix: str) -> Iterator[Fact]:
    host = ""
    for key, purpose in (("npmRegistryServer", "index"), ("npmPublishRegistry", "publish")):
        url = table.scalar(key)
        if url is not None:
            yield from registry(_literal(url), ecosystem="npm", purpose=purpose, key=prefix + key, scope=scope)
            parsed = parse_url(_literal(url).text)
            host = str(parsed.host) if parsed is not None and parsed.host is not UNKNOWN else host
    yield from _credentials(table, host)


def _credentials(table: Mapping, host: str) -> Iterator[Fact]:
    for key, kind in _CREDENTIALS.items():
        value = table.scalar(key)
        if value is not None and value.value:
            made = home_credential(_literal(value), kind, ecosystem="npm", key=key, host=host)
            yield made.replace(access=made.access or "publish")


def _literal(value: Scalar) -> Source:
    """Return the text, or the default of `${NAME:-default}`, which is as good as written."""
    match = _DEFAULTED.match(value.value)
    return value.source.part(*match.span("default")) if match else value.source


def _catalogs(top: Mapping) -> Iterator[Fact]:
    yield from group_of(top.map("catalog"), "catalog")
    for _, catalog in (top.map("catalogs") or _EMPTY).pairs():
        yield from group_of(catalog if isinstance(catalog, Mapping) else None, "catalog")
    for _, extended in (top.map("packageExtensions") or _EMPTY).pairs():
        yield from group_of(extended.map("dependencies") if isinstance(extended, Mapping) else None, "override")


def _weak(top: Mapping) -> Iterator[Fact]:
    """TLS and checksums that are switched off, and an install that may change the lock file even in a pipeline."""
    immutable = top.scalar("enableImmutableInstalls")
    if immutable is not None and immutable.value == "false":
        yield Install(span=immutable.span, ecosystem="npm", tool="yarn", frozen=False, ci=True)
    strict, checksums = top.scalar("enableStrictSsl"), top.scalar("checksumBehavior")
    if strict is not None and strict.value == "false":
        yield Registry(
            span=strict.span, ecosystem="npm", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off",
            key="enableStrictSsl: false",
        )  # fmt: skip
    if checksums is not None and checksums.value in ("ignore", "update"):
        yield Registry(
            span=checksums.span, ecosystem="npm", purpose="index", url="", host="", integrity_off=True,
            key=f"checksumBehavior: {checksums.value}",
        )  # fmt: skip
    for item in top.seq("unsafeHttpWhitelist") or ():
        if isinstance(item, Scalar) and "*" in item.value.split(".")[0]:
            yield Registry(
                span=item.span, ecosystem="npm", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off",
                key=f"unsafeHttpWhitelist {item.value}",
            )  # fmt: skip


def _plugins(top: Mapping) -> Iterator[Fact]:
    """`plugins: [{path, spec}]`: the program at `path` is a file of the repository, `spec` says where it came from."""
    for plugin in top.seq("plugins") or ():
        spec = plugin.scalar("spec") if isinstance(plugin, Mapping) else None
        url = parse_url(spec.value) if spec is not None else None
        if spec is not None and url is not None and isinstance(plugin, Mapping):
            yield Download(
                span=spec.span, parts=url_parts(spec.source, url), tool="yarn", url=url.redacted, scheme=url.scheme,
                host=url.host, output=plugin.text("path"), verified_by="review",
            )  # fmt: skip


_EMPTY = Mapping(Source("", ""), 0, flow=False)
