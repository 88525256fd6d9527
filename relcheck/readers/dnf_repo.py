"""Where dnf, yum and zypper get packages from, and whether they check them (dnf.conf(5), yum.conf(5)): *.repo, dnf.conf.

    [NAME], baseurl, mirrorlist, metalink, gpgcheck, pkg_gpgcheck, repo_gpgcheck, sslverify

Packages are verified by signatures, so plain HTTP says nothing here; `gpgcheck=0` switches the verification off.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Fact, Registry
from relcheck.readers.ini_lines import entries
from relcheck.readers.urls import registry
from relcheck.refs.url import is_loopback, parse_url
from relcheck.source import Source

_ADDRESSES = ("baseurl", "mirrorlist", "metalink")
_CHECKS = ("gpgcheck", "pkg_gpgcheck")
_OFF = ("0", "false", "no", "off")


def read(source: Source) -> Iterator[Fact]:
    """Yield the repositories of a file, and what is not verified."""
    found = list(entries(source, separators="="))
    local, hosts = set(), {}
    for entry in found:
        url = parse_url(entry.value.text) if entry.key in _ADDRESSES else None
        if url is not None:
            hosts[entry.section] = url.host
            if url.scheme == "file" or is_loopback(str(url.host)):
                local.add(entry.section)
    for entry in found:
        off = entry.value.text.strip().lower() in _OFF
        if entry.key in _ADDRESSES:
            yield from registry(entry.value, ecosystem="os", purpose="os", key=entry.key)
        elif entry.key in _CHECKS and off and entry.section not in local:
            yield Registry(
                span=entry.value.all(), ecosystem="os", purpose="os", url="", host="",
                key=f"{entry.key}={entry.value.text.strip()}", integrity_off=True,
            )  # fmt: skip
        elif entry.key == "sslverify" and off:
            host = hosts.get(entry.section, UNKNOWN)
            yield Registry(
                span=entry.value.all(), ecosystem="os", purpose="os", url=host, host=host, tls="off", key="sslverify",
                loopback=entry.section in local,
            )  # fmt: skip
