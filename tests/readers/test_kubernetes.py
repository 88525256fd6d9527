"""Objects of Kubernetes wherever they stand: where images, commands and secrets of workloads are, and where none are."""

from __future__ import annotations

from base64 import b64encode

import pytest

from relcheck.facts import UNKNOWN, Command, Component, Credential, Image, Registry, Resource, Unreadable
from relcheck.readers.kubernetes_kinds import CLUSTER, NAMESPACED, scope_of
from tests.readers.reading import facts_of, lines_of
from tests.tokens import make_token


def images(text: str, path: str = "a.yaml") -> list[str]:
    """Return place, role and written reference of each image."""
    return lines_of("documents", path, text, Image, "role", "written")


def spec(api_version: str, kind: str, text: str) -> str:
    """Return an object; its `spec` is on the third line."""
    return f"apiVersion: {api_version}\nkind: {kind}\nspec: {text}\n"


SINGLE = {
    "prometheus": (
        spec("monitoring.coreos.com/v1", "Prometheus", "{image: 'a:1', thanos: {image: 'b:1'}}"),
        ["3:18 workload a:1", "3:41 workload b:1"],
    ),
    "a package of Crossplane": (
        spec("pkg.crossplane.io/v1", "Provider", "{package: 'a/b:1'}"),
        ["3:22 artifact a/b:1"],
    ),
    "a cluster of kind": (
        "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes:\n- {role: worker, image: 'kindest/node:v1.31.0'}\n",
        ["4:39 run kindest/node:v1.31.0"],
    ),
    "a database of CloudNativePG": (
        spec("postgresql.cnpg.io/v1", "Cluster", "{imageName: 'p:1'}"),
        ["3:22 workload p:1"],
    ),
    "a build of OpenShift": (
        spec(
            "build.openshift.io/v1",
            "BuildConfig",
            "{strategy: {dockerStrategy: {from: {kind: DockerImage, name: 'a:1'}}}, "
            "output: {to: {kind: DockerImage, name: 'o:1'}}}",
        ),
        ["3:71 base a:1", "3:120 output o:1"],
    ),
    "a build of old OpenShift from a stream": (
        spec("v1", "BuildConfig", "{strategy: {sourceStrategy: {from: {kind: ImageStreamTag, name: 'a:1'}}}}"),
        [],
    ),
    "a stream that imports": (
        spec("image.openshift.io/v1", "ImageStream", "{tags: [{from: {kind: DockerImage, name: 'a/b:1'}}]}"),
        ["3:53 pulled a/b:1"],
    ),
    "objects of an OpenShift template": (
        (
            "apiVersion: template.openshift.io/v1\nkind: Template\nobjects:\n- apiVersion: v1\n  kind: Pod\n"
            "  spec: {containers: [{image: 'a:1'}, {image: '${NAME}:latest'}]}\n"
        ),
        ["6:34 workload a:1", "6:56 workload ${NAME}:latest"],
    ),
    "a function of a pipeline of manifests": (
        (
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    config.kubernetes.io/function: |\n"
            "      container:\n        image: fn/x:1\n"
        ),
        ["7:21 run fn/x:1"],
    ),
    "merged containers": (
        "apiVersion: v1\nkind: Pod\nx: &x {image: 'a:1'}\nspec: {containers: [{<<: *x, name: a}]}\n",
        ["3:18 workload a:1"],
    ),
    "an import path that ko builds": (
        spec("v1", "Pod", "{containers: [{image: 'github.com/acme/x/cmd'}, {image: 'ko://x'}]}"),
        [],
    ),
    "no image": (spec("v1", "Pod", "{containers: [{image: ''}, {image: null}, {image: ~}, {name: x}, null, 1]}"), []),
}


@pytest.mark.parametrize("name", SINGLE)
def test_where_images_stand(name: str) -> None:
    text, expected = SINGLE[name]

    assert images(text) == expected


def test_a_build_of_openshift_takes_sources_and_holds_a_dockerfile() -> None:
    text = (
        "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nspec:\n  source:\n"
        "    git: {uri: 'https://git.example.com/acme/app.git', ref: main}\n"
        "    dockerfile: |\n      FROM alpine:3\n      RUN docker push acme/a:1\n"
    )

    assert images(text) == ["7:19 final alpine:3", "8:30 pushed acme/a:1"]
    assert lines_of("documents", "a.yaml", text, Component, "system", "name", "ref_kind") == [
        "5:61 openshift acme/app branch"
    ]


def test_a_stream_that_trusts_any_certificate() -> None:
    tags = "{tags: [{from: {kind: DockerImage, name: 'registry.example.com/a:1'}, importPolicy: {insecure: true}}]}"

    found = list(facts_of("documents", "a.yaml", spec("image.openshift.io/v1", "ImageStream", tags)))

    assert [(fact.tls, fact.key) for fact in found if isinstance(fact, Registry)] == [
        ("off", "importPolicy.insecure: true")
    ]


COMMANDS = [
    ("{containers: [{command: [sh, -c], args: ['docker push a/b:1']}]}", ["push"]),
    ("{containers: [{args: [sh, -c, 'docker push a/b:1']}]}", ["push"]),
    ("{containers: [{args: ['--listen', ':80']}]}", []),
    ("{containers: [{lifecycle: {postStart: {exec: {command: [docker, push, 'a/b:1']}}}}]}", ["push"]),
    ("{containers: [{livenessProbe: {exec: {command: [docker, push, 'a/b:1']}}}]}", ["push"]),
]


def test_what_a_function_of_kustomize_runs() -> None:
    text = (
        "apiVersion: acme.example.com/v1\nkind: Fix\nmetadata:\n  name: f\n  annotations:\n"
        "    config.kubernetes.io/function: |\n      exec: {path: sh, args: [-c, docker push a/b:1]}\n"
    )

    found = facts_of("documents", "a.yaml", text)

    assert [(fact.program, fact.verb) for fact in found if isinstance(fact, Command)] == [
        ("docker", "push"),
        ("sh", ""),
    ]
    assert not any(isinstance(fact, Resource) for fact in found)


@pytest.mark.parametrize(("text", "verbs"), COMMANDS)
def test_what_containers_run(text: str, verbs: list[str]) -> None:
    found = [fact for fact in facts_of("documents", "a.yaml", spec("v1", "Pod", text)) if isinstance(fact, Command)]

    assert [fact.verb for fact in found if fact.program == "docker"] == verbs


def test_a_variable_that_holds_a_secret_and_one_that_refers_to_one() -> None:
    text = spec(
        "v1",
        "Pod",
        "{containers: [{env: [{name: DB_PASSWORD, value: 'correct-horse-7'}, "
        "{name: API_TOKEN, valueFrom: {secretKeyRef: {name: a, key: b}}}]}]}",
    )

    found = [fact for fact in facts_of("documents", "a.yaml", text) if isinstance(fact, Credential)]

    assert [(fact.key, fact.form) for fact in found] == [("DB_PASSWORD", "literal")]


RESOURCES = {
    "written": ("metadata: {name: a, namespace: shop}\n", ["3:32 Pod a shop own namespaced"]),
    "none": ("metadata: {name: a}\n", ["3:18 Pod a - - namespaced"]),
    "an empty one": ("metadata: {name: a, namespace: ''}\n", ["3:18 Pod a - - namespaced"]),
    "a null": ("metadata: {name: a, namespace: }\n", ["3:18 Pod a - - namespaced"]),
    "a made-up name": ("metadata: {generateName: a-}\n", ["3:26 Pod a- - - namespaced"]),
    "a marker": ("metadata: {name: a, namespace: '${NS}'}\n", ["3:33 Pod a unknown own namespaced"]),
    "no metadata": ("spec: {}\n", ["2:7 Pod - - - namespaced"]),
    "what only configures a tool": (
        "metadata: {name: a, annotations: {config.kubernetes.io/local-config: 'true'}}\n",
        [],
    ),
}


@pytest.mark.parametrize("name", RESOURCES)
def test_what_an_object_says_of_its_namespace(name: str) -> None:
    text, expected = RESOURCES[name]

    fields = ("kind", "name", "namespace", "namespace_from", "scope")
    assert lines_of("documents", "a.yaml", f"apiVersion: v1\nkind: Pod\n{text}", Resource, *fields) == expected


def test_pipelines_as_code_gives_the_namespace_of_its_runs() -> None:
    text = "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata: {name: a}\n"

    assert lines_of("documents", ".tekton/a.yaml", text, Resource, "namespace_from") == ["3:18 tekton"]
    assert lines_of("documents", "x.tekton/a.yaml", text, Resource, "namespace_from") == ["3:18 -"]


def test_no_kind_is_both_namespaced_and_not() -> None:
    assert not NAMESPACED & CLUSTER
    assert scope_of("constraints.gatekeeper.sh/v1beta1", "K8sRequired") == "cluster"
    assert scope_of("acme.example.com/v1", "Deployment") == "unknown"


def test_a_definition_says_which_kind_it_makes() -> None:
    text = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x}\n"
        "spec: {group: acme.example.com, scope: Cluster, names: {kind: Widget}}\n"
    )

    assert lines_of("documents", "a.yaml", text, Resource, "defines", "defines_scope") == [
        "3:18 acme.example.com/Widget cluster"
    ]


def test_a_broken_document_does_not_hide_the_others() -> None:
    text = f"apiVersion: v1\nkind: [\n---\n{spec('v1', 'Pod', '{containers: [{image: x}]}')}"

    found = facts_of("documents", "a.yaml", text)

    assert [fact.written for fact in found if isinstance(fact, Image)] == ["x"]
    assert any(isinstance(fact, Unreadable) for fact in found)


@pytest.mark.parametrize(
    "text", ["", "a", "[]", "apiVersion: v1\n", "apiVersion: []\nkind: {}\n", "apiVersion: v1\nkind: 1\nspec: *x\n"]
)
def test_what_is_no_object_says_nothing(text: str) -> None:
    assert images(text) == []


def test_text_that_a_template_makes_yaml_of_is_read_as_far_as_it_is_certain() -> None:
    text = (
        "{{ if .On }}\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"
        "    - image: acme/a:latest\n    - image: {{ .Image }}\n{{ end }}\n"
    )

    found = facts_of("documents", "a.yaml", text)

    assert [(fact.written, fact.tag) for fact in found if isinstance(fact, Image)] == [
        ("acme/a:latest", "latest"),
        ("{{ .Image }}", UNKNOWN),
    ]
    assert [fact.namespace for fact in found if isinstance(fact, Resource)] == [UNKNOWN]


def test_the_schemas_of_long_definitions_are_passed_over_and_the_places_stay() -> None:
    schema = "".join(
        f"          p{number}:\n            description: |-\n              text\n\n              more\n"
        for number in range(900)
    )
    definition = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: x\nspec:\n"
        "  group: acme.example.com\n  names:\n    kind: Widget\n  versions:\n  - name: v1\n    schema:\n"
        f"      openAPIV3Schema:\n        properties:\n{schema}  scope: Cluster\nstatus: {{}}\n"
    )
    text = f"{definition}---\n{spec('v1', 'Pod', '{containers: [{image: x/y}]}')}"

    found = lines_of("documents", "a.yaml", text, Resource, "kind", "defines", "defines_scope")

    line = definition.count("\n") + 3
    assert found == ["4:9 CustomResourceDefinition acme.example.com/Widget cluster", f"{line}:7 Pod - -"]
    assert images(text) == [f"{line + 1}:29 workload x/y"]


def test_keys_and_tokens_in_base64_are_found_in_secrets_of_every_type() -> None:
    key = (
        b"-----BEGIN RSA PRIVATE KEY-----\n"
        + b64encode(b"\x30\x81\x8d" + bytes(range(141)))
        + b"\n-----END RSA PRIVATE KEY-----\n"
    )
    token = make_token("npm")
    values = {
        "tls.crt": b"-----BEGIN CERTIFICATE-----",
        "ca.key": key,
        "npmrc": f"//registry.example.com/:_authToken={token}\n".encode(),
        "plain": b"an ordinary value",
    }
    data = "".join(f"  {name}: {b64encode(value).decode()}\n" for name, value in values.items())
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: b}\n"

    def found(kind: str, more: str = "") -> list[str]:
        return lines_of(
            "documents", "a.yaml", f"{text}type: {kind}\n{more}data:\n{data}", Credential, "kind", "key", "checksum"
        )

    assert found("Opaque") == ["7:11 private-key RSA private key none", "8:10 token - valid"]
    assert found("kubernetes.io/tls") == found("Opaque")
    assert found("Opaque", "sops: {version: 3.9.0}\n") == []
