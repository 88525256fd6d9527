"""Terraform and its kin: modules, providers, images of resources, registries as code, variables, locks."""

# ruff: noqa: E501 - a file in one line is easier to compare with its facts

from __future__ import annotations

import pytest

from relcheck.facts import (
    Command,
    Component,
    Credential,
    Dependency,
    Deploy,
    Download,
    Image,
    Registry,
    Resource,
    Unreadable,
    Variables,
)
from tests.readers.reading import facts_of, lines_of

MODULES = {
    "./x": [],
    "../x//y": [],
    "${var.where}/x": [],
    "terraform-aws-modules/vpc/aws": ["terraform-aws-modules/vpc/aws - none"],
    "app.acme.io/acme/vpc/aws//modules/x": ["acme/vpc/aws - none"],
    "github.com/o/r": ["o/r - none"],
    "github.com/o/r//a/b?ref=v1.2.0": ["o/r v1.2.0 semver-full"],
    "git::https://git.acme.io/o/r.git//a?ref=main&depth=1": ["o/r main branch"],
    "git::ssh://git@git.acme.io/o/r.git?depth=1&ref=v1": ["o/r v1 semver-partial"],
    "git@github.com:o/r.git?ref=0123456789012345678901234567890123456789": [
        "o/r 0123456789012345678901234567890123456789 sha"
    ],
    "oci://registry.acme.io/modules/vpc?tag=latest": ["registry.acme.io/modules/vpc latest latest-alias"],
    "s3::https://s3.amazonaws.com/x/y.zip": ["s3.amazonaws.com/x/y.zip - unknown"],
    "hg::https://hg.acme.io/o/r//a?rev=tip": ["hg.acme.io/o/r tip branch"],
    "hg::https://hg.acme.io/o/r": ["hg.acme.io/o/r - none"],
    "tfr:///ns/name/aws?version=1.2.0": ["ns/name/aws 1.2.0 semver-full"],
}


@pytest.mark.parametrize("source", MODULES)
def test_the_source_of_a_module(source: str) -> None:
    text = f'module "x" {{\n  source = "{source}"\n}}\n'

    found = lines_of("terraform", "main.tf", text, Component, "name", "ref", "ref_kind")

    assert [line.partition(" ")[2] for line in found] == MODULES[source]


VERSIONS = {
    '"1.2.3"': "1.2.3 semver-full",
    '"= 1.2.3"': "= 1.2.3 semver-full",
    '"~> 1.2"': "~> 1.2 range",
    '">= 0"': ">= 0 range",
    '""': "- none",
    "var.version": "unknown unknown",
}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_version_of_a_module(version: str) -> None:
    text = f'module "x" {{\n  source = "a/b/c"\n  version = {version}\n}}\n'

    found = lines_of("terraform", "main.tf", text, Component, "ref", "ref_kind")

    assert [line.partition(" ")[2] for line in found] == [VERSIONS[version]]


def test_archives_and_repositories_over_http() -> None:
    text = (
        'module "a" { source = "https://files.acme.io/a.zip" }\n'
        'module "b" { source = "https://files.acme.io/b.zip?checksum=sha256:1" }\n'
        'module "c" { source = "git::http://git.acme.io/o/r.git?ref=v1.0.0" }\n'
    )

    assert lines_of("terraform", "a.tf", text, Download, "host", "verified_by") == [
        "1:24 files.acme.io -",
        "2:24 files.acme.io checksum",
    ]
    assert lines_of("terraform", "a.tf", text, Registry, "purpose", "scheme") == ["3:36 vcs http"]


PROVIDERS = """terraform {
  required_version = "~> 1.9"
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.0" }
    tls = { source = "hashicorp/tls" }
    old = "2.7.0"
  }
}
provider "gitlab" {
  version = "1.3.0"
  token = "abcd1234efgh"
}
"""


def test_providers_and_their_credentials() -> None:
    assert lines_of("terraform", "main.tf", PROVIDERS, Dependency, "where", "name", "constraint", "firmness") == [
        "2:23 tool terraform ~> 1.9 range",
        "4:50 manifest hashicorp/aws >= 5.0 range",
        "5:23 manifest hashicorp/tls - any",
        "6:12 manifest old 2.7.0 exact",
        "10:14 manifest gitlab 1.3.0 exact",
    ]
    assert lines_of("terraform", "main.tf", PROVIDERS, Credential, "key", "form") == ["11:12 gitlab.token literal"]


def test_providers_from_an_oci_registry_and_versions_of_workspaces() -> None:
    text = (
        'terraform {\n  required_providers {\n    a = { source = "oci://registry.acme.io/p/a?tag=1.2.0" }\n'
        '    b = { source = "oci://registry.acme.io/p/b" }\n  }\n}\nresource "tfe_workspace" "w" {\n  terraform_version = "1.9.0"\n}\n'
    )

    assert lines_of("terraform", "main.tf", text, Dependency, "name", "constraint", "firmness") == [
        "3:52 registry.acme.io/p/a 1.2.0 exact",
        "4:27 registry.acme.io/p/b - any",
        "8:24 terraform 1.9.0 exact",
    ]


def test_a_lock_file() -> None:
    text = 'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.1.0"\n  hashes = ["h1:x="]\n}\n'

    (found,) = [f for f in facts_of("terraform", ".terraform.lock.hcl", text) if isinstance(f, Dependency)]

    assert (found.where, found.constraint, found.hashed, found.locked) == ("lock", "5.1.0", True, True)


RESOURCES = {
    'resource "docker_image" "a" { name = "nginx:1" }': ["pulled nginx:1"],
    'data "docker_registry_image" "a" { name = "nginx:1" }': ["pulled nginx:1"],
    'resource "docker_registry_image" "a" { name = "nginx:1" }': ["pushed nginx:1"],
    'resource "docker_service" "a" { task_spec { container_spec { image = "a/b:1" } } }': ["workload a/b:1"],
    'resource "kubernetes_cron_job_v1" "a" { spec { job_template { spec { template { spec { init_container { image = "a/b:1" } } } } } } }': [
        "workload a/b:1"
    ],
    'resource "kubernetes_manifest" "a" { manifest = { apiVersion = "v1", kind = "Pod", spec = { containers = [{ name = "x", image = "a/b:1" }] } } }': [
        "workload a/b:1"
    ],
    'resource "kubectl_manifest" "a" {\n  yaml_body = <<-EOT\n    apiVersion: v1\n    kind: Pod\n    spec: {containers: [{name: a, image: a/b:1}]}\n  EOT\n}\n': [
        "workload a/b:1"
    ],
    'resource "aws_ecs_task_definition" "a" { container_definitions = jsonencode([{ image = "a/b:1" }, { image = "${x.y}:2" }]) }': [
        "workload a/b:1",
        "workload ${x.y}:2",
    ],
    'resource "aws_ecs_task_definition" "a" { container_definitions = "[{\\"image\\": \\"a/b:1\\"}]" }': [
        "workload a/b:1"
    ],
    'resource "aws_codebuild_project" "a" { environment { image = "aws/codebuild/standard:7.0" } }': [],
    'resource "google_cloud_run_v2_service" "a" { template { containers { image = "a/b:1" } } }': ["workload a/b:1"],
    'resource "azurerm_container_group" "a" {\n container { image = "a/b:1" }\n container { image = "a/c:2" }\n}': [
        "workload a/b:1",
        "workload a/c:2",
    ],
    'resource "acme_thing" "a" { image = "a/b:1" }': [],
}


@pytest.mark.parametrize("text", RESOURCES)
def test_images_of_resources(text: str) -> None:
    found = lines_of("terraform", "main.tf", text, Image, "role", "written")

    assert [line.partition(" ")[2] for line in found] == RESOURCES[text]


def test_json_says_the_same() -> None:
    text = '{"resource": {"docker_image": {"a": {"name": "nginx:${var.t}"}}}, "variable": {"t": {"default": "1"}}}'

    assert lines_of("terraform", "main.tf.json", text, Image, "written", "tag") == ["1:53 nginx:${var.t} 1"]


def test_values_of_variables_and_locals() -> None:
    text = (
        'variable "image" { default = "nginx:1" }\nlocals { repo = "a/b" }\n'
        'resource "docker_image" "a" { name = var.image }\n'
        'resource "docker_image" "b" { name = format("%s:%s", local.repo, var.other) }\n'
    )

    assert lines_of("terraform", "main.tf", text, Image, "written", "name", "tag", "state", "raw") == [
        "1:37 nginx:1 nginx 1 defaulted ${var.image}",
        "4:54 ${local.repo}:${var.other} a/b unknown partial ${local.repo}:${var.other}",
    ]
    (values,) = [fact for fact in facts_of("terraform", "main.tf", text) if isinstance(fact, Variables)]
    assert [(option.name, option.value) for option in values.values_of] == [
        ("var.image", "nginx:1"),
        ("local.repo", "a/b"),
    ]


def test_instances_of_a_resource() -> None:
    text = (
        'locals {\n  apps = { a = { image = "acme/a:1" }, b = { image = "acme/b" } }\n}\n'
        'resource "docker_container" "x" {\n  for_each = local.apps\n  image = each.value.image\n}\n'
        'resource "docker_container" "y" {\n  for_each = toset(["acme/c:3"])\n  image = each.key\n}\n'
        'resource "docker_container" "z" {\n  for_each = var.unknown\n  image = each.value\n}\n'
    )

    assert lines_of("terraform", "main.tf", text, Image, "written", "tag") == [
        "2:34 acme/a:1 1",
        "2:55 acme/b -",
        "9:29 acme/c:3 3",
        "14:11 each.value unknown",
    ]


REGISTRIES = """resource "aws_ecr_repository" "a" {
  name = "api"
}
resource "aws_ecr_repository" "b" {
  image_tag_mutability = "IMMUTABLE"
}
resource "aws_ecr_repository" "c" {
  image_tag_mutability = var.x
}
resource "google_artifact_registry_repository" "d" {
  repository_id = "r"
  format = "DOCKER"
  docker_config { immutable_tags = true }
}
resource "aws_ecr_lifecycle_policy" "e" {
  policy = jsonencode({ rules = [{ selection = { tagStatus = "any" } }, { selection = { tagStatus = "untagged" } }] })
}
resource "aws_ecr_lifecycle_policy" "f" {
  policy = <<EOF
{"rules": [{"selection": {"tagStatus": "tagged", "tagPrefixList": ["pr-"]}}]}
EOF
}
"""


def test_registries_as_code() -> None:
    assert lines_of("terraform", "main.tf", REGISTRIES, Registry, "purpose", "scope", "tags_mutable", "covers") == [
        "2:11 repository api True ()",
        "5:27 repository - False ()",
        "8:26 repository - unknown ()",
        "13:36 repository r False ()",
        "16:63 retention - unknown ('*',)",
        "20:67 retention - unknown ('pr-*',)",
    ]


def test_charts_namespaces_and_commands() -> None:
    text = (
        'resource "helm_release" "a" {\n  repository = "https://charts.acme.io"\n  chart = "redis"\n}\n'
        'resource "helm_release" "b" {\n  chart = "./charts/x"\n  namespace = "shop"\n}\n'
        'resource "kubernetes_deployment" "c" { metadata { namespace = "shop" } }\n'
        'resource "null_resource" "d" {\n  provisioner "local-exec" { command = "docker push a/b:1" }\n}\n'
    )

    assert lines_of("terraform", "main.tf", text, Dependency, "name", "firmness", "url") == [
        "3:12 redis any https://charts.acme.io"
    ]
    assert lines_of("terraform", "main.tf", text, Deploy, "path", "namespace") == ["6:12 ./charts/x shop"]
    assert lines_of("terraform", "main.tf", text, Resource, "kind", "namespace") == ["9:40 Deployment shop"]
    assert lines_of("terraform", "main.tf", text, Command, "written") == ["11:41 docker push a/b:1"]


def test_a_client_configuration() -> None:
    text = 'credentials "app.acme.io" {\n  token = "abcd1234efgh"\n}\n'

    assert lines_of("terraform", ".terraformrc", text, Credential, "kind", "host", "form") == [
        "2:12 terraform-token app.acme.io literal"
    ]


@pytest.mark.parametrize("text", ['resource "a" {', "}}}", "x = [" * 400, 'a "b" {' * 500, "<<EOT\nx", "", "\0"])
def test_bad_input_gives_a_fault_at_most(text: str) -> None:
    assert all(isinstance(fact, Unreadable) for fact in facts_of("terraform", "main.tf", text))
