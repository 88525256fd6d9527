"""The acceptance cases of the format specification about credentials and scripts (52 to 60)."""

from __future__ import annotations

import pytest

from relcheck.facts import (
    UNKNOWN,
    Credential,
    Dependency,
    Download,
    Image,
    Install,
    Login,
    Publish,
)
from tests.acceptance.reading import facts, names, run, shell, written

# Credentials in their home files


def test_case_52_references_are_no_credentials() -> None:
    npmrc = "//registry.example.com/:_authToken=${NPM_TOKEN}\n//b.example.com/:_authToken=Zm9vOmJhcnF1dXgx\n"
    assert [found.form for found in facts("npmrc", npmrc, Credential)] == ["reference", "literal"]

    password = "//registry.example.com/:_password=aHVudGVyMmh1bnRlcjI=\n//registry.example.com/:username=ci\n"
    (found,) = facts("npmrc", password, Credential)
    assert (found.kind, found.form) == ("npm-password", "literal")
    assert "hunter2" not in repr(found)

    assert facts("docker-config", '{"auths": {"h.example.com": {}}}', Credential) == []
    assert facts("docker-config", '{"credHelpers": {"h.example.com": "ecr-login"}}', Credential) == []


# Shell


RUNS = [
    ("docker run -it --rm -v a:b -e X --name n --entrypoint sh img:1 -c 'x'", ["img:1"]),
    ("docker run -itd --gpus all --network=host img:1", ["img:1"]),
    ("docker --context x run --pull always img:1 docker pull other:2", ["img:1", "other:2"]),
    ("podman run --rm -p 1:2 -- img:1 --name x", ["img:1"]),
]


@pytest.mark.parametrize(("text", "images"), RUNS)
def test_case_53_the_image_of_a_run(text: str, images: list[str]) -> None:
    assert written(shell(text, Image)) == images


def test_case_53_behind_an_option_that_is_not_known_nothing_is_guessed() -> None:
    assert [image.written for image in shell("docker run --new-thing x img:1", Image)] in ([], ["img:1"])


DOWNLOADS = [
    ("curl -fsSL https://a.example.com/i.sh | sudo -E bash -s -- x", ("bash", True, "", False)),
    ("bash <(curl https://a.example.com/i.sh)", ("bash", True, "", False)),
    ("curl https://a.example.com/i.tgz | tar xz", ("", False, "", True)),
    ("curl -o f https://a.example.com/f; sha256sum -c f.sha; sh f", ("sh", False, "checksum", False)),
    ('sh -c "$(curl -fsSL https://a.example.com/i.sh)"', ("sh", True, "", False)),
    ('eval "$(curl -fsSL https://a.example.com/i.sh)"', ("eval", True, "", False)),
    ("source <(curl -s https://a.example.com/i.sh)", ("source", True, "", False)),
    ("wget -O- https://a.example.com/i.py | python3 -", ("python3", True, "", False)),
    ("curl -LO https://a.example.com/kubectl && chmod +x kubectl", ("chmod", False, "", False)),
    ("curl -LO https://a.example.com/x && ./x install", ("x", False, "", False)),
    ("curl -s https://a.example.com/x.json | jq .", ("", False, "", False)),
]


@pytest.mark.parametrize(("text", "expected"), DOWNLOADS)
def test_case_54_what_becomes_of_a_download(text: str, expected: tuple[str, bool, str, bool]) -> None:
    (found,) = shell(text, Download)

    assert (found.executed_by, found.piped, found.verified_by, found.unpacked) == expected


COMMANDS = [
    ('echo "docker push x:latest"', []),
    ("cat <<EOF\ndocker push x:latest\nEOF\n", ["cat"]),
    ("cat <<EOF | bash\ndocker push x:latest\nEOF\n", ["cat", "docker push", "bash"]),
    ('echo "docker push x:1" | sh', ["docker push", "sh"]),
    ("if docker push x:1; then true; fi", ["docker push", "true"]),
    ("y=$(docker push x:1)", ["docker push"]),
    ("f() { docker push x:1; }", ["docker push"]),
    ("case $x in docker) docker push x:1;; esac", ["docker push"]),
    ("command -v docker; type docker; which docker", ["type docker", "which docker"]),
    ("docker --version; npm --help", []),
]


@pytest.mark.parametrize(("text", "expected"), COMMANDS)
def test_case_55_what_is_a_command(text: str, expected: list[str]) -> None:
    assert sorted(run(text)) == sorted(expected)


def test_case_56_recipes_of_make() -> None:
    text = "IMG ?= a/b\npush:\n\t@-docker push $(IMG):latest\n\ty=$$(docker pull c:1)\n"
    assert [(image.role, image.name, image.tag) for image in facts("makefile", text, Image)] == [
        ("pushed", "a/b", "latest"),
        ("pulled", "c", "1"),
    ]
    one = ".ONESHELL:\npush:\n\tV=2\n\tdocker push a/b:$$V\n"
    assert names(facts("makefile", one, Image)) == [("a/b", "2")]
    apart = "push:\n\tV=2\n\tdocker push a/b:$$V\n"
    assert names(facts("makefile", apart, Image)) == [("a/b", UNKNOWN)]


def test_case_57_what_installs_and_what_publishes() -> None:
    assert [found.name for found in shell("python3 -m pip install -U pip", Dependency)] == ["pip"]
    assert shell("pip install -r r.txt", Dependency) == []
    assert [found.tool for found in shell("pip install -r r.txt", Install)] == ["pip"]
    assert shell("pip install ./dist/*.whl", Dependency) == []
    assert [found.name for found in shell("npm isnt left-pad", Dependency)] == ["left-pad"]
    assert shell("npm run publish", Publish) == []
    assert [found.dry_run for found in shell("cargo publish --dry-run", Publish)] == [True]


def test_case_58_tokens_that_scripts_write_for_npm() -> None:
    reference = shell("npm config set //h.example.com/:_authToken ${T}", Credential)
    assert [found.form for found in reference] == ["reference"]
    literal = shell("npm config set //h.example.com/:_authToken Zm9vOmJhcnF1dXgx", Credential)
    assert [found.form for found in literal] == ["literal"]
    nested = shell('echo "//h.example.com/:_authToken=Zm9vOmJhcnF1dXgx" > ~/.npmrc', Credential)
    assert [(found.kind, found.form, found.host) for found in nested] == [("npm-token", "literal", "h.example.com")]


def test_case_59_tags_and_releases() -> None:
    verbs = run("git push origin v1.0; git push --tags; git tag -f v1; gh release create v1 --draft")
    assert verbs == ["git push", "git push", "git tag", "gh release create"]
    assert [found.dry_run for found in shell("gh release create v1 --draft", Publish)] == [True]


def test_case_60_images_that_kubectl_sets_and_manifests_it_is_given() -> None:
    found = shell("kubectl set image deploy/x a=img:1 b=img2", Image)
    assert [(image.role, image.written) for image in found] == [("deployed", "img:1"), ("deployed", "img2")]

    manifest = (
        "kubectl apply -f - <<EOF\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n"
        "spec:\n  containers: [{name: a, image: 'img:3'}]\nEOF\n"
    )
    assert [(image.role, image.written) for image in shell(manifest, Image)] == [("workload", "img:3")]
    ran = shell("kubectl run x --image img:4 -- docker pull b:2", Image)
    assert ("deployed", "img:4") in [(image.role, image.written) for image in ran]


def test_a_login_names_its_host() -> None:
    hosts = [found.host for found in shell("docker login; docker login -u a registry.example.com", Login)]

    assert hosts == ["docker.io", "registry.example.com"]
