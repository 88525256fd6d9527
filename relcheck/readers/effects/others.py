"""The other package managers: cargo, go, gem, bundler, Maven, Gradle, .NET, Composer, system packages, release tools."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from relcheck.facts import UNKNOWN, Dependency, Fact, Install, Registry, Truth
from relcheck.readers.effects import system
from relcheck.readers.effects.invocation import Invocation, where_of
from relcheck.readers.effects.publishing import host_of, publish
from relcheck.readers.effects.secrets import credential, secret_options
from relcheck.readers.effects.system import packages
from relcheck.readers.environment import no_proxy
from relcheck.readers.urls import registry
from relcheck.refs import MARK
from relcheck.source import Span

_UNSIGNED = {
    "zypper": ("--no-gpg-checks", "--no-gpgcheck"),
    "apt": ("--allow-unauthenticated", "--force-yes", "--allow-insecure-repositories"),
    "apk": ("--allow-untrusted",),
    "dnf": ("--nogpgcheck", "--no-gpgchecks"),
    "rpm": ("--nosignature",),
    "gem": (),
}


def facts(invocation: Invocation) -> Iterator[Fact]:
    """Yield what the tool does."""
    for value, key in secret_options(invocation):
        yield credential(value, "argv-token", invocation, key=key, ecosystem=_ECOSYSTEM.get(invocation.program, ""))
    yield from _unchecked(invocation)
    handler: Callable[[Invocation], Iterator[Fact]] | None = _HANDLERS.get(invocation.program)
    if handler is not None:
        yield from handler(invocation)
    if invocation.program in _ADDERS and invocation.verb.split(" ")[0] in _ADDS:
        from relcheck.readers.effects.installs import facts as added  # noqa: PLC0415 - few commands add one package

        yield from added(invocation)


_ADDS = ("add", "require", "r", "global", "install", "reinstall", "fetch", "binstall")
_ADDERS = ("bundle", "composer", "dotnet", "nuget", "gem", "cargo", "brew")
"""The verbs that add single packages, of the tools that `installs` knows."""


def _only_local(invocation: Invocation) -> bool:
    """Whether a command installs nothing but files of this machine, which a step before it made or checked."""
    words = [word.text for word in invocation.words[1:] if not word.text.startswith("-")]
    files = [text for text in words if text not in ("add", "install")]
    return bool(files) and all(
        text.startswith(("/", "./", "../")) or text.endswith((".apk", ".deb", ".rpm")) for text in files
    )


def _only_asks(invocation: Invocation) -> bool:
    """Whether rpm is asked about a package instead of installing it: `-q…`, `-V`, `-K` (rpm(8))."""
    modes = ("--query", "--verify", "--checksig")
    return any(word.text.startswith(("-q", "-V", "-K")) or word.text in modes for word in invocation.words[1:])


_SAME = {
    "apt-get": "apt", "aptitude": "apt", "microdnf": "dnf", "tdnf": "dnf", "yum": "dnf", "yum-config-manager": "dnf",
}  # fmt: skip
"""Programs that take the options of another one."""


def _unchecked(invocation: Invocation) -> Iterator[Fact]:
    """Flags that switch signature or certificate checks off."""
    tool = _SAME.get(invocation.program, invocation.program)
    for word in invocation.words[1:]:
        text = word.text
        unsigned = text.partition("=")[0] in _UNSIGNED.get(tool, ()) and not text.endswith("=false")
        option = tool == "apt" and re.search(
            r"(?:AllowUnauthenticated|Verify-Peer|AllowInsecureRepositories)[= ](?:true|1|false|0)", text
        )
        maven = tool in ("mvn", "mvnw") and re.match(
            r"-D(?:maven\.wagon\.http\.ssl\.insecure=true|aether\.connector\.https\.securityMode=insecure)", text
        )
        if (unsigned or option) and not _only_local(invocation) and not (tool == "rpm" and _only_asks(invocation)):
            yield Registry(
                span=word.source.all(), ecosystem="os", purpose="os", url="", host="", key=text, integrity_off=True,
                **where_of(invocation),
            )  # fmt: skip
        elif maven:
            yield Registry(
                span=word.source.all(), ecosystem="maven", purpose="index", url=UNKNOWN, host=UNKNOWN, tls="off", key=text,
                **where_of(invocation),
            )  # fmt: skip
    yield from _lax(invocation, tool)
    if tool in ("dnf", "zypper", "rpm", "apk"):
        yield from system.repositories(invocation)


_LAX: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "mvn": (("-c", "--lax-checksums"), ()),
    "mvnw": (("-c", "--lax-checksums"), ()),
    "gradle": ((), ("-F", "--dependency-verification")),
    "gradlew": ((), ("-F", "--dependency-verification")),
    "gem": ((), ("-P", "--trust-policy")),
}
"""Flags, and options with a value, that let a tool take what it should have refused."""
_LAX_VALUES = ("off", "lenient", "NoSecurity")


def _lax(invocation: Invocation, tool: str) -> Iterator[Fact]:
    """`mvn -c`, `gradle -F off`, `gem install -P NoSecurity`: a checksum or signature that differs stops nothing."""
    if tool == "apt-key":
        yield from _open_keys(invocation)
    elif tool == "add-apt-repository":
        from relcheck.readers.apt_sources import source_lines  # noqa: PLC0415 - few scripts add a repository

        for word in invocation.words[1:]:
            yield from source_lines(word.source, job=invocation.setting.job, step=invocation.setting.step)
    flags, options = _LAX.get(tool, ((), ()))
    found = [(word.source, word.text) for word in invocation.words[1:] if word.text in flags]
    for name in options:
        found += [(value, f"{name} {value.text}") for value in invocation.values(name) if value.text in _LAX_VALUES]
    for place, key in found:
        yield Registry(
            span=place.all(), ecosystem=_ECOSYSTEM.get(tool, "maven"), purpose="signature" if tool == "gem" else "index",
            url="", host="", key=f"{tool} {key}", integrity_off=True, **where_of(invocation),
        )  # fmt: skip


def _open_keys(invocation: Invocation) -> Iterator[Registry]:
    """`apt-key adv --fetch-keys http://…`: whoever is on the way decides whose packages are trusted."""
    given = [*invocation.values("--fetch-keys"), *invocation.values("--keyserver")]
    before = invocation.script[invocation.command.index - 1] if invocation.command.index else None
    if before is not None and before.program in ("curl", "wget") and before.piped_to == invocation.program:
        given += [word.source for word in before.words]
    for value in given:
        if value.text.startswith("http://"):
            yield Registry(
                span=value.all(), ecosystem="os", purpose="os", url="", host="", key=f"apt-key {value.text}",
                integrity_off=True, **where_of(invocation),
            )  # fmt: skip


def _tool(
    invocation: Invocation, ecosystem: str, name: str, version: str, place: Span, where: str = "tool"
) -> Dependency:
    firm = "any" if not version else "tag" if version == "latest" else "exact"
    return Dependency(
        span=place,
        ecosystem=ecosystem,
        where=where,
        name=UNKNOWN if MARK in name else name,
        constraint=UNKNOWN if MARK in version else version,
        firmness=UNKNOWN if MARK in version else firm,
        **where_of(invocation),
    )


def _cargo(invocation: Invocation) -> Iterator[Fact]:
    verb = invocation.verb
    if verb in ("publish", "workspaces publish", "ws publish"):
        yield publish(invocation, "cargo", host=UNKNOWN if invocation.has("--registry", "--index") else "")
    elif verb in ("release", "smart-release"):
        # It rehearses until it is told to be serious.
        yield publish(invocation, "cargo", dry_run=invocation.has("--execute", "-x") is None)
    elif verb == "dist host":
        yield publish(invocation, "github-release")
    elif verb == "install" and invocation.has("--path", "--git") is None:
        version = invocation.value("--version", "--vers")
        locked = invocation.has("--locked") is not None
        for word in invocation.operands(
            ("--version", "--vers", "--root", "--features", "-F", "--target", "--registry", "--profile")
        ):
            name, at, inline = word.text.partition("@")
            given = word.source.part(len(name) + len(at), len(word.text)) if inline else version
            found = _tool(invocation, "cargo", name, given.text if given is not None else "", word.source.all())
            parts = {"name": word.source.at(0, len(name))} if MARK not in name else {}
            if given is not None and MARK not in given.text:
                parts["constraint"] = given.all()
            yield found.replace(locked=locked, parts=parts)


_FIXED = re.compile(r"v\d+\.\d+\.\d+|[0-9a-f]{7,40}$|v?\d+(?:\.\d+)?$|[<>]=?v")
"""Versions, commits and prefixes of versions; what else stands behind `@` is a branch or the word for the newest."""


def _go(invocation: Invocation) -> Iterator[Fact]:
    """`go install MODULE@VERSION`, `go run MODULE@VERSION`: a local path is no dependency."""
    if invocation.verb == "env":
        for word in invocation.words[1:]:
            name, equals, value = word.text.partition("=")
            if equals and value and name in ("GOPRIVATE", "GONOPROXY"):
                yield no_proxy(word.source.part(len(name) + 1, len(word.text)), name, **where_of(invocation))
    if invocation.verb not in ("install", "run", "get"):
        return
    for word in invocation.operands(("-ldflags", "-tags", "-o", "-mod", "-modfile")):
        name, at, version = word.text.partition("@")
        if not at and invocation.verb == "get" and "." in name.split("/")[0].strip(".") and MARK not in name:
            yield _tool(invocation, "go", name, "", word.source.all()).replace(parts={"name": word.source.all()})
        if at and "." in name.split("/")[0]:
            found = _tool(
                invocation,
                "go",
                name,
                version,
                word.source.at(len(name) + 1, len(word.text)),
                "run" if invocation.verb == "run" else "tool",
            )
            moving = not _FIXED.match(version)
            parts = {"name": word.source.at(0, len(name))} if MARK not in name else {}
            if version and MARK not in version:
                parts["constraint"] = word.source.at(len(name) + 1, len(word.text))
            known = version and MARK not in version
            yield found.replace(firmness="tag" if moving and known else found.firmness, parts=parts)
        if invocation.verb == "run":
            return


def _gem(invocation: Invocation) -> Iterator[Fact]:
    for value in invocation.values("-s", "--source", "--host", "-a", "--add"):
        purpose = "publish" if invocation.verb == "push" else "index"
        for fact in registry(
            value, ecosystem="gem", purpose=purpose, key=f"gem {invocation.verb}", **where_of(invocation)
        ):
            if isinstance(fact, Registry):
                yield fact
    if invocation.verb == "push":
        yield publish(invocation, "gem", host=host_of(invocation.value("--host")))
    elif invocation.verb == "install":
        version = invocation.value("-v", "--version")
        for word in invocation.operands(("-v", "--version", "-s", "--source", "-i", "--install-dir", "-n", "-P")):
            if not word.text.endswith(".gem"):
                name, _, inline = word.text.partition(":")
                given = word.source.part(len(word.text) - len(inline), len(word.text)) if inline else version
                found = _tool(invocation, "gem", name, given.text if given is not None else "", word.source.all())
                parts = {"name": word.source.at(0, len(name))} if MARK not in name else {}
                if given is not None and given.text and MARK not in given.text:
                    parts["constraint"] = given.all()
                yield found.replace(parts=parts)


_RANGE_TESTS = ("--prefer-lowest", "--lock", "--dry-run", "--no-install")


def _composer(invocation: Invocation) -> Iterator[Fact]:
    """`composer install` takes what the lock file names; `composer update` takes what is newest.

    With `--prefer-lowest` it tests the ranges, with `--lock` it installs nothing; options in variables may be those.
    """
    if invocation.verb in ("install", "i", "update", "u"):
        told = any(MARK in word.text or word.text in _RANGE_TESTS for word in invocation.words)
        frozen = True if invocation.verb.startswith("i") else UNKNOWN if told else False
        yield _settled(invocation, "composer", frozen=frozen)


def _settled(invocation: Invocation, ecosystem: str, *, frozen: Truth) -> Install:
    return Install(
        span=invocation.verb_words[-1].source.all(), ecosystem=ecosystem, tool=invocation.program, frozen=frozen,
        ci=bool(invocation.setting.job), **where_of(invocation),
    )  # fmt: skip


def _bundle(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb == "install":
        frozen = invocation.has("--frozen", "--deployment") is not None
        yield Install(
            span=invocation.verb_words[-1].source.all(), ecosystem="gem", tool="bundle", frozen=True if frozen else UNKNOWN,
            ci=bool(invocation.setting.job), **where_of(invocation),
        )  # fmt: skip


_TARGET = re.compile(
    r"-D(?P<key>alt(?:Release|Snapshot)?DeploymentRepository|url)=(?:[\w.-]*::(?:\w+::)?)?(?=https?://)"
)
_GOALS = ("deploy", "release:perform", "deploy:deploy-file", "nexus-staging:release", "jreleaser:deploy", "jib:build")


def _maven(invocation: Invocation) -> Iterator[Fact]:
    """`mvn … deploy`: the last goal that publishes; `-DskipDeploy` and the like make it none."""
    for word in invocation.words[1:]:
        target = _TARGET.match(word.text)
        if target is not None:
            place = word.source.part(target.end(), len(word.text))
            yield from registry(place, ecosystem="maven", purpose="publish", key=target["key"], **where_of(invocation))
    words = [word.text for word in invocation.words[1:]]
    skipped = ("-DskipDeploy", "-Dmaven.deploy.skip", "-DskipPublishing", "-DskipNexusStagingDeployMojo")
    if any(text.startswith(skipped) and not text.endswith("=false") for text in words):
        return
    for word in invocation.words[1:]:
        goal = word.text
        image = goal == "jib:build" or goal.endswith("spring-boot:build-image") and _publishes_image(words)
        if image:
            yield publish(
                invocation,
                "oci",
                span=word.source.all(),
                tool=f"{invocation.program} {goal}",
                host=UNKNOWN,
                target=UNKNOWN,
            )
        elif goal in _GOALS or goal.endswith(("central-publishing:publish", "central-publishing-maven-plugin:publish")):
            yield publish(
                invocation, "maven", span=word.source.all(), tool=f"{invocation.program} {goal}", host=UNKNOWN
            )


def _publishes_image(words: list[str]) -> bool:
    return any(re.match(r"-Dspring-boot\.build-image\.publish(?:=true)?$|--publishImage", text) for text in words)


_GRADLE_TASK = re.compile(
    r"publish(?!ToMavenLocal)|uploadArchives$|closeAndRelease\w+$|jreleaser(?:Deploy|FullRelease|Release)$"
)


def _gradle(invocation: Invocation) -> Iterator[Fact]:
    """Tasks of Gradle: `publish…`, `closeAndRelease…`, `jib`; anything that ends in MavenLocal stays on this machine."""
    words = [word.text for word in invocation.words[1:]]
    dry = any(text in ("-m", "--dry-run") for text in words)
    for word in invocation.words[1:]:
        task = word.text.rsplit(":", 1)[-1]
        if task == "jib" or task == "bootBuildImage" and _publishes_image(words):
            yield publish(
                invocation, "oci", span=word.source.all(), tool=f"{invocation.program} {task}", host=UNKNOWN,
                target=UNKNOWN, dry_run=dry,
            )  # fmt: skip
        elif _GRADLE_TASK.match(task) and "MavenLocal" not in task:
            yield publish(
                invocation,
                "maven",
                span=word.source.all(),
                tool=f"{invocation.program} {task}",
                host=UNKNOWN,
                dry_run=dry,
            )
            return


def _sbt(invocation: Invocation) -> Iterator[Fact]:
    for word in invocation.words[1:]:
        found = re.search(
            r"(?:^|[\s+/;])(publish(?:Signed)?|ci-release|sonatypeRelease|sonatypeBundleRelease)(?:[\s;]|$)", word.text
        )
        if found is not None:
            yield publish(invocation, "maven", span=word.source.all(), tool=f"sbt {found[1]}", host=UNKNOWN)
            return


def _dotnet(invocation: Invocation) -> Iterator[Fact]:
    if invocation.verb in ("nuget push", "push", "sources", "nuget add", "nuget update"):
        source = invocation.value("--source", "-s", "-Source")
        if invocation.program == "dotnet" and "push" not in invocation.verb:
            words = [
                word.source for word in invocation.operands(("-n", "--name", "-u", "-p", "--username", "--password"))
            ]
            source = words[1] if [word.text for word in words[:1]] == ["source"] and len(words) > 1 else None
        purpose = "publish" if "push" in invocation.verb else "index"
        if source is not None:
            yield from registry(
                source, ecosystem="nuget", purpose=purpose, key=f"nuget {invocation.verb}", **where_of(invocation)
            )
    if invocation.verb in ("nuget push", "push"):
        yield publish(invocation, "nuget", host=host_of(source) if source is None or "://" in source.text else UNKNOWN)
    elif invocation.verb == "restore":
        yield _settled(invocation, "nuget", frozen=invocation.has("--locked-mode") is not None or UNKNOWN)
    elif invocation.verb == "tool install":
        version = invocation.value("--version")
        for word in invocation.operands(("--version", "--tool-path", "--add-source", "--framework")):
            yield _tool(invocation, "nuget", word.text, version.text if version is not None else "", word.source.all())


_ECOSYSTEM = {"cargo": "cargo", "gem": "gem", "dotnet": "nuget", "nuget": "nuget"}
_HANDLERS: dict[str, Callable[[Invocation], Iterator[Fact]]] = {
    "cargo": _cargo,
    "go": _go,
    "gem": _gem,
    "bundle": _bundle,
    "mvn": _maven,
    "mvnw": _maven,
    "gradle": _gradle,
    "gradlew": _gradle,
    "dotnet": _dotnet,
    "nuget": _dotnet,
    "sbt": _sbt,
    "composer": _composer,
    "apt": packages,
    "apt-get": packages,
    "apk": packages,
    "dnf": packages,
    "microdnf": packages,
    "yum": packages,
    "tdnf": packages,
    "aptitude": packages,
    "zypper": packages,
    "pacman": packages,
}
