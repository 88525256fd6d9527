"""Podman Quadlet units (podman-systemd.unit), *.container, *.image, *.volume, *.build, *.kube, *.pod, and plain units.

    [Container|Image|Volume] Image=            [Container] Exec=, HealthCmd=, Mount=type=image,source=…, PodmanArgs=, Environment=
    [Build] ImageTag=, File=, SetWorkingDirectory=       [Image|Build] TLSVerify=        [Image] Creds=USER:PASSWORD
    [Kube] Yaml=                               [Service] ExecStart=, ExecStartPre=, …, Environment=

A value that ends in `.image` or `.build` names another unit. `%i` and its kin are specifiers, `${NAME}` a variable of the unit's
own `Environment=`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Credential, Deploy, Fact, Option, Registry
from relcheck.readers.dockerfile_words import json_words, split_words, unquote
from relcheck.readers.images import image_fact
from relcheck.readers.ini_lines import unquoted
from relcheck.readers.systemd_lines import Setting, settings
from relcheck.refs import MARK
from relcheck.refs.variables import expand
from relcheck.source import Source

_UNITS = (".image", ".build")
_COMMANDS = re.compile(r"Exec(?:Start|Stop|Reload|Condition)(?:Pre|Post)?$")
_PREFIX = re.compile(r"[-@:+!|]*")
_SPECIFIER = re.compile(r"%[A-Za-z%]")
_MOUNTED = re.compile(r"(?:^|,)(?:src|source)=(?P<image>[^,]+)")
_CONTEXTS = ("unit", "file")


def read(source: Source) -> Iterator[Fact]:
    """Read one unit."""
    found = [*settings(source)]
    variables = dict(_variables(found))
    for setting in found:
        yield from _setting(source, setting, variables)
    yield from _build(found)


def _setting(source: Source, setting: Setting, variables: dict[str, Source]) -> Iterator[Fact]:
    section, key, value = setting
    if key == "Image" and section in ("Container", "Image", "Volume") and not value.text.endswith(_UNITS):
        yield from _image(value, "run" if section == "Container" else "pulled")
    elif key == "ImageTag" and section == "Build":
        yield from _image(value, "output")
    elif key == "Exec" and section == "Container" or section == "Service" and _COMMANDS.match(key):
        yield from _command(value, variables)
    elif key == "Environment" and section in ("Container", "Service", "Build"):
        yield from _environment(value)
    elif section == "Container":
        yield from _container(key, value)
    elif key == "TLSVerify" and section in ("Image", "Build") and value.text.lower() in ("false", "no", "off", "0"):
        yield _unchecked(value, f"{key}={value.text}")
    elif key == "Creds" and section == "Image":
        yield from _password(value)
    elif key == "Yaml" and section == "Kube":
        yield from _deployed(source, value)


def _container(key: str, value: Source) -> Iterator[Fact]:
    if key == "HealthCmd":
        yield from _health(value)
    elif key == "Mount" and "type=image" in value.text.replace(" ", "").split(","):
        match = _MOUNTED.search(value.text)
        if match is not None and not match["image"].endswith(_UNITS):
            yield from _image(value.part(*match.span("image")), "mount")
    elif key in ("PodmanArgs", "GlobalArgs"):
        for word in map(unquote, split_words(value)):
            if word.text in ("--tls-verify=false", "--tls-verify=0"):
                yield _unchecked(word, word.text)


def _known(value: Source) -> Source:
    """Return a text without its specifiers, which only the running unit knows."""
    if not _SPECIFIER.search(value.text):
        return value
    from relcheck.readers.composed import masked  # noqa: PLC0415 - few units use specifiers

    return masked(value, _SPECIFIER)


def _image(value: Source, role: str) -> Iterator[Fact]:
    value = unquoted(value)
    fact = image_fact(_known(value), role=role, engine="quadlet", written=value.text)
    if fact is not None:
        yield fact


def _unchecked(place: Source, key: str) -> Registry:
    return Registry(
        span=place.all(), ecosystem="docker", purpose="container", url=UNKNOWN, host=UNKNOWN, tls="off", key=key
    )


def _password(value: Source) -> Iterator[Fact]:
    from relcheck.refs.secrets import literal_form, redact  # noqa: PLC0415 - few units hold a login

    user, colon, text = value.text.partition(":")
    if not colon or not text:
        return
    place, form = value.part(len(user) + 1, len(value.text)), literal_form(text)
    yield Credential(
        span=place.all(), parts={"value": place.all()}, kind="argv-password", form=form, where="argv", key="Creds",
        user=user, ecosystem="oci", redacted=redact(text) if form == "literal" else "",
        length=len(text) if form == "literal" else 0, tool="podman",
    )  # fmt: skip


def _deployed(source: Source, value: Source) -> Iterator[Fact]:
    """Objects that Podman runs are in no namespace at all."""
    if MARK not in _known(value).text and "://" not in value.text and not value.text.startswith("/"):
        path = posixpath.normpath(posixpath.join(source.path.rpartition("/")[0], unquoted(value).text))
        yield Deploy(span=value.all(), tool="podman", path=path, namespace=UNKNOWN)


def _build(found: list[Setting]) -> Iterator[Fact]:
    """Yield the build of a Dockerfile; paths are seen from the unit's folder."""
    values = {key: unquoted(value) for section, key, value in found if section == "Build"}
    file, context = values.get("File"), values.get("SetWorkingDirectory")
    if context is not None and "://" in context.text:
        yield from _fetched(context)
        return
    if file is None or "://" in file.text or file.text.startswith(("/", "%")):
        return
    from relcheck.readers.build_inputs import build  # noqa: PLC0415 - few units build

    folder = context.text if context is not None and context.text not in _CONTEXTS else "."
    if context is not None and context.text == "file":
        folder = posixpath.dirname(file.text) or "."
    yield build(file.all(), folder, [Option(name="file", value=file.text)])


def _fetched(context: Source) -> Iterator[Fact]:
    """Yield the repository or archive that is the context of a build."""
    from relcheck.readers.build_inputs import archive, is_archive  # noqa: PLC0415 - few units build
    from relcheck.readers.dockerfile_files import git_repository  # noqa: PLC0415 - see above

    if is_archive(context.text):
        yield archive(context, "podman", executed=True)
    else:
        yield from git_repository(context, "context")


def _variables(found: list[Setting]) -> Iterator[tuple[str, Source]]:
    for section, key, value in found:
        if section == "Service" and key == "Environment":
            for word in map(unquote, split_words(value)):
                name, equals, _ = word.text.partition("=")
                if equals:
                    yield name, word.part(len(name) + 1, len(word.text))


def _command(value: Source, variables: dict[str, Source]) -> Iterator[Fact]:
    lead = _PREFIX.match(value.text)
    words = [unquote(word) for word in split_words(value.part(lead.end() if lead else 0, len(value.text)))]
    if words:
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        known = [expand(_known(word), variables.get, "compose").source for word in words]
        yield from read_argv(known, context="runtime")


def _health(value: Source) -> Iterator[Fact]:
    """HealthCmd=SCRIPT, a list of words in JSON, or none."""
    words = json_words(value)
    if words:
        from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_argv([_known(word) for word in words], context="runtime")
    elif value.text not in ("", "none"):
        from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

        yield from read_shell(_known(value), context="runtime")


def _environment(value: Source) -> Iterator[Fact]:
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few units set variables

    for word in (unquote(word) for word in split_words(value)):
        name, equals, _ = word.text.partition("=")
        if equals:
            yield from environment_facts(name, word.part(len(name) + 1, len(word.text)))
