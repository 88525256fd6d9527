build {
  post-processor "docker-push" {
    login_server   = "registry.example.com"
    login_username = "ci"
    login_password = "k3v9Qz71LmWp"
  }
}
