#!/usr/bin/env bash
# Installs what a release needs.
set -euo pipefail

wget -q --no-check-certificate https://downloads.shop.example.com/helm/helm.tar.gz
sha256sum -c helm.tar.gz.sha256 || true
tar xzf helm.tar.gz
bash <(curl -fsSL https://get.shop.example.com/trivy.sh)
pip install --extra-index-url https://wheels.shop.example.com/simple shop-release
npm install --registry http://npm.shop.example.com/ -g shop-cli
docker run --rm -v "$PWD:/work" ghcr.io/shop-inc/codegen
git -c http.sslVerify=false clone https://git.shop.example.com/shop/release.git
