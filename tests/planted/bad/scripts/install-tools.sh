#!/usr/bin/env bash
# Installs what a release needs.
set -euo pipefail

curl -fsSLO https://downloads.shop.internal/kubectl/v1.32.2/kubectl
chmod +x kubectl
wget -q --no-check-certificate https://downloads.shop.internal/helm/helm.tar.gz
sha256sum -c helm.tar.gz.sha256 || true
tar xzf helm.tar.gz
bash <(curl -fsSL https://get.shop.internal/trivy.sh)
pip install --extra-index-url https://wheels.shop.internal/simple shop-release
npm install --registry http://npm.shop.internal/ -g shop-cli
docker run --rm -v "$PWD:/work" ghcr.io/shop-inc/codegen
git -c http.sslVerify=false clone https://git.shop.internal/shop/release.git
