"""What the readers of Helm, GitOps and their neighbours must see and what they must not, case by case (42 to 44)."""

from __future__ import annotations

from pathlib import Path

import pytest

from relcheck.facts import UNKNOWN, Component, Dependency, Download, Image, Resource
from tests.kubernetes_trees import Facts, facts_of

DIGEST = "sha256:" + "0a" * 32


def images(facts: Facts, path: str = "") -> list[tuple[str, str]]:
    """Return role and written reference of each image."""
    return [(image.role, image.written) for image in facts.of(Image, path)]


def resources(facts: Facts, path: str = "") -> list[tuple[object, object, str]]:
    """Return kind, namespace and its supplier of each object."""
    return [(found.kind, found.namespace, found.namespace_from) for found in facts.of(Resource, path)]


# 42

CHART = {"c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\nappVersion: 2.3.4\n"}
TEMPLATE = """{{- if .Values.on }}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "c.name" . }}
spec:
  template:
    spec:
      {{- with .Values.pullSecrets }}
      imagePullSecrets: {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: a
          {{- if .Values.image.digest }}
          image: "{{ .Values.image.repository }}@{{ .Values.image.digest }}"
          {{- else }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          {{- end }}
          imagePullPolicy: {{ .Values.image.pullPolicy }}
        - name: b
          image: registry.example.com/acme/b:latest
        - name: d
          image: {{ .Values.d.image }}:latest
{{- end }}
"""


def test_case_42_a_template_with_conditions_around_keys(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, {**CHART, "c/templates/a.yaml": TEMPLATE})

    found = facts.of(Image)
    assert [(image.written, image.tag, image.digest) for image in found] == [
        ("{{ .Values.image.repository }}@{{ .Values.image.digest }}", UNKNOWN, UNKNOWN),
        ("{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}", UNKNOWN, UNKNOWN),
        ("registry.example.com/acme/b:latest", "latest", ""),
        ("{{ .Values.d.image }}:latest", "latest", ""),
    ]
    assert resources(facts) == [("Deployment", "", "helm")]


VALUES = """image:
  repository: registry.example.com/acme/app
  tag: ""
  pullPolicy: IfNotPresent
imagePullPolicy: Always
imagePullSecrets: []
source:
  repository: https://git.example.com/acme/app
  tag: v1
# image: commented/out:latest
logoImage: https://www.example.com/logo.png
empty: {image: {}}
"""


def test_case_42_an_empty_tag_is_the_version_of_the_application_and_others_are_no_images(tmp_path: Path) -> None:
    found = facts_of(tmp_path, {**CHART, "c/values.yaml": VALUES}).of(Image)

    assert [(image.name, image.tag, image.state) for image in found] == [
        ("registry.example.com/acme/app", "2.3.4", "defaulted")
    ]
    assert found[0].related[0].path == "c/Chart.yaml"


def test_case_42_the_default_of_a_template_counts_where_the_values_give_none(tmp_path: Path) -> None:
    template = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        '  - image: "acme/app:{{ .Values.image.tag | default "latest" }}"\n'
    )
    files = {**CHART, "c/templates/a.yaml": template}

    without = facts_of(tmp_path, {**files, "c/values.yaml": "image: {tag: ''}\n"}).of(Image, "c/templates/a.yaml")
    given = facts_of(tmp_path, {**files, "c/values.yaml": "image: {tag: '1.0.0'}\n"}).of(Image, "c/templates/a.yaml")

    assert [(image.tag, image.state) for image in without] == [("latest", "defaulted")]
    assert [(image.tag, image.state) for image in given] == [(UNKNOWN, "partial")]


# 43


def flux(kind: str, spec: str, group: str = "source.toolkit.fluxcd.io/v1") -> str:
    return f"apiVersion: {group}\nkind: {kind}\nmetadata: {{name: a, namespace: flux-system}}\nspec:\n{spec}"


def test_case_43_flux_sources_without_a_ref(tmp_path: Path) -> None:
    text = "---\n".join((
        flux("GitRepository", "  url: https://git.example.com/acme/app\n"),
        flux("OCIRepository", "  url: oci://registry.example.com/acme/manifests\n"),
        flux("HelmRelease", "  chartRef: {kind: OCIRepository, name: a}\n", "helm.toolkit.fluxcd.io/v2"),
    ))  # fmt: skip

    facts = facts_of(tmp_path, {"f.yaml": text})

    assert [(found.ref, found.ref_kind) for found in facts.of(Component)] == [("", "none")]
    assert [(image.role, image.name, image.tag) for image in facts.of(Image)] == [
        ("artifact", "registry.example.com/acme/manifests", "")
    ]
    assert facts.of(Dependency) == []


def test_case_43_post_renderers_put_images_in(tmp_path: Path) -> None:
    spec = (
        "  chart: {spec: {chart: app, version: 1.x, sourceRef: {kind: HelmRepository, name: r}}}\n"
        "  postRenderers:\n  - kustomize:\n      images: [{name: app, newName: acme/app, newTag: latest}]\n"
        "      patches:\n      - patch: |\n          apiVersion: apps/v1\n          kind: Deployment\n"
        "          metadata: {name: x}\n          spec: {template: {spec: {containers: [{name: a, image: patched:1}]}}}\n"
    )

    facts = facts_of(tmp_path, {"f.yaml": flux("HelmRelease", spec, "helm.toolkit.fluxcd.io/v2")})

    assert images(facts) == [("override", "acme/app:latest"), ("workload", "patched:1")]
    assert [(found.name, found.constraint, found.firmness) for found in facts.of(Dependency)] == [
        ("app", "1.x", "range")
    ]


ARGO = """apiVersion: argoproj.io/v1alpha1
kind: KIND
metadata: {name: a, namespace: argocd}
spec:
  TEMPLATE:
    sources:
    - repoURL: https://git.example.com/acme/deploy
      targetRevision: main
      path: apps
      kustomize: {images: ['nginx:1', 'old=acme/new:latest', 'app=acme/app']}
    - repoURL: https://charts.example.com
      chart: redis
      targetRevision: "*"
    - repoURL: registry.example.com/charts
      chart: api
      targetRevision: 1.2.3
    - {repoURL: 'https://git.example.com/acme/values', ref: values}
    destination: {namespace: shop}
"""


@pytest.mark.parametrize("kind", ["Application", "ApplicationSet"])
def test_case_43_several_sources_of_argo_cd(kind: str, tmp_path: Path) -> None:
    text = ARGO.replace("KIND", kind)
    if kind == "ApplicationSet":
        text = text.replace("  TEMPLATE:\n", "  template:\n    metadata: {name: '{{name}}'}\n    spec:\n")
        text = text.replace("\n    sources", "\n      sources").replace("\n    - ", "\n      - ")
        text = text.replace("\n      target", "\n        target").replace("\n      path", "\n        path")
        text = text.replace("\n      kust", "\n        kust").replace("\n      chart", "\n        chart")
        text = text.replace("\n    destination", "\n      destination")
    else:
        text = text.replace("  TEMPLATE:\n", "").replace("\n    ", "\n  ")

    facts = facts_of(tmp_path, {"a.yaml": text})

    assert [(image.role, image.written, image.tag) for image in facts.of(Image)] == [
        ("override", "nginx:1", "1"),
        ("override", "acme/new:latest", "latest"),
        ("override", "acme/app", UNKNOWN),
    ]
    assert [(found.name, found.ref) for found in facts.of(Component)] == [("acme/deploy", "main"), ("acme/values", "")]
    assert [(found.name, found.firmness) for found in facts.of(Dependency)] == [("redis", "any"), ("api", "exact")]


# 44


def tekton(kind: str, spec: str, metadata: str = "name: a, namespace: n") -> str:
    return f"apiVersion: tekton.dev/v1\nkind: {kind}\nmetadata: {{{metadata}}}\nspec:\n{spec}"


def test_case_44_a_bundle_is_named_by_a_parameter(tmp_path: Path) -> None:
    spec = (
        "  taskRef:\n    resolver: bundles\n    params:\n    - {name: bundle, value: 'registry.example.com/acme/tasks'}\n"
        "    - {name: name, value: build}\n    - {name: kind, value: task}\n"
    )

    facts = facts_of(tmp_path, {"t.yaml": tekton("TaskRun", spec)})

    assert images(facts) == [("artifact", "registry.example.com/acme/tasks")]
    assert facts.of(Image)[0].tag == ""


def test_case_44_a_parameter_with_a_default(tmp_path: Path) -> None:
    spec = (
        "  params: [{name: img, default: 'alpine:latest'}, {name: other}]\n"
        "  steps: [{name: a, image: $(params.img)}, {name: b, image: 'acme/$(params.other):1'}]\n"
    )

    found = facts_of(tmp_path, {"t.yaml": tekton("Task", spec)}).of(Image)

    assert [(image.tag, image.state) for image in found] == [("latest", "defaulted"), ("1", "partial")]


def test_case_44_resolvers_of_repositories_and_of_the_hub(tmp_path: Path) -> None:
    spec = (
        "  tasks:\n  - name: a\n    taskRef:\n      resolver: git\n      params:\n"
        "      - {name: url, value: 'https://git.example.com/acme/catalog.git'}\n"
        "      - {name: pathInRepo, value: task/a.yaml}\n"
        "  - name: b\n    taskRef:\n      resolver: git\n      params:\n"
        "      - {name: url, value: 'https://git.example.com/acme/catalog.git'}\n"
        "      - {name: revision, value: main}\n      - {name: pathInRepo, value: task/a.yaml}\n"
        "  - name: c\n    taskRef:\n      resolver: hub\n      params: [{name: name, value: git-clone}, "
        "{name: version, value: '0.9'}]\n"
        "  - name: d\n    taskRef:\n      resolver: cluster\n      params: [{name: name, value: x}]\n"
        "  - name: e\n    taskRef: {name: local}\n"
    )

    found = facts_of(tmp_path, {"t.yaml": tekton("Pipeline", spec)}).of(Component)

    assert [(item.kind, item.name, item.ref, item.ref_kind) for item in found] == [
        ("task", "acme/catalog/task/a.yaml", "", "none"),
        ("task", "acme/catalog/task/a.yaml", "main", "branch"),
        ("task", "git-clone", "0.9", "semver-partial"),
    ]
    assert {item.system for item in found} == {"tekton"}


ANNOTATIONS = """
    pipelinesascode.tekton.dev/task: "[git-clone:0.9, https://git.example.com/acme/c/raw/main/t.yaml, ./local.yaml]"
    pipelinesascode.tekton.dev/task-1: "git-clone"
    pipelinesascode.tekton.dev/on-event: "[pull_request]"
"""


def test_case_44_the_annotations_of_pipelines_as_code(tmp_path: Path) -> None:
    text = (
        "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata:\n  name: a\n  annotations:"
        f"{ANNOTATIONS}spec:\n  pipelineSpec: {{tasks: []}}\n"
    )

    facts = facts_of(tmp_path, {".tekton/push.yaml": text})

    assert [(item.name, item.ref) for item in facts.of(Component)] == [("git-clone", "0.9"), ("git-clone", "")]
    assert [(item.host, item.scheme) for item in facts.of(Download)] == [("git.example.com", "https")]


@pytest.mark.parametrize("digest", ["", f"\n    - {{name: digest, value: '{DIGEST}'}}"])
def test_case_44_the_digest_of_a_task_that_is_fetched(digest: str, tmp_path: Path) -> None:
    spec = (
        "  taskRef:\n    resolver: http\n    params:\n    - {name: url, value: 'https://www.example.com/t.yaml'}"
        f"{digest}\n"
    )

    found = facts_of(tmp_path, {"t.yaml": tekton("TaskRun", spec)}).of(Download)

    assert [(item.host, item.verified_by) for item in found] == [("www.example.com", "checksum" if digest else "")]
