"""The catalogue of publishing steps (release-safety 0.6), row by row: commands, actions, and what is no publish."""

from __future__ import annotations

import pytest

from relcheck.facts import UNKNOWN, Image, Job, Publish
from relcheck.link import Repository, jobs
from relcheck.readers import read_source
from relcheck.source import Source

PUBLISHES = [
    # npm
    ("npm publish", "npm"),
    ("npm stage publish", "npm"),
    ("npm -w packages/a publish --access public", "npm"),
    ("pnpm publish --no-git-checks", "npm"),
    ("pnpm -r publish", "npm"),
    ("pnpm --filter a publish", "npm"),
    ("yarn npm publish", "npm"),
    ("yarn publish", "npm"),
    ("bun publish", "npm"),
    ("lerna publish from-package --yes", "npm"),
    ("npx lerna publish", "npm"),
    ("changeset publish", "npm"),
    ("pnpm changeset publish", "npm"),
    ("npx @changesets/cli@2.29.0 publish", "npm"),
    ("semantic-release", "npm"),
    ("npx --no-install semantic-release", "npm"),
    ("yarn semantic-release", "npm"),
    ("nx release publish", "npm"),
    ("npx nx release publish", "npm"),
    # PyPI
    ("twine upload dist/*", "pypi"),
    ("python -m twine upload dist/*", "pypi"),
    ("uv publish", "pypi"),
    ("flit publish", "pypi"),
    ("poetry publish --build", "pypi"),
    ("hatch publish", "pypi"),
    ("pdm publish", "pypi"),
    ("maturin publish", "pypi"),
    ("maturin upload wheels/*", "pypi"),
    ("python setup.py sdist upload", "pypi"),
    # crates
    ("cargo publish -p a", "cargo"),
    ("cargo +stable publish", "cargo"),
    ("cargo release patch --execute", "cargo"),
    ("cargo workspaces publish", "cargo"),
    ("release-plz release", "cargo"),
    # Maven, Gradle, sbt
    ("mvn -B deploy", "maven"),
    ("./mvnw -Prelease clean deploy", "maven"),
    ("mvn release:prepare release:perform", "maven"),
    ("mvn org.sonatype.central:central-publishing-maven-plugin:publish", "maven"),
    ("./gradlew publish", "maven"),
    ("gradle :lib:publishAllPublicationsToCentralRepository", "maven"),
    ("./gradlew publishToSonatype closeAndReleaseSonatypeStagingRepository", "maven"),
    ("jreleaser deploy", "maven"),
    ("sbt ci-release", "maven"),
    ("sbt '+publishSigned'", "maven"),
    # gems
    ("gem push a-1.0.0.gem", "gem"),
    ("rake release", "gem"),
    ("bundle exec rake release", "gem"),
    # NuGet
    ("dotnet nuget push *.nupkg", "nuget"),
    ("nuget push a.nupkg", "nuget"),
    # OCI
    ("docker push acme/api:1.0.0", "oci"),
    ("docker image push acme/api:1.0.0", "oci"),
    ("docker buildx build -t acme/api:1.0.0 --push .", "oci"),
    ("docker buildx build -t acme/api:1.0.0 -o type=registry .", "oci"),
    ("docker build -t acme/api:1.0.0 --output type=image,push=true .", "oci"),
    ("docker buildx bake --push", "oci"),
    ("docker buildx imagetools create -t acme/api:1.0.0 acme/api:rc", "oci"),
    ("docker compose push", "oci"),
    ("docker-compose push", "oci"),
    ("docker manifest push acme/api:1.0.0", "oci"),
    ("podman push acme/api:1.0.0", "oci"),
    ("buildah push acme/api:1.0.0", "oci"),
    ("nerdctl push acme/api:1.0.0", "oci"),
    ("crane push a.tar registry.example.com/acme/api:1", "oci"),
    ("crane copy a.example.com/x:1 registry.example.com/acme/api:1", "oci"),
    ("crane tag registry.example.com/acme/api:1 latest", "oci"),
    ("skopeo copy docker://a.example.com/x:1 docker://registry.example.com/acme/api:1", "oci"),
    ("oras push registry.example.com/acme/api:1 x.txt", "oci"),
    ("oras cp a.example.com/x:1 registry.example.com/acme/api:1", "oci"),
    ("regctl image copy a.example.com/x:1 registry.example.com/acme/api:1", "oci"),
    ("ko build ./cmd/api", "oci"),
    ("KO_DOCKER_REPO=registry.example.com/acme ko publish .", "oci"),
    ("/kaniko/executor --destination registry.example.com/acme/api:1 --context .", "oci"),
    ("/kaniko/executor --destination=registry.example.com/acme/api:1", "oci"),
    ("mvn compile jib:build", "oci"),
    ("./gradlew jib", "oci"),
    ("mvn spring-boot:build-image -Dspring-boot.build-image.publish=true", "oci"),
    ("pack build registry.example.com/acme/api:1 --builder b:1 --publish", "oci"),
    ("apko publish apko.yaml registry.example.com/acme/api:1", "oci"),
    ("imgpkg push -b registry.example.com/acme/api:1 -f .", "oci"),
    ("helm push api-1.0.0.tgz oci://registry.example.com/charts", "helm"),
    # releases
    ("gh release create v1.0.0 dist/*", "github-release"),
    ("gh release upload v1.0.0 dist/*", "github-release"),
    ("gh release edit v1.0.0 --draft=false", "github-release"),
    ("goreleaser release --clean", "github-release"),
    ("cargo dist host --steps=upload --steps=release", "github-release"),
    ("release-it --ci", "github-release"),
    ("npx release-it --ci", "github-release"),
    ("np", "npm"),
    ("glab release create v1.0.0", "gitlab-release"),
    ("release-cli create --tag-name v1.0.0", "gitlab-release"),
]


def publishes(command: str) -> list[Publish]:
    return [fact for fact in read_source("shell", Source("x.sh", command + "\n")) if isinstance(fact, Publish)]


@pytest.mark.parametrize(("command", "ecosystem"), PUBLISHES)
def test_a_command_that_publishes(command: str, ecosystem: str) -> None:
    found = publishes(command)

    assert {fact.ecosystem for fact in found} == {ecosystem}
    assert not any(fact.dry_run for fact in found)


REHEARSALS = [
    "npm publish --dry-run",
    "pnpm publish --dry-run",
    "semantic-release --dry-run",
    "semantic-release -d",
    "twine upload -r testpypi dist/*",
    "twine upload --repository-url https://test.registry.example.com/legacy/ dist/*",
    "poetry publish --dry-run",
    "poetry publish -r test-index",
    "uv publish --dry-run",
    "cargo publish --dry-run",
    "cargo release patch",
    "docker push localhost:5000/acme/api:1",
    "docker push ttl.sh/acme-api:1h",
    "flux push artifact oci://localhost:5000/acme/api:1 --path=.",
    "docker buildx build -t localhost/api:1 --push .",
    "KO_DOCKER_REPO=kind.local ko build .",
    "gh release create v1.0.0 --draft",
    "goreleaser release --snapshot --clean",
    "goreleaser release --skip=publish",
    "./gradlew publish --dry-run",
]


@pytest.mark.parametrize("command", REHEARSALS)
def test_a_rehearsal_is_no_publish(command: str) -> None:
    found = publishes(command)

    assert found
    assert all(fact.dry_run is True for fact in found)


NOTHING = [
    "npm pack",
    "npm run publish",
    "npm version patch",
    "twine check dist/*",
    "python -m build",
    "poetry build",
    "hatch build",
    "cargo package",
    "cargo build --release",
    "release-plz release-pr",
    "mvn verify",
    "mvn deploy -DskipDeploy",
    "mvn deploy -Dmaven.deploy.skip=true",
    "./gradlew publishToMavenLocal",
    "./gradlew build",
    "mvn jib:dockerBuild",
    "mvn spring-boot:build-image",
    "sbt publishLocal",
    "gem build a.gemspec",
    "dotnet pack",
    "docker build -t acme/api:1.0.0 .",
    "docker buildx build -t acme/api:1.0.0 --load .",
    "docker buildx build -t acme/api:1.0.0 --push=false .",
    "docker buildx bake",
    "docker buildx imagetools inspect acme/api:1.0.0",
    "kind load docker-image acme/api:1.0.0",
    "minikube image load acme/api:1.0.0",
    "skopeo copy docker://acme/api:1.0.0 dir:x",
    "skopeo inspect docker://acme/api:1.0.0",
    "ko build --local .",
    "ko build -L .",
    "ko build --push=false .",
    "/kaniko/executor --no-push --destination registry.example.com/acme/api:1",
    "pack build acme/api:1 --builder b:1",
    "helm package chart",
    "goreleaser build --snapshot",
    "goreleaser check",
    "gh release view v1.0.0",
    "gh release download v1.0.0",
    "cargo dist build",
    "rake release_notes",
    "semantic-release --version",
]


@pytest.mark.parametrize("command", NOTHING)
def test_a_command_that_publishes_nothing(command: str) -> None:
    assert publishes(command) == []


ACTIONS = [
    ("{uses: changesets/action@v1, with: {publish: npm run release}}", "npm"),
    ("{uses: JS-DevTools/npm-publish@v4, with: {token: x}}", "npm"),
    ("{uses: pypa/gh-action-pypi-publish@release/v1}", "pypi"),
    ("{uses: PyO3/maturin-action@v1, with: {command: upload}}", "pypi"),
    ("{uses: release-plz/action@v0.5, with: {command: release}}", "cargo"),
    ("{uses: katyo/publish-crates@v2}", "cargo"),
    ("{uses: rubygems/release-gem@v1}", "gem"),
    ("{uses: docker/build-push-action@v6, with: {push: true, tags: 'acme/api:1'}}", "oci"),
    ("{uses: docker/build-push-action@v6, with: {outputs: 'type=registry', tags: 'acme/api:1'}}", "oci"),
    ("{uses: docker/bake-action@v6, with: {push: true}}", "oci"),
    ("{uses: redhat-actions/push-to-registry@v2, with: {image: api, registry: registry.example.com/acme}}", "oci"),
    ("{uses: devcontainers/ci@v0.3, with: {imageName: ghcr.io/acme/dev, push: always}}", "oci"),
    ("{uses: softprops/action-gh-release@v2}", "github-release"),
    ("{uses: ncipollo/release-action@v1}", "github-release"),
    ("{uses: actions/create-release@v1}", "github-release"),
    ("{uses: svenstaro/upload-release-action@v2, with: {file: x}}", "github-release"),
    ("{uses: goreleaser/goreleaser-action@v6, with: {args: release --clean}}", "github-release"),
]


def of_step(step: str) -> list[Publish]:
    text = f"on: push\njobs: {{a: {{runs-on: ubuntu-24.04, steps: [{step}]}}}}\n"
    return [fact for fact in read_source("github-workflow", Source("w.yml", text)) if isinstance(fact, Publish)]


@pytest.mark.parametrize(("step", "ecosystem"), ACTIONS)
def test_an_action_that_publishes(step: str, ecosystem: str) -> None:
    (found,) = of_step(step)

    assert (found.ecosystem, found.dry_run, found.events) == (ecosystem, False, ("push:branches", "push:tags"))


NO_ACTIONS = [
    "{uses: changesets/action@v1}",
    "{uses: JS-DevTools/npm-publish@v4, with: {token: x, dry-run: true}}",
    "{uses: PyO3/maturin-action@v1, with: {command: build}}",
    "{uses: release-plz/action@v0.5, with: {command: release-pr}}",
    "{uses: docker/build-push-action@v6, with: {push: false, tags: 'acme/api:1'}}",
    "{uses: docker/build-push-action@v6, with: {load: true, tags: 'acme/api:1'}}",
    "{uses: docker/build-push-action@v6, with: {push: true, tags: 'localhost:5000/api:1'}}",
    "{uses: docker/build-push-action@v6, with: {push: true, tags: 'ttl.sh/api:1h'}}",
    "{uses: docker/bake-action@v6}",
    "{uses: devcontainers/ci@v0.3, with: {imageName: ghcr.io/acme/dev, push: never}}",
    "{uses: softprops/action-gh-release@v2, with: {draft: true}}",
    "{uses: goreleaser/goreleaser-action@v6, with: {args: release --snapshot}}",
    "{uses: goreleaser/goreleaser-action@v6, with: {args: check}}",
    "{uses: rust-lang/crates-io-auth-action@v1}",
    "{uses: NuGet/login@v1}",
    "{uses: pypa/gh-action-pypi-publish@release/v1, if: false}",
]


@pytest.mark.parametrize("step", NO_ACTIONS)
def test_an_action_that_publishes_nothing(step: str) -> None:
    assert all(fact.dry_run is True or (fact.events == () and not fact.guarded) for fact in of_step(step))


GITLAB = [
    ("release: {tag_name: $CI_COMMIT_TAG, description: x}", "gitlab-release"),
    ("script: [release-cli create --tag-name $CI_COMMIT_TAG]", "gitlab-release"),
    ("script: [glab release create $CI_COMMIT_TAG]", "gitlab-release"),
    ("script: [twine upload --repository-url $CI_API_V4_URL/projects/1/packages/pypi dist/*]", "pypi"),
    ("script: [curl --upload-file x.tgz $CI_API_V4_URL/projects/1/packages/generic/x/1.0.0/x.tgz]", "generic"),
    ("script: [docker push $CI_REGISTRY_IMAGE:1]", "oci"),
    ("{script: [npm publish], when: manual}", "npm"),
]


@pytest.mark.parametrize(("body", "ecosystem"), GITLAB)
def test_a_gitlab_job_that_publishes(body: str, ecosystem: str) -> None:
    text = f"job: {{{body.strip('{}')}}}\n" if not body.startswith("release") else f"job: {{{body}, script: [x]}}\n"
    found = [fact for fact in read_source("gitlab-ci", Source("ci.yml", text)) if isinstance(fact, Publish)]

    assert [(fact.ecosystem, fact.dry_run, fact.job) for fact in found] == [(ecosystem, False, "job")]


def test_a_job_that_only_pushes_to_its_own_machine_publishes_nothing() -> None:
    text = "on: push\njobs: {a: {steps: [{run: 'docker push localhost:5000/a:1'}, {run: npm pack}]}}\n"
    path = ".github/workflows/a.yml"
    found = {path: read_source("github-workflow", Source(path, text))}
    repository = Repository(found, {path: "github-workflow"}, paths=frozenset((path,)), read=lambda _: ("", []))
    jobs.link(repository)

    (job,) = (fact for fact in repository.of(path) if isinstance(fact, Job))
    assert job.publishes == ()
    assert not any(fact.in_publish_job for fact in repository.of(path))


SWITCHES = [
    ("cargo publish --allow-dirty", "dirty", "--allow-dirty"),
    ("goreleaser release --skip=sign,validate", "dirty", "--skip=sign,validate"),
    ("cargo publish --no-verify", "unverified", "--no-verify"),
    ("mvn deploy -DskipTests", "unverified", "-DskipTests"),
    ("gh release upload v1 x --clobber", "overwrites", "--clobber"),
    ("twine upload --skip-existing dist/*", "skip_existing", "--skip-existing"),
    ("dotnet nuget push x.nupkg --skip-duplicate", "skip_existing", "--skip-duplicate"),
]


@pytest.mark.parametrize(("command", "field", "written"), SWITCHES)
def test_switches_of_a_publish_stand_where_they_are_written(command: str, field: str, written: str) -> None:
    (found,) = publishes(command)

    place = found.parts[field]
    assert getattr(found, field) is True
    assert command[place.start : place.end] == written


def test_an_option_with_a_token_shows_no_value() -> None:
    (found,) = publishes("cargo publish --token=abcdefgh12345678 --registry=acme")

    assert [(option.name, option.value) for option in found.options] == [("--token", UNKNOWN), ("--registry", "acme")]


def test_an_image_that_is_pushed_is_named_once() -> None:
    found = read_source("shell", Source("x.sh", "docker buildx build -t acme/api:1 -t acme/api:2 --push .\n"))

    assert [fact.written for fact in found if isinstance(fact, Image)] == ["acme/api:1", "acme/api:2"]


def test_a_rehearsal_that_a_variable_decides_is_unknown() -> None:
    assert [fact.dry_run for fact in publishes('pnpm semantic-release --dry-run "$DRY_RUN" --ci "$CI"')] == [UNKNOWN]
    assert [fact.dry_run for fact in publishes("npx semantic-release --dry-run false")] == [False]
