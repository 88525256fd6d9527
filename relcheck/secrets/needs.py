"""What a line must hold before a detector can find a secret in it: one or a few necessary patterns for each.

A pattern is necessary, not sufficient: whatever line a detector reports, one of its patterns matches within that line. They
are made from the detectors' own expressions by leaving out optional parts and what bytes cannot tell (lookarounds, Unicode
classes); a byte above 0x7f stands for a piece of any other letter or digit. No pattern crosses a line break, and none
ends in an open repetition, so that an engine reports each place once.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from relcheck.refs.secrets import TOKENS

TOKEN = "relcheck:token"  # noqa: S105 - a name
PRIVATE_KEY = "relcheck:private-key"
OWN = (TOKEN, PRIVATE_KEY)
"""Owners that are no plugins: registry tokens with their checks, and blocks of private keys."""

UNREAD_LINE = "unread-line"
"""The kind of the fact that counts a line too long for detectors: no rule judges it, the scan says how many there are."""


class Need(NamedTuple):
    """A necessary pattern of an owner.

    `literals` are texts of which one occurs wherever the pattern matches, in lower case if `caseless`; none where there
    is no such text.
    """

    owner: str
    pattern: bytes
    literals: tuple[bytes, ...] = ()
    caseless: bool = False


_KEYWORDS = (
    rb"(?:api|auth|service|account|db|database|priv|private|client)_?key|(?:db|database|key)_?pass"
    rb"|password|passwd|pwd|secret|contrase"
)
_KEYWORD_LITERALS = (b"key", b"pass", b"pwd", b"secret", b"contrase")
# Between a name and its value: quotes and brackets, blanks, `=`, `:`, `:=`, `=>`, `::`.
_ASSIGNED = rb"[\"'\]]{0,2} *[:=> ]+ *[\"']?"
_KEY_OR_PASS = rb"(?:key|pwd?|password|pass|token)"
_URL_PART = rb"[^:/?#\[\]@!$&'()*+,;=\s]"
_WORD = rb"[A-Za-z0-9_\x80-\xff-]"

NEEDS: tuple[Need, ...] = (
    Need("ArtifactoryDetector", rb"\bAKC[a-zA-Z0-9]{10}", (b"AKC",)),
    Need("ArtifactoryDetector", rb"\bAP(?:[0-9A-F]|[\x80-\xff]{1,4})[a-zA-Z0-9]{8}", (b"AP",)),
    Need(
        "AWSKeyDetector",
        rb"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}",
        (b"A3T", b"ABIA", b"ACCA", b"AKIA", b"ASIA"),
    ),
    Need("AWSKeyDetector", rb"aws[^\n]{0,168}[\"'][0-9a-z/+]{40}[\"']", (b"aws",), caseless=True),
    Need("AzureStorageKeyDetector", rb"AccountKey=[a-zA-Z0-9+/=]{88}", (b"AccountKey=",)),
    Need("BasicAuthDetector", rb"://" + _URL_PART + rb"+:" + _URL_PART + rb"+@", (b"://",)),
    Need(
        "CloudantDetector",
        rb"cl(?:oudant|ou)?[_-]?(?:api)?" + _KEY_OR_PASS + _ASSIGNED + rb"[0-9a-z]{24}",
        (b"clkey", b"clpw", b"clpass", b"cltoken", b"cl_", b"cl-", b"clapi", b"clou"),
        caseless=True,
    ),
    Need("CloudantDetector", rb"cloudant\.com", (b"cloudant",), caseless=True),
    Need("DiscordBotTokenDetector", rb"\." + _WORD + rb"{6,24}\." + _WORD + rb"{27}", (b".",)),
    Need("GitHubTokenDetector", rb"gh[pousr]_[A-Za-z0-9_]{36}", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_")),
    Need("GitLabTokenDetector", rb"gl[a-z]{2,6}-[A-Za-z0-9_-]{20}", (b"gl",)),
    Need("GitLabTokenDetector", rb"GR1348941[A-Za-z0-9_-]{20}", (b"GR1348941",)),
    # More than 2**4.5 different letters, more than 2**3 different digits.
    Need("Base64HighEntropyString", rb"[\"'][A-Za-z0-9+/\\_=-]{23,}[\"']"),
    Need("HexHighEntropyString", rb"[\"'][0-9a-fA-F]{9,}[\"']"),
    Need(
        "IbmCloudIamDetector",
        _KEY_OR_PASS + _ASSIGNED + rb"[a-zA-Z0-9_-]{44}",
        (b"key", b"pw", b"pass", b"token"),
        caseless=True,
    ),
    Need(
        "IbmCosHmacDetector",
        rb"secret[_-]?(?:access)?[_-]?key" + _ASSIGNED + rb"[a-f0-9]{48}",
        (b"secret",),
        caseless=True,
    ),
    Need("IPPublicDetector", rb"[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]"),
    Need("JwtTokenDetector", rb"eyJ[A-Za-z0-9_=-]", (b"eyJ",)),
    Need("KeywordDetector", _KEYWORDS, _KEYWORD_LITERALS, caseless=True),
    Need("MailchimpDetector", rb"[0-9a-z]{32}-us[0-9]", (b"-us",)),
    Need("NpmDetector", rb"/:_authToken=", (b"/:_authToken=",)),
    Need("OpenAIDetector", rb"T3BlbkFJ[A-Za-z0-9]{20}", (b"T3BlbkFJ",)),
    Need("PrivateKeyDetector", rb"PRIVATE KEY", (b"PRIVATE KEY",)),
    Need("PrivateKeyDetector", rb"PuTTY-User-Key-File-2", (b"PuTTY-User-Key-File-2",)),
    Need("PypiTokenDetector", rb"pypi-AgE[A-Za-z0-9_-]{70}", (b"pypi-AgE",)),
    Need("SendGridDetector", rb"SG\.[a-zA-Z0-9_-]{22}\.[a-zA-Z0-9_-]{43}", (b"SG.",)),
    Need("SlackDetector", rb"xox[abposr]-[0-9\x80-\xff]", (b"xox",), caseless=True),
    Need("SlackDetector", rb"hooks\.slack\.com/services/T", (b"hooks.slack.com",), caseless=True),
    Need(
        "SoftlayerDetector",
        rb"(?:softlayer|sl)[_-]?(?:api)?[_-]?" + _KEY_OR_PASS + _ASSIGNED + rb"[a-z0-9]{64}",
        (b"softlayer", b"sl_", b"sl-", b"slapi", b"slkey", b"slp", b"sltoken"),
        caseless=True,
    ),
    Need("SoftlayerDetector", rb"softlayer[^\n]{1,4}com/soap/v3", (b"softlayer",), caseless=True),
    Need("SquareOAuthDetector", rb"sq0csp-[0-9A-Za-z\\_-]{43}", (b"sq0csp-",)),
    Need("StripeDetector", rb"[rs]k_live_[0-9a-zA-Z]{24}", (b"k_live_",)),
    Need("TelegramBotTokenDetector", rb"[0-9\x80-\xff]{4}:[0-9A-Za-z_-]{35}", (b":",)),
    Need("TwilioKeyDetector", rb"AC[a-z0-9]{32}", (b"AC",)),
    Need("TwilioKeyDetector", rb"SK[a-z0-9]{32}", (b"SK",)),
)  # fmt: skip
"""The plugins of detect-secrets 1.5, each with what its lines must hold."""

DETECTORS = frozenset(need.owner for need in NEEDS)

CASELESS_LETTERS = tuple(letter.encode() for letter in "\u017f\u212a\u0130\u0131")
"""Letters that a caseless expression over text takes for s, k and i, and one over bytes does not."""

CASELESS = frozenset((
    "AWSKeyDetector", "CloudantDetector", "IbmCloudIamDetector", "IbmCosHmacDetector", "KeywordDetector", "SlackDetector",
    "SoftlayerDetector",
))  # fmt: skip
"""The detectors that ignore case: they see each line that holds one of those letters."""


ENTROPY = frozenset(("Base64HighEntropyString", "HexHighEntropyString"))
"""The detectors that look between quotes only."""

REWRITTEN = (".yaml", ".yml", ".eyaml", ".ini")
"""Endings of the files that detect-secrets rewrites, with quotes around their values, before it looks at them."""


def token_needs() -> tuple[Need, ...]:
    """Return the needs of registry tokens, made from their formats; a private key needs no more than its heading."""
    found = [
        Need(TOKEN, _without_open_ends(form.pattern).encode(), (form.prefix.encode(),))
        for form in TOKENS
        if form.name != "private key"
    ]
    headings = (b"PRIVATE KEY", b"AGE-SECRET-KEY-1", b"PuTTY-User-Key-File-", b"untrusted comment: ")
    return (*found, *(Need(PRIVATE_KEY, heading, (heading,)) for heading in headings))


def _without_open_ends(pattern: str) -> str:
    """Make a token's expression necessary only: at least so many letters instead of between so and so many."""
    closed = re.sub(r"\{(\d+),\d*\}", r"{\1}", pattern)
    return closed.replace(r"[\w-]", "[A-Za-z0-9_-]").replace(r"\w", "[A-Za-z0-9_]").replace(r"\d", "[0-9]")


def needs_of(detectors: frozenset[str]) -> tuple[Need, ...]:
    """Return the needs of the named detectors and of our own formats; names that are none are left out."""
    return (*(need for need in NEEDS if need.owner in detectors), *token_needs())
