"""requirements.yaml: the charts that a chart of the first API version depends on (helm.sh/docs/topics/charts).

dependencies [{name, version, repository, alias}]; requirements.lock beside it settles the versions.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact, Unreadable
from relcheck.readers.helm_chart import dependencies
from relcheck.readers.nodes import Mapping
from relcheck.readers.yaml_tree import load
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Read a requirements.yaml; one of Ansible has roles and collections instead."""
    loaded = load(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"is no YAML: {fault.reason}")
    for node in loaded.documents[:1]:
        if isinstance(node, Mapping):
            yield from dependencies(node)
