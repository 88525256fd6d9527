#!/bin/sh
# Publishes the chart of the shop, and tries it out.
set -e

printf '%s' "$HELM_PASSWORD" | helm registry login charts.shop.example.com --username ci --password-stdin
helm push dist/shop-1.4.0.tgz oci://charts.shop.example.com/charts
helm pull oci://charts.shop.example.com/charts/shop --version 1.4.0
gem install -P HighSecurity acme-lint -v 1.2.3
