Gem::Specification.new do |spec|
  spec.name = "acme-shop"
  spec.version = "1.4.2"
  spec.summary = "The shop"
  spec.metadata["allowed_push_host"] = "https://ci:{{token:gitlab}}@registry.example.com/gems"
  spec.add_dependency "acme-cart", "~> 2.1"
end
