"""Other commands that fetch files: HTTPie, BSD's fetch, stores of objects, releases of GitHub.

http|https|xh [--download] [METHOD] URL [-o FILE]       fetch [-o FILE] URL
gsutil cp gs://BUCKET/NAME FILE                          aws s3 cp s3://BUCKET/NAME FILE
az storage blob download -c CONTAINER -n NAME -f FILE    gh release download [TAG] [-R OWNER/NAME] [-p PATTERN] [-O FILE]
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from relcheck.facts import UNKNOWN, Fact, Text
from relcheck.readers.effects.downloads import download
from relcheck.readers.effects.invocation import Invocation
from relcheck.refs import MARK

_SENDS = ("POST", "PUT", "PATCH", "DELETE")
_STORES = ("gs://", "s3://")


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what is fetched."""
    if invocation.program == "gsutil":
        yield from copied(invocation)
        return
    words = invocation.words[1:]
    if any(word.text in _SENDS for word in words[:3]):
        return
    file = next((value.text for value in invocation.values("-o", "--output")), "")
    for word in words:
        if "://" in word.text and not word.text.startswith("-"):
            name = word.text.rstrip("/").rpartition("/")[2].partition("?")[0]
            keeps = invocation.program == "fetch" or invocation.has("--download", "-d") is not None
            yield download(invocation, word, file or (name if keeps else ""))
            return


def copied(invocation: Invocation) -> Iterator[Fact]:
    """Yield what comes out of a store: the file is the last word, or has the object's name in a folder."""
    words = [word for word in invocation.words[1:] if not word.text.startswith("-")]
    for word, target in pairwise(words):
        if word.text.startswith(_STORES) and not target.text.startswith(_STORES):
            name = word.text.rpartition("/")[2]
            yield download(invocation, word, name if target.text.endswith((".", "/")) else target.text)


def blob(invocation: Invocation) -> Iterator[Fact]:
    """Yield the blob of Azure that is fetched."""
    name, file = invocation.value("-n", "--name"), invocation.value("-f", "--file")
    for word in invocation.words:
        if name is not None and word.source.all() == name.all():
            found = download(invocation, word, file.text if file is not None else "")
            yield found.replace(scheme="az", host=UNKNOWN, url=UNKNOWN, parts={})


def released(invocation: Invocation) -> Iterator[Fact]:
    """Yield the files of a release that are fetched."""
    pattern, file = invocation.value("-p", "--pattern"), invocation.value("-O", "--output")
    tag = invocation.operands(("-p", "--pattern", "-O", "--output", "-R", "--repo", "-D", "--dir", "-A", "--archive"))
    for word in invocation.words:
        if pattern is not None and pattern.text and word.source.all() == pattern.all():
            name = file.text if file is not None else pattern.text
            found = download(invocation, word, "" if set(name) & set("*?[") else name)
            host: Text = UNKNOWN if MARK in "".join(item.text for item in invocation.words[1:3]) else "github.com"
            yield found.replace(scheme="https", host=host, url=UNKNOWN, parts={}, moving=not tag)
