"""One file for each further row of the format specification: the construct of the row yields its fact, at its place.

Rows of Bake, development containers, Earthfiles, Kubernetes and its kin, pipelines other than GitHub's and GitLab's,
Terraform, packages and configuration of clients. The file is recognised by its name and its text.
"""

# ruff: noqa: E501 - a file in one line is easier to compare with its fact

from __future__ import annotations

import pytest

from relcheck.readers import read_source, recognise
from relcheck.source import Source
from tests.acceptance.test_rows import shown

# fmt: off
ROWS = [
    # azure-pipelines
    ("azure-pipelines.yml", "resources: {containers: [{container: a, image: 'x/y:1'}]}\nsteps: []\n", "image job @ 1"),
    ("azure-pipelines.yml", "jobs: [{job: a, container: 'x/y:1', services: {s: 'z:1'}}]\n", "image service @ 1"),
    ("azure-pipelines.yml", "resources: {repositories: [{repository: a, type: github, name: o/r, ref: refs/heads/main}]}\nsteps: []\n", "component checkout branch @ refs/heads/main"),
    ("azure-pipelines.yml", "steps: [{task: 'Docker@2', inputs: {command: buildAndPush, repository: x/y, tags: latest}}]\n", "image pushed @ latest"),
    ("azure-pipelines.yml", "steps: [{task: 'AzureCLI@2', inputs: {scriptType: bash, inlineScript: docker pull b:2}}]\n", "image pulled @ 2"),
    ("azure-pipelines.yml", "steps: [{task: 'Bash@3', inputs: {targetType: inline, script: docker pull b:2}}]\n", "image pulled @ 2"),
    ("azure-pipelines.yml", "steps: [{task: 'HelmDeploy@1', inputs: {command: install, chartName: a/b, chartVersion: 1.0.0}}]\n", "dependency command a/b exact @ 1.0.0"),
    ("azure-pipelines.yml", "steps: [{task: 'KubernetesManifest@1', inputs: {containers: 'x/y:1'}}]\n", "image deployed @ 1"),
    ("azure-pipelines.yml", "steps: [{task: 'AzureContainerApps@1', inputs: {imageToDeploy: 'x/y:1'}}]\n", "image deployed @ 1"),
    ("azure-pipelines.yml", "steps: [{task: 'AzureWebAppContainer@1', inputs: {containers: 'x/y:1'}}]\n", "image deployed @ 1"),
    ("azure-pipelines.yml", "steps: [{task: 'AzureFunctionAppContainer@1', inputs: {imageName: 'x/y:1'}}]\n", "image deployed @ 1"),
    ("azure-pipelines.yml", "steps: [{task: 'NuGetCommand@2', inputs: {command: push, publishFeedCredentials: x}}]\n", "publish nuget @ NuGetCommand@2"),
    ("azure-pipelines.yml", "steps: [{task: 'Npm@1', inputs: {command: publish}}]\n", "publish npm @ Npm@1"),
    ("azure-pipelines.yml", "steps: [{task: 'Maven@4', inputs: {goals: deploy}}]\n", "publish maven @ Maven@4"),
    ("azure-pipelines.yml", "steps: [{task: 'Gradle@3', inputs: {tasks: publish}}]\n", "publish maven @ Gradle@3"),
    ("azure-pipelines.yml", "steps: [{task: 'UniversalPackages@0', inputs: {command: publish}}]\n", "publish universal @ UniversalPackages@0"),
    ("azure-pipelines.yml", "steps: [{task: 'GitHubRelease@1', inputs: {action: create}}]\n", "publish github-release @ GitHubRelease@1"),
    ("azure-pipelines.yml", "steps: [{task: 'UseNode@1', inputs: {version: 20.x}}]\n", "dependency setup node range @ 20.x"),
    ("azure-pipelines.yml", "steps: [{task: 'TerraformInstaller@1', inputs: {terraformVersion: latest}}]\n", "dependency setup terraform tag @ latest"),
    ("azure-pipelines.yml", "steps: [{task: 'DockerInstaller@0', inputs: {dockerVersion: 20.0.0}}]\n", "dependency setup docker exact @ 20.0.0"),
    ("azure-pipelines.yml", "steps: [{task: 'ContainerBuild@0', inputs: {repository: x/y, tags: latest}}]\n", "image output @ latest"),
    ("azure-pipelines.yml", "steps: [{task: 'Docker@1', inputs: {imageName: 'x/y:1'}}]\n", "job @ steps: [{task: 'Docker@1', inputs: {imageName: 'x/y:1'}}]"),
    ("azure-pipelines.yml", "variables: {NPM_TOKEN: abcdef123456}\nsteps: []\n", "credential env literal @ abcdef123456"),
    # bake
    ("docker-bake.hcl", 'target "a" { output = ["type=image,name=a/b:1"] }\n', "image output @ 1"),
    ("docker-bake.hcl", 'target "a" { contexts = { k = "https://github.com/o/r.git#main" } }\n', "component context branch @ main"),
    ("docker-bake.override.json", '{"target":{"a":{"tags":["a/b:1"]}}}', "image output @ 1"),
    # bitbucket-pipelines
    ("bitbucket-pipelines.yml", "image: {name: 'x/y:1', username: u, password: abcdef123456}\npipelines: {default: []}\n", "credential ci-env literal @ abcdef123456"),
    ("bitbucket-pipelines.yml", "pipelines: {default: [{step: {script: [{pipe: 'a/b:1.2.3'}]}}]}\n", "component pipe semver-full @ 1.2.3"),
    ("bitbucket-pipelines.yml", "pipelines: {default: [{step: {script: [{pipe: 'docker://x/y:1'}]}}]}\n", "image run @ 1"),
    ("bitbucket-pipelines.yml", "definitions: {imports: {a: 'repo:main:b.yml'}}\npipelines: {default: []}\n", "component import branch @ main"),
    ("bitbucket-pipelines.yml", "pipelines: {default: [{parallel: {steps: [{step: {after-script: [docker pull b:2]}}]}}]}\n", "image pulled @ 2"),
    # buildkite
    (".buildkite/pipeline.yml", "steps: [{command: x, plugins: [{docker#v5.0.0: {image: 'x/y:1'}}]}]\n", "image run @ 1"),
    (".buildkite/pipeline.yml", "steps: [{command: x, plugins: ['https://github.com/o/r.git#main']}]\n", "component plugin branch @ main"),
    (".buildkite/pipeline.yml", "steps: [{command: x, plugins: [{kubernetes: {podSpec: {containers: [{image: 'x/y:1'}]}}}]}]\n", "job @ {command: x, plugins: [{kubernetes: {podSpec: {containers: [{image: 'x/y:1'}]}}}]}"),
    (".buildkite/pipeline.yml", "image: 'x/y:1'\nsteps: [{command: x}]\n", "image job @ 1"),
    (".buildkite/pipeline.yml", "steps: [{group: a, steps: [{commands: [docker pull b:2]}]}]\n", "image pulled @ 2"),
    (".buildkite/pipeline.yml", "steps: [{command: x, plugins: [{docker-login#v2: {server: r.example.com, username: u}}]}]\n", "login r.example.com @ docker-login#v2"),
    # cargo-config
    (".cargo/credentials.toml", '[registry]\ntoken = "abcdef123456"\n', "credential cargo-token literal @ abcdef123456"),
    # cargo-toml
    ("rust-toolchain.toml", '[toolchain]\nchannel = "nightly"\n', "dependency manifest rust tag @ nightly"),
    # circleci
    (".circleci/config.yml", "version: 2.1\norbs: {a: 'b/c@volatile'}\n", "component orb latest-alias @ volatile"),
    (".circleci/config.yml", "version: 2.1\norbs: {a: 'https://x.example.com/o.yml'}\n", "component orb none @ https://x.example.com/o.yml"),
    (".circleci/config.yml", "version: 2.1\nexecutors: {a: {docker: [{image: 'x/y:1', auth: {username: u, password: abcdef123456}}]}}\n", "credential ci-env literal @ abcdef123456"),
    (".circleci/config.yml", "version: 2.1\ncommands: {a: {steps: [{run: docker pull b:2}]}}\n", "image pulled @ 2"),
    (".circleci/config.yml", "version: 2.1\njobs: {a: {docker: [{image: 'x/y:1'}], steps: [{when: {condition: true, steps: [{run: {command: docker pull b:2}}]}}]}}\n", "image pulled @ 2"),
    (".circleci/config.yml", "version: 2.1\norbs: {a: {jobs: {b: {docker: [{image: 'x/y:1'}]}}}}\n", "image job @ 1"),
    # cloudbuild
    ("cloudbuild.yaml", "steps: [{name: gcr.io/cloud-builders/docker, args: [pull, 'b:2']}]\n", "image pulled @ 2"),
    ("cloudbuild.yaml", "steps: [{name: 'x/y:1', script: docker pull b:2}]\nimages: ['z/w:3']\n", "image pulled @ 2"),
    ("cloudbuild.yaml", "steps: [{name: 'x/y:1'}]\nartifacts: {npmPackages: [{repository: 'https://x.example.com', packagePath: a}]}\n", "publish npm @ https://x.example.com"),
    # composer-auth
    ("auth.json", '{"http-basic":{"x.example.com":{"username":"u","password":"abcdef123456"}}}', "credential composer-auth literal @ abcdef123456"),
    # composer-json
    ("composer.json", '{"name":"a/b","require":{"c/d":"dev-main"}}', "dependency manifest c/d git-branch @ dev-main"),
    ("composer.json", '{"name":"a/b","repositories":[{"type":"composer","url":"http://x.example.com"}]}', "registry index  @ x.example.com"),
    ("composer.json", '{"name":"a/b","config":{"secure-http":false}}', "registry index off @ false"),
    ("composer.json", '{"name":"a/b","scripts":{"a":"docker pull b:2"}}', "image pulled @ 2"),
    # conda-environment
    ("environment.yml", "channels: ['https://x.example.com/c']\ndependencies: [a]\n", "registry index  @ x.example.com"),
    # container-registries
    ("registries.conf", '[[registry]]\nlocation = "x.example.com"\ninsecure = true\n', "registry container off @ true"),
    ("certs.d/x.example.com/hosts.toml", 'server = "https://x.example.com"\n[host."https://x.example.com"]\n  skip_verify = true\n', "registry container off @ true"),
    ("daemon.json", '{"insecure-registries":["x.example.com"]}', "registry container off @ x.example.com"),
    # dependabot
    (".github/dependabot.yml", "version: 2\nregistries: {a: {type: npm-registry, url: 'http://x.example.com', token: abcdef123456}}\nupdates: []\n", "credential ci-env literal @ abcdef123456"),
    (".github/dependabot.yml", "version: 2\nupdates: [{package-ecosystem: npm, directory: /, insecure-external-code-execution: allow, schedule: {interval: daily}}]\n", "updates @ npm"),
    # devcontainer
    (".devcontainer/x/devcontainer.json", '{"image":"a/b:1"}', "image run @ 1"),
    (".devcontainer.json", '{"build":{"dockerfile":"D","options":["--build-arg","A=1"]}}', "component context none @ D"),
    (".devcontainer/devcontainer.json", '{"runArgs":["--env","NPM_TOKEN=abcdef123456"]}', "credential env literal @ abcdef123456"),
    (".devcontainer/devcontainer.json", '{"features":{"ghcr.io/a/b":{}}}', "image artifact @ ghcr.io/a/b"),
    (".devcontainer/devcontainer.json", '{"features":{"https://x.example.com/a.tgz":{}}}', "download  @ https://x.example.com/a.tgz"),
    (".devcontainer/devcontainer.json", '{"dockerComposeFile":["a.yml"]}', "component include none @ a.yml"),
    ("src/f/devcontainer-feature.json", '{"id":"a","version":"1.0.0","dependsOn":{"ghcr.io/a/b:1":{}}}', "image artifact @ 1"),
    ("devcontainer-lock.json", '{"features":{"ghcr.io/a/b:1":{"resolved":"x","integrity":"sha256:ab"}}}', "component feature sha @ ghcr.io/a/b:1"),
    # docker-config
    (".docker/config.json", '{"auths":{"x.example.com":{"auth":"YTphYmNkZWYxMjM0NTY="}}}', "credential docker-auth literal @ YTphYmNkZWYxMjM0NTY="),
    (".config/helm/registry/config.json", '{"auths":{"x.example.com":{"auth":"YTphYmNkZWYxMjM0NTY="}}}', "credential docker-auth literal @ YTphYmNkZWYxMjM0NTY="),
    # documents
    ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\nspec: {volumes: [{name: a, image: {reference: 'x/y:1'}}], containers: []}\n", "image mount @ 1"),
    ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\nspec: {containers: [{name: a, image: 'x/y:1', command: [sh, -c, docker pull b:2]}]}\n", "image pulled @ 2"),
    ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\nspec: {containers: [{name: a, image: 'x/y:1', lifecycle: {postStart: {exec: {command: [docker, pull, 'b:2']}}}}]}\n", "image pulled @ 2"),
    ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\nspec: {containers: [{name: a, image: 'x/y:1', livenessProbe: {exec: {command: [docker, pull, 'b:2']}}}]}\n", "image pulled @ 2"),
    ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\nspec: {containers: [{name: a, image: 'x/y:1', env: [{name: NPM_TOKEN, value: abcdef123456}]}]}\n", "credential env literal @ abcdef123456"),
    ("a.yaml", "apiVersion: batch/v1\nkind: CronJob\nmetadata: {name: a, namespace: n}\nspec: {jobTemplate: {spec: {template: {spec: {containers: [{name: a, image: 'x/y:1'}]}}}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: v1\nkind: PodTemplate\nmetadata: {name: a, namespace: n}\ntemplate: {spec: {containers: [{name: a, image: 'x/y:1'}]}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: apps.openshift.io/v1\nkind: DeploymentConfig\nmetadata: {name: a, namespace: n}\nspec: {template: {spec: {containers: [{name: a, image: 'x/y:1'}]}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\nspec: {ephemeralContainers: [{name: a, image: 'x/y:1'}]}\n", "image workload @ 1"),
    ("a.yaml", 'apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: n}\ntype: kubernetes.io/dockerconfigjson\nstringData: {.dockerconfigjson: \'{"auths":{"h.example.com":{"auth":"YTphYmNkZWYxMjM0NTY="}}}\'}\n', 'credential k8s-registry-secret literal @ {"auths":{"h.example.com":{"auth":"YTphYmNkZWYxMjM0NTY="}}}'),
    ("a.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, namespace: n}\n  spec: {containers: [{name: a, image: 'x/y:1'}]}\n  ", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: a, namespace: n}\nspec: {template: {spec: {containers: [{name: a, image: 'x/y:1'}]}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: AnalysisTemplate\nmetadata: {name: a, namespace: n}\nspec: {metrics: [{name: a, provider: {job: {spec: {template: {spec: {containers: [{name: a, image: 'x/y:1'}]}}}}}}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Experiment\nmetadata: {name: a, namespace: n}\nspec: {templates: [{name: a, template: {spec: {containers: [{name: a, image: 'x/y:1'}]}}}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: n}\nspec: {templates: [{name: a, container: {image: 'x/y:1'}}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: CronWorkflow\nmetadata: {name: a, namespace: n}\nspec: {workflowSpec: {templates: [{name: a, script: {image: 'alpine:1', command: [sh], source: docker pull b:2}}]}}\n", "image pulled @ 2"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: n}\nspec: {templates: [{name: a, sidecars: [{name: s, image: 'x/y:1'}]}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: n}\nspec: {templates: [{name: a, containerSet: {containers: [{name: s, image: 'x/y:1'}]}}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: n}\nspec:\n  templates:\n  - name: a\n    resource:\n      manifest: |\n        apiVersion: v1\n        kind: Pod\n        metadata: {name: a, namespace: b}\n        spec: {containers: [{name: a, image: 'x/y:1'}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: n}\nspec: {templates: [{name: a, inputs: {artifacts: [{name: x, git: {repo: 'https://github.com/o/r.git', revision: main}}]}}]}\n", "component repository branch @ main"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: n}\nspec: {templates: [{name: a, inputs: {artifacts: [{name: x, http: {url: 'https://x.example.com/a.tgz'}}]}}]}\n", "download  @ https://x.example.com/a.tgz"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: n}\nspec: {templateDefaults: {container: {image: 'x/y:1'}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nmetadata: {name: a, namespace: n}\nspec: {templates: [{name: a, dag: {tasks: [{name: b, inline: {container: {image: 'x/y:1'}}}]}}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: a, namespace: n}\nspec: {template: {container: {image: 'x/y:1'}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: a, namespace: n}\nspec:\n  triggers:\n  - template:\n      k8s:\n        source:\n          resource:\n            apiVersion: v1\n            kind: Pod\n            metadata: {name: a, namespace: b}\n            spec: {containers: [{name: a, image: 'x/y:1'}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Sensor\nmetadata: {name: a, namespace: n}\nspec: {triggers: [{template: {argoWorkflow: {source: {git: {url: 'https://github.com/o/r.git', branch: main}}}}}]}\n", "component repository branch @ main"),
    ("a.yaml", "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a, namespace: n}\nspec: {template: {spec: {containers: [{image: 'x/y:1'}]}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: sources.knative.dev/v1\nkind: ContainerSource\nmetadata: {name: a, namespace: n}\nspec: {template: {spec: {containers: [{image: 'x/y:1'}]}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: keda.sh/v1alpha1\nkind: ScaledJob\nmetadata: {name: a, namespace: n}\nspec: {jobTargetRef: {template: {spec: {containers: [{image: 'x/y:1'}]}}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: a, namespace: n}\nspec: {image: 'x/y:1'}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: a, namespace: n}\nspec: {thanos: {image: 'x/y:1'}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nmetadata: {name: a, namespace: n}\nspec: {strategy: {dockerStrategy: {from: {kind: DockerImage, name: 'x/y:1'}}}}\n", "image base @ 1"),
    ("a.yaml", "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nmetadata: {name: a, namespace: n}\nspec: {source: {git: {uri: 'https://github.com/o/r.git', ref: main}}}\n", "component repository branch @ main"),
    ("a.yaml", "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nmetadata: {name: a, namespace: n}\nspec: {source: {dockerfile: 'FROM x/y:1'}}\n", "image final @ 1"),
    ("a.yaml", "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nmetadata: {name: a, namespace: n}\nspec: {output: {to: {kind: DockerImage, name: 'x/y:1'}}}\n", "image output @ 1"),
    ("a.yaml", "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: a, namespace: n}\nspec: {tags: [{name: a, from: {kind: DockerImage, name: 'x/y:1'}}]}\n", "image pulled @ 1"),
    ("a.yaml", "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: a, namespace: n}\nspec: {tags: [{name: a, importPolicy: {insecure: true}, from: {kind: DockerImage, name: 'x/y:1'}}]}\n", "registry container off @ true"),
    ("a.yaml", "apiVersion: pkg.crossplane.io/v1\nkind: Provider\nmetadata: {name: a, namespace: n}\nspec: {package: 'xpkg.example.com/a/b:v1'}\n", "image artifact @ v1"),
    ("a.yaml", "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: a, namespace: n}\nspec: {chart: a, repo: 'https://x.example.com', version: '1.0.0'}\n", "dependency manifest a exact @ 1.0.0"),
    ("a.yaml", "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: a, namespace: n}\nspec:\n  chart: a\n  valuesContent: |\n    image: {repository: x/y, tag: '1'}\n", "image workload @ 1"),
    ("a.yaml", "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\nnodes: [{role: worker, image: 'kindest/node:v1'}]\n", "image run @ v1"),
    ("a.yaml", "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\nmetadata: {name: a, namespace: n}\nspec: {url: 'oci://r.example.com/a/b', ref: {tag: latest}}\n", "image artifact @ latest"),
    ("a.yaml", "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: a, namespace: n}\nspec: {url: 'http://x.example.com', insecure: true}\n", "registry chart  @ x.example.com"),
    ("a.yaml", "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: a, namespace: n}\nspec: {chart: a, version: '*', sourceRef: {kind: HelmRepository, name: b}}\n", "dependency manifest a any @ *"),
    ("a.yaml", "apiVersion: source.toolkit.fluxcd.io/v1\nkind: Bucket\nmetadata: {name: a, namespace: n}\nspec: {endpoint: x.example.com, bucketName: a, insecure: true}\n", "registry mirror off @ true"),
    ("a.yaml", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: n}\nspec: {chart: {spec: {chart: a, sourceRef: {kind: HelmRepository, name: b}}}, values: {image: {repository: x/y, tag: '1'}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: a, namespace: n}\nspec: {postRenderers: [{kustomize: {images: [{name: a, newTag: latest}]}}]}\n", "image override @ latest"),
    ("a.yaml", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a, namespace: n}\nspec: {path: ./a, targetNamespace: b, images: [{name: a, newTag: latest}]}\n", "image override @ latest"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: n}\nspec: {source: {repoURL: 'https://github.com/o/r', targetRevision: HEAD, path: a}, destination: {namespace: b}}\n", "component repository latest-alias @ HEAD"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: n}\nspec: {sources: [{repoURL: 'https://x.example.com', chart: a, targetRevision: '*'}]}\n", "dependency manifest a any @ *"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: n}\nspec: {source: {repoURL: 'https://github.com/o/r', path: a, kustomize: {images: ['a=x/y:1']}}}\n", "image override @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: n}\nspec: {source: {repoURL: 'https://github.com/o/r', path: a, helm: {parameters: [{name: image.tag, value: latest}, {name: image.repository, value: x/y}]}}}\n", "image override @ latest"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: n}\nspec: {source: {repoURL: 'https://github.com/o/r', path: a, helm: {valuesObject: {image: {repository: x/y, tag: '1'}}}}}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: a, namespace: n}\nspec: {source: {repoURL: 'https://github.com/o/r', path: a, helm: {valueFiles: ['https://x.example.com/v.yaml']}}}\n", "download  @ https://x.example.com/v.yaml"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: a, namespace: n}\nspec: {template: {spec: {source: {repoURL: 'https://github.com/o/r', targetRevision: main, path: a}}}}\n", "component repository branch @ main"),
    ("a.yaml", "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: a\n  annotations: {argocd-image-updater.argoproj.io/image-list: 'a=x/y:latest'}\nspec: {}\n", "image override @ latest"),
    ("a.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  labels: {argocd.argoproj.io/secret-type: repository}\nstringData: {url: 'http://x.example.com/a.git', password: abcdef123456}\n", "credential client-login literal @ abcdef123456"),
    ("a.yaml", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  labels: {argocd.argoproj.io/secret-type: repository}\nstringData: {url: 'http://x.example.com/a.git', insecure: 'true'}\n", "registry vcs  @ x.example.com"),
    ("a.yaml", "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a, namespace: n}\nspec: {steps: [{name: a, image: 'x/y:1', script: docker pull b:2}], sidecars: [{image: 'c:3'}]}\n", "image pulled @ 2"),
    ("a.yaml", "apiVersion: tekton.dev/v1\nkind: Task\nmetadata: {name: a, namespace: n}\nspec: {stepTemplate: {image: 'x/y:1'}, steps: []}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: a, namespace: n}\nspec: {tasks: [{name: a, taskRef: {resolver: bundles, params: [{name: bundle, value: 'x/y:1'}]}}]}\n", "image artifact @ 1"),
    ("a.yaml", "apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: a, namespace: n}\nspec: {finally: [{name: a, taskRef: {resolver: git, params: [{name: url, value: 'https://github.com/o/r'}, {name: revision, value: main}]}}]}\n", "component task branch @ main"),
    ("a.yaml", "apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: a, namespace: n}\nspec: {tasks: [{name: a, taskRef: {resolver: hub, params: [{name: name, value: x}, {name: version, value: '0.9'}]}}]}\n", "component task semver-partial @ 0.9"),
    ("a.yaml", "apiVersion: tekton.dev/v1\nkind: Pipeline\nmetadata: {name: a, namespace: n}\nspec: {tasks: [{name: a, taskRef: {resolver: http, params: [{name: url, value: 'https://x.example.com/a.yaml'}]}}]}\n", "download  @ https://x.example.com/a.yaml"),
    ("a.yaml", "apiVersion: tekton.dev/v1beta1\nkind: StepAction\nmetadata: {name: a, namespace: n}\nspec: {image: 'x/y:1'}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: triggers.tekton.dev/v1\nkind: TriggerTemplate\nmetadata: {name: a, namespace: n}\nspec: {resourcetemplates: [{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {generateName: a}, spec: {taskSpec: {steps: [{image: 'x/y:1'}]}}}]}\n", "image workload @ 1"),
    ("a.yaml", "apiVersion: triggers.tekton.dev/v1\nkind: EventListener\nmetadata: {name: a, namespace: n}\nspec: {resources: {kubernetesResource: {spec: {template: {spec: {containers: [{image: 'x/y:1'}]}}}}}}\n", "image workload @ 1"),
    (".tekton/a.yaml", "apiVersion: tekton.dev/v1\nkind: PipelineRun\nmetadata:\n  name: a\n  annotations: {pipelinesascode.tekton.dev/task: '[git-clone:0.9]'}\nspec: {}\n", "component task semver-partial @ 0.9"),
    # drone
    (".drone.yml", "kind: pipeline\ntype: docker\nname: a\nsteps: [{name: a, image: plugins/docker, settings: {repo: x/y, tags: [latest], password: abcdef123456}}]\n", "credential ci-env literal @ abcdef123456"),
    (".drone.yml", "kind: pipeline\ntype: docker\nname: a\nsteps: [{name: a, image: plugins/docker, settings: {repo: x/y, tags: [latest]}}]\n", "image job @ plugins/docker"),
    # earthfile
    ("Earthfile", "VERSION 0.8\nIMPORT github.com/o/r:v1 AS a\n", "component target semver-partial @ v1"),
    ("Earthfile", "VERSION 0.8\na:\n    WITH DOCKER --compose c.yml\n    RUN x\n    END\n", "component include none @ c.yml"),
    ("Earthfile", "VERSION 0.8\na:\n    LOCALLY\n    RUN docker pull a:1\n", "image pulled @ 1"),
    # env-file
    (".env", "NPM_TOKEN=abcdef123456\n", "credential env literal @ abcdef123456"),
    # gem-credentials
    (".gem/credentials", ":rubygems_api_key: abcdef123456\n", "credential gem-key literal @ abcdef123456"),
    (".bundle/config", '---\nBUNDLE_X__EXAMPLE__COM: "u:abcdef123456"\n', "credential gem-key literal @ abcdef123456"),
    # gemfile
    ("Gemfile", "source 'http://x.example.com'\ngem 'a', git: 'https://github.com/o/r.git', branch: 'main'\n", "dependency manifest a git-branch @ main"),
    ("Gemfile", "source 'http://x.example.com'\n", "registry index  @ x.example.com"),
    # gemspec
    ("a.gemspec", "Gem::Specification.new do |s|\n  s.name = 'a'\n  s.version = '1.0.0'\n  s.add_dependency 'b', '>= 1'\nend\n", "dependency manifest b range @ >= 1"),
    # git-credentials
    (".git-credentials", "https://a:abcdef123456@x.example.com\n", "credential url-userinfo literal @ abcdef123456"),
    # github-action
    ("action.yml", "name: a\nruns: {using: docker, image: 'docker://x/y:1'}\n", "image action @ 1"),
    ("action.yml", "name: a\nruns: {using: composite, steps: [{uses: a/b@main}, {run: docker pull b:2, shell: bash}]}\n", "image pulled @ 2"),
    # github-workflow
    (".github/workflows/a.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: docker/setup-buildx-action@v3\n        with: {driver-opts: 'image=x/y:1'}\n", "image run @ 1"),
    (".github/workflows/a.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: docker/setup-qemu-action@v3\n        with: {image: 'x/y:1'}\n", "image run @ 1"),
    (".github/workflows/a.yml", "on: push\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: azure/webapps-deploy@v3\n        with: {images: 'x/y:1'}\n", "image deployed @ 1"),
    # gitmodules
    (".gitmodules", '[submodule "a"]\n\tpath = a\n\turl = http://x.example.com/a.git\n\tbranch = main\n', "component submodule branch @ http://x.example.com/a.git"),
    # go-mod
    ("go.mod", "module a\n\ngo 1.22\n\ntoolchain go1.23.0\n\nrequire b.example.com/c v1.0.0\nreplace d => ../d\n", "dependency manifest go exact @ go1.23.0"),
    # goreleaser
    (".goreleaser.yaml", "dockers: [{image_templates: ['a/b:latest']}]\n", "image output @ latest"),
    (".goreleaser.yaml", "kos: [{base_image: 'a/b:1'}]\n", "image base @ 1"),
    (".goreleaser.yaml", "docker_manifests: [{name_template: 'a/b:1'}]\n", "image output @ 1"),
    (".goreleaser.yaml", "dockers_v2: [{images: ['a/b'], tags: ['1']}]\n", "image output @ 1"),
    (".goreleaser.yaml", "nfpms: [{id: a}]\nsigns: [{cmd: cosign}]\nbefore: {hooks: [docker pull a:1]}\n", "image pulled @ 1"),
    # gradle
    ("build.gradle", "repositories {\n  maven { url 'http://x.example.com'; allowInsecureProtocol true }\n}\n", "registry index  @ x.example.com"),
    ("build.gradle", "publishing {\n  repositories {\n    maven { url 'https://x.example.com' }\n  }\n}\n", "registry publish  @ x.example.com"),
    ("init.gradle", "allprojects {\n  repositories { maven { url 'http://x.example.com' } }\n}\n", "registry index  @ x.example.com"),
    # helm-chart
    ("c/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\ndependencies: [{name: b, version: ^1, repository: 'https://x.example.com'}]\n", "dependency manifest b range @ ^1"),
    ("c/Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\nannotations:\n  artifacthub.io/images: |\n    - name: a\n      image: x/y:1\n", "image workload @ 1"),
    # helm-repositories
    ("repositories.yaml", "apiVersion: ''\nrepositories: [{name: a, url: 'https://x.example.com', password: abcdef123456}]\n", "credential helm-repo-password literal @ abcdef123456"),
    # helm-values
    ("values.yaml", "image: {repository: x/y, tag: '1'}\n", "image workload @ 1"),
    ("values.yaml", "image: {registry: r.example.com, image: x/y, tag: '1'}\n", "image workload @ 1"),
    ("values.yaml", "sidecarImage: x/y:1\n", "image workload @ 1"),
    ("values.yaml", "imageName: x/y\nimageTag: latest\n", "image workload @ latest"),
    ("values.yaml", "extraContainers: [{name: a, image: 'x/y:1'}]\n", "image workload @ 1"),
    ("values.yaml", "extraInitContainers: |\n  - name: a\n    image: x/y:1\n", "image workload @ 1"),
    ("values.yaml", "imageCredentials: {registry: r.example.com, username: u, password: abcdef123456}\n", "credential k8s-registry-secret literal @ abcdef123456"),
    # helmfile
    ("helmfile.yaml", "repositories: [{name: a, url: 'http://x.example.com', password: abcdef123456}]\nreleases: []\n", "registry chart  @ x.example.com"),
    ("helmfile.yaml", "releases: [{name: a, chart: b/c}]\n", "dependency manifest b/c any @ b/c"),
    ("helmfile.yaml", "releases: [{name: a, chart: b/c, version: 1.0.0, values: [{image: {repository: x/y, tag: '1'}}]}]\n", "image workload @ 1"),
    ("helmfile.yaml", "releases: [{name: a, chart: b/c, version: 1.0.0, hooks: [{events: [presync], command: docker, args: [pull, 'a:1']}]}]\n", "image pulled @ 1"),
    ("helmfile.yaml", "helmfiles: [{path: 'git::https://github.com/o/r.git@a.yaml?ref=main'}]\n", "component repository branch @ main"),
    # jenkinsfile
    ("Jenkinsfile", "pipeline { agent { docker { image 'x/y:1'; registryUrl 'http://r.example.com' } } }\n", "image job @ 1"),
    ("Jenkinsfile", "pipeline { agent { dockerfile { filename 'D'; dir 'b'; additionalBuildArgs '--build-arg A=1' } } }\n", "component context none @ b"),
    ("Jenkinsfile", "node { docker.build('x/y:1', '--build-arg A=1 .') }\n", "component context none @ ."),
    ("Jenkinsfile", "pipeline { agent { kubernetes { yaml '''\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    image: x/y:1\n''' } } }\n", "image job @ 1"),
    ("Jenkinsfile", "podTemplate(containers: [containerTemplate(name: 'a', image: 'x/y:1')]) { node { } }\n", "image job @ 1"),
    ("Jenkinsfile", "node { docker.withRegistry('http://r.example.com', 'c') { docker.image('x/y:1').push('latest') } }\n", "image pushed @ latest"),
    ("Jenkinsfile", "node { sh label: 'x', script: 'docker pull b:2' }\n", "image pulled @ 2"),
    ("Jenkinsfile", "library identifier: 'a@main', retriever: modernSCM([$class: 'GitSCMSource', remote: 'https://github.com/o/r.git'])\nnode { }\n", "component library branch @ main"),
    ("Jenkinsfile", "pipeline { libraries { lib('a@v1') } }\n", "component library semver-partial @ v1"),
    ("Jenkinsfile", "node { git url: 'https://github.com/o/r.git', branch: 'main' }\n", "component checkout branch @ main"),
    ("Jenkinsfile", "node { checkout([$class: 'GitSCM', branches: [[name: '*/main']], userRemoteConfigs: [[url: 'https://github.com/o/r.git']]]) }\n", "component checkout branch @ */main"),
    ("Jenkinsfile", "pipeline { environment { NPM_TOKEN = 'abcdef123456' } }\n", "credential env literal @ abcdef123456"),
    # jvm-wrapper
    (".mvn/maven.config", "-Dmaven.wagon.http.ssl.insecure=true\n", "registry index off @ -Dmaven.wagon.http.ssl.insecure=true"),
    (".mvn/wrapper/maven-wrapper.properties", "distributionUrl=https://x.example.com/apache-maven-3.9.9-bin.zip\n", "download  @ https://x.example.com/apache-maven-3.9.9-bin.zip"),
    # ko
    (".ko.yaml", "defaultBaseImage: a/b:1\n", "image base @ 1"),
    # kubeconfig
    ("kubeconfig", "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: 'https://x', insecure-skip-tls-verify: true}}]\nusers: [{name: a, user: {token: abcdef123456}}]\n", "credential kubeconfig literal @ abcdef123456"),
    # kustomization
    ("kustomization.yaml", "images: [{name: a, newTag: latest}]\n", "image override @ latest"),
    ("kustomization.yaml", "imageTags: [{name: a, newTag: latest}]\n", "image override @ latest"),
    ("kustomization.yaml", "resources: ['https://raw.githubusercontent.com/o/r/main/a.yaml']\n", "download  @ https://raw.githubusercontent.com/o/r/main/a.yaml"),
    ("kustomization.yaml", "crds: ['https://raw.githubusercontent.com/o/r/main/a.yaml']\n", "download  @ https://raw.githubusercontent.com/o/r/main/a.yaml"),
    ("kustomization.yaml", "helmCharts: [{name: a, repo: 'https://x.example.com', version: 1.0.0}]\n", "dependency manifest a exact @ 1.0.0"),
    ("kustomization.yaml", "helmCharts: [{name: a, repo: 'https://x.example.com', version: 1.0.0, valuesInline: {image: {repository: x/y, tag: '1'}}}]\n", "image workload @ 1"),
    ("kustomization.yaml", "helmChartInflationGenerator: [{chartName: a, chartRepoUrl: 'https://x.example.com', chartVersion: 1.0.0}]\n", "dependency manifest a exact @ 1.0.0"),
    ("kustomization.yaml", "patches:\n- patch: |\n    - op: replace\n      path: /spec/template/spec/containers/0/image\n      value: x/y:1\n", "image workload @ 1"),
    ("kustomization.yaml", "secretGenerator: [{name: a, literals: [PASSWORD=abcdef123456]}]\n", "credential k8s-secret literal @ abcdef123456"),
    ("kustomization.yaml", "transformers:\n- |\n  apiVersion: builtin\n  kind: ImageTagTransformer\n  metadata: {name: a}\n  imageTag: {name: a, newTag: latest}\n", "image override @ latest"),
    # makefile
    ("Makefile", "a: ; docker pull b:2\n", "image pulled @ 2"),
    ("a.mk", "X := $(shell docker pull b:2)\n", "image pulled @ 2"),
    # maven-settings
    ("settings.xml", "<settings><servers><server><id>a</id><password>abcdef123456</password></server></servers></settings>", "credential maven-password literal @ abcdef123456"),
    ("settings.xml", "<settings><mirrors><mirror><id>a</id><url>http://x.example.com</url></mirror></mirrors></settings>", "registry mirror  @ x.example.com"),
    # netrc
    (".netrc", "machine x.example.com login a password abcdef123456\n", "credential netrc-password literal @ abcdef123456"),
    # nuget
    ("a.csproj", '<Project Sdk="A/1.0.0"><ItemGroup><PackageReference Include="B" Version="1.*" /></ItemGroup></Project>', "dependency manifest B range @ 1.*"),
    ("a.csproj", "<Project><PropertyGroup><ContainerBaseImage>x/y:1</ContainerBaseImage></PropertyGroup></Project>", "image base @ 1"),
    ("a.csproj", "<Project><PropertyGroup><RestoreSources>http://x.example.com</RestoreSources></PropertyGroup></Project>", "registry index  @ x.example.com"),
    ("a.csproj", '<Project><Target Name="a"><Exec Command="docker pull b:2" /></Target></Project>', "image pulled @ 2"),
    ("Directory.Packages.props", '<Project><ItemGroup><PackageVersion Include="B" Version="1.0.0" /></ItemGroup></Project>', "dependency manifest B exact @ 1.0.0"),
    ("packages.config", '<packages><package id="B" version="1.0.0" /></packages>', "dependency manifest B exact @ 1.0.0"),
    ("nuget.config", '<configuration><packageSources><add key="a" value="http://x.example.com" allowInsecureConnections="true" /></packageSources></configuration>', "registry index  @ x.example.com"),
    ("nuget.config", '<configuration><packageSourceCredentials><a><add key="ClearTextPassword" value="abcdef123456" /></a></packageSourceCredentials></configuration>', "credential nuget-password literal @ abcdef123456"),
    ("nuget.config", '<configuration><apikeys><add key="https://x.example.com" value="abcdef123456" /></apikeys></configuration>', "credential nuget-key encrypted @ abcdef123456"),
    ("global.json", '{"sdk":{"version":"8.0.100"},"msbuild-sdks":{"A":"1.0.0"}}', "dependency tool dotnet-sdk exact @ 8.0.100"),
    (".config/dotnet-tools.json", '{"version":1,"tools":{"a":{"version":"1.0.0"}}}', "dependency tool a exact @ 1.0.0"),
    ("a.nuspec", "<package><metadata><id>a</id><version>1.0.0</version></metadata></package>", "manifest @ 1.0.0"),
    ("a.cs", "#:package B@1.0.0\n", "dependency manifest B exact @ 1.0.0"),
    # package-json
    ("package.json", '{"name":"a","version":"1.0.0","overrides":{"b":{"c":"*"}}}', "dependency manifest c any @ *"),
    ("package.json", '{"name":"a","resolutions":{"**/b":"*"}}', "dependency manifest b any @ *"),
    ("package.json", '{"name":"a","pnpm":{"overrides":{"b>c":"*"}}}', "dependency manifest c any @ *"),
    ("package.json", '{"name":"a","packageManager":"pnpm@9.0.0"}', "dependency manifest pnpm exact @ 9.0.0"),
    ("package.json", '{"name":"a","volta":{"node":"20.0.0"}}', "dependency manifest node exact @ 20.0.0"),
    ("package.json", '{"name":"a","devEngines":{"runtime":{"name":"node","version":"20.0.0"}}}', "dependency manifest node exact @ 20.0.0"),
    ("package.json", '{"name":"a","version":"1.0.0","publishConfig":{"registry":"http://x.example.com"}}', "registry publish  @ x.example.com"),
    # pip-conf
    ("pip.conf", "[global]\nindex-url = http://u:abcdef123456@x.example.com/simple\n", "registry index  @ x.example.com"),
    ("pip.ini", "[global]\ntrusted-host = x.example.com\n", "registry trusted-host off @ x.example.com"),
    # pipfile
    ("Pipfile", '[[source]]\nurl = "http://x.example.com"\nverify_ssl = false\nname = "a"\n', "registry index  @ x.example.com"),
    # pom
    (".mvn/extensions.xml", "<extensions><extension><groupId>a</groupId><artifactId>b</artifactId><version>1</version></extension></extensions>", "dependency manifest a:b exact @ 1"),
    # pypirc
    (".pypirc", "[distutils]\nindex-servers = a\n[a]\nrepository = http://x.example.com\nusername = u\npassword = abcdef123456\n", "credential pypirc-password literal @ abcdef123456"),
    # quadlet
    ("a.container", "[Container]\nImage=a/b:1\n", "image run @ 1"),
    ("a.image", "[Image]\nImage=a/b:1\n", "image pulled @ 1"),
    ("a.build", "[Build]\nImageTag=a/b:1\n", "image output @ 1"),
    ("a.container", "[Container]\nImage=a/b:1\nExec=docker pull c:1\n", "image pulled @ 1"),
    # script-metadata
    ("a.py", '# /// script\n# dependencies = ["requests"]\n# ///\n', "dependency manifest requests any @ requests"),
    ("a.go", "package a\n\n//go:generate go run example.com/x@latest\n", "dependency run example.com/x tag @ latest"),
    # shell
    ("entrypoint", "#!/bin/sh\ndocker pull b:2\n", "image pulled @ 2"),
    # skaffold
    ("skaffold.yaml", "apiVersion: skaffold/v4\nkind: Config\nrequires: [{git: {repo: 'https://github.com/o/r.git', ref: main}}]\n", "component config branch @ main"),
    # terraform
    ("a.tf", 'module "a" {\n  source = "git::https://github.com/o/r.git?ref=main"\n}\n', "component module branch @ main"),
    ("a.tf", 'module "a" {\n  source = "https://x.example.com/a.zip"\n}\n', "download  @ https://x.example.com/a.zip"),
    ("a.tf", 'terraform {\n  required_version = ">= 1"\n  required_providers {\n    a = { source = "h/a", version = "~> 1" }\n  }\n}\n', "dependency tool terraform range @ >= 1"),
    (".terraform.lock.hcl", 'provider "registry.terraform.io/h/a" {\n  version = "1.0.0"\n  hashes = ["h1:x"]\n}\n', "dependency lock registry.terraform.io/h/a exact @ 1.0.0"),
    ("a.tf", 'resource "docker_image" "a" {\n  name = "x/y:1"\n}\n', "image pulled @ 1"),
    ("a.tf", 'resource "docker_registry_image" "a" {\n  name = "x/y:1"\n}\n', "image pushed @ 1"),
    ("a.tf", 'resource "kubernetes_deployment_v1" "a" {\n  metadata { name = "a" }\n  spec {\n    template {\n      spec {\n        container { image = "x/y:1" }\n      }\n    }\n  }\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "kubernetes_manifest" "a" {\n  manifest = {\n    apiVersion = "v1"\n    kind = "Pod"\n    spec = { containers = [{ image = "x/y:1" }] }\n  }\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "kubectl_manifest" "a" {\n  yaml_body = <<E\napiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: x/y:1\nE\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "helm_release" "a" {\n  repository = "https://x.example.com"\n  chart = "b"\n  version = "1.0.0"\n  values = [<<E\nimage: {repository: x/y, tag: "1"}\nE\n  ]\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "aws_ecs_task_definition" "a" {\n  container_definitions = jsonencode([{ image = "x/y:1" }])\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "aws_lambda_function" "a" {\n  image_uri = "x/y:1"\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "aws_ecr_repository" "a" {\n  image_tag_mutability = "MUTABLE"\n}\n', "registry repository  @ MUTABLE"),
    ("a.tf", 'resource "google_cloud_run_v2_service" "a" {\n  template {\n    containers { image = "x/y:1" }\n  }\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "azurerm_container_group" "a" {\n  container { image = "x/y:1" }\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "null_resource" "a" {\n  provisioner "local-exec" {\n    command = "docker pull b:2"\n  }\n}\n', "image pulled @ 2"),
    ("a.tf", 'resource "x" "a" {\n  user_data = <<E\n#!/bin/sh\ndocker pull b:2\nE\n}\n', "image pulled @ 2"),
    ("a.tf", 'provider "docker" {\n  registry_auth {\n    address = "r.example.com"\n    password = "abcdef123456"\n  }\n}\n', "credential client-login literal @ abcdef123456"),
    ("a.tf", 'resource "github_actions_secret" "a" {\n  plaintext_value = "abcdef123456"\n}\n', "credential terraform-secret literal @ abcdef123456"),
    ("a.tf", 'data "external" "a" {\n  program = ["docker", "pull", "b:2"]\n}\n', "image pulled @ 2"),
    ("a.tf", 'resource "azurerm_linux_web_app" "a" {\n  site_config {\n    application_stack { docker_image_name = "x/y:1" }\n  }\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "google_cloudbuild_trigger" "a" {\n  build {\n    step { name = "x/y:1" }\n  }\n}\n', "image job @ 1"),
    ("a.tf", 'resource "aws_codebuild_project" "a" {\n  environment { image = "x/y:1" }\n}\n', "image job @ 1"),
    ("a.tftest.hcl", 'run "a" {\n  module {\n    source = "git::https://github.com/o/r.git?ref=main"\n  }\n}\n', "component module branch @ main"),
    (".terraformrc", 'credentials "h.example.com" {\n  token = "abcdef123456"\n}\n', "credential terraform-token literal @ abcdef123456"),
    ("credentials.tfrc.json", '{"credentials":{"h.example.com":{"token":"abcdef123456"}}}', "credential terraform-token literal @ abcdef123456"),
    # travis
    (".travis.yml", "import: [{source: 'o/r:a.yml@main'}]\n", "component import branch @ main"),
    (".travis.yml", "jobs: {include: [{script: docker pull b:2}]}\n", "image pulled @ 2"),
    (".travis.yml", "deploy: {provider: npm, api_key: abcdef123456}\n", "credential ci-env literal @ abcdef123456"),
    (".travis.yml", "node_js: [node]\nscript: x\n", "dependency setup node tag @ node"),
    # woodpecker
    (".woodpecker.yml", "steps: {a: {image: 'x/y:1', commands: [docker pull b:2]}}\nclone: {git: {image: 'z:1'}}\n", "image pulled @ 2"),
    # scripts in other languages
    ("a.ps1", "$tag = '2'\ndocker pull `\n  \"b:$tag\"\n", "image pulled @ $tag"),
    ("a.ps1", "if ($x) { docker pull 'b:2' }\n", "image pulled @ 2"),
    ("a.ps1", "# docker pull b:2\nirm https://x.example.com/i.ps1 | iex\n", "download  @ https://x.example.com/i.ps1"),
    ("Dockerfile", '# escape=`\nFROM a:1\nSHELL ["powershell", "-Command"]\nRUN cd x; `\n  docker pull b:2\n', "image pulled @ 2"),
    ("a.psm1", "Publish-Module -Path . -NuGetApiKey $env:KEY\n", "publish nuget @ Publish-Module"),
    (".github/workflows/a.yml", "on: push\njobs: {a: {runs-on: windows-2022, steps: [{run: 'docker pull b:2'}]}}\n", "image pulled @ 2"),
    (".github/workflows/a.yml", "on: push\njobs: {a: {runs-on: x, steps: [{run: 'docker pull b:2', shell: pwsh}]}}\n", "image pulled @ 2"),
    ("azure-pipelines.yml", "steps: [{pwsh: 'docker pull b:2'}]\n", "image pulled @ 2"),
    ("azure-pipelines.yml", "steps: [{task: 'PowerShell@2', inputs: {targetType: inline, script: 'docker pull b:2'}}]\n", "image pulled @ 2"),
    ("azure-pipelines.yml", "steps: [{task: 'AzureCLI@2', inputs: {scriptType: pscore, inlineScript: 'docker pull b:2'}}]\n", "image pulled @ 2"),
    ("justfile", "v := '2'\na x:\n  @docker pull b:{{v}}\n", "image pulled @ {{v}}"),
    ("Taskfile.yml", "version: 3\ntasks: {a: {cmds: [{cmd: 'docker pull b:2'}]}}\n", "image pulled @ 2"),
    ("Rakefile", "task :a do\n  sh 'docker pull b:2'\nend\n", "image pulled @ 2"),
    ("a.rake", "x = `docker pull b:2`\n", "image pulled @ 2"),
    ("Procfile", "web: docker run b:2\n", "image run @ 2"),
    (".profile", "docker pull b:2\n", "image pulled @ 2"),
    # what commands and unknown actions are handed
    ("a.sh", "docker buildx bake --set '*.args.NPM_TOKEN=abcdef123456'\n", "credential build-arg literal @ abcdef123456"),
    ("a.sh", "docker compose build --build-arg NPM_TOKEN=abcdef123456 web\n", "credential build-arg literal @ abcdef123456"),
    ("a.sh", "docker-compose build --build-arg=BUILDKIT_SYNTAX=docker/dockerfile:latest\n", "image frontend @ latest"),
    (".github/workflows/a.yml", "on: push\njobs: {a: {runs-on: x, steps: [{uses: o/r@v1, with: {image: 'x/y:1'}}]}}\n", "image run @ 1"),
    ("azure-pipelines.yml", "steps: [{task: 'Docker@2', inputs: {command: build, arguments: '--build-arg NPM_TOKEN=abcdef123456'}}]\n", "credential build-arg literal @ abcdef123456"),
    # configuration of clients
    ("poetry.toml", "[repositories.a]\nurl = 'http://x.example.com/'\n", "registry publish  @ x.example.com"),
    ("poetry.toml", "[http-basic.a]\nusername = 'u'\npassword = 'abcdef123456'\n", "credential client-login literal @ abcdef123456"),
    ("poetry.toml", "[certificates.a]\ncert = false\n", "registry index off @ false"),
    (".gemrc", ":sources: ['http://x.example.com/']\n", "registry index  @ x.example.com"),
    (".bundle/config", "BUNDLE_MIRROR__HTTPS://A__EXAMPLE__COM/: http://x.example.com/\n", "registry mirror  @ x.example.com"),
    (".gitconfig", "[http]\n\tsslVerify = false\n", "registry vcs off @ false"),
    (".gitconfig", '[url "http://x.example.com/"]\n\tinsteadOf = https://x.example.com/\n', "registry vcs  @ x.example.com"),
    ("etc/apt/sources.list.d/a.list", "deb [trusted=yes] https://x.example.com/os stable main\n", "registry os  @ trusted=yes"),
    (".travis.yml", "addons: {apt: {sources: [{sourceline: 'deb http://x.example.com/os stable main'}]}}\n", "registry os  @ x.example.com"),
    (".travis.yml", "addons: {snaps: [{name: a, channel: edge}]}\n", "dependency setup a tag @ edge"),
    (".travis.yml", "deploy: {provider: npm, edge: true}\n", "component plugin branch @ true"),
    ("pylock.toml", '[[packages]]\nname = "a"\nversion = "1"\nwheels = [{ url = "https://x.example.com/a.whl" }]\n', "dependency lock a exact @ https://x.example.com/a.whl"),
    # images in pieces and in texts
    ("a.yaml", "apiVersion: monitoring.coreos.com/v1\nkind: Alertmanager\nmetadata: {name: a, namespace: n}\nspec: {baseImage: x/y, tag: latest}\n", "image workload @ latest"),
    ("kustomization.yaml", "transformers:\n- |-\n  apiVersion: x.example.com/v1\n  kind: F\n  metadata:\n    name: a\n    annotations: {config.kubernetes.io/function: 'container: {image: x/y:1}'}\n", "image run @ 1"),
    ("a.tf", 'resource "nomad_job" "a" {\n  jobspec = <<E\njob "a" {\n  group "g" {\n    task "t" {\n      config { image = "x/y:1" }\n    }\n  }\n}\nE\n}\n', "image workload @ 1"),
    ("a.tf", 'resource "helm_release" "a" {\n  chart = "z"\n  set {\n    name = "image.tag"\n    value = "latest"\n  }\n}\n', "image override @ latest"),
    ("a.tf", 'resource "helm_release" "a" {\n  chart = "z"\n  values = [yamlencode({ image = { repository = "x/y", tag = "latest" } })]\n}\n', "image workload @ latest"),
    ("a.container.d/10.conf", "[Container]\nImage=x/y:1\n", "image run @ 1"),
]
# fmt: on


@pytest.mark.parametrize(("path", "text", "expected"), ROWS)
def test_a_row_of_the_specification(path: str, text: str, expected: str) -> None:
    name, reason = recognise(path, text.encode)

    assert name, reason
    assert expected in [shown(fact, text) for fact in read_source(name, Source(path, text))]
