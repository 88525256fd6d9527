"""Secrets: formats of registry and forge tokens with their check digits, what is a literal, names, redaction.

The formats and checks are those that the platforms document or publish with their sources. A token whose check
fails is made up or cut off: the corpora of secret scanners are full of them.
"""

from __future__ import annotations

import math
import re
import zlib
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from collections import Counter
from collections.abc import Callable, Iterator
from functools import reduce
from operator import xor

from relcheck.patterns import lazy_pattern
from relcheck.records import Record
from relcheck.refs import MARK

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CARGO_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_ENTROPY_FLOOR = 3.0
_TOKEN_SHAPED = 16
NO_PASSWORDS = ("x-oauth-basic", "x-access-token", "x-token-auth")
"""What stands behind a token that is given as the user of a URL: forges ask for no password then."""
_FILLER = lazy_pattern(r"\.{3}|…|x{5,}|X{5,}")


class Token(Record):
    """What a value is: the name of its format, whether its check digits hold (valid, invalid, none), what it opens."""

    name: str
    checksum: str = "none"
    ecosystem: str = ""
    host: str = ""
    access: str = ""


class TokenFormat(Record):
    """One format. prefix: a text that every token of it holds; pattern: the whole token; check: on the whole token."""

    name: str
    prefix: str
    pattern: str
    ecosystem: str = ""
    host: str = ""
    access: str = "publish"
    check: Callable[[str], bool] | None = None


def crc_digits(body: str) -> str:
    """Return the six check digits of GitHub's and npm's tokens: CRC32 of the 30 characters, in base 62."""
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return digits.rjust(6, "0")


def cargo_digit(body: str) -> str:
    """Return the check digit of a temporary crates.io token: the exclusive or of its 31 bytes."""
    return CARGO_ALPHABET[reduce(xor, body.encode(), 0) % 62]


def _crc_ok(token: str) -> bool:
    body = token.rpartition("_")[2]
    return crc_digits(body[:30]) == body[30:]


def _cargo_ok(token: str) -> bool:
    return cargo_digit(token[-32:-1]) == token[-1]


def _pypi_ok(token: str) -> bool:
    """Whether the token is a macaroon of version 2 whose location is a host name."""
    body = token.removeprefix("pypi-")
    try:
        data = urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (Base64Error, ValueError):
        return False
    return data[:2] == b"\x02\x01" and len(data) > 3 + data[2] and b"." in data[3 : 3 + data[2]]


_SCOPES = "what its scopes allow"


def _github(
    name: str, prefix: str, body: str = "[A-Za-z0-9]{36}", check: Callable[[str], bool] | None = None
) -> TokenFormat:
    pattern = prefix + body
    return TokenFormat(
        name=f"GitHub {name}",
        prefix=prefix,
        pattern=pattern,
        ecosystem="github",
        host="github.com",
        access=_SCOPES,
        check=check,
    )


def _gitlab(name: str, prefix: str, body: str) -> TokenFormat:
    pattern = prefix + body
    return TokenFormat(
        name=f"GitLab {name}", prefix=prefix, pattern=pattern, ecosystem="gitlab", host="gitlab.com", access=_SCOPES
    )


def _plain(name: str, prefix: str, body: str, ecosystem: str = "", host: str = "") -> TokenFormat:
    access = "publish" if ecosystem else _SCOPES
    return TokenFormat(name=name, prefix=prefix, pattern=prefix + body, ecosystem=ecosystem, host=host, access=access)


TOKENS: tuple[TokenFormat, ...] = (
    _github("personal access token", "ghp_", check=_crc_ok),
    _github("OAuth token", "gho_", check=_crc_ok),
    _github("user token", "ghu_", check=_crc_ok),
    _github("installation token", "ghs_", check=_crc_ok),
    _github("installation token", "ghs_", r"[A-Za-z0-9]{1,40}_[A-Za-z0-9_-]{8,400}(?:\.[A-Za-z0-9_-]{8,800}){2}"),
    _github("refresh token", "ghr_", r"[A-Za-z0-9]{36,76}"),
    _github("fine-grained token", "github_pat_", r"[A-Za-z0-9]{22}_[A-Za-z0-9]{59}"),
    TokenFormat(name="npm token", prefix="npm_", pattern=r"npm_[A-Za-z0-9]{36}", ecosystem="npm", check=_crc_ok),
    TokenFormat(name="PyPI token", prefix="pypi-", pattern=r"pypi-[\w-]{85,2000}", ecosystem="pypi", check=_pypi_ok),
    TokenFormat(
        name="crates.io temporary token", prefix="cio_tp_", pattern=r"cio_tp_[A-Za-z0-9]{32}", ecosystem="cargo",
        host="crates.io", check=_cargo_ok,
    ),
    _plain("crates.io token", "cio", r"[A-Za-z0-9]{32}", "cargo", "crates.io"),
    _plain("RubyGems key", "rubygems_", r"[0-9a-f]{48}", "gem", "rubygems.org"),
    _plain("NuGet key", "oy2", r"[a-z0-9]{43}", "nuget", "nuget.org"),
    _plain("Docker Hub token", "dckr_pat_", r"[A-Za-z0-9_-]{27}", "oci", "docker.io"),
    _plain("Docker Hub organisation token", "dckr_oat_", r"[A-Za-z0-9_-]{27,100}", "oci", "docker.io"),
    _gitlab("token", "glpat-", r"(?:[\w-]{27,300}\.[0-9a-z]{9}|[\w-]{20})"),
    _gitlab("deploy token", "gldt-", r"[\w-]{20}"),
    _gitlab("trigger token", "glptt-", r"[0-9a-f]{40}"),
    _gitlab("runner token", "glrt-", r"[\w-]{20,300}(?:\.[0-9a-z]{9})?"),
    _gitlab("runner token", "glrtr-", r"[\w-]{20,300}(?:\.[0-9a-z]{9})?"),
    _gitlab("job token", "glcbt-", r"[\w-]{20,300}(?:\.[\w-]+)?"),
    _gitlab("feed token", "glft-", r"[\w-]{20}"),
    _gitlab("mail token", "glimt-", r"[\w-]{25}"),
    _gitlab("agent token", "glagent-", r"[\w-]{50}"),
    _gitlab("OAuth secret", "gloas-", r"[\w-]{64}"),
    _gitlab("SCIM token", "glsoat-", r"[\w-]{20}"),
    _gitlab("registration token", "GR1348941", r"[\w-]{20}"),
    _plain("JFrog key", "AKCp", r"[A-Za-z0-9]{69}", "artifactory"),
    _plain("JFrog reference token", "cmVmd", r"[A-Za-z0-9]{59}", "artifactory"),
    _plain("Clojars token", "CLOJARS_", r"[a-z0-9]{60}", "maven", "clojars.org"),
    *(_plain("AWS access key", prefix, r"[A-Z2-7]{16}") for prefix in ("AKIA", "ASIA", "ABIA", "ACCA")),
    _plain("Hugging Face token", "hf_", r"[A-Za-z0-9]{34}"),
    _plain("Vault token", "hvs.", r"[A-Za-z0-9_-]{24,300}"),
    _plain("Vault batch token", "hvb.", r"[A-Za-z0-9_-]{24,300}"),
    TokenFormat(
        name="Azure client secret", prefix="Q~", pattern=r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}", access=_SCOPES
    ),
    _plain("age key", "AGE-SECRET-KEY-1", r"[A-Z0-9]{58}"),
    TokenFormat(
        name="private key", prefix="PRIVATE KEY-----", access="signing or login",
        pattern=r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----(?:\\n|\s|[A-Za-z0-9+/=:,]|-(?!-)){64,}?-----END",
    ),
)  # fmt: skip

_COMPILED = [(form, lazy_pattern(rf"(?<![A-Za-z0-9]){form.pattern}(?![A-Za-z0-9_])", re.ASCII)) for form in TOKENS]
_PREFIXES = tuple(form.prefix for form in TOKENS if form.prefix[-1] in "_-.")


def identify(value: str) -> Token | None:
    """Return what kind of token a value is, None when it has no known format."""
    value = value.strip()
    for form, pattern in _COMPILED:
        if form.prefix in value and pattern.fullmatch(value):
            return _token(form, value)
    return None


def find_tokens(text: str) -> Iterator[tuple[int, int, Token]]:
    """Find tokens in free text: start, end and kind, in order; repeated characters and the like are left out."""
    found: dict[int, tuple[int, int, Token]] = {}
    for form, pattern in _COMPILED:
        for match in _matches(form, pattern, text):
            if literal_form(match[0]) == "literal":
                found.setdefault(match.start(), (*match.span(), _token(form, match[0])))
    yield from (found[start] for start in sorted(found))


def _matches(form: TokenFormat, pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Yield the matches of a format; its prefix is looked for first, many times faster than an expression is."""
    at = text.find(form.prefix)
    if at >= 0 and not form.pattern.startswith(form.prefix):
        yield from pattern.finditer(text)
        return
    while at >= 0:
        match = pattern.match(text, at)
        if match:
            yield match
        at = text.find(form.prefix, match.end() if match else at + 1)


def _token(form: TokenFormat, value: str) -> Token:
    checksum = "none" if form.check is None else "valid" if form.check(value) else "invalid"
    return Token(name=form.name, checksum=checksum, ecosystem=form.ecosystem, host=form.host, access=form.access)


_REFERENCE = lazy_pattern(
    r"\$\{\{.{0,400}?\}\}|\{\{.{0,400}?\}\}|\{%.*?%\}|\$\(.+?\)|#\{[^{}]*\}#?|\$\[.*?\]|<<[^<>]+>>|`[^`]+`", re.DOTALL
)
_WHOLE_REFERENCE = lazy_pattern(
    r"(?:[Bb]earer |[Bb]asic |token )?"
    r"(?:\$[A-Za-z_][A-Za-z0-9_]*|\$env:\w+|%[A-Za-z_][A-Za-z0-9_.]*%|%env\([^()]*\)%|@[A-Za-z_][A-Za-z0-9_.-]*@|@@\w+@@"
    r"|(?:vault|op|ref\+\w+|awssm|gcpsm|azkv|keyring|bws|pass|secretref|projects|arn:aws):\S+|!vault\b.*|!reference\b.*"
    r"|ENV\[.*\]|ENV\.fetch.*|process\.env\.\w+|os\.environ\b.*|os\.getenv\(.*|getenv\(.*|System\.getenv.*"
    r"|(?:secrets|env|vars|var|local|data)\.[\w.-]+)"
)
_BRACED = lazy_pattern(r"\$\{([^{}]*)\}")
_DEFAULT = lazy_pattern(r"[A-Za-z_]\w*:?-(.+)", re.DOTALL)
_ENCRYPTED = lazy_pattern(
    r"ENC\[.*\]|\$ANSIBLE_VAULT;.*|\x00GITCRYPT\x00.*|-----BEGIN (?:AGE ENCRYPTED FILE|PGP MESSAGE)-----.*"
    r"|[^{}]*(?<!\\)\{(?:\[[^{}]*|[A-Za-z0-9+/]{16,}={0,2})(?<!\\)\}[^{}]*",
    re.DOTALL,
)
_PLACEHOLDER = lazy_pattern(
    r"true|false|null|nil|none|undefined|n/a|~|<.*>|\[[\w -]*\]|\{[\w -]*\}|your[-_ ].*"
    r"|your(?:password|token|secret|key|apikey).*"
    r"|.*(?<![A-Za-z])your[-_](?:token|password|secret|key|api).*"
    r"|x{3,}|change[-_ ]?(?:me|it|this).*|replace.*|insert[-_ ].*"
    r"|(?:an? )?example|dummy|test|testing|password|passwd|pass|token|secret|apikey|api[-_]key|todo.*"
    r"|fixme|tbd|fake|sample|foo|bar|baz|foobar"
    r"|correct[-_ ]?horse[-_ ]?battery[-_ ]?staple"  # the password of a well-known drawing
    r"|(?:test\d{0,4}){2,4}"
    r"|placeholder|redacted|masked|hidden|\.{3,}|…|__\w+__"
    r"|(?:test|proxy|my|fake|dummy)[-_]?(?:test|pass(?:word|wd|phrase)?|phrase|secret|token|key)\d{0,2}|password\d"
    # A few words that say what would stand here: `my-password`, `aws-secret-key`.
    r"|(?-i:[a-z]+(?:[-_ ][a-z]+){0,2}[-_ ](?:token|password|passwd|pwd|secret|key))"
    r"|(?:example|dummy|fake|test)[-_](?:token|password|secret|key|api[-_]?key)"
    r"|(?-i:[A-Za-z0-9/+]{6,}EXAMPLE(?:KEY)?)",  # the keys in Amazon's documentation
    re.IGNORECASE | re.DOTALL,
)


def literal_form(value: str) -> str:
    """Say what a value that stands where a secret belongs is: literal, reference, encrypted, placeholder or empty.

    The default inside `${V:-default}` counts as the value. Words such as `password` are placeholders only when they
    are the whole value; a low entropy says "made up" only for what has the shape of a token.
    """
    value = value.strip()
    if not value:
        return "empty"
    if MARK in value or _REFERENCE.search(value) or _WHOLE_REFERENCE.fullmatch(value):
        return "reference"
    if _ENCRYPTED.fullmatch(value):
        return "encrypted"
    if braced := _BRACED.search(value):
        default = _DEFAULT.fullmatch(braced[1])
        return literal_form(default[1]) if default else "reference"
    if len(set(value)) == 1 or _PLACEHOLDER.fullmatch(value) or _made_up(value):
        return "placeholder"
    return "literal"


def _made_up(value: str) -> bool:
    for prefix in _PREFIXES:
        if value.startswith(prefix):
            body = value[len(prefix) :]
            return bool(_FILLER.search(body)) or (len(body) >= _TOKEN_SHAPED and entropy(body) < _ENTROPY_FLOOR)
    return False


def entropy(text: str) -> float:
    """Return Shannon's entropy of a text in bits a character."""
    size = len(text)
    return -sum(count / size * math.log2(count / size) for count in Counter(text).values()) if size else 0.0


def redact(value: str) -> str:
    """Return what may be shown of a secret: its first four characters, and never more than a third of it."""
    return value[: min(4, len(value) // 3)] + "…"


_WORDS = lazy_pattern(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET_WORDS = {
    "token",
    "password",
    "passwd",
    "passphrase",
    "secret",
    "pwd",
    "pass",
    "apikey",
    "pat",
    "passwort",
    "authtoken",
}
_AUTHS = {"composer", "index", "npm", "docker"}  # `REGISTRY_AUTH=htpasswd` is a way to log in
_SECRET_KEYS = {"api", "access", "secret", "private", "auth", "signing", "encryption", "master", "account", "publish"}
# Names of a secret, not the secret: `imagePullSecret`, `existingSecret`; a permission: `id-token`.
_NAME_PAIRS = {
    ("pull", "secret"),
    ("existing", "secret"),
    ("id", "token"),
    ("external", "secret"),
    ("generate", "password"),
}


def looks_secret_name(name: str) -> bool:
    """Whether a variable or key is called as secrets are: NPM_TOKEN, apiKey; not TOKEN_FILE, KEY_ID."""
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and words[-1].isdigit():
        words.pop()
    if not words:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if (before, last) in _NAME_PAIRS or (last in ("pwd", "pass", "pat") and not before):
        return False
    if last == "key":
        return before in _SECRET_KEYS
    return last in _SECRET_WORDS or (last == "auth" and (before in _AUTHS or name.startswith("_")))


PUBLISH_VARIABLES = lazy_pattern(
    r"NPM_TOKEN|NODE_AUTH_TOKEN|NPM_CONFIG_.*_authToken|YARN_NPM_AUTH_TOKEN|TWINE_PASSWORD|UV_PUBLISH_(?:TOKEN|PASSWORD)"
    r"|(?:TEST_?)?PYPI_(?:\w*_)?(?:TOKEN|PASSWORD)|POETRY_PYPI_TOKEN_\w+|POETRY_HTTP_BASIC_\w+_PASSWORD|HATCH_INDEX_AUTH"
    r"|FLIT_PASSWORD|MATURIN_(?:PYPI_TOKEN|PASSWORD)|PDM_PUBLISH_PASSWORD|CARGO_REGISTRY_TOKEN|CARGO_REGISTRIES_\w+_TOKEN"
    r"|GEM_HOST_API_KEY|RUBYGEMS_API_KEY|NUGET_API_KEY|DOCKER(?:_?HUB)?_(?:PASSWORD|TOKEN)|DOCKER_AUTH_CONFIG|GHCR_TOKEN"
    r"|CR_PAT|REGISTRY_(?:\w+_)?(?:PASSWORD|TOKEN)|(?:SONATYPE|OSSRH|MAVEN_CENTRAL)_(?:\w+_)?(?:PASSWORD|TOKEN)"
    r"|ORG_GRADLE_PROJECT_\w*(?:[pP]assword|[tT]oken)|JRELEASER_\w+_(?:TOKEN|PASSWORD|PASSPHRASE|SECRET_KEY)|COMPOSER_AUTH"
    r"|HELM_(?:\w+_)?PASSWORD"
)
"""The variables that publishing tools read their credentials from; match with `fullmatch`."""


def is_publish_variable(name: str) -> bool:
    """Whether a publishing tool reads its credential from the variable."""
    return bool(PUBLISH_VARIABLES.fullmatch(name))
