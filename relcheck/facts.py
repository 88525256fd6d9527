"""The vocabulary: what readers say about files and what rules may ask.

Absent is the empty string, `False` or an empty tuple. A value that the files do not tell is `UNKNOWN`; rules that
need it stay silent. Only the standard library is imported here.

`span` is the primary place of a fact (where its repair goes); `parts` gives the place of single fields, by field
name: decoding the file's text there by the span's form gives the field's value. Fields that are computed have no part.
"""

from __future__ import annotations

from enum import Enum

from relcheck.records import Record
from relcheck.source import Span


class Unknown(Enum):
    """The type of the one value that says: the files do not tell."""

    UNKNOWN = "unknown"


UNKNOWN = Unknown.UNKNOWN

Text = str | Unknown
Truth = bool | Unknown
NO_SPAN = Span(0, 0)


class Related(Record):
    """A second place that belongs to a fact, with a few words on why; `path` is empty for the same file."""

    span: Span
    note: str = ""
    path: str = ""


class Option(Record):
    """One flag of a command, one input of an action or one variable: its name and its value if it is written."""

    name: str
    value: Text = ""
    span: Span = NO_SPAN


class Fact(Record):
    """What all facts share. `job` is the id of the CI job, `step` its 0-based step (-1: none), both within the file."""

    span: Span
    parts: dict[str, Span] = {}
    related: tuple[Related, ...] = ()
    job: str = ""
    step: int = -1
    # Filled by link from the job around the fact:
    in_publish_job: bool = False  # the job publishes something
    in_secret_job: bool = False  # the job has secrets, an id token or a write permission


class Image(Fact):
    """A container image is named (grammar: distribution reference; `relcheck.refs.image`).

    role: base, final (base of the last stage), copied (COPY --from), mount, frontend (# syntax=), run (a container
    command or compose service), service (beside a CI job), workload (Kubernetes), job (a CI job's environment),
    output (what is built is named), pushed, deployed (a deploy command or action names it), signed, cache, override
    (Kustomize images), artifact (OCI, not a container), pulled (a pull command), action (a container action).
    state: literal, defaulted (through a default or variable in the repository), partial, unknown.
    """

    role: str
    engine: str  # dockerfile, compose, kubernetes, helm, kustomize, github, gitlab, pre-commit, command, ...
    written: str = ""  # the whole reference, as a person would write it, markers kept
    state: str = "literal"
    name: Text = UNKNOWN  # without tag and digest, as written
    registry: Text = UNKNOWN  # as written; "" when none is written
    host: Text = UNKNOWN  # the effective registry: docker.io when none is written
    namespace: Text = UNKNOWN  # as written: the path without its last component
    repository: Text = UNKNOWN  # the effective path: library/alpine
    tag: Text = UNKNOWN
    digest: Text = UNKNOWN
    tag_kind: Text = UNKNOWN  # none, latest, version (three numbers), partial, word, date, commit, other
    problem: Text = ""  # why an engine refuses the reference; "" when it is well formed
    digest_problem: Text = ""  # why the text after @ is no digest
    pull_policy: str = ""
    build_here: bool = False  # the repository builds this name itself
    overridden: Truth = False  # a named context, Kustomize or the like replaces it
    container: str = ""  # the container that runs it, by its name; "*" where a JSON patch counts them
    repeated: Truth = False  # said elsewhere, where the repair goes: by a generated manifest, a used variable (by link)
    replaceable: bool = False  # it stands where the `images` of a kustomization reach
    push: Truth = False  # role output: this file itself also pushes it
    digest_known: Truth = False  # the same job pushed this repository and exposes the digest (by link)
    floating_default: bool = False  # the moving tag comes from a default that a user may replace
    name_template: str = ""  # the variable that makes the name, when it may hold capitals (github.repository)
    signed_at: str = (
        ""  # the file that signs this image, where nothing of the repository verifies a signature (by link)
    )
    commit_tag: bool = False  # the tag is the commit of the run, by a variable of the platform
    capitals: str = ""  # what `name_template` is here, when it does hold capitals (by link)
    raw: str = ""  # the text with its variables, where a file beside it may give their values (compose, by link)
    own_machine: bool = False  # the services around it are told that they are reached at localhost (compose)


class Component(Fact):
    """A pipeline component of someone else is used.

    system: github, gitlab, pre-commit, kustomize, git, helm, docker, ... kind: action, workflow, include, component,
    hook, base, chart, context, library, orb, pipe, plugin, repository (a script clones it), task, template, import,
    checkout (a repository that is only checked out), trigger (its pipeline is started), pipeline (its artifacts are taken),
    function (a step of GitLab), added (a Dockerfile's ADD copies from it), attestation (a build is told to state no
    provenance).
    ref_kind: see `relcheck.refs.git.classify_ref`.
    """

    system: str
    kind: str
    name: Text = UNKNOWN  # owner/repository[/path], as written without the ref
    owner: Text = UNKNOWN
    host: Text = ""
    ref: Text = UNKNOWN
    ref_kind: Text = UNKNOWN
    local: bool = False
    verified: bool = False  # an integrity hash stands beside it
    locked: bool = False  # a lock file of the platform covers it
    first_party: Truth = False  # the platform's own owner, or one the configuration calls ours
    version_comment: str = ""  # the version that a comment behind a commit claims
    secrets: bool = False  # secrets are handed to it
    inherits_secrets: bool = False
    inputs: tuple[Option, ...] = ()
    onboarded: bool = False  # the platform's lock file has an entry for this workflow (by link)
    lock_problem: str = ""  # missing: that entry does not cover it; commit: the lock names another commit (by link)
    fork_code: bool = False  # it checks out what a pull request brings
    fork_code_runs: str = ""  # what executes that afterwards in the same job (by link)
    fork_artifact: bool = False  # it fetches files of the run that set this one off, which a pull request may have made
    refuses_fork: Truth = False  # this version of the checkout refuses such code by itself
    shallow: str = ""  # the build backend that asks git for the version in this shallow checkout (by link)
    pushes_later: bool = False  # its job pushes commits or tags with git (by link)
    untrusted_event: str = ""  # an event that strangers cause and that reaches its job for sure (by link)
    attested_elsewhere: bool = False  # a workflow of the repository states the provenance of images (by link)
    strangers_event: str = ""  # an event that strangers cause without help of the project and that reaches it for sure
    own_cache: bool = False  # the cache it restores is of this very commit or run, and no older entry is taken instead
    strangers_text: str = ""  # what they write there and its inputs or variables hand to it: github.event.issue.body


class Dependency(Fact):
    """A package is depended on, in a manifest or by a command.

    ecosystem: pypi, npm, cargo, gem, go, helm, os, github-tool, ...; where: manifest, requirements, constraints, lock,
    patch (a part of a manifest that gives a version), command, run (npx and its kin), tool (an installed program),
    setup (a setup action), system (an operating system's package manager).
    firmness: exact, range, any (nothing or a wildcard), tag (a dist-tag such as latest), git-commit, git-tag,
    git-branch, git-default, url, path, workspace, alias, unknown.
    source: registry, git, url, path, workspace.
    """

    ecosystem: str
    where: str
    name: Text = UNKNOWN
    constraint: Text = UNKNOWN
    firmness: Text = UNKNOWN
    source: str = "registry"
    ref: Text = ""
    url: Text = ""  # userinfo removed
    scheme: Text = ""
    group: str = "prod"
    hashed: bool = False
    locked: Truth = UNKNOWN  # a lock file beside the manifest settles it
    published: Truth = UNKNOWN  # the manifest around it is published
    global_install: bool = False
    scope_private: Truth = False  # npm: the scope is private in this repository (by link)
    raw: str = ""  # the constraint with its properties, where a file beside it may give their values (Maven, by link)
    in_release: Truth = UNKNOWN  # the manifest around it states a version that is no pre-release (by link)
    scope_mapped: Truth = UNKNOWN  # npm: a client configuration maps the scope to a registry (by link)
    index: str = ""  # the registry or index that the manifest binds it to, by its name there
    others: int = 0  # where lock: how many further entries have the same fault; where system: of the same command
    excluded: str = ""  # the version of a package of this repository that the constraint does not take (by link)
    conditional: bool = False  # an environment marker decides whether it is installed at all
    asked_publicly: str = ""  # Go: the file whose commands ask the public proxy for this private module (by link)
    stale_lock: str = ""  # the lock file that an install with the manifest's constraint refuses (by link)
    in_final_stage: bool = False  # it is installed in a stage that the image descends from
    locked_as: str = ""  # the version there, empty when the lock file does not have the package (by link)


class Locked(Fact):
    """What a lock file settles: each package as `NAME VERSION`, `NAME ` where the version is not told.

    whole: a package of the manifest that is not here is missing, and an install that changes nothing refuses.
    """

    ecosystem: str
    versions: tuple[str, ...] = ()
    whole: bool = False
    nested: bool = False  # nothing tells whether the manifest asks for these versions, or another package


class Install(Fact):
    """A command installs what a manifest names: `npm ci`, `pip install -r`, `poetry install`.

    frozen: the command refuses to change the lock file; lockfile: one stands beside the manifest.
    """

    ecosystem: str
    tool: str
    frozen: Truth = UNKNOWN
    lockfile: Truth = UNKNOWN
    scripts: Truth = UNKNOWN  # lifecycle scripts run
    token_in_reach: str = ""  # the job's publish credential that its scripts can read: static, oidc or "" (by link)
    ci: bool = False
    hashes: Truth = UNKNOWN


class Sibling(Record):
    """Another place that states the version of the same package."""

    path: str
    version: str
    span: Span = NO_SPAN


class Package(Fact):
    """A folder makes a package. `version_problem` and `name_problem` say why its registry refuses them."""

    ecosystem: str
    name: Text = UNKNOWN
    scope: str = ""
    folder: str = ""
    version: Text = UNKNOWN
    version_dynamic: bool = False
    version_problem: Text = ""
    version_canonical: Text = ""
    prerelease: Truth = UNKNOWN
    private: Truth = False
    blocked: str = ""  # the words of the manifest that forbid to publish it
    repository: Text = UNKNOWN  # the address of its repository, as written; "" when none is written
    publish_host: Text = ""
    bundle_lacks: tuple[str, ...] = ()  # what Maven Central demands beside the jar and the build does not make
    access: str = ""
    version_only: bool = False  # not a manifest: a second place that states the version (`__version__`, setup.cfg)
    publish_to: tuple[str, ...] = ()  # the registries that it may be published to, by name (Cargo's `publish`)
    foreign_index: str = ""  # a private registry of its dependencies or neighbours, which it does not name (by link)
    root: bool = False  # the manifest of a workspace, with members below it
    expected_name: str = (
        ""  # Go: the module path that the origin of the repository gives, where it is another (by link)
    )
    entry: Truth = UNKNOWN  # it says what it offers: an entry point, a command or a list of files
    # What bounds its files: files, ignore-file, shadowed (.npmignore hides .gitignore), tracked, everything, none.
    contents: str = ""
    unignored: str = ""  # contents shadowed: a pattern for secrets that is only in .gitignore (by link)
    publish_step: Truth = UNKNOWN  # a step of this repository publishes packages of the ecosystem (by link)
    published_together: Truth = False  # one command publishes every package that is not private (by link)
    publish_tagged: Truth = UNKNOWN  # npm: what publishes gives a dist-tag, or is a tool that decides on one (by link)
    dist_tag: str = ""  # npm: publishConfig.tag
    name_problem: str = ""  # why the registry refuses a new package of this name (by link)
    invalid: str = ""  # what of the metadata its registry refuses, and why; its place is the part `value`
    missing: tuple[str, ...] = ()  # metadata that its registry demands and the manifest lacks
    lock_ignored: str = ""  # a lock file of this application that .gitignore keeps out (by link)
    stale_lock: tuple[Sibling, ...] = ()  # lock files that state another version of the package (by link)
    siblings: tuple[Sibling, ...] = ()  # filled by link: the other places of this folder
    disagrees: tuple[Sibling, ...] = ()  # those of them that state another version
    retracts: tuple[Option, ...] = ()  # Go: versions that it takes back as written, each with the reason in a comment
    unexplained: str = ""  # Go: the first of them without a reason


class Release(Fact):
    """What git knows of a package (filled by link from the history).

    tag: the newest release tag that belongs to the package; tag_version: the version in it; changed: files that enter
    the package changed since; head_tag: a release tag on the commit itself; known is false for a shallow clone.
    """

    ecosystem: str
    name: Text = UNKNOWN
    version: Text = UNKNOWN
    known: bool = True
    why_unknown: str = ""
    tag: Text = UNKNOWN
    tag_version: Text = UNKNOWN
    same_version: Truth = UNKNOWN
    changed: Truth = UNKNOWN
    changed_path: str = ""
    automated: bool = False  # a release tool of the repository bumps versions
    raised_by_tag: bool = False  # the commit with the tag raised the version: the project does that when it releases
    head_tag: Text = ""
    head_tag_version: Text = ""
    head_tag_agrees: Truth = UNKNOWN
    problem: str = ""  # what is wrong with the tag (Go): noncanonical, folder-prefix, major-suffix, retract-unseen
    command: bool = False  # Go: the module holds a program
    expected: str = ""  # the tag, or for major-suffix the module path, that would be right


class Command(Fact):
    """A program is run. Words that are not static stand in `argv` as they are written.

    verb: the words that choose what the program does, joined by a space ("buildx build"); context: run, script, hook,
    runtime, make, recipe; written: the command as a person would type it, secrets never in it.
    """

    program: Text
    verb: Text = ""
    argv: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    operands: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()  # the names of the options
    assignments: tuple[Option, ...] = ()
    piped_from: str = ""
    piped_to: str = ""
    swallowed: bool = False  # its failure cannot fail the step
    wrappers: tuple[str, ...] = ()
    written: str = ""
    context: str = "script"
    verifies: str = ""  # checksum, signature or attestation, when the command checks one
    moves_tag: str = ""  # the tag of a full version that it sets again by force


class Expansion(Fact):
    """A pipeline pastes text that strangers write into a program before it runs.

    expression: what is pasted, such as github.event.issue.title; into: run or script; event: one that carries the text
    and may reach the step.
    """

    expression: str
    into: str
    event: str = ""
    untrusted: bool = False  # the event runs with the repository's secrets, though strangers cause it


class Login(Fact):
    """Credentials are handed to a registry client. host: docker.io when none is written."""

    tool: str
    host: Text = UNKNOWN
    username: Text = ""
    secret_form: str = ""  # argv-literal, argv-variable, stdin, input-literal, input-reference, helper, none
    cloud: bool = False


class Publish(Fact):
    """Something is published: a package, an image, a chart or a release.

    ecosystem: npm, pypi, cargo, maven, gem, nuget, oci, helm, github-release, gitlab-release. events: the triggers that
    reach it for sure; guarded: a condition that is not understood stands before it.
    """

    ecosystem: str
    tool: str
    host: Text = UNKNOWN
    target: Text = UNKNOWN
    dry_run: Truth = False
    swallowed: bool = False
    skip_existing: Truth = False
    events: tuple[str, ...] = ()
    guarded: Truth = False
    tag_only: bool = False  # nothing but a tag push or a release reaches it, whatever else is asked
    token: str = ""  # how it authenticates: static, oidc, none, unknown
    id_token: str = ""  # of the job around it: write, none or "" (by link)
    environment: bool = False  # the job around it waits for a deployment environment (by link)
    strict_sibling: bool = False  # the same job publishes to the same ecosystem where a failure counts (by link)
    options: tuple[Option, ...] = ()
    overwrites: bool = False  # files of an existing release are replaced
    rolling: bool = False  # the release that it names is moved for ever: nightly, latest
    uploads: bool = False  # files are added to a release
    dirty: bool = False  # what is published may differ from the commit, or nobody checks that it does not
    unverified: bool = False  # the client's own trial build or check before the upload is switched off
    into_draft: bool = False  # a draft that the same workflow made takes what it uploads (by link)
    tested: Truth = False  # its job, or one that it needs, runs a test or rehearses the publish (by link)
    per_leg: bool = False  # every leg of a matrix publishes, and nothing tells what one leg publishes from the next
    digest_used: Truth = UNKNOWN  # something reads the digest that the step hands out
    explicit_ref: bool = False  # the job checks out a ref that it names (by link)
    any_branch: bool = False  # a branch that nobody protects reaches it for sure (by link)
    folder: Text = UNKNOWN  # where the package is, seen from the folder in which the step's commands start
    package: str = ""  # the package that the command names, where there are several
    index: str = ""  # the registry that the command names, by the name that the client's configuration gives it
    blocked_by: str = ""  # what in the package's manifest forbids to publish it (by link)
    blocked_at: str = ""  # that manifest (by link)
    job_token: bool = False  # it authenticates with the token that the platform makes for the job itself
    old_tool: str = ""  # the tool of its job that is too old to publish without a stored token (by link)
    origin: str = ""  # owner and name of the origin, where the manifest names another repository or none (by link)
    sent_to: str = ""  # the host that the package goes to, where the step's credentials are for another (by link)
    sent_by: str = ""  # what says so (by link)
    prepared_for: str = ""  # the host that the step's credentials are for (by link)
    unguarded: str = ""  # the manifest whose written version nothing compares with the tag that starts it (by link)
    rebuilds: str = ""  # the job before this one that built and pushed the same image (by link)


class Push(Record):
    """An image that a job pushes, for the relations of `Job`."""

    written: str
    host: Text = UNKNOWN
    namespace: Text = UNKNOWN
    tag: Text = UNKNOWN
    tag_kind: Text = UNKNOWN
    guarded: Truth = False
    commit_tag: bool = False


class SecretUse(Record):
    """A secret that is in reach: its name and how wide (workflow, job, step)."""

    name: str
    level: str = "step"
    step: int = -1
    publishes: bool = False  # its name or its use says that it can publish
    use: str = ""  # what its step does with it: publish, install or "" (by link)


class LoginUse(Record):
    """A login of a job, for the relations of `Job`."""

    host: Text = UNKNOWN
    cloud: bool = False


class PublishUse(Record):
    """A publish step of a job, for the relations of `Job`."""

    ecosystem: str
    tool: str = ""
    guarded: Truth = False
    swallowed: bool = False
    dry_run: Truth = False
    for_tags: bool = False  # nothing but a tag push or a release reaches it


class Job(Fact):
    """A CI job. system: github, gitlab, circleci, azure, bitbucket, ...

    events: the triggers that reach it for sure after its own condition.
    permissions: "scope: level" lines, `permissions_set` whether any are written; id_token: write, none or unknown.
    """

    system: str
    id: str
    workflow: str = ""
    triggers: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    guarded: bool = False
    permissions: tuple[str, ...] = ()
    permissions_set: bool = False
    write_all: bool = False
    id_token: str = ""
    environment: str = ""
    runner: str = ""
    self_hosted: Truth = False
    matrix: bool = False
    reusable: bool = False  # only called by other workflows
    tag_trigger: bool = False  # a tag push, a release or a manual run reaches it
    tag_only: bool = False  # nothing but a tag push or a release reaches it
    unstarted: str = (
        ""  # the file whose release should start it, but the token that makes the release starts nothing (by link)
    )
    tag_blocked_by: str = ""  # a tag is to start it, but no tag starts this job that it requires
    reads_tag: Truth = UNKNOWN  # its steps or variables name the tag that started it
    writes_files: Truth = UNKNOWN  # its scripts redirect text into files
    cancels: Truth = False
    cancels_tags: Truth = UNKNOWN  # a newer run stops even one that belongs to a tag
    tolerant: bool = False  # continue-on-error or allow_failure on the whole job
    foreign_login: bool = False  # something it calls may have logged in unseen
    any_branch: bool = False  # every branch reaches it, whoever pushed it
    needs: tuple[str, ...] = ()
    cache_mode: str = ""
    calls: bool = False  # it is nothing but the call of a workflow
    inherits_permissions: bool = False  # its permissions are those of the workflow
    pushed_beside: bool = (
        False  # another job of the file pushes images under other names than the commit, or may (by link)
    )
    beside_publish: bool = False  # another job of the file publishes packages (by link)
    tests: bool = False  # it runs a test (filled by link, like the next two)
    installs: bool = False  # it installs packages or runs a build
    tested: Truth = UNKNOWN  # it or what it needs runs a test
    secrets: tuple[SecretUse, ...] = ()
    logins: tuple[LoginUse, ...] = ()  # filled by link, like the four below
    pulls: tuple[Push, ...] = ()
    builds: tuple[Push, ...] = ()
    pushes: tuple[Push, ...] = ()
    publishes: tuple[PublishUse, ...] = ()


class Credential(Fact):
    """A secret stands in the file; its value is never kept.

    kind: npm-token, npm-auth, npm-password, npm-unscoped, pypirc-password, index-url, docker-auth, netrc-password,
    maven-password, maven-master, k8s-registry-secret, helm-repo-password, private-key, url-userinfo, env, build-arg,
    argv-password, argv-token, file (a credential file is copied), token (found by its shape), ci-env, ...
    form: literal, reference, encrypted, placeholder, empty. where: home (the client's own file), environment, argv,
    url, manifest, layer, text, comment (it documents code), unread (no Dockerfile takes the argument, by link).
    token: the format that the value has (github, npm, pypi, ...), "" if none;
    checksum: valid, invalid, none. access: publish, read or "".
    """

    kind: str
    form: str
    where: str
    ecosystem: str = ""
    key: str = ""
    host: Text = ""
    user: Text = ""
    token: str = ""
    checksum: str = "none"
    access: str = ""
    redacted: str = ""  # at most the first four characters, then an ellipsis
    length: int = 0
    tool: str = ""
    in_final_stage: Truth = False
    secret: str = ""  # the name of the pipeline's secret that a reference names
    others_read: str = (
        ""  # what else in the job can read it: the step's package installs or actions of others (by link)
    )
    unignored: Truth = False  # kind written: neither .gitignore nor .dockerignore keeps the file out (by link)
    max_provenance: bool = False  # the build publishes its arguments in its provenance
    holder: str = ""  # the object of Kubernetes that holds it: Secret/NAMESPACE/NAME


class Registry(Fact):
    """A registry or index is configured.

    purpose: index, extra-index, find-links, mirror, publish, container, chart, proxy, vcs, trusted-host, download, os,
    lock (a lock file says that packages came from there), repository (declared as code, with its settings),
    retention (a clean-up declared as code), plugin-index.
    tls: verified, off, "" (nothing is said).
    """

    ecosystem: str
    purpose: str
    url: Text = UNKNOWN  # userinfo removed
    host: Text = UNKNOWN
    scheme: Text = ""
    tls: Text = ""
    key: str = ""  # the setting as written: strict-ssl, trusted-host, --insecure
    scope: str = ""
    has_credential: Truth = False
    loopback: Truth = False
    integrity_off: bool = False  # the setting switches a checksum database or signature check off
    hashed: bool = False  # every requirement of the file is pinned by hash
    configured: Truth = UNKNOWN  # purpose lock: the repository's configuration names this host (by link)
    others: int = 0  # purpose lock: how many further entries come from this host
    tags_mutable: Truth = UNKNOWN  # purpose repository: a tag that was pushed may be overwritten
    covers: tuple[str, ...] = ()  # purpose retention: the tags that a clean-up deletes, `*` for any
    filtered: Truth = UNKNOWN  # nothing but named groups or packages may come from it
    beside: int = 0  # how many other sources of packages the same project has
    called: str = ""  # the name by which others refer to it: KIND/NAMESPACE/NAME of an object of Flux
    credential_in: str = ""  # the object of Kubernetes that holds its credential: Secret/NAMESPACE/NAME


class Resource(Fact):
    """A Kubernetes object is declared. scope: namespaced, cluster, unknown.

    namespace_from: own, kustomize, helm, flux, argocd, tekton (Pipelines as Code), deploy (a namespace-scoped deploy
    command), or "".
    """

    api_version: str
    kind: Text
    name: Text = ""
    namespace: Text = ""
    namespace_from: str = ""
    scope: str = "unknown"
    patch: bool = False  # a patch of an object that is declared elsewhere
    generated: bool = False
    deprecated: bool = False  # by an annotation of its own kind, `tekton.dev/deprecated`
    defines: str = ""  # a CustomResourceDefinition: the group and kind that it makes, `acme.example.com/Widget`
    defines_scope: str = ""  # namespaced or cluster


class Download(Fact):
    """Bytes are fetched by URL. verified_by: checksum, signature, pinned-url, review or ""; executed_by: the program or ""."""

    tool: str
    url: Text = UNKNOWN  # userinfo removed
    scheme: Text = UNKNOWN
    host: Text = UNKNOWN
    output: str = ""
    verified_by: str = ""
    executed_by: str = ""
    piped: bool = False  # executed straight from the network
    moving: bool = False  # the URL names a branch or the newest release
    checksum_of: str = ""  # it is a list of checksums for this file, which comes from the same host in the same script
    unpacked: bool = False
    context: str = "script"


class Copy(Fact):
    """A Dockerfile copies from the build context. `whole` says that everything is copied.

    unignored: what of .git, .env, node_modules and credential files the .dockerignore does not keep out (by link).
    """

    sources: tuple[str, ...] = ()
    whole: bool = False
    final: bool = False
    ignore_file: Text = UNKNOWN
    unignored: tuple[str, ...] = ()


class ImageOverride(Record):
    """One entry of a Kustomization's `images`."""

    name: str
    new_name: str = ""
    new_tag: str = ""
    digest: str = ""


class Kustomization(Fact):
    """A kustomization file: a node of the graph that link walks. Paths are as written.

    A transformer in a file of its own is one too, a component of the kustomizations that name it.
    """

    folder: str
    namespace: Text = ""
    resources: tuple[str, ...] = ()
    patches: tuple[str, ...] = ()
    images: tuple[ImageOverride, ...] = ()
    component: bool = False
    transformers: tuple[str, ...] = ()  # their files; an empty path for one of which it is not known what it changes
    replaces_images: bool = False  # its replacements may put other images in


class Chart(Fact):
    """A chart's Chart.yaml: membership of the folder below it, and the default tag."""

    folder: str
    name: Text = UNKNOWN
    version: Text = UNKNOWN
    app_version: Text = ""
    deprecated: bool = False


class Deploy(Fact):
    """A folder is deployed into a namespace: by Argo CD, Flux, `kubectl apply -n`, `helm -n`, Skaffold."""

    tool: str
    path: Text = UNKNOWN  # relative to the repository's root, "" when the whole repository
    namespace: Text = UNKNOWN


class Updates(Fact):
    """An update tool is to propose new versions for an ecosystem (Dependabot's `updates`).

    cooldown: a version must have been out for some days; external_code: code of the packages may run meanwhile.
    """

    tool: str
    ecosystem: str
    directories: tuple[str, ...] = ()
    cooldown: Truth = False
    external_code: bool = False


class Variables(Fact):
    """A file of variables, for interpolation elsewhere (`.env` beside a compose file).

    folder: whose manifests they are put into, where the file says so (a Kustomization of Flux), `.` for the root.
    """

    values_of: tuple[Option, ...] = ()
    folder: Text = ""


class IgnoreFile(Fact):
    """A .dockerignore: patterns in order, `!` kept."""

    patterns: tuple[str, ...] = ()


class Unreadable(Fact):
    """A file or a part of it could not be read: `reason` in words that a person can act on."""

    reason: str


class Suppression(Fact):
    """A comment that silences rules. problem: unused, expired, bad-date, reasonless, unknown-rule, or ""."""

    rules: tuple[str, ...] = ()
    problem: str = ""
    detail: str = ""


KINDS: dict[str, type[Fact]] = {
    "image": Image,
    "component": Component,
    "dependency": Dependency,
    "locked": Locked,
    "install": Install,
    "manifest": Package,
    "release": Release,
    "command": Command,
    "expansion": Expansion,
    "login": Login,
    "publish": Publish,
    "job": Job,
    "credential": Credential,
    "registry": Registry,
    "resource": Resource,
    "download": Download,
    "copy": Copy,
    "kustomization": Kustomization,
    "chart": Chart,
    "deploy": Deploy,
    "updates": Updates,
    "variables": Variables,
    "ignore_file": IgnoreFile,
    "unreadable": Unreadable,
    "suppression": Suppression,
}
KIND_OF: dict[type[Fact], str] = {kind: name for name, kind in KINDS.items()}
