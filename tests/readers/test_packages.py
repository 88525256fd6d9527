"""Python and npm packages: acceptance cases 45 to 47 of the format specification, and their kin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN, Credential, Dependency, Fact, Package, Registry, Unreadable
from relcheck.forms import decode_form
from relcheck.readers import package_json, pyproject, python_version, requirements
from relcheck.source import Source


def check_places(source: Source, facts: Iterator[Fact] | list[Fact]) -> list[Fact]:
    out = list(facts)
    for fact in out:
        for name, span in fact.parts.items():
            if name != "value":
                assert decode_form(source.text[span.start : span.end], span.form) == getattr(fact, name)
    return out


def read_requirements(text: str, path: str = "requirements.txt") -> list[Fact]:
    source = Source(path, text)
    return check_places(source, requirements.read(source))


def dependencies(facts: list[Fact]) -> list[tuple[object, object, object]]:
    return [(fact.name, fact.firmness, fact.constraint) for fact in facts if isinstance(fact, Dependency)]


def test_requirement_lines_are_joined_and_comments_removed_as_pip_does() -> None:
    facts = read_requirements(
        "flask==3.1.0 \\\n    --hash=sha256:aa  # why\n# comment \\\nrequests>=2,<3 ; python_version < '4'\n\nurllib3\n"
    )

    assert dependencies(facts) == [
        ("flask", "exact", "==3.1.0"),
        ("requests", "range", ">=2,<3"),
        ("urllib3", "any", ""),
    ]
    assert [fact.hashed for fact in facts if isinstance(fact, Dependency)] == [True, False, False]


def test_case_46_urls_options_and_references() -> None:
    text = (
        "--extra-index-url=https://ci:hunter2x9@registry.example.com/simple\n"
        "git+https://u@host.example/x@v1#subdirectory=y\n"
        "-e .\n"
        "-e git+https://host.example/o/r.git@main#egg=thing\n"
        "${PACKAGE}==1\n"
        "-r other.txt\n"
    )
    facts = read_requirements(text)

    registries = [fact for fact in facts if isinstance(fact, Registry)]
    assert [(fact.purpose, fact.host, fact.url, fact.has_credential) for fact in registries] == [
        ("extra-index", "registry.example.com", "https://registry.example.com/simple", True)
    ]
    (secret,) = [fact for fact in facts if isinstance(fact, Credential)]
    assert text[secret.span.start : secret.span.end] == "hunter2x9"
    assert (secret.form, secret.user, secret.kind) == ("literal", "ci", "index-url")
    assert "hunter2x9" not in repr(facts)
    gits = [fact for fact in facts if isinstance(fact, Dependency) and fact.source == "git"]
    assert [(fact.name, fact.firmness, fact.ref) for fact in gits] == [
        (UNKNOWN, "git-tag", "v1"),
        ("thing", "git-branch", "main"),
    ]
    assert not [fact for fact in facts if isinstance(fact, Unreadable)]


def test_an_upper_bound_before_a_lower_one_is_no_placeholder() -> None:
    assert dependencies(read_requirements("installer<0.8,>=0.7\n")) == [("installer", "range", "<0.8,>=0.7")]


def test_one_bad_line_does_not_hide_the_others() -> None:
    facts = read_requirements("flask==1\n===\nrequests==2\n")

    assert [fact.name for fact in facts if isinstance(fact, Dependency)] == ["flask", "requests"]
    assert [type(fact) for fact in facts].count(Unreadable) == 1


def test_case_47_direct_urls_and_tables() -> None:
    text = """[project]
name = "a"
version = "1.0-rc.1"
dependencies = ["x @ https://h.example/x.whl#sha256=aa", "y @ git+https://h.example/o/y@main", "z"]
[dependency-groups]
dev = ["pytest>=8", {include-group = "docs"}]
[tool.poetry.dependencies]
python = "^3.11"
b = [{version = "^1.0", python = "<3.12"}, {version = "2.0.1", python = ">=3.12"}]
c = {git = "https://h.example/o/c.git", branch = "main"}
d = "*"
[[tool.poetry.source]]
name = "own"
url = "https://registry.example.com/simple"
[tool.uv.sources]
e = [{git = "https://h.example/o/e", rev = "0123456789012345678901234567890123456789"}]
"""
    source = Source("pyproject.toml", text)
    facts = check_places(source, pyproject.read(source))

    found = {(fact.name, fact.firmness) for fact in facts if isinstance(fact, Dependency)}
    assert found == {
        ("x", "url"), ("y", "git-branch"), ("z", "any"), ("pytest", "range"), ("b", "range"), ("b", "exact"),
        ("c", "git-branch"), ("d", "any"), ("e", "git-commit"),
    }  # fmt: skip
    assert [fact.hashed for fact in facts if isinstance(fact, Dependency) and fact.name == "x"] == [True]
    (package,) = [fact for fact in facts if isinstance(fact, Package)]
    assert (package.name, package.version, package.version_canonical) == ("a", "1.0-rc.1", "1.0rc1")
    assert [fact.host for fact in facts if isinstance(fact, Registry)] == ["registry.example.com"]


NPM = [
    ("npm:b@^1", "range", "registry"),
    ("o/r#semver:^1", "git-tag", "git"),
    ("https://github.com/o/r", "git-default", "git"),
    ("git+ssh://git@host.example/o/r.git#main", "git-branch", "git"),
    ("o/r#0123456789012345678901234567890123456789", "git-commit", "git"),
    ("workspace:*", "workspace", "workspace"),
    ("catalog:", "workspace", "workspace"),
    ("", "any", "registry"),
    ("*", "any", "registry"),
    ("latest", "tag", "registry"),
    ("1.2.3", "exact", "registry"),
    ("^1.2.3", "range", "registry"),
    ("1.x || >=2", "range", "registry"),
    ("file:../x", "path", "path"),
    ("https://h.example/x.tgz", "url", "url"),
]


@pytest.mark.parametrize(("spec", "firmness", "origin"), NPM)
def test_case_45_what_a_version_spec_means(spec: str, firmness: str, origin: str) -> None:
    source = Source("package.json", f'{{"name": "x", "version": "1.0.0", "dependencies": {{"a": "{spec}"}}}}')
    facts = check_places(source, package_json.read(source))

    assert [(fact.firmness, fact.source) for fact in facts if isinstance(fact, Dependency)] == [(firmness, origin)]


def test_a_package_knows_its_scope_privacy_and_target() -> None:
    text = '{"name": "@acme/x", "version": "v1.2", "publishConfig": {"registry": "https://registry.example.com/npm/"}}'
    (package,) = [fact for fact in package_json.read(Source("p/package.json", text)) if isinstance(fact, Package)]

    assert (package.scope, package.folder, package.private) == ("@acme", "p", False)
    assert package.publish_host == "registry.example.com"
    assert package.version_problem


@pytest.mark.parametrize(
    ("path", "text", "version"),
    [
        ("x/__init__.py", '"""x"""\n__version__ = "1.2.3"  # why\n', "1.2.3"),
    ],
)
def test_second_places_of_a_version(path: str, text: str, version: str) -> None:
    (package,) = list(python_version.read(Source(path, text)))

    assert isinstance(package, Package)
    assert (package.version, package.version_only) == (version, True)
    assert text[package.span.start : package.span.end] == version


@pytest.mark.parametrize(
    ("path", "text"),
    [("x/__init__.py", "__version__ = get()\n"), ("y.py", "__version__ = '1'\n__version__ = '2'\n")],
)
def test_a_computed_version_is_no_second_place(path: str, text: str) -> None:
    assert list(python_version.read(Source(path, text))) == []


@given(st.text(alphabet=" \n\\#-=@:/.[]abce1<>~;'\"{}", max_size=60))
def test_no_text_breaks_a_reader(text: str) -> None:
    for module, path in (
        (requirements, "requirements.txt"),
        (pyproject, "pyproject.toml"),
        (package_json, "package.json"),
    ):
        source = Source(path, text)
        check_places(source, module.read(source))
