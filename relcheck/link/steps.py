"""What the steps of a CI job are to each other: which can read a token, what runs the code that another fetched.

Works on the relations that `jobs` has put on each job.
"""

from __future__ import annotations

from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Command, Component, Credential, Dependency, Fact, Install, Job, Publish, Truth
from relcheck.link import Repository
from relcheck.refs.order import needs_first

UNTRUSTED_EVENTS = (
    "pull_request_target",
    "issue_comment",
    "issues",
    "discussion",
    "discussion_comment",
    "workflow_run",
)
"""Events that strangers cause and that run with the repository's own secrets (release-safety 0.4)."""

_TESTERS = frozenset(
    {"pytest", "tox", "nox", "ctest", "jest", "vitest", "mocha", "phpunit", "rspec", "bats", "nextest"}
)
_TEST_VERBS: dict[str, tuple[str, ...]] = {
    "go": ("test",),
    "cargo": ("test", "nextest"),
    "npm": ("test", "t", "run test"),
    "pnpm": ("test", "run test"),
    "yarn": ("test", "run test"),
    "bun": ("test",),
    "mvn": ("test", "verify", "install", "deploy"),
    "gradle": ("test", "check", "build"),
    "gradlew": ("test", "check", "build"),
    "dotnet": ("test",),
    "hatch": ("test",),
    "deno": ("test",),
    "mix": ("test",),
}
_OPAQUE = frozenset({"make", "gmake", "just", "task", "mage", "rake", "invoke", "bundle", "composer", "script", "sbt"})
_EXECUTES = frozenset((
    "make", "gmake", "just", "task", "mage", "rake", "invoke", "nox", "tox", "pytest", "npm", "pnpm", "yarn", "bun", "pip",
    "pip3", "python", "python3", "cargo", "go", "mvn", "mvnw", "gradle", "gradlew", "bundle", "composer", "dotnet", "node",
    "ruby", "perl", "php", "poetry", "uv", "pdm", "hatch", "pre-commit", "cmake", "ninja", "source", ".", "sbt", "deno",
))  # fmt: skip
_INTERPRETERS = frozenset(("sh", "bash", "python", "python3", "node", "ruby", "perl", "php", "source", "."))
_LOOKS = frozenset(("cat", "ls", "jq", "grep", "head", "tail", "wc", "cp", "mv", "rm", "mkdir", "test", "["))
_BUILDERS = ("build", "buildx build", "image build", "compose build", "buildx bake", "compose up")


def link(repository: Repository) -> None:
    """Fill what a step can know only from the other steps of its job."""
    for path in sorted({path for path, _, _ in repository.all(Job)}):
        _Steps(repository, path).link()


class _Steps:
    """The jobs of one file with the facts inside them."""

    def __init__(self, repository: Repository, path: str) -> None:
        self.repository = repository
        self.path = path
        self.facts = repository.of(path)
        self.jobs = {fact.id: fact for fact in self.facts if isinstance(fact, Job)}
        self.inside: dict[str, list[Fact]] = {name: [] for name in self.jobs}
        for fact in self.facts:
            if fact.job in self.inside:
                self.inside[fact.job].append(fact)
        self.tests = {name: _runs_tests(facts) for name, facts in self.inside.items()}
        self.tested = self._tested_before()
        self.installs = {name: any(map(_installs, facts)) for name, facts in self.inside.items()}
        self.releasing = {name for name, job in self.jobs.items() if _names_release(job)}
        self.publishing = {name for name, job in self.jobs.items() if _publishes_packages(job)}

    def link(self) -> None:
        for index, fact in enumerate(list(self.facts)):
            changes = dict(self._changes(fact))
            if changes:
                self.repository.put(self.path, index, fact.replace(**changes))

    def _changes(self, fact: Fact) -> Iterator[tuple[str, object]]:
        if isinstance(fact, Credential):
            if fact.secret and fact.form == "reference" and fact.access == "publish" and fact.step < 0:
                yield "others_read", self._others(fact)
            return
        job = self.jobs.get(fact.job)
        if job is None:
            return
        if isinstance(fact, Job):
            yield from self._of_job(fact)
        elif isinstance(fact, Install):
            yield "token_in_reach", _token_in_reach(fact, job)
        elif isinstance(fact, Publish):
            yield "any_branch", job.any_branch
            yield "into_draft", fact.ecosystem == "github-release" and self._drafts()
            yield "explicit_ref", any(map(_names_ref, self.inside[job.id]))
            yield "tested", self.tested[job.id]
        elif isinstance(fact, Component):
            yield "untrusted_event", next((name for name in job.events if name.split(":")[0] in UNTRUSTED_EVENTS), "")
            if fact.name == "actions/checkout":
                yield "pushes_later", any(map(_pushes_commits, self.inside[job.id]))
            if fact.fork_artifact:
                yield "fork_code_runs", self._runs_artifact(fact)
            if fact.fork_code:
                yield "fork_code_runs", self._runs_after(fact)

    def _of_job(self, job: Job) -> Iterator[tuple[str, object]]:
        facts = self.inside[job.id]
        publishing = {fact.step for fact in facts if isinstance(fact, Publish) and fact.dry_run is not True}
        installing = {fact.step for fact in facts if isinstance(fact, Install)}
        yield "tests", self.tests[job.id] is True
        yield "tested", self.tested[job.id]
        yield "installs", self.installs[job.id]
        yield "pushed_beside", len(self.releasing) > (job.id in self.releasing)
        yield "beside_publish", len(self.publishing) > (job.id in self.publishing)
        yield (
            "secrets",
            tuple(
                use.replace(use="publish" if use.step in publishing else "install" if use.step in installing else "")
                if use.step >= 0
                else use
                for use in job.secrets
            ),
        )

    def _tested_before(self) -> dict[str, Truth]:
        """Say of each job whether it, or one that it needs, runs a test: each job once, behind those that it needs."""
        done: dict[str, Truth] = {}
        for name in needs_first(self.jobs, lambda name: [need for need in self.jobs[name].needs if need in self.jobs]):
            done[name] = self._tested(self.jobs[name], done)
        return done

    def _tested(self, job: Job, done: dict[str, Truth]) -> Truth:
        """Whether the job, or one that it needs, runs a test; unknown where scripts or other workflows may."""
        if job.calls or "workflow_run" in job.triggers or job.system != "github":
            return UNKNOWN
        found: list[Truth] = [self._rehearses(job.id) or self.tests[job.id]]
        found += [done.get(name, UNKNOWN) for name in job.needs]
        return True if True in found else UNKNOWN if UNKNOWN in found else False

    def _rehearses(self, name: str) -> bool:
        return any(isinstance(fact, Publish) and fact.dry_run is True for fact in self.inside[name])

    def _drafts(self) -> bool:
        """Whether the workflow makes a release as a draft first."""
        return any(
            isinstance(fact, Publish) and fact.ecosystem == "github-release" and fact.dry_run is True
            for fact in self.facts
        )

    def _others(self, credential: Credential) -> str:
        """Return what else can read a variable that is set for a whole job or workflow, where one step needs it."""
        names = [credential.job] if credential.job else list(self.jobs)
        facts = [fact for name in names for fact in self.inside.get(name, [])]
        publishing = {(fact.job, fact.step) for fact in facts if isinstance(fact, Publish) and fact.dry_run is not True}
        if len(publishing) != 1 or self._named_again(credential, facts):
            return ""
        for fact in facts:
            if (fact.job, fact.step) in publishing:
                continue
            if isinstance(fact, Install):
                return f"{fact.tool} install"
            if isinstance(fact, Component) and _is_foreign(fact):
                return str(fact.name)
        return ""

    def _named_again(self, credential: Credential, facts: list[Fact]) -> bool:
        """Whether other steps are given the same secret too, so that it is no mistake of width."""
        return any(
            isinstance(fact, Credential) and fact.step >= 0 and fact.secret == credential.secret != "" for fact in facts
        )

    def _runs_artifact(self, download: Component) -> str:
        """Return the command that executes a file of a downloaded artifact, by the folder that it was put into."""
        given = {option.name: option.value for option in download.inputs}
        folder = given.get("path", "")
        if not isinstance(folder, str):
            return ""
        name = folder.removeprefix("./").strip("/")
        alone = not any(
            isinstance(fact, Component) and fact.name == "actions/checkout" for fact in self.inside[download.job]
        )
        for fact in self.inside[download.job]:
            if fact.step > download.step and isinstance(fact, Command) and fact.program not in _LOOKS:
                words = (
                    (fact.argv[0], *fact.operands[:1]) if fact.argv and fact.program in _INTERPRETERS else fact.argv[:1]
                )
                paths = [word for word in words if "/" in word and not word.startswith(("/", "…"))]
                if any(path.removeprefix("./").startswith(f"{name}/") if name else alone for path in paths):
                    return fact.written
        return ""

    def _runs_after(self, checkout: Component) -> str:
        for fact in self.inside[checkout.job]:
            if fact.step <= checkout.step:
                continue
            if isinstance(fact, Command) and _executes(fact):
                return fact.written
            if isinstance(fact, Component) and fact.local and fact.kind == "action":
                return str(fact.name)
            if isinstance(fact, Component) and fact.name == "docker/build-push-action":
                return "docker build"
        return ""


def _names_release(job: Job) -> bool:
    """Whether a job pushes images under other tags than the commit, or calls a workflow that may."""
    return job.calls or any(not push.commit_tag and push.tag_kind not in ("commit", "latest") for push in job.pushes)


def _publishes_packages(job: Job) -> bool:
    return any(use.ecosystem not in ("oci", "github-release", "gitlab-release", "generic") for use in job.publishes)


def _installs(fact: Fact) -> bool:
    return isinstance(fact, Install) or (isinstance(fact, Dependency) and fact.where in ("command", "tool", "run"))


def _token_in_reach(install: Install, job: Job) -> str:
    """Return which publish credential the scripts of packages can read while they are installed."""
    for use in job.secrets:
        if use.publishes and (use.level in ("workflow", "job") or use.step == install.step >= 0):
            return "static"
    return "oidc" if job.id_token == "write" and _publishes_packages(job) else ""  # noqa: S105 - a level, not a secret


def _names_ref(fact: Fact) -> bool:
    named = isinstance(fact, Component) and fact.name == "actions/checkout"
    return named and any(given.name == "ref" and given.value != "" for given in fact.inputs)  # type: ignore[attr-defined]


def _pushes_commits(fact: Fact) -> bool:
    return isinstance(fact, Command) and fact.program == "git" and fact.verb == "push"


def _is_foreign(component: Component) -> bool:
    return component.kind == "action" and not component.local and component.first_party is False


def _runs_tests(facts: list[Fact]) -> Truth:
    """Whether a job runs a test; unknown where a script or a local action may."""
    unknown = False
    for fact in facts:
        if isinstance(fact, Component):
            unknown = unknown or fact.local
        if not isinstance(fact, Command) or not isinstance(fact.program, str):
            continue
        if {"-DskipTests", "-Dmaven.test.skip"} & set(fact.flags):
            continue
        verb = fact.verb if isinstance(fact.verb, str) else ""
        words = f"{verb} {fact.operands[1] if len(fact.operands) > 1 else ''}".strip()
        if fact.program in _TESTERS or any(
            each in (verb, words) or words.startswith(f"{each}:") for each in _TEST_VERBS.get(fact.program, ())
        ):
            return True
        unknown = unknown or fact.program in _OPAQUE or "/" in fact.argv[0] or fact.program.endswith((".sh", ".py"))
        unknown = unknown or "run" in verb.split()
    return UNKNOWN if unknown else False


def _executes(command: Command) -> bool:
    """Whether a command runs what stands in the checked-out folder: builds, installs, tests, its scripts."""
    program, first = command.program, command.argv[0] if command.argv else ""
    if not isinstance(program, str):
        return False
    if program in ("docker", "podman"):
        return command.verb in _BUILDERS
    if program in ("bash", "sh"):
        return bool(command.operands) and "-c" not in command.flags
    if program in ("python", "python3", "node") and ("-c" in command.flags or "-e" in command.flags):
        return False
    if program in ("npm", "pip", "pip3") and command.verb in ("view", "config", "--version", "list"):
        return False
    return program in _EXECUTES or first.startswith(("./", "../"))
