target "web" {
  context = "."
  contexts = {
    base = "docker-image://node:22.14.0@sha256:cd0aa9856147b6c5b4ff2b7dfee5da20aa38253099ef1b4a64aced233c9afe29"
  }
  secret = ["id=npmrc,env=NPMRC"]
  tags   = ["registry.example.com/shop/storefront:1.4.0"]
  output = ["type=registry"]
}
