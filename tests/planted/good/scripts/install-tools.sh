#!/usr/bin/env bash
# Installs what a release needs.
set -euo pipefail

wget -q https://downloads.shop.example.com/helm/helm.tar.gz
sha256sum -c helm.tar.gz.sha256
tar xzf helm.tar.gz
curl -fsSLo trivy.sh https://get.shop.example.com/trivy.sh
echo "b728120e9b2997709bda24c7ba748f7c6b384203ae873ac96b5236e07f7e54e3  trivy.sh" | sha256sum -c -
bash trivy.sh
pip install --index-url https://registry.example.com/simple shop-release==0.4.2
npm install --registry https://npm.shop.example.com/ -g shop-cli@2.1.0
docker run --rm -v "$PWD:/work" ghcr.io/shop-inc/codegen:1.4.0
git clone https://git.shop.example.com/shop/release.git
