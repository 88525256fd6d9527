"""Clients of object stores that keep what opens them in a file of the user's home, in lines `key = value`.

    .boto, boto.cfg (gsutil, boto)   [Credentials] gs_secret_access_key, gs_oauth2_refresh_token, aws_secret_access_key, …
                                     [Boto] is_secure, https_validate_certificates, proxy_pass
    .s3cfg (s3cmd)                   secret_key, access_token, gpg_passphrase; host_base, use_https, check_ssl_certificate
    rclone.conf                      [NAME] type, endpoint | url | host, and the secrets of that kind of store

rclone writes passwords in a form that its own key, which is public, opens again (`rclone obscure`); a configuration that is
encrypted as a whole holds no settings. Artifacts are fetched from such stores, and published to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from relcheck.facts import Fact, Registry, Text
from relcheck.patterns import lazy_pattern
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.ini_lines import Entry, entries
from relcheck.readers.urls import registry
from relcheck.refs.url import is_loopback, parse_url
from relcheck.source import Source

_OFF = frozenset(("false", "no", "off", "0"))
_RCLONE_TOKENS = re.compile(r'"(?P<key>access_token|refresh_token|private_key)"\s*:\s*"(?P<value>[^"\\]{1,4000})"')
_SIGNATURE = re.compile(r"[?&]sig=(?P<value>[^&\s]+)")
_KEYED = ("azureblob", "azurefiles", "b2", "swift")
"""Kinds of stores of rclone whose `key` is the secret; for others it is none."""


class _Client(NamedTuple):
    """A client: the end of its file's path, its secrets, where it finds its server, and its switches of HTTPS and TLS."""

    file: re.Pattern[str]
    secrets: tuple[str, ...]
    hosts: tuple[str, ...]
    https: tuple[str, ...]
    certificates: tuple[str, ...]
    public: str = ""  # the server that is asked when none is written


_CLIENTS = (
    _Client(
        lazy_pattern(r"(?:^|/)(?:\.boto|boto\.cfg)$", re.IGNORECASE),
        (
            "aws_secret_access_key", "aws_security_token", "gs_secret_access_key", "gs_oauth2_refresh_token",
            "gs_service_key_file_password", "client_secret", "proxy_pass",
        ),
        ("gs_host", "s3_host", "gs_json_host"),
        ("is_secure",),
        ("https_validate_certificates",),
    ),
    _Client(
        lazy_pattern(r"(?:^|/)[^/]*\.?s3cfg$", re.IGNORECASE),
        ("secret_key", "access_token", "gpg_passphrase"),
        ("host_base",),
        ("use_https",),
        ("check_ssl_certificate", "check_ssl_hostname"),
        "s3.amazonaws.com",
    ),
    _Client(
        lazy_pattern(r"(?:^|/)\.?rclone\.conf$", re.IGNORECASE),
        (
            "pass", "password", "password2", "secret_access_key", "session_token", "client_secret", "bearer_token", "api_key",
            "access_token", "refresh_token", "auth_token", "application_credential_secret", "key_file_pass", "account_key",
            "api_password",
        ),
        ("endpoint", "url", "host"),
        (),
        ("no_check_certificate",),
    ),
)  # fmt: skip


def read(source: Source) -> Iterator[Fact]:
    """Yield the secrets of each section, its server where it is named by a URL, and switches that weaken the connection."""
    client = next((one for one in _CLIENTS if one.file.search(source.path)), None)
    if client is None or "RCLONE_ENCRYPT_V" in source.text:
        return
    found = [entry for entry in entries(source, separators="=", continued=False) if entry.value.text]
    beside: dict[str, dict[str, Entry]] = {}
    for entry in found:
        beside.setdefault(entry.section, {})[entry.key.lower()] = entry
    for entry in found:
        yield from _setting(client, entry, beside[entry.section])


def _setting(client: _Client, entry: Entry, beside: dict[str, Entry]) -> Iterator[Fact]:
    key = entry.key.lower()
    server = next((beside[name].value for name in client.hosts if name in beside), None)
    host = _host(server, client)
    if key in client.secrets or (key == "key" and _kind(beside) in _KEYED):
        yield home_credential(entry.value, "storage-key", ecosystem="storage", key=key, host=host, user=entry.section)
    elif key in ("token", "service_account_credentials") and "type" in beside:
        yield from _inside(entry, _RCLONE_TOKENS, host)
    elif key == "sas_url":
        yield from _inside(entry, _SIGNATURE, host)
    elif key in client.hosts and "://" in entry.value.text:
        yield from registry(entry.value, ecosystem="storage", purpose="storage", key=key)
    elif key in client.https and entry.value.text.lower() in _OFF:
        yield _weak(entry, server, host, scheme="http")
    elif key in client.certificates and (entry.value.text.lower() in _OFF) != key.startswith("no_"):
        yield _weak(entry, server, host, tls="off")


def _kind(beside: dict[str, Entry]) -> str:
    return beside["type"].value.text.lower() if "type" in beside else ""


def _host(server: Source | None, client: _Client) -> str:
    """Return the host of a URL or of `host[:port]`; a bucket's place in it (`%(bucket)s`) names no host."""
    text = server.text if server is not None else client.public
    url = parse_url(text)
    if url is not None:
        return url.host if isinstance(url.host, str) else ""
    return "" if "%" in text else text.partition("/")[0].partition(":")[0]


def _inside(entry: Entry, pattern: re.Pattern[str], host: Text) -> Iterator[Fact]:
    """Yield the secrets in a value of several: a token in JSON, the signature of a URL."""
    for match in pattern.finditer(entry.value.text):
        value = entry.value.part(*match.span("value"))
        key = match["key"] if "key" in pattern.groupindex else entry.key
        yield home_credential(value, "storage-key", ecosystem="storage", key=key, host=host, user=entry.section)


def _weak(entry: Entry, server: Source | None, host: str, *, scheme: str = "", tls: str = "") -> Registry:
    """Return the server that is asked without encryption or without a check of its certificate."""
    place = entry.value.all()
    named = server is not None and server.text == host
    return Registry(
        span=place, parts={"host": server.all()} if named and server is not None else {}, ecosystem="storage",
        purpose="storage", url=f"{scheme}://{host}" if scheme and host else "", host=host, scheme=scheme, tls=tls,
        key=f"{entry.key} = {entry.value.text}", loopback=is_loopback(host),
    )  # fmt: skip
