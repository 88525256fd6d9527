"""`.aws/credentials` and `.aws/config` (AWS command line documentation: configuration and credential file settings).

    [default], [NAME], [profile NAME], [sso-session NAME]
    aws_access_key_id      names the key and is no secret
    aws_secret_access_key, aws_session_token

A key opens whatever its owner may do: registries of images (ECR) and of packages (CodeArtifact) among them.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.ini_lines import entries
from relcheck.source import Source

_SECRETS = ("aws_secret_access_key", "aws_session_token", "aws_security_token")


def read(source: Source) -> Iterator[Fact]:
    """Yield the secrets of each profile; indented lines are settings of one service."""
    for entry in entries(source, separators="="):
        if entry.key in _SECRETS and entry.value.text:
            profile = entry.section.removeprefix("profile ").strip()
            yield home_credential(entry.value, "aws-key", ecosystem="aws", key=entry.key, user=profile)
