"""Credentials in nuget.config (Microsoft Learn: nuget.config reference).

packageSourceCredentials.<source>.add {key: Username | ClearTextPassword | Password, value}
apikeys.add {key: URL of the registry, value: key, encrypted for one user of one machine}
config.add {key: http_proxy.password, value: encrypted like a key}

An encrypted password works for one user of one machine.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Text
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.xml_nodes import Tag
from relcheck.refs.secrets import identify
from relcheck.refs.url import parse_url
from relcheck.source import Source


def credentials(root: Tag) -> Iterator[Fact]:
    """Yield the passwords and keys of a configuration; an encrypted password works on one machine only."""
    hosts = {_decoded(name): host for name, host in _hosts(root)}
    for holder in root.all("packageSourceCredentials"):
        for source in holder.children:
            yield from _password(source, hosts.get(_decoded(source.name), ""))
    for entry in root.all("apikeys", "add"):
        found = entry.attributes()
        value, key = found.get("value"), found.get("key")
        if value is not None and value.text and key is not None:
            form = "" if identify(value.text) else "encrypted"
            yield _made(value, "nuget-key", "apikeys", _host(key), "", form)
    for entry in root.all("config", "add"):
        found = entry.attributes()
        value, key = found.get("value"), found.get("key")
        if value is not None and value.text and key is not None and key.text.lower() == "http_proxy.password":
            yield _made(value, "nuget-password", key.text, "", "", "" if identify(value.text) else "encrypted")


def _password(source: Tag, host: Text) -> Iterator[Fact]:
    entries = {found["key"].text.lower(): found for add in source.all("add") if "key" in (found := add.attributes())}
    user = entries["username"]["value"].text if "value" in entries.get("username", {}) else ""
    for name, form in (("cleartextpassword", ""), ("password", "encrypted")):
        value = entries.get(name, {}).get("value")
        if value is not None and value.text:
            yield _made(value, "nuget-password", entries[name]["key"].text, host, user, form)


def _made(value: Source, kind: str, key: str, host: Text, user: str, form: str) -> Fact:
    found = home_credential(value, kind, ecosystem="nuget", key=key, host=host, user=user, form=form)
    return found.replace(access=found.access or "publish")


def _hosts(root: Tag) -> Iterator[tuple[str, Text]]:
    for entry in root.all("packageSources", "add"):
        found = entry.attributes()
        if "key" in found and "value" in found:
            yield found["key"].text, _host(found["value"])


def _host(url: Source) -> Text:
    parsed = parse_url(url.text)
    return parsed.host if parsed is not None and parsed.host is not UNKNOWN else ""


def _decoded(name: str) -> str:
    """A blank in the name of a source is `_x0020_` in the name of its element."""
    return name.replace("_x0020_", " ")
