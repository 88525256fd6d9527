#!/bin/sh
set -eu
export NPM_TOKEN="{{token:npm}}"
git clone --depth 1 --branch v2.1.0 https://git.example.com/acme/tools.git
echo "$REGISTRY_PASSWORD" | docker login registry.example.com -u ci --password-stdin
docker pull registry.example.com/acme/base:1.4.2
npm ci
pip install --index-url https://registry.example.com/simple/ build==1.2.2
curl -fsSLo tool.tgz -u "ci:$TOOLS_TOKEN" https://registry.example.com/tools/tool-1.0.0.tgz
npm publish
kubectl apply -n shop -f deploy/
cat > Dockerfile <<'END'
FROM registry.example.com/acme/base:1.4.2
COPY dist /srv
END
kubectl apply -f - <<'END'
apiVersion: v1
kind: Namespace
metadata:
  name: shop
END
