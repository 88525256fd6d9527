"""Secrets in gradle.properties: the names under which Gradle's plugins look for their credentials (Gradle: build environment)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from relcheck.facts import Fact
from relcheck.readers.home_secrets import home_credential
from relcheck.source import Source

_SECRET = re.compile(
    r"signing\.(?:password|secretKey)|signing(?:InMemory)?Key(?:Password)?|mavenCentralPassword"
    r"|(?:ossrh|sonatype|nexus|artifactory|gpr|github)[A-Za-z.]*(?:Password|Token|Key|password|token|key)"
    r"|systemProp\..*proxyPassword|gradle\.publish\.secret"
)


def secrets(values: Mapping[str, Source]) -> Iterator[Fact]:
    """Yield the credentials among the properties of a file."""
    for name, value in values.items():
        if _SECRET.fullmatch(name) and value.text:
            found = home_credential(value, "gradle-property", ecosystem="maven", key=name)
            yield found.replace(access=found.access or "publish")
