"""Kustomizations: what they name, put in and patch."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Component, Credential, Dependency, Download, Image, ImageOverride, Kustomization
from tests.readers.reading import facts_of, lines_of

PATH = "app/kustomization.yaml"


def lines(text: str, kind: type, *fields: str) -> list[str]:
    """Return place and fields of each fact of a kind."""
    return lines_of("kustomization", PATH, text, kind, *fields)


def node(text: str) -> Kustomization:
    """Return the kustomization itself."""
    return next(fact for fact in facts_of("kustomization", PATH, text) if isinstance(fact, Kustomization))


ENTRIES = {
    "a tag": ("{name: a/b, newTag: 1.2.3}", ["2:23 override a/b:1.2.3 1.2.3"]),
    "a name and a tag": (
        "{name: a, newName: registry.example.com/a/b, newTag: '1'}",
        ["2:57 override registry.example.com/a/b:1 1"],
    ),
    "a name alone keeps the tag": ("{name: a, newName: b/c}", ["2:22 override b/c unknown"]),
    "a number keeps its zeros": ("{name: a, newTag: 012}", ["2:21 override a:012 012"]),
    "nothing but a name": ("{name: a}", ["2:10 override a unknown"]),
    "no name": ("{newTag: 1}", []),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_which_image_an_entry_puts_in(name: str) -> None:
    entry, expected = ENTRIES[name]

    assert lines(f"images:\n- {entry}\n", Image, "role", "written", "tag") == expected


def test_a_digest_is_put_in_with_and_without_its_algorithm() -> None:
    value = "0a" * 32

    found = facts_of(
        "kustomization", PATH, f"images: [{{name: a, digest: 'sha256:{value}'}}, {{name: b, digest: {value}}}]\n"
    )

    assert [fact.digest for fact in found if isinstance(fact, Image)] == [f"sha256:{value}"] * 2


def test_the_node_of_the_graph() -> None:
    found = node(
        "kind: Component\nnamespace: shop\nresources: [a.yaml, ../b]\nbases: [../c]\ncomponents: [../d]\n"
        "patches: [{path: p.yaml}]\npatchesStrategicMerge: [q.yaml]\npatchesJson6902: [{path: r.yaml, target: {}}]\n"
        "images: [{name: a, newName: b, newTag: '1', digest: d}]\n"
    )

    assert (found.folder, found.namespace, found.component) == ("app", "shop", True)
    assert found.resources == ("a.yaml", "../b", "../c", "../d")
    assert found.patches == ("q.yaml", "p.yaml", "r.yaml")
    assert found.images == (ImageOverride(name="a", new_name="b", new_tag="1", digest="d"),)


def test_what_transformers_change_is_a_part_of_the_node() -> None:
    found = node(
        "transformers:\n- tag.yaml\n- |\n  apiVersion: builtin\n  kind: ImageTagTransformer\n  imageTag: {name: a, newTag: '1'}\n"
        "- |\n  apiVersion: acme.example.com/v1\n  kind: SetImage\n"
    )

    assert found.images == (ImageOverride(name="a", new_tag="1"),)
    assert found.transformers == ("tag.yaml", "")


NAMESPACES = [
    ("namespace: shop\n", "shop"),
    ("resources: []\n", ""),
    ("namespace: ${NS}\n", UNKNOWN),
    ("transformers: [ns.yaml]\n", ""),
    (
        "transformers: ['apiVersion: builtin\n\nkind: NamespaceTransformer\n\nmetadata: {name: n, namespace: shop}\n\n']\n",
        "shop",
    ),
    ("patches: [{patch: '[{op: add, path: /metadata/namespace, value: x}]'}]\n", UNKNOWN),
    ("replacements: [{source: {kind: A}, targets: [{fieldPaths: [metadata.namespace]}]}]\n", UNKNOWN),
    ("replacements: [{path: r.yaml}]\n", UNKNOWN),
]


@pytest.mark.parametrize(("text", "namespace"), NAMESPACES)
def test_the_namespace_that_it_gives(text: str, namespace: object) -> None:
    assert node(text).namespace == namespace


REMOTE = {
    "https://git.example.com/acme/a.git": ["2:3 acme/a - none"],
    "https://git.example.com/acme/a.git?ref=v1.2.3": ["2:42 acme/a v1.2.3 semver-full"],
    "https://git.example.com/acme/a//x/y?ref=main&timeout=90s": ["2:43 acme/a/x/y main branch"],
    "git@git.example.com:acme/a.git?ref=v1": ["2:38 acme/a v1 semver-partial"],
    "ssh://git@git.example.com/acme/a.git": ["2:3 acme/a - none"],
    "github.com/acme/a/x?ref=v1.0.0": ["2:27 acme/a/x v1.0.0 semver-full"],
    "git::https://git.example.com/acme/a.git?version=v2.0.0": ["2:51 acme/a v2.0.0 semver-full"],
    "https://dev.example.com/acme/p/_git/a?ref=main": ["2:45 acme/p/_git/a main branch"],
    "../base": [],
    "base": [],
    "deploy.yaml": [],
    "/absolute/path": [],
    "github.com": [],
}


@pytest.mark.parametrize("entry", REMOTE)
def test_which_entries_are_repositories(entry: str) -> None:
    assert lines(f"resources:\n- {entry}\n", Component, "name", "ref", "ref_kind") == REMOTE[entry]


def test_a_file_of_a_url_is_fetched() -> None:
    text = (
        "resources:\n- https://git.example.com/acme/a/raw/main/x.yaml\n"
        "- https://git.example.com/acme/a/releases/download/v1.2.3/x.yaml\n"
    )

    found = [fact for fact in facts_of("kustomization", PATH, text) if isinstance(fact, Download)]

    assert [(fact.moving, fact.verified_by) for fact in found] == [(True, ""), (False, "pinned-url")]


PATCHES = {
    "a part of an object": (
        "patches: [{patch: '{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: b:1}]}}'}]\n",
        ["b:1 a"],
    ),
    "an operation": ("patches: [{patch: '[{op: replace, path: /spec/containers/0/image, value: b:1}]'}]\n", ["b:1 *"]),
    "a whole container": (
        "patches: [{patch: '[{op: add, path: /spec/containers/-, value: {name: c, image: b:1}}]'}]\n",
        ["b:1 c"],
    ),
    "all containers": (
        "patchesJson6902: [{patch: '[{op: add, path: /spec/containers, value: [{image: b:1}]}]'}]\n",
        ["b:1 *"],
    ),
    "another path": ("patches: [{patch: '[{op: replace, path: /spec/replicas, value: 1}]'}]\n", []),
    "an operation that removes": ("patches: [{patch: '[{op: remove, path: /spec/containers/0/image}]'}]\n", []),
    "a file": ("patches: [{path: a.yaml}]\n", []),
}


@pytest.mark.parametrize("name", PATCHES)
def test_images_that_patches_put_in(name: str) -> None:
    text, expected = PATCHES[name]

    found = [fact for fact in facts_of("kustomization", PATH, text) if isinstance(fact, Image)]

    assert [f"{fact.written} {fact.container}" for fact in found] == expected


def test_charts_that_are_inflated_and_their_values() -> None:
    text = (
        "helmCharts:\n- name: redis\n  repo: https://charts.example.com\n  version: 1.x\n"
        "  valuesInline: {image: {repository: acme/r, tag: latest}}\n"
        "helmChartInflationGenerator: [{chartName: pg, chartRepoUrl: 'https://charts.example.com', chartVersion: 1.2.3}]\n"
    )

    found = facts_of("kustomization", PATH, text)

    assert [(fact.name, fact.firmness, fact.locked) for fact in found if isinstance(fact, Dependency)] == [
        ("redis", "range", False),
        ("pg", "exact", False),
    ]
    assert [fact.written for fact in found if isinstance(fact, Image)] == ["acme/r:latest"]


def test_secrets_that_are_written_out() -> None:
    text = "secretGenerator: [{name: a, literals: ['password=correct-horse-7', 'token=${TOKEN}', 'empty=']}]\n"

    found = [fact for fact in facts_of("kustomization", PATH, text) if isinstance(fact, Credential)]

    assert [(fact.key, fact.form) for fact in found] == [("password", "literal"), ("token", "reference")]
    assert all("correct" not in repr(fact) for fact in found)
