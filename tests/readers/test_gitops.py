"""Flux, Argo CD, Helmfile, Skaffold, vendir and charts of k3s: what they deploy, where, and from where."""

from __future__ import annotations

import pytest

from relcheck.facts import (
    UNKNOWN,
    Command,
    Component,
    Credential,
    Dependency,
    Deploy,
    Download,
    Image,
    Registry,
    Unreadable,
    Variables,
)
from tests.readers.reading import facts_of, lines_of


def lines(text: str, kind: type, *fields: str, module: str = "documents", path: str = "a.yaml") -> list[str]:
    """Return place and fields of each fact of a kind."""
    return lines_of(module, path, text, kind, *fields)


def flux(kind: str, spec: str) -> str:
    """Return an object of Flux; its `spec` is on the third line."""
    group = {"Kustomization": "kustomize", "HelmRelease": "helm", "ImageRepository": "image"}.get(kind, "source")
    return f"apiVersion: {group}.toolkit.fluxcd.io/v1\nkind: {kind}\nspec: {spec}\n"


GIT = [
    ("{url: 'https://git.example.com/acme/a'}", "- none"),
    ("{url: 'https://git.example.com/acme/a', ref: {branch: main}}", "main branch"),
    ("{url: 'https://git.example.com/acme/a', ref: {branch: main, tag: v1.2.3}}", "v1.2.3 semver-full"),
    ("{url: 'https://git.example.com/acme/a', ref: {tag: v1.2.3, semver: '>=1'}}", ">=1 range"),
    ("{url: 'https://git.example.com/acme/a', ref: {name: refs/heads/x, branch: main}}", "refs/heads/x branch"),
    ("{url: 'ssh://git@git.example.com/acme/a', ref: {commit: " + "0a" * 20 + ", branch: main}}", "0a" * 20 + " sha"),
    ("{url: 'https://git.example.com/acme/a', ref: {branch: '${BRANCH}'}}", "unknown unknown"),
]


@pytest.mark.parametrize(("spec", "expected"), GIT)
def test_which_ref_of_a_repository_flux_follows(spec: str, expected: str) -> None:
    assert [line.partition(" ")[2] for line in lines(flux("GitRepository", spec), Component, "ref", "ref_kind")] == [
        expected
    ]


OCI = [
    ("{url: 'oci://registry.example.com/a'}", "artifact registry.example.com/a -"),
    ("{url: 'oci://registry.example.com/a', ref: {tag: '1'}}", "artifact registry.example.com/a 1"),
    ("{url: 'oci://registry.example.com/a', ref: {semver: 1.x}}", "artifact registry.example.com/a unknown"),
]


@pytest.mark.parametrize(("spec", "expected"), OCI)
def test_which_artifact_flux_takes(spec: str, expected: str) -> None:
    found = lines(flux("OCIRepository", spec), Image, "role", "name", "tag")

    assert [line.partition(" ")[2] for line in found] == [expected]


def test_sources_of_flux_without_tls() -> None:
    text = "---\n".join((
        flux("HelmRepository", "{url: 'http://charts.example.com'}"),
        flux("HelmRepository", "{url: 'oci://registry.example.com/c', insecure: true}"),
        flux("Bucket", "{endpoint: minio.example.com, bucketName: b, insecure: true}"),
        flux("OCIRepository", "{url: 'oci://registry.example.com/a', insecure: false}"),
    ))  # fmt: skip

    assert lines(text, Registry, "ecosystem", "scheme", "tls", "host") == [
        "3:21 helm http - charts.example.com",
        "7:20 helm oci - registry.example.com",
        "7:55 helm - off registry.example.com",
        "11:62 bucket - off minio.example.com",
    ]


def test_what_flux_deploys_and_puts_in() -> None:
    text = flux(
        "Kustomization",
        "{path: ./apps/a/, targetNamespace: shop, images: [{name: a, newTag: '1'}], patches: [{patch: "
        "'{apiVersion: v1, kind: Pod, spec: {containers: [{name: a, image: b:1}]}}'}]}",
    )

    assert lines(text, Deploy, "tool", "path", "namespace") == ["3:42 flux apps/a shop"]
    assert lines(text, Image, "role", "written") == ["3:76 override a:1", "3:168 workload b:1"]


RELEASES = {
    "a range": ("{chart: {spec: {chart: a, version: 1.x, sourceRef: {kind: HelmRepository}}}}", ["3:42 a 1.x range"]),
    "no version": ("{chart: {spec: {chart: a, sourceRef: {kind: HelmRepository}}}}", ["3:30 a - any"]),
    "a folder": ("{chart: {spec: {chart: ./a, sourceRef: {kind: GitRepository}}}}", []),
    "a chart in a repository": ("{chart: {spec: {chart: charts/a, sourceRef: {kind: GitRepository}}}}", []),
    "a reference": ("{chartRef: {kind: OCIRepository, name: a}}", []),
}


@pytest.mark.parametrize("name", RELEASES)
def test_which_chart_a_release_takes(name: str) -> None:
    spec, expected = RELEASES[name]

    assert lines(flux("HelmRelease", spec), Dependency, "name", "constraint", "firmness") == expected


def test_the_values_of_a_release() -> None:
    text = flux("HelmRelease", "{chartRef: {}, values: {image: {repository: acme/a, tag: latest}}}")

    assert lines(text, Image, "written") == ["3:64 acme/a:latest"]


def test_the_version_of_flux_itself() -> None:
    text = "# Flux Version: v2.4.0\n# Components: x\n---\nkind: x\napiVersion: y\n"

    assert lines(text, Dependency, "name", "constraint", path="clusters/a/gotk-components.yaml") == [
        "1:17 fluxcd/flux2 v2.4.0"
    ]


def application(source: str, more: str = "") -> str:
    """Return an application with one source, on the third line."""
    return f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nspec: {{source: {source}{more}}}\n"


ORIGINS = [
    ("{repoURL: 'https://git.example.com/acme/a', path: x}", Component, "acme/a - none"),
    ("{repoURL: 'https://git.example.com/acme/a', targetRevision: HEAD}", Component, "acme/a HEAD latest-alias"),
    ("{repoURL: 'git@git.example.com:acme/a.git', targetRevision: v1.2.3}", Component, "acme/a v1.2.3 semver-full"),
    ("{repoURL: 'https://git.example.com/acme/a', targetRevision: '1.*'}", Component, "acme/a 1.* range"),
]


@pytest.mark.parametrize(("source", "kind", "expected"), ORIGINS)
def test_which_revision_an_application_follows(source: str, kind: type, expected: str) -> None:
    found = lines(application(source), kind, "name", "ref", "ref_kind")

    assert [line.partition(" ")[2] for line in found] == [expected]


CHARTS = [
    ("{repoURL: 'https://charts.example.com', chart: a, targetRevision: 1.2.3}", ["a 1.2.3 exact"]),
    ("{repoURL: registry.example.com/charts, chart: a, targetRevision: ~1.2}", ["a ~1.2 range"]),
    ("{repoURL: 'https://charts.example.com', chart: a}", ["a - any"]),
    ("{repoURL: 'https://charts.example.com', chart: a, targetRevision: '{{v}}'}", ["a unknown unknown"]),
    ("{repoURL: 'https://charts.example.com', chart: a, targetRevision: HEAD}", ["a HEAD unknown"]),
]


@pytest.mark.parametrize(("source", "expected"), CHARTS)
def test_which_chart_an_application_takes(source: str, expected: list[str]) -> None:
    found = lines(application(source), Dependency, "name", "constraint", "firmness")

    assert [line.partition(" ")[2] for line in found] == expected


def test_an_artifact_that_an_application_takes() -> None:
    text = "---\n".join(
        application(f"{{repoURL: 'oci://registry.example.com/a', targetRevision: {ref}}}") for ref in ("'1'", "1.x")
    )

    assert lines(text, Image, "role", "tag") == ["3:75 artifact 1", "7:33 artifact unknown"]


def test_what_an_application_gives_to_a_chart() -> None:
    text = application(
        "{repoURL: 'https://charts.example.com', chart: a, targetRevision: 1.0.0, helm: {parameters: "
        "[{name: image.tag, value: latest}, {name: web.image, value: 'acme/w:1'}, {name: replicas, value: '2'}], "
        "valueFiles: [a.yaml, 'https://git.example.com/acme/a/raw/main/v.yaml'], values: 'image: acme/v:1'}}"
    )

    assert [line.partition(" ")[2] for line in lines(text, Image, "role", "written", "tag")] == [
        "workload acme/v:1 1",
        "override image.tag=latest latest",
        "override acme/w:1 1",
    ]
    assert [fact.host for fact in facts_of("documents", "a.yaml", text) if isinstance(fact, Download)] == [
        "git.example.com"
    ]


def test_where_an_application_goes() -> None:
    text = application("{repoURL: 'https://git.example.com/acme/a', path: ./x}", ", destination: {namespace: shop}")

    assert [line.partition(" ")[2] for line in lines(text, Deploy, "tool", "path", "namespace")] == ["argocd x shop"]


def test_images_that_the_updater_moves_have_no_tag_of_their_own() -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {annotations: "
        "{argocd-image-updater.argoproj.io/image-list: 'web=acme/w:1.x, acme/v'}}\nspec: {source: {repoURL: x}}\n"
    )

    assert lines(text, Image, "role", "name", "tag") == [
        "3:83 override acme/w unknown",
        "3:88 override acme/v unknown",
    ]


SET = """apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
spec:
  generators:
  - list: {elements: [], template: {spec: {source: {repoURL: 'https://git.example.com/acme/g', targetRevision: g}}}}
  template: {spec: {source: {repoURL: 'https://git.example.com/acme/t', targetRevision: '{{ref}}'}}}
  templatePatch: |
    spec:
      source:
        repoURL: https://git.example.com/acme/p
        {{- if .x }}
        targetRevision: main
        {{- end }}
"""


def test_every_template_of_a_set() -> None:
    assert lines(SET, Component, "name", "ref") == ["6:40 acme/t unknown", "5:112 acme/g g", "12:25 acme/p main"]


def test_repositories_that_generators_look_at() -> None:
    text = (
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nspec:\n  generators:\n"
        "  - git: {repoURL: 'https://git.example.com/acme/a', revision: main}\n"
        "  - matrix: {generators: [{git: {repoURL: 'https://git.example.com/acme/b'}}, {list: {elements: []}}]}\n"
    )

    assert lines(text, Component, "name", "ref") == ["5:64 acme/a main", "6:44 acme/b -"]


CLUSTER = "apiVersion: v1\nkind: Secret\nmetadata: {name: c, labels: {argocd.argoproj.io/secret-type: cluster}}\n"


@pytest.mark.parametrize(
    "config",
    [
        """stringData: {config: '{"password": "hunter2x9", "tlsClientConfig": {"insecure": false}}'}""",
        "data: {config: eyJwYXNzd29yZCI6ICJodW50ZXIyeDkifQ==}",
    ],
)
def test_what_opens_a_cluster(config: str) -> None:
    assert lines(f"{CLUSTER}{config}\n", Credential, "kind", "key", "form", "length")[0].endswith(
        "kubeconfig password literal 9"
    )
    assert lines(f"{CLUSTER}{config}\nsops: {{version: 3.9.0}}\n", Credential, "kind") == []


K3S = """apiVersion: helm.cattle.io/v1
kind: HelmChart
spec:
  chart: traefik
  repo: https://charts.example.com
  valuesContent: |
    image: {repository: acme/t, tag: latest}
"""


def test_a_chart_that_k3s_installs() -> None:
    assert lines(K3S, Dependency, "name", "firmness") == ["4:10 traefik any"]
    assert lines(K3S, Image, "written") == ["7:38 acme/t:latest"]


HELMFILE = """repositories:
- {name: a, url: 'https://charts.example.com', password: correct-horse-7}
- {name: b, url: 'oci://registry.example.com/c', oci: true, plainHttp: true}
releases:
- {name: r, chart: a/one, version: 1.2.3, set: [{name: image.tag, value: latest}]}
{{ if .Values.on }}
- name: s
  chart: a/two
  version: {{ .Values.version }}
  values: [{image: {repository: acme/a, tag: edge}}, x.yaml]
  hooks: [{command: docker, args: [push, 'acme/b:1']}]
{{ end }}
- {name: t, chart: ./charts/three}
- {name: u, chart: 'git::https://git.example.com/acme/c@x?ref=main'}
- {name: v, chart: 'https://www.example.com/c-1.0.0.tgz'}
- {name: w, chart: 'oci://registry.example.com/c/four', version: ~1.0}
---
releases: [{name: x, chart: a/five}]
"""


def test_patches_of_a_helmfile() -> None:
    text = (
        "releases:\n- chart: a/b\n  strategicMergePatches:\n  - p.yaml\n  - {apiVersion: apps/v1, kind: Deployment, "
        "spec: {template: {spec: {containers: [{name: a, image: 'acme/a:1'}]}}}}\n  jsonPatches:\n  - patch:\n"
        "    - {op: replace, path: /spec/template/spec/containers/0/image, value: 'acme/b:2'}\n    - {op: remove, path: /a}\n"
    )

    assert lines(text, Image, "role", "written", module="helmfile", path="helmfile.yaml") == [
        "5:108 workload acme/a:1",
        "8:82 workload acme/b:2",
    ]


def test_what_flux_puts_into_manifests() -> None:
    text = flux("Kustomization", "{path: ./a/, postBuild: {substitute: {TAG: 1.2.3, N: 1, V: '${X}'}}}") + "---\n"
    text += flux("Kustomization", "{postBuild: {substituteFrom: [{kind: Secret, name: a}]}}")

    found = [fact for fact in facts_of("documents", "a.yaml", text) if isinstance(fact, Variables)]

    assert [(fact.folder, [(each.name, each.value) for each in fact.values_of]) for fact in found] == [
        ("a", [("TAG", "1.2.3"), ("N", "1"), ("V", UNKNOWN)]), (".", []),
    ]  # fmt: skip


def test_which_object_a_chart_of_flux_comes_from() -> None:
    source = "{kind: HelmRepository, name: r}"
    text = flux("HelmRelease", f"{{chart: {{spec: {{chart: a, sourceRef: {source}}}}}}}").replace(
        "\nspec", "\nmetadata: {name: x, namespace: shop}\nspec"
    )

    assert lines(text, Dependency, "index", "url") == ["4:30 HelmRepository/shop/r unknown"]


def test_a_helmfile() -> None:
    def found(kind: type, *fields: str) -> list[str]:
        return lines(HELMFILE, kind, *fields, module="helmfile", path="helmfile.yaml")

    assert found(Dependency, "name", "constraint", "firmness", "url") == [
        "5:36 a/one 1.2.3 exact https://charts.example.com",
        "8:10 a/two unknown unknown https://charts.example.com",
        "16:66 oci://registry.example.com/c/four ~1.0 range -",
        "18:29 a/five - any https://charts.example.com",
    ]
    assert found(Image, "role", "written") == [
        "5:74 override image.tag=latest",
        "10:46 workload acme/a:edge",
        "11:50 pushed acme/b:1",
    ]
    assert found(Component, "name", "ref") == ["14:63 acme/c main"]
    assert found(Download, "host") == ["15:21 www.example.com"]
    assert found(Credential, "kind", "form") == ["2:58 helm-repo-password literal"]
    assert [line for line in found(Registry, "tls") if "off" in line] == ["3:72 off"]


SKAFFOLD = """apiVersion: skaffold/v4beta11
kind: Config
requires: [{git: {repo: 'https://git.example.com/acme/r.git', ref: main}}]
build:
  insecureRegistries: ['registry.example.com:5000']
  artifacts:
  - image: acme/web
    context: web
    docker: {dockerfile: D, cacheFrom: ['acme/cache:1']}
    hooks: {before: [{command: [docker, push, 'acme/h:1']}]}
  - image: acme/job
    kaniko: {image: 'kaniko:1', skipTLS: true, destination: ['acme/job:2'], cache: {repo: acme/c}}
  - {image: acme/p, buildpacks: {builder: 'b:1', runImage: 'r:1', buildpacks: ['urn:cnb:x', 'acme/pack:1', 'a/b@1']}}
  - {image: acme/j, jib: {fromImage: 'j:1'}}
  - {image: acme/k, ko: {fromImage: 'k:1'}}
  - {image: acme/c, custom: {buildCommand: docker push acme/c:1}}
  googleCloudBuild: {dockerImage: 'gcb:1'}
manifests: {rawYaml: ['k8s/*.yaml', 'https://git.example.com/acme/a/raw/main/x.yaml'], kustomize: {paths: [over]}}
deploy:
  kubectl: {defaultNamespace: shop}
  helm: {releases: [{remoteChart: redis, repo: 'https://charts.example.com', version: ^1.0.0, setValues: {image: 'acme/v:1'}}]}
test: [{image: acme/web, custom: [{command: docker push acme/t:1}]}]
verify: [{name: v, container: {image: 'v:1'}}]
customActions: [{name: a, containers: [{image: 'ca:1'}]}]
profiles:
- build: {artifacts: [{image: acme/profile}]}
  patches: [{op: replace, path: /build/artifacts/0/image, value: acme/patched}, {op: add, path: /build/tagPolicy, value: x}]
"""


def test_a_skaffold_file_whole() -> None:
    def found(kind: type, *fields: str) -> list[str]:
        return [
            line.partition(" ")[2] for line in lines(SKAFFOLD, kind, *fields, module="skaffold", path="skaffold.yaml")
        ]

    assert found(Image, "role", "written") == [
        "output acme/web", "cache acme/cache:1", "pushed acme/h:1", "output acme/job", "run kaniko:1",
        "output acme/job:2", "cache acme/c", "output acme/p", "base b:1", "base r:1", "artifact acme/pack:1",
        "output acme/j", "base j:1", "output acme/k", "base k:1", "output acme/c", "pushed acme/c:1", "run gcb:1",
        "override acme/v:1", "pushed acme/t:1", "run v:1", "run ca:1", "output acme/profile", "output acme/patched",
    ]  # fmt: skip
    assert found(Deploy, "path", "namespace") == ["k8s shop", "over shop"]
    assert found(Dependency, "name", "firmness") == ["redis range"]
    assert found(Download, "host") == ["git.example.com"]
    assert found(Component, "kind", "name") == ["context web", "context .", "config acme/r", "context ."]
    assert found(Registry, "key", "tls") == [
        "skipTLS: true off",
        "insecureRegistries off",
        "repository -",
    ]
    assert len(found(Command, "program")) == 3


VENDIR = """apiVersion: vendir.k14s.io/v1alpha1
kind: Config
directories:
- path: v
  contents:
  - {path: a, git: {url: 'https://git.example.com/acme/a.git', ref: origin/main}}
  - {path: b, git: {url: 'https://git.example.com/acme/b.git', refSelection: {semver: {constraints: '>1'}}}}
  - {path: c, image: {url: 'acme/i:1'}}
  - {path: d, imgpkgBundle: {image: acme/bundle}}
  - {path: e, githubRelease: {slug: acme/e, latest: true}}
  - {path: f, githubRelease: {slug: acme/f, tag: v1.0.0}}
  - {path: g, helmChart: {name: redis, version: 1.2.3, repository: {url: 'http://charts.example.com'}}}
  - {path: h, http: {url: 'https://www.example.com/h.yaml', sha256: 0a}}
"""


def test_what_vendir_copies() -> None:
    def found(kind: type, *fields: str) -> list[str]:
        return lines(VENDIR, kind, *fields, module="vendir", path="vendir.yml")

    assert found(Component, "name", "ref", "ref_kind") == [
        "6:69 acme/a origin/main branch",
        "7:27 acme/b - range",
        "10:37 acme/e - latest-alias",
        "11:50 acme/f v1.0.0 semver-full",
    ]
    assert found(Image, "role", "written", "tag") == ["8:36 artifact acme/i:1 1", "9:37 artifact acme/bundle -"]
    assert found(Download, "verified_by") == ["13:28 checksum"]
    assert found(Dependency, "name", "firmness") == ["12:49 redis exact"]
    assert found(Registry, "scheme") == ["12:82 http"]


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("helmfile", "releases: [null, 1, {chart: }, {chart: []}, {chart: {}}]\nrepositories: {}\n"),
        ("skaffold", "build: []\nprofiles: [1, {build: 1}]\ndeploy: {helm: []}\nmanifests: {rawYaml: {}}\n"),
        ("vendir", "kind: Config\ndirectories: [1, {contents: [1, {git: 1}, {git: {}}, {image: {}}]}]\n"),
        ("helm_requirements", "roles: [{name: a}]\n"),
        ("helm_requirements", "dependencies: [1, {}, {name: []}]\n"),
    ],
)
def test_odd_shapes_say_nothing(module: str, text: str) -> None:
    assert facts_of(module, "x.yaml", text) == []


@pytest.mark.parametrize("module", ["helmfile", "skaffold", "vendir", "helm_requirements"])
def test_what_is_no_yaml_is_said(module: str) -> None:
    found = facts_of(module, "x.yaml", "a: [\n")

    assert [type(fact) for fact in found] == [Unreadable]
