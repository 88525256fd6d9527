"""Where container engines pull from: the settings of Docker, Podman, containerd, BuildKit and k3s.

daemon.json       insecure-registries[], registry-mirrors[]
hosts.toml        server, [host."URL"] {skip_verify}, below certs.d/ (containerd)
config.toml       […registry.configs."HOST".tls] insecure_skip_verify (containerd's older way)
buildkitd.toml    [registry."HOST"] {http, insecure}
registries.yaml   configs {HOST: {tls: {insecure_skip_verify}}} (k3s)
registries.conf   unqualified-search-registries[], [[registry]] {prefix, location, insecure, [[registry.mirror]]
                  {location, insecure}}; before version 2 [registries.insecure] registries[], [registries.search] registries[]
registries.d      docker {HOST: {lookaside, lookaside-staging, sigstore, sigstore-staging}}: where signatures are
policy.json       default[] and transports {TRANSPORT: {SCOPE: []}} of {type}: which signatures are demanded

A registry that is asked without TLS can be impersonated by anyone on the way.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Registry
from relcheck.readers.nodes import Mapping, Scalar, Sequence
from relcheck.readers.urls import registry
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Yield mirrors, and registries that are asked without TLS."""
    if source.path.endswith((".json", ".yaml", ".yml")):
        from relcheck.readers.yaml_tree import load  # noqa: PLC0415 - one of two formats

        read_top = _clients
        if source.path.endswith(".json"):
            read_top = _policy if source.path.endswith("policy.json") else _daemon
        elif "registries.d/" in source.path:
            read_top = _stores
        for document in load(source).documents[:1]:
            yield from read_top(document) if isinstance(document, Mapping) else ()
        return
    from relcheck.readers.toml_tree import load as load_toml  # noqa: PLC0415 - see above

    top = load_toml(source)[0]
    if source.path.endswith("hosts.toml"):
        yield from _hosts(top)
        return
    named = source.path.rpartition("/")[2]
    if named == "buildkitd.toml":
        yield from _buildkit(top)
        return
    if named == "config.toml":
        yield from _containerd(top)
        return
    yield from _search(top.seq("unqualified-search-registries"))
    for entry in _mappings(top.get("registry")):
        yield from _entry(entry)
    old = top.map("registries")
    insecure, search = (old.map(name) if old is not None else None for name in ("insecure", "search"))
    yield from _search(search.seq("registries") if search is not None else None)
    yield from _insecure(insecure.seq("registries") if insecure is not None else None, "registries.insecure")


def _buildkit(top: Mapping) -> Iterator[Fact]:
    """BuildKit's buildkitd.toml: [registry."HOST"] { http, insecure }."""
    table = top.map("registry")
    for host, entry in table.pairs() if table is not None else ():
        for key in ("http", "insecure"):
            flag = entry.scalar(key) if isinstance(entry, Mapping) else None
            if flag is not None and flag.value == "true":
                yield _off(flag, host.value, f"{key} = true")


def _containerd(top: Mapping) -> Iterator[Fact]:
    """Containerd's config.toml: the registries of each plugin that has some."""
    plugins = top.map("plugins")
    for _, plugin in plugins.pairs() if plugins is not None else ():
        holder = plugin.map("registry") if isinstance(plugin, Mapping) else None
        yield from _clients(holder) if holder is not None else ()


def _clients(top: Mapping) -> Iterator[Fact]:
    """`configs {HOST: {tls: {insecure_skip_verify}}}`, as k3s and containerd have it."""
    table = top.map("configs")
    for host, entry in table.pairs() if table is not None else ():
        tls = entry.map("tls") if isinstance(entry, Mapping) else None
        flag = tls.scalar("insecure_skip_verify") if tls is not None else None
        if flag is not None and flag.value == "true":
            yield _off(flag, host.value, "insecure_skip_verify")


def _hosts(top: Mapping) -> Iterator[Fact]:
    """Containerd's certs.d/HOST/hosts.toml: [host."URL"] { skip_verify }."""
    server, table = top.scalar("server"), top.map("host")
    if server is not None:
        yield from registry(server.source, ecosystem="oci", purpose="mirror", key="server")
    for url, host in table.pairs() if table is not None else ():
        yield from registry(url.source, ecosystem="oci", purpose="mirror", key="host")
        skipped = host.scalar("skip_verify") if isinstance(host, Mapping) else None
        if skipped is not None and skipped.value == "true":
            yield _off(skipped, url.value.partition("://")[2].partition("/")[0] or url.value, "skip_verify = true")


def _search(items: Sequence | None) -> Iterator[Fact]:
    """Podman asks these registries, in this order, for an image whose name has none."""
    for item in items or ():
        if isinstance(item, Scalar) and item.value:
            yield Registry(
                span=item.span, parts={"host": item.span, "url": item.span}, ecosystem="oci", purpose="search", url=item.value,
                host=item.value, key="unqualified-search-registries",
            )  # fmt: skip


def _stores(top: Mapping) -> Iterator[Fact]:
    """Where signatures are looked up and put: `docker` and `default-docker` of the files in registries.d."""
    named = top.map("docker")
    for entry in (top.get("default-docker"), *(entry for _, entry in (named.pairs() if named is not None else ()))):
        for key in ("lookaside", "lookaside-staging", "sigstore", "sigstore-staging"):
            url = entry.scalar(key) if isinstance(entry, Mapping) else None
            if url is not None:
                yield from registry(url.source, ecosystem="oci", purpose="signatures", key=key)


def _policy(top: Mapping) -> Iterator[Fact]:
    """The type of each requirement: `signedBy`, `sigstoreSigned`, `insecureAcceptAnything`, `reject`."""
    found = [top.get("default")]
    for _, transport in (top.map("transports") or Mapping(Source("", ""), 0, flow=False)).pairs():
        found += [scope for _, scope in transport.pairs()] if isinstance(transport, Mapping) else []
    for requirements in found:
        for requirement in _mappings(requirements):
            kind = requirement.scalar("type")
            if kind is not None and kind.value != "reject":
                yield Registry(
                    span=kind.span, parts={"key": kind.span}, ecosystem="oci", purpose="signature-policy", url="", host="",
                    key=kind.value,
                )  # fmt: skip


def _daemon(top: Mapping) -> Iterator[Fact]:
    yield from _insecure(top.seq("insecure-registries"), "insecure-registries")
    for item in top.seq("registry-mirrors") or ():
        if isinstance(item, Scalar):
            yield from registry(item.source, ecosystem="oci", purpose="mirror", key="registry-mirrors")


def _insecure(items: Sequence | None, key: str) -> Iterator[Fact]:
    for item in items or ():
        if isinstance(item, Scalar) and item.value:
            yield _off(item, item.value, key)


def _entry(entry: Mapping) -> Iterator[Fact]:
    for holder in (entry, *_mappings(entry.get("mirror"))):
        insecure = holder.scalar("insecure")
        if insecure is not None and insecure.value == "true":
            yield _off(insecure, holder.text("location") or entry.text("prefix"), "insecure = true")


def _off(place: Scalar, host: str, key: str) -> Registry:
    loopback = host.partition(":")[0] in ("localhost", "127.0.0.1") or host.startswith(("[::1]", "127.0.0.0/8"))
    return Registry(
        span=place.span, ecosystem="oci", purpose="container", url=UNKNOWN, host=host or UNKNOWN, tls="off", key=key,
        loopback=loopback,
    )  # fmt: skip


def _mappings(node: object) -> Iterator[Mapping]:
    for item in node if isinstance(node, Sequence) else (node,):
        if isinstance(item, Mapping):
            yield item
