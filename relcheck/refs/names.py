"""Names of packages: what the registries of npm, PyPI, crates.io and RubyGems refuse."""

from __future__ import annotations

import re

from relcheck.refs import MARK

_NPM = re.compile(r"(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*", re.ASCII)
_PYPI = re.compile(r"[A-Z0-9](?:[A-Z0-9._-]*[A-Z0-9])?", re.ASCII | re.IGNORECASE)
_CARGO = re.compile(r"[A-Za-z][A-Za-z0-9_-]*", re.ASCII)
_GEM = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?", re.ASCII)
_NPM_LONGEST, _CARGO_LONGEST = 214, 64


def name_problem(eco: str, name: str) -> str:
    """Say why the registry of an ecosystem refuses a new package of a name, "" when it takes it or is not known."""
    if MARK in name or not name:
        return ""
    judge = {"npm": _npm, "pypi": _pypi, "cargo": _cargo, "gem": _gem}.get(eco)
    return judge(name) if judge is not None else ""


def _npm(name: str) -> str:
    if len(name) > _NPM_LONGEST:
        return f"it is longer than {_NPM_LONGEST} characters"
    if name in ("node_modules", "favicon.ico"):
        return "the name is reserved"
    if _NPM.fullmatch(name):
        return ""
    if _NPM.fullmatch(name.lower()):
        return "it has capital letters"
    return "it begins with a dot or an underscore" if name[:1] in "._" else "it has characters that no URL may hold"


def _pypi(name: str) -> str:
    return "" if _PYPI.fullmatch(name) else "it is not letters and digits, joined by . - or _"


def _cargo(name: str) -> str:
    if len(name) > _CARGO_LONGEST:
        return f"it is longer than {_CARGO_LONGEST} characters"
    return "" if _CARGO.fullmatch(name) else "it is not letters, digits, - and _, beginning with a letter"


def _gem(name: str) -> str:
    if not any(letter.isalpha() for letter in name):
        return "it has no letter"
    return "" if _GEM.fullmatch(name) else "it is not letters and digits, joined by . - or _"
