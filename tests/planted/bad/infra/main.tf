module "network" {
  source = "git::https://git.shop.example.com/infra/network.git?ref=main"
}

resource "kubernetes_deployment" "web" {
  metadata {
    name = "web"
  }
  spec {
    template {
      spec {
        container {
          name  = "web"
          image = "ghcr.io/shop-inc/web:latest"
        }
        container {
          name  = "metrics"
          image = "prom/statsd-exporter@sha256:0a1b2c3d"
        }
      }
    }
  }
}

resource "helm_release" "redis" {
  name                = "redis"
  namespace           = "shop"
  repository          = "http://charts.shop.example.com/stable"
  repository_username = "ci"
  repository_password = "k7Rw2pLq9vTz"
  chart               = "redis"
}
