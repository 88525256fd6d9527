"""The table of formats, in the order in which they are recognised, and the one way to run a reader.

No reader is imported before a file needs it. Patterns are globs on the path below the root of the scan, matched without
regard to case. `needles` must occur in the file: of each tuple one. Documents whose names say nothing are read by
content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from typing import NamedTuple

from relcheck.facts import Fact, Unreadable
from relcheck.patterns import lazy_pattern
from relcheck.source import MAX_DEPTH, Source, searchable

Reader = Callable[[Source], Iterator[Fact]]


class Format(NamedTuple):
    """A file format: its name, its reader's module, how its files are named, and what must stand in them."""

    name: str
    module: str
    patterns: tuple[str, ...] = ()
    needles: tuple[tuple[bytes, ...], ...] = ()
    comments: tuple[str, ...] = ("#",)


# fmt: off
_QUADLET = (b"[Container]", b"[Image]", b"[Volume]", b"[Build]", b"[Kube]", b"[Pod]")
FORMATS: tuple[Format, ...] = (
    Format(
        "dockerignore",
        "dockerignore",
        ("**/.dockerignore", "**/*.dockerignore", "**/.containerignore", "**/.npmignore", "**/.gitignore"),
    ),
    Format(
        "dockerfile",
        "dockerfile",
        (
            "**/Dockerfile",
            "**/Containerfile",
            "**/Dockerfile[._-]*",
            "**/Containerfile[._-]*",
            "**/*.dockerfile",
            "**/*.containerfile",
        ),
    ),
    Format(
        "github-workflow",
        "github_workflow",
        (
            ".github/workflows/*.yml",
            ".github/workflows/*.yaml",
            ".gitea/workflows/*.y*ml",
            ".forgejo/workflows/*.y*ml",
            "**/.github/workflows/*.yml",
            "**/.github/workflows/*.yaml",
            "workflow-templates/*.y*ml",
        ),
    ),
    Format("github-lock", "github_lock", ("**/.github/workflows/actions.lock",)),
    Format("github-action", "github_action", ("**/action.yml", "**/action.yaml"), ((b"runs",),)),
    Format(
        "gitlab-ci",
        "gitlab_ci",
        (
            "**/.gitlab-ci.yml",
            "**/.gitlab-ci.yaml",
            "**/*.gitlab-ci.yml",
            "**/*.gitlab-ci.yaml",
            "**/.gitlab/ci/**/*.y*ml",
            "**/.gitlab-ci/**/*.y*ml",
        ),
    ),
    Format(
        "gitlab-ci",
        "gitlab_ci",
        ("templates/*.y*ml", "templates/*/template.y*ml"),
        ((b"spec:",), (b"inputs:",), (b"\n---",)),
    ),
    Format(
        "azure-pipelines",
        "azure_pipelines",
        (
            "**/azure-pipelines*.y*ml",
            "**/*azure-pipelines.y*ml",
            "**/azure_pipelines*.y*ml",
            "**/.azure-pipelines/**/*.y*ml",
            "**/.azure-devops/**/*.y*ml",
            "**/.azuredevops/**/*.y*ml",
            "**/.pipelines/**/*.y*ml",
            "**/azure-pipelines/**/*.y*ml",
            "**/.vsts*.y*ml",
        ),
        ((b"stages", b"jobs", b"steps", b"extends", b"resources", b"variables", b"template"),),
    ),
    Format(
        "jenkinsfile",
        "jenkinsfile",
        (
            "**/Jenkinsfile",
            "**/Jenkinsfile[._-]*",
            "**/*.jenkinsfile",
            "**/vars/*.groovy",
            "**/jenkins/**/*.groovy",
            "**/.jenkins/**/*.groovy",
        ),
        ((b"pipeline", b"node", b"stage", b"docker", b"podTemplate", b"sh ", b"sh("),),
        comments=("//",),
    ),
    Format(
        "jenkinsfile",
        "jenkinsfile",
        ("**/*.groovy",),
        ((b"pipeline {", b"podTemplate(", b"docker.image(", b"docker.build(", b"docker.with", b"withCredentials("),),
        comments=("//",),
    ),
    Format("bitbucket-pipelines", "bitbucket", ("**/bitbucket-pipelines.y*ml",)),
    Format("bitbucket-pipelines", "bitbucket", ("**/*pipelines.y*ml",), ((b"definitions:", b"pipelines:"), (b"step:",))),
    Format(
        "buildkite",
        "buildkite",
        (
            "**/.buildkite/**/*.y*ml",
            "**/.buildkite/**/*.json",
            "**/buildkite/pipeline.y*ml",
            "**/buildkite/pipeline.json",
            "**/buildkite.y*ml",
            "**/buildkite.json",
        ),
        ((b"steps", b"plugin"),),
    ),
    Format("cloudbuild", "cloudbuild", ("**/cloudbuild*.y*ml", "**/cloudbuild*.json"), ((b"steps",),)),
    Format("drone", "drone", ("**/.drone.y*ml", "**/.drone/*.y*ml")),
    Format(
        "woodpecker",
        "woodpecker",
        ("**/.woodpecker.y*ml", "**/.woodpecker/*.y*ml", "**/.crow.y*ml", "**/.crow/*.y*ml"),
    ),
    Format("travis", "travis", ("**/.travis.y*ml",)),
    Format("jenkins-plugins", "jenkins_plugins", ("**/plugins.txt",)),
    Format("jenkins-plugins", "jenkins_plugins", ("**/plugins.y*ml",), ((b"artifactId",),)),
    Format("dependabot", "dependabot", ("**/.github/dependabot.y*ml",)),
    Format("circleci", "circleci", ("**/.circleci/**/*.y*ml",)),
    Format(
        "circleci-orb",
        "circleci",
        ("**/@orb.y*ml", "**/orb.y*ml"),
        ((b"version",), (b"orbs", b"commands", b"executors", b"jobs")),
    ),
    Format("pre-commit", "pre_commit", ("**/.pre-commit-config.yaml", "**/.pre-commit-config.yml")),
    Format("pre-commit", "pre_commit", ("**/.pre-commit-config[._-]*.y*ml", "**/.pre-commit-hooks.y*ml"), ((b"repos:", b"id:"),)),
    Format(
        "compose",
        "compose",
        (
            "**/compose.y*ml",
            "**/docker-compose.y*ml",
            "**/*.compose.y*ml",
            "**/compose[._-]*.y*ml",
            "**/docker-compose[._-]*.y*ml",
            "**/podman-compose.y*ml",
        ),
    ),
    Format(
        "bake",
        "bake",
        ("**/docker-bake.hcl", "**/docker-bake.json", "**/docker-bake.override.*", "**/*bake*.hcl", "**/*bake*.json"),
        ((b"target",),),
        comments=("#", "//"),
    ),
    Format(
        "devcontainer",
        "devcontainer",
        (
            "**/devcontainer.json",
            "**/.devcontainer.json",
            "**/devcontainer-feature.json",
            "**/devcontainer-template.json",
            "**/devcontainer-lock.json",
            "**/.devcontainer-lock.json",
        ),
        comments=("//",),
    ),
    Format(
        "terraform",
        "terraform",
        (
            "**/*.tf",
            "**/*.tofu",
            "**/*.tf.json",
            "**/*.tofu.json",
            "**/*.tftest.hcl",
            "**/*.tfvars",
            "**/.terraform.lock.hcl",
            "**/terragrunt.hcl",
            "**/.terraformrc",
            "**/terraform.rc",
            "**/*.tfrc",
            "**/.tofurc",
            "**/tofu.rc",
        ),
        comments=("#", "//"),
    ),
    Format("terraform", "terraform", ("**/*.tfrc.json",), ((b"credentials", b"provider_installation"),), comments=()),
    Format("earthfile", "earthfile", ("**/Earthfile",)),
    Format(
        "quadlet",
        "quadlet",
        ("**/*.container", "**/*.image", "**/*.volume", "**/*.build", "**/*.kube", "**/*.pod"),
        (_QUADLET,),
        comments=("#", ";"),
    ),
    Format(
        "quadlet",
        "quadlet",
        ("**/*.container.d/*.conf", "**/*.image.d/*.conf", "**/*.volume.d/*.conf", "**/*.build.d/*.conf",
         "**/*.kube.d/*.conf", "**/*.pod.d/*.conf"),
        ((*_QUADLET, b"[Service]"),),
        comments=("#", ";"),
    ),
    Format(
        "quadlet",
        "quadlet",
        ("**/*.service", "**/*.service.d/*.conf"),
        ((b"[Service]",), (b"docker", b"podman")),
        comments=("#", ";"),
    ),
    Format("ko", "ko", ("**/.ko.yaml", "**/.ko.yml")),
    Format("goreleaser", "goreleaser", ("**/.goreleaser.y*ml", "**/goreleaser.y*ml", "**/.goreleaser[._-]*.y*ml")),
    Format("gitmodules", "gitmodules", ("**/.gitmodules",), comments=("#", ";")),
    Format(
        "pom",
        "pom",
        ("**/pom.xml", "**/*.pom.xml", "**/*.pom", "**/.mvn/extensions.xml"),
        ((b"<project", b"<extensions"),),
        comments=("<!--",),
    ),
    Format(
        "jvm-wrapper",
        "jvm_wrapper",
        (
            "**/gradle-wrapper.properties",
            "**/maven-wrapper.properties",
            "**/.mvn/maven.config",
            "**/.mvn/jvm.config",
        ),
    ),
    Format("gradle", "gradle", ("**/*.gradle", "**/*.gradle.kts"), comments=("//",)),
    Format(
        "gradle",
        "gradle",
        ("**/buildSrc/**/*.kt", "**/build-logic/**/*.kt", "**/buildLogic/**/*.kt"),
        ((b"object ", b"const val "),),
        comments=("//",),
    ),
    Format("gradle-catalog", "gradle_catalog", ("**/*.versions.toml", "**/versions.props", "**/gradle.properties")),
    Format("gradle-catalog", "gradle_catalog", ("**/verification-metadata.xml",), comments=("<!--",)),
    Format(
        "nuget",
        "nuget",
        (
            "**/*.csproj",
            "**/*.fsproj",
            "**/*.vbproj",
            "**/*.sqlproj",
            "**/*.props",
            "**/*.targets",
            "**/packages.config",
            "**/nuget.config",
            "**/*.nuspec",
        ),
        ((b"<",),),
        comments=("<!--",),
    ),
    Format("nuget", "nuget", ("**/*.cs",), ((b"#:package", b"#:sdk"),), comments=("//",)),
    Format("nuget", "nuget", ("**/global.json", "**/dotnet-tools.json"), ((b"sdk", b"tools"),), comments=("//",)),
    Format("skaffold", "skaffold", ("**/skaffold.y*ml",)),
    Format("kustomization", "kustomization", ("**/kustomization.yaml", "**/kustomization.yml", "**/Kustomization")),
    Format("helm-chart", "helm_chart", ("**/Chart.yaml",)),
    Format("helm-requirements", "helm_requirements", ("**/requirements.y*ml",), ((b"dependencies:",),)),
    Format(
        "helmfile",
        "helmfile",
        ("**/helmfile.y*ml", "**/helmfile.y*ml.gotmpl", "**/helmfile.d/**/*.y*ml", "**/helmfile.d/**/*.y*ml.gotmpl"),
        ((b"releases", b"repositories", b"helmfiles", b"templates"),),
    ),
    Format("vendir", "vendir", ("**/vendir.y*ml",), ((b"directories",),)),
    Format("package-json", "package_json", ("**/package.json",), comments=()),
    Format("pyproject", "pyproject", ("**/pyproject.toml", "**/uv.toml")),
    Format("pnpm-workspace", "pnpm_workspace", ("**/pnpm-workspace.yaml",)),
    Format("yarnrc", "yarnrc", ("**/.yarnrc.yml", "**/.yarnrc")),
    Format("deno-json", "deno_json", ("**/deno.json", "**/deno.jsonc", "**/jsr.json"), comments=("//",)),
    Format("bunfig", "bunfig", ("**/bunfig.toml", "**/.bunfig.toml")),
    Format("cargo-toml", "cargo_toml", ("**/Cargo.toml", "**/rust-toolchain", "**/rust-toolchain.toml")),
    Format(
        "cargo-config",
        "cargo_config",
        ("**/.cargo/config", "**/.cargo/config.toml", "**/.cargo/credentials", "**/.cargo/credentials.toml"),
    ),
    Format("go-mod", "go_mod", ("**/go.mod", "**/go.work"), comments=("//",)),
    Format("gemfile", "gemfile", ("**/Gemfile", "**/gems.rb", "**/*.gemfile", "**/Gemfile.common")),
    Format("gemspec", "gemspec", ("**/*.gemspec",)),
    Format("gemspec", "gemspec", ("**/lib/**/version.rb",), ((b"VERSION",),)),
    Format("composer-json", "composer_json", ("**/composer.json",), comments=()),
    Format(
        "lock-javascript",
        "lock_javascript",
        ("**/package-lock.json", "**/npm-shrinkwrap.json", "**/yarn.lock", "**/pnpm-lock.yaml", "**/bun.lock",
         "**/deno.lock"),
    ),
    Format(
        "lock-others",
        "lock_others",
        (
            "**/Cargo.lock",
            "**/uv.lock",
            "**/poetry.lock",
            "**/pdm.lock",
            "**/pylock.toml", "**/pylock.*.toml",
            "**/Pipfile.lock",
            "**/Gemfile.lock",
            "**/gems.locked",
            "**/composer.lock",
            "**/packages.lock.json",
            "**/conda-lock.y*ml", "**/*.conda-lock.y*ml", "**/pixi.lock",
            "**/gradle.lockfile", "**/*-gradle.lockfile", "**/dependency-locks/*.lockfile",
        ),
    ),
    Format("lock-others", "lock_others", ("**/versions.lock",), ((b" constraints",),)),
    Format(
        "requirements",
        "requirements",
        (
            "**/requirements*.txt",
            "**/*requirements*.txt",
            "**/requirements*.in",
            "**/requirements*.pip",
            "**/requirements/*.txt",
            "**/requirements/*.in",
            "**/constraints*.txt",
            "**/*-constraints.txt",
        ),
    ),
    Format("npmrc", "npmrc", ("**/.npmrc", "**/npmrc"), comments=("#", ";")),
    Format("pypirc", "pypirc", ("**/.pypirc", "**/pypirc"), comments=("#", ";")),
    Format("pip-conf", "pip_conf", ("**/pip.conf", "**/pip.ini"), comments=("#", ";")),
    Format(
        "docker-config",
        "docker_config",
        (
            "**/.docker/config.json",
            "**/.dockercfg",
            "**/.dockerconfigjson",
            "**/containers/auth.json",
        ),
        comments=(),
    ),
    Format(
        "docker-config",
        "docker_config",
        ("**/config.json", "**/*[._-]config.json", "**/dockerconfig*.json", "**/*pull-secret*.json"),
        ((b'"auths"',), (b'"auth"', b'"password"', b'"identitytoken"', b'"registrytoken"')),
        comments=(),
    ),
    Format(
        "composer-auth",
        "composer_auth",
        ("**/auth.json",),
        ((b"auths", b"-basic", b"bearer", b"-oauth", b"-token", b"custom-headers", b"client-certificate"),),
        comments=(),
    ),
    Format(
        "registry-clients",
        "registry_clients",
        (
            "**/pypoetry/auth.toml", "**/pdm/config.toml", "**/hatch/config.toml", "**/uv/credentials.toml",
            "**/uv/credentials/credentials.toml", "**/containerd/config.toml", "**/gh/hosts.y*ml", "**/glab-cli/config.y*ml",
            "**/.jfrog/jfrog-cli.conf*", "**/.conan/credentials.json", "**/.conan2/credentials.json", "**/pub-tokens.json",
            "**/.stack/upload/credentials.json", "**/registries.yaml", "**/regsync.y*ml", "**/regbot.y*ml",
            "**/.regctl/config.json", "**/cr.yaml", "**/.sbt/*credentials", "**/.ivy2/*credentials", "**/.credentials",
            "**/ansible.cfg", "**/local.properties",
        ),
        ((b"pass", b"Pass", b"oken", b"auth"),),
        comments=("#", ";"),
    ),
    Format(
        "registry-clients",
        "registry_clients",
        ("**/renovate.json", "**/renovate.json5", "**/.renovaterc", "**/.renovaterc.json", "**/.renovaterc.json5"),
        ((b"hostRules",),),
        comments=(),
    ),
    Format(
        "registry-clients",
        "registry_clients",
        ("**/poetry.toml",),
        ((b"repositories", b"http-basic", b"pypi-token", b"certificates"),),
    ),
    Format(
        "apt-sources",
        "apt_sources",
        ("**/sources.list", "**/sources.list.d/*.list", "**/sources.list.d/*.sources", "**/apt/*.sources"),
        ((b"deb", b"URIs"),),
    ),
    Format(
        "dnf-repo",
        "dnf_repo",
        ("**/*.repo", "**/yum.conf", "**/dnf.conf"),
        ((b"baseurl", b"mirrorlist", b"metalink", b"gpgcheck", b"sslverify"),),
    ),
    Format("gem-credentials", "gem_credentials", ("**/.gem/credentials", "**/.bundle/config", "**/.gemrc", "**/gemrc")),
    Format("condarc", "condarc", ("**/.condarc", "**/condarc")),
    Format("helm-repositories", "helm_repositories", ("**/repositories.yaml",), ((b"repositories:",), (b"url:",))),
    Format("container-registries", "container_registries", ("**/daemon.json",), ((b"registr",),), comments=()),
    Format(
        "container-registries",
        "container_registries",
        ("**/certs.d/*/hosts.toml", "**/buildkitd.toml", "**/registries.d/*.yaml", "**/registries.d/*.yml"),
    ),
    Format(
        "container-registries",
        "container_registries",
        ("**/containerd/config.toml", "**/registries.yaml", "**/registries.yml"),
        ((b"insecure_skip_verify",),),
    ),
    Format(
        "container-registries",
        "container_registries",
        ("**/policy.json",),
        ((b"insecureAcceptAnything", b"sigstoreSigned", b"signedBy"),),
        comments=(),
    ),
    Format("container-registries", "container_registries", ("**/registries.conf", "**/registries.conf.d/*.conf")),
    Format("netrc", "netrc", ("**/.netrc", "**/_netrc", "**/netrc")),
    Format(
        "maven-settings",
        "maven_settings",
        (
            "**/settings.xml",
            "**/*-settings.xml",
            "**/settings-*.xml", "**/settings-security.xml",
        ),
        ((b"<settings",),),
        comments=("<!--",),
    ),
    Format(
        "ivy-settings", "ivy_settings", ("**/ivysettings*.xml", "**/ivy-settings*.xml"), ((b"<credentials",),), comments=("<!--",)
    ),
    Format(
        "registry-clients",
        "registry_clients",
        ("**/*skopeo*.y*ml", "**/*sync*.y*ml"),
        ((b"credentials:",), (b"images:", b"images-by-"), (b"password",)),
    ),
    Format("git-credentials", "git_credentials", ("**/.git-credentials",)),
    Format(
        "git-config",
        "git_config",
        ("**/.gitconfig", "**/.gitconfig[._-]local", "**/.git-config", "**/gitconfig", "**/.config/git/config",
         "**/*.gitconfig"),
        comments=("#", ";"),
    ),
    Format(
        "kubeconfig",
        "kubeconfig",
        (
            "**/kubeconfig",
            "**/.kubeconfig",
            "**/.kube/config",
            "**/*.kubeconfig",
            "**/kubeconfig.y*ml",
            "**/*[._-]kubeconfig.y*ml",
        ),
        ((b"users",), (b"clusters", b"contexts")),
    ),
    Format("aws-config", "aws_config", ("**/.aws/credentials", "**/.aws/config"), comments=("#", ";")),
    Format(
        "storage-clients",
        "storage_clients",
        ("**/.boto", "**/boto.cfg", "**/.s3cfg", "**/s3cfg", "**/*.s3cfg", "**/rclone.conf", "**/.rclone.conf"),
        comments=("#", ";"),
    ),
    Format("env-file", "env_file", ("**/.env", "**/.env.*", "**/*.env", "**/.envrc")),
    Format(
        "private-key",
        "private_key",
        (
            "**/*.pem",
            "**/*.key",
            "**/id_rsa",
            "**/id_dsa",
            "**/id_ecdsa",
            "**/id_ed25519",
            "**/*.asc",
            "**/*.gpg",
            "**/*.ppk",
        ),
        ((b"PRIVATE KEY", b"AGE-SECRET-KEY", b"PuTTY-User-Key-File-", b"untrusted comment: "),),
        comments=(),
    ),
    Format(
        "python-version",
        "python_version",
        (
            "**/__init__.py",
            "**/_version.py",
            "**/__version__.py",
            "**/version.py",
            "**/__about__.py",
        ),
        ((b"__version__",),),
    ),
    Format("noxfile", "noxfile", ("**/noxfile.py",)),
    Format("script-metadata", "script_metadata", ("**/*.py",), ((b"\n# ///",), (b"# /// script",))),
    Format("script-metadata", "script_metadata", ("**/*.go",), ((b"//go:generate",),), comments=("//",)),
    Format("setup-py", "setup_py", ("**/setup.py",), ((b"setup",),)),
    Format(
        "setup-cfg",
        "setup_cfg",
        ("**/setup.cfg",),
        ((b"[metadata]", b"[options", b"[tox:tox]", b"[testenv"),),
        comments=("#", ";"),
    ),
    Format("pipfile", "pipfile", ("**/Pipfile",)),
    Format("conda-environment", "conda_environment", ("**/environment.y*ml",), ((b"dependencies",),)),
    Format("conda-recipe", "conda_recipe", ("**/meta.yaml", "**/recipe.yaml"), ((b"source:",), (b"package:", b"recipe:"))),
    Format("pixi", "pixi", ("**/pixi.toml",)),
    Format("makefile", "makefile", ("**/Makefile", "**/GNUmakefile", "**/*.mk", "**/Makefile.*")),
    Format(
        "shell",
        "shell",
        (
            "**/*.sh",
            "**/*.bash",
            "**/*.ash",
            "**/*.dash",
            "**/*.ksh",
            "**/*.zsh",
            "**/*.bats",
            "**/.husky/*",
            "**/.githooks/*",
            "**/.profile", "**/.bashrc", "**/.bash_profile", "**/.zshrc",
        ),
    ),
    Format(
        "shell",
        "shell",
        ("**/entrypoint", "**/docker-entrypoint", "**/*-entrypoint"),
        ((b"#!", b"exec ", b"set -"),),
    ),
    Format(
        "powershell",
        "powershell",
        ("**/*.ps1", "**/*.psm1"),
        ((
            b"docker", b"podman", b"uget", b"dotnet", b"npm", b"yarn", b"pip ", b"twine", b"cargo", b"helm", b"kubectl", b"git ",
            b"gh ", b"curl", b"wget", b"iwr", b"irm ", b"iex", b"Invoke-WebRequest", b"Invoke-RestMethod", b"Invoke-Expression",
            b"WebClient", b"-Module", b"-PSResource", b"TOKEN", b"PASSWORD", b"API_KEY", b"CR_PAT", b"_AUTH", b"apikey",
            b"ApiKey", b"gcloud", b"skopeo", b"crane", b"Set-Content", b"Add-Content", b"Out-File", b"WriteAll", b"AppendAll",
            b"pypirc", b"netrc", b"pip.", b"uGet", b"choco", b"cosign", b"terraform", b"poetry", b"az ", b"aws ", b"uv ",
        ),),
        comments=("#", "<#"),
    ),
    Format("justfile", "justfile", ("**/justfile", "**/.justfile", "**/*.just")),
    Format("procfile", "justfile", ("**/Procfile",)),
    Format("tilt", "tilt", ("**/Tiltfile", "**/Tiltfile.*", "**/*.tiltfile"), ((b"_build", b"local", b"cmd"),)),
    Format("tox", "tox", ("**/tox.ini", "**/tox.toml"), comments=("#", ";")),
    Format("taskfile", "taskfile", ("**/Taskfile.y*ml", "**/Taskfile.dist.y*ml"), ((b"tasks", b"env:"),)),
    Format(
        "rakefile",
        "rakefile",
        ("**/Rakefile", "**/*.rake"),
        ((b"sh ", b"sh(", b"`", b"system", b"exec", b"spawn", b"ENV["),),
    ),
    Format("sbt", "sbt", ("**/*.sbt",), ((b"Credentials",),), comments=("//",)),
    Format(
        "script-variables",
        "script_variables",
        (
            "**/*.bat", "**/*.cmd", "**/tasks.py", "**/fabfile.py", "**/Fastfile",
        ),
        ((b"TOKEN", b"PASSWORD", b"API_KEY", b"CR_PAT", b"COMPOSER_AUTH", b"_AUTH", b"api-key", b"ApiKey", b"apikey"),),
        comments=("#", "//", "rem ", "::", ";"),
    ),
    Format("helm-template", "helm_template", comments=("#", "{{/*", "{{- /*")),
    Format(
        "helm-values",
        "helm_values",
        (
            "**/values.y*ml",
            "**/values[._-]*.y*ml",
            "**/*-values.y*ml",
            "**/*.values.y*ml",
        ),
    ),
    Format(
        "packer", "packer", ("**/*.pkr.hcl", "**/*.pkr.json", "**/packer*.json"),
        ((b"source", b"build", b"login_password"),), comments=("#", "//"),
    ),
    Format("appveyor", "appveyor", ("**/appveyor.y*ml", "**/.appveyor.y*ml")),
    Format("ansible", "ansible", ("**/*.yaml", "**/*.yml"), ((b"docker_login:", b"podman_login:"), (b"password",))),
    Format(
        "cloud-keys",
        "cloud_keys",
        ("**/*.json",),
        ((b'"service_account"', b'"authorized_user"'), (b'"private_key"', b'"refresh_token"')),
        comments=(),
    ),
    Format(
        "documents",
        "documents",
        ("**/*.yaml", "**/*.yml", "**/*.json"),
        (
            (
                b"apiVersion", b"services", b"jobs", b"steps:", b"stages:", b"pipelines:", b"op:", b'"op"', b"Microsoft.App/",
                b"repository:",
                b"script:",
            ),
            (b"kind", b"image", b"build", b"steps", b"stage", b"rules:"),
        ),
    ),
    Format(
        "documents", "documents", ("**/*.yaml", "**/*.yml"), ((b"variables:",), (b"name:", b"group:", b"template:"), (b"- ",))
    ),
    Format("text", "plain_text", comments=("#", "//", "/*", "--", ";", "<!--", "%", '"')),
)
LOCKS = frozenset(("go.sum", "chart.lock"))
"""Lock files of which only the presence counts; the others have readers."""

# fmt: on
BY_NAME: dict[str, Format] = {}
for _format in FORMATS:
    BY_NAME.setdefault(_format.name, _format)

_SOURCE_ENDINGS = lazy_pattern(
    r"\.(?:go|py|js|ts|rs|rb|java|md|rst|txt|html?|rego|dockerignore|sh|json|ya?ml)$", re.IGNORECASE
)
_SHEBANG = lazy_pattern(rb"#!\s*\S*/(?:env\s+(?:-S\s+)?)?(?:busybox\s+)?(?:ba|da|a|k|mk|z)?sh\b")
_strict = [False]


def _translate(glob: str) -> str:
    """Return a regular expression for a glob: `**/` any folders, `*` within a component, `[…]` one character."""
    out, at = [], 0
    while at < len(glob):
        if glob.startswith("**/", at):
            out.append("(?:.*/)?")
            at += 3
        elif glob[at] == "*":
            out.append("[^/]*")
            at += 1
        elif glob[at] == "[":
            end = glob.index("]", at)
            out.append(glob[at : end + 1])
            at = end + 1
        else:
            out.append(re.escape(glob[at]))
            at += 1
    return "".join(out)


@cache
def _one_format(number: int) -> re.Pattern[str]:
    return re.compile("|".join(map(_translate, FORMATS[number].patterns)) or r"(?!)", re.IGNORECASE | re.DOTALL)


@cache
def _endings() -> tuple[frozenset[str], ...]:
    """Return, for each format, what the names of its files end in: its patterns behind the last wildcard or folder."""
    return tuple(frozenset(re.split(r"[*?\]/]", glob)[-1].lower() for glob in made.patterns) for made in FORMATS)


@cache
def _open_words() -> re.Pattern[str]:
    """Return what tells of names that may end in anything: the longest words of the patterns that end in a wildcard."""
    patterns = [glob for made in FORMATS for glob in made.patterns if glob.endswith(("*", "?", "]"))]
    words = {max(re.split(r"\[[^\]]*\]|[*?/]", glob), key=len) for glob in patterns}
    return re.compile("|".join(map(re.escape, sorted(words))) or r"(?!)", re.IGNORECASE)


@lru_cache(maxsize=4096)
def _possible(extension: str, named: bool) -> tuple[int, ...]:
    """Return the numbers of the formats that a name of some extension may have; without a dot that is the whole name.

    `named` says that a word of `_open_words` stands in the path: without one no pattern with an open end fits.
    """
    return tuple(
        number
        for number, endings in enumerate(_endings())
        if any(
            ending.rpartition(".")[2] == extension if "." in ending else extension.endswith(ending)
            for ending in endings
            if ending or named
        )
    )


def _next_like(path: str, start: int = 0) -> int:
    """Return the number of the first format from `start` on whose patterns a path fits, or that of none."""
    named = _open_words().search(path) is not None
    possible = _possible(path.rpartition("/")[2].rpartition(".")[2].lower(), named)
    fits = (number for number in possible if number >= start and _one_format(number).fullmatch(path))
    return next(fits, len(FORMATS))


_MADE = b"enerated by GNU Autoconf"


def recognise(path: str, content: Callable[[], bytes], charts: frozenset[str] = frozenset()) -> tuple[str, str]:
    """Return the format of a path below the root, and why it has none. `charts` are folders with a Chart.yaml.

    The content is asked for only where the name does not tell.
    """
    name = path.rsplit("/", 1)[-1]
    if name.lower() in LOCKS:
        return "", "a lock file: its presence counts, its content is not read"
    member = _chart_member(path, charts)
    if member:
        return member, ""
    number, reason = _next_like(path), ""
    while number < len(FORMATS):
        found = FORMATS[number]
        if found.name == "dockerfile" and _SOURCE_ENDINGS.search(name):
            return "", "a source or text file beside a Dockerfile"
        if not found.needles or _holds(content(), found.needles):
            return found.name, ""
        reason = reason or f"holds nothing of a {found.name} file"
        number = _next_like(path, number + 1)
    if reason:
        return "", reason
    if "." not in name.lstrip(".") and _SHEBANG.match(content()[:128]):
        if _MADE in content()[:1000]:
            return "", "a script that Autoconf has made"
        return "shell", ""
    return "", "no known format"


def _chart_member(path: str, charts: frozenset[str]) -> str:
    """Return the format of a file inside a Helm chart: templates are no YAML, crds are plain manifests."""
    folder = path
    while charts and folder:
        folder = folder.rpartition("/")[0]
        if folder not in charts:
            if not folder:
                break
            continue
        inner = path[len(folder) + 1 :] if folder else path
        if inner.startswith("templates/"):
            return "helm-template" if inner.endswith((".yaml", ".yml", ".tpl", ".json", ".txt")) else ""
        if re.match(r"(?:ci/[^/]+|values[^/]*)\.ya?ml$", inner):
            return "helm-values"
        return ""
    return ""


def _holds(data: bytes, needles: tuple[tuple[bytes, ...], ...]) -> bool:
    text = searchable(data)
    return all(any(word in text for word in words) for words in needles)


_READERS: dict[str, Reader] = {}


def reader_of(name: str) -> Reader:
    """Return the reader of a format, importing it the first time; raise `KeyError` for an unknown name."""
    if name not in _READERS:
        module = import_module(f"relcheck.readers.{BY_NAME[name].module}")
        _READERS[name] = module.read
    return _READERS[name]


def embedded(name: str, source: Source) -> Iterator[Fact]:
    """Yield the facts of a text in another text; nothing deeper than four levels, nothing for unknown formats."""
    if source.depth <= MAX_DEPTH * 3 and name in BY_NAME:
        yield from reader_of(name)(source)


def raise_faults(strict: bool) -> None:
    """Let a reader's own fault surface instead of becoming a fact: for tests."""
    _strict[0] = strict


def read_source(name: str, source: Source) -> list[Fact]:
    """Return the facts of a file; a fault of the reader becomes one `Unreadable`, what came before it is kept."""
    facts: list[Fact] = []
    try:
        facts.extend(reader_of(name)(source))
    except (MemoryError, KeyboardInterrupt):
        raise
    except Exception as fault:
        if _strict[0]:
            raise
        reason = f"relcheck cannot read this {name} file ({type(fault).__name__}); please report it"
        facts.append(Unreadable(span=source.at(0, 0), reason=reason))
    from relcheck.redact import without_secrets  # noqa: PLC0415 - the table itself needs no secrets

    return without_secrets(facts, source)
