"""Moving tags that the repository's own scripts replace when it releases: what stands in the file is not what ships.

cd config/manager && kustomize edit set image controller=$IMG     the kustomization of the folder
sed 's/:latest/:$(VERSION)/' manifests/$* > dist/manifests/$*      the manifests that the path names
sed -i "s|acme/app:.*|acme/app:$TAG|" deploy/app.yaml

A variable in the new text may be `latest` again on a day without a release, so that the answer is "not known".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase

from relcheck.facts import UNKNOWN, Command, Image
from relcheck.link import Repository, folder_of
from relcheck.patterns import lazy_pattern
from relcheck.records import Record

_SCRIPTS = lazy_pattern(
    r"(?:.*/)?(?:[^/]+\.(?:sh|bash|mk)|[Mm]akefile|GNUmakefile|[Jj]ustfile)|\.github/workflows/[^/]+\.ya?ml"
)
_SCRIPTS_READ = 300
_REWRITES = 200
"""How many places that scripts rewrite are looked at: each is compared with each image."""
_MOVING = ("none", "latest", "word")
_OPEN = "…"
"""What a command shows in the place of a value that is not known."""
_LONGEST = 300


class _Rewrite(Record):
    """Where images get another tag: in a kustomization's folder or in the files of a path, and which ones."""

    folder: str = ""
    file: str = ""
    name: str = ""  # the last word of the image's name; "" for every image
    tag: str = ""  # the tag that is replaced; "" for every tag
    anchored: bool = False  # the place begins at the repository's root, where one of that name is


def link(repository: Repository) -> None:
    """Say of images with moving tags that a script of the repository puts other tags in."""
    images = [found for found in repository.all(Image) if _may_be_rewritten(found[2])]
    if not images:
        return
    _read_scripts(repository, images)
    rewrites = _anchored(repository, list(dict.fromkeys(_rewrites(repository)))[:_REWRITES])
    for path, index, image in images if rewrites else ():
        if any(_reaches(rewrite, path, image) for rewrite in rewrites):
            repository.put(path, index, image.replace(overridden=UNKNOWN))


def _may_be_rewritten(image: Image) -> bool:
    mutable = image.digest == "" and image.tag_kind in _MOVING and image.overridden is False
    return mutable and image.role in ("workload", "override") and not image.build_here


def _read_scripts(repository: Repository, images: list[tuple[str, int, Image]]) -> None:
    """Read the scripts that may replace one of the tags, where only some files are scanned."""
    if repository.whole:
        return
    paths = sorted(path for path in repository.paths - repository.reported if _SCRIPTS.fullmatch(path))
    tags = {str(image.tag).encode() for _, _, image in images if image.tag}
    names = {_last(str(image.name)).encode() for _, _, image in images}
    for path in paths[:_SCRIPTS_READ]:
        text = repository.content(path)
        if b"edit set image" in text or (b"sed " in text and any(word in text for word in tags | names)):
            repository.of(path)


def _anchored(repository: Repository, rewrites: list[_Rewrite]) -> list[_Rewrite]:
    """Let places begin at the root where it holds their first folder; the others lie below a folder that is not known."""
    tops = {path.partition("/")[0] for path in repository.paths}
    return [
        rewrite.replace(anchored=(rewrite.folder or rewrite.file).partition("/")[0] in tops) for rewrite in rewrites
    ]


def _rewrites(repository: Repository) -> Iterator[_Rewrite]:
    place, folder = ("", "", 0), ""
    for path, _, command in repository.all(Command):
        if place != (path, command.job, command.step):
            place, folder = (path, command.job, command.step), ""
        if command.program == "cd":
            folder = command.operands[-1] if command.operands else ""
        elif command.program == "kustomize" and command.operands[:3] == ("edit", "set", "image"):
            yield from _edited(command, folder)
        elif command.program in ("sed", "gsed"):
            yield from _substituted(command, folder, path)


def _edited(command: Command, folder: str) -> Iterator[_Rewrite]:
    """Yield what `kustomize edit set image [NAME=]NEW:TAG …` changes, where it is known in which folder it runs."""
    literal = _literal_end(folder)
    for word in command.operands[3:] if literal else ():
        name, _, new = word.rpartition("=")
        tag = new.rpartition(":")[2] if ":" in new.rpartition("/")[2] or "@" in new else ""
        name = name or new.partition("@")[0].rpartition(":")[0]
        if tag not in ("", "latest") or new == _OPEN:
            yield _Rewrite(folder=literal, name="" if _OPEN in name else _last(name))


def _substituted(command: Command, folder: str, path: str) -> Iterator[_Rewrite]:
    """Yield what `sed s/OLD/NEW/ FILE` changes, where the new text holds a variable."""
    words = [word for word in command.argv[1:] if word and not word.startswith("-")]
    scripts = [found for word in words if (found := _parse(word))]
    files = [word for word in words if not _parse(word)]
    for old, new in scripts:
        if _OPEN in new and _OPEN not in old:
            # Each line of a recipe runs on its own: a `cd` before it may be another line's.
            folders = {folder, ""} if command.context == "make" else {folder}
            for where in sorted({_where(file, start, path) for file in files for start in folders} - {""}):
                yield from _replaced(old, where)


def _replaced(old: str, file: str) -> Iterator[_Rewrite]:
    head, colon, tag = old.rpartition(":")
    if not colon:
        yield _Rewrite(file=file, tag=old)
    elif tag and "*" not in tag and "+" not in tag:
        yield _Rewrite(file=file, tag=tag.strip(" \"'"), name=_last(head) if "/" in head else "")
    elif "/" in head:
        yield _Rewrite(file=file, name=_last(head))


def _parse(word: str) -> tuple[str, str] | None:
    """Return the old and the new text of sed's `s`, without what is a sign of its patterns."""
    if len(word) < 5 or len(word) > _LONGEST or word[0] != "s" or word[1].isalnum() or word[1].isspace():
        return None
    parts = word[2:].split(word[1])
    return (parts[0].replace("\\", "").strip("^$"), parts[1]) if len(parts) == 3 and parts[0] else None


def _where(file: str, folder: str, path: str) -> str:
    """Return a pattern of the paths that sed changes, or "" when nothing of the path is written."""
    rest = file.removeprefix("./")
    if file.startswith(_OPEN):
        rest = file.partition("/")[2]
    elif "/" not in rest and not folder:
        rest = posixpath.join(folder_of(path), rest)
    elif literal := _literal_end(folder):
        rest = f"{literal}/{rest}"
    known = [part for part in rest.split("/") if part and _OPEN not in part and "*" not in part]
    return rest.replace(_OPEN, "*") if known else ""


def _literal_end(folder: str) -> str:
    """Return what is written of a folder behind a variable that says where the repository lies."""
    rest = folder.partition("/")[2] if folder.startswith(_OPEN) else folder
    rest = posixpath.normpath(rest) if rest else ""
    return "" if _OPEN in rest or rest.startswith((".", "/")) else rest


def _reaches(rewrite: _Rewrite, path: str, image: Image) -> bool:
    place, wanted = (folder_of(path), rewrite.folder) if rewrite.folder else (path, rewrite.file)
    where = fnmatchcase(place, wanted) or (not rewrite.anchored and fnmatchcase(place, f"*/{wanted}"))
    named = not rewrite.name or rewrite.name == _last(str(image.name))
    return where and named and rewrite.tag in ("", image.tag)


def _last(name: str) -> str:
    return name.rpartition("/")[2].strip(" \"'")
