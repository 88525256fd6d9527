"""Moving tags that a script of the repository replaces when it releases: they are not what ships, and nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from relcheck.facts import UNKNOWN, Image
from tests.conftest import write_tree
from tests.kubernetes_trees import scan

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: b}\nspec: {containers: [{name: a, image: '%s'}]}\n"
LATEST = POD % "acme/app:latest"
KUSTOMIZATION = "images: [{name: acme/app, newTag: latest}]\n"
MAKE = "dist/%: manifests/%\n\tcd hack && make docs\n\tsed 's/:latest/:$(VERSION)/' manifests/$* > $@\n"

REWRITTEN = {
    "a kustomization, behind a variable": (
        "deploy/base/kustomization.yaml", KUSTOMIZATION,
        "hack/update.sh", 'KUSTOMIZE=kustomize\ncd "${ROOT}/deploy/base" && $KUSTOMIZE edit set image "${NAME}=${NEW}:${TAG}"\n',
    ),
    "a kustomization, in a recipe": (
        "config/manager/kustomization.yaml", KUSTOMIZATION,
        "Makefile", "deploy:\n\tcd config/manager && kustomize edit set image acme/app=${IMG}\n",
    ),
    "what lies beside the kustomization": (
        "config/manager/manager.yaml", LATEST,
        "Makefile", "deploy:\n\tcd config/manager && kustomize edit set image acme/app=${IMG}\n",
    ),
    "manifests below a folder": ("manifests/base/a.yaml", LATEST, "Makefile", MAKE),
    "one file, by the name of its image": (
        "deploy/a.yaml", LATEST, "release.sh", 'sed -i "s|acme/app:.*|acme/app:$TAG|" deploy/a.yaml\n',
    ),
    "one file, by a folder that is entered": (
        "deploy/a.yaml", LATEST, "hack/release.sh", 'cd "$ROOT/deploy"\nsed -i -e "s/latest/$TAG/g" a.yaml\n',
    ),
    "a step of a workflow": (
        "deploy/a.yaml", LATEST,
        ".github/workflows/release.yml",
        "on: push\njobs:\n  a:\n    steps:\n      - run: sed -i 's/:latest/:${{ github.ref_name }}/' deploy/*.yaml\n",
    ),
}  # fmt: skip
AS_WRITTEN = {
    "another folder": (
        "deploy/base/kustomization.yaml", KUSTOMIZATION,
        "hack/update.sh", 'cd "$ROOT/deploy/prod" && kustomize edit set image "acme/app=$IMG"\n',
    ),
    "a folder of the same name further down": (
        "agent/deploy/base/kustomization.yaml", KUSTOMIZATION,
        "hack/update.sh", 'cd "$ROOT/deploy/base" && kustomize edit set image "acme/app=$IMG"\n',
    ),
    "a folder that nobody knows": (
        "deploy/base/kustomization.yaml", KUSTOMIZATION,
        "hack/update.sh", 'cd "$WHERE" && kustomize edit set image "acme/app=$IMG"\n',
    ),
    "latest again": (
        "deploy/base/kustomization.yaml", KUSTOMIZATION,
        "hack/update.sh", "cd deploy/base && kustomize edit set image acme/app=acme/app:latest\n",
    ),
    "another image": (
        "deploy/a.yaml", LATEST, "release.sh", 'sed -i "s|acme/other:.*|acme/other:$TAG|" deploy/a.yaml\n',
    ),
    "another tag": ("deploy/a.yaml", LATEST, "release.sh", 'sed -i "s|:main|:$TAG|" deploy/a.yaml\n'),
    "another file": ("deploy/a.yaml", LATEST, "release.sh", 'sed -i "s|:latest|:$TAG|" deploy/b.yaml\n'),
    "a file that nobody knows": ("deploy/a.yaml", LATEST, "release.sh", 'sed -i "s|:latest|:$TAG|" "$1"\n'),
    "a text without a variable": ("deploy/a.yaml", LATEST, "x.sh", "sed -i s/:latest/:main/ deploy/a.yaml\n"),
    "no substitution": ("deploy/a.yaml", LATEST, "x.sh", "sed -n '/:latest/p' deploy/a.yaml\n"),
}  # fmt: skip


def states(folder: Path, path: str, image: str, script: str, text: str) -> set[object]:
    write_tree(folder, {path: image, script: text, "deploy/readme.txt": ""})
    return {found.overridden for only in ((), (path,)) for found in scan(folder, *only).of(Image, path)}


@pytest.mark.parametrize("case", REWRITTEN.values(), ids=REWRITTEN)
def test_a_tag_that_a_script_replaces_is_not_known(tmp_path: Path, case: tuple[str, str, str, str]) -> None:
    assert states(tmp_path, *case) == {UNKNOWN}


@pytest.mark.parametrize("case", AS_WRITTEN.values(), ids=AS_WRITTEN)
def test_what_no_script_replaces_stands_as_it_is_written(tmp_path: Path, case: tuple[str, str, str, str]) -> None:
    assert states(tmp_path, *case) == {False}
