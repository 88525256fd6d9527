"""Lock files of npm, Yarn (1 and newer), pnpm, Bun and Deno: hosts, missing hashes, git without a commit.

Each file is written by its tool in one layout, so a pass with one pattern is enough; no tree is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from relcheck.facts import Fact
from relcheck.readers.lock_ledger import FORGES, Ledger, Named
from relcheck.source import Source

_NPM = re.compile(r'"resolved":\s*"(?P<url>[^"\n]*)"(?P<hash>,\s*"integrity":\s*"[^"\n]+")?')
_NPM_ROOT = re.compile(r'\s*\{\s*"name":\s*"(?P<name>[^"\n]+)",\s*"version":\s*"(?P<version>[^"\n]+)"')
_NPM_TOP = re.compile(
    r'^[ \t]+"node_modules/(?P<name>(?:@[^/"\n]+/)?[^/"\n]+)":\s*\{(?:\s*"version":\s*"(?P<version>[^"\n]+)")?',
    re.MULTILINE,
)
_NPM_NESTED = re.compile(
    r'^[ \t]+"(?:[^"\n]+/)?node_modules/(?P<name>(?:@[^/"\n]+/)?[^/"\n]+)":\s*\{\s*"version":\s*"(?P<version>[^"\n]+)"',
    re.MULTILINE,
)
_NPM_TREE = re.compile(
    r'^[ \t]+"(?P<name>(?:@[^/"\n]+/)?[^/"\n]+)":\s*\{\s*"version":\s*"(?P<version>\d[^"\n]*)"', re.MULTILINE
)
_NPM_KEY = re.compile(r'"(?P<key>[^"\n]*)":\s*\{')
_YARN = re.compile(r'\n  resolved "(?P<url>[^"\n]*)"[ \t]*\r?\n(?P<hash>  integrity \S)?')
_YARN_LOCKED = re.compile(r'^"?(?P<name>@?[^"@\s,]+)@[^\n]*:\r?\n  version "(?P<version>[^"\n]+)"', re.MULTILINE)
_YARN_KEY = re.compile(r"^\"?(?P<name>@?[^\"@\s,]+)@", re.MULTILINE)
_BERRY = re.compile(r'^  resolution: "(?P<name>@?[^@"\n]+)@(?P<rest>[^"\n]*)"', re.MULTILINE)
_PNPM = re.compile(r"resolution:(?: \{(?P<body>[^}\n]*)\}|[ \t]*\r?\n(?P<block>(?: {6,}\S.*\r?\n)+))")
_PNPM_FIELD = re.compile(r"(?:^|[\s,{])(?P<key>tarball|integrity|commit|type|repo): *'?(?P<value>[^,'\s}]+)")
_PNPM_LOCKED = re.compile(
    r"^  '?/?(?P<name>(?:@[^@/'\s]+/)?[^@/'\s:(]+)[@/](?P<version>\d[^'\s:(_]*)[^\n]*:[ \t]*\r?$", re.MULTILINE
)
_PNPM_KEY = re.compile(r"^  '?/?(?P<name>@?[^@'\s:(]+)[^\n]*:[ \t]*\r?$", re.MULTILINE)
_BUN = re.compile(r'^ +"[^"\n]+": \["(?P<name>@?[^@"\n]+)@(?P<spec>[^"\n]*)"(?P<rest>[^\n]*)$', re.MULTILINE)
_BUN_URL = re.compile(r', "(?P<url>https?://[^"\n]*)"')
_DENO = re.compile(r'"(?P<name>@?[^@"\n]+)@(?P<version>\d[^"\n]*)": *\{(?P<body>[^{}]*)\}')
_DENO_REMOTE = re.compile(r'"(?P<url>http://[^"\n]+)": *"[0-9a-f]*"')
_HASH = re.compile(r'"sha\d+-[^"\n]+"\],?\s*$')
_NEAR = 5000
"""How far an entry's other lines may be: farther is not an entry that a tool wrote."""
_GIT = ("git+", "git:", "git@", "ssh:", "github:", "gitlab:", "bitbucket:")


def read(source: Source) -> Iterator[Fact]:
    """Yield what the lock file tells."""
    name = source.path.rsplit("/", 1)[-1].lower()
    ledger = Ledger(source, "npm")
    if name == "yarn.lock":
        _yarn(source.text, ledger)
    elif name == "pnpm-lock.yaml":
        _pnpm(source.text, ledger)
    elif name == "bun.lock":
        _bun(source.text, ledger)
    elif name == "deno.lock":
        _deno(source.text, ledger)
    else:
        _npm(source.text, ledger)
    yield from ledger.facts()


def _npm(text: str, ledger: Ledger) -> None:
    """`"resolved": "URL", "integrity": "…"`, in a tree (version 1) or keyed by path (2 and 3)."""
    root = _NPM_ROOT.match(text)
    if root is not None:
        ledger.own((root["name"], root.start("name")), *root.span("version"))
    for match in _NPM_TOP.finditer(text):
        ledger.locked(match["name"], match["version"] or "", whole=True)
    for pattern in (_NPM_NESTED, _NPM_TREE):  # the newer layout, and the tree of version 1
        for match in pattern.finditer(text):
            ledger.nested(match["name"], match["version"])
    for match in _NPM.finditer(text):
        url = match["url"]
        if url.startswith("http"):
            counts = ledger.came_from(url, match.start("url"))
            if counts and not match["hash"] and not _integrity_elsewhere(text, match):
                ledger.unverified(_npm_name(text, match.start()), *match.span("url"))
        elif url.startswith(_GIT):
            ref = url.partition("#")[2]
            ledger.repository(_npm_name(text, match.start()), (ref, match.end("url") - len(ref)), *match.span("url"))


def _integrity_elsewhere(text: str, match: re.Match[str]) -> bool:
    """Whether the entry around a match holds its hash at another place than right behind the URL."""
    nearest = max(match.start() - _NEAR, 0)
    begin = max(text.rfind("{", nearest, match.start()), nearest)
    end = text.find("}", match.end(), match.end() + _NEAR)
    return '"integrity"' in text[begin : end if end >= 0 else match.end() + _NEAR]


def _npm_name(text: str, at: int) -> Named:
    begin = text.rfind("{", max(at - _NEAR, 0), at)
    line = text.rfind("\n", max(begin - _NEAR, 0), max(begin, 0)) + 1
    key = _NPM_KEY.search(text, line, begin + 1)
    name = key["key"].rpartition("node_modules/")[2] if key else ""
    return name, key.end("key") - len(name) if key else -1


def _yarn(text: str, ledger: Ledger) -> None:
    if "\n__metadata:" in text[:2000]:
        _berry(text, ledger)
        return
    for match in _YARN_LOCKED.finditer(text):
        ledger.nested(match["name"], match["version"])
    for match in _YARN.finditer(text):
        url, _, fragment = match["url"].partition("#")
        if url.startswith(_GIT) or url.endswith(".git"):
            ref = (fragment, match.end("url") - len(fragment))
            ledger.repository(_yarn_name(text, match.start("url")), ref, *match.span("url"))
        elif url.startswith("http"):
            counts = ledger.came_from(url, match.start("url"))
            if counts and not match["hash"] and not fragment:
                ledger.unverified(_yarn_name(text, match.start("url")), *match.span("url"))


def _yarn_name(text: str, at: int) -> Named:
    begin = text.rfind("\n\n", max(at - _NEAR, 0), at) + 2
    key = _YARN_KEY.search(text, begin, at)
    return (key["name"], key.start("name")) if key else ("", -1)


def _berry(text: str, ledger: Ledger) -> None:
    """Blocks of an entry each. Packages for other platforms (`conditions`) are not fetched and have no checksum."""
    for entry in _BERRY.finditer(text):
        if entry["rest"].startswith("npm:"):
            ledger.nested(entry["name"], entry["rest"].removeprefix("npm:").partition("::")[0])
    start = 0
    for block in text.split("\n\n"):
        if "__archiveUrl=" in block or ("checksum:" not in block and "linkType: hard" in block):
            match = _BERRY.search(block)
            if match is not None:
                _berry_entry(block, start, match, ledger)
        start += len(block) + 2


def _berry_entry(block: str, start: int, match: re.Match[str], ledger: Ledger) -> None:
    rest = match["rest"]
    name = (match["name"], start + match.start("name"))
    place = (start + match.start("name"), start + match.end("rest"))
    archive = re.search(r"__archiveUrl=(?P<url>[^&\"]+)", rest)
    if archive is not None:
        first = start + match.start("rest") + archive.start("url")
        _encoded(archive["url"], first, ledger)
    if "checksum:" in block or "conditions:" in block:
        return
    if rest.startswith("npm:"):
        ledger.unverified(name, *place)
    elif rest.startswith(_GIT) or ".git#" in rest:
        commit = re.search(r"#(?:commit=)?(?P<ref>[^&]*)", rest)
        begin = start + match.start("rest")
        ledger.repository(name, (commit["ref"], begin + commit.start("ref")) if commit else ("", -1), *place)


def _encoded(url: str, start: int, ledger: Ledger) -> None:
    """Count the host of a percent-encoded URL where its letters stand as they are."""
    if "%" not in url[:4] and "://" in unquote(url) and "%3A" not in url:
        ledger.came_from(url, start)


def _pnpm(text: str, ledger: Ledger) -> None:
    """`resolution: {integrity: …}` says that all is well; a tarball or a repository is looked at."""
    for match in _PNPM_LOCKED.finditer(text):
        ledger.nested(match["name"], match["version"])
    for match in _PNPM.finditer(text):
        body = match["body"] or match["block"] or ""
        if body.startswith("integrity: ") and "tarball" not in body:
            continue
        group = "body" if match["body"] else "block"
        fields = {field["key"]: field for field in _PNPM_FIELD.finditer(body)}
        base = match.start(group)
        tarball = fields.get("tarball")
        if fields.get("commit") is not None:
            place = (base + fields["commit"].start("value"), base + fields["commit"].end("value"))
            ledger.repository(_pnpm_name(text, match.start()), (fields["commit"]["value"], place[0]), *place)
        elif tarball is not None and tarball["value"].startswith("http"):
            counts = ledger.came_from(tarball["value"], base + tarball.start("value"))
            if counts and "integrity" not in fields:
                place = (base + tarball.start("value"), base + tarball.end("value"))
                ledger.unverified(_pnpm_name(text, match.start()), *place)


def _pnpm_name(text: str, at: int) -> Named:
    """Return the name in the line above the one that holds an offset."""
    own = text.rfind("\n", 0, at) + 1
    key = _PNPM_KEY.match(text, text.rfind("\n", 0, max(own - 1, 0)) + 1)
    return (key["name"], key.start("name")) if key else ("", -1)


def _bun(text: str, ledger: Ledger) -> None:
    """`"key": ["name@spec", "registry", {…}, "sha512-…"]`; workspaces, folders and git have no hash."""
    for match in _BUN.finditer(text):
        spec, rest = match["spec"], match["rest"]
        name = (match["name"], match.start("name"))
        ledger.nested(match["name"], spec)
        url = _BUN_URL.match(rest)
        if url is not None:
            ledger.came_from(url["url"], match.start("rest") + url.start("url"))
        if spec.startswith(_GIT):
            ref = spec.partition("#")[2]
            ledger.repository(name, (ref, match.end("spec") - len(ref)), *match.span("spec"))
        elif re.match(r"\d|https?:", spec) and not _HASH.search(rest) and not FORGES.match(spec):
            ledger.unverified(name, match.start("name"), match.end("spec"))


def _deno(text: str, ledger: Ledger) -> None:
    """`npm` and `jsr` with `NAME@VERSION: {integrity}`, `remote` with `URL: hash`: manifests name the hosts of modules."""
    for match in _DENO.finditer(text):
        ledger.locked(match["name"], match["version"].partition("_")[0])
        if '"integrity"' not in match["body"]:
            ledger.unverified((match["name"], match.start("name")), match.start("name"), match.end("version"))
    for module in _DENO_REMOTE.finditer(text):
        ledger.archive(module["url"], module.start("url"))
