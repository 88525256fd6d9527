"""The one module that runs git: read-only, without hooks, file monitors, text conversion or external programs.

A repository's own configuration may name programs that a plain `git` would run (`core.fsmonitor`, filters, text
conversion, external diffs, the transport of a partial clone); they are switched off. Of the environment only
`GIT_INDEX_FILE` is kept among git's variables.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from relcheck.records import Record

_SAFE = (
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-c", "core.untrackedCache=false",
    "-c", "protocol.allow=never", "-c", "core.quotePath=false", "-c", "diff.external=", "--no-optional-locks",
    "--literal-pathspecs",
)  # fmt: skip
_SECONDS = 60
_QUIETLY_NO = "git ended with 1"
MAX_OUTPUT = 200 * 1024 * 1024


class GitProblem(Exception):
    """Git could not answer: the text says why, in one line without control characters."""

    def __init__(self, why: str) -> None:
        super().__init__("".join(letter if letter.isprintable() else "?" for letter in why))


def _program() -> str:
    """Return git's path. Relative folders of PATH do not count: a scanned folder may hold a program of that name."""
    names = ("git.exe", "git.cmd") if os.name == "nt" else ("git",)
    places = (os.path.join(folder, name) for folder in os.get_exec_path() for name in names)
    for place in places:
        if os.path.isabs(place) and os.path.isfile(place) and os.access(place, os.X_OK):
            return place
    raise GitProblem("git could not be run (there is none)")


def _environment(settings: Mapping[str, str], index: str) -> dict[str, str]:
    """Return the environment for git: nothing of the caller's but the index that it works with."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    if index or "GIT_INDEX_FILE" in os.environ:
        # A hook is told a path from the top of the work tree, where it runs; git is asked from the folder of the scan.
        environment["GIT_INDEX_FILE"] = os.path.abspath(index or os.environ["GIT_INDEX_FILE"])
    environment |= {
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "GIT_CONFIG_COUNT": str(len(settings)),
    }
    for number, (key, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{number}": key, f"GIT_CONFIG_VALUE_{number}": value}
    return environment


def run(root: str, *arguments: str, settings: Mapping[str, str] | None = None, index: str = "") -> bytes:
    """Run git in a folder and return what it prints; raise `GitProblem` with its first line of complaint.

    `settings` replace what the repository's configuration says (in the environment: a key may hold any letter);
    `index` names another index file.
    """
    import subprocess  # noqa: PLC0415 - 3 ms, and outside a repository git is not asked

    try:
        done = subprocess.run(
            [_program(), *_SAFE, *arguments],
            cwd=root,
            env=_environment(settings or {}, index),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired:
        raise GitProblem(f"git took longer than {_SECONDS} seconds") from None
    except OSError as error:
        raise GitProblem(f"git could not be run ({error.strerror})") from None
    if done.returncode:
        first = done.stderr.decode("utf-8", "replace").strip().split("\n", 1)[0]
        raise GitProblem(first or f"git ended with {done.returncode}")
    if len(done.stdout) > MAX_OUTPUT:
        raise GitProblem(f"git printed more than {MAX_OUTPUT // 1024 // 1024} MiB")
    return done.stdout


def started(root: str, *arguments: str) -> Any:  # noqa: ANN401 - a Popen of bytes; the module loads subprocess late
    """Start git in a folder with pipes to write to and read from; whoever asks closes them. `GitProblem` as for `run`."""
    import subprocess  # noqa: PLC0415 - see `run`

    try:
        return subprocess.Popen(
            [_program(), *_SAFE, *arguments],
            cwd=root,
            env=_environment({}, ""),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise GitProblem(f"git could not be run ({error.strerror})") from None


def _below_git(folder: str) -> bool:
    """Whether a folder or one above it holds `.git`: asking git costs a process."""
    here = os.path.realpath(folder)
    while not os.path.lexists(os.path.join(here, ".git")):
        above = os.path.dirname(here)
        if above == here:
            return False
        here = above
    return True


def _without_filters(folder: str) -> dict[str, str]:
    """Return settings that switch the configured filters off: comparing with the work tree would run their programs."""
    try:
        listed = run(
            folder, "config", "-z", "--name-only", "--get-regexp", r"^filter\..*\.(clean|smudge|process|required)$"
        )
    except GitProblem:  # there is none
        return {}
    return {key: "false" if key.endswith(".required") else "" for key in sorted(set(_names(listed)))}


def toplevel(folder: str) -> str:
    """Return the top folder of the work tree around a folder, "" when there is none; `GitProblem` when git refuses."""
    if not _below_git(folder):
        return ""
    try:
        found = run(folder, "rev-parse", "--show-toplevel")
    except GitProblem as problem:
        if "not a git repository" in str(problem) or "could not be run" in str(problem):
            return ""
        raise
    return os.fsdecode(found.rstrip(b"\r\n"))


def _names(data: bytes) -> list[str]:
    return [os.fsdecode(name) for name in data.split(b"\0") if name]


class Listing(Record):
    """The files of a folder as git sees them, relative to it: tracked, untracked but not ignored, submodules."""

    tracked: frozenset[str]
    untracked: frozenset[str]
    submodules: frozenset[str]


def list_files(folder: str) -> Listing:
    """Return the files below a folder of a work tree."""
    tracked: set[str] = set()
    submodules: set[str] = set()
    for entry in run(folder, "ls-files", "-z", "--cached", "--stage").split(b"\0"):
        details, _, name = entry.partition(b"\t")
        if name:
            (submodules if details.startswith(b"160000") else tracked).add(os.fsdecode(name))
    others = _names(run(folder, "ls-files", "-z", "--others", "--exclude-standard"))
    untracked = {name for name in others if not name.endswith("/")}
    return Listing(tracked=frozenset(tracked), untracked=frozenset(untracked), submodules=frozenset(submodules))


def show(folder: str, revision: str, path: str) -> bytes | None:
    """Return a file of a revision, None when it is not there; the revision must be one.

    `GitProblem` too where the file is there and cannot be read, as in a partial clone: that is not the same.
    """
    if revision.startswith("-"):
        raise GitProblem(f"{revision!r} is no revision")
    entry = run(folder, "ls-tree", "-z", "--full-tree", f"{revision}^{{commit}}", "--", path)
    details = entry.partition(b"\t")[0].split()
    if len(details) != 3 or details[1] != b"blob":
        return None
    return run(folder, "cat-file", "blob", details[2].decode())


def list_revision(folder: str, revision: str, path: str) -> list[str]:
    """Return the files that a folder of the repository has in a revision, by their paths from its top."""
    if revision.startswith("-"):
        raise GitProblem(f"{revision!r} is no revision")
    found = run(folder, "ls-tree", "-r", "-z", "--full-tree", "--name-only", f"{revision}^{{commit}}", "--", path)
    return _names(found)


class Tag(Record):
    """A tag that HEAD descends from; `here` when it stands on HEAD itself."""

    name: str
    here: bool = False


class History:
    """What git tells of the past of a scanned folder; each question is asked once."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self._tags: tuple[Tag, ...] | None = None
        self._changed: dict[str, tuple[str, ...]] = {}
        self._shallow: bool | None = None

    @property
    def shallow(self) -> bool:
        """Whether the clone lacks history, so that tags and changes cannot be judged."""
        if self._shallow is None:
            self._shallow = run(self.folder, "rev-parse", "--is-shallow-repository").strip() == b"true"
        return self._shallow

    def ignored_yet_tracked(self) -> frozenset[str]:
        """Return the tracked paths below the folder that match an ignore pattern."""
        return frozenset(_names(run(self.folder, "ls-files", "-z", "--cached", "--ignored", "--exclude-standard")))

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags that HEAD descends from, the newest first; of those of one second the highest version."""
        if self._tags is None:
            try:
                self._tags = self._listed_tags()
            except GitProblem:
                if not self._unborn():
                    raise
                self._tags = ()
        return self._tags

    def _listed_tags(self) -> tuple[Tag, ...]:
        here = set(run(self.folder, "tag", "--points-at", "HEAD").decode("utf-8", "replace").split("\n"))
        order = ("--sort=-version:refname", "--sort=-creatordate")  # the last is the first to be asked
        listed = run(self.folder, "tag", "--merged", "HEAD", *order, "--format=%(refname:strip=2)")
        names = [name for name in listed.decode("utf-8", "replace").split("\n") if name]
        return tuple(Tag(name=name, here=name in here) for name in names)

    def _unborn(self) -> bool:
        """Whether the branch has no commit yet, so that nothing was ever released."""
        try:
            run(self.folder, "rev-parse", "--verify", "--quiet", "HEAD")
        except GitProblem as problem:
            return str(problem) == _QUIETLY_NO
        return False

    @property
    def every_tag(self) -> tuple[str, ...]:
        """The names of all tags, those that HEAD does not descend from included."""
        listed = run(self.folder, "tag", "--list").decode("utf-8", "replace")
        return tuple(name for name in listed.split("\n") if name)

    def text_of(self, tag: str, path: str) -> str:
        """Return the text of a file at a tag, the empty string where it is not there; the path is below the folder."""
        above = os.fsdecode(run(self.folder, "rev-parse", "--show-prefix").rstrip(b"\r\n"))
        return (show(self.folder, f"refs/tags/{tag}", above + path) or b"").decode("utf-8", "replace")

    def changed_since(self, tag: str) -> tuple[str, ...]:
        """Return the paths below the folder that differ between a tag and the work tree, sorted."""
        if tag not in self._changed:
            self._changed[tag] = tuple(sorted(_names(self._diff(tag))))
        return self._changed[tag]

    def raised_by(self, tag: str, path: str, version: str) -> bool:
        """Whether the commit that a tag names wrote this version into a file in the place of another."""
        options = ("-U0", "--no-ext-diff", "--no-textconv", "--no-color", "--relative")
        commits = (f"refs/tags/{tag}^", f"refs/tags/{tag}")
        try:
            found = run(self.folder, "diff", *options, *commits, "--", path)
        except GitProblem:  # the first commit of all has none before it
            return False
        lines = found.decode("utf-8", "replace").split("\n")[4:]
        old = any(line.startswith("-") and "version" in line.lower() for line in lines)
        return old and any(line.startswith("+") and version in line for line in lines)

    def _diff(self, tag: str) -> bytes:
        """Compare with a copy of the index: what git learns about times of files it would write into the real one."""
        import shutil  # noqa: PLC0415 - few scans compare with the past
        import tempfile  # noqa: PLC0415 - see above

        # Both names of what was moved: a file that left a package changed it.
        options = ("--no-ext-diff", "--no-textconv", "--no-renames", "--name-only", "--relative", "-z")
        # Looking into a submodule would start a git of its own in it.
        command = ("diff", *options, "--ignore-submodules=dirty", f"refs/tags/{tag}", "--")
        found = run(self.folder, "rev-parse", "--git-path", "index")  # heeds GIT_INDEX_FILE
        index = os.fsdecode(found.rstrip(b"\r\n"))
        with tempfile.TemporaryDirectory() as folder:
            copy = os.path.join(folder, "index")
            try:
                shutil.copy2(os.path.join(self.folder, index), copy)  # its time tells git which files to compare
            except OSError as error:
                raise GitProblem(f"the index cannot be read ({error.strerror})") from None
            return run(self.folder, *command, settings=_without_filters(self.folder), index=copy)


def origin_owner(folder: str) -> str:
    """Return the owner part of the origin remote's path, lower case, or the empty string."""
    parts = origin(folder).split("/")
    return parts[-2].lower() if len(parts) > 1 else ""


def origin(folder: str) -> str:
    """Return the origin remote as HOST/OWNER/NAME, as written, or the empty string; of a folder without host its path."""
    try:
        url = run(folder, "config", "--get", "remote.origin.url").decode("utf-8", "replace").strip()
    except GitProblem:
        return ""
    host, _, path = url.split("://", 1)[1].partition("/") if "://" in url else _scp(url)
    parts: Sequence[str] = [part for part in path.removesuffix(".git").split("/") if part]
    name = host.rpartition("@")[2].partition(":")[0].lower()
    return "/".join((name, *parts)) if name else "/".join(parts)


def _scp(url: str) -> tuple[str, str, str]:
    """Split `user@host:path`, git's short form; what has no colon is a folder."""
    host, colon, path = url.partition(":")
    return (host, colon, path) if colon and "/" not in host else ("", "", url)
