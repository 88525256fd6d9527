"""NuGet and .NET projects (Microsoft Learn: PackageReference, central package management, MSBuild SDK containers).

    *.csproj, *.fsproj, *.vbproj, *.props, *.targets   PackageReference, PackageVersion, GlobalPackageReference,
        PackageDownload, DotNetCliToolReference {Include|Update, Version, VersionOverride}; Project Sdk, Sdk, Import Sdk;
        PackageId, Version, IsPackable; RestoreSources; ContainerBaseImage, ContainerRepository; Exec Command
    packages.config                                    package {id, version}
    nuget.config                                       packageSources, packageSourceMapping, config
    global.json, .config/dotnet-tools.json             the SDK, MSBuild SDKs, tools
    *.cs                                               #:package NAME@VERSION, #:sdk NAME@VERSION (programs of one file)
    *.nuspec                                           metadata {id, version, dependencies}

`$(Name)` is a property of this file or of an imported one, which link fills in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Dependency, Fact, Option, Package, Registry, Text, Unreadable, Variables
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.package_versions import version_fields
from relcheck.readers.urls import registry
from relcheck.readers.xml_nodes import Tag, load
from relcheck.readers.xml_tree import Refused, unreadable
from relcheck.refs import MARK
from relcheck.refs.variables import expand
from relcheck.source import Piece, Source, Span

_REFERENCES = {
    "packagereference": "prod", "packageversion": "prod", "globalpackagereference": "dev", "packagedownload": "build",
    "dotnetclitoolreference": "build",
}  # fmt: skip
_PROPERTY = re.compile(r"\$\((?P<name>[A-Za-z_][\w.-]*)\)|\$\([^()]*\)|[@%]\([^()]*\)")
_DIRECTIVE = re.compile(r"(?m)^#:(?P<kind>package|sdk)[ \t]+(?P<name>[^\s@]+)@(?P<version>\S+)")
_EXACT = re.compile(r"\[\s*[^,\[\]()*]+\s*\]")
_RANGE = re.compile(r"\s*[\[(].*[\])]\s*")
_OFF = ("true", "1")


def read(source: Source) -> Iterator[Fact]:
    """Read one of the files of .NET; the name tells which."""
    name = source.path.rsplit("/", 1)[-1].lower()
    if name.endswith(".json"):
        yield from _json(source, name)
        return
    if name.endswith(".cs"):
        for match in _DIRECTIVE.finditer(source.text):
            group = "build" if match["kind"] == "sdk" else "prod"
            yield _dependency(source.part(*match.span("name")), source.part(*match.span("version")), group)
        return
    try:
        root = load(source)
    except Refused as refused:
        yield unreadable(source, refused)
        return
    if root is None:
        return
    kind = root.name.lower()
    if kind == "configuration":
        yield from _configuration(root)
    elif kind == "packages":
        for tag in root.children:
            found = tag.attributes()
            if tag.name == "package" and "id" in found and "version" in found:
                group = "dev" if found.get("developmentdependency", found["id"]).text == "true" else "prod"
                yield _dependency(found["id"], found["version"], group, exact=True)
    elif kind == "package":
        yield from _nuspec(source, root)
    elif kind == "project":
        yield from _Project(source, root).read()


def nuget_firmness(version: str) -> str:
    """Return how firmly a version binds: a bare one is a minimum that restores the lowest, so it counts as exact."""
    text = version.strip()
    if text in ("*", "*-*") or not text:
        return "any"
    if "*" in text:
        return "range"
    if _EXACT.fullmatch(text):
        return "exact"
    return "range" if _RANGE.fullmatch(text) else "exact"


def _dependency(
    name: Source, version: Source | None, group: str, *, where: str = "manifest", exact: bool = False, raw: str = ""
) -> Dependency:
    parts: dict[str, Span] = {}
    if MARK not in name.text:
        parts["name"] = name.all()
    known = version is not None and MARK not in version.text
    if version is not None and known:
        parts["constraint"] = version.all()
    text = version.text if version is not None else ""
    return Dependency(
        span=version.all() if version is not None else name.all(), parts=parts, ecosystem="nuget", where=where,
        name=UNKNOWN if MARK in name.text else name.text, constraint=text if known else UNKNOWN,
        firmness=("exact" if exact else nuget_firmness(text)) if known else UNKNOWN, group=group, raw=raw,
    )  # fmt: skip


class _Project:
    """One MSBuild file while it is read."""

    def __init__(self, source: Source, root: Tag) -> None:
        self.source = source
        self.root = root
        self.properties: dict[str, Source] = {}
        for group in _groups(root, "propertygroup"):
            for child in group.children:
                if child.text.text:
                    self.properties[child.name.lower()] = child.text

    def expand(self, source: Source) -> Source:
        """Replace `$(Name)`; properties of others, items and metadata are not known."""
        found = expand(source, self._lookup, "azure").source
        return _masked(found)

    def _lookup(self, name: str) -> Source | None:
        return self.properties.get(name.lower())

    def read(self) -> Iterator[Fact]:
        yield from self._sdk(self.root.attributes().get("sdk"))
        for tag in self.root.walk():
            name = tag.name.lower()
            if name in _REFERENCES:
                yield from self._reference(tag, name)
            elif name in ("sdk", "import"):
                yield from self._other_sdk(tag, name)
            elif name in ("restoresources", "restoreadditionalprojectsources"):
                yield from self._sources(tag)
            elif name == "containerbaseimage":
                yield from self._image(tag.text, "base")
            elif name == "exec":
                yield from self._exec(tag)
        options = tuple(
            Option(name=name, value=value.text, span=value.all()) for name, value in self.properties.items()
        )  # fmt: skip
        if options:
            yield Variables(span=self.source.at(0, 0), values_of=options)
        yield from self._output()
        yield from self._package()

    def _reference(self, tag: Tag, kind: str) -> Iterator[Fact]:
        """<PackageReference Include="A" Version="1" />, the version as a child or as VersionOverride too."""
        found = tag.attributes()
        name = found.get("include") or found.get("update")
        children = {child.name.lower(): child.text for child in tag.children}
        version = next(
            (holder[key] for key in ("versionoverride", "version") for holder in (found, children) if key in holder),
            None,
        )
        if name is None or version is None or not version.text.strip():
            return
        private = found.get("privateassets") or children.get("privateassets")
        group = "dev" if private is not None and private.text.lower() == "all" else _REFERENCES[kind]
        text = self.expand(version)
        yield _dependency(self.expand(name), text, group, raw=version.text if MARK in text.text else "")

    def _sdk(self, source: Source | None) -> Iterator[Fact]:
        """Sdk="Name/Version;Other/1"."""
        for match in (
            re.finditer(r"(?P<name>[^/;\s]+)/(?P<version>[^/;\s]+)", source.text) if source is not None else ()
        ):
            if source is not None:
                name, version = source.part(*match.span("name")), source.part(*match.span("version"))
                yield _dependency(name, self.expand(version), "build", exact=True)

    def _other_sdk(self, tag: Tag, kind: str) -> Iterator[Fact]:
        found = tag.attributes()
        name, version = found.get("name" if kind == "sdk" else "sdk"), found.get("version")
        if name is not None and version is not None:
            yield _dependency(self.expand(name), self.expand(version), "build", exact=True)

    def _sources(self, tag: Tag) -> Iterator[Fact]:
        for match in re.finditer(r"[^;\s]+", tag.text.text):
            yield from registry(tag.text.part(*match.span()), ecosystem="nuget", purpose="index", key=tag.name)

    def _image(self, source: Source, role: str) -> Iterator[Fact]:
        text = self.expand(source)
        fact = image_fact(text, role=role, engine="dotnet", written=source.text)
        if fact is not None:
            yield fact

    def _output(self) -> Iterator[Fact]:
        """ContainerRepository and ContainerImageTag(s) name what `dotnet publish` makes."""
        repository = self.properties.get("containerrepository") or self.properties.get("containerimagename")
        if repository is None:
            return
        from relcheck.readers.composed import reference  # noqa: PLC0415 - few projects make images

        single, several = self.properties.get("containerimagetag"), self.properties.get("containerimagetags")
        tags: list[Source | None] = [single]
        if single is None and several is not None:
            tags = [several.part(*match.span()) for match in re.finditer(r"[^;\s]+", several.text)]
        host = self.properties.get("containerregistry")
        for tag in tags:
            words = [_rooted(word) if word is not None else None for word in (repository, tag, host)]
            text = reference(words[0] or repository, words[1], None, words[2])
            fact = image_fact(self.expand(text), role="output", engine="dotnet")
            if fact is not None:
                yield fact

    def _exec(self, tag: Tag) -> Iterator[Fact]:
        command = tag.attributes().get("command")
        if command is not None and command.text.strip():
            from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

            yield from read_shell(self.expand(command), context="script")

    def _package(self) -> Iterator[Fact]:
        """A project states a package where it names a version or an id of its own."""
        name = self.properties.get("packageid") or self.properties.get("assemblyname")
        version = next(
            (self.properties[key] for key in ("version", "packageversion", "versionprefix") if key in self.properties),
            None,
        )
        if version is None or not self.source.path.lower().endswith("proj"):
            return
        text = self.expand(version)
        written: Text = UNKNOWN if MARK in text.text else text.text
        identity = self.expand(name) if name is not None else None
        whole = version is not self.properties.get("versionprefix") or "versionsuffix" not in self.properties
        written = written if whole else UNKNOWN  # the suffix is put behind the prefix
        parts = {"version": text.all()} if written is not UNKNOWN else {}
        if identity is not None and MARK not in identity.text:
            parts["name"] = identity.all()
        packable = self.properties.get("ispackable")
        test = self.properties.get("istestproject")
        yield Package(
            span=text.all(), parts=parts, ecosystem="nuget",
            name=identity.text if identity is not None and MARK not in identity.text else UNKNOWN,
            folder=self.source.path.rpartition("/")[0], version=written,
            private=bool(packable and packable.text.lower() == "false" or test and test.text.lower() == "true"),
            **version_fields("nuget", written),
        )  # fmt: skip


def _rooted(source: Source) -> Source:
    """Return a text embedded in the file itself, so that several can be put together."""
    place = source.all()
    return source.root.embed(source.text, (Piece(0, len(source.text), place.start, place.end),), place.form)


def _groups(root: Tag, name: str) -> Iterator[Tag]:
    return (child for child in root.children if child.name.lower() == name)


def _masked(source: Source) -> Source:
    """Put `MARK` for what is left of MSBuild's expressions."""
    if not _PROPERTY.search(source.text):
        return source
    from relcheck.readers.composed import masked  # noqa: PLC0415 - few values hold expressions

    return masked(source, _PROPERTY)


def _nuspec(source: Source, root: Tag) -> Iterator[Fact]:
    metadata = root.one("metadata")
    if metadata is None:
        return
    name, version = metadata.source("id"), metadata.source("version")
    if name is not None and version is not None:
        template = "$" in version.text
        written: Text = UNKNOWN if template else version.text
        yield Package(
            span=version.all(), parts={} if template else {"version": version.all()}, ecosystem="nuget",
            name=UNKNOWN if "$" in name.text else name.text, folder=source.path.rpartition("/")[0], version=written,
            **version_fields("nuget", written),
        )  # fmt: skip
    for tag in metadata.walk():
        found = tag.attributes() if tag.name == "dependency" else {}
        if "id" in found and "version" in found and "$" not in found["version"].text:
            yield _dependency(found["id"], found["version"], "prod")


def _configuration(root: Tag) -> Iterator[Fact]:
    """nuget.config: <add key="NAME" value="URL" protocolVersion allowInsecureConnections/>, <clear/>."""
    from relcheck.readers.nuget_config import credentials  # noqa: PLC0415 - few projects have the file

    yield from credentials(root)
    added: list[tuple[Tag, dict[str, Source]]] = []
    for tag in root.all("packageSources"):
        for child in tag.children:
            name = child.name.lower()
            if name == "clear":
                added = []
            elif name == "add" and "value" in (found := child.attributes()):
                added.append((child, found))
    disabled = {
        found["key"].text for tag in root.all("disabledPackageSources", "add")
        if "key" in (found := tag.attributes()) and found.get("value", found["key"]).text.lower() == "true"
    }  # fmt: skip
    mapped = root.one("packageSourceMapping", "packageSource") is not None
    remote = [
        found
        for _, found in added
        if "://" in found["value"].text and found.get("key", found["value"]).text not in disabled
    ]
    for found in remote:
        yield from _source(found, mapped=mapped, others=len(remote) - 1)
    for tag in root.all("config", "add"):
        found = tag.attributes()
        if _key(found).lower() == "defaultpushsource" and "value" in found:
            yield from registry(found["value"], ecosystem="nuget", purpose="publish", key="defaultPushSource")
        elif _key(found).lower() == "http_proxy" and "value" in found:
            yield from registry(found["value"], ecosystem="nuget", purpose="proxy", key="http_proxy")
    for tag in root.all("auditSources", "add"):
        found = tag.attributes()
        if "value" in found:
            yield from registry(found["value"], ecosystem="nuget", purpose="audit", key="auditSources")


def _source(found: dict[str, Source], *, mapped: bool, others: int) -> Iterator[Fact]:
    """<add key="NAME" value="URL" disableTLSCertificateValidation="true"/>."""
    url: Text = UNKNOWN
    host: Text = UNKNOWN
    for fact in registry(found["value"], ecosystem="nuget", purpose="index", key="packageSources", scope=_key(found)):
        if isinstance(fact, Registry):
            url, host = fact.url, fact.host
            yield fact.replace(filtered=mapped, beside=others)
        else:
            yield fact
    check = found.get("disabletlscertificatevalidation")
    if check is not None and check.text.lower() in _OFF:
        yield Registry(
            span=check.all(), ecosystem="nuget", purpose="index", url=url, host=host, tls="off",
            key="disableTLSCertificateValidation",
        )  # fmt: skip


def _key(found: dict[str, Source]) -> str:
    return found["key"].text if "key" in found else ""


def _json(source: Source, name: str) -> Iterator[Fact]:
    from relcheck.readers.jsonc import load_jsonc  # noqa: PLC0415 - only for these files

    loaded = load_jsonc(source)
    for fault in loaded.faults:
        yield Unreadable(span=fault.span, reason=f"is no JSON: {fault.reason}")
    top = loaded.documents[0] if loaded.documents else None
    if not isinstance(top, Mapping):
        return
    if name == "dotnet-tools.json":
        for key, value in _pairs(top.map("tools")):
            version = value.scalar("version") if isinstance(value, Mapping) else None
            if version is not None:
                yield _dependency(key.source, version.source, "tool", where="tool")
        return
    sdk = top.map("sdk")
    version = sdk.scalar("version") if sdk is not None else None
    if version is not None:
        rolls = sdk.text("rollForward") if sdk is not None else ""
        yield Dependency(
            span=version.span, parts={"constraint": version.span}, ecosystem="dotnet-sdk", where="tool", name="dotnet-sdk",
            constraint=version.value, firmness="exact" if rolls in ("", "disable", "patch", "latestPatch") else "range",
            group="tool",
        )  # fmt: skip
    for key, value in _pairs(top.map("msbuild-sdks")):
        if isinstance(value, Scalar):
            yield _dependency(key.source, value.source, "build", exact=True)


def _pairs(table: Mapping | None) -> Iterator[tuple[Scalar, Node]]:
    yield from table.pairs() if table is not None else ()
