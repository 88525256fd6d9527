"""Images joined with what stands around them."""

from __future__ import annotations

from typing import TypeVar

import pytest

from relcheck.facts import UNKNOWN, Copy, Credential, Fact, IgnoreFile, Image
from relcheck.link import Repository
from relcheck.link.images import link
from relcheck.readers import compose, dockerfile, dockerignore, env_file
from relcheck.source import Source

KindT = TypeVar("KindT", bound=Fact)


def read(path: str, text: str) -> list[Fact]:
    name = path.rsplit("/", 1)[-1]
    source = Source(path, text)
    if name.endswith("ignore"):
        return list(dockerignore.read(source))
    if name == ".env":
        return list(env_file.read(source))
    if name.endswith((".yaml", ".yml")):
        return list(compose.read(source))
    return list(dockerfile.read(source)) if "Dockerfile" in name else []


def linked(files: dict[str, str], only: str = "") -> Repository:
    facts = {path: read(path, text) for path, text in files.items() if not only or path == only}
    repository = Repository(
        facts,
        {},
        paths=frozenset(files),
        read=lambda path: ("", read(path, files[path])),
        whole=not only,
        content=lambda path: files[path].encode(),
    )
    link(repository)
    return repository


def all_of(repository: Repository, kind: type[KindT]) -> list[KindT]:
    return [fact for _, _, fact in repository.all(kind)]


def images(files: dict[str, str]) -> list[Image]:
    return all_of(linked(files), Image)


def test_a_file_of_variables_beside_a_compose_file_gives_values() -> None:
    text = "services: {a: {image: '${REG:-docker.io}/x:${TAG:-latest}'}}\n"

    (found,) = images({"deploy/compose.yaml": text, "deploy/.env": "TAG=1.2.3\n", ".env": "TAG=9\n"})

    assert (found.tag, found.registry, found.state, found.written) == (
        "1.2.3", "docker.io", "defaulted", "${REG:-docker.io}/x:${TAG:-latest}",
    )  # fmt: skip
    assert text[found.span.start : found.span.end] == "${TAG:-latest}"
    assert [(other.path, other.span[:2]) for other in found.related] == [("deploy/.env", (4, 9))]


def test_a_variable_that_is_not_in_the_file_keeps_its_default() -> None:
    files = {"compose.yaml": "services: {a: {image: 'x:${TAG:-latest}'}}\n", ".env": "OTHER=1\n"}

    assert images(files)[0].tag == "latest"


def test_a_variable_whose_value_is_not_handed_on_is_not_known() -> None:
    files = {"compose.yaml": "services: {a: {image: 'x:${TAG:-latest}'}}\n", ".env": "TAG=a b\n"}

    assert images(files)[0].tag is UNKNOWN


def test_a_reference_that_is_one_variable_is_shown_as_what_it_comes_to() -> None:
    files = {"compose.yaml": "services: {a: {image: '$IMAGE'}}\n", ".env": "IMAGE=acme/a:edge\n"}

    assert [(image.written, image.tag) for image in images(files)] == [("acme/a:edge", "edge")]


def test_an_empty_value_gives_way_to_the_inline_default() -> None:
    files = {"compose.yaml": "services: {a: {image: 'x:${TAG:-2}'}}\n", ".env": "TAG=\n"}

    assert images(files)[0].tag == "2"


BUILT = [
    ({"compose.yaml": "services: {a: {image: base, build: ./b}}\n", "Dockerfile": "FROM base\n"}, True),
    ({"compose.yaml": "services: {a: {image: acme/base, build: ./b}}\n", "Dockerfile": "FROM acme/base\n"}, True),
    ({"compose.yaml": "services: {a: {image: x.io/base, build: ./b}}\n", "Dockerfile": "FROM x.io/base\n"}, False),
    ({"compose.yaml": "services: {a: {image: base, build: ./b}}\n", "Dockerfile": "FROM acme/base\n"}, False),
    (
        {"compose.yaml": "services: {a: {build: {context: ., tags: [base:dev]}}}\n", "Dockerfile": "FROM base:dev\n"},
        True,
    ),
    ({"compose.yaml": "services: {a: {image: other}}\n", "Dockerfile": "FROM base\n"}, False),
]


@pytest.mark.parametrize(("files", "expected"), BUILT)
def test_a_bare_name_that_the_repository_builds(files: dict[str, str], expected: bool) -> None:
    (found,) = (image for path, _, image in linked(files).all(Image) if path == "Dockerfile")

    assert found.build_here is expected


def test_a_project_of_several_compose_files_builds_for_all_of_them() -> None:
    files = {
        "x/compose.yaml": "services: {a: {image: acme/api}}\n",
        "x/compose.build.yaml": "services: {a: {image: acme/api, build: .}}\n",
        "y/compose.yaml": "services: {a: {image: acme/api}}\n",
    }

    assert [(path, image.build_here) for path, _, image in linked(files).all(Image)] == [
        ("x/compose.build.yaml", True),
        ("x/compose.yaml", True),
        ("y/compose.yaml", False),
    ]


def test_one_file_alone_knows_what_its_neighbours_build() -> None:
    files = {"compose.yaml": "services: {a: {image: base, build: ./b}}\n", "Dockerfile": "FROM base\n"}

    found = [image for path, _, image in linked(files, only="Dockerfile").all(Image) if path == "Dockerfile"]

    assert [image.build_here for image in found] == [True]


CONTEXT = (
    "services: {a: {build: {context: app, dockerfile: D.Dockerfile, additional_contexts: [base=docker-image://b:1]}}}\n"
)


def test_a_named_context_replaces_an_image_of_its_own_dockerfile() -> None:
    files = {
        "compose.yaml": CONTEXT,
        "app/D.Dockerfile": "FROM base\nCOPY --from=base x y\nCOPY --from=other x y\n",
        "Dockerfile": "FROM base\n",
    }

    found = [(path, image.written, image.overridden) for path, _, image in linked(files).all(Image)]

    assert found == [
        ("Dockerfile", "base", False),
        ("app/D.Dockerfile", "base", True),
        ("app/D.Dockerfile", "base", True),
        ("app/D.Dockerfile", "other", False),
        ("compose.yaml", "docker-image://b:1", False),
    ]


DOCKERFILE = "FROM a:1\nCOPY . .\n"
IGNORED = [
    ({"Dockerfile": DOCKERFILE}, "", (".git",)),
    ({"Dockerfile": DOCKERFILE, ".dockerignore": ".git\n"}, ".dockerignore", ()),
    ({"Dockerfile": DOCKERFILE, ".dockerignore": "**\n!src\n"}, ".dockerignore", ()),
    ({"Dockerfile": DOCKERFILE, ".dockerignore": "*\n!.git\n"}, ".dockerignore", (".git",)),
    ({"Dockerfile": DOCKERFILE, ".dockerignore": "/.git/**\n"}, ".dockerignore", ()),
    ({"Dockerfile": DOCKERFILE, ".dockerignore": "dist\n"}, ".dockerignore", (".git",)),
    (
        {"Dockerfile": DOCKERFILE, "Dockerfile.dockerignore": "**/.git\n", ".dockerignore": ""},
        "Dockerfile.dockerignore",
        (),
    ),
    (
        {"Dockerfile": DOCKERFILE, "package.json": "{}", ".env.example": "", ".npmrc": ""},
        "",
        (".git", ".env", "node_modules", ".npmrc"),
    ),
    ({"app/Dockerfile": DOCKERFILE, ".dockerignore": ".git\n"}, ".dockerignore", ()),
    ({"app/Dockerfile": DOCKERFILE}, "", ()),
    ({"app/Dockerfile": DOCKERFILE, "app/package.json": "{}"}, "", ("node_modules",)),
    (
        {"app/Dockerfile": DOCKERFILE, "compose.yaml": "services: {a: {build: {dockerfile: app/Dockerfile}}}"},
        "",
        (".git",),
    ),
    (
        {"app/Dockerfile": DOCKERFILE, "compose.yaml": "services: {a: {build: app}}", ".dockerignore": ".git"},
        "",
        (),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("files", "ignore_file", "unignored"), IGNORED)
def test_what_an_ignore_file_keeps_out(files: dict[str, str], ignore_file: str, unignored: tuple[str, ...]) -> None:
    (found,) = all_of(linked(files), Copy)

    assert (found.ignore_file, found.unignored) == (ignore_file, unignored)


def test_ignore_files_are_facts_of_their_own() -> None:
    assert len(all_of(linked({".dockerignore": "x\n"}), IgnoreFile)) == 1


def test_a_copied_credential_file_of_the_repository_is_judged_by_what_it_holds() -> None:
    text = "FROM a:1\nCOPY .npmrc conf/auth.json ./\n"
    files = {"Dockerfile": text, ".npmrc": "save-exact=true\n"}

    found = [(fact.key, fact.form) for fact in all_of(linked(files), Credential)]

    assert found == [(".npmrc", "empty"), ("conf/auth.json", "literal")]
