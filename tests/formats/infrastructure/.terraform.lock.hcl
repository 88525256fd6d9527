provider "registry.example.com/acme/docker" {
  version     = "3.0.2"
  constraints = "3.0.2"
  hashes = [
    "h1:QUNNRS1FWEFNUExFLVBST1ZJREVSLUhBU0gtMDAwMDA=",
  ]
}
