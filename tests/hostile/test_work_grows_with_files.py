# ruff: noqa: E501 - a scanned line is a line

"""What joins facts of many files does work in step with their number, and long chains of jobs do not stop it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest

from relcheck.facts import Job
from relcheck.link import LINKERS, Repository
from relcheck.readers import read_source, recognise
from relcheck.source import Source
from tests.hostile.test_work_grows_with_size import calls

SIZE = 24
POD = "apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec: {{containers: [{{name: a, image: acme/a{n}}}]}}\n"


def pods(n: int) -> dict[str, str]:
    out: dict[str, str] = {}
    for i in range(n):
        out[f"k/b{i}/kustomization.yaml"] = "resources: [pod.yaml]\n"
        out[f"k/b{i}/pod.yaml"] = POD.format(n=i)
        out[f"k/o{i}/kustomization.yaml"] = (
            f"resources: [../b{i}]\nnamespace: x\nimages: [{{name: acme/a{i}, newTag: '1'}}]\n"
        )
    return out


def chain(n: int) -> dict[str, str]:
    return {f"c{i}/kustomization.yaml": f"resources: [../c{i + 1}]\n" for i in range(n)} | {
        f"c{n}/kustomization.yaml": "resources: [p.yaml]\n",
        f"c{n}/p.yaml": POD.format(n=1),
    }


def deploys(n: int) -> dict[str, str]:
    return {
        f"a{i}.yaml": f"apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: a{i}, namespace: argocd}}\nspec: {{source: {{path: m{i}, repoURL: x}}, destination: {{namespace: prod}}}}\n"
        for i in range(n)
    } | {f"m{i}/p.yaml": POD.format(n=i) for i in range(n)}


def composes(n: int) -> dict[str, str]:
    out: dict[str, str] = {}
    for i in range(n):
        out[f"c{i}/compose.yaml"] = f"services: {{a: {{build: ., image: acme/x{i}}}, b: {{image: 'redis:${{T}}'}}}}\n"
        out[f"c{i}/Dockerfile"] = "FROM acme/x1\nCOPY . .\nCOPY .npmrc /\n"
        out[f"c{i}/.env"] = "T=1\n"
        out[f"c{i}/.npmrc"] = "//r.example.com/:_password=abcdefgh\n"
        out[f"c{i}/.dockerignore"] = ".git\n"
    return out


def workflows(n: int) -> dict[str, str]:
    return {
        f".github/workflows/w{i}.yml": f"on: {{push: {{}}, workflow_call: {{}}}}\njobs: {{a: {{uses: ./.github/workflows/w{(i + 1) % n}.yml}}, b: {{runs-on: x, needs: a, steps: [{{uses: ./act}}, {{uses: a/b@v1}}, {{run: npm publish}}, {{run: docker push acme/x}}]}}}}\n"
        for i in range(n)
    } | {"act/action.yml": "runs: {using: composite, steps: [{run: docker login, shell: sh}]}\n"}


def jobs(n: int) -> dict[str, str]:
    return {
        ".github/workflows/w.yml": "on: push\njobs:\n"
        + "".join(
            f"  j{i}: {{runs-on: x, needs: [j{max(0, i - 1)}, j{max(0, i - 2)}], permissions: {{id-token: write}}, steps: [{{uses: a/b@v1}}, {{run: npm ci}}, {{run: npm publish, env: {{NPM_TOKEN: '${{{{ secrets.N }}}}'}}}}]}}\n"
            for i in range(n)
        )
    }


def npm(n: int) -> dict[str, str]:
    return {
        f"p/p{i}/package.json": '{"name": "@acme/pA", "version": "1.0.0", "dependencies": {"@acme/pB": "^2.0.0", "x": "*"}, "publishConfig": {"registry": "http://r.example.com"}}'.replace(
            "pA", f"p{i}"
        ).replace("pB", f"p{(i + 1) % n}")
        for i in range(n)
    } | {
        "package-lock.json": '{"lockfileVersion": 3, "packages": {"": {}}}',
        ".npmrc": "@acme:registry=http://r.example.com\n",
        ".github/workflows/r.yml": "on: push\njobs: {a: {runs-on: x, steps: [{run: npm publish}]}}\n",
    }


def crates(n: int) -> dict[str, str]:
    return {
        f"c/c{i}/Cargo.toml": f'[package]\nname = "c{i}"\nversion.workspace = true\n[dependencies]\nc{(i + 1) % n} = {{path = "../c{(i + 1) % n}", version = "0.1"}}\n'
        for i in range(n)
    } | {
        "Cargo.toml": '[workspace]\nmembers = ["c/*"]\n[workspace.package]\nversion = "1.0.0"\n',
        "Cargo.lock": "".join(f'[[package]]\nname = "c{i}"\nversion = "0.9.0"\n\n' for i in range(n)),
    }


def pys(n: int) -> dict[str, str]:
    return (
        {
            f"p{i}/pyproject.toml": f'[project]\nname = "p{i}"\nversion = "1.0.0"\ndependencies = ["a", "p1>=2"]\n'
            for i in range(n)
        }
        | {f"p{i}/src/p{i}/__init__.py": '__version__ = "1.0.1"\n' for i in range(n)}
        | {f"p{i}/setup.cfg": "[metadata]\nname = p\nversion = 1\n" for i in range(n)}
        | {"a.sh": "twine upload dist/*\n"}
    )


def gems(n: int) -> dict[str, str]:
    return {
        f"g{i}/g{i}.gemspec": f'Gem::Specification.new do |s|\n s.name = "g{i}"\n s.version = "1"\nend\n'
        for i in range(n)
    }


def poms(n: int) -> dict[str, str]:
    return {
        f"m{i}/pom.xml": f"<project><parent><groupId>g</groupId><artifactId>m{max(0, i - 1)}</artifactId><version>1</version><relativePath>../m{max(0, i - 1)}/pom.xml</relativePath></parent><artifactId>m{i}</artifactId><dependencies><dependency><groupId>g</groupId><artifactId>m1</artifactId><version>${{v}}</version></dependency></dependencies></project>"
        for i in range(n)
    } | {
        "pom.xml": "<project><groupId>g</groupId><artifactId>r</artifactId><version>1</version><properties><v>LATEST</v></properties></project>"
    }


def gradles(n: int) -> dict[str, str]:
    return {
        f"m{i}/build.gradle": "plugins { id 'x' }\ndependencies { implementation \"a:b:$v\"\n implementation libs.a }\n"
        for i in range(n)
    } | {
        "gradle.properties": "v=1.+\n",
        "gradle/libs.versions.toml": '[libraries]\na = "a:b:1.+"\n',
        "gradle.lockfile": "",
    }


def nugets(n: int) -> dict[str, str]:
    return {
        f"m{i}/a.csproj": '<Project Sdk="x"><ItemGroup><PackageReference Include="A" Version="$(V)" /></ItemGroup></Project>'
        for i in range(n)
    } | {
        "Directory.Packages.props": '<Project><ItemGroup><PackageVersion Include="A" Version="1.*" /></ItemGroup></Project>'
    }


def charts(n: int) -> dict[str, str]:
    out: dict[str, str] = {}
    for i in range(n):
        out[f"ch/c{i}/Chart.yaml"] = (
            f"apiVersion: v2\nname: c{i}\nversion: 1.0.0\nappVersion: 2.0.0\ndependencies: [{{name: d, version: '*', repository: 'http://c.example.com'}}]\n"
        )
        out[f"ch/c{i}/values.yaml"] = "image: {repository: acme/a, tag: ''}\nside: {image: redis}\n"
        out[f"ch/c{i}/templates/p.yaml"] = (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n    - {name: a, image: '{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}'}\n    - {name: b, image: '{{ .Values.side.image }}'}\n"
        )
    return out


def templates(n: int) -> dict[str, str]:
    out: dict[str, str] = {
        "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 1.0.0\nappVersion: 2.0.0\n",
        "c/values.yaml": "".join(f"a{i}: {{image: redis}}\n" for i in range(n)),
    }
    for i in range(n):
        out[f"c/templates/p{i}.yaml"] = (
            f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n    - {{name: b, image: '{{{{ .Values.a{i}.image }}}}'}}\n"
        )
    return out


def terraform(n: int) -> dict[str, str]:
    return {
        f"t{i}/main.tf": 'module "a" {\n source = "../m"\n version = "~> 1"\n}\nresource "kubernetes_secret" "x" { }\n'
        for i in range(n)
    } | {f"t{i}/.terraform.lock.hcl": "" for i in range(n)}


def gomods(n: int) -> dict[str, str]:
    return {f"g{i}/go.mod": f"module e.example.com/g{i}\nrequire a v1.0.0\nreplace a => ../g1\n" for i in range(n)} | {
        f"g{i}/main.go": "" for i in range(n)
    }


def skaffolds(n: int) -> dict[str, str]:
    return {
        f"s{i}/skaffold.yaml": f"build: {{artifacts: [{{image: acme/a{i}, context: c}}]}}\nmanifests: {{rawYaml: [k/p.yaml]}}\n"
        for i in range(n)
    } | {f"s{i}/k/p.yaml": POD.format(n=i) for i in range(n)}


def gitlabs(n: int) -> dict[str, str]:
    return {
        ".gitlab-ci.yml": "include: ["
        + ", ".join(f"{{local: .gitlab/ci/a{i}.yml}}" for i in range(n))
        + "]\nx: {extends: .a0, script: [npm publish]}\n"
    } | {
        f".gitlab/ci/a{i}.yml": f".a{i}: {{image: node}}\nb{i}: {{extends: .a{i}, script: [docker push x, npm publish]}}\n"
        for i in range(n)
    }


def copies(n: int) -> dict[str, str]:
    return {f"a{i}/Dockerfile": "FROM x\nCOPY .npmrc /home/app/\nCOPY . .\n" for i in range(n)} | {
        f"b{i}/.npmrc": "_password=abcdefgh\n" for i in range(n)
    }


CASES: dict[str, Callable[[int], dict[str, str]]] = {
    made.__name__: made
    for made in (
        pods, chain, deploys, composes, workflows, jobs, npm, crates, pys, gems, poms, gradles, nugets, charts, templates,
        terraform, gomods, skaffolds, gitlabs, copies,
    )
}  # fmt: skip


def made_of(files: dict[str, str]) -> Repository:
    charts = frozenset(path.rpartition("/")[0] for path in files if path.endswith("Chart.yaml"))
    formats = {path: recognise(path, text.encode, charts)[0] for path, text in files.items()}
    facts = {path: read_source(formats[path], Source(path, text)) for path, text in files.items() if formats[path]}
    return Repository(facts, formats, paths=frozenset(files), read=lambda _: ("", []))


def work(files: dict[str, str]) -> dict[str, int]:
    repository = made_of(files)
    return {
        name: calls(lambda name=name: import_module(f"relcheck.link.{name}").link(repository))  # type: ignore[misc]
        for name in LINKERS
    }


@pytest.mark.parametrize("case", CASES)
def test_twice_the_files_are_twice_the_work(case: str) -> None:
    grow = CASES[case]
    work(grow(2))  # what is imported once does not count
    small, large = work(grow(SIZE)), work(grow(2 * SIZE))

    assert {name: (small[name], large[name]) for name in LINKERS if large[name] > 2.4 * small[name] + 50} == {}


def test_a_thousand_jobs_that_need_each_other() -> None:
    lines = (
        f"  j{n}: {{runs-on: x, needs: [j{n + 1}, j{n + 2}], steps: [{{run: npm publish}}]}}\n" for n in range(1000)
    )
    last = "  j1000: {runs-on: x, steps: [{run: pytest}]}\n"
    repository = made_of({".github/workflows/a.yml": "on: push\njobs:\n" + "".join(lines) + last})

    for name in ("jobs", "steps"):
        import_module(f"relcheck.link.{name}").link(repository)

    tested = {fact.id: fact.tested for _, _, fact in repository.all(Job)}
    assert len(tested) == 1001
    assert tested["j1000"] is True
    assert tested["j0"] is True
