"""What readers of every CI system share: what surrounds a step, and how facts of its commands learn of it.

A reader fills an `Around` for each job and step; `placed` puts what it says on the facts that a script or an action
gave: job and step, the events that reach a publish, how it authenticates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as AnyMapping

from relcheck.facts import UNKNOWN, Credential, Fact, Publish, SecretUse
from relcheck.readers.nodes import Mapping, Scalar
from relcheck.records import Record
from relcheck.refs.secrets import is_publish_variable, literal_form

TOKEN_VARIABLES: dict[str, re.Pattern[str]] = {
    "npm": re.compile(r"NODE_AUTH_TOKEN|NPM_TOKEN|NPM_CONFIG_.*_authToken|YARN_NPM_AUTH_TOKEN"),
    "pypi": re.compile(
        r"TWINE_PASSWORD|UV_PUBLISH_(?:TOKEN|PASSWORD)|POETRY_PYPI_TOKEN_\w+|POETRY_HTTP_BASIC_\w+_PASSWORD"
        r"|HATCH_INDEX_AUTH|FLIT_PASSWORD|MATURIN_(?:PYPI_TOKEN|PASSWORD)|PDM_PUBLISH_PASSWORD"
    ),
    "cargo": re.compile(r"CARGO_REGISTRY_TOKEN|CARGO_REGISTRIES_\w+_TOKEN"),
    "gem": re.compile(r"GEM_HOST_API_KEY|RUBYGEMS_API_KEY"),
    "nuget": re.compile(r"NUGET_API_KEY"),
}
"""The variables from which the publishing tools of an ecosystem read a token (release-safety, publish catalogue)."""

NAMES_TAG = re.compile(
    r"GITHUB_REF|github\.ref|github\.event\.(?:ref|release)|CI_COMMIT_(?:TAG|REF)|tag_name|\bgit\s+(?:-C\s+\S+\s+)?(?:describe|tag)\b"
)
"""What names the tag that a pipeline runs for, or asks git for it."""
WRITES_FILE = re.compile(
    r"(?<![-=<>&\d])\d?>{1,2}\|?\s*(?![\s&>]|[\"']?(?:/dev/|\$\{?GITHUB_))|\btee\s+(?!-a?\s*/dev/|/dev/)"
)
"""A redirection into a file that is neither a device nor one of the platform's own."""
_JOB_TOKEN = re.compile(r"GITHUB_TOKEN|github\.token|CI_JOB_TOKEN|GITEA_TOKEN", re.IGNORECASE)
_DECIDES_ITSELF = ("semantic-release", "auto ")
"""Tools that ask the CI system themselves whether this run is of a branch that they release."""
_OWN_INPUT = frozenset(("action-gh-release", "release-action", "upload-release-action", "release-please"))
"""Actions that take their token from an input, whose reader says what it is."""
_STEP = re.compile(r"\bsteps\.([\w-]+)\.outputs\b")


class Around(Record):
    """What a pipeline says around a step.

    events: the triggers that reach it for sure; guarded: a condition that is not understood stands before it;
    variables: the variables in reach, by name, as written; id_token: write, none, unknown or ""; minted: the ids of
    steps that give out short-lived publish tokens; tag_only: nothing but a tag push or a release reaches it.
    """

    job: str = ""
    step: int = -1
    events: tuple[str, ...] = ()
    guarded: bool = False
    tag_only: bool = False
    tolerant: bool = False
    variables: AnyMapping[str, str] = {}
    id_token: str = ""
    minted: frozenset[str] = frozenset()
    per_leg: bool = False


def env_facts(node: Mapping | None, job: str = "", step: int = -1) -> Iterator[Fact]:
    """Yield what a mapping of variables says: secrets written as literals, registries, switches."""
    if node is None:
        return
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few files have variables that matter

    for key, value in node.pairs():
        if isinstance(value, Scalar):
            for fact in environment_facts(key.value, value.source, job=job, step=step, where="ci"):
                if isinstance(fact, Credential) and fact.form == "reference":
                    yield fact.replace(secret=secret_name(value.value))
                else:
                    yield fact


_SECRET_NAME = re.compile(r"\bsecrets(?:\.|\[\s*')([A-Za-z_][\w-]*)")


def secret_name(text: str) -> str:
    """Return the name of the one secret that an expression names; "" for the job's own token, or for none."""
    found = set(_SECRET_NAME.findall(text))
    name = found.pop() if len(found) == 1 else ""
    return "" if _JOB_TOKEN.fullmatch(name) else name


def placed(found: Iterable[Fact], around: Around) -> Iterator[Fact]:
    """Put what surrounds a step on the facts that it gave."""
    for fact in found:
        changes: dict[str, object] = {}
        if not fact.job and around.job:
            changes["job"] = around.job
        if fact.step < 0 <= around.step:
            changes["step"] = around.step
        if isinstance(fact, Publish):
            changes |= _published(fact, around)
        yield fact.replace(**changes) if changes else fact


def _published(fact: Publish, around: Around) -> dict[str, object]:
    changes: dict[str, object] = {"id_token": around.id_token}
    if fact.tool.startswith(_DECIDES_ITSELF) and fact.guarded is False:
        fact = fact.replace(guarded=UNKNOWN)
        changes["guarded"] = UNKNOWN
    if not fact.events and fact.guarded is False:
        changes["events"] = around.events
    if around.guarded and fact.guarded is False:
        changes["guarded"] = True
    if around.tag_only:
        changes["tag_only"] = True
    if around.tolerant:
        changes["swallowed"] = True
    if around.per_leg:
        changes["per_leg"] = True
    given = [value for name, value in around.variables.items() if name in ("GH_TOKEN", "GITHUB_TOKEN")]
    if given and not fact.job_token and fact.tool not in _OWN_INPUT:
        changes["job_token"] = all(map(is_job_token, given))
    if fact.token in ("", "unknown"):
        changes["token"] = token_kind(fact.ecosystem, around)
    return changes


def token_kind(ecosystem: str, around: Around) -> str:
    """Say how a publish of an ecosystem authenticates, from the variables in reach: static, oidc or unknown.

    A token that an earlier step minted, and the job's own token, are not long-lived.
    """
    pattern = TOKEN_VARIABLES.get(ecosystem)
    if pattern is None:
        return "unknown"
    values = [value for name, value in around.variables.items() if pattern.fullmatch(name)]
    kinds = {value_kind(value, around.minted) for value in values}
    if "static" in kinds:
        return "static"
    if "oidc" in kinds or (not values and around.id_token == "write"):  # noqa: S105 - a level, not a secret
        return "oidc"
    return "unknown"


def is_job_token(value: str) -> bool:
    """Whether a value is nothing but the token that the platform makes for the job."""
    return re.fullmatch(r"\s*\$\{\{\s*(?:secrets\.GITHUB_TOKEN|github\.token)\s*\}\}\s*", value) is not None


def value_kind(value: str, minted: frozenset[str] = frozenset()) -> str:
    """Say what a value that is handed to a publishing tool is: static, oidc (minted by a step), none or unknown."""
    if not value.strip():
        return "none"
    if steps := _STEP.findall(value):
        return "oidc" if minted.issuperset(steps) else "unknown"
    if _JOB_TOKEN.search(value):
        return "unknown"
    if "secrets." in value.lower() or literal_form(value) == "literal":
        return "static"
    return "unknown"


def merged_secrets(found: Iterable[SecretUse]) -> tuple[SecretUse, ...]:
    """Return each use of a secret once, a use that publishes before one that does not."""
    out: dict[tuple[str, str, int], SecretUse] = {}
    for use in found:
        key = (use.name, use.level, use.step)
        if key not in out or use.publishes:
            out[key] = use
    return tuple(out.values())


def publishes_by_name(variable: str, secret: str) -> bool:
    """Whether the variable that a secret is put in, or the secret's own name, is one that publishing tools read."""
    if _JOB_TOKEN.fullmatch(secret):
        return False
    return is_publish_variable(variable) or is_publish_variable(secret)
