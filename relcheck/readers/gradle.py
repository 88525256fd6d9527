"""Gradle build and settings scripts, Groovy and Kotlin (the Gradle user manual: declaring dependencies, repositories).

    plugins { id("x") version "y" }                 buildscript, pluginManagement repeat plugins and repositories
    dependencies { CONFIGURATION "g:a:v" | group: "g", name: "a", version: "v" | platform("g:a:v") { version { strictly } } }
    repositories { mavenCentral(); maven { url; content {…}; credentials {…} }; exclusiveContent {…} }
    publishing | nexusPublishing { repositories { … } }
    group, version, ext, def, val                   the package, and values of `$name`
    jib, bootBuildImage                             images;  exec { commandLine … }, apply from: URL | a script
    detekt | checkstyle | … { toolVersion }         the tool that a plugin fetches

Constants of Kotlin below buildSrc are read too. What other files say of a name (gradle.properties, scripts above and those
that are applied, catalogs, constants) is filled in by link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Download, Fact, Option, Package, Registry, Text, Variables
from relcheck.readers.gradle_tokens import Statement, Token, parse
from relcheck.readers.gradle_values import Values, expressions, scope_of, value
from relcheck.readers.images import image_fact
from relcheck.readers.package_versions import version_fields
from relcheck.readers.urls import registry, url_parts
from relcheck.refs import MARK
from relcheck.refs.url import parse_url
from relcheck.source import Source, Span

_COORDINATE = re.compile(
    r"(?P<group>[\w.\-\ue000]+):(?P<name>[\w.\-\ue000]+)(?::(?P<version>[^:@\s/]*))?(?::[\w.\-\ue000]*)?(?:@[\w.]+)?"
)
_DECLARING = ("force", "dependency", "mavenBom", "dependencySet")
_NOT_DEPENDENCIES = ("exclude", "project", "files", "fileTree", "because", "println", "if", "else", "def", "val", "var")
_ANY = ("+", "latest.integration")
_TAGS = ("latest.release", "latest.milestone")
_RANGE = re.compile(r"[\[\](].*[\])\[]|.*\.\+|.*-\+")
_NO_COORDINATES = (
    "exclude",
    "because",
    "println",
    "url",
    "systemProperty",
    "environment",
    "args",
    "jvmArgs",
    "include",
)
_BUILD = ("classpath", "annotationProcessor", "kapt", "ksp")
_WRITTEN_OUT = {"password", "=", ".", "set", "(", ")", ";"}
"""What stands around a password that is written out."""
_KNOWN_REPOSITORIES = {
    "mavenCentral": "https://repo.maven.apache.org/maven2/",
    "google": "https://dl.google.com/dl/android/maven2/",
    "jcenter": "https://jcenter.bintray.com/",
    "gradlePluginPortal": "https://plugins.gradle.org/m2/",
}
_REPOSITORIES = (*_KNOWN_REPOSITORIES, "maven", "ivy", "exclusiveContent")
_COLON = re.compile(r":(?![^{}]*\})")
_FILTERS = ("content", "mavenContent")
_TOOLS = {
    "checkstyle": "com.puppycrawl.tools:checkstyle",
    "codenarc": "org.codenarc:CodeNarc",
    "detekt": "io.gitlab.arturbosch.detekt:detekt-core",
    "jacoco": "org.jacoco:jacoco",
    "pmd": "net.sourceforge.pmd:pmd-java",
    "spotbugs": "com.github.spotbugs:spotbugs",
}
"""What a plugin fetches in its `toolVersion`, by the name of the plugin's block."""
_PUBLISHERS = ("maven-publish", "ivy-publish", "com.vanniktech.maven.publish", "io.github.gradle-nexus.publish-plugin")


def read(source: Source) -> Iterator[Fact]:
    """Read a script of Gradle."""
    yield from _Script(source).read()


def gradle_firmness(version: str) -> str:
    """Return how firmly a version of Gradle's grammar binds: exact, range, any (`+`) or tag (`latest.release`)."""
    if version in _ANY:
        return "any"
    if version in _TAGS:
        return "tag"
    return "range" if _RANGE.fullmatch(version) else "exact"


class _Script:
    """One script while it is read."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.top = parse(source)
        self.values = Values(source, self.top)
        self.scope: tuple[str, ...] = ()
        self.plugins: set[str] = set()

    def known(self, token: Token) -> Source:
        """Return the text of a string with what is known of its variables."""
        return self.values.expanded(token, self.scope)

    def texts(self, statement: Statement) -> Iterator[Token]:
        """Yield the texts of a statement, those that `+` joins in one."""
        return expressions(self.source, statement.tokens)

    def read(self) -> Iterator[Fact]:
        options = tuple(self.values.options())
        if options:
            yield Variables(span=self.source.at(0, 0), values_of=options)
        for path, statement in self.top.walk():
            name = statement.name
            self.scope = scope_of(path)
            if self.source.path.endswith(".kt"):
                yield from self._elsewhere(statement)
            elif name == "repositories" and statement.block:
                yield from self._repositories(path, statement)
            elif path[-1:] == ("plugins",):
                yield from self._plugin(statement)
            elif self._declares(path, name):
                yield from self._dependencies(statement)
            elif name == "apply":
                yield from self._apply(statement)
            elif name == "toolVersion" and path[-1:] and path[-1] in _TOOLS:
                yield from self._checker(path, statement)
            elif name == "jib" or path == ("jib",):
                yield from self._jib(statement)
            elif name in ("bootBuildImage", "tasks") and statement.block:
                yield from self._boot_image(statement)
            elif name in ("commandLine", "executable") and path[-1:]:
                yield from self._command(statement)
            elif name == "nexusUrl" and "repositories" in path:
                yield from self._urls(statement, "publish", name)
            elif name not in _NO_COORDINATES:
                yield from self._elsewhere(statement)
        yield from self._package()

    def _declares(self, path: tuple[str, ...], name: str) -> bool:
        if name in _NOT_DEPENDENCIES or not name:
            return False
        inside = (
            path[-1:] == ("dependencies",)
            or "dependencies" in path
            and path[-1] in ("constraints", "if", "else", "components")
        )
        return inside or name in _DECLARING

    def _dependencies(self, statement: Statement) -> Iterator[Fact]:
        named = self._named(statement)
        group = _group(statement.name)
        if named.get("name"):
            yield from self._map_notation(named, group)
            return
        for token in self.texts(statement):
            source = self.known(token)
            match = _COORDINATE.fullmatch(source.text)
            if match is None:
                continue
            if match["version"]:
                yield self._dependency(token, source, match, group)
            else:
                yield from self._rich(statement, source, match, group)

    def _elsewhere(self, statement: Statement) -> Iterator[Fact]:
        """Coordinates that a script keeps in variables: `ext.libs = [a: "g:a:1.0"]`, `val a = "g:a:1.0"`."""
        for token in self.texts(statement):
            source = self.known(token)
            match = _COORDINATE.fullmatch(source.text)
            if (
                match
                and match["version"]
                and "." in match["group"]
                and re.search(r"\d|\+|^latest\.|\ue000", match["version"])
            ):
                yield self._dependency(token, source, match, "prod")

    def _named(self, statement: Statement) -> dict[str, Token]:
        """`group: "a", name: "b"` in Groovy, `group = "a", name = "b"` in Kotlin."""
        out: dict[str, Token] = {}
        tokens = statement.tokens
        for index in range(len(tokens) - 2):
            if tokens[index].kind != "word" or tokens[index + 1].text not in (":", "="):
                continue
            found = value(self.source, tokens, index + 2)
            if found is not None and (tokens[index + 2].kind == "string" or tokens[index].text == "version"):
                out[tokens[index].text] = found
        return out

    def _map_notation(self, named: dict[str, Token], group: str) -> Iterator[Fact]:
        version = named.get("version")
        if version is None or "group" not in named:
            return
        source = self.known(version)
        names = [self.known(named[key]).text for key in ("group", "name")]
        unknown = any(MARK in name for name in names)
        place = _across(named["group"].source.all(), named["name"].source.all())
        yield self._made(
            UNKNOWN if unknown else ":".join(names), {} if unknown else {"name": place}, source, version, group
        )

    def _dependency(self, token: Token, source: Source, match: re.Match[str], group: str) -> Dependency:
        name = f"{match['group']}:{match['name']}"
        unknown = MARK in name
        version = source.part(*match.span("version"))
        parts = {} if unknown else {"name": source.at(match.start("group"), match.end("name"))}
        return self._made(UNKNOWN if unknown else name, parts, version, token, group)

    def _made(self, name: Text, parts: dict[str, Span], version: Source, token: Token, group: str) -> Dependency:
        text = version.text
        known = MARK not in text
        # `1.${minor}` is not known, but what ends in a plus moves whatever stands before it.
        constraint: Text = text if known else UNKNOWN
        firmness: Text = gradle_firmness(text) if known or text.endswith("+") else UNKNOWN
        if known:
            parts["constraint"] = version.all()
        return Dependency(
            span=version.all(), parts=parts, ecosystem="maven", where="manifest", name=name, constraint=constraint,
            firmness=firmness, group=group, raw="" if known else self._raw(token),
        )  # fmt: skip

    def _raw(self, token: Token) -> str:
        """Return the version of a coordinate with its variables in one spelling, for link."""
        text = self.values.text(token, self.scope).text if token.quote.startswith('"') else ""
        parts = _COLON.split(text)
        return parts[2].partition("@")[0] if len(parts) > 2 else text if len(parts) == 1 else ""

    def _rich(self, statement: Statement, source: Source, match: re.Match[str], group: str) -> Iterator[Fact]:
        """implementation("g:a") { version { strictly("[1, 2[") ; prefer("1.5") } }."""
        for key in ("strictly", "require", "prefer"):
            for found in statement.all("version", key):
                for token in found.strings():
                    name = f"{match['group']}:{match['name']}"
                    parts = {"name": source.at(match.start("group"), match.end("name"))}
                    yield self._made(UNKNOWN if MARK in name else name, parts, self.known(token), token, group)
                    return

    def _plugin(self, statement: Statement) -> Iterator[Fact]:
        """id("x") version "y" apply false; kotlin("jvm") version "y"."""
        strings = list(statement.strings())
        if not strings or statement.name not in ("id", "kotlin"):
            return
        name = strings[0].text if statement.name == "id" else f"org.jetbrains.kotlin.{strings[0].text}"
        self.plugins.add(name)
        words = [token.text if token.kind == "word" else "" for token in statement.tokens]
        at = words.index("version") + 1 if "version" in words else len(words)
        at += at < len(words) and statement.tokens[at].text == "("
        version = value(self.source, statement.tokens, at) if at < len(words) else None
        if version is None:
            return
        source = self.known(version)
        known = MARK not in source.text
        parts = {"constraint": source.all()} if known else {}
        if statement.name == "id":
            parts["name"] = strings[0].source.all()
        yield Dependency(
            span=source.all(), parts=parts, ecosystem="gradle", where="manifest", name=name,
            constraint=source.text if known else UNKNOWN, firmness=gradle_firmness(source.text) if known else UNKNOWN,
            group="build", raw="" if known else self._raw(version),
        )  # fmt: skip

    def _repositories(self, path: tuple[str, ...], block: Statement) -> Iterator[Fact]:
        purpose = "index"
        if any("ublishing" in name or name == "uploadArchives" for name in path):
            purpose = "publish"
        elif "pluginManagement" in path or "buildscript" in path:
            purpose = "plugin-index"
        others = (
            sum(
                1
                for child in block.children
                if child.name in (*_KNOWN_REPOSITORIES, "maven", "ivy", "exclusiveContent")
            )
            - 1
        )
        for child in block.children:
            yield from self._repository(child, purpose, others, filtered=child.name == "exclusiveContent")

    def _repository(self, statement: Statement, purpose: str, others: int, *, filtered: bool) -> Iterator[Fact]:
        name = statement.name
        if name in ("exclusiveContent", "forRepository"):
            for child in statement.children:
                yield from self._repository(child, purpose, others, filtered=True)
        elif name in _KNOWN_REPOSITORIES:
            url = parse_url(_KNOWN_REPOSITORIES[name])
            yield Registry(
                span=statement.tokens[0].source.all(), ecosystem="maven", purpose=purpose, url=url.redacted if url else "",
                host=url.host if url else "", scheme="https", key=name, filtered=True, beside=others,
            )  # fmt: skip
        elif name in ("maven", "ivy") or statement.block and purpose == "publish":
            filtered = filtered or any(next(statement.all(key), None) is not None for key in _FILTERS)
            holders = [statement, *statement.all("url"), *statement.all("setUrl")]
            host: Text = ""
            for holder in holders:
                for fact in self._urls(holder, purpose, name):
                    host = host or (fact.host if isinstance(fact, Registry) else "")
                    is_index = isinstance(fact, Registry) and purpose == "index"
                    yield fact.replace(filtered=filtered, beside=others) if is_index else fact
            for block in statement.all("credentials"):
                yield from self._credentials(block, host)

    def _urls(self, statement: Statement, purpose: str, key: str) -> Iterator[Fact]:
        for token in statement.strings():
            source = self.known(token)
            if "://" in source.text:
                yield from registry(source, ecosystem="maven", purpose=purpose, key=key)

    def _credentials(self, block: Statement, host: Text) -> Iterator[Fact]:
        written = next((child for child in block.children if child.name == "password"), None)
        token = next(written.strings(), None) if written is not None else None
        # `password providers.gradleProperty("x").get()` names where the password is, and is none.
        if written is not None and token is not None and set(written.words()) <= _WRITTEN_OUT:
            from relcheck.readers.home_secrets import home_credential  # noqa: PLC0415 - few scripts hold a password

            made = home_credential(
                self.known(token),
                "maven-password",
                ecosystem="maven",
                key=str(host) if host is not UNKNOWN else "",
                host=host,
            )
            yield made.replace(where="manifest")

    def _apply(self, statement: Statement) -> Iterator[Fact]:
        """Apply from: "https://…" runs what it fetches; apply plugin: "x"."""
        named = self._named(statement)
        if "plugin" in named:
            self.plugins.add(named["plugin"].text)
        script = named.get("from")
        url = parse_url(self.known(script).text) if script is not None else None
        if script is not None and url is not None:
            yield Download(
                span=script.source.all(), parts=url_parts(script.source, url), tool="gradle",
                url=UNKNOWN if MARK in url.redacted else url.redacted, scheme=url.scheme, host=url.host, executed_by="gradle",
                piped=True, context="manifest",
            )  # fmt: skip
        elif script is not None or "from" in statement.words():
            yield from self._local_script(script, statement)

    def _local_script(self, script: Token | None, statement: Statement) -> Iterator[Fact]:
        """Yield the script of this repository that is applied: "x", file("x"), rootProject.file("x"), new File(DIR, "x")."""
        token = script or next(self.texts(statement), None)
        text = self.values.text(token, self.scope).text if token is not None else ""
        words = statement.words()
        if token is not None and "File" in words and "(" in words:
            start = words.index("File") + 2
            parent = words[start] if start < len(words) else ""
            text = f"${{{parent}}}/{text}" if parent.isidentifier() else text
        if token is not None and text.endswith((".gradle", ".kts")):
            yield Component(
                span=token.source.all(), system="gradle", kind="script", name=self.known(token).text.replace(MARK, "…"),
                owner="", ref="", ref_kind="none", local=True, first_party=True, inputs=(Option(name="path", value=text),),
            )  # fmt: skip

    def _checker(self, path: tuple[str, ...], statement: Statement) -> Iterator[Fact]:
        """`detekt { toolVersion = "1.23" }`: the version of the tool that a plugin fetches."""
        equals = 2 if statement.words()[1:2] == ["="] else 1
        token = value(self.source, statement.tokens, equals) if len(statement.tokens) > equals else None
        if token is not None:
            yield self._made(_TOOLS[path[-1]], {}, self.known(token), token, "dev")

    def _jib(self, statement: Statement) -> Iterator[Fact]:
        for block, role in (("from", "base"), ("to", "output")):
            for found in statement.all(block, "image") if statement.name == "jib" else ():
                yield from self._images(found, role)
            if statement.name == f"{block}.image" or statement.words()[:3] == [block, ".", "image"]:
                yield from self._images(statement, role)

    def _boot_image(self, statement: Statement) -> Iterator[Fact]:
        words = statement.words()
        if "bootBuildImage" not in [*words, *(token.text for token in statement.strings())]:
            return
        for key, role in (("builder", "base"), ("runImage", "base"), ("imageName", "output")):
            for found in statement.all(key):
                yield from self._images(found, role)

    def _images(self, statement: Statement, role: str) -> Iterator[Fact]:
        for token in statement.strings():
            source = self.known(token)
            fact = image_fact(source, role=role, engine="gradle", written=token.text)
            if fact is not None:
                yield fact

    def _command(self, statement: Statement) -> Iterator[Fact]:
        words = [self.known(token) for token in statement.strings()]
        if words and statement.name == "commandLine":
            from relcheck.readers.shell import read_argv  # noqa: PLC0415 - loads the grammar of the shell

            yield from read_argv(words, context="script")

    def _package(self) -> Iterator[Fact]:
        """The group and version that the script itself states."""
        if self.source.path.rsplit("/", 1)[-1].startswith("settings."):
            return
        stated = {
            statement.name: token for statement in self.top.children
            if statement.name in ("group", "version") and not statement.block
            and len(statement.tokens) <= 3 and (token := next(statement.strings(), None)) is not None
        }  # fmt: skip
        version = stated.get("version")
        if version is None:
            return
        source = self.known(version)
        written: Text = UNKNOWN if MARK in source.text else source.text
        parts = {"version": source.all()} if written is not UNKNOWN else {}
        group = stated.get("group")
        yield Package(
            span=source.all(), parts=parts, ecosystem="maven", scope=self.known(group).text if group is not None else "",
            folder=self.source.path.rpartition("/")[0], version=written, private=not self.plugins & set(_PUBLISHERS),
            **version_fields("maven", written),
        )  # fmt: skip


def _group(configuration: str) -> str:
    lower = configuration.lower()
    if "test" in lower:
        return "dev"
    return "build" if configuration in _BUILD else "prod"


def _across(first: Span, last: Span) -> Span:
    return Span(min(first.start, last.start), max(first.end, last.end), "composed")
