"""Charts that a cluster installs itself: HelmChart and HelmChartConfig of k3s and RKE2 (docs.k3s.io/helm).

spec: chart (a name, oci://… or https://….tgz), repo, version, valuesContent, set {K: V}
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.readers.gitops import chart, values_text
from relcheck.readers.kubernetes import Setting
from relcheck.readers.nodes import Mapping
from relcheck.readers.remote_files import remote_file


def object_facts(node: Mapping, _: str, kind: str, __: Setting) -> Iterator[Fact]:
    """Yield the chart and the images among its values."""
    spec = node.map("spec", merge=True)
    if spec is None:
        return
    name, repository = spec.scalar("chart", merge=True), spec.scalar("repo", merge=True)
    if kind == "HelmChart" and name is not None and name.value.startswith(("http://", "https://")):
        yield from remote_file(name.source, tool="helm-controller")
    elif kind == "HelmChart" and name is not None and name.value and not name.value.startswith("/"):
        yield from chart(name, spec.scalar("version", merge=True), repository)
    yield from values_text(spec.scalar("valuesContent", merge=True))
