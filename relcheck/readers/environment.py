"""Environment variables that decide where packages come from, whether they are checked, or that hold secrets.

Shared by everything that sets variables: Dockerfile ENV and ARG, compose, pipelines, scripts, env files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Fact, Registry
from relcheck.readers.urls import registry, trusted, userinfo
from relcheck.refs import MARK
from relcheck.refs.secrets import identify, is_publish_variable, literal_form, looks_secret_name, redact
from relcheck.source import Source

_INDEXES = {
    "PIP_INDEX_URL": ("pypi", "index"),
    "PIP_EXTRA_INDEX_URL": ("pypi", "extra-index"),
    "PIP_FIND_LINKS": ("pypi", "find-links"),
    "UV_INDEX_URL": ("pypi", "index"),
    "UV_DEFAULT_INDEX": ("pypi", "index"),
    "UV_INDEX": ("pypi", "first-index"),
    "UV_EXTRA_INDEX_URL": ("pypi", "first-index"),
    "UV_PUBLISH_URL": ("pypi", "publish"),
    "TWINE_REPOSITORY_URL": ("pypi", "publish"),
    "NPM_CONFIG_REGISTRY": ("npm", "index"),
    "npm_config_registry": ("npm", "index"),
    "YARN_REGISTRY": ("npm", "index"),
    "YARN_NPM_REGISTRY_SERVER": ("npm", "index"),
    "GOPROXY": ("go", "index"),
}
_CARGO_INDEX = re.compile(r"CARGO_(?:REGISTRIES_[A-Z0-9_]+|REGISTRY)_INDEX")
_TLS_OFF = {
    "NODE_TLS_REJECT_UNAUTHORIZED": ("0",),
    "GIT_SSL_NO_VERIFY": ("1", "true", "yes"),
    "PYTHONHTTPSVERIFY": ("0",),
    "NPM_CONFIG_STRICT_SSL": ("false",),
    "npm_config_strict_ssl": ("false",),
    "YARN_ENABLE_STRICT_SSL": ("false", "0"),
    "BUNDLE_SSL_VERIFY_MODE": ("0",),
    "CARGO_HTTP_CHECK_REVOKE": ("false",),
    "DOCKER_TLS_VERIFY": (),
    "CURL_INSECURE": ("1",),
    "UV_INSECURE_HOST": None,
    "PIP_TRUSTED_HOST": None,
}
_INTEGRITY_OFF = {
    "GOSUMDB": ("off",),
    "GONOSUMDB": ("*",),
    "GONOSUMCHECK": ("1", "true", "*"),
    "GOINSECURE": ("*",),
    "GOFLAGS": re.compile(r".*-insecure\b"),
    "YARN_CHECKSUM_BEHAVIOR": ("ignore", "update"),
}
_TRACES = frozenset(("CI_DEBUG_TRACE", "CI_DEBUG_SERVICES", "system.debug"))
"""Variables that let a pipeline print every variable and every command, with the secrets in them."""
_ECOSYSTEMS = (
    ("NODE_", "npm"), ("NPM_", "npm"), ("npm_", "npm"), ("YARN_", "npm"), ("PIP_", "pypi"), ("UV_", "pypi"), ("PYTHON", "pypi"),
    ("GO", "go"), ("GIT_", "git"), ("BUNDLE_", "gem"), ("CARGO_", "cargo"), ("TWINE_", "pypi"),
)  # fmt: skip
_NOT_SECRET = re.compile(r"^(?:true|false|yes|no|on|off|none|null|\d{1,5}|/[\w./-]*|\.{1,2}/[\w./-]*)$", re.IGNORECASE)


def environment_facts(
    name: str, value: Source, *, job: str = "", step: int = -1, where: str = "environment"
) -> Iterator[Fact]:
    """Yield what a variable with a value says. `where` tells the kind of place: environment, layer, ci, script, env-file."""
    text = value.text.strip()
    ecosystem = next((found for prefix, found in _ECOSYSTEMS if name.startswith(prefix)), "")
    if name in _INDEXES:
        yield from _index(name, value, job, step)
    elif _CARGO_INDEX.fullmatch(name):
        yield from _cargo_index(name, value, job, step)
    elif name in _TRACES and text.lower() in ("true", "1"):
        yield Credential(span=value.all(), job=job, step=step, kind="trace", form="reference", where="log", key=name)
    elif name in ("GOPRIVATE", "GONOPROXY") and text:
        yield no_proxy(value, name, job, step)
    elif name in _TLS_OFF:
        yield from _tls(name, value, text, ecosystem, job, step)
    elif name == "DOCKER_CONTENT_TRUST" and text in ("0", "1"):
        yield Registry(
            span=value.all(),
            job=job,
            step=step,
            ecosystem="oci",
            purpose="content-trust",
            url="",
            host="",
            key=f"{name}={text}",
        )
    elif name in _INTEGRITY_OFF and _matches(_INTEGRITY_OFF[name], text):
        yield Registry(
            span=value.all(), job=job, step=step, ecosystem=ecosystem, purpose="index", url="", host="", key=f"{name}={text}",
            integrity_off=True,
        )  # fmt: skip
    if looks_secret_name(name) or is_publish_variable(name):
        yield from _secret(name, value, ecosystem, job, step, where)
    elif "://" in text and "@" in text:
        found = userinfo(value, key=name, job=job, step=step)
        if found is not None:
            yield found


def no_proxy(value: Source, name: str, job: str, step: int) -> Registry:
    """Return the setting that keeps modules of Go away from the public proxy."""
    return Registry(span=value.all(), job=job, step=step, ecosystem="go", purpose="private", url="", host="", key=name)


def _matches(wanted: object, text: str) -> bool:
    if isinstance(wanted, re.Pattern):
        return wanted.match(text) is not None
    return isinstance(wanted, tuple) and text.lower() in wanted


def _index(name: str, value: Source, job: str, step: int) -> Iterator[Fact]:
    ecosystem, purpose = _INDEXES[name]
    for match in re.finditer(r"[^\s,|]+", value.text):
        piece = value.part(*match.span())
        yield from registry(piece, ecosystem=ecosystem, purpose=purpose, key=name, job=job, step=step)


def _cargo_index(name: str, value: Source, job: str, step: int) -> Iterator[Fact]:
    """CARGO_REGISTRIES_NAME_INDEX=[sparse+]URL."""
    start = len("sparse+") if value.text.startswith("sparse+") else 0
    address = value.part(start, len(value.text))
    yield from registry(address, ecosystem="cargo", purpose="index", key=name, job=job, step=step)


def _tls(name: str, value: Source, text: str, ecosystem: str, job: str, step: int) -> Iterator[Fact]:
    wanted = _TLS_OFF[name]
    host = text.split(":", maxsplit=1)[0] if wanted is None else ""
    if (wanted is None and text and MARK not in text) or (wanted and text.lower() in wanted):
        yield Registry(
            span=value.all(), parts={"host": trusted(value)[1]["host"]} if host else {}, job=job, step=step,
            ecosystem=ecosystem, purpose="trusted-host" if wanted is None else "index",
            url=host or UNKNOWN, host=host or UNKNOWN, tls="off", key=name if wanted is None else f"{name}={text}",
        )  # fmt: skip


def _secret(name: str, value: Source, ecosystem: str, job: str, step: int, where: str) -> Iterator[Fact]:
    text = value.text
    if _NOT_SECRET.match(text.strip()):
        return
    span = value.all()
    written = value.root.text[span.start : span.end]
    form = "reference" if MARK in text or "$" in written else literal_form(text)
    token = identify(text) if form == "literal" else None
    yield Credential(
        span=span,
        parts={"value": span},
        job=job,
        step=step,
        kind="env",
        form=form,
        where=where,
        ecosystem=ecosystem,
        key=name,
        token=token.name if token else "",
        checksum=token.checksum if token else "none",
        access="publish" if is_publish_variable(name) else token.access if token else "",
        redacted=redact(text) if form == "literal" else "",
        length=len(text) if form == "literal" else 0,
    )
