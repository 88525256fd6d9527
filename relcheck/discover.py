"""Which files a scan reads, as what, and why the others are passed over.

Git decides what belongs to a repository (tracked, and untracked but not ignored); outside git the same patterns are
applied by hand. Folders of other people's code are not read; links that leave the folder and submodules are not
entered.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence

from relcheck.ignorefiles import Ignored
from relcheck.patterns import lazy_pattern
from relcheck.readers import recognise
from relcheck.records import Record
from relcheck.tree import BlobTree, StdinTree, Tree, Unavailable, WorkingTree

_FOREIGN = frozenset((
    ".git", "node_modules", "vendor", "third_party", "bower_components", ".terraform", ".venv", "venv", "site-packages",
    ".tox", ".nox", "__pycache__", ".hg", ".svn",
))  # fmt: skip
_GENERATED = frozenset(("dist", "build", "target"))
_FIXTURES = frozenset((
    "test", "tests", "testdata", "__tests__", "__fixtures__", "fixtures", "fixture", "spec", "specs", "mocks", "mock", "e2e",
    "examples", "example", "samples", "sample", "docs", "doc", "cookbook", "demo", "demos", "testing", "test-data",
    "test-fixtures", "test_data", "integration-tests", "playground", "tutorials", "tutorial",
))  # fmt: skip
_TESTS = lazy_pattern(r"(?:.*[-_])?(?:tests|test[-_]?(?:files|cases|repos?|resources|fixtures|data))(?:[-_].*)?\d*|its")
"""More names of such folders: `testfiles-negative`, `acme-test-repo`, `container-tests`, `its` (Maven's own)."""
_EXAMPLES = lazy_pattern(r"(?:^|[-_.])(?:examples?|samples?|tutorials?|codelabs?)(?:$|[-_.])|benchmarks?$")
"""The same for a word of a folder's name: `example-app`, `kustomize_examples`, `buildBenchmark`."""
_SAMPLE = lazy_pattern(r"(?:^|/)(?:docker|container)file[._-](?:example|sample)$", re.IGNORECASE)
"""Dockerfiles that are there to be copied, or to show that a tool which builds them works."""
_ONE_PLACE = {
    "woodpecker": (".woodpecker", ".crow"),
    "drone": (".drone",),
    "travis": (".travis.",),
    "github-workflow": (".github/workflows/",),
}
"""Pipelines that their system reads at one place of a repository, by how their paths begin at its root."""
_NO_TEXT = (
    ".png", ".jpg", ".jpeg", ".gif", ".ico", ".bmp", ".webp", ".avif", ".tif", ".tiff", ".psd", ".svg", ".woff", ".woff2", ".ttf",
    ".otf", ".eot", ".mp3", ".mp4", ".mov", ".avi", ".webm", ".ogg", ".wav", ".pdf", ".docx", ".xlsx", ".pptx",
    ".zip", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".jar", ".war", ".whl", ".class", ".pyc", ".so",
    ".dll", ".exe", ".dylib", ".a", ".o", ".bin", ".wasm", ".mo", ".parquet", ".sqlite", ".db", ".npy", ".pb",
)  # fmt: skip
"""Names of files that hold no text worth a look: they are not even opened for secrets."""
_SUBMODULE = "a submodule: it is checked in its own repository"
_VENDORED = frozenset(("vendor", "third_party", "node_modules", "site-packages", "bower_components"))
_TEMPLATE = lazy_pattern(
    r"\.(?:tpl|j2|jinja2?|tmpl|template|in|erb|mustache|gotmpl)(?:\.[a-z]+)?$|[{<]{2}|cookiecutter", re.IGNORECASE
)
_DEVELOPMENT = lazy_pattern(
    r"(?:^|/)\.devcontainer/|(?:^|/)(?:dev|local|development)/"
    r"|(?:^|/)(?:docker-)?compose[._-](?:[a-z0-9]+[._-])*(?:override|dev|devel|development|local|tests?|testing|ci|debug)"
    r"(?:[._-][a-z0-9]+)*\.ya?ml$"
    r"|(?:^|/)Dockerfile[._-](?:dev|devel|development|local|test|ci|debug)\b",
    re.IGNORECASE,
)


class Candidate(Record):
    """A file to read: its path below the root (or absolute, outside it), its format, whether it was named outright."""

    path: str
    format: str
    named: bool = False


_COMPONENT = lazy_pattern(r"templates/(?:[\w-]+|[\w-]+/template)\.ya?ml")
"""Where a project has the components that pipelines of other projects include (documentation: "CI/CD components")."""


class PathClass(Record):
    """What a path says of a file: in a test or example folder, a template, for development, someone else's."""

    fixture: bool = False
    template: bool = False
    development: bool = False
    vendored: bool = False


class Discovery(Record):
    """What a scan will read and what it will not. `whole` is false when only a part of the folder was asked for."""

    root: str
    tree: Tree
    files: tuple[Candidate, ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()
    all_paths: frozenset[str] = frozenset()
    charts: frozenset[str] = frozenset()
    texts: tuple[Candidate, ...] = ()  # passed over for want of a format, and still read for secrets
    whole: bool = True
    git: bool = False
    above: str = ""  # what of the root's own path tells formats: `.github/` when that folder is the root


def path_class(path: str, *, named: bool = False, chart: bool = False, file_format: str = "") -> PathClass:
    """Say what a path below the root tells of a file; a file named outright is never a fixture."""
    segments = path.lower().split("/")[:-1] if not path.startswith("/") else []
    shipped = chart or (file_format == "gitlab-ci" and _COMPONENT.fullmatch(path) is not None)
    fixture = any(map(_is_fixture, segments)) or ("templates" in segments and not shipped) or bool(_SAMPLE.search(path))
    return PathClass(
        fixture=fixture and not named,
        template=bool(_TEMPLATE.search(path)) or (chart and "templates" in segments),
        development=bool(_DEVELOPMENT.search(path)),
        vendored=any(segment in _VENDORED for segment in segments),
    )


def formats_at_root(paths: Iterable[str]) -> frozenset[str]:
    """Return the formats of pipelines that the root of a repository holds, of those that are read at one place only."""
    starts = {start: name for name, all_starts in _ONE_PLACE.items() for start in all_starts}
    found = (path for path in paths if path.startswith("."))
    return frozenset(starts[start] for path in found for start in starts if path.startswith(start))


def is_misplaced(path: str, file_format: str, at_root: frozenset[str]) -> bool:
    """Whether a pipeline lies where its system does not look, because the root of the repository has one: a sample."""
    return file_format in at_root and not path.startswith((*_ONE_PLACE[file_format], "/"))


def _is_fixture(segment: str) -> bool:
    name = segment.rstrip("0123456789")
    return name in _FIXTURES or bool(_TESTS.fullmatch(segment) or _EXAMPLES.search(name))


def is_foreign(path: str) -> bool:
    """Whether a path below the root lies in a folder of other people's code, or of what was built."""
    return any(segment in _FOREIGN for segment in path.split("/")[:-1])


def discover(
    paths: Sequence[str],
    *,
    root: str = "",
    exclude: Sequence[str] = (),
    force_exclude: bool = False,
    stdin: tuple[str, bytes] | None = None,
    staged: bool = False,
) -> Discovery:
    """Find the files that a scan reads. `paths` are files, folders or globs; `exclude` globs on paths below the root.

    The root is the one folder given, else the current folder. With `staged`, what is read is git's index: the files that
    the next commit changes, and the others of the index as their neighbours; `vcs.GitProblem` where there is none.
    """
    search = _Search(paths, root, exclude, force_exclude, stdin)
    return search.run(staged=staged)


class _Search:
    """One search, step by step."""

    def __init__(
        self,
        paths: Sequence[str],
        root: str,
        exclude: Sequence[str],
        force_exclude: bool,
        stdin: tuple[str, bytes] | None,
    ) -> None:
        self._paths = list(paths) or ["."]
        only = self._paths[0] if len(self._paths) == 1 else ""
        self._root = os.path.realpath(root or (only if only and os.path.isdir(only) else "."))
        self._above = _above(self._root)
        self._exclude = [glob_pattern(glob) for glob in exclude]
        self._force = force_exclude
        self._stdin = stdin
        self._tree: Tree = WorkingTree(self._root)
        self._notes: list[str] = []
        self._passed: dict[str, str] = {}
        self._unavailable: set[str] = set()
        self._git = False

    def run(self, *, staged: bool = False) -> Discovery:
        listed = self._index() if staged else self._list()
        wanted, whole = self._staged(listed) if staged else self._wanted(listed)
        if self._stdin is not None:
            name = relative(self._stdin[0], self._root)
            self._tree = StdinTree(name, self._stdin[1], self._tree)
            wanted, whole = {name: True}, False
            listed = listed | {name}
        charts = frozenset(path.rpartition("/")[0] for path in listed if path.rsplit("/", 1)[-1] == "Chart.yaml")
        files, texts = [], []
        for path in sorted(wanted):
            if self._excluded(path, wanted[path]):
                continue
            found, reason = self._recognise(path, charts)
            if found:
                files.append(Candidate(path=path, format=found, named=wanted[path]))
            else:
                self._passed[path] = reason
                if self._may_be_text(path):
                    texts.append(Candidate(path=path, format="text", named=wanted[path]))
        return Discovery(
            root=self._root,
            tree=self._tree,
            files=tuple(files),
            passed_over=tuple(sorted(self._passed.items())),
            notes=tuple(self._notes),
            all_paths=listed,
            charts=charts,
            texts=tuple(texts),
            whole=whole,
            git=self._git,
            above=self._above,
        )

    def _recognise(self, path: str, charts: frozenset[str]) -> tuple[str, str]:
        try:
            found, reason = recognise(self._above + path, lambda: self._tree.peek(path), charts)
            if found:
                self._tree.check(path)
            else:
                self._tree.forget(path)
        except Unavailable as unavailable:
            self._unavailable.add(path)
            return "", str(unavailable)
        return found, reason

    def _may_be_text(self, path: str) -> bool:
        return path not in self._unavailable and not path.lower().endswith(_NO_TEXT)

    def _index(self) -> frozenset[str]:
        """Read from git's index from here on, and list it."""
        from relcheck.objects import Blobs, index_objects  # noqa: PLC0415 - only where the index is asked for

        objects = index_objects(self._root)
        self._tree = BlobTree(objects, Blobs(self._root).read)
        self._git = True
        return frozenset(path for path in objects if self._belongs(path, tracked=True))

    def _staged(self, listed: frozenset[str]) -> tuple[dict[str, bool], bool]:
        """Return what the next commit changes among the paths that were asked for; that is never everything."""
        from relcheck.objects import staged_paths  # noqa: PLC0415 - see above

        asked = [relative(os.path.abspath(given), self._root) for given in self._paths]
        changed = staged_paths(self._root) & listed
        if "." in asked or self._root in map(os.path.realpath, self._paths):
            return dict.fromkeys(changed, False), False
        below = tuple(f"{path}/" for path in asked)
        return {path: path in asked for path in changed if path in asked or path.startswith(below)}, False

    def _list(self) -> frozenset[str]:
        from relcheck import vcs  # noqa: PLC0415 - brings subprocess

        try:
            if vcs.toplevel(self._root):
                listing = vcs.list_files(self._root)
                self._git = True
                for name in listing.submodules:
                    self._passed[name] = _SUBMODULE
                return frozenset(
                    path for path in listing.tracked | listing.untracked if self._belongs(path, path in listing.tracked)
                )
        except vcs.GitProblem as problem:
            self._notes.append(f"git could not list the files ({problem}); ignore patterns were applied without it.")
        return self._walk()

    def _belongs(self, path: str, tracked: bool) -> bool:
        segments = path.split("/")[:-1]
        foreign = next((segment for segment in segments if segment in _FOREIGN), "")
        if not foreign and not tracked:
            foreign = next((segment for segment in segments if segment in _GENERATED), "")
        if foreign:
            self._passed[path] = f"below {foreign}/, which holds what others wrote or what was built"
        return not foreign

    def _walk(self) -> frozenset[str]:
        """List files without git: .gitignore files in every folder, links to folders not followed."""
        found: set[str] = set()
        waiting: list[tuple[str, Ignored]] = [("", Ignored())]
        while waiting:
            folder, above = waiting.pop()
            full = os.path.join(self._root, folder)
            try:
                entries = sorted(os.scandir(full), key=lambda entry: entry.name)
            except OSError:
                continue
            if folder and any(entry.name == ".git" and entry.is_file(follow_symlinks=False) for entry in entries):
                self._passed[folder] = _SUBMODULE
                continue
            ignored = above.deeper(full, folder)
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                is_folder = entry.is_dir(follow_symlinks=False)
                if ignored.matches(path, folder=is_folder):
                    continue
                if is_folder:
                    if entry.name not in _FOREIGN and entry.name not in _GENERATED:
                        waiting.append((path, ignored))
                elif self._belongs(path, tracked=False):
                    found.add(path)
        return frozenset(found)

    def _wanted(self, listed: frozenset[str]) -> tuple[dict[str, bool], bool]:
        """Return the asked-for paths (True: named outright), and whether that is everything."""
        wanted: dict[str, bool] = {}
        whole = False
        for given in self._paths:
            full = os.path.realpath(given) if os.path.exists(given) else ""
            if full == self._root:
                wanted |= dict.fromkeys(listed - wanted.keys(), False)
                whole = True
            elif full and os.path.isdir(full):
                inner = relative(full, self._root)
                below = {path for path in listed if path.startswith(f"{inner}/")}
                if inner.startswith("/"):
                    below = {os.path.join(inner, path) for path in discover([inner]).all_paths}
                wanted |= dict.fromkeys(below - wanted.keys(), False)
            elif os.path.lexists(given):
                wanted[relative(os.path.abspath(given), self._root)] = True
            else:
                self._glob(given, listed, wanted)
        return wanted, whole

    def _glob(self, given: str, listed: frozenset[str], wanted: dict[str, bool]) -> None:
        base = relative(os.path.abspath("."), self._root)
        prefix = "" if base in (".", "") or base.startswith("/") else f"{base}/"
        pattern = glob_pattern(prefix + given)
        matched = (
            {path for path in listed if pattern.fullmatch(path)} if any(mark in given for mark in "*?[") else set()
        )
        if not matched:
            self._notes.append(f"{given}: no such file or folder, and no file matches it as a pattern.")
        wanted |= dict.fromkeys(matched - wanted.keys(), False)

    def _excluded(self, path: str, named: bool) -> bool:
        if named and not self._force:
            return False
        hit = any(pattern.fullmatch(path) for pattern in self._exclude)
        if hit:
            self._passed[path] = "excluded by the configuration or the command line"
        return hit


def _above(root: str) -> str:
    """Return the end of the root's path from a hidden folder on: `relcheck scan .github` reads workflows as such."""
    segments = root.replace(os.sep, "/").split("/")[-2:]
    first = next(
        (number for number, segment in enumerate(segments) if segment.startswith(".") and segment != ".git"), 2
    )
    return "".join(f"{segment}/" for segment in segments[first:])


def relative(path: str, root: str) -> str:
    """Return a path below the root with forward slashes, or absolute when it is outside."""
    full = os.path.abspath(path)
    parent, name = os.path.split(full)
    full = os.path.join(os.path.realpath(parent), name)
    if full == root:
        return "."
    if full.startswith(root.rstrip(os.sep) + os.sep):
        return full[len(root.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
    return full.replace(os.sep, "/")


class PathPattern:
    """A glob of a configuration file: `base` is the file's folder, `root` that of the scan, which paths are relative to."""

    __slots__ = ("_above", "_below", "_expression")

    def __init__(self, glob: str, base: str = "", root: str = "") -> None:
        relative = os.path.relpath(base, root).replace(os.sep, "/") if base and root else "."
        outside = relative == ".." or relative.startswith("../")
        self._above = os.path.relpath(root, base).replace(os.sep, "/") + "/" if outside else ""
        self._below = "" if outside or relative == "." else f"{relative}/"
        self._expression = glob_pattern(glob.removeprefix("/") if base else glob)

    def fullmatch(self, path: str) -> bool:
        """Whether a path below the root of the scan fits."""
        if not path.startswith(self._below):
            return False
        return self._expression.fullmatch(self._above + path[len(self._below) :]) is not None


def glob_pattern(glob: str) -> re.Pattern[str]:
    """Compile a glob on paths: `**` any folders, `*` and `?` within a name, `[…]`; a bare name matches at any depth."""
    glob = glob.strip().removeprefix("./")
    if glob.endswith("/"):
        glob += "**"
    if "/" not in glob.rstrip("/"):
        glob = f"**/{glob}"
    out, at = [], 0
    while at < len(glob):
        if glob.startswith("**/", at):
            out.append("(?:.*/)?")
            at += 3
        elif glob.startswith("**", at):
            out.append(".*")
            at += 2
        elif glob[at] in "*?":
            out.append("[^/]*" if glob[at] == "*" else "[^/]")
            at += 1
        elif glob[at] == "[" and "]" in glob[at + 2 :]:
            end = glob.index("]", at + 2)
            body = glob[at + 1 : end]
            out.append(f"[{'^' + body[1:] if body[0] in '!^' else body}]".replace("\\", "\\\\"))
            at = end + 1
        else:
            out.append(re.escape(glob[at]))
            at += 1
    body = "".join(out)
    try:
        return re.compile(f"{body}(?:/.*)?", re.DOTALL)
    except re.error:  # a range such as [z-a] means nothing: the name itself is meant
        return re.compile(f"(?:.*/)?{re.escape(glob.removeprefix('**/'))}(?:/.*)?", re.DOTALL)


def recognise_path(discovery: Discovery, path: str) -> str:
    """Return the format of a neighbour that a join asks for, or the empty string."""
    try:
        return recognise(discovery.above + path, lambda: discovery.tree.peek(path), discovery.charts)[0]
    except Unavailable:
        return ""
