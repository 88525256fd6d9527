"""What publishing commands have in common: rehearsals, switches, and the tools that do nothing but release.

The catalogue of publishing steps (release-safety 0.6) is spread over the modules of the tools; each calls `publish`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from posixpath import normpath
from typing import Any

from relcheck.facts import UNKNOWN, Fact, Option, Publish, Text, Truth
from relcheck.readers.effects.invocation import Invocation
from relcheck.refs import MARK
from relcheck.refs.git import is_rolling
from relcheck.refs.shell import Word
from relcheck.source import Source, Span

_REHEARSALS = ("--dry-run", "--dryrun", "--snapshot", "--dry")
_SWITCHES: dict[str, tuple[str, ...]] = {
    "overwrites": ("--clobber", "--replace-existing-artifacts"),
    "dirty": ("--allow-dirty", "--skip-validate", "--dirty"),
    "unverified": ("--no-verify", "-DskipTests", "-Dmaven.test.skip"),
    "skip_existing": ("--skip-existing", "--skip-duplicate", "-SkipDuplicate"),
}
_SKIPS = {"validate": "dirty", "publish": "dry_run"}


def publish(invocation: Invocation, ecosystem: str, *, span: Span | None = None, **fields: Any) -> Publish:  # noqa: ANN401
    """Return the publish that a command is; `fields` are those of `Publish` that its tool decides."""
    parts: dict[str, Span] = dict(fields.pop("parts", {}))
    found: dict[str, Any] = {"dry_run": False}
    for number, word in enumerate(invocation.words[1:], start=1):
        name, _, value = word.text.partition("=")
        if name in _REHEARSALS:
            found["dry_run"] = _rehearses(value, invocation.words[number + 1 : number + 2])
        if name == "--skip":
            for skipped in value.split(","):
                if skipped in _SKIPS:
                    found[_SKIPS[skipped]] = True
                    parts.setdefault(_SKIPS[skipped], word.source.all())
        for field, flags in _SWITCHES.items():
            if name in flags and value.lower() != "false":
                found[field] = True
                parts[field] = word.source.all()
    given = {"host": "", "target": "", "token": "unknown", **found, **fields}
    given["dry_run"] = given["dry_run"] or found["dry_run"]
    return Publish(
        span=span or (invocation.verb_words or invocation.words)[-1].source.all(),
        parts=parts,
        ecosystem=ecosystem,
        tool=given.pop("tool", f"{invocation.program} {invocation.verb}".strip()),
        swallowed=invocation.swallowed,
        folder=_folder(invocation),
        package=_named(invocation),
        index=_index(invocation),
        options=_options(invocation.words[1:]),
        job=invocation.setting.job,
        step=invocation.setting.step,
        **given,
    )


_LONGEST = 60
"""Commands before a publish that are looked at: a longer script is not followed."""
_CHANGES_FOLDER = frozenset(("cd", "pushd", "popd"))


def _folder(invocation: Invocation) -> Text:
    """Return the folder whose package is published: behind one plain `cd`, or the folder that the command is given."""
    base = moved_to(invocation)
    if base is None or invocation.has("--prefix", "--filter", "-F", "-r", "--recursive", "--workspaces", "-ws"):
        return UNKNOWN
    named = [value.text for value in invocation.values("-C", "--dir", "--cwd", "--manifest-path")]
    if invocation.program in ("npm", "bun"):
        operands = invocation.operands(("--registry", "--tag", "--access", "--otp", "-w", "--workspace"))
        if any(not word.text.startswith(".") for word in operands):
            return UNKNOWN  # a packed file, or the name of a package
        named += [word.text for word in operands]
    if len(named) > 1 or any(MARK in name or name.startswith("/") for name in named):
        return UNKNOWN
    inner = named[0].removesuffix("Cargo.toml") if named else ""
    return normpath("/".join(part for part in (base, inner) if part)) if base or inner else ""


def moved_to(invocation: Invocation) -> str | None:
    """Return where one plain `cd` before the command went, "" without one, None where it is not clear."""
    if invocation.command.index > _LONGEST:
        return None
    before = [
        command for command in invocation.script[: invocation.command.index] if command.program in _CHANGES_FOLDER
    ]
    if not before:
        return ""
    words = [word.text for word in before[0].words[1:] if word.text != "--"]
    place = before[0].words[0].source
    between = place.root.text[place.all().end : invocation.words[0].source.all().start]
    plain = len(before) == 1 and before[0].program == "cd" and len(words) == 1 and not before[0].conditional
    known = plain and MARK not in words[0] and not words[0].startswith(("-", "~", "/", "$"))
    return words[0] if known and ")" not in between else None


def _named(invocation: Invocation) -> str:
    """Return the one package of a workspace that a command names."""
    names = [value.text for value in invocation.values("-w", "--workspace", "-p", "--package")]
    return names[0] if len(names) == 1 and MARK not in names[0] else "*" if names else ""


def _index(invocation: Invocation) -> str:
    value = invocation.value("--registry") if invocation.program == "cargo" else None
    return value.text if value is not None and MARK not in value.text else ""


def _rehearses(value: str, following: Sequence[Word]) -> Truth:
    """`--dry-run`, `--dry-run=false`, and with tools that read options as JavaScript does, `--dry-run "$VALUE"`."""
    text = value or (following[0].text if following else "")
    if text.lower() in ("false", "0"):
        return False
    return UNKNOWN if text == MARK else True


def _options(words: Sequence[Word]) -> tuple[Option, ...]:
    """Return the flags with what is written in the same word; values that may be secrets are left out."""
    found = []
    for word in words:
        name, equals, value = word.text.partition("=")
        if name.startswith("-"):
            secret = any(part in name.lower() for part in ("token", "password", "key", "secret", "auth", "otp"))
            known: Text = UNKNOWN if secret and equals or MARK in value else value
            found.append(Option(name=name.replace(MARK, "…"), value=known, span=word.source.all()))
    return tuple(found)


def host_of(value: Source | None) -> Text:
    """Return the host of a URL or reference that an option gives: "" without one, UNKNOWN where it is not known."""
    if value is None:
        return ""
    host = value.text.split("://")[-1].split("/")[0].rpartition("@")[2]
    return UNKNOWN if MARK in host else host


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what a tool does that only releases."""
    handler = _TOOLS.get(invocation.program)
    if handler is not None:
        yield from handler(invocation)


def _github(invocation: Invocation) -> Iterator[Fact]:
    """`gh release create|upload|edit TAG FILE…`, `glab release create`, `hub release create`: a draft publishes nothing."""
    verb = invocation.verb
    if verb == "release download" and invocation.program == "gh":
        from relcheck.readers.effects.fetches import released  # noqa: PLC0415 - few scripts fetch releases

        yield from released(invocation)
    if verb not in ("release create", "release upload", "release edit"):
        return
    values = ("-t", "--title", "-n", "--notes", "-F", "--notes-file", "--target", "-R", "--repo", "--notes-start-tag")
    operands = invocation.operands((*values, "--discussion-category", "--name", "-m", "--message", "--assets-links"))
    tag = operands[0] if operands else None
    draft = invocation.has("--draft", "-d") is not None and not any(
        word.text == "--draft=false" for word in invocation.words
    )
    ecosystem = "gitlab-release" if invocation.program == "glab" else "github-release"
    yield publish(
        invocation,
        ecosystem,
        dry_run=draft,
        target=UNKNOWN if tag is None or MARK in tag.text else tag.text,
        rolling=tag is not None and is_rolling(tag.text),
        uploads=verb == "release upload",
    )


def _goreleaser(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "release" and invocation.has("--skip-publish", "--prepare") is None:
        yield publish(invocation, "github-release")


def _whole_tool(invocation: Invocation) -> Iterator[Fact]:
    """`release-it`, `np`: the tool itself releases unless it is told to rehearse."""
    if invocation.has("--preview", "--help", "--version", "--release-version") is None:
        yield publish(invocation, "npm" if invocation.program == "np" else "github-release")


def _dist(invocation: Invocation) -> Iterator[Fact]:
    """`dist host --steps=upload --steps=release`, also as `cargo dist`."""
    if invocation.verb == "host" and any("release" in word.text for word in invocation.words[1:]):
        yield publish(invocation, "github-release")


def _release_cli(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "create":
        yield publish(invocation, "gitlab-release")


def _jreleaser(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb in ("deploy", "full-release", "release", "publish"):
        yield publish(invocation, "maven" if invocation.verb == "deploy" else "github-release")


def _release_plz(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "release":
        yield publish(invocation, "cargo")


def _rake(invocation: Invocation) -> Iterator[Fact]:
    if any(
        word.text.rpartition(":")[2] == "release" or word.text.startswith("release[") for word in invocation.words[1:]
    ):
        yield publish(invocation, "gem")


_UPLOADS = {
    "deno": ("jsr", "publish"), "jsr": ("jsr", "publish"), "mix": ("hex", "hex.publish"), "rebar3": ("hex", "hex publish"),
    "dart": ("pub", "pub publish"), "flutter": ("pub", "pub publish"), "pod": ("cocoapods", "trunk push"),
    "luarocks": ("luarocks", "upload"),
}  # fmt: skip
"""Tools with one verb that uploads a package, and its ecosystem."""


def _uploaded(invocation: Invocation) -> Iterator[Fact]:
    ecosystem, verb = _UPLOADS[invocation.program]
    said = [word.text for word in invocation.words[1:] if not word.text.startswith("-")]
    if " ".join(said).startswith(verb) or said == ["hex.publish", "package"]:
        yield publish(invocation, ecosystem, tool=f"{invocation.program} {verb}")


_TOOLS = {
    **dict.fromkeys(_UPLOADS, _uploaded),
    "gh": _github,
    "glab": _github,
    "hub": _github,
    "goreleaser": _goreleaser,
    "release-it": _whole_tool,
    "np": _whole_tool,
    "dist": _dist,
    "release-cli": _release_cli,
    "jreleaser": _jreleaser,
    "release-plz": _release_plz,
    "rake": _rake,
}
