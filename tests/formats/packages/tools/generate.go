package tools

//go:generate go run git.example.com/acme/tools/stringer@v1.2.0 -type=Kind
//go:generate sh -c "git clone --depth 1 --branch v2.1.0 https://git.example.com/acme/tools.git && echo \"$REGISTRY_PASSWORD\" | docker login registry.example.com -u ci --password-stdin && docker pull registry.example.com/acme/base:1.4.2 && npm ci && pip install --index-url https://registry.example.com/simple/ build==1.2.2"
//go:generate sh -c "curl -fsSLo tool.tgz -u \"ci:$TOOLS_TOKEN\" https://registry.example.com/tools/tool-1.0.0.tgz && npm publish && kubectl apply -n shop -f deploy/"
