#!/bin/sh
# Releases the shop by hand.
set -e

printf '%s' "$HUB_TOKEN" | docker login -u shopbot --password-stdin docker.io
docker build --secret id=npmrc,src="$HOME/.npmrc" -t shopinc/storefront:1.4.0 .
docker push shopinc/storefront:1.4.0
docker build -t registry.example.com/shop/storefront:1.4.0 .
docker push registry.example.com/shop/storefront:1.4.0
twine upload dist/*
curl --netrc-file "$HOME/.netrc" -T shop.tar.gz https://files.shop.example.com/releases/
printf '%s' "$HELM_PASSWORD" | helm registry login registry.example.com --username ci --password-stdin
git push origin --tags
gh release create v1.4.0
