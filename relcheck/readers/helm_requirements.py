"""requirements.yaml: the charts that a chart of the first API version depends on (helm.sh/docs/topics/charts).

dependencies [{name, version, repository, alias}]; requirements.lock beside it settles the versions.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.helm_chart import dependencies
from relcheck.readers.nodes import Mapping
from relcheck.readers.yaml_tree import faults, load
from relcheck.source import Source


def read(source: Source) -> Iterator[Fact]:
    """Read a requirements.yaml; one of Ansible has roles and collections instead."""
    loaded = load(source)
    yield from faults(loaded)
    for node in loaded.documents[:1]:
        if isinstance(node, Mapping):
            yield from dependencies(node)
