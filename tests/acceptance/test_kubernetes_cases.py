"""What the readers of the Kubernetes family must see and what they must not, case by case (37 to 44)."""

from __future__ import annotations

from pathlib import Path

import pytest

from relcheck.facts import UNKNOWN, Command, Image, Resource
from tests.kubernetes_trees import Facts, facts_of

DIGEST = "sha256:" + "0a" * 32


def images(facts: Facts, path: str = "") -> list[tuple[str, str]]:
    """Return role and written reference of each image."""
    return [(image.role, image.written) for image in facts.of(Image, path)]


def resources(facts: Facts, path: str = "") -> list[tuple[object, object, str]]:
    """Return kind, namespace and its supplier of each object."""
    return [(found.kind, found.namespace, found.namespace_from) for found in facts.of(Resource, path)]


# 37

PODS = """apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: List
  items:
  - apiVersion: v1
    kind: Pod
    metadata: {name: a, namespace: n}
    spec: {containers: [{name: a, image: in-a-list:1}]}
- apiVersion: batch/v1
  kind: CronJob
  metadata: {name: c, namespace: n}
  spec:
    jobTemplate:
      spec:
        template:
          spec:
            initContainers: [{name: i, image: "sidecar:1", restartPolicy: Always}]
            containers: [{name: c, image: "job:1"}]
            ephemeralContainers: [{name: e, image: "debug:1"}]
            volumes: [{name: v, image: {reference: "data:1", pullPolicy: Never}}]
"""


def test_case_37_lists_in_lists_cron_jobs_and_every_kind_of_container(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, {"a.yaml": PODS})

    assert images(facts) == [
        ("workload", "in-a-list:1"),
        ("workload", "sidecar:1"),
        ("workload", "job:1"),
        ("workload", "debug:1"),
        ("mount", "data:1"),
    ]
    assert [found.kind for found in facts.of(Resource)] == ["Pod", "CronJob"]
    assert [image.pull_policy for image in facts.of(Image)] == ["", "", "", "", "Never"]


def test_case_37_a_typed_list_need_not_repeat_the_kind(tmp_path: Path) -> None:
    text = "apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n  spec: {containers: [{image: a:1}]}\n"

    facts = facts_of(tmp_path, {"a.yaml": text})

    assert images(facts) == [("workload", "a:1")]
    assert [(found.kind, found.scope) for found in facts.of(Resource)] == [("Pod", "namespaced")]


@pytest.mark.parametrize("items", ["items: null", "items: []", "items: [null, 1, {}]"])
def test_case_37_a_list_of_nothing(items: str, tmp_path: Path) -> None:
    facts = facts_of(tmp_path, {"a.yaml": f"apiVersion: v1\nkind: List\n{items}\n"})

    assert images(facts) == []
    assert resources(facts) == []


# 38


def test_case_38_a_rollout_that_refers_to_a_workload_has_no_image(tmp_path: Path) -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: a, namespace: n}\nspec:\n"
        "  workloadRef: {apiVersion: apps/v1, kind: Deployment, name: a}\n"
    )

    assert images(facts_of(tmp_path, {"a.yaml": text})) == []


WORKFLOW = """apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: w, namespace: n}
spec:
  arguments:
    parameters: [{name: tag, value: "3.20"}]
  templates:
  - name: a
    container: {image: "alpine:{{workflow.parameters.tag}}"}
    sidecars: [{name: s, image: "side:1"}]
  - name: b
    script: {image: "bash:5", source: "docker push acme/b:1"}
  - name: c
    containerSet: {containers: [{name: x, image: "set:1"}]}
  - name: d
    resource:
      action: create
      manifest: |
        apiVersion: v1
        kind: Pod
        metadata: {name: made}
        spec: {containers: [{name: m, image: "made:1"}]}
  - name: e
    steps: [[{name: in, inline: {container: {image: "inline:1"}}}]]
"""


def test_case_38_a_workflow_holds_containers_scripts_and_manifests(tmp_path: Path) -> None:
    facts = facts_of(tmp_path, {"w.yaml": WORKFLOW})

    assert images(facts)[:2] == [("workload", "alpine:{{workflow.parameters.tag}}"), ("workload", "side:1")]
    assert facts.of(Image)[0].tag == "3.20"
    assert {written for _, written in images(facts)} >= {"bash:5", "set:1", "made:1", "inline:1"}
    assert [command.verb for command in facts.of(Command)] == ["push"]
    assert ("Pod", UNKNOWN, "") in resources(facts)


def test_case_38_knative_with_several_containers_and_a_scaled_job(tmp_path: Path) -> None:
    text = (
        "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: k, namespace: n}\n"
        "spec: {template: {spec: {containers: [{image: 'one:1'}, {image: 'two:1'}]}}}\n---\n"
        "apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\nmetadata: {name: s, namespace: n}\n"
        "spec: {jobTargetRef: {template: {spec: {containers: [{image: 'three:1'}]}}}}\n"
    )

    assert images(facts_of(tmp_path, {"k.yaml": text})) == [
        ("workload", "one:1"),
        ("workload", "two:1"),
        ("workload", "three:1"),
    ]


# 39

SILENT = {
    "a schema": (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: x.acme.example.com}\n"
        "spec: {versions: [{schema: {openAPIV3Schema: {properties: {containers: {items: {properties: "
        "{image: {type: string, default: 'a:latest'}}}}}}}}]}\n"
    ),
    "a pattern of a policy": (
        "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nmetadata: {name: p}\n"
        "spec: {rules: [{validate: {pattern: {spec: {containers: [{image: '!*:latest'}]}}}}]}\n"
    ),
    "a status": (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\n"
        "status: {containerStatuses: [{image: 'a:latest'}], containers: [{image: 'a:latest'}]}\n"
    ),
    "text in a ConfigMap": (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: n}\n"
        "data:\n  pod.yaml: |\n    apiVersion: v1\n    kind: Pod\n    spec: {containers: [{image: 'a:latest'}]}\n"
    ),
    "an allow list of images": (
        "apiVersion: policy.sigstore.dev/v1beta1\nkind: ClusterImagePolicy\nmetadata: {name: p}\n"
        "spec: {images: [{glob: '**'}], containers: [{image: 'a:latest'}]}\n"
    ),
    "a node's images": ("apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {images: [{names: ['a:latest']}]}\n"),
}


@pytest.mark.parametrize("name", SILENT)
def test_case_39_what_looks_like_an_image_and_is_none(name: str, tmp_path: Path) -> None:
    assert images(facts_of(tmp_path, {"a.yaml": SILENT[name]})) == []


# 40


def built(tmp_path: Path, entry: str, image: str, where: str = "containers") -> object:
    pod = (
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\n"
        f"spec: {{{where}: [{{name: a, image: '{image}'}}]}}\n"
    )
    kustomization = f"resources: [pod.yaml]\nimages:\n- {entry}\n"

    facts = facts_of(tmp_path, {"pod.yaml": pod, "kustomization.yaml": kustomization})

    return facts.of(Image, "pod.yaml")[0].overridden


OVERRIDES = [
    ("{name: nginx, newTag: '1.27.0'}", "nginx", "containers", True),
    ("{name: nginx, newTag: '1.27.0'}", "nginx:1.20", "initContainers", True),
    ("{name: nginx, newTag: '1.27.0'}", "docker.io/nginx", "containers", False),
    ("{name: nginx, newTag: '1.27.0'}", "nginx", "ephemeralContainers", False),
    ("{name: nginx, newName: registry.example.com/nginx}", "nginx", "containers", False),
    (f"{{name: nginx, digest: '{DIGEST}'}}", "nginx", "containers", True),
    ("{name: ngin., newTag: '1.27.0'}", "nginx", "containers", True),
    ("{name: 'ngin(', newTag: '1.27.0'}", "nginx", "containers", False),
    ("{name: ngin, newTag: '1.27.0'}", "nginx", "containers", False),
]


@pytest.mark.parametrize(("entry", "image", "where", "replaced"), OVERRIDES)
def test_case_40_which_images_an_entry_replaces(
    entry: str, image: str, where: str, replaced: bool, tmp_path: Path
) -> None:
    assert built(tmp_path, entry, image, where) is replaced


def test_case_40_only_what_every_root_replaces_is_replaced(tmp_path: Path) -> None:
    files = {
        "base/pod.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{image: app}]}\n",
        "base/kustomization.yaml": "resources: [pod.yaml]\n",
        "one/kustomization.yaml": "resources: [../base]\nimages: [{name: app, newTag: '1'}]\n",
        "two/kustomization.yaml": "resources: [../base]\n",
    }

    assert facts_of(tmp_path, files).of(Image, "base/pod.yaml")[0].overridden is False


# 41

DEPLOYMENT = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"


def test_case_41_an_overlay_gives_the_base_its_namespace(tmp_path: Path) -> None:
    files = {
        "base/all.yaml": DEPLOYMENT + "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\n"
        "metadata: {name: r}\n---\napiVersion: acme.example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
        "base/kustomization.yaml": "resources: [all.yaml]\n",
        "prod/kustomization.yaml": "namespace: shop\nresources: [../base]\n",
    }

    facts = facts_of(tmp_path, files)

    assert resources(facts, "base/all.yaml") == [
        ("Deployment", "shop", "kustomize"),
        ("ClusterRole", "", ""),
        ("Widget", "", ""),
    ]
    assert [found.scope for found in facts.of(Resource, "base/all.yaml")] == ["namespaced", "cluster", "unknown"]


def test_case_41_two_overlays_of_which_one_gives_none(tmp_path: Path) -> None:
    files = {
        "app/all.yaml": DEPLOYMENT,
        "app/kustomization.yaml": "resources: [all.yaml]\n",
        "prod/kustomization.yaml": "namespace: shop\nresources: [../app]\n",
        "stage/kustomization.yaml": "resources: [../app]\n",
    }

    assert resources(facts_of(tmp_path, files), "app/all.yaml") == [("Deployment", "", "")]


def test_case_41_two_overlays_with_a_namespace_each(tmp_path: Path) -> None:
    files = {
        "app/all.yaml": DEPLOYMENT,
        "app/kustomization.yaml": "resources: [all.yaml]\n",
        "prod/kustomization.yaml": "namespace: shop\nresources: [../app]\n",
        "stage/kustomization.yaml": "namespace: test\nresources: [../app]\n",
    }

    assert resources(facts_of(tmp_path, files), "app/all.yaml") == [("Deployment", UNKNOWN, "kustomize")]


def test_case_41_a_definition_in_the_repository_settles_the_scope_of_its_kind(tmp_path: Path) -> None:
    crd = (
        "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: widgets.acme.example.com}\n"
        "spec: {group: acme.example.com, scope: SCOPE, names: {kind: KIND, plural: widgets}}\n"
    )
    files = {
        "crd/a.yaml": crd.replace("SCOPE", "Namespaced").replace("KIND", "Widget"),
        "crd/b.yaml": crd.replace("SCOPE", "Cluster").replace("KIND", "ClusterWidget"),
        "a.yaml": "apiVersion: acme.example.com/v1\nkind: Widget\nmetadata: {name: w}\n---\n"
        "apiVersion: acme.example.com/v1\nkind: ClusterWidget\nmetadata: {name: c}\n",
    }

    facts = facts_of(tmp_path, files)

    assert [found.scope for found in facts.of(Resource, "a.yaml")] == ["namespaced", "cluster"]


def test_case_41_what_a_chart_made_is_not_given_a_namespace_by_the_kustomization_around_it(tmp_path: Path) -> None:
    files = {
        "kustomization.yaml": "namespace: shop\nhelmCharts: [{name: app, repo: 'https://charts.acme.example.com', "
        "version: 1.0.0}]\nhelmGlobals: {chartHome: charts}\n",
        "charts/app/Chart.yaml": "apiVersion: v2\nname: app\nversion: 1.0.0\n",
        "charts/app/templates/a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n",
    }

    assert resources(facts_of(tmp_path, files), "charts/app/templates/a.yaml") == [("Service", "", "helm")]
