variable "VERSION" {
  default = "1.4.2"
}
variable "MIRROR" {
  default = "https://registry.example.com/npm/"
}
target "shop" {
  context = "https://git.example.com/acme/shop.git#v1.4.2"
  contexts = {
    base    = "docker-image://registry.example.com/acme/base:1.4.2"
    archive = "https://registry.example.com/tools/themes-1.0.3.tgz"
  }
  args = {
    NPM_CONFIG_REGISTRY = "https://registry.example.com/npm/"
    NPM_TOKEN = "{{token:npm}}"
  }
  tags      = ["registry.example.com/acme/shop:${VERSION}"]
  output    = ["type=registry"]
  cache-from = ["type=registry,ref=registry.example.com/acme/shop:cache"]
}
