"""The other places in which Python projects name packages: setuptools, Pipenv, uv, PDM, Poetry, conda."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relcheck.facts import UNKNOWN, Command, Credential, Dependency, Download, Image, Publish, Registry, Unreadable
from relcheck.readers import conda_environment, conda_recipe, pipfile, pixi, pyproject, setup_cfg, setup_py
from tests.readers.places import dependencies, packages, read_checked, registries

COMMIT = "0123456789012345678901234567890123456789"

SETUP_PY = """# -*- coding: utf-8 -*-
from setuptools import setup
REQUIRES = ["flask==3.1.0", 'ü==1; python_version < "3"' if X else "x", "requests>=2"]
EXTRA = ["numpy"]
EXTRA += more()
setup(
    name="thing", version='1.2.3', classifiers=["Private :: Do Not Upload"],
    install_requires=REQUIRES, setup_requires=["wheel"], tests_require=EXTRA,
    extras_require={"é": ["redis>=5" ",<6", "celery~=5.4"], "x": EXTRA},
    dependency_links=["http://files.example.com/simple"],
)
"""


def test_the_literals_of_setup_py() -> None:
    facts = read_checked(setup_py, SETUP_PY, "setup.py")

    (package,) = packages(facts)
    assert (package.name, package.version, package.private, package.version_only) == ("thing", "1.2.3", True, True)
    assert dependencies(facts) == [
        ("flask", "exact", "==3.1.0"),
        ("requests", "range", ">=2"),
        ("wheel", "any", ""),
        ("celery", "range", "~=5.4"),
    ]
    assert registries(facts) == [("find-links", "files.example.com", "")]


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [
        ("import setuptools\nsetuptools.setup(name=NAME, version=read())", UNKNOWN, UNKNOWN),
        ("setup(**config)", UNKNOWN, UNKNOWN),
        ("setup()", "", UNKNOWN),
        ("V = '1.0'\nsetup(name='a', version=V)", "a", "1.0"),
        ("V = '1.0'\nV = '2.0'\nsetup(name='a', version=V)", "a", UNKNOWN),
        ("setup(name='a', version=f'{x}')", "a", UNKNOWN),
    ],
)
def test_what_is_computed_is_unknown(text: str, name: object, version: object) -> None:
    (package,) = packages(read_checked(setup_py, text, "setup.py"))

    assert (package.name, package.version) == (name, version)


@pytest.mark.parametrize("text", ["print 'python 2'", "x = 1", "\0", "(" * 5000])
def test_no_package_where_setup_is_not_called(text: str) -> None:
    assert read_checked(setup_py, text, "setup.py") == []


def test_the_sections_of_setup_cfg() -> None:
    facts = read_checked(
        setup_cfg,
        "[metadata]\nname = thing\nversion = 1.2.3\nclassifiers =\n    Private :: Do Not Upload\n[options]\n"
        "install_requires =\n    flask==3.1.0  # why\n    # a comment\n    requests>=2; python_version < '4'\n"
        "setup_requires = wheel\n[options.extras_require]\ndev =\n    pytest~=8.0\nversion = 9\n",
        "setup.cfg",
    )

    (package,) = packages(facts)
    assert (package.name, package.version, package.private) == ("thing", "1.2.3", True)
    assert dependencies(facts)[:4] == [
        ("flask", "exact", "==3.1.0"),
        ("requests", "range", ">=2"),
        ("wheel", "any", ""),
        ("pytest", "range", "~=8.0"),
    ]


def test_a_list_on_one_line_of_setup_cfg_is_parted_by_semicolons() -> None:
    text = "[options]\ninstall_requires = a~=1.0; b==2.2 ;c  # why\ntests_require = d\n"
    text += "setup_requires =\n  e; python_version<'4'\n"

    assert dependencies(read_checked(setup_cfg, text, "setup.cfg")) == [
        ("a", "range", "~=1.0"),
        ("b", "exact", "==2.2"),
        ("c", "any", ""),
        ("d", "any", ""),
        ("e", "any", ""),
    ]


def test_a_version_that_setup_cfg_takes_from_elsewhere() -> None:
    (package,) = packages(read_checked(setup_cfg, "[metadata]\nname = a\nversion = attr: a.__version__\n", "setup.cfg"))

    assert (package.version, package.version_dynamic) == (UNKNOWN, True)


def test_packages_and_sources_of_a_pipfile() -> None:
    facts = read_checked(
        pipfile,
        "[[source]]\nname = 'main'\nurl = 'https://registry.example.com/simple'\nverify_ssl = false\n"
        "[[source]]\nname = 'own'\nurl = 'https://own.example.com/simple'\n"
        "[[source]]\nname = 'unused'\nurl = 'https://unused.example.com/simple'\n"
        "[packages]\na = '*'\n'b[x]' = '==1.2.3'\nc = {version = '>=1', index = 'own'}\nd = {extras = ['x']}\n"
        f"e = {{git = 'https://git.example.com/o/e.git', ref = '{COMMIT}'}}\nf = {{path = '.', editable = true}}\n"
        "g = {file = 'https://files.example.com/g.zip'}\n[dev-packages]\nh = '~=1.0'\n[docs]\ni = '==1'\n"
        "[requires]\npython_version = '3.13'\n[scripts]\nx = 'y'\n",
        "Pipfile",
    )

    assert [(fact.name, fact.firmness, fact.group) for fact in facts if isinstance(fact, Dependency)] == [
        ("a", "any", "prod"),
        ("b", "exact", "prod"),
        ("c", "range", "prod"),
        ("d", "any", "prod"),
        ("e", "git-commit", "prod"),
        ("f", "path", "prod"),
        ("g", "url", "prod"),
        ("h", "range", "dev"),
        ("i", "exact", "optional"),
    ]
    assert [(fact.purpose, fact.host, fact.tls) for fact in facts if isinstance(fact, Registry)] == [
        ("index", "registry.example.com", ""),
        ("index", UNKNOWN, "off"),
        ("explicit-index", "own.example.com", ""),
        ("second-index", "unused.example.com", ""),
    ]


UV = """[tool.uv]
index-strategy = "unsafe-best-match"
build-constraint-dependencies = ["setuptools<80"]
[[tool.uv.index]]
name = "own"
url = "https://own.example.com/simple"
explicit = true
[[tool.uv.index]]
url = "https://first.example.com/simple"
[[tool.uv.index]]
url = "https://main.example.com/simple"
default = true
[tool.uv.sources]
My_Lib = {index = "own"}
member = {workspace = true}
local = {path = "../local", editable = true}
forked = {git = "https://git.example.com/o/forked", tag = "v1"}
"""


def test_sources_of_uv_replace_the_plain_dependency() -> None:
    facts = read_checked(
        pyproject,
        '[project]\nname = "a"\ndependencies = ["my-lib", "member", "local", "forked"]\n' + UV,
        "pyproject.toml",
    )

    assert [(f.name, f.source, f.firmness, f.index) for f in facts if isinstance(f, Dependency)] == [
        ("my-lib", "registry", "any", "own"),
        ("member", "workspace", "workspace", ""),
        ("local", "path", "path", ""),
        ("setuptools", "registry", "range", ""),
        ("forked", "git", "git-tag", ""),
    ]


def test_indexes_of_uv_in_both_files() -> None:
    expected = [
        ("explicit-index", "own.example.com", ""),
        ("first-index", "first.example.com", ""),
        ("index", "main.example.com", ""),
        ("index-strategy", "", ""),
    ]
    plain = UV.partition("[tool.uv.sources]")[0].replace("[tool.uv]\n", "").replace("tool.uv.", "")

    assert registries(read_checked(pyproject, UV, "pyproject.toml")) == expected
    assert registries(read_checked(pyproject, plain, "uv.toml")) == expected


def test_sources_of_pdm_and_poetry() -> None:
    pdm = "[[tool.pdm.source]]\nname = '{}'\nurl = 'https://a.example.com/simple'\n"
    ordered = "[tool.pdm.resolution]\nrespect-source-order = true\n"
    poetry = "[[tool.poetry.source]]\nname = 'a'\nurl = 'https://a.example.com/simple'\npriority = '{}'\n"
    texts = {
        pdm.format("pypi"): "index",
        pdm.format("own"): "extra-index",
        ordered + pdm.format("own"): "first-index",
        pdm.format("own") + "include_packages = ['x']\n": "explicit-index",
        poetry.format("primary"): "index",
        poetry.format("supplemental"): "second-index",
        poetry.format("explicit"): "explicit-index",
    }

    found = {text: registries(read_checked(pyproject, text, "pyproject.toml")) for text in texts}

    assert found == {text: [(purpose, "a.example.com", "")] for text, purpose in texts.items()}


def test_the_tables_of_hatch() -> None:
    facts = read_checked(
        pyproject,
        "[tool.hatch.envs.test]\ndependencies = ['pytest']\n[tool.hatch.build.hooks.vcs]\ndependencies = ['x==1']\n"
        "[tool.hatch.publish.index.repos.main]\nurl = 'http://registry.example.com/'\n",
        "pyproject.toml",
    )

    assert dependencies(facts) == [("pytest", "any", ""), ("x", "exact", "==1")]
    assert registries(facts) == [("publish", "registry.example.com", "")]


TASKS = """[tool.hatch.envs.default.scripts]
publish = ["twine upload dist/*", "echo done"]
[tool.pdm.scripts]
release = {shell = "npm publish"}
[tool.poe.tasks]
push = "docker push registry.example.com/a:1.0.0"
all = {sequence = ["push", {cmd = "cargo publish"}]}
[tool.cibuildwheel]
manylinux-x86_64-image = "manylinux_2_28"
before-all = "curl -fsSL https://x.example.com/i.sh | sh"
[tool.cibuildwheel.linux]
musllinux-x86_64-image = "quay.io/pypa/musllinux_1_2_x86_64:2025.01.01-1"
[[tool.cibuildwheel.overrides]]
select = "*"
test-command = ["pytest {project}"]
"""


def test_what_tools_run_and_in_which_images() -> None:
    facts = read_checked(pyproject, TASKS, "pyproject.toml")

    assert {(fact.program, fact.context) for fact in facts if isinstance(fact, Command)} >= {
        ("twine", "hatch:publish"), ("npm", "pdm:release"), ("docker", "poe:push"), ("cargo", "poe:all"),
        ("curl", "cibuildwheel"), ("pytest", "cibuildwheel"),
    }  # fmt: skip
    assert {fact.ecosystem for fact in facts if isinstance(fact, Publish)} >= {"pypi", "npm", "cargo"}
    assert [(fact.name, fact.tag) for fact in facts if isinstance(fact, Image) and fact.role == "job"] == [
        ("quay.io/pypa/musllinux_1_2_x86_64", "2025.01.01-1")
    ]


def test_channels_and_packages_of_conda() -> None:
    facts = read_checked(
        conda_environment,
        "channels:\n  - conda-forge\n  - https://conda.example.com/t/x\ndependencies:\n  - numpy\n  - scipy=1.2\n"
        "  - conda-forge::pandas==2.2.3\n  - zlib=1.2.11=h1\n  - 'python >=3.11,<3.14'\n  - pip:\n      - flask==3.1.0\n"
        "      - -r other.txt\n",
        "environment.yml",
    )

    assert dependencies(facts) == [
        ("numpy", "any", ""),
        ("scipy", "range", "=1.2"),
        ("pandas", "exact", "==2.2.3"),
        ("zlib", "exact", "=1.2.11=h1"),
        ("python", "range", ">=3.11,<3.14"),
        ("flask", "exact", "==3.1.0"),
    ]
    assert registries(facts) == [("index", "conda.example.com", "")]


def test_broken_files_are_facts() -> None:
    assert isinstance(read_checked(pipfile, "[packages\n", "Pipfile")[0], Unreadable)
    assert isinstance(read_checked(conda_environment, "a: [\n", "environment.yml")[0], Unreadable)


@given(st.text(alphabet="[]{}='\"\n.,:abgit-#()setup _requis<>*", max_size=200))
def test_any_text_is_read_without_exception(text: str) -> None:
    for reader, path in (
        (setup_py, "setup.py"),
        (setup_cfg, "setup.cfg"),
        (pipfile, "Pipfile"),
        (pyproject, "uv.toml"),
        (conda_environment, "environment.yml"),
    ):
        read_checked(reader, text, path)
    read_checked(setup_py, f"setup(install_requires=[{text!r}])", "setup.py")


RECIPE = """{% set version = "1.2.0" %}
package:
  name: a
source:
  - url: "https://files.example.com/{{ version }}/{{ name }}.tar.gz"   # [linux]
    md5: 0a0a
    patches:
      - a.patch
# a comment

  - url: http://ci:k3v9Qz71LmWp@files.example.com/b.zip
  - git_url: https://git.example.com/c.git
    git_rev: main
about:
  url: https://www.example.com/
"""


def test_a_recipe_of_conda() -> None:
    facts = read_checked(conda_recipe, RECIPE, "meta.yaml")

    downloads = [(f.host, f.scheme, f.verified_by) for f in facts if isinstance(f, Download)]
    assert downloads == [("files.example.com", "https", "checksum"), ("files.example.com", "http", "")]
    assert [(f.ref, f.firmness) for f in facts if isinstance(f, Dependency)] == [("main", "git-branch")]
    assert [f.user for f in facts if isinstance(f, Credential)] == ["ci"]
    assert read_checked(conda_recipe, "source:\n", "meta.yaml") == []


PIXI = """[workspace]
channels = ["conda-forge", { channel = "https://conda.example.com/a", priority = 1 }]
[dependencies]
a = "*"
b = { version = ">=1", channel = "x" }
[pypi-options]
extra-index-urls = ["https://pypi.example.com/simple"]
find-links = [{ path = "wheels" }, { url = "https://files.example.com/" }]
[feature.x.target.linux-64.pypi-dependencies]
c = { url = "https://files.example.com/c.whl" }
d = { path = "." }
e = "==1.0.0"
f = { git = "https://git.example.com/f.git", tag = "v1" }
"""


def test_a_manifest_of_pixi() -> None:
    facts = read_checked(pixi, PIXI, "pixi.toml")

    assert [(f.name, f.ecosystem, f.firmness) for f in facts if isinstance(f, Dependency)] == [
        ("a", "conda", "any"), ("b", "conda", "range"), ("c", "pypi", "url"), ("d", "pypi", "path"), ("e", "pypi", "exact"),
        ("f", "pypi", "git-tag"),
    ]  # fmt: skip
    assert [(f.host, f.purpose) for f in facts if isinstance(f, Registry)] == [
        ("conda.example.com", "index"), ("pypi.example.com", "first-index"), ("files.example.com", "find-links"),
    ]  # fmt: skip
    inside = read_checked(
        pyproject, PIXI.replace("[", "[tool.pixi.", 1).replace("\n[", "\n[tool.pixi."), "pyproject.toml"
    )
    assert sorted(str(f.name) for f in inside if isinstance(f, Dependency)) == ["a", "b", "c", "d", "e", "f"]


def test_the_old_metadata_of_flit() -> None:
    facts = read_checked(
        pyproject,
        "[tool.flit.metadata]\nmodule = 'acme_a'\ndist-name = 'acme-a'\nrequires = ['b >=1']\nclassifiers = ['Private :: No']\n"
        "dev-requires = ['d']\n[tool.flit.metadata.requires-extra]\ntest = ['c ==1.0']\n",
        "pyproject.toml",
    )

    (package,) = packages(facts)
    assert (package.name, package.version_dynamic, package.private) == ("acme-a", True, True)
    assert dependencies(facts) == [("b", "range", ">=1"), ("d", "any", ""), ("c", "exact", "==1.0")]
