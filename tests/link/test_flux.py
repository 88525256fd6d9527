"""What Flux puts into manifests, and where the charts of its releases come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from relcheck.facts import UNKNOWN, Credential, Dependency, Image
from tests.kubernetes_trees import Facts, facts_of, scan

KIND = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: flux-system}\n"


def pod(image: str) -> str:
    """Return a manifest whose image stands on the fourth line, in quotes."""
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: '{image}'}}]}}\n"


def deployed(path: str, build: str = "") -> str:
    """Return a Kustomization of a folder."""
    return f"{KIND}spec: {{path: {path}{', postBuild: ' + build if build else ''}}}\n"


def image(facts: Facts, path: str = "apps/a.yaml") -> tuple[object, ...]:
    """Return what is known of the only image of a file."""
    (found,) = facts.of(Image, path)
    return found.name, found.tag, found.state


ONE = "ghcr.io/acme/a:${TAG:=1.2.3}"
SUBSTITUTED = {
    "a default, and nobody deploys it": (ONE, {}, ("1.2.3", "defaulted")),
    "a value before the default": (ONE, {"f.yaml": deployed("./apps", "{substitute: {TAG: 2.0.0}}")}, ("2.0.0", "defaulted")),
    "a value alone": ("ghcr.io/acme/a:${TAG}", {"f.yaml": deployed("apps", "{substitute: {TAG: '3'}}")}, ("3", "defaulted")),
    "no value": ("ghcr.io/acme/a:${TAG}", {"f.yaml": deployed("apps", "{substitute: {OTHER: '3'}}")}, (UNKNOWN, "partial")),
    "a value from elsewhere, and a default": (
        ONE, {"f.yaml": deployed("apps", "{substituteFrom: [{kind: ConfigMap, name: a}]}")}, ("1.2.3", "defaulted")
    ),
    "another folder": (ONE, {"f.yaml": deployed("other", "{substitute: {TAG: 2.0.0}}")}, ("1.2.3", "defaulted")),
    "the whole repository": (ONE, {"f.yaml": deployed("./", "{substitute: {TAG: 2.0.0}}")}, ("2.0.0", "defaulted")),
    "a folder that builds on it": (
        ONE,
        {
            "f.yaml": deployed("./prod", "{substitute: {TAG: 2.0.0}}"),
            "prod/kustomization.yaml": "resources: [../apps]\n",
            "apps/kustomization.yaml": "resources: [a.yaml]\n",
        },
        ("2.0.0", "defaulted"),
    ),
    "two that agree": (
        ONE,
        {
            "f.yaml": deployed("apps", "{substitute: {TAG: 2.0.0}}"),
            "g.yaml": deployed("apps", "{substitute: {TAG: 2.0.0}}"),
        },
        ("2.0.0", "defaulted"),
    ),
    "two that do not": (
        ONE,
        {
            "f.yaml": deployed("apps", "{substitute: {TAG: 2.0.0}}"),
            "g.yaml": deployed("apps", "{substitute: {TAG: 1.0.0}}"),
        },
        (UNKNOWN, "partial"),
    ),
    "one that gives none": (
        ONE,
        {
            "f.yaml": deployed("apps", "{substitute: {TAG: 2.0.0}}"),
            "g.yaml": deployed("apps", "{substituteFrom: [{kind: Secret, name: a}]}"),
        },
        (UNKNOWN, "partial"),
    ),
    "one that puts nothing in": (
        ONE, {"f.yaml": deployed("apps", "{substitute: {TAG: 2.0.0}}"), "g.yaml": deployed("apps")}, ("2.0.0", "defaulted")
    ),
    "a dollar sign that is meant": ("ghcr.io/acme/a:$${TAG:=1.2.3}", {}, (UNKNOWN, "literal")),
}  # fmt: skip


@pytest.mark.parametrize("name", SUBSTITUTED)
def test_which_value_a_variable_of_flux_has(name: str, tmp_path: Path) -> None:
    written, more, (tag, state) = SUBSTITUTED[name]

    found = facts_of(tmp_path, {"apps/a.yaml": pod(written), **more})

    assert image(found) == ("ghcr.io/acme/a", tag, state)


def test_an_inline_default_keeps_its_place_and_a_value_has_that_of_its_use(tmp_path: Path) -> None:
    alone = facts_of(tmp_path / "one", {"apps/a.yaml": pod(ONE)})
    given = facts_of(
        tmp_path / "two", {"apps/a.yaml": pod(ONE), "f.yaml": deployed("apps", "{substitute: {TAG: 2.0.0}}")}
    )
    text = pod(ONE)
    (first,), (second,) = alone.of(Image, "apps/a.yaml"), given.of(Image, "apps/a.yaml")

    assert text[first.span.start : first.span.end] == "1.2.3"
    assert text[second.span.start : second.span.end] in (ONE, f"'{ONE}'")
    assert [(related.path, related.note) for related in second.related] == [("f.yaml", "TAG is set here")]


def repository(namespace: str, url: str, name: str = "r") -> str:
    """Return a HelmRepository."""
    metadata = f"{{name: {name}, namespace: {namespace}}}" if namespace else f"{{name: {name}}}"
    return (
        f"apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {metadata}\nspec: {{url: '{url}'}}\n"
    )


def release(namespace: str, source: str) -> str:
    """Return a HelmRelease that takes a chart from a source."""
    metadata = f"{{name: a, namespace: {namespace}}}" if namespace else "{name: a}"
    spec = f"{{chart: {{spec: {{chart: redis, version: 1.2.3, sourceRef: {source}}}}}}}"
    return f"apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {metadata}\nspec: {spec}\n"


OURS, THEIRS = "https://charts.example.com/a", "oci://registry.example.com/charts"
SOURCES = {
    "of the release's namespace": (
        release("shop", "{kind: HelmRepository, name: r}"),
        {"r.yaml": repository("shop", OURS), "s.yaml": repository("other", THEIRS)},
        OURS,
    ),
    "of a namespace that is named": (
        release("shop", "{kind: HelmRepository, name: r, namespace: other}"),
        {"r.yaml": repository("shop", OURS), "s.yaml": repository("other", THEIRS)},
        THEIRS,
    ),
    "in the same file": (release("shop", "{kind: HelmRepository, name: r}") + "---\n" + repository("shop", OURS), {}, OURS),
    "of a namespace that something else gives": (
        release("", "{kind: HelmRepository, name: r}"), {"r.yaml": repository("shop", OURS)}, OURS
    ),
    "two of a name in different clusters, at one address": (
        release("shop", "{kind: HelmRepository, name: r}"),
        {"r.yaml": repository("shop", OURS), "s.yaml": repository("shop", OURS)},
        OURS,
    ),
    "two of a name, at two addresses": (
        release("shop", "{kind: HelmRepository, name: r}"),
        {"r.yaml": repository("shop", OURS), "s.yaml": repository("shop", THEIRS)},
        UNKNOWN,
    ),
    "of another namespace": (
        release("shop", "{kind: HelmRepository, name: r}"), {"r.yaml": repository("other", OURS)}, UNKNOWN
    ),
    "of another name": (
        release("shop", "{kind: HelmRepository, name: r}"), {"r.yaml": repository("shop", OURS, "q")}, UNKNOWN
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SOURCES)
def test_the_repository_that_a_chart_of_flux_comes_from(name: str, tmp_path: Path) -> None:
    text, more, url = SOURCES[name]

    (chart,) = facts_of(tmp_path, {"a.yaml": text, **more}).of(Dependency, "a.yaml")

    assert (chart.name, chart.constraint, chart.url) == ("redis", "1.2.3", url)


SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: flux-system}\nstringData: {password: hunter2hunter2x9}\n"


def opened(kind: str, namespace: str = "flux-system", name: str = "s") -> str:
    """Return a source that a Secret opens."""
    return (
        f"apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\nmetadata: {{name: r, namespace: {namespace}}}\n"
        f"spec: {{url: 'https://r.example.com/acme/a', secretRef: {{name: {name}}}}}\n"
    )


OPENED = {
    "a chart repository": (opened("HelmRepository"), SECRET, ("helm-repo-password", "r.example.com")),
    "a git repository": (opened("GitRepository"), SECRET, ("client-login", "r.example.com")),
    "of a namespace that something else gives": (
        opened("GitRepository"), SECRET.replace(", namespace: flux-system", ""), ("client-login", "r.example.com")
    ),
    "of another namespace": (opened("GitRepository", "other"), SECRET, ("k8s-secret", "")),
    "of another name": (opened("GitRepository", name="t"), SECRET, ("k8s-secret", "")),
    "of a name that is not known": (opened("GitRepository", name="'${NAME}'"), SECRET, ("k8s-secret", "")),
    "another key": (opened("GitRepository"), SECRET.replace("password", "signing_secret"), ("k8s-secret", "")),
}  # fmt: skip


@pytest.mark.parametrize("name", OPENED)
def test_what_the_password_of_a_secret_opens(name: str, tmp_path: Path) -> None:
    source, secret, expected = OPENED[name]

    found = facts_of(tmp_path, {"r.yaml": source, "s.yaml": secret}).of(Credential, "s.yaml")

    assert [(one.kind, one.host) for one in found if one.kind != "secret"] == [expected]
    assert [(one.kind, one.host) for one in scan(tmp_path, "s.yaml").of(Credential, "s.yaml")][:1] == [expected]


def test_a_version_that_a_patch_of_the_release_gives(tmp_path: Path) -> None:
    kind = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: NAME, namespace: shop}\n"
    bare = "spec: {chart: {spec: {chart: redis, sourceRef: {kind: HelmRepository, name: r}}}}\n"
    files = {
        "base/a.yaml": kind.replace("NAME", "a") + bare,
        "base/b.yaml": kind.replace("NAME", "b") + bare,
        "prod/a-values.yaml": kind.replace("NAME", "a") + "spec: {chart: {spec: {version: 1.2.3}}}\n",
        "prod/kustomization.yaml": "resources: [../base/a.yaml]\npatches: [{path: a-values.yaml}]\n",
    }

    found = facts_of(tmp_path, files)

    assert [(chart.where, chart.constraint) for path in files for chart in found.of(Dependency, path)] == [
        ("manifest", UNKNOWN), ("manifest", ""), ("patch", "1.2.3"),
    ]  # fmt: skip


def test_a_file_that_is_scanned_alone_is_told_the_same(tmp_path: Path) -> None:
    files = {
        "apps/a.yaml": pod(ONE),
        "f.yaml": deployed("apps", "{substitute: {TAG: 2.0.0}}"),
        "apps/r.yaml": release("shop", "{kind: HelmRepository, name: r}"),
        "s.yaml": repository("shop", OURS),
    }

    found = facts_of(tmp_path, files, "apps/a.yaml", "apps/r.yaml")

    assert image(found)[1] == "2.0.0"
    assert found.of(Dependency, "apps/r.yaml")[0].url == OURS
