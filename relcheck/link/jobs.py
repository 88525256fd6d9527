"""What a CI job does as a whole: its logins, what it pulls, builds, pushes and publishes, and who may start it.

The facts of a job carry its id; nothing else connects them. Systems differ only in what their readers put on `Job`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from posixpath import normpath

from relcheck.facts import (
    UNKNOWN,
    Command,
    Component,
    Credential,
    Dependency,
    Fact,
    Image,
    Job,
    Login,
    LoginUse,
    Publish,
    PublishUse,
    Push,
    Registry,
    Related,
    Text,
    Truth,
)
from relcheck.link import Repository
from relcheck.refs.conditions import either
from relcheck.refs.git import parse_git_url
from relcheck.refs.url import passes_away
from relcheck.vcs import origin, origin_owner

_TAG_EVENTS = frozenset({"push:tags", "release"})
PLATFORM_OWNERS = frozenset({"actions", "github"})
"""Owners of actions that the platform itself keeps."""

_OWNED = frozenset({
    "github", "git", "jenkins", "kustomize", "skaffold", "vendir", "helmfile", "argo", "flux", "argocd", "openshift",
    "terraform", "earthly", "helm", "fleet",
})  # fmt: skip
"""Where components stand under the name of an account that may be the repository's own."""

_WRITE, _NONE = "write", "none"
"""Levels of the permission `id-token` of a job."""
_PULLED = frozenset({"job", "service", "run", "pulled", "action"})
_RUNNERS = frozenset({"make", "gmake", "just", "task", "mage", "rake", "invoke", "nox", "tox", "source", ".", "eval"})
_PACKAGE_RUNNERS = frozenset({"npm", "pnpm", "yarn", "bun", "poetry", "uv", "pdm", "hatch"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh", "python", "python3", "node", "ruby", "perl"})
_UNSEEN = ("login", "auth", "credential", "ecr", "gcr", "acr", "vault", "docker-config")
_HANDS_OUT_DIGEST = frozenset({"build-push-action", "bake-action"})
_NO_SECRET = frozenset({"GITHUB_TOKEN", "CI_JOB_TOKEN"})


def link(repository: Repository) -> None:
    """Fill what jobs and the facts inside them cannot know alone."""
    _owners(repository)
    _own_tools(repository)
    _locked(repository)
    _outside_jobs(repository)
    _attested(repository)
    callers = _callers(repository)
    for path in _paths_with_jobs(repository):
        _events_of_callers(repository, path, callers.get(path, []))
    for path in _paths_with_jobs(repository):
        _Jobs(repository, path).link()


def _paths_with_jobs(repository: Repository) -> list[str]:
    return sorted({path for path, _, _ in repository.all(Job)})


def _owners(repository: Repository) -> None:
    """Say of each component whether its owner is the platform's own or one of ours."""
    components = [found for found in repository.all(Component) if found[2].system in _OWNED]
    if not components:
        return
    ours = {owner.lower() for owner in repository.own.get("owners", ())} | PLATFORM_OWNERS
    if repository.root:
        ours.add(origin_owner(repository.root))
    for path, index, component in components:
        owner = component.owner
        if component.local or not isinstance(owner, str) or not owner:
            continue
        if component.kind == "library" and repository.root and _is_here(component, repository.root):
            repository.put(path, index, component.replace(local=True, first_party=True))
        elif owner.lower() in ours:
            repository.put(path, index, component.replace(first_party=True))


def _own_tools(repository: Repository) -> None:
    """A tool that this repository makes is a project's own, which it uses on itself."""
    tools = [found for found in repository.all(Dependency) if found[2].where == "setup" and found[2].firmness == "tag"]
    here = origin(repository.root).rpartition("/")[2].lower() if tools and repository.root else ""
    for path, index, tool in tools if here else ():
        if isinstance(tool.name, str) and tool.name.lower() == here:
            repository.put(path, index, tool.replace(source="workspace"))


def _is_here(component: Component, root: str) -> bool:
    """Whether a library of Jenkins comes from this repository itself: who may push there may change the pipeline as well."""
    url = next((option.value for option in component.inputs if option.name == "remote"), "")
    parsed = parse_git_url(url, any_https=True) if isinstance(url, str) else None
    if parsed is None or UNKNOWN in (parsed.host, parsed.owner, parsed.repository):
        return False
    return f"{parsed.host}/{parsed.owner}/{parsed.repository}".lower() == origin(root).lower()


def _outside_jobs(repository: Repository) -> None:
    """What runs before a publish that is a recipe of a Makefile is not known: its callers name other recipes too."""
    for path, index, publish in list(repository.all(Publish)):
        if not publish.job and repository.format_of(path) == "makefile":
            repository.put(path, index, publish.replace(tested=UNKNOWN))


def _attested(repository: Repository) -> None:
    """A build that is told to state no provenance needs none of its own where another job makes it."""
    silent = [found for found in repository.all(Component) if _states_nothing(found[2])]
    if not silent:
        return
    for path in repository.paths if not repository.whole else ():
        if path.startswith(".github/workflows/"):
            repository.of(path)
    if any(_attests_images(component) for _, _, component in repository.all(Component)):
        for path, index, component in silent:
            repository.put(path, index, component.replace(attested_elsewhere=True))


def _states_nothing(component: Component) -> bool:
    named = str(component.name).lower() in ("docker/build-push-action", "docker/bake-action")
    return named and any(given.name == "provenance" and given.value == "false" for given in component.inputs)


def _attests_images(component: Component) -> bool:
    """Whether it is SLSA's generator for containers, or GitHub's action is given the digest of an image."""
    name = str(component.name).lower()
    if name.endswith("/generator_container_slsa3.yml"):
        return True
    given = {option.name for option in component.inputs}
    return name in ("actions/attest-build-provenance", "actions/attest") and "subject-digest" in given


def _locked(repository: Repository) -> None:
    """Mark what the lock file beside a workflow covers: lines of this workflow, and of the dependencies of all."""
    for path in sorted({path for path, _, found in repository.all(Component) if found.system == "github"}):
        lock = repository.beside(path, "actions.lock")
        if not lock or lock == path:
            continue
        lines = [fact for fact in repository.of(lock) if isinstance(fact, Component)]
        if not any(line.job in (path, path.rpartition("/")[2]) for line in lines):
            continue
        covered = {_coordinate(line): line for line in lines if line.job in (path, path.rpartition("/")[2])}
        covered |= {_coordinate(line): line for line in lines if not line.job}
        for index, fact in enumerate(list(repository.of(path))):
            if isinstance(fact, Component) and fact.system == "github" and not fact.local:
                line = covered.get(_coordinate(fact))
                repository.put(path, index, fact.replace(onboarded=True, **_against(fact, line)))


def _coordinate(component: Component) -> tuple[str, Text]:
    """Return owner/repository without a path, in lower case, and the ref: what a line of the lock file covers."""
    return "/".join(str(component.name).lower().split("/")[:2]), component.ref


def _against(used: Component, line: Component | None) -> dict[str, object]:
    if line is None:
        unknown = used.ref is UNKNOWN or used.name is UNKNOWN or used.ref_kind in ("none", "expr")
        return {"lock_problem": "" if unknown else "missing"}
    commit = next((str(given.value) for given in line.inputs if given.name == "commit"), "")
    differs = bool(commit) and used.ref_kind == "sha" and commit.lower() != str(used.ref).lower()
    return {"locked": True, "lock_problem": "commit" if differs else ""}


def _events_of_callers(repository: Repository, path: str, calling: list[tuple[str, str]]) -> None:
    """Let what starts a caller in this repository start the jobs of the workflow that it calls."""
    placed = [
        (other, fact) for other, job in calling for fact in repository.of(other) if isinstance(fact, Job) and fact.id == job
    ]  # fmt: skip
    callers = [caller for _, caller in placed]
    if not callers:
        return
    facts = repository.of(path)
    if all(caller.id_token == _NONE for caller in callers):
        _hand_on_no_identity(repository, path, *placed[0])
    for index, fact in enumerate(list(facts)):
        if isinstance(fact, Job) and "workflow_call" in fact.triggers:
            called = "workflow_call" in fact.events
            repository.put(path, index, fact.replace(**_called(fact, callers, called=called)))
        if isinstance(fact, Publish) and "workflow_call" in fact.events:
            events = tuple(dict.fromkeys((*fact.events, *(event for caller in callers for event in caller.events))))
            repository.put(path, index, fact.replace(events=events))


def _hand_on_no_identity(repository: Repository, path: str, other: str, caller: Job) -> None:
    """A called job has no more permissions than the job that calls it, whatever it asks for."""
    facts = repository.of(path)
    asking = {fact.id for fact in facts if isinstance(fact, Job) and fact.reusable and fact.id_token == _WRITE}
    related = Related(span=caller.span, path=other, note="the job that calls it hands on no id-token: write")
    for index, fact in enumerate(list(facts)):
        if isinstance(fact, Job) and fact.id in asking:
            repository.put(path, index, fact.replace(id_token=_NONE))
        elif isinstance(fact, Publish) and fact.job in asking and fact.id_token == _WRITE:
            repository.put(path, index, fact.replace(id_token=_NONE, related=(*fact.related, related)))


def _called(job: Job, callers: list[Job], *, called: bool) -> dict[str, object]:
    added = tuple(event for caller in callers for event in caller.events) if called else ()
    changes: dict[str, object] = {
        "triggers": tuple(dict.fromkeys((*job.triggers, *(name for caller in callers for name in caller.triggers)))),
        "events": tuple(dict.fromkeys((*job.events, *added))),
        "guarded": job.guarded or any(caller.guarded for caller in callers),
    }
    if job.id_token == "unknown" and len({caller.id_token for caller in callers}) == 1:  # noqa: S105 - a level
        changes["id_token"] = callers[0].id_token
    return changes


def _callers(repository: Repository) -> dict[str, list[tuple[str, str]]]:
    """Return the paths and jobs of this repository that call a workflow by its path, by that path."""
    found: dict[str, list[tuple[str, str]]] = {}
    for other, _, component in repository.all(Component):
        if component.system != "github" or component.kind != "workflow" or not component.local:
            continue
        name = str(component.name) if component.name is not UNKNOWN else ""
        path = normpath(other.rpartition(".github/")[0] + name.removeprefix("$/"))
        if name and other != path:
            found.setdefault(path, []).append((other, component.job))
    return found


class _Jobs:
    """The jobs of one file and the facts inside them."""

    def __init__(self, repository: Repository, path: str) -> None:
        self.repository = repository
        self.path = path
        self.facts = repository.of(path)
        self.inside: dict[str, list[Fact]] = {}
        for fact in self.facts:
            if fact.job:
                self.inside.setdefault(fact.job, []).append(fact)

    def link(self) -> None:
        """Put the relations on each job, and what the job is on the facts inside it."""
        publishing: dict[str, bool] = {}
        secret: dict[str, bool] = {}
        jobs: dict[str, Job] = {}
        for index, fact in enumerate(list(self.facts)):
            if isinstance(fact, Job):
                job = fact.replace(**self._relations(fact, self.inside.get(fact.id, [])))
                self.repository.put(self.path, index, job)
                jobs[job.id] = job
                publishing[job.id] = bool(job.publishes) or any(not passes_away(push.host) for push in job.pushes)
                secret[job.id] = _bears_secrets(job)
        digests = set(self._known_digests())
        for index, fact in enumerate(list(self.facts)):
            changes: dict[str, object] = {}
            if publishing.get(fact.job):
                changes["in_publish_job"] = True
            if secret.get(fact.job):
                changes["in_secret_job"] = True
            if isinstance(fact, Publish) and fact.job in jobs:
                changes |= _from_job(fact, jobs[fact.job], self.inside[fact.job])
            if isinstance(fact, Image) and fact.role == "deployed" and (fact.host, fact.repository) in digests:
                changes["digest_known"] = True
            if changes:
                self.repository.put(self.path, index, fact.replace(**changes))

    def _relations(self, job: Job, facts: list[Fact]) -> dict[str, object]:
        images = [fact for fact in facts if isinstance(fact, Image)]
        publishes = [fact for fact in facts if isinstance(fact, Publish)]
        guards = {fact.step: _guard(fact, job) for fact in publishes if fact.ecosystem in ("oci", "helm")}
        logins = [fact for fact in facts if isinstance(fact, Login)]
        # Every condition inside an action of this repository may depend on the job that uses it.
        inner = [
            found.replace(guarded=True)
            for fact in facts if isinstance(fact, Component) and fact.local and fact.kind == "action"
            for found in self._inside_local(fact) if isinstance(found, Publish)
        ]  # fmt: skip
        return {
            "logins": tuple(LoginUse(host=fact.host, cloud=fact.cloud) for fact in logins),
            "pulls": tuple(_push(fact, False) for fact in images if fact.role in _PULLED),
            "builds": tuple(_push(fact, False) for fact in images if fact.role == "output"),
            "pushes": tuple(
                _push(fact, guards.get(fact.step, job.guarded)) for fact in images if fact.role == "pushed"
            ),
            "publishes": tuple(
                PublishUse(
                    ecosystem=fact.ecosystem,
                    tool=fact.tool,
                    guarded=fact.guarded,
                    swallowed=fact.swallowed,
                    dry_run=fact.dry_run,
                    for_tags=_for_tags(fact),
                )
                for fact in (*publishes, *inner)
                if fact.dry_run is not True
            ),
            "foreign_login": job.foreign_login or any(self._logs_in_unseen(fact, facts) for fact in facts),
        }

    def _known_digests(self) -> Iterator[tuple[Text, Text]]:
        """Yield host and repository of what a step pushes that hands out the digest of what it pushed."""
        for facts in self.inside.values():
            steps = {fact.step for fact in facts if isinstance(fact, Publish) and fact.tool in _HANDS_OUT_DIGEST}
            for fact in facts:
                if isinstance(fact, Image) and fact.role == "pushed" and fact.step in steps:
                    yield fact.host, fact.repository

    def _logs_in_unseen(self, fact: Fact, facts: Iterable[Fact]) -> bool:
        """Whether a step runs something that may log in without our seeing it."""
        if isinstance(fact, Credential):
            return fact.kind == "docker-auth"
        if isinstance(fact, Command):
            return runs_script(fact)
        if not isinstance(fact, Component) or fact.kind not in ("action", "workflow"):
            return False
        if fact.local:
            return self._local_logs_in(fact)
        seen = any(isinstance(other, Login) and other.step == fact.step for other in facts)
        name = str(fact.name).lower() if fact.name is not UNKNOWN else "login"
        return not seen and any(word in name for word in _UNSEEN)

    def _local_logs_in(self, component: Component) -> bool:
        """Whether a local action logs in or may; one that cannot be read may."""
        facts = self._inside_local(component)
        return not facts or any(isinstance(fact, (Login, Component, Command)) for fact in facts)

    def _inside_local(self, component: Component) -> list[Fact]:
        """Return what an action of this repository says; nothing where it cannot be read."""
        name = str(component.name) if component.name is not UNKNOWN else ""
        root = self.path.rpartition(".github/")[0]
        folder = normpath(root + name.removeprefix("$/"))
        found = [path for path in (f"{folder}/action.yml", f"{folder}/action.yaml") if path in self.repository.paths]
        return list(self.repository.of(found[0])) if found else []


def _for_tags(publish: Publish) -> bool:
    """Whether nothing but a tag push or a release reaches a publish; what else is asked before it does not matter."""
    sure = publish.guarded is False and bool(publish.events) and _TAG_EVENTS.issuperset(publish.events)
    return publish.tag_only or sure


def _push(image: Image, guarded: Truth) -> Push:
    return Push(
        written=image.written,
        host=image.host,
        namespace=image.namespace,
        tag=image.tag,
        tag_kind=image.tag_kind,
        guarded=guarded,
        commit_tag=image.commit_tag,
    )


def _guard(publish: Publish, job: Job) -> Truth:
    """Whether a condition keeps a push from some of the events that reach its job, or may."""
    if publish.step >= 0 and publish.guarded is False:
        return not set(job.events) - {"pull_request"} <= set(publish.events)  # no proposal is a release
    return either([publish.guarded, job.guarded])


def _from_job(publish: Publish, job: Job, facts: list[Fact]) -> dict[str, object]:
    """Return what a publish learns of the job around it, where its reader did not know."""
    siblings = [fact for fact in facts if isinstance(fact, Publish) and fact.ecosystem == publish.ecosystem]
    changes: dict[str, object] = {
        "environment": bool(job.environment),
        "strict_sibling": any(not fact.swallowed and fact.dry_run is not True for fact in siblings),
    }
    hosts = {
        fact.host for fact in facts
        if isinstance(fact, Registry) and fact.purpose == "publish" and fact.ecosystem == publish.ecosystem
    }  # fmt: skip
    if publish.host in ("", UNKNOWN) and len(hosts) == 1:
        changes["host"] = hosts.pop()
    if publish.id_token in ("", "unknown") and job.id_token:
        changes["id_token"] = job.id_token
    if publish.step < 0 and not publish.events:
        changes["events"] = job.events
        changes["guarded"] = either([publish.guarded, job.guarded])
    return changes


def _bears_secrets(job: Job) -> bool:
    """Whether the job has a secret, an identity token or a right to write."""
    named = any(secret.name not in _NO_SECRET for secret in job.secrets)
    rights = job.write_all or any(line.endswith(": write") for line in job.permissions)
    return named or rights or job.id_token == _WRITE


def runs_script(command: Command) -> bool:
    """Whether a command hands over to a script or a build tool whose own commands are not seen here."""
    program = command.program
    if not isinstance(program, str):
        return True
    name = program.rsplit("/", 1)[-1]
    if program.startswith(("./", "../")) or name in _RUNNERS or program.endswith((".sh", ".py")):
        return True
    if name in _PACKAGE_RUNNERS:
        return str(command.verb).split(" ")[0] == "run" if isinstance(command.verb, str) else True
    if name in _SHELLS:
        return bool(command.operands) and "-m" not in command.flags
    return name in ("aws", "gcloud", "az", "doctl") and any(word in command.written for word in ("login", "docker"))
