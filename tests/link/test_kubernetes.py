"""Who gives objects their namespace and images their tag: kustomizations, Flux, Argo CD, commands, charts."""

from __future__ import annotations

from pathlib import Path

import pytest

from relcheck.facts import UNKNOWN, Component, Dependency, Image, Resource
from tests.kubernetes_trees import Facts, facts_of, scan

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: acme/a}]}\n"


def namespace(facts: Facts, path: str) -> tuple[object, str]:
    """Return the namespace of the only object of a file, and who gives it."""
    (found,) = facts.of(Resource, path)
    return found.namespace, found.namespace_from


def overridden(facts: Facts, path: str) -> list[object]:
    """Return whether the images of a file are replaced."""
    return [image.overridden for image in facts.of(Image, path)]


SUPPLIERS = {
    "nobody": ({}, ("", "")),
    "the kustomization around it": (
        {"app/kustomization.yaml": "namespace: shop\nresources: [a.yaml]\n"},
        ("shop", "kustomize"),
    ),
    "one that names the folder": (
        {
            "app/kustomization.yaml": "resources: [a.yaml]\n",
            "k/kustomization.yml": "namespace: shop\nresources: [../app]\n",
        },
        ("shop", "kustomize"),
    ),
    "the outermost wins": (
        {
            "app/kustomization.yaml": "namespace: inner\nresources: [a.yaml]\n",
            "k/Kustomization": "namespace: outer\nbases: [../app/]\n",
        },
        ("outer", "kustomize"),
    ),
    "a component": (
        {
            "app/kustomization.yaml": "resources: [a.yaml]\ncomponents: [../c]\n",
            "c/kustomization.yaml": "kind: Component\nnamespace: shop\n",
        },
        ("shop", "kustomize"),
    ),
    "a base that nothing here builds": (
        {"app/base/kustomization.yaml": "resources: [../a.yaml]\n"},
        (UNKNOWN, "kustomize"),
    ),
    "a cycle": (
        {"app/kustomization.yaml": "resources: [a.yaml, ../k]\n", "k/kustomization.yaml": "resources: [../app]\n"},
        ("", ""),
    ),
    "a patch that nobody can read": (
        {
            "app/kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
            "app/p.yaml": "- {op: add, path: /x, value: y}\n",
        },
        (UNKNOWN, "kustomize"),
    ),
    "a transformer in a file": (
        {
            "app/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n",
            "app/t.yaml": "apiVersion: builtin\nkind: NamespaceTransformer\nmetadata: {name: n, namespace: shop}\n",
        },
        ("shop", "kustomize"),
    ),
    "a transformer that gives none": (
        {
            "app/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n",
            "app/t.yaml": "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {name: n}\nprefix: x-\n",
        },
        ("", ""),
    ),
    "a transformer of which nobody knows what it gives": (
        {
            "app/kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n",
            "app/t.yaml": "apiVersion: acme.example.com/v1\nkind: SetSpace\nmetadata: {name: n}\n",
        },
        (UNKNOWN, "kustomize"),
    ),
    "Flux": (
        {
            "f.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, namespace: f}\n"
            "spec: {path: ./app, targetNamespace: shop}\n"
        },
        ("shop", "flux"),
    ),
    "Flux deploys another folder": (
        {
            "f.yaml": "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: k, namespace: f}\n"
            "spec: {path: ./application, targetNamespace: shop}\n"
        },
        ("", ""),
    ),
    "Argo CD": (
        {
            "f.yaml": "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: k, namespace: f}\n"
            "spec: {source: {repoURL: x, path: app}, destination: {namespace: shop}}\n"
        },
        ("shop", "argocd"),
    ),
    "two that disagree": (
        {f"{name}.sh": f"kubectl apply -n {name} -f app/\n" for name in ("one", "two")},
        (UNKNOWN, "kubectl"),
    ),
    "a context": (
        {"d.sh": "kubectl config set-context --current --namespace=shop\nkubectl apply -f app\n"},
        (UNKNOWN, "deploy"),
    ),
    "what a test deploys": ({"tests/d.sh": "kubectl apply -n shop -f $FILES\nkubens x\n"}, ("", "")),
    "a package of kpt": ({"app/Kptfile": "x"}, (UNKNOWN, "deploy")),
}


@pytest.mark.parametrize("name", SUPPLIERS)
def test_who_gives_a_namespace(name: str, tmp_path: Path) -> None:
    files, expected = SUPPLIERS[name]

    assert namespace(facts_of(tmp_path, {"app/a.yaml": SERVICE, **files}), "app/a.yaml") == expected


REPLACED = {
    "a tag": ("images: [{name: acme/a, newTag: '1'}]\n", True),
    "a new name and a tag": ("images: [{name: acme/a, newName: b, newTag: '1'}]\n", True),
    "a new name, then a tag for that": ("images: [{name: acme/a, newName: b}, {name: b, newTag: '1'}]\n", True),
    "a new name alone": ("images: [{name: acme/a, newName: b}]\n", False),
    "another name": ("images: [{name: a, newTag: '1'}]\n", False),
    "a pattern that costs too much": ("images: [{name: '(a+)+/a', newTag: '1'}]\n", UNKNOWN),
    "a pattern": ("images: [{name: 'acme/.*', newTag: '1'}]\n", True),
    "a patch of the container": (
        "patches: [{patch: '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: b}]}}'}]\n",
        UNKNOWN,
    ),
    "a patch of another container": (
        "patches: [{patch: '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: b, image: b}]}}'}]\n",
        False,
    ),
    "an operation that adds a container": (
        "patches: [{patch: '[{op: add, path: /spec/containers/0, value: {name: b, image: b}}]'}]\n",
        False,
    ),
    "an operation that replaces one": (
        "patches: [{patch: '[{op: replace, path: /spec/containers/0, value: {name: b, image: b}}]'}]\n",
        UNKNOWN,
    ),
    "a transformer": (
        "transformers: ['{apiVersion: builtin, kind: ImageTagTransformer,\n\n imageTag: {name: acme/a, newTag: \"1\"}}']\n",
        True,
    ),
    "a transformer in a file that is not here": ("transformers: [t.yaml]\n", UNKNOWN),
    "a replacement": (
        "replacements: [{source: {kind: A}, targets: [{fieldPaths: [spec.containers.0.image]}]}]\n",
        UNKNOWN,
    ),
    "a replacement of something else": (
        "replacements: [{source: {kind: A}, targets: [{fieldPaths: [spec.x]}]}]\n",
        False,
    ),
    "an operation": ("patches: [{patch: '[{op: replace, path: /spec/containers/0/image, value: b}]'}]\n", UNKNOWN),
}


@pytest.mark.parametrize("name", REPLACED)
def test_which_images_a_kustomization_replaces(name: str, tmp_path: Path) -> None:
    text, expected = REPLACED[name]

    facts = facts_of(tmp_path, {"a.yaml": POD, "kustomization.yaml": f"resources: [a.yaml]\n{text}"})

    assert overridden(facts, "a.yaml") == [expected]


@pytest.mark.parametrize(("tags", "expected"), [(("acme/b", "acme/a"), True), (("acme/b", "acme/c"), False)])
def test_the_transformers_of_a_file_all_count(tags: tuple[str, str], expected: bool, tmp_path: Path) -> None:
    one = "apiVersion: builtin\nkind: ImageTagTransformer\nmetadata: {name: t}\nimageTag: {name: NAME, newTag: '1'}\n"
    files = {
        "a.yaml": POD,
        "t.yaml": "---\n".join(one.replace("NAME", name) for name in tags),
        "kustomization.yaml": "resources: [a.yaml]\ntransformers: [t.yaml]\n",
    }

    assert overridden(facts_of(tmp_path, files), "a.yaml") == [expected]
    assert overridden(scan(tmp_path, "a.yaml"), "a.yaml") in ([expected], [UNKNOWN])


def test_what_a_pipeline_edits_may_be_replaced(tmp_path: Path) -> None:
    files = {
        "a.yaml": POD,
        "kustomization.yaml": "resources: [a.yaml]\n",
        "build.sh": "kustomize edit set image acme/a=acme/a:$TAG\n",
    }

    assert overridden(facts_of(tmp_path, files), "a.yaml") == [UNKNOWN]


def test_patches_in_files_are_no_objects_of_their_own(tmp_path: Path) -> None:
    files = {
        "a.yaml": SERVICE,
        "p.yaml": SERVICE,
        "kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n",
    }

    facts = facts_of(tmp_path, files)

    assert [found.patch for found in facts.of(Resource, "p.yaml")] == [True]
    assert [found.patch for found in facts.of(Resource, "a.yaml")] == [False]


GENERATED = "# Code generated by x. DO NOT EDIT.\n"


def test_a_generated_manifest_repeats_what_stands_elsewhere(tmp_path: Path) -> None:
    pod = POD.replace("acme/a}", "'acme/a:1'}")
    files = {"a.yaml": pod, "out.yaml": GENERATED + pod, "alone.yaml": GENERATED + pod.replace("acme/a", "acme/b")}

    facts = facts_of(tmp_path, files)

    assert [image.repeated for image in facts.of(Image, "out.yaml")] == [True]
    assert [image.repeated for image in facts.of(Image, "a.yaml")] == [False]
    assert [image.repeated for image in facts.of(Image, "alone.yaml")] == [False]
    assert [image.repeated for image in scan(tmp_path, "out.yaml").of(Image, "out.yaml")] == [UNKNOWN]


TREE = {
    "base/a.yaml": POD,
    "base/kustomization.yaml": "resources: [a.yaml]\n",
    "prod/kustomization.yaml": "namespace: shop\nresources: [../base]\nimages: [{name: acme/a, newTag: '1'}]\n",
    "app/skaffold.yaml": "apiVersion: skaffold/v4beta11\nkind: Config\nbuild: {artifacts: [{image: r.example.com/web}]}\n",
    "app/k8s.yaml": POD.replace("acme/a", "r.example.com/web"),
    "crd.yaml": "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"
    "spec: {group: acme.example.com, scope: Namespaced, names: {kind: Widget}}\n",
    "w.yaml": "apiVersion: acme.example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
    "d.sh": "kubectl apply -n other -f app\n",
}


@pytest.mark.parametrize("path", ["base/a.yaml", "app/k8s.yaml", "w.yaml", "prod/kustomization.yaml"])
def test_a_file_alone_says_nothing_that_the_whole_does_not(path: str, tmp_path: Path) -> None:
    whole = facts_of(tmp_path, TREE)

    alone = scan(tmp_path, path)

    for mine, all_of_it in zip(alone.of(Resource, path), whole.of(Resource, path), strict=True):
        assert mine.namespace in (all_of_it.namespace, UNKNOWN)
        assert mine.scope in (all_of_it.scope, "unknown")
    for one, other in zip(alone.of(Image, path), whole.of(Image, path), strict=True):
        assert one.overridden in (other.overridden, UNKNOWN)
        assert one.build_here == other.build_here


def test_what_skaffold_builds_is_built_here_below_its_folder_only(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, {**TREE, "elsewhere.yaml": POD.replace("acme/a", "r.example.com/web")})

    assert [image.build_here for image in facts.of(Image, "app/k8s.yaml")] == [True]
    assert [image.build_here for image in facts.of(Image, "elsewhere.yaml")] == [False]


def test_lock_files_settle_only_the_charts_beside_them(tmp_path: Path) -> None:
    chart = "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: r, version: 1.x, repository: 'https://charts.example.com'}]\n"
    files = {
        "a/Chart.yaml": chart,
        "a/Chart.lock": "x",
        "a/sub/Chart.yaml": chart,
        "b/Chart.yaml": chart,
        "b/charts/r-1.2.3.tgz": "x",
        "c/helmfile.yaml": "releases: [{chart: a/b, version: 1.x}]\n",
        "c/helmfile.lock": "x",
        "v/vendir.yml": "apiVersion: vendir.k14s.io/v1alpha1\nkind: Config\ndirectories: [{contents: [{git: {url: 'https://git.example.com/a/b'}}]}]\n",
        "v/vendir.lock.yml": "x",
    }

    facts = facts_of(tmp_path, files)

    locked = {path: [found.locked for found in facts.of(Dependency, path)] for path in files if path.endswith("yaml")}
    assert locked == {
        "a/Chart.yaml": [True],
        "a/sub/Chart.yaml": [False],
        "b/Chart.yaml": [True],
        "c/helmfile.yaml": [True],
    }
    assert [found.locked for found in facts.of(Component, "v/vendir.yml")] == [True]
