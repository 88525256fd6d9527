# ruff: noqa: E501 - a scanned line is a line

"""Time grows in step with the size of the input, and the same input gives the same bytes of output.

Work is counted (the calls of Python functions), not timed: machines differ, counts do not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import NamedTuple

import pytest

from relcheck.facts import Image
from relcheck.grammars import grammar, parse_bounded
from relcheck.readers import BY_NAME
from relcheck.rules import load_rules
from relcheck.scan import read_facts
from relcheck.source import Source
from tests.conftest import relcheck, write_tree
from tests.planted_trees import copy_tree

SIZE = 40


class Grown(NamedTuple):
    """A text of any size: what stands around, and what is repeated (`#` is its number)."""

    file_format: str
    unit: str
    before: str = ""
    after: str = ""
    path: str = "a"

    def text(self, size: int) -> str:
        """Return the text with so many repetitions."""
        return self.before + "".join(self.unit.replace("#", str(number)) for number in range(size)) + self.after


GROWING: dict[str, Grown] = {
    "stages": Grown("dockerfile", "FROM node AS s#\nARG A#=1\nRUN curl x\nCOPY --from=s# a b\n"),
    "continued lines": Grown("dockerfile", " \\\n  y", "FROM a\nRUN x"),
    "heredocs": Grown("dockerfile", "<<A ", "FROM a\nRUN ", "\n"),
    "arguments": Grown("dockerfile", "ARG A#=$A\nENV B#=${A#}\n", "FROM a\n", "FROM $A1\n"),
    "ignored names": Grown("dockerignore", "a#/**\n"),
    "services": Grown("compose", "  s#: {image: redis, depends_on: [s1], environment: {A_PASSWORD: x#}}\n", "services:\n"),
    "services that extend": Grown("compose", "  s#: {extends: s0, build: {context: ./a, tags: [x]}}\n", "services:\n"),
    "merged services": Grown("compose", "  s#: {<<: *x}\n", "x: &x {image: a}\nservices:\n"),
    "chained services": Grown("compose", "  s#: &a# {<<: *a0, image: a}\n", "x: &a0 {build: .}\nservices:\n"),
    "jobs": Grown("github-workflow", "  j#: {runs-on: x, needs: [j0], steps: [{uses: a/b@v1}, {run: npm publish}]}\n", "on: push\njobs:\n"),
    "steps": Grown("github-workflow", "      - {uses: docker/login-action@v3, with: {registry: r}}\n      - {run: docker push r/a}\n", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n"),
    "matrices": Grown("github-workflow", "          - {a: b#}\n", "on: push\njobs:\n  a:\n    runs-on: x\n    steps: [{run: 'npm publish ${{ matrix.a }}'}]\n    strategy:\n      matrix:\n        include:\n"),
    "steps of an action": Grown("github-action", "    - {uses: a/b@v1}\n    - {run: docker push x, shell: sh}\n", "runs:\n  using: composite\n  steps:\n"),
    "locked actions": Grown("github-lock", "    - a/b#@v1\n", "version: v0.0.1\nworkflows:\n  a.yml:\n", path=".github/workflows/actions.lock"),
    "jobs of a pipeline": Grown("gitlab-ci", "j#: {image: a, extends: .b, script: [docker push x], trigger: {include: a.yml}, variables: {A: b}}\n", ".b: {rules: [{if: $CI_COMMIT_TAG}]}\n"),
    "jobs that extend": Grown("gitlab-ci", ".j#: {extends: .j0}\nk#: {extends: .j#, script: [!reference [.j0, script], x]}\n"),
    "includes": Grown("gitlab-ci", "  - {project: a/b#, file: /x.yml, ref: main}\n", "include:\n"),
    "jobs of Azure": Grown("azure-pipelines", "- job: j#\n  dependsOn: [j0]\n  steps: [{script: docker push x}, {task: Docker@2, inputs: {command: push}}]\n", "jobs:\n"),
    "templates of Azure": Grown("azure-pipelines", "  - {repository: r#, type: git, name: a/b}\n", "resources:\n  repositories:\n", "steps: [{template: a@r1}]\n"),
    "stages of Jenkins": Grown("jenkinsfile", "stage('a#') { agent { docker { image 'a:b' } } steps { sh 'docker push x' } }\n", "pipeline { stages {\n", "} }\n"),
    "statements of Jenkins": Grown("jenkinsfile", "def a# = 'x'\ndocker.image(\"r/${a#}\").push()\n", "node {\n", "}\n"),
    "steps of Bitbucket": Grown("bitbucket-pipelines", "    - step: {image: a, script: [docker push x, {pipe: a/b:1}]}\n", "pipelines:\n  default:\n"),
    "steps of Buildkite": Grown("buildkite", "  - {command: docker push x, plugins: [{'docker#v1': {image: a}}]}\n", "steps:\n"),
    "steps of Cloud Build": Grown("cloudbuild", "- {name: gcr.io/a/b, args: [push, x#]}\n", "steps:\n"),
    "pipelines of Drone": Grown("drone", "kind: pipeline\nname: a#\nsteps: [{name: b, image: a, commands: [npm publish]}]\n---\n"),
    "steps of Woodpecker": Grown("woodpecker", "  a#: {image: a, commands: [npm publish]}\n", "steps:\n"),
    "jobs of Travis": Grown("travis", "    - {stage: a#, script: npm publish, deploy: {provider: npm}}\n", "jobs:\n  include:\n"),
    "plugins of Jenkins": Grown("jenkins-plugins", "git#:1.0\n", path="plugins.txt"),
    "updates": Grown("dependabot", "  - {package-ecosystem: npm, directory: /a#, schedule: {interval: daily}}\n", "version: 2\nupdates:\n"),
    "jobs of CircleCI": Grown("circleci", "  j#: {docker: [{image: a}], steps: [{run: npm publish}, a/b]}\n", "version: 2.1\njobs:\n"),
    "workflows of CircleCI": Grown("circleci", "  w#: {jobs: [j, {j: {requires: [j], context: x}}]}\n", "version: 2.1\njobs: {j: {docker: [{image: a}], steps: [{run: npm publish}]}}\nworkflows:\n"),
    "jobs in a workflow": Grown("circleci", "      - j: {name: x#, requires: [x0]}\n", "version: 2.1\njobs: {j: {docker: [{image: a}], steps: [{run: npm publish}]}}\nworkflows:\n  w:\n    jobs:\n"),
    "commands of an orb": Grown("circleci-orb", "  c#: {steps: [{run: npm publish}]}\n", "version: 2.1\ncommands:\n"),
    "imports of Deno": Grown("deno-json", '"a#": "npm:a@^1",\n', '{"name": "@x/y", "version": "1.0.0", "imports": {', '"z": "npm:z@1"}}', path="deno.json"),
    "hooks": Grown("pre-commit", "  - {repo: 'https://git.example.com/a/b#', rev: main, hooks: [{id: a}]}\n", "repos:\n"),
    "targets": Grown("bake", 'target "t#" {\n  inherits = ["t0"]\n  tags = ["a/b:${V#}"]\n}\nvariable "V#" { default = "1" }\n'),
    "features": Grown("devcontainer", '"ghcr.io/a/b#:1": {},\n', '{"image": "a", "features": {', '"z": {}}}'),
    "modules": Grown("terraform", 'module "m#" {\n  source = "git::https://git.example.com/a/b?ref=main"\n}\nlocals { a# = local.b }\nresource "docker_image" "i#" { name = local.a# }\n'),
    "parts of Earthly": Grown("earthfile", "t#:\n  FROM +t0\n  RUN npm publish\n  SAVE IMAGE --push a/b#\n", "VERSION 0.8\nFROM a\n"),
    "lines of a unit's command": Grown("quadlet", "a \\\n# b\n", "[Service]\nExecStart=/usr/bin/docker run "),
    "files that ADD fetches": Grown("dockerfile", "ADD https://a.b/c /d\nRUN chmod +x /d\n", "FROM a\n"),
    "labels": Grown("dockerfile", "org.opencontainers.image.version=1.2.3 ", "FROM a\nLABEL "),
    "units": Grown("quadlet", "Environment=A_PASSWORD=b#\nImage=redis\n", "[Container]\n"),
    "overrides of ko": Grown("ko", "  a#: b\n", "defaultBaseImage: a\nbaseImageOverrides:\n"),
    "images of GoReleaser": Grown("goreleaser", "  - {image_templates: ['a/b#:latest'], skip_push: false}\n", "dockers:\n"),
    "submodules": Grown("gitmodules", '[submodule "a#"]\n\tpath = a#\n\turl = git@git.example.com:a/b\n\tbranch = main\n'),
    "dependencies of Maven": Grown("pom", "<dependency><groupId>a</groupId><artifactId>b#</artifactId><version>${v#}</version></dependency>\n", "<project><artifactId>x</artifactId><version>1</version><dependencies>", "</dependencies></project>"),
    "properties of Maven": Grown("pom", "<v#>${v0}</v#>\n", "<project><artifactId>x</artifactId><version>${v1}</version><properties>", "</properties></project>"),
    "wrappers": Grown("jvm-wrapper", "distributionUrl=https\\://services.example.com/a#.zip\n", path="gradle-wrapper.properties"),
    "dependencies of Gradle": Grown("gradle", "  implementation 'a:b#:1.+'\n  implementation(\"a:c:$v#\")\n", "dependencies {\n", "}\n", path="build.gradle"),
    "variables of Gradle": Grown("gradle", "def v# = '1.0'\n", "", 'dependencies { implementation "a:b:$v1" }\n', path="build.gradle"),
    "catalogs": Grown("gradle-catalog", 'a# = { module = "a:b#", version.ref = "v1" }\n', '[versions]\nv1 = "1.+"\n[libraries]\n', path="libs.versions.toml"),
    "packages of NuGet": Grown("nuget", '<PackageReference Include="A#" Version="1.*" />\n', '<Project Sdk="a"><ItemGroup>', "</ItemGroup></Project>", path="a.csproj"),
    "artifacts": Grown("skaffold", "  - {image: a#, context: b, docker: {dockerfile: D}}\n", "build:\n  artifacts:\n"),
    "overrides": Grown("kustomization", "- {name: a#, newTag: latest}\n", "images:\n"),
    "resources": Grown("kustomization", "- a#.yaml\n- https://git.example.com/a/b?ref=main\n", "resources:\n"),
    "charts": Grown("helm-chart", "- {name: a#, version: '*', repository: 'https://charts.example.com'}\n", "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies:\n"),
    "required charts": Grown("helm-requirements", "- {name: a#, version: '*', repository: 'https://charts.example.com'}\n", "dependencies:\n"),
    "releases": Grown("helmfile", "- {name: a#, chart: r/b, version: 1.0.0}\n", "repositories: [{name: r, url: 'https://charts.example.com'}]\nreleases:\n"),
    "folders of vendir": Grown("vendir", "- {path: a#, contents: [{path: ., git: {url: 'https://git.example.com/a', ref: main}}]}\n", "apiVersion: vendir.k14s.io/v1alpha1\nkind: Config\ndirectories:\n"),
    "dependencies of npm": Grown("package-json", '"a#": "^1.0.0",\n', '{"name": "x", "version": "1.0.0", "dependencies": {', '"z": "*"}}', path="package.json"),
    "scripts of npm": Grown("package-json", '"a#": "npm publish && npm run a0",\n', '{"name": "x", "version": "1.0.0", "scripts": {', '"z": "x"}}', path="package.json"),
    "dependencies of Python": Grown("pyproject", '"a#>=1",\n', '[project]\nname = "x"\nversion = "1"\ndependencies = [', "]\n", path="pyproject.toml"),
    "tables of TOML": Grown("pyproject", '[[tool.uv.index]]\nname = "i#"\nurl = "https://r.example.com/i#"\n[tool.poetry.group.g#.dependencies]\na = "*"\n', path="pyproject.toml"),
    "dependencies of Poetry": Grown("pyproject", 'a# = {version = "^1", source = "x"}\n', '[tool.poetry]\nname = "x"\nversion = "1"\n[tool.poetry.dependencies]\n', path="pyproject.toml"),
    "catalogs of pnpm": Grown("pnpm-workspace", "  a#: ^1.0.0\n", "catalog:\n"),
    "settings of Yarn": Grown("yarnrc", "  a#: {npmRegistryServer: 'http://r.example.com'}\n", "npmScopes:\n", path=".yarnrc.yml"),
    "scopes of Bun": Grown("bunfig", 'a# = "http://r.example.com"\n', "[install.scopes]\n"),
    "crates": Grown("cargo-toml", 'a# = { git = "https://git.example.com/a/b#" }\n', '[package]\nname = "x"\nversion = "1.0.0"\n[dependencies]\n', path="Cargo.toml"),
    "registries of Cargo": Grown("cargo-config", '[registries.r#]\nindex = "http://r.example.com"\n'),
    "modules of Go": Grown("go-mod", "\tgit.example.com/a/b# v1.0.0\n", "module x\ngo 1.22\nrequire (\n", ")\nreplace a => ../a\n", path="go.mod"),
    "replacements of Go": Grown("go-mod", "replace a/b# => ../b\n", "module x\n", path="go.mod"),
    "gems": Grown("gemfile", 'gem "a#", git: "https://git.example.com/a"\n', 'source "https://gems.example.com"\n'),
    "groups of gems": Grown("gemfile", 'group :g# do\n  gem "a#"\nend\n'),
    "dependencies of a gem": Grown("gemspec", '  s.add_dependency "a#", ">= 1"\n', 'Gem::Specification.new do |s|\n  s.name = "x"\n  s.version = "1.0.0"\n', "end\n"),
    "packages of PHP": Grown("composer-json", '"a/b#": "dev-main",\n', '{"name": "x/y", "require": {', '"php": "*"}}', path="composer.json"),
    "locked packages of npm": Grown("lock-javascript", '"node_modules/a#": {"version": "1.0.0", "resolved": "https://r#.example.com/a.tgz"},\n', '{"lockfileVersion": 3, "packages": {', '"": {}}}', path="package-lock.json"),
    "locked packages of Yarn": Grown("lock-javascript", 'a#@^1.0.0:\n  version "1.0.0"\n  resolved "https://r#.example.com/a.tgz"\n\n', path="yarn.lock"),
    "locked packages of pnpm": Grown("lock-javascript", "  a#@1.0.0: {resolution: {tarball: 'https://r#.example.com/a.tgz'}}\n", "lockfileVersion: '9.0'\npackages:\n", path="pnpm-lock.yaml"),
    "locked packages of uv": Grown("lock-others", '[[package]]\nname = "a#"\nversion = "1.0.0"\nsource = { registry = "https://r#.example.com" }\n', path="uv.lock"),
    "locked crates": Grown("lock-others", '[[package]]\nname = "a#"\nversion = "1.0.0"\nsource = "registry+https://r#.example.com"\n', path="Cargo.lock"),
    "locked gems": Grown("lock-others", "GEM\n  remote: https://r#.example.com/\n  specs:\n    a# (1.0)\n\n", path="Gemfile.lock"),
    "sources of a recipe": Grown("conda-recipe", "  - url: http://r#.example.com/{{ version }}\n    sha256: a\n", "package: {name: a}\nsource:\n"),
    "lines of a recipe": Grown("conda-recipe", "\n \n  #\n", "source:\n", "x: y\n"),
    "packages of pixi": Grown("pixi", '[feature.f#.dependencies]\na# = "*"\n[feature.f#.tasks]\nb = "docker push a#"\n'),
    "locked packages of conda": Grown("lock-others", "- name: a#\n  version: 1\n  url: http://r#.example.com/a\n", path="conda-lock.yml"),
    "locked packages of Deno": Grown("lock-javascript", '"a#@1.0.#": {},\n"http://r#.example.com": "0a",\n', '{"npm": {', "}}", path="deno.lock"),
    "locked packages of .NET": Grown("lock-others", '"a#": {"type": "Direct", "resolved": "1.0.#"},\n', '{"dependencies": {"x": {', "}}}", path="packages.lock.json"),
    "locked packages of Gradle": Grown("lock-others", "a:b#:1.0.#=x\na:c#:1 (2 constraints: x)\n", path="gradle.lockfile"),
    "locked packages of PDM": Grown("lock-others", '[[package]]\nname = "a#"\nversion = "1"\ngit = "git://r#.example.com"\nrevision = "b"\n', path="pdm.lock"),
    "locked packages of PHP": Grown("lock-others", '{"name": "a/b#", "version": "1", "dist": {"url": "http://r#.example.com"}},\n', '{"packages": [', "{}]}", path="composer.lock"),
    "requirements": Grown("requirements", "flask#==1.0\n-r a#.txt\ngit+https://git.example.com/a@main\n"),
    "hashes": Grown("requirements", " \\\n --hash=sha256:0#", "flask==1.0", "\n"),
    "settings of npm": Grown("npmrc", "//r#.example.com/:_password=x#\n@s#:registry=http://r#.example.com\n"),
    "indexes": Grown("pypirc", "[i#]\nrepository = http://r.example.com\npassword = x#\n"),
    "settings of pip": Grown("pip-conf", "index-url = http://r#.example.com\ntrusted-host = r#.example.com\n", "[global]\n"),
    "logins of Docker": Grown("docker-config", '"r#.example.com": {"auth": "eDp5"},\n', '{"auths": {', '"z": {}}}'),
    "logins of Composer": Grown("composer-auth", '"r#.example.com": {"username": "x", "password": "y"},\n', '{"http-basic": {', '"z": {}}}'),
    "logins of gems": Grown("gem-credentials", ":k#: x\n"),
    "channels": Grown("condarc", "  - http://c#.example.com\n", "channels:\n"),
    "repositories of Helm": Grown("helm-repositories", "- {name: a#, url: 'http://c.example.com', password: x}\n", "repositories:\n"),
    "registries of containers": Grown("container-registries", '[[registry]]\nlocation = "r#.example.com"\ninsecure = true\n', path="registries.conf"),
    "machines": Grown("netrc", "machine m#.example.com login a password b\n"),
    "servers of Maven": Grown("maven-settings", "<server><id>a#</id><password>x</password></server>\n", "<settings><servers>", "</servers></settings>"),
    "credentials of git": Grown("git-credentials", "https://a:b@g#.example.com\n"),
    "variables of scripts": Grown("script-variables", "set NPM_TOKEN=k7Rw2pLq9vTz#\nnuget push a -ApiKey k7Rw2pLq9vTz4Xs8#\n", path="a.bat"),
    "logins of sbt": Grown("sbt", 'credentials += Credentials("a", "m#.example.com", "b", "c#")\n'),
    "logins of Ivy": Grown("ivy-settings", '<credentials host="m#.example.com" passwd="c#"/>\n', "<ivysettings>", "</ivysettings>"),
    "logins of clients": Grown("registry-clients", "h#.example.com:\n  oauth_token: c#\n", path="gh/hosts.yml"),
    "machines of Packer": Grown("packer", 'source "docker" "a#" {\n  image = "acme/a#:${var.x}"\n}\n', path="a.pkr.hcl"),
    "logins of Packer": Grown("packer", 'post-processor "docker-push" {\n  login_password = "c#"\n}\n', "build {\n", "}\n", path="a.pkr.hcl"),
    "logins of Ansible": Grown("ansible", "- docker_login: {username: a, password: c#}\n"),
    "scripts of AppVeyor": Grown("appveyor", "- docker pull acme/a#:%B#%\n- ps: docker pull acme/c#\n", "install:\n"),
    "variables of AppVeyor": Grown("appveyor", "  A#_TOKEN: k7Rw2pLq9vTz#\n", "environment:\n"),
    "secrets": Grown("env-file", "TOKEN_#_PASSWORD=k7Rw2pLq9vTz#\nA#=$A\n"),
    "keys": Grown("private-key", "-----BEGIN PRIVATE KEY-----\nMCwBVQIBADANBgkqhkiG9w0BAQEFAASCAT8wggE7AgEAAkEAq7BFUpkGp3LQmlQ#\n-----END PRIVATE KEY-----\n"),
    "versions of Python": Grown("python-version", "a# = 1\n", "__version__ = '1.0.0'\n", path="__init__.py"),
    "arguments of setup.py": Grown("setup-py", "'a#>=1',\n", "from setuptools import setup\nsetup(name='x', install_requires=[", "])\n"),
    "requirements of setup.cfg": Grown("setup-cfg", "  a#>=1\n", "[metadata]\nname = x\n[options]\ninstall_requires =\n"),
    "packages of pipenv": Grown("pipfile", 'a# = "*"\n', "[packages]\n"),
    "packages of Conda": Grown("conda-environment", "- a#=1\n", "dependencies:\n", "- pip: [x, y>=1]\n"),
    "commands of PowerShell": Grown("powershell", "$a# = 'x'\nif ($a#) { docker push \"acme/$a#\" | b }\niwr https://x/$a# -OutFile f#\n.\\f#\n", path="a.ps1"),
    "brackets of PowerShell": Grown("powershell", 'a (b "$(c ', path="a.ps1"),
    "files that PowerShell writes": Grown("powershell", "$a# = 'x'\n'y' + $a# | Out-File ~/.npmrc -Append\nsc b# 'a', \"b\" -Force\n", path="a.ps1"),
    "texts of PowerShell": Grown("powershell", "'a#', \"b\" + ", after="'c' > .npmrc\n", path="a.ps1"),
    "parameters of PowerShell": Grown("powershell", "param($a# = 'x'\n$b = \"c\"\n", path="a.ps1"),
    "recipes": Grown("justfile", "v# := 'x'\na#: a0\n  docker push acme/{{v#}}:{{v0}}\n"),
    "tiltfiles": Grown("tilt", "docker_build('acme/a#', '.')\nlocal('docker run acme/b#')\n", path="Tiltfile"),
    "processes": Grown("procfile", "a#: docker run acme/a#\n", path="Procfile"),
    "commands of direnv": Grown("env-file", "export V#=x\ndocker push acme/a#\n", path=".envrc"),
    "sessions of nox": Grown("noxfile", "    session.run('twine', 'upload', *a, 'x#')\n", "def a(session):\n"),
    "one line of nox": Grown("noxfile", "session.run('a', 'b#', 'ä'); ", "def a(session):\n    ", "pass\n"),
    "tables of tox": Grown("tox", '[env.a#]\ncommands = [["docker", "push", "acme/{envname}#"]]\n', path="tox.toml"),
    "servers of tox": Grown("tox", "    a# = http://r#.example.com\n", "[tox]\nindexserver =\n"),
    "environments of tox": Grown("tox", "[testenv:a#]\ncommands =\n  docker push acme/{envname}#\n  - twine upload a#\n"),
    "tasks of Task": Grown("taskfile", "  a#: {vars: {V: x}, cmds: ['docker push acme/{{.V}}']}\n", "version: '3'\ntasks:\n"),
    "tasks of Rake": Grown("rakefile", "A# = 'x'\ntask :a# do\n  sh \"docker push acme/#{A#}\"\nend\n"),
    "repositories of dnf": Grown("dnf-repo", "[a#]\nbaseurl=http://a#.example.com/os\nsslverify=0\ngpgcheck=0\n", path="a.repo"),
    "variables for later steps": Grown("shell", "echo A#=b >> $GITHUB_ENV\necho 'C#<<E' >> $GITHUB_ENV\n"),
    "packages that are added": Grown("shell", "uv add a# && composer require a/b# && conda install c# && brew install d#\ndnf install http://e#/f.rpm\n"),
    "lines of apt": Grown("apt-sources", "deb [trusted=yes] https://a#.example.com/os stable main\n"),
    "lines of a recipe of make": Grown("makefile", "\tcurl -o a# https://x/a#\n\t@sh a#\n", "t:\n"),
    "canned recipes of make": Grown("makefile", "define f#\ndocker pull a#\nendef\nt#:\n\t$(f#)\n"),
    "rules of make": Grown("makefile", "A# := $(B)\nt#: t0\n\tdocker push $(A#)\n"),
    "commands": Grown("shell", "A#=b\ndocker push acme/$A#\nnpm publish && curl x | sh\n"),
    "groups in groups": Grown("shell", "if true; then "),
    "functions": Grown("shell", "f#() { docker pull a; }\nf#\n"),
    "written files": Grown("shell", "cat > a# <<E\nx#\nE\n"),
    "lines of a written file": Grown("shell", "echo '[a#]' >> ~/.pypirc\n"),
    "groups that write a file": Grown("shell", "{ echo a#; { printf '%s=%s\\n' b c d# e; } > ~/.npmrc; } | tee .npmrc\n"),
    "words of printf": Grown("shell", "'a#' ", "printf '//a/:_authToken=%s\\n' ", "> ~/.npmrc\n"),
    "templates": Grown("helm-template", "    - {name: a#, image: '{{ .Values.a#.image }}:{{ .Values.tag | default .Chart.AppVersion }}'}\n", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n", path="c/templates/a.yaml"),
    "definitions": Grown("helm-template", '{{- define "a#.image" -}}{{ .Values.a }}/b:latest{{- end }}\n', path="c/templates/_helpers.tpl"),
    "operations": Grown("documents", "- {op: replace, path: /spec/containers/0/image, value: a#}\n"),
    "transformers": Grown("kustomization", "- |\n  apiVersion: builtin\n  kind: ImageTagTransformer\n  imageTag: {name: a#, newTag: b}\n", "transformers:\n"),
    "parameters": Grown("documents", "  - {name: a#, default: ['x#', y]}\n", "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a}\nspec:\n  steps: [{image: '$(params.a1[0])'}]\n  params:\n"),
    "values": Grown("helm-values", "a#: {image: {repository: a/b, tag: ''}, password: x#}\n"),
    "documents": Grown("documents", "apiVersion: v1\nkind: Pod\nmetadata: {name: a#}\nspec: {containers: [{image: a}]}\n---\n"),
    "containers": Grown("documents", "  - {name: a#, image: a, env: [{name: A_PASSWORD, value: x}]}\n", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n"),
    "items of a list": Grown("documents", "- {apiVersion: v1, kind: Secret, metadata: {name: a#}, stringData: {password: x}}\n", "apiVersion: v1\nkind: List\nitems:\n"),
    "lines of text": Grown("text", "see https://u:p#@r.example.com\n"),
    "users of clusters": Grown("kubeconfig", "- {name: a#, user: {token: aaaabbbb#, exec: {command: x#}}}\n", "apiVersion: v1\nkind: Config\nusers:\n"),
    "stores of objects": Grown("storage-clients", '[a#]\ntype = s3\nsecret_access_key = abcdefgh#\ntoken = {"access_token":"b#"}\n', path="rclone.conf"),
    "a key of a cloud": Grown("cloud-keys", ', "a#": "-----BEGIN PRIVATE KEY-----"', '{"type": "service_account", "private_key": "a"', "}"),
    "profiles of a cloud": Grown("aws-config", "[a#]\naws_access_key_id = AKIA#\naws_secret_access_key = abcdefgh#\n"),
    "settings of git": Grown("git-config", '[url "https://u:abcdefgh#@git.example.com/"]\n\tinsteadOf = git://a#/\n[http "https://a#"]\n\textraheader = Authorization: Basic abcdefgh#\n'),
    "what a script asks": Grown("script-metadata", '#   "a#>=1",\n', "# /// script\n# dependencies = [\n", "# ]\n# ///\n"),
}  # fmt: skip


def calls(work: Callable[[], object]) -> int:
    """Count the calls of Python functions while something is done."""
    count = 0

    def trace(_: FrameType, event: str, __: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(trace)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("case", GROWING)
def test_twice_the_text_is_twice_the_work(case: str) -> None:
    grown = GROWING[case]

    def work(size: int) -> int:
        text = grown.text(size)
        return calls(lambda: read_facts(grown.file_format, Source(grown.path, text), text.encode()))

    work(2)  # what is imported and compiled once does not count
    small, large = work(SIZE), work(2 * SIZE)

    assert large < 2.4 * small


NO_SCRIPTS = ("a@", "<", "||", "<<<", "<<EOF\n", "a | ", "a=(b ", "a() ")
"""What the shell's grammar reads to the end of the text from every word on, or copies again and again."""


@pytest.mark.parametrize("unit", NO_SCRIPTS)
def test_text_that_is_no_script_is_read_in_linear_work_and_hides_nothing(unit: str) -> None:
    def read(size: int) -> list[str]:
        text = "docker pull acme/shop:latest\n" + unit * (size // len(unit))
        return [fact.written for fact in read_facts("shell", Source("a.sh", text), b"") if isinstance(fact, Image)]

    read(2000)  # what is imported and compiled once does not count
    small, large = calls(lambda: read(20_000)), calls(lambda: read(40_000))

    assert large < 2.6 * small
    assert "acme/shop:latest" in read(40_000)


def test_a_parser_that_reads_its_text_over_and_over_is_given_up() -> None:
    bash = grammar("tree_sitter_bash")

    assert parse_bounded(bash, b"docker pull acme/shop\n" * 2_000) is not None
    assert parse_bounded(bash, b"a@" * 20_000) is None


def test_each_format_grows() -> None:
    assert {grown.file_format for grown in GROWING.values()} == set(BY_NAME)


def test_rules_that_are_compiled_anew_are_the_same_rules(tmp_path: Path) -> None:
    versions = {load_rules(cache_folder=str(tmp_path / name)).version for name in ("a", "b", "a")}

    assert len(versions) == 1


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_neither_processes_nor_cache_nor_order_change_a_byte(form: str, tmp_path: Path) -> None:
    folder = copy_tree("bad", tmp_path / "project")
    write_tree(folder, {f"many/{number}/Dockerfile": "FROM node\n" + "#\n" * 12_000 for number in range(160)})
    cache = {"RELCHECK_CACHE_DIR": str(tmp_path / "cache")}
    paths = sorted(str(path.relative_to(folder)) for path in folder.iterdir())

    ways = [(".",), (".",), (".", "--jobs", "3"), (".", "--jobs", "1", "--no-cache")]
    reports = {relcheck("scan", *way, "--format", form, cwd=folder, env=cache).stdout for way in ways}
    named = {relcheck("scan", *order, "--format", form, cwd=folder, env=cache).stdout for order in (paths, paths[::-1])}

    assert len(reports) == 1
    assert len(named) == 1
