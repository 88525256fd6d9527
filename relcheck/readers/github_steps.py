"""The steps of a GitHub job or of a composite action.

- uses: ./path | $/path | docker://IMAGE | owner/repository[/path]@ref     with: {INPUT: value}
- run: script          shell: bash | sh | pwsh | python | "program {0}"
  env, if, continue-on-error, id, working-directory
- parallel: [step, …]
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from posixpath import normpath

from relcheck.facts import UNKNOWN, Component, Expansion, Fact, Image, Option, Publish, SecretUse, Text, Truth
from relcheck.readers.ci_common import Around, env_facts, placed, publishes_by_name
from relcheck.readers.github_events import Scenario, names
from relcheck.readers.github_values import EXPRESSION, Scope, readings
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar, Sequence, walk
from relcheck.records import Record
from relcheck.refs.conditions import both, holds
from relcheck.refs.git import parse_uses, version_comment
from relcheck.source import Source

_NESTING = 8
_POSIX = frozenset({"bash", "sh", "dash", "ash", "ksh", "mksh", "zsh", "busybox"})
_ASSIGNED = re.compile(r"(?<![\w$])([A-Za-z_]\w*)(?:=|<<)")
_SECRET = re.compile(r"\bsecrets(?:\.|\[\s*')([A-Za-z_][\w-]*)|\bgithub(?:\.|\[')(token)\b")
_CACHES = frozenset(("actions/cache", "actions/cache/restore"))
_COMMIT_OR_RUN = re.compile(r"\$\{\{\s*github\.(?:sha|run_id)\s*\}\}")
_WINDOWS = re.compile(r"^\s*(?:\$\{\{)?\s*runner\.os\s*==\s*'windows'\s*(?:\}\})?\s*$", re.IGNORECASE)


class Frame(Record):
    """What stands around steps: the job, what its expressions can know, the events that reach it, its shell."""

    job: str = ""
    scope: Scope = Scope()
    reached: tuple[tuple[Scenario, Truth], ...] = ()
    shell: str = ""
    container: bool = False
    windows: bool = False
    tolerant: bool = False
    id_token: str = ""
    ids: dict[str, Mapping] = {}
    minted: frozenset[str] = frozenset()
    per_leg: bool = False
    folder: str = ""
    rewritten: frozenset[str] = frozenset()  # variables that scripts of the job set anew for the steps behind them

    @staticmethod
    def numbered(steps: Node | None, depth: int = 0) -> Iterator[Mapping]:
        """Yield the steps in order, those inside `parallel` (which nests) in their place."""
        for item in steps.items if isinstance(steps, Sequence) and depth < _NESTING else ():
            inner = item.get("parallel") if isinstance(item, Mapping) else None
            if isinstance(inner, Sequence):
                yield from Frame.numbered(inner, depth + 1)
            elif isinstance(item, Mapping):
                yield item


class Step(Record):
    """One step: its mapping, its number, what stands around it, and which scenarios reach it."""

    body: Mapping
    number: int
    frame: Frame
    scope: Scope
    reached: tuple[tuple[Scenario, Truth], ...] = ()
    around: Around

    def deciding(self, text: str) -> Around:
        """Return what surrounds the step once an input of it (`push: ${{ … }}`) decides too."""
        reached = tuple((scenario, both([known, holds(text, scenario.lookup)])) for scenario, known in self.reached)
        return self.around.replace(**_summary(reached))

    def input(self, name: str) -> Scalar | None:
        """Return an input under `with`; names are compared without case."""
        given = self.body.map("with")
        found = [value for key, value in given.pairs() if key.value.lower() == name] if given else []
        return found[-1] if found and isinstance(found[-1], Scalar) else None


def step_facts(steps: Sequence, frame: Frame) -> Iterator[Fact]:
    """Read the steps of a job or of a composite action."""
    ids = {body.text("id"): body for body in frame.numbered(steps) if body.text("id")}
    frame = frame.replace(ids=ids, minted=_minted(ids), rewritten=_rewritten(frame.numbered(steps)))
    for number, body in enumerate(frame.numbered(steps)):
        step = _step(body, number, frame)
        yield from env_facts(body.map("env"), frame.job, number)
        uses, run = body.scalar("uses"), body.scalar("run")
        yield from _pasted(step)
        if uses is not None:
            yield from _used(uses, step)
        if run is not None:
            yield from placed(_in_folder(step, _templated(run, _script(run, step))), step.around)


def _rewritten(bodies: Iterator[Mapping]) -> frozenset[str]:
    """Return the names that scripts write to the file `$GITHUB_ENV`: what stands under `env` is not their last value."""
    scripts = [text for body in bodies if "GITHUB_ENV" in (text := body.text("run"))]
    return frozenset(name for text in scripts for name in _ASSIGNED.findall(text))


def _minted(ids: dict[str, Mapping]) -> frozenset[str]:
    if not ids:
        return frozenset()
    from relcheck.readers.github_known import mints  # noqa: PLC0415 - reads the table of actions

    return frozenset(name for name, body in ids.items() if mints(body))


def _step(body: Mapping, number: int, frame: Frame) -> Step:
    own = body.map("env")
    scope = frame.scope.replace(env=(*frame.scope.env, own)) if own else frame.scope
    condition = body.text("if")
    reached = tuple((scenario, both([known, holds(condition, scenario.lookup)])) for scenario, known in frame.reached)
    tolerant = frame.tolerant or body.text("continue-on-error").strip().lower() in ("true", "${{ true }}")
    around = Around(
        job=frame.job,
        step=number,
        tolerant=tolerant,
        variables={
            key.value: value.value for env in scope.env for key, value in env.pairs() if isinstance(value, Scalar)
        },
        id_token=frame.id_token,
        minted=frame.minted,
        per_leg=frame.per_leg,
    ).replace(**_summary(reached))
    return Step(body=body, number=number, frame=frame, scope=scope, reached=reached, around=around)


def _summary(reached: tuple[tuple[Scenario, Truth], ...]) -> dict[str, object]:
    held = [scenario for scenario, known in reached if known is True]
    possible = [scenario for scenario, known in reached if known is not False]
    return {
        "events": names(held),
        "guarded": any(known is UNKNOWN for _, known in reached),
        "tag_only": bool(possible) and all(scenario.tag for scenario in possible),
    }


def _used(uses: Scalar, step: Step) -> Iterator[Fact]:
    given, secret = step.body.map("with"), False
    for node in (given, step.body.map("env")):
        secret = secret or any(use.name not in ("GITHUB_TOKEN", "token") for use in secret_uses(node, "step"))
    for found in component(uses, step.frame, inputs=given, step=step.number):
        if isinstance(found, Component):
            found = found.replace(secrets=secret, **_of_fork(found, given), **_own_cache(found, given), **_fed(step))  # noqa: PLW2901 - completed
        yield found
        if isinstance(found, Component) and isinstance(found.name, str) and not found.local:
            from relcheck.readers.github_known import action_facts, handed_secrets  # noqa: PLC0415 - reads the table of actions

            said = list(action_facts(uses, found.name, step))
            yield from placed((*said, *handed_secrets(given, said)), step.around)


_WRITTEN_BY_STRANGERS = re.compile(
    r"github\.head_ref|github\.event\.(?:"
    r"(?:issue|pull_request|discussion|comment|review)\.(?:title|body)"
    r"|pull_request\.head\.(?:ref|label|repo\.(?:default_branch|description|homepage))"
    r"|workflow_run\.(?:head_branch|display_title|head_commit\.(?:message|author\.(?:name|email)))"
    r"|pages\S*\.page_name)"
)
_PASTED_WHOLE = re.compile(r"\s*(?:(?:toJSON|format|join)\(.*\)|[\w.\[\]*'-]+\s*(?:\|\|.*)?)\s*", re.DOTALL)
_CARRIERS: dict[str, tuple[str, ...]] = {
    "github.head_ref": ("pull_request", "pull_request_target", "pull_request_review"),
    "pull_request": ("pull_request", "pull_request_target", "pull_request_review", "pull_request_review_comment"),
    "issue": ("issues", "issue_comment"),
    "comment": ("issue_comment", "pull_request_review_comment", "commit_comment", "discussion_comment"),
    "review": ("pull_request_review",),
    "discussion": ("discussion", "discussion_comment"),
    "workflow_run": ("workflow_run",),
    "pages": ("gollum",),
}
_WITH_SECRETS = ("pull_request_target", "issue_comment", "issues", "discussion", "discussion_comment", "workflow_run")


def _pasted(step: Step) -> Iterator[Expansion]:
    """Yield what strangers write and an expression pastes into a script; what a function only looks at is harmless."""
    given = step.body.map("with")
    script = given.scalar("script") if given and step.body.text("uses").startswith("actions/github-script@") else None
    for scalar, into in ((step.body.scalar("run"), "run"), (script, "script")):
        if scalar is None or "github." not in scalar.value:
            continue
        for match in EXPRESSION.finditer(scalar.value):
            found = _WRITTEN_BY_STRANGERS.search(match[0])
            if found is None or not _PASTED_WHOLE.fullmatch(match[0][3:-2]):
                continue
            name = "github.head_ref" if found[0] == "github.head_ref" else found[0].split(".")[2]
            carriers = [
                one for one, known in step.reached if known is not False and one.event in _CARRIERS.get(name, ())
            ]
            carriers.sort(key=lambda one: one.event not in _WITH_SECRETS)
            if carriers:
                event = carriers[0].event
                yield Expansion(
                    span=scalar.source.at(*match.span()), job=step.frame.job, step=step.number, expression=found[0],
                    into=into, event=event, untrusted=event in _WITH_SECRETS,
                )  # fmt: skip


_NUMBER = re.compile(r"github\.event\.(?:issue|pull_request|discussion)\.number|github\.event\.number")
_BY_MEMBERS = ("assigned", "unassigned", "labeled", "unlabeled", "milestoned", "demilestoned", "review_requested")
"""Activities of an event that need a right in the repository."""


def _fed(step: Step) -> dict[str, str]:
    """Say which event strangers reach a step by, and what they write there that the step is handed: text or its number."""
    reached = [
        one.event for one, known in step.reached
        if known is True and one.event in _WITH_SECRETS and one.event != "workflow_run" and one.action not in _BY_MEMBERS
    ]  # fmt: skip
    if not reached:
        return {}
    given = (step.body.map("with"), step.body.map("env"))
    texts = [value.value for node in given if node for _, value in node.pairs() if isinstance(value, Scalar)]
    for pattern in (_WRITTEN_BY_STRANGERS, _NUMBER):
        for text in texts:
            found = pattern.search(text) if "github." in text else None
            if found is not None:
                return {"strangers_event": reached[0], "strangers_text": found[0]}
    return {"strangers_event": reached[0]}


_OF_FORK = re.compile(
    r"github\.event\.pull_request\.(?:head\.|merge_commit_sha)|github\.head_ref|refs/pull/"
    r"|github\.event\.workflow_run\.(?:head_|pull_requests)|github\.event\.issue\.number"
)


def _of_fork(used: Component, given: Mapping | None) -> dict[str, bool]:
    """Say whether actions/checkout is told to fetch what a pull request brings, and whether this version refuses to."""
    if used.name == "actions/download-artifact" and given is not None:
        return {"fork_artifact": "github.event.workflow_run.id" in given.text("run-id")}
    if used.name != "actions/checkout" or given is None:
        return {}
    if not any(_OF_FORK.search(text) for text in (given.text("ref"), given.text("repository"))):
        return {}
    allowed = given.text("allow-unsafe-pr-checkout") == "true"
    return {"fork_code": True, "refuses_fork": not allowed and _refuses_forks(str(used.ref))}


def _own_cache(used: Component, given: Mapping | None) -> dict[str, bool]:
    """Say whether a cache can hold nothing but what runs of the same commit put there, to hand it from job to job."""
    if used.name not in _CACHES or given is None or given.text("restore-keys").strip():
        return {}
    return {"own_cache": _COMMIT_OR_RUN.search(given.text("key")) is not None}


def _refuses_forks(ref: str) -> bool:
    """Versions from 7 and from 6.1 on refuse, and the moving tags of majors 2 to 6, which were changed in July 2026."""
    match = re.fullmatch(r"v(\d+)(?:\.(\d+))?(?:\.\d+)?", ref)
    if match is None:
        return False
    major, minor = int(match[1]), match[2]
    return major >= 7 or (2 <= major <= 6 and minor is None) or (major == 6 and int(minor or 0) >= 1)


def component(uses: Scalar, frame: Frame, *, inputs: Mapping | None = None, step: int = -1) -> Iterator[Fact]:
    """Yield what a `uses` names: a component, or the image of a container action."""
    source = uses.source
    ref = parse_uses(source.text)
    if ref is None or ref.form == "unknown":
        return
    if ref.form == "docker":
        yield from image_facts(source.part(*ref.image), frame.scope, role="action", job=frame.job, step=step)
        return
    parts = {name: source.at(*place) for name, place in ref.spans.items() if name in Component.fields}
    span = parts.get("ref") or parts.get("name") or source.at(*ref.whole)
    name: Text = ref.name
    if isinstance(name, str) and ref.form == "malformed":
        name = name.strip()
    yield Component(
        span=span,
        parts=parts,
        job=frame.job,
        step=step,
        system="github",
        kind=ref.kind,
        name=name,
        owner=ref.owner if ref.form != "local" else "",
        host=ref.host,
        ref=ref.ref,
        ref_kind=ref.ref_kind,
        local=ref.form == "local",
        version_comment=version_comment(uses.comment) if uses.style in ("", "'", '"') else "",
        inputs=input_options(inputs),
    )


def input_options(inputs: Mapping | None) -> tuple[Option, ...]:
    """Return the inputs by lower-case name; an input that an expression makes is unknown, a secret is never kept."""
    found = []
    for key, value in inputs.pairs() if inputs else ():
        if isinstance(value, Scalar):
            text: Text = UNKNOWN if "${{" in value.value else value.value
            if re.search(r"token|password|secret|key|credential", key.value, re.IGNORECASE) and text:
                text = UNKNOWN
            found.append(Option(name=key.value.lower(), value=text, span=value.span))
    return tuple(found)


def image_facts(
    source: Source, scope: Scope, *, role: str, job: str = "", step: int = -1, push: Truth = False
) -> Iterator[Image]:
    """Yield the images that a written value can name: one for each literal that its expressions can come to."""
    for reading in readings(source, scope):
        fact = image_fact(
            reading.source,
            role=role,
            engine="github",
            written=_written(source.text, reading.source.text),
            state=reading.state,
            related=reading.related,
            job=job,
            step=step,
            floating_default=reading.floating,
            push=push,
        )
        if fact is None:
            continue
        if reading.definition is not None and fact.span.form.endswith("variable"):
            fact = fact.replace(
                span=reading.definition, related=(reading.related[0].replace(span=source.all(), note="used here"),)
            )
        yield fact


def _written(text: str, resolved: str) -> str:
    return text if "\ue000" in resolved else resolved


def _inside(option: Option, folder: str) -> Option:
    """Put a step's folder before that from which a build starts."""
    if option.name != "folder" or not isinstance(option.value, str):
        return option
    known = "${{" not in folder and not folder.startswith("/")
    return option.replace(value=normpath(f"{folder}/{option.value}") if known else UNKNOWN)


_TEMPLATE = re.compile(r"\$\{\{ *(github\.repository(?:_owner)?) *\}\}")
_WORD_END = re.compile(r"[\s\"']")


def name_template(text: str) -> str:
    """Return the expression that makes the name of an image and may hold capitals, the empty string without one."""
    match = _TEMPLATE.search(text)
    return match[1] if match else ""


def _templated(run: Scalar, facts: Iterator[Fact]) -> Iterator[Fact]:
    """Say of images in a script whether their name is made of the repository's own, letter for letter."""
    if "github.repository" not in run.value:
        yield from facts
        return
    root = run.source.root.text
    span = run.source.all()
    found = list(_TEMPLATE.finditer(root, span.start, span.end))
    starts = [match.start() for match in found]
    for fact in facts:
        if isinstance(fact, Image) and fact.role in ("output", "pushed"):
            yield fact.replace(name_template=_template_of(fact, root, found, starts))
        else:
            yield fact


def _template_of(image: Image, root: str, found: list[re.Match[str]], starts: list[int]) -> str:
    """Return the expression in the word that names an image: the last one that begins before the fact's place ends."""
    at = bisect_right(starts, image.span.end) - 1
    if at < 0:
        return ""
    first, last = sorted((found[at].end(), max(image.span.start, found[at].end())))
    return "" if _WORD_END.search(root, first, last) else found[at][1]


def _in_folder(step: Step, facts: Iterator[Fact]) -> Iterator[Fact]:
    """Put the folder in which a step's commands start before the folders that they name."""
    folder = step.body.text("working-directory") or step.frame.folder
    for fact in facts:
        if folder and isinstance(fact, Publish) and isinstance(fact.folder, str):
            known = "${{" not in folder and not folder.startswith("/")
            yield fact.replace(folder=normpath(f"{folder}/{fact.folder}") if known else UNKNOWN)
        elif folder and isinstance(fact, Component) and fact.system == "docker" and fact.kind == "context":
            yield fact.replace(inputs=tuple(_inside(option, folder) for option in fact.inputs))
        else:
            yield fact


def _script(run: Scalar, step: Step) -> Iterator[Fact]:
    shell = _shell_of(step)
    if shell is None:
        if _is_powershell(step):
            from relcheck.readers.powershell import read_powershell  # noqa: PLC0415 - few steps are written in it

            yield from read_powershell(
                run.source, context="run", job=step.frame.job, step=step.number, expressions=EXPRESSION,
                secret_names=_secret_names(step), tolerant=step.around.tolerant,
            )  # fmt: skip
        return
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

    own = step.body.map("env")
    rewritten = step.frame.rewritten.difference(key.value for key, _ in (own.pairs() if own is not None else ()))
    literals = {
        name: value for name, value in step.around.variables.items() if "${{" not in value and name not in rewritten
    }
    yield from read_shell(
        run.source,
        context="run",
        job=step.frame.job,
        step=step.number,
        expressions=EXPRESSION,
        variables=literals,
        secret_names=_secret_names(step),
        tolerant=step.around.tolerant,
        shell_options=shell,
    )


def _secret_names(step: Step) -> frozenset[str]:
    return frozenset(name for name, value in step.around.variables.items() if _SECRET.search(value))


def _is_powershell(step: Step) -> bool:
    """Whether PowerShell runs the step's script: by name, or because the runner is Windows."""
    written = (step.body.text("shell") or step.frame.shell).strip()
    return (written.split()[0].lower() in ("pwsh", "powershell")) if written else True


def _shell_of(step: Step) -> str | None:
    """Return the options of a POSIX shell that runs the step's script, None where another program does."""
    written = step.body.text("shell") or step.frame.shell
    if "${{" in written:
        found = step.body.scalar("shell")
        options = {_options_of(each.source.text) for each in readings(found.source, step.scope)} if found else {None}
        return options.pop() if len(options) == 1 else None
    if written:
        return _options_of(written)
    windows = step.frame.windows or bool(_WINDOWS.search(step.body.text("if")))
    return None if windows else "e"


def _options_of(shell: str) -> str | None:
    words = shell.split()
    if not words or words[0].rsplit("/", 1)[-1] not in _POSIX:
        return None
    if len(words) == 1:
        return "eo pipefail" if words[0] == "bash" else "e"
    letters = "".join(word[1:] for word in words[1:] if re.fullmatch(r"-[a-z]+", word))
    return ("e" if "e" in letters else "") + ("o pipefail" if "pipefail" in words else "")


def secret_uses(node: Node | None, level: str) -> Iterator[SecretUse]:
    """Yield the secrets that the expressions below a node name; `*` where all of them are handed over."""
    for name, found in named_scalars(node):
        if "secrets" not in found.value and "github" not in found.value:
            continue
        for match in EXPRESSION.finditer(found.value):
            for secret in _SECRET.finditer(match[0]):
                named = secret[1] or "GITHUB_TOKEN"
                yield SecretUse(name=named, level=level, publishes=publishes_by_name(name, named))
            if DUMP.search(match[0]):
                yield SecretUse(name="*", level=level)


DUMP = re.compile(r"toJSON\(\s*secrets\s*\)|\bsecrets\[\s*format\(", re.IGNORECASE)
"""An expression that gives every secret, or one that is chosen while the job runs."""


def named_scalars(node: Node | None) -> Iterator[tuple[str, Scalar]]:
    """Yield the texts below a node with their keys, "" for items of lists."""
    if isinstance(node, Scalar):
        yield "", node
        return
    if node is None:
        return
    for found in walk(node):
        if isinstance(found, Mapping):
            yield from ((key.value, value) for key, value in found.pairs() if isinstance(value, Scalar))
        elif isinstance(found, Sequence):
            yield from (("", item) for item in found if isinstance(item, Scalar))
