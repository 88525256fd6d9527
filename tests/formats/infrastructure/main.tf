terraform {
  required_version = "1.10.5"
  required_providers {
    docker = {
      source  = "registry.example.com/acme/docker"
      version = "3.0.2"
    }
  }
}

variable "shop_version" {
  default = "1.4.2"
}

provider "helm" {
  registry {
    url      = "oci://registry.example.com/charts"
    username = "ci"
    password = "{{token:gitlab}}"
  }
}

module "network" {
  source  = "registry.example.com/acme/network/aws"
  version = "4.2.0"
}

module "platform" {
  source = "git::https://git.example.com/acme/platform.git?ref=v3.0.0"
}

module "themes" {
  source = "https://registry.example.com/modules/themes-1.0.3.zip"
}

resource "docker_image" "shop" {
  name = "registry.example.com/acme/shop:${var.shop_version}"
}

resource "helm_release" "cache" {
  name       = "cache"
  namespace  = "shop"
  repository = "https://registry.example.com/charts"
  chart      = "cache"
  version    = "2.3.0"
}

resource "kubernetes_deployment" "shop" {
  metadata {
    name      = "shop"
    namespace = "shop"
  }
  spec {
    template {
      spec {
        container {
          name  = "shop"
          image = "registry.example.com/acme/shop:1.4.2"
        }
      }
    }
  }
}

resource "terraform_data" "release" {
  provisioner "local-exec" {
    command = <<-EOT
      git clone --depth 1 --branch v2.1.0 https://git.example.com/acme/tools.git
      echo "$REGISTRY_PASSWORD" | docker login registry.example.com -u ci --password-stdin
      docker pull registry.example.com/acme/base:1.4.2
      npm ci
      pip install --index-url https://registry.example.com/simple/ build==1.2.2
      curl -fsSLo tool.tgz -u "ci:$TOOLS_TOKEN" https://registry.example.com/tools/tool-1.0.0.tgz
      npm publish
      kubectl apply -n shop -f deploy/
    EOT
  }
}

resource "kubectl_manifest" "release" {
  yaml_body = <<-EOT
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata:
      name: release
      namespace: shop
      annotations: {pipelinesascode.tekton.dev/on-event: "[push]"}
    spec: {pipelineRef: {name: release}}
    ---
    apiVersion: builtin
    kind: NamespaceTransformer
    metadata: {name: shop, namespace: shop}
  EOT
}

resource "kubectl_manifest" "release" {
  yaml_body = <<-EOT
    apiVersion: tekton.dev/v1
    kind: PipelineRun
    metadata:
      name: release
      namespace: shop
      annotations: {pipelinesascode.tekton.dev/on-event: "[push]"}
    spec:
      pipelineRef: {name: release}
  EOT
}
