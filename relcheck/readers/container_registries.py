"""Where container engines pull from: the settings of Docker, Podman, containerd, BuildKit and k3s.

daemon.json       insecure-registries[], registry-mirrors[]
hosts.toml        [host."URL"] {skip_verify}, below certs.d/ (containerd)
config.toml       […registry.configs."HOST".tls] insecure_skip_verify (containerd's older way)
buildkitd.toml    [registry."HOST"] {http, insecure}
registries.yaml   configs {HOST: {tls: {insecure_skip_verify}}} (k3s)
registries.conf   [[registry]] {prefix, location, insecure, [[registry.mirror]] {location, insecure}}; before version 2
                  [registries.insecure] registries[]

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

        read_top = _daemon if source.path.endswith(".json") else _clients
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
    for entry in _mappings(top.get("registry")):
        yield from _entry(entry)
    old = top.map("registries")
    insecure = old.map("insecure") if old is not None else None
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
    table = top.map("host")
    for url, host in table.pairs() if table is not None else ():
        skipped = host.scalar("skip_verify") if isinstance(host, Mapping) else None
        if skipped is not None and skipped.value == "true":
            yield _off(skipped, url.value.partition("://")[2].partition("/")[0] or url.value, "skip_verify = true")


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
