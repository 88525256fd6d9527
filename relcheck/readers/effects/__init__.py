"""What commands mean: one module a family of tools, each with `facts(invocation)`, imported when a program turns up."""

from __future__ import annotations

_FAMILIES = {
    "containers": (
        "docker podman nerdctl buildah skopeo crane oras regctl ko executor pack cosign notation img docker-compose "
        "podman-compose apko imgpkg"
    ),
    "kubernetes": "kubectl oc helm kustomize argocd flux skaffold helmfile",
    "node": "npm pnpm yarn bun npx pnpx bunx lerna changeset semantic-release nx auto vsce ovsx",
    "python": "pip pip3 pipx uv uvx poetry pdm hatch flit twine python python3 maturin pipenv",
    "others": (
        "cargo go gem bundle mvn mvnw gradle gradlew dotnet nuget composer apt apt-get apt-key apk yum dnf microdnf rpm zypper "
        "brew cargo-release sbt add-apt-repository aptitude tdnf pacman yum-config-manager"
    ),
    "publishing": (
        "gh glab hub goreleaser release-it np dist release-cli jreleaser release-plz rake deno jsr mix rebar3 dart flutter pod "
        "luarocks"
    ),
    "clouds": "gcloud aws az flyctl fly doctl heroku ansible-galaxy",
    "downloads": "curl wget aria2c",
    "fetches": "http https xh fetch gsutil",
    "git": "git",
    "variables": "setx",
    "installs": "snap choco conda mamba micromamba easy_install cpan cpanm R Rscript",
}
EFFECTS: dict[str, str] = {program: module for module, programs in _FAMILIES.items() for program in programs.split()}
_TELLING = (
    "poetry pdm yarn bundle composer nuget mvn mvnw gradle gradlew dotnet oras notation kubectl oc az ansible-galaxy curl wget "
    "git gpg gpg2 pip pip3 uv gem conda mamba micromamba docker podman nerdctl luarocks choco doctl terraform tofu packer "
    "ansible-playbook ansible nomad pulumi heroku fly flyctl"
)
TELLING = frozenset(_TELLING.split())
"""Programs that are told secrets in ways of their own: see `relcheck.readers.effects.told`."""
_STDIN = "docker podman nerdctl buildah skopeo crane oras regctl helm cosign notation cargo gh npm sudo"
STDIN = frozenset(_STDIN.split())
"""Programs that read a secret from their standard input."""
