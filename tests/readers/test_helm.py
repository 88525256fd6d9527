"""Helm charts: metadata, values in the shapes that charts use, templates as far as they are certain."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Chart, Credential, Dependency, Image, Package, Registry, Resource, Unreadable
from relcheck.readers.helm_chart import chart_firmness
from tests.readers.reading import facts_of, lines_of


def values(text: str) -> list[str]:
    """Return place, written reference and tag of each image of values."""
    return lines_of("helm_values", "c/values.yaml", text, Image, "written", "tag")


CHART = """apiVersion: v2
name: app
version: v1.2.3
appVersion: "2.0"
dependencies:
- {name: a, version: ^1.0.0, repository: 'https://charts.example.com'}
- {name: b, version: 1.2.3, repository: 'oci://registry.example.com/charts', alias: other}
- {name: c, version: '>=0', repository: 'file://../c'}
- {name: d, version: 1.x}
- {name: e, repository: '@stable'}
annotations:
  artifacthub.io/images: |
    - name: app
      image: acme/app:latest
"""


def test_the_metadata_of_a_chart() -> None:
    assert lines_of("helm_chart", "c/Chart.yaml", CHART, Chart, "folder", "name", "version", "app_version") == [
        "2:7 c app v1.2.3 2.0"
    ]
    assert lines_of("helm_chart", "c/Chart.yaml", CHART, Package, "ecosystem", "version_problem") == ["3:10 helm -"]
    assert lines_of("helm_chart", "c/Chart.yaml", CHART, Dependency, "name", "firmness", "source") == [
        "6:22 a range registry",
        "7:22 b exact registry",
        "8:23 c path path",
        "9:22 d path path",
        "10:10 e any registry",
    ]
    assert lines_of("helm_chart", "c/Chart.yaml", CHART, Registry, "scheme") == ["6:51 https", "7:48 oci"]
    assert lines_of("helm_chart", "c/Chart.yaml", CHART, Image, "written") == ["14:23 acme/app:latest"]


def test_a_chart_that_a_generator_fills_in_is_read_as_far_as_it_is_known() -> None:
    text = "name: app\nversion: {{ .Version }}\nappVersion: ${TAG}\n"

    assert lines_of("helm_chart", "c/Chart.yaml", text, Chart, "version", "app_version") == ["1:7 unknown unknown"]
    assert [fact for fact in facts_of("helm_chart", "c/Chart.yaml", text) if isinstance(fact, Unreadable)] == []


FIRMNESS = [
    ("1.2.3", "exact"), ("v1.2.3", "exact"), ("=1.2.3", "exact"), ("1.2.3-rc.1+b", "exact"), ("1.2", "range"),
    ("^1.2.3", "range"), ("1.x.x", "range"), (">=1 <2", "range"), ("1.2.3 - 2", "range"), ("1.0.0 || 2.0.0", "range"),
    ("*", "any"), ("", "any"), (">=0.0.0-0", "any"), ("x.x", "any"), ("HEAD", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("version", "firmness"), FIRMNESS)
def test_how_firmly_a_version_is_asked_for(version: str, firmness: str) -> None:
    assert chart_firmness(version) == firmness


SHAPES = {
    "repository and tag": ("image:\n  repository: a/b\n  tag: 1.10\n", ["3:8 a/b:1.10 1.10"]),
    "with a registry and a digest": (
        "image: {registry: registry.example.com, repository: a/b, tag: '1', digest: 'sha256:" + "0a" * 32 + "'}\n",
        ["1:64 registry.example.com/a/b:1@sha256:" + "0a" * 32 + " 1"],
    ),
    "a registry and a name": (
        "image: {registry: registry.example.com, name: b, tag: '1'}\n",
        ["1:56 registry.example.com/b:1 1"],
    ),
    "a map of another name": (
        "web: {repository: a/b, tag: '1', registry: r.example.com}\n",
        ["1:30 r.example.com/a/b:1 1"],
    ),
    "a key that ends in image": ("sidecarImage: {repository: a/b, tag: '1'}\n", ["1:39 a/b:1 1"]),
    "a whole reference": ("initImage: a/b:1\n", ["1:16 a/b:1 1"]),
    "a number keeps its zeros": ("image: {repository: a/b, tag: 1.20}\n", ["1:31 a/b:1.20 1.20"]),
    "an empty tag is not known here": ("image: {repository: a/b, tag: ''}\n", ["1:21 a/b unknown"]),
    "siblings": ("imageRepository: a/b\nimageTag: '1'\n", ["2:12 a/b:1 1"]),
    "a single word beside a tag": ("image: nginx\ntag: '1'\n", ["2:7 nginx:1 1"]),
    "the registry of all": (
        "global: {imageRegistry: r.example.com}\nimage: {repository: a/b, tag: '1'}\n",
        ["2:32 r.example.com/a/b:1 1"],
    ),
    "containers": ("extraContainers: [{name: x, image: 'a:1'}]\nsidecars: []\n", ["1:39 a:1 1"]),
    "containers as text of a template": (
        "extraInitContainers: |\n  - name: x\n    image: a/b:latest\n    args: [{{ .x }}]\n",
        ["3:16 a/b:latest latest"],
    ),
    "a policy and secrets": ("imagePullPolicy: Always\nimagePullSecrets: [{name: x}]\nimagePullSecretName: a/b\n", []),
    "a repository of code": ("source: {repository: 'https://git.example.com/a/b', tag: v1}\n", []),
    "a picture": ("backgroundImage: a/b.png\nlogoImage: https://www.example.com/x\nimage: img/logo.svg\n", []),
    "nothing": ("image: {}\nother: {image: ''}\nmore: {image: null}\n", []),
    "a single word": ("image: nginx\n", []),
    "a comment": ("# image: a/b:latest\nx: 1\n", []),
    "an alias of a repository": ("chart: {repository: '@stable', tag: x}\n", []),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_shapes_of_images_in_values(name: str) -> None:
    text, expected = SHAPES[name]

    assert values(text) == expected


def test_the_policy_stands_beside_the_image() -> None:
    text = "image: {repository: a/b, tag: '1', pullPolicy: IfNotPresent}\n"

    assert lines_of("helm_values", "values.yaml", text, Image, "pull_policy") == ["1:32 IfNotPresent"]


def test_the_image_of_helm_test_is_no_workload() -> None:
    text = "test: {image: {repository: busybox, tag: latest}}\nweb: {image: {repository: acme/web, tag: 1.2.0}}\n"

    assert lines_of("helm_values", "values.yaml", text, Image, "role") == ["1:42 job", "2:42 workload"]


def test_the_credentials_of_a_registry_in_values() -> None:
    text = "imageCredentials: {registry: r.example.com, username: u, password: correct-horse-7}\n"

    found = [fact for fact in facts_of("helm_values", "values.yaml", text) if isinstance(fact, Credential)]

    assert [(fact.kind, fact.form, fact.host, fact.user) for fact in found] == [
        ("k8s-registry-secret", "literal", "r.example.com", "u")
    ]
    assert "correct" not in repr(found)


def template(text: str) -> list[str]:
    """Return place, written reference, tag and state of each image of a template."""
    return lines_of("helm_template", "c/templates/a.yaml", text, Image, "written", "tag", "state")


POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
TEMPLATES = {
    "literal": ("  - image: acme/a:latest\n", ["6:19 acme/a:latest latest literal"]),
    "a literal tag": ('  - image: "{{ .Values.r }}/a:latest"\n', ["6:31 {{ .Values.r }}/a:latest latest partial"]),
    "a default": (
        '  - image: "acme/a:{{ .Values.tag | default "latest" }}"\n',
        ['6:46 acme/a:{{ .Values.tag | default "latest" }} latest defaulted'],
    ),
    "the old way to write a default": (
        '  - image: acme/a:{{ default "latest" .Values.tag }}\n',
        ['6:31 acme/a:{{ default "latest" .Values.tag }} latest defaulted'],
    ),
    "both branches of a condition": (
        "  - name: x\n    {{- if .Values.a }}\n    image: a/b:1\n    {{- else }}\n    image: a/b:2\n    {{- end }}\n",
        ["8:16 a/b:1 1 literal", "10:16 a/b:2 2 literal"],
    ),
    "nothing certain": ('  - image: {{ include "c.image" . }}\n', ['6:12 {{ include "c.image" . }} unknown unknown']),
    "a loop": ("  {{- range .Values.x }}\n  - image: a/b:1\n  {{- end }}\n", ["7:16 a/b:1 1 literal"]),
    "a comment": ("  {{- /* image: a:latest */}}\n  - image: a/b:1\n", ["7:16 a/b:1 1 literal"]),
    "a comment of the manifest": ("  # image: a:latest\n  - image: a/b:1\n", ["7:16 a/b:1 1 literal"]),
    "a part that a condition adds": (
        "  - image: a/b{{ if .x }}:1{{ end }}\n",
        ["6:12 a/b{{ if .x }}:1{{ end }} unknown unknown"],
    ),
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_images_of_templates(name: str) -> None:
    text, expected = TEMPLATES[name]

    assert template(POD + text) == expected


def test_the_release_gives_the_namespace() -> None:
    text = "apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ .x }}\n  {{- with .ns }}\n  namespace: {{ . }}\n  {{- end }}\n"

    found = [fact for fact in facts_of("helm_template", "c/templates/a.yaml", text) if isinstance(fact, Resource)]

    assert [(fact.name, fact.namespace) for fact in found] == [(UNKNOWN, UNKNOWN)]


@pytest.mark.parametrize("path", ["c/templates/NOTES.txt", "c/templates/x.txt"])
def test_prose_says_nothing(path: str) -> None:
    assert facts_of("helm_template", path, "image: acme/a:latest\n") == []


def test_what_is_no_yaml_even_without_its_actions_is_searched_line_by_line() -> None:
    text = '{{ define "x" }}\n image: acme/a:latest\n  b: [\n image: word\n{{ end }}\n'

    assert template(text) == ["2:16 acme/a:latest latest literal"]


DEFINITIONS = {
    "a literal": ('{{ define "c.image" }}acme/a:latest{{ end }}', ["1:30 acme/a:latest latest literal"]),
    "a part from values": (
        '{{- define "c.sideImage" -}}\n{{ .Values.r }}/a:latest\n{{- end -}}',
        ["2:19 {{ .Values.r }}/a:latest latest partial"],
    ),
    "a condition": ('{{ define "c.image" }}{{ if .x }}acme/a:latest{{ end }}{{ end }}', []),
    "nothing certain": ('{{ define "c.image" }}{{ printf "%s:%s" .a .b }}{{ end }}', []),
    "another name": ('{{ define "c.imagePullSecrets" }}a/b:c{{ end }}{{ define "c.labels" }}x/y:z{{ end }}', []),
    "prose": ('{{ define "c.image" }}see acme/a:latest{{ end }}', []),
    "no end": ('{{ define "c.image" }}acme/a:latest', []),
}


@pytest.mark.parametrize("name", DEFINITIONS)
def test_images_that_definitions_print(name: str) -> None:
    text, expected = DEFINITIONS[name]

    assert lines_of("helm_template", "c/templates/_a.tpl", text, Image, "written", "tag", "state") == expected


@pytest.mark.parametrize(
    "text", ["{{", "{{ if", "}}", "{{/*", 'a: {{ "', "{{ x }}{{ y", "\ufeff{{ a }}", "{{- end }}" * 50]
)
def test_odd_templates_are_survived(text: str) -> None:
    for module, path in (
        ("helm_template", "c/templates/a.yaml"),
        ("helm_values", "v.yaml"),
        ("helm_chart", "Chart.yaml"),
    ):
        facts_of(module, path, text)
