"""What the grammar of an ecosystem says of a written version, as fields of `Package`."""

from __future__ import annotations

from typing import Any

from relcheck.facts import UNKNOWN, Text
from relcheck.refs.version import canonical, is_prerelease, version_problem


def version_fields(ecosystem: str, version: Text) -> dict[str, Any]:
    """Return problem, canonical form and pre-release of a version; all unknown for one that is not known."""
    if version is UNKNOWN:
        return {"version_problem": UNKNOWN, "version_canonical": UNKNOWN, "prerelease": UNKNOWN}
    text = str(version)
    problem = version_problem(ecosystem, text)
    return {
        "version_problem": problem,
        "version_canonical": "" if problem else canonical(ecosystem, text),
        "prerelease": UNKNOWN if problem else is_prerelease(ecosystem, text),
    }
