target "web" {
  context = "."
  contexts = {
    base = "docker-image://node:latest"
  }
  args = {
    NPM_TOKEN = "{{token:npm:4}}"
  }
  tags   = ["storefront:1.4.0"]
  output = ["type=registry"]
}
