"""Made-up tokens with valid check digits, built at run time: none is ever written to a file of the repository."""

from __future__ import annotations

import random
import re
from base64 import urlsafe_b64encode

from relcheck.refs.secrets import BASE62, cargo_digit, crc_digits

SHAPES = {
    "stripe": "sk_live_{24:62}", "sendgrid": "SG.{22:62}.{43:62}", "slack": "xoxb-{12:10}-{12:10}-{24:62}", "aws": "AKIA{16:32}",
    "square": "sq0csp-{43:62}", "telegram": "{9:10}:{35:62}", "mailchimp": "{32:16}-us12", "twilio": "SK{32:16}",
    "openai": "sk-{20:62}T3BlbkFJ{20:62}",
}  # fmt: skip
"""Keys of other services, by shape: `{24:62}` is 24 letters out of 62."""
KINDS = ("github", "npm", "pypi", "cargo", "gitlab", "dockerhub", "rubygems", "nuget")


def make_token(kind: str, seed: int = 0) -> str:
    """Return a token of a kind (see `KINDS` and `SHAPES`), always the same for a seed, that no platform ever issued."""
    # Seeded, so that examples are the same in each run; nothing is protected by it.
    draw = random.Random(f"relcheck {kind} {seed}")  # noqa: S311
    if kind in ("github", "npm"):
        body = _letters(draw, BASE62, 30)
        return {"github": "ghp_", "npm": "npm_"}[kind] + body + crc_digits(body)
    if kind in SHAPES:
        alphabets = {
            "10": BASE62[:10],
            "16": "0123456789abcdef",
            "32": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
            "62": BASE62,
        }
        return re.sub(
            r"\{(\d+):(\d+)\}", lambda match: _letters(draw, alphabets[match[2]], int(match[1])), SHAPES[kind]
        )
    if kind == "cargo":
        body = _letters(draw, BASE62, 31)
        return "cio_tp_" + body + cargo_digit(body)
    if kind == "pypi":
        data = b"\x02\x01\x08pkg.test\x02\x10" + draw.randbytes(120)
        return "pypi-" + urlsafe_b64encode(data).decode().rstrip("=")
    prefix, alphabet, size = {
        "gitlab": ("glpat-", BASE62, 20),
        "dockerhub": ("dckr_pat_", BASE62, 27),
        "rubygems": ("rubygems_", "0123456789abcdef", 48),
        "nuget": ("oy2", "abcdefghijklmnopqrstuvwxyz0123456789", 43),
    }[kind]
    return prefix + _letters(draw, alphabet, size)


def _letters(draw: random.Random, alphabet: str, size: int) -> str:
    return "".join(draw.choices(alphabet, k=size))
