"""Git references: the kinds of refs, `uses` of GitHub's workflows, and the ways to write the URL of a repository.

A stretch that is not known is `MARK`; a field that it could change is `UNKNOWN`.
"""

from __future__ import annotations

import re

from relcheck.facts import UNKNOWN, Text
from relcheck.patterns import lazy_pattern
from relcheck.records import Record
from relcheck.refs import MARK

Place = tuple[int, int]

_SHA = lazy_pattern(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_SHORT_SHA = lazy_pattern(r"(?=[0-9]*[a-f])[0-9a-f]{7,39}")
_PULL = lazy_pattern(r"refs/(?:pull|merge-requests)/\d+/(?:head|merge)")
_NUMBER = r"(?:0|[1-9]\d*)"
_FULL = lazy_pattern(rf"v?{_NUMBER}\.{_NUMBER}\.{_NUMBER}(?:[-+.][0-9A-Za-z.+-]+)?")
_PARTIAL = lazy_pattern(rf"v?(?!\d{{4}}){_NUMBER}(?:\.{_NUMBER})?")
_BRANCH = lazy_pattern(
    r"(?:main|master|trunk|develop|development|dev|devel|next|mainline|default|gh-pages|staging|production|prod)"
    r"|(?:releases?|feature|features|feat|fix|bugfix|hotfix|support|maint|maintenance|stable|topic|user|users|dev"
    r"|dependabot|renovate)/.+|release-v?\d+(?:\.\d+)?(?:\.x)?|v?\d+(?:\.\d+)?\.x"
)
_ALIASES = ("latest", "~latest", "volatile", "stable", "HEAD", "nightly", "edge", "canary", "rolling")
_EXPRESSION = lazy_pattern(r"\$\{\{.{0,400}?\}\}|\{\{.{0,400}?\}\}|\$?\{[^{}]*\}|<[^<>]*>|\$\([^()]*\)|\$[A-Za-z_]\w*")

_COMMENT = lazy_pattern(
    r"#*\s*(?:(?:renovate:\s*)?tag[=:]\s*|pin(?:ned)?\s+(?:to\s+)?@?|(?:ratchet:)?[\w.-]+/[\w./-]+@|(?P<bare>@?))"
    r"(?P<version>v?\d+(?:\.\d+)*(?:[-+][0-9A-Za-z.+-]*[0-9A-Za-z])?)(?=[\s,;):]|$)"
)

_FORGES = ("github.com", "gitlab.com", "bitbucket.org", "codeberg.org", "gitea.com", "git.sr.ht")
_TWO_PARTS = ("github.com", "bitbucket.org", "codeberg.org", "gitea.com", "git.sr.ht")
_SHORTHAND = lazy_pattern(r"(?P<forge>github|gitlab|bitbucket):(?=[^/:@]+/)")
_WITH_SCHEME = lazy_pattern(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?:(?P<user>[^/?#]*)@)?(?P<host>\[[^\]]*\]|[^/:?#]*)(?::\d*)?/?"
)
_SCP = lazy_pattern(r"(?:[\w.-]+@)(?P<host>[^/:@?#]+)[:/]/?|(?P<bare>[\w-]+(?:\.[\w-]+)+):(?=[^/\d])")
_NO_SCHEME = lazy_pattern(r"(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?::\d+)?/")
_QUERY_REF = lazy_pattern(r"(?:^|[?&])(?:ref|version|rev|tag|branch)=(?P<ref>[^&#]*)")
_FRAGMENT_REF = lazy_pattern(r"(?:^|.*&)(?:commit|tag|branch|head|ref|rev)=(?P<ref>[^&]*)")
_FILE = lazy_pattern(r"\.(?:ya?ml|json)$")
_ARCHIVE = lazy_pattern(r"\.(?:tgz|tar|tar\.\w+|zip|whl|gem)$")


class UsesRef(Record):
    """A `uses` of a workflow. form: local, docker, remote, malformed, unknown; kind: action or workflow.

    name is owner/repository[/path] as written; image: for docker, the place of the reference in the text.
    """

    form: str
    kind: str = "action"
    host: Text = ""
    name: Text = UNKNOWN
    owner: Text = UNKNOWN
    repository: Text = UNKNOWN
    path: Text = UNKNOWN
    ref: Text = UNKNOWN
    ref_kind: Text = UNKNOWN
    problem: str = ""
    spans: dict[str, Place] = {}
    whole: Place = (0, 0)
    image: Place = (0, 0)


class GitRef(Record):
    """A remote repository. url: without userinfo, ref and query; owner: the path up to the repository's name.

    path: the folder within the repository; ref_kind: see `classify_ref`, or "range" for npm's `#semver:`;
    file: the URL names one file to download, not a repository.
    """

    url: Text = UNKNOWN
    scheme: str = ""
    host: Text = UNKNOWN
    owner: Text = UNKNOWN
    repository: Text = UNKNOWN
    path: Text = ""
    ref: Text = ""
    ref_kind: Text = "none"
    file: bool = False
    spans: dict[str, Place] = {}


_ROLLING = frozenset(
    ("nightly", "edge", "canary", "continuous", "tip", "preview", "snapshot", "unstable", "prerelease", "test")
)


def is_rolling(ref: object) -> bool:
    """Whether a release is named like a channel that is moved again and again; False for what is not known."""
    return isinstance(ref, str) and (ref.lower() in _ROLLING or classify_ref(ref) in ("latest-alias", "branch", "dev"))


def classify_ref(ref: str) -> str:
    """Name the kind of a ref.

    sha, short-sha, semver-full, semver-partial, latest-alias, dev, branch, tag, none, expr or pull. A branch or tag
    whose name is 40 hexadecimal digits cannot be told from a commit without asking the repository.
    """
    if not ref:
        return "none"
    if MARK in ref or _EXPRESSION.search(ref):
        return "expr"
    if _PULL.fullmatch(ref):
        return "pull"
    if ref.startswith("refs/heads/"):
        return "branch"
    name = ref.removeprefix("refs/tags/")
    kind = _kind(name)
    return "tag" if name != ref and not kind.startswith("semver") else kind


def _kind(name: str) -> str:
    kinds = (("sha", _SHA), ("short-sha", _SHORT_SHA), ("semver-full", _FULL), ("semver-partial", _PARTIAL))
    for kind, pattern in kinds:
        if pattern.fullmatch(name):
            return kind
    if name in _ALIASES:
        return "latest-alias"
    if name.startswith("dev:"):
        return "dev"
    return "branch" if _BRANCH.fullmatch(name) else "tag"


def version_comment(comment: str) -> str:
    """Return the version that a comment behind a pin claims: `# v4.1.7`, `# tag=v4`, `# ratchet:o/r@v4`; else ""."""
    match = _COMMENT.match(comment.strip())
    if not match or (match["bare"] == "" and match["version"].isdigit()):
        return ""
    return match["version"]


def parse_uses(text: str) -> UsesRef | None:
    """Parse the value of `uses`: local, docker://, or owner/repository[/path]@ref; None for an empty text."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if start >= end:
        return None
    whole = (start, end)
    body = _mask(text[start:end])
    if body.startswith(("./", "../", "$/")) or body in (".", ".."):
        kind = "workflow" if re.search(r"\.ya?ml$", body) else "action"
        return UsesRef(form="local", kind=kind, name=_known(body), ref="", ref_kind="none", whole=whole)
    if body.startswith("docker://"):
        return UsesRef(form="docker", whole=whole, image=(start + len("docker://"), end))
    if not body.strip(MARK):
        return UsesRef(form="unknown", whole=whole)
    host = re.match(r"https?://([^/]*)/", body)
    return _remote_uses(body, start, host).replace(whole=whole)


def _remote_uses(body: str, start: int, host: re.Match[str] | None) -> UsesRef:
    begin = host.end() if host else 0
    at = body.rfind("@")
    cut = at if at >= begin else len(body)
    name, ref = body[begin:cut], body[cut + 1 :]
    owner, _, rest = name.partition("/")
    repository, _, path = rest.partition("/")
    known = MARK not in name
    has_ref = at >= begin or not known
    problem = _uses_problem(name, ref, has_ref=has_ref)
    found: dict[str, Text] = {"name": _known(name), "owner": _known(owner)}
    found |= {"repository": repository, "path": path} if known else {}
    found |= {"host": _known(host[1]) if host else "", "ref": _known(ref) if at >= begin else "" if known else UNKNOWN}
    value = found["ref"]
    offsets = {"name": begin, "owner": begin, "repository": begin + len(owner) + 1, "ref": cut + 1}
    offsets |= {"path": begin + len(owner) + len(repository) + 2, "host": host.start(1) if host else 0}
    return UsesRef(
        form="malformed" if problem else "remote",
        kind="workflow" if re.search(r"\.ya?ml$", name) else "action",
        ref_kind="expr" if value is UNKNOWN else classify_ref(value),
        problem=problem,
        spans=_places(found, offsets, start),
    ).replace(**found)


def _uses_problem(name: str, ref: str, *, has_ref: bool) -> str:
    if any(letter.isspace() for letter in name + ref):
        return "a blank stands in the reference"
    parts = name.split("/")
    if MARK not in name and (len(parts) < 2 or not all(parts[:2])):
        return "the owner or the repository is missing"
    if not has_ref:
        return "no @ref is written"
    return "" if ref or MARK in name else "nothing follows the @"


def parse_git_url(text: str, *, any_https: bool = False) -> GitRef | None:
    """Parse a remote git repository; None for local paths and for URLs that need not be git.

    Forms: git+https://, git::, ssh://, git@host:path, github:org/repo, github.com/org/repo, https with `.git` or on
    a known forge; refs as `#ref[:folder]`, `?ref=`, `@ref` (behind git+ or `.git`). `any_https` takes any https URL.
    """
    start = len(text) - len(text.lstrip())
    masked = _mask(text.rstrip())
    explicit = re.compile(r"git::|git\+").match(masked, start)
    begin = explicit.end() if explicit else start
    if shorthand := _SHORTHAND.match(masked, begin):
        host = {"bitbucket": "bitbucket.org"}.get(shorthand["forge"], f"{shorthand['forge']}.com")
        return _remote(masked, shorthand.end(), "https", host, None)
    head = _WITH_SCHEME.match(masked, begin)
    if head:
        is_git = explicit or head["scheme"] in ("git", "ssh") or any_https
        if not is_git and (head["scheme"] not in ("https", "http") or not _looks_git(masked, head)):
            return None
        return _remote(masked, head.end(), head["scheme"].lower(), head["host"], head.span("host"), pip=bool(explicit))
    if scp := _SCP.match(masked, begin):
        group = "host" if scp["host"] else "bare"
        return _remote(masked, scp.end(), "ssh", scp[group], scp.span(group), pip=bool(explicit))
    plain = _NO_SCHEME.match(masked, begin)
    if plain and (explicit or plain["host"].lower() in _FORGES or re.search(r"\.git(?:[/#?@]|$)", masked)):
        return _remote(masked, plain.end(), "https", plain["host"], plain.span("host"), pip=bool(explicit))
    return None


def parse_kustomize_url(text: str) -> GitRef | None:
    """Parse an entry of `resources`, `bases` or `components`; None for a local path. `file` marks one raw file."""
    stripped = text.strip()
    if stripped.startswith(("/", ".")) or not stripped.strip(MARK):
        return None
    found = parse_git_url(text, any_https=stripped.startswith(("http://", "https://")))
    plain = _NO_SCHEME.match(stripped)
    if found is None and plain and re.search(r"//|/_git/|[?&](?:ref|version)=", stripped):
        begin = len(text) - len(text.lstrip())
        masked = _mask(text.rstrip())
        found = _remote(masked, begin + plain.end(), "https", plain["host"], (begin, begin + plain.end("host")))
    if found and found.scheme in ("http", "https") and "://" in stripped and _FILE.search(stripped.partition("?")[0]):
        return found.replace(file=True)
    return found


def _looks_git(text: str, head: re.Match[str]) -> bool:
    path = re.split(r"[?#]", text[head.end() :])[0].rstrip("/")
    if re.search(r"\.git(?:[/@]|$)", path):
        return True
    parts = path.split("/")
    return head["host"].lower().removeprefix("www.") in _FORGES and len(parts) == 2 and not _ARCHIVE.search(path)


def _remote(text: str, begin: int, scheme: str, host: str, host_at: Place | None, *, pip: bool = False) -> GitRef:
    """Put the reference together from the path that begins at `begin`."""
    stop = min((at for at in (text.find("?", begin), text.find("#", begin)) if at >= 0), default=len(text))
    ref_at = _ref_place(text, begin, stop, pip=pip)
    in_path = ref_at is not None and ref_at[0] <= stop and text[ref_at[0] - 1] == "@"
    end = ref_at[0] - 1 if ref_at and in_path else stop
    name_end, owner, repository, path = _split_path(text[begin:end], host)
    if (
        stop < len(text)
        and text[stop] == "#"
        and ":" in (fragment := text[stop + 1 :])
        and not fragment.startswith("semver:")
    ):
        path = fragment.partition(":")[2]
    ref = text[slice(*ref_at)] if ref_at else ""
    if ref_at is None and text.endswith(MARK):
        ref = MARK
    known_name = MARK not in text[begin : begin + name_end]
    found: dict[str, Text] = {"host": _known(host), "ref": _known(ref), "path": _known(path)}
    found |= {"owner": owner, "repository": repository} if known_name else {}
    if known_name and found["host"] is not UNKNOWN:
        found["url"] = f"{scheme}://{host}/{text[begin : begin + name_end]}".rstrip("/")
    repository_at = max(begin, text.rfind("/", begin, begin + name_end) + 1)
    offsets = {"owner": begin, "repository": repository_at, "ref": ref_at[0] if ref_at else 0}
    offsets |= {"host": host_at[0]} if host_at else {}
    kind = "range" if ref.startswith("semver:") else classify_ref(ref)
    return GitRef(scheme=scheme, ref_kind=kind, spans=_places(found, offsets, 0)).replace(**found)


def _ref_place(text: str, begin: int, stop: int, *, pip: bool) -> Place | None:
    """Find the ref: `#ref`, `#commit=ref`, `?ref=`, or behind the last `@` of the path."""
    mark = text.find("#", begin)
    if mark >= 0:
        fragment = text[mark + 1 :]
        named = _FRAGMENT_REF.match(fragment)
        if named:
            return mark + 1 + named.start("ref"), mark + 1 + named.end("ref")
        size = len(fragment) if fragment.startswith("semver:") else len(fragment.partition(":")[0])
        if fragment and not re.match(r"[\w-]+=", fragment) and size:
            return mark + 1, mark + 1 + size
    query = _QUERY_REF.search(text, stop, mark if mark >= 0 else len(text))
    if query and text[stop : stop + 1] == "?":
        return query.span("ref")
    at = text.rfind("@", begin, stop)
    if at >= 0 and (pip or text.endswith(".git", begin, at)):
        return at + 1, stop
    return None


def _split_path(path: str, host: str) -> tuple[int, str, str, str]:
    """Split a URL's path: the length of the repository's part, owner, repository and the folder within."""
    boundary = re.search(r"\.git(?=/|$)|//|(?<=/)_git/[^/]+", path)
    if boundary:
        size = boundary.start() if boundary[0] == "//" else boundary.end()
    elif host.lower().removeprefix("www.") in _TWO_PARTS or "." not in host:
        size = len("/".join(path.split("/")[:2]))
    else:
        size = len(path.rstrip("/"))
    owner, _, repository = path[:size].rpartition("/")
    return size, owner, repository.removesuffix(".git"), path[size:].strip("/")


def _mask(text: str) -> str:
    return _EXPRESSION.sub(lambda match: MARK * len(match[0]), text)


def _known(text: str) -> Text:
    return UNKNOWN if MARK in text else text


def _places(found: dict[str, Text], offsets: dict[str, int], base: int) -> dict[str, Place]:
    places: dict[str, Place] = {}
    for field, offset in offsets.items():
        value = found.get(field, UNKNOWN)
        if value is not UNKNOWN and value:
            places[field] = (base + offset, base + offset + len(value))
    return places


_ADDRESS = re.compile(r"(?:^|[/:])(?P<owner>[^/:@\s]+)/(?P<name>[^/:#\s]+?)(?:\.git)?/?(?:#\S*)?$")


def owner_and_name(address: str) -> str:
    """Return `OWNER/NAME` of a repository's address in any of npm's forms; the empty string where it names none.

    `git+https://host/o/n.git`, `git@host:o/n.git`, `github:o/n`, `o/n`.
    """
    match = _ADDRESS.search(address.strip())
    return f"{match['owner']}/{match['name']}" if match else ""
