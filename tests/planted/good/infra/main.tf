module "network" {
  source = "git::https://git.shop.example.com/infra/network.git?ref=v3.1.0"
}

resource "kubernetes_deployment" "web" {
  metadata {
    name      = "web"
    namespace = "shop"
  }
  spec {
    template {
      spec {
        container {
          name  = "web"
          image = "ghcr.io/shop-inc/web:1.4.0@sha256:aaa9402664f1a41f40ebbc52c9993eb66aeb366602958fdfaa283b71e64db123"
        }
        container {
          name  = "metrics"
          image = "prom/statsd-exporter@sha256:de7d1b721a1e0632b7cf04edf5032c8ecffa9f9a08492152b926f1a5a7e765d7"
        }
      }
    }
  }
}

resource "helm_release" "redis" {
  name                = "redis"
  namespace           = "shop"
  repository          = "https://charts.shop.example.com/stable"
  repository_username = "ci"
  repository_password = var.charts_password
  chart               = "redis"
  version             = "20.11.3"
}
