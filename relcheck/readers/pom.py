"""Maven: pom.xml (the POM reference) and .mvn/extensions.xml.

    project { parent, groupId, artifactId, version, packaging, properties }   the package; values of `${name}`
    dependencies, dependencyManagement, build.{plugins, pluginManagement, extensions}, reporting, profiles.profile.*
    repositories, pluginRepositories, distributionManagement                  where from, where to
    plugins that build images: jib, docker-maven-plugin, dockerfile-maven, spring-boot, jkube; properties of quarkus

A version that is missing is managed elsewhere and says nothing. Properties of a parent inside the repository are filled
in by link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import UNKNOWN, Component, Dependency, Fact, Option, Package, Registry, Text, Variables
from relcheck.readers.home_secrets import home_credential
from relcheck.readers.images import image_fact
from relcheck.readers.package_versions import version_fields
from relcheck.readers.urls import registry, userinfo
from relcheck.readers.xml_nodes import Tag, load
from relcheck.readers.xml_tree import Refused, unreadable
from relcheck.refs import MARK
from relcheck.refs.url import parse_url
from relcheck.refs.variables import Expansion, expand
from relcheck.source import Source, Span

_PLUGIN_GROUP = "org.apache.maven.plugins"
_EXACT_RANGE = re.compile(r"\[[^,\[\]()]+\]")
_RANGE = re.compile(r"[\[(].*[\])]")
_MOVING = ("LATEST", "RELEASE")
_SCOPES = {"test": "dev", "provided": "dev", "system": "dev"}
_CENTRAL = ("central-publishing-maven-plugin", "nexus-staging-maven-plugin")
_CENTRAL_HOST = "central.sonatype.com"
_SONATYPE = re.compile(r"(?:.*\.)?sonatype\.(?:org|com)$")
_BUNDLE = {"sources": "maven-source-plugin", "javadoc": "maven-javadoc-plugin", "signatures": "maven-gpg-plugin"}
_BUILDPACK_IMAGE = re.compile(r"^docker:/|:[^/@]*(?:$|@)|@sha256:")  # else the id of a buildpack in the builder
_SIGNERS = re.compile(r"(?:sign|gpg|pgp)")


def read(source: Source) -> Iterator[Fact]:
    """Read a POM, or the list of core extensions."""
    try:
        root = load(source)
    except Refused as refused:
        yield unreadable(source, refused)
        return
    if root is None:
        return
    if root.name == "extensions":
        for extension in root.all("extension"):
            yield from _Project(source, root).dependency(extension, "build")
    elif root.name == "project":
        yield from _Project(source, root).read()


class _Project:
    """One POM while it is read."""

    def __init__(self, source: Source, root: Tag) -> None:
        self.source = source
        self.root = root
        self.properties: dict[str, Source] = {}
        for holder in root.all("properties"):
            self.properties |= {child.name: child.text for child in holder.children}
        for name in ("groupId", "artifactId", "version"):
            value = root.source(name) or root.source("parent", name)
            if value is not None:
                self.properties |= {f"project.{name}": value, f"pom.{name}": value}
            if parent := root.source("parent", name):
                self.properties[f"project.parent.{name}"] = parent

    def expand(self, source: Source) -> Expansion:
        """Replace `${name}` by the properties of this file."""
        return expand(source, self.properties.get, "terraform")

    def text(self, source: Source | None) -> Text:
        """Return a value, or UNKNOWN where a property of it is not known."""
        if source is None:
            return ""
        text = self.expand(source).source.text
        return UNKNOWN if MARK in text else text.strip()

    def read(self) -> Iterator[Fact]:
        if self.root.source("artifactId") is None:
            return
        yield self._package()
        yield from self._parent()
        options = tuple(
            Option(name=name, value=value.text, span=value.all())
            for name, value in self.properties.items() if not name.startswith("pom.")
        )  # fmt: skip
        if options:
            yield Variables(span=self.source.at(0, 0), values_of=options)
        for holder in (self.root, *self.root.all("profiles", "profile")):
            yield from self._holder(holder)
        for name, value in self.properties.items():
            role = _QUARKUS.fullmatch(name)
            if role is not None:
                yield from self._image(value, "base" if role["base"] else "output")

    def _holder(self, holder: Tag) -> Iterator[Fact]:
        """The part of a POM that profiles repeat."""
        for names in ("dependencies", "dependencyManagement.dependencies"):
            for tag in holder.all(*names.split("."), "dependency"):
                yield from self.dependency(tag, _SCOPES.get(tag.value("scope"), "prod"))
        for names in ("build.plugins", "build.pluginManagement.plugins", "reporting.plugins"):
            for tag in holder.all(*names.split("."), "plugin"):
                yield from self._plugin(tag)
        for tag in holder.all("build", "extensions", "extension"):
            yield from self.dependency(tag, "build")
        yield from self._repositories(holder)

    def _package(self) -> Package:
        root = self.root
        group, artifact, version = (root.source(name) for name in ("groupId", "artifactId", "version"))
        stated = version or root.source("parent", "version")
        group = group or root.source("parent", "groupId")
        names = self.text(group), self.text(artifact)
        parts: dict[str, Span] = {}
        known = self.expand(stated).source if stated is not None else None
        written: Text = UNKNOWN if known is None or MARK in known.text else known.text
        if known is not None and written is not UNKNOWN:
            parts["version"] = known.all()
        if artifact is not None and group is not None and UNKNOWN not in names:
            parts["name"] = _across(group.all(), artifact.all())
        return Package(
            span=self._place(version, parts, artifact), parts=parts,
            ecosystem="maven", name=UNKNOWN if UNKNOWN in names else f"{names[0]}:{names[1]}",
            scope="" if names[0] is UNKNOWN else str(names[0]), folder=self.source.path.rpartition("/")[0], version=written,
            version_dynamic=version is None, private=self._is_private(), publish_host=self._publish_host(),
            bundle_lacks=self._bundle_lacks(), root=root.one("modules") is not None, **version_fields("maven", written),
        )  # fmt: skip

    def _place(self, version: Source | None, parts: dict[str, Span], artifact: Source | None) -> Span:
        """Return where the version is to be changed: an inherited one is changed elsewhere, so here at the name."""
        if version is not None and "version" in parts:
            return parts["version"]
        return artifact.all() if artifact is not None else self.source.at(0, 0)

    def _is_private(self) -> bool:
        skips = [self.properties.get("maven.deploy.skip")]
        skips += [
            tag.source("configuration", "skip") for tag in self._plugins() if tag.value("artifactId") == "maven-deploy-plugin"
        ]  # fmt: skip
        return any(skip is not None and skip.text == "true" for skip in skips)

    def _plugins(self) -> Iterator[Tag]:
        for holder in (self.root, *self.root.all("profiles", "profile")):
            yield from holder.all("build", "plugins", "plugin")

    def _publish_host(self) -> Text:
        if any(tag.value("artifactId") == _CENTRAL[0] for tag in self._plugins()):
            return _CENTRAL_HOST
        url = self.root.source("distributionManagement", "repository", "url")
        found = parse_url(self.expand(url).source.text) if url is not None else None
        return found.host if found is not None else ""

    def _bundle_lacks(self) -> tuple[str, ...]:
        """What Central demands beside the jar and no plugin of this file makes; nothing where a parent may do it."""
        plugins = {tag.value("artifactId") for tag in self._plugins()}
        host = self._publish_host()
        central = plugins & set(_CENTRAL) or host is not UNKNOWN and _SONATYPE.match(str(host))
        packaging = self.root.value("packaging") or "jar"
        if not central or packaging == "pom" or self.root.one("parent") is not None or self._is_private():
            return ()
        signed = any(_SIGNERS.search(name) for name in plugins)
        return tuple(
            what for what, plugin in _BUNDLE.items() if plugin not in plugins and not (what == "signatures" and signed)
        )  # fmt: skip

    def _parent(self) -> Iterator[Fact]:
        parent = self.root.one("parent")
        if parent is None:
            return
        path = parent.one("relativePath")
        where = "../pom.xml" if path is None else path.text.text
        name, version = f"{parent.value('groupId')}:{parent.value('artifactId')}", parent.source("version")
        if version is not None:
            # What is taken is the dependency below; this says where link finds the file, if it is one of the repository.
            yield Component(
                span=version.all(), parts={"ref": version.all()}, system="maven", kind="parent", name=name,
                owner=parent.value("groupId"), ref=version.text, ref_kind="semver-full", local=True,
                inputs=(Option(name="relativePath", value=where),),
            )  # fmt: skip
            yield from self.dependency(parent, "build")

    def dependency(self, tag: Tag, group: str, default_group: str = "") -> Iterator[Fact]:
        """A tag with groupId, artifactId and version."""
        owner, artifact, version = (tag.source(name) for name in ("groupId", "artifactId", "version"))
        if artifact is None or version is None:
            return
        names = self.text(owner) if owner is not None else default_group, self.text(artifact)
        expansion = self.expand(version)
        text = expansion.source.text.strip()
        known = MARK not in text
        parts: dict[str, Span] = {}
        if owner is not None and UNKNOWN not in names:
            parts["name"] = _across(owner.all(), artifact.all())
        if known:
            parts["constraint"] = expansion.source.all()
        path = tag.source("systemPath") is not None
        yield Dependency(
            span=version.all(), parts=parts, ecosystem="maven", where="manifest",
            name=UNKNOWN if UNKNOWN in names else f"{names[0]}:{names[1]}", constraint=text if known else UNKNOWN,
            firmness="path" if path else maven_firmness(text) if known else UNKNOWN, source="path" if path else "registry",
            group="optional" if tag.value("optional") == "true" and group == "prod" else group,
            raw="" if known else version.text,
        )  # fmt: skip

    def _plugin(self, tag: Tag) -> Iterator[Fact]:
        yield from self.dependency(tag, "build", _PLUGIN_GROUP)
        for inner in tag.all("dependencies", "dependency"):
            yield from self.dependency(inner, "build")
        known = _IMAGE_PLUGINS.get(tag.value("artifactId"))
        configurations = [*tag.all("configuration"), *tag.all("executions", "execution", "configuration")]
        for configuration in configurations if known is not None else ():
            for path, role in known or ():
                for found in configuration.all(*path.split(".")):
                    if found.name != "buildpack" or _BUILDPACK_IMAGE.search(found.text.text):
                        yield from self._image(found.text, role)
        for configuration in configurations:
            if known is not None:
                yield from self._logins(configuration)
            url = configuration.source("nexusUrl")
            if url is not None:
                yield from self._registry(url, "publish", "nexusUrl", "")

    def _logins(self, configuration: Tag) -> Iterator[Fact]:
        """Passwords that a plugin logs in to registries with: `to.auth.password`, `docker.publishRegistry.token`."""
        for names in _LOGINS:
            for login in configuration.all(*names.split(".")):
                url = parse_url(login.value("url"))
                for key in ("password", "token"):
                    value = login.source(key)
                    if value is not None and value.text.strip():
                        yield home_credential(
                            value, "maven-password", ecosystem="maven", key=names,
                            host=url.host if url is not None else "", user=login.value("username"),
                        )  # fmt: skip

    def _image(self, source: Source, role: str) -> Iterator[Fact]:
        expansion = self.expand(source)
        fact = image_fact(expansion.source, role=role, engine="maven", written=source.text, state=expansion.state)
        if fact is not None:
            yield fact

    def _repositories(self, holder: Tag) -> Iterator[Fact]:
        """repositories, pluginRepositories and distributionManagement, each with its checksum policy."""
        ordinary = list(holder.all("repositories", "repository"))
        plugins = list(holder.all("pluginRepositories", "pluginRepository"))
        targets = [
            tag for name in ("repository", "snapshotRepository") for tag in holder.all("distributionManagement", name)
        ]
        for site in holder.all("distributionManagement", "site"):
            url = site.source("url")
            found = userinfo(self.expand(url).source, ecosystem="maven", key="site") if url is not None else None
            if found is not None:
                yield found
        for tags, purpose in ((ordinary, "index"), (plugins, "plugin-index"), (targets, "publish")):
            for tag in tags:
                url = tag.source("url")
                if url is not None:
                    for fact in self._registry(url, purpose, tag.name, tag.value("id")):
                        is_index = isinstance(fact, Registry) and purpose == "index" and tag.value("id") != "central"
                        yield fact.replace(filtered=False, beside=1) if is_index else fact
                for policy in (tag.source("releases", "checksumPolicy"), tag.source("snapshots", "checksumPolicy")):
                    if policy is not None and policy.text in ("ignore", "warn"):
                        yield Registry(
                            span=policy.all(), ecosystem="maven", purpose=purpose, url="", host="",
                            key=f"checksumPolicy {policy.text}", integrity_off=True,
                        )  # fmt: skip

    def _registry(self, url: Source, purpose: str, key: str, scope: str) -> Iterator[Fact]:
        yield from registry(self.expand(url).source, ecosystem="maven", purpose=purpose, key=key, scope=scope)


def maven_firmness(version: str) -> str:
    """Return how firmly a version of Maven's grammar binds: exact, range, or tag for LATEST and RELEASE."""
    if version in _MOVING:
        return "tag"
    if _EXACT_RANGE.fullmatch(version):
        return "exact"
    return "range" if _RANGE.fullmatch(version) else "exact"


_QUARKUS = re.compile(
    r"quarkus\.(?:(?P<base>[\w-]+\.base-(?:jvm|native)-image|native\.builder-image)|container-image\.image)"
)
_LOGINS = (
    "from.auth",
    "to.auth",
    "authConfig",
    "authConfig.push",
    "authConfig.pull",
    "docker.publishRegistry",
    "docker.builderRegistry",
)


def _across(first: Span, last: Span) -> Span:
    return Span(min(first.start, last.start), max(first.end, last.end), "composed")


_DOCKER_PLUGIN = (("images.image.name", "output"), ("images.image.build.from", "base"))
_IMAGE_PLUGINS: dict[str, tuple[tuple[str, str], ...]] = {
    "jib-maven-plugin": (("from.image", "base"), ("to.image", "output")),
    "docker-maven-plugin": (*_DOCKER_PLUGIN, ("baseImage", "base"), ("imageName", "output")),
    "dockerfile-maven-plugin": (("repository", "output"),),
    "kubernetes-maven-plugin": _DOCKER_PLUGIN,
    "openshift-maven-plugin": _DOCKER_PLUGIN,
    "spring-boot-maven-plugin": (
        ("image.name", "output"), ("image.builder", "base"), ("image.runImage", "base"),
        ("image.buildpacks.buildpack", "base"), ("image.tags.tag", "output"),
    ),
}  # fmt: skip
"""Where plugins keep the images that they build from (base) and make (output), by artifact."""
