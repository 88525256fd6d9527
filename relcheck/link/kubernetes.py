"""Which namespace an object gets, and which images are replaced, by what builds and deploys its file.

Kustomizations form a graph: each names files and folders to build on. A file is built by every root above it, and is
supplied with a namespace, or an image with a tag, only where all of them do so. Flux, Argo CD and commands deploy a
folder into a namespace. Where not the whole repository is read and there is too much to look at, a namespace that no
file supplies is unknown, so that a file alone never gives a finding that the whole would not.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from relcheck.discover import path_class
from relcheck.facts import UNKNOWN, Command, Deploy, Image, ImageOverride, Kustomization, Resource, Text, Unknown
from relcheck.link import Repository
from relcheck.patterns import lazy_pattern

_NAMES = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_DEPLOYERS = lazy_pattern(
    r"(?:.*/)?(?:[^/]+\.(?:ya?ml|sh|bash|mk)|[Mm]akefile|GNUmakefile|Jenkinsfile|[Jj]ustfile)", re.IGNORECASE
)
_DEPLOYERS_READ = 200
"""How many files a scan of a few files looks at to find out who deploys what."""
_RESOURCES_READ = 500
"""How many files that kustomizations build are looked at to find out what a file repeats."""
_LIBRARIES = frozenset(
    ("base", "bases", "component", "components", "common", "shared", "lib", "library", "modules", "upstream")
)
_SAFE_PATTERN = lazy_pattern(r"(?:[\w./:@-]|\.[*+](?=[^*+]*$))+")
_PACKAGES = ("Kptfile",)
"""What marks a package whose tool (kpt) puts a namespace in."""
_DEEPEST = 30
_COMPONENTS = 100
_STEPS = 20_000
_LONGEST_PATTERN = 300
_PREFIX_TOOLS = ("flux", "argocd", "podman")


def link(repository: Repository) -> None:
    """Fill the namespaces of objects and say which images are replaced."""
    _scopes(repository)
    _repeated(repository)
    wanted = [found for found in repository.all(Resource) if _open(found[2])]
    images = [found for found in repository.all(Image) if found[2].replaceable]
    if not wanted and not images:
        return
    graph = Graph(repository)
    _patches(repository, graph)
    _rendered(repository, graph)
    images = [found for found in repository.all(Image) if found[2].replaceable]
    certain = _read_deployers(repository) if wanted or any(graph.builders(path) for path, _, _ in images) else True
    suppliers = Suppliers(repository, graph)
    for path, index, resource in list(repository.all(Resource)):
        if _open(resource):
            repository.put(path, index, _supplied(resource, path, suppliers, certain=certain))
    overrides, tilt = Overrides(repository, graph), bool(repository.named("Tiltfile"))
    for path, index, image in images:
        name = image.name if isinstance(image.name, str) else ""
        state = overrides.replaces_tag(path, name, image.container)
        if state is False and tilt and (image.registry, image.namespace, image.tag) == ("", "", ""):
            state = UNKNOWN  # Tilt builds images under bare names; its file is a program, which nothing here runs
        if state is not False:
            repository.put(path, index, image.replace(overridden=state))


def _repeated(repository: Repository) -> None:
    """Mark images of generated manifests that stand elsewhere, or earlier in the same file."""
    generated = {path for path, _, resource in repository.all(Resource) if resource.generated}
    if not generated:
        return
    images = [found for found in repository.all(Image) if found[2].role in ("workload", "mount", "override")]
    said = {(image.name, image.tag, image.digest) for path, _, image in images if path not in generated}
    for path, index, image in images:
        if path in generated and isinstance(image.name, str):
            key = (image.name, image.tag, image.digest)
            if key in said or not repository.whole:
                repository.put(path, index, image.replace(repeated=True if key in said else UNKNOWN))
            said.add(key)


def _rendered(repository: Repository, graph: Graph) -> None:
    """Leave open whether images repeat others where a file holds nothing but objects that kustomizations build.

    It may be what `kustomize build` printed, whose repair goes where the objects come from.
    """
    objects: dict[str, set[tuple[Text, Text]]] = {}
    for path, _, resource in repository.all(Resource):
        if not graph.builders(path):
            objects.setdefault(path, set()).add((resource.kind, resource.name))
    candidates = {path for path, found in objects.items() if len(found) > 1}
    built = sorted(graph.resources - graph.nodes.keys()) if candidates else []
    facts = [fact for path in built[:_RESOURCES_READ] for fact in repository.of(path)]
    known = {(fact.kind, fact.name) for fact in facts if isinstance(fact, Resource) and fact.name is not UNKNOWN}
    said = {(fact.name, fact.tag, fact.digest) for fact in facts if isinstance(fact, Image)}
    for path in sorted(candidates):
        if objects[path] <= known:
            for index, fact in enumerate(list(repository.of(path))):
                if isinstance(fact, Image) and not fact.repeated and (fact.name, fact.tag, fact.digest) in said:
                    repository.put(path, index, fact.replace(repeated=UNKNOWN))


def _scopes(repository: Repository) -> None:
    """Give kinds that the repository itself defines the scope that their definition says."""
    kinds = {found.defines: found.defines_scope for _, _, found in repository.all(Resource) if found.defines_scope}
    for path, index, resource in list(repository.all(Resource)) if kinds else ():
        if resource.scope == "unknown":
            scope = kinds.get(f"{resource.api_version.rpartition('/')[0]}/{resource.kind}")
            if scope is not None:
                repository.put(path, index, resource.replace(scope=scope))


def _open(resource: Resource) -> bool:
    return resource.namespace == "" and resource.namespace_from == "" and resource.scope == "namespaced"


def _supplied(resource: Resource, path: str, suppliers: Suppliers, *, certain: bool) -> Resource:
    values = suppliers.of(path)
    if "" in values:
        # Someone deploys the file without a namespace, as far as can be seen from here.
        return resource if certain else resource.replace(namespace=UNKNOWN)
    known = next(iter(values)) if len(values) == 1 else UNKNOWN
    return resource.replace(namespace=known, namespace_from=suppliers.tool(path))


def _patches(repository: Repository, graph: Graph) -> None:
    for path, index, resource in list(repository.all(Resource)):
        if path in graph.patches and path not in graph.resources and not resource.patch:
            repository.put(path, index, resource.replace(patch=True))


def _read_deployers(repository: Repository) -> bool:
    """Look at what may deploy something, where only some files are scanned; false when that is too much."""
    if repository.whole:
        return True
    paths = sorted(path for path in repository.paths if _DEPLOYERS.fullmatch(path))
    if len(paths) > _DEPLOYERS_READ:
        return False
    for path in paths:
        repository.of(path)
    return True


class Graph:
    """The kustomizations of a repository and what each of them builds on."""

    def __init__(self, repository: Repository) -> None:
        for path in repository.named(*_NAMES):
            repository.of(path)
        self._repository = repository
        for _, _, node in list(repository.all(Kustomization)):
            for child in self._children(node.folder, node.transformers):
                repository.of(child)
        self.nodes: dict[str, Kustomization] = {}
        for path, _, node in repository.all(Kustomization):
            self.nodes[path] = _merged(self.nodes[path], node) if path in self.nodes else node
        self.above: dict[str, list[str]] = {}
        self.resources: set[str] = set()
        self._named: dict[str, list[str]] = {}
        self.patches: set[str] = set()
        for path, node in self.nodes.items():
            for child in self._children(node.folder, node.resources):
                self.above.setdefault(child, []).append(path)
                self.resources.add(child)
            for child in self._children(node.folder, node.patches):
                self.above.setdefault(child, []).append(path)
                self.patches.add(child)

    def builders(self, path: str) -> list[str]:
        """Return the kustomizations that name a file or the kustomization of a folder."""
        return self.above.get(path, [])

    def _children(self, folder: str, entries: tuple[str, ...]) -> Iterator[str]:
        for entry in entries:
            if not entry or "://" in entry or "\n" in entry or entry.startswith(("/", "git@")):
                continue
            target = posixpath.normpath(posixpath.join(folder, entry))
            target = "" if target == "." else target
            if target in self._repository.paths:
                yield target
                continue
            inside = self._repository.beside(f"{target}/x" if target else "x", *_NAMES)
            if inside:
                yield inside

    def layers(self, path: str) -> list[str]:
        """Return a kustomization behind the components that it uses: all of them change what it builds, in this order."""
        found: list[str] = []
        stack = [path]
        while stack and len(found) < _COMPONENTS:
            node = stack.pop()
            if node in found:
                continue
            found.append(node)
            children = self._children(self.nodes[node].folder, self.nodes[node].resources)
            stack += [child for child in children if child in self.nodes and self.nodes[child].component]
        return [layer for node in found[::-1] for layer in (node, *self._transformers(node))]

    def _transformers(self, path: str) -> list[str]:
        """Return the transformers in files that a kustomization names; they come last."""
        if path not in self._named:
            children = self._children(self.nodes[path].folder, self.nodes[path].transformers)
            found = [child for child in children if child in self.nodes and self.nodes[child].component]
            self._named[path] = found
        return self._named[path]

    def patched(self, path: str) -> set[str]:
        """Return the containers that the patches of a kustomization give an image."""
        node = self.nodes[path]
        facts = [*self._repository.of(path)]
        for child in self._children(node.folder, node.patches):
            facts += self._repository.of(child)
        return {fact.container for fact in facts if isinstance(fact, Image) and fact.replaceable and fact.container}

    def is_library(self, path: str) -> bool:
        """Whether a kustomization that nothing here builds on is made for others to build on."""
        node = self.nodes[path]
        return node.component or node.folder.rpartition("/")[2].lower() in _LIBRARIES

    def has_unread_transformer(self, path: str) -> bool:
        """Whether a kustomization names a transformer of which it is not known what it changes."""
        return len(self._transformers(path)) < len(self.nodes[path].transformers)

    def has_unread_patch(self, path: str) -> bool:
        """Whether a patch file holds no object: it may be a list of JSON operations, on a namespace too."""
        node = self.nodes[path]
        for child in self._children(node.folder, node.patches):
            if not any(isinstance(fact, Resource) for fact in self._repository.of(child)):
                return True
        return False


def _merged(one: Kustomization, other: Kustomization) -> Kustomization:
    """Return what several transformers of one file change together."""
    return one.replace(
        namespace=other.namespace or one.namespace,
        patches=(*one.patches, *other.patches),
        images=(*one.images, *other.images),
    )


class Suppliers:
    """Who gives the objects of a file their namespace."""

    def __init__(self, repository: Repository, graph: Graph) -> None:
        self._graph = graph
        # What a test deploys somewhere says nothing of the manifests that are not its own.
        self._deploys = [
            deploy
            for path, _, deploy in repository.all(Deploy)
            if not (isinstance(deploy.path, Unknown) and path_class(path).fixture)
        ]
        self._places = _Places(self._deploys)
        self._contexts = any(
            _sets_namespace(command) for path, _, command in repository.all(Command) if not path_class(path).fixture
        )
        self._repository = repository
        self._known: dict[str, frozenset[Text]] = {}

    def of(self, path: str) -> frozenset[Text]:
        """Return the namespaces that a file's objects get, one for each way to build it; "" where nobody gives one."""
        builders = self._graph.builders(path)
        if not builders:
            return frozenset((self._deployed(path),))
        values = [self._above(builder, ()) for builder in builders if not self._is_fixture(builder, path)]
        return frozenset().union(*values) if values else frozenset((UNKNOWN,))

    def tool(self, path: str) -> str:
        """Return who supplies the namespace: kustomize, or what deploys the file."""
        if self._graph.builders(path):
            return "kustomize"
        return next((deploy.tool for deploy in self._places.of(path)), "deploy")

    def _is_fixture(self, builder: str, path: str) -> bool:
        return path_class(builder).fixture and not path_class(path).fixture

    def _above(self, path: str, visited: tuple[str, ...]) -> frozenset[Text]:
        """Return what the roots above a kustomization give: the outermost namespace counts."""
        if path in self._known:
            return self._known[path]
        if path in visited:
            return frozenset()
        if len(visited) >= _DEEPEST:
            return frozenset((UNKNOWN,))
        own = self._own(path)
        parents = [parent for parent in self._graph.builders(path) if not self._is_fixture(parent, path)]
        if parents:
            outer = frozenset().union(*(self._above(parent, (*visited, path)) for parent in parents))
            found = frozenset(own if value == "" else value for value in outer) or frozenset((own,))
        else:
            found = frozenset((own or self._root(path),))
        self._known[path] = found
        return found

    def _own(self, path: str) -> Text:
        """Return the namespace that a kustomization gives, its components included; its own comes last and counts."""
        for layer in reversed(self._graph.layers(path)):
            own = self._graph.nodes[layer].namespace
            if own != "":
                return own
            if self._graph.has_unread_patch(layer) or self._graph.has_unread_transformer(layer):
                return UNKNOWN
        return ""

    def _root(self, path: str) -> Text:
        deployed = self._deployed(path)
        return UNKNOWN if deployed == "" and self._graph.is_library(path) else deployed

    def _deployed(self, path: str) -> Text:
        """Return the namespace that a path is deployed into, "" where nothing here deploys it."""
        found = {deploy.namespace for deploy in self._places.of(path)}
        if not found:
            return UNKNOWN if self._contexts or self._repository.above(path, *_PACKAGES) else ""
        return found.pop() if len(found) == 1 else UNKNOWN


class _Places:
    """What is deployed where, found by the folders of a path instead of asking each deployment."""

    def __init__(self, deploys: list[Deploy]) -> None:
        self._deploys = deploys
        self._anywhere: list[int] = []
        self._exact: dict[str, list[int]] = {}
        self._inside: dict[str, list[int]] = {}
        for number, deploy in enumerate(deploys):
            folder = "." if isinstance(deploy.path, Unknown) else posixpath.normpath(deploy.path.strip("/") or ".")
            if folder == ".":
                self._anywhere.append(number)
                continue
            self._exact.setdefault(folder, []).append(number)
            bare = folder.lstrip("./")
            if deploy.tool not in _PREFIX_TOOLS:
                # A command's folder is relative to where it runs, which is not known.
                self._inside.setdefault(bare, []).append(number)
        self._lengths = sorted({folder.count("/") + 1 for folder in self._inside})

    def of(self, path: str) -> list[Deploy]:
        """Return what deploys a path, in order."""
        parts = path.split("/")
        found = set(self._anywhere)
        for end in range(1, len(parts) + 1):
            found.update(self._exact.get("/".join(parts[:end]), ()))
        for length in self._lengths:
            for start in range(len(parts) - length + 1):
                found.update(self._inside.get("/".join(parts[start : start + length]), ()))
        return [self._deploys[number] for number in sorted(found)]


def _sets_namespace(command: Command) -> bool:
    """Whether a command chooses the namespace of all that follow: `set-context --namespace`, `kubens`, `oc project`."""
    if command.program == "kubens" or (command.program == "oc" and command.verb == "project"):
        return True
    return (
        command.program in ("kubectl", "oc")
        and "set-context" in command.argv
        and "--namespace" in " ".join(command.argv)
    )


class Overrides:
    """Which images kustomizations give another tag or a digest."""

    def __init__(self, repository: Repository, graph: Graph) -> None:
        self._graph = graph
        self._left = _STEPS
        self._container = ""
        self._known: dict[str, list[str]] = {}
        self._patched: dict[str, set[str]] = {}
        self._edited = {name for _, _, command in repository.all(Command) for name in _edited(command)}

    def replaces_tag(self, path: str, name: str, container: str) -> bool | Unknown:
        """Whether every root that builds a file gives the image a tag or a digest; UNKNOWN where one may.

        A patch that gives the image's container an image may do so; which object it is for is not compared.
        """
        builders = [path] if path in self._graph.nodes else self._graph.builders(path)
        if not builders:
            return False
        if name in self._edited:
            return UNKNOWN
        self._container = container if path not in self._graph.patches and path not in self._graph.nodes else ""
        states = [state for builder in builders for state in self._states(builder, name, fixed=False, visited=())]
        if states and all(state is True for state in states):
            return True
        return UNKNOWN if any(state is UNKNOWN for state in states) and False not in states else False

    def _layers(self, path: str) -> list[str]:
        if path not in self._known:
            self._known[path] = self._graph.layers(path)
            for layer in self._known[path]:
                self._patched.setdefault(layer, self._graph.patched(layer))
        return self._known[path]

    def _states(self, path: str, name: str, *, fixed: bool | Unknown, visited: tuple[str, ...]) -> list[bool | Unknown]:
        self._left -= 1
        if len(visited) >= _DEEPEST or self._left < 0:
            return [UNKNOWN]
        if path in visited:
            return []
        for layer in self._layers(path):
            if fixed is False and self._container and self._patched[layer] & {self._container, "*"}:
                fixed = UNKNOWN
            for entry in self._graph.nodes[layer].images:
                matched = _matches(entry, name)
                if matched is True:
                    name = entry.new_name or name
                    fixed = True if entry.new_tag or entry.digest else fixed
                elif matched is UNKNOWN and fixed is False:
                    fixed = UNKNOWN
            if fixed is False and (
                self._graph.nodes[layer].replaces_images or self._graph.has_unread_transformer(layer)
            ):
                fixed = UNKNOWN
        parents = self._graph.builders(path)
        if not parents:
            return [fixed]
        return [
            state for parent in parents for state in self._states(parent, name, fixed=fixed, visited=(*visited, path))
        ]


def _matches(entry: ImageOverride, name: str) -> bool | Unknown:
    """Whether an entry's name, an anchored regular expression, is an image's name; UNKNOWN for costly ones."""
    if entry.name == name:
        return True
    try:
        pattern = re.compile(entry.name[:_LONGEST_PATTERN])
    except re.error:
        return False
    if not _SAFE_PATTERN.fullmatch(entry.name) or len(entry.name) > _LONGEST_PATTERN:
        return UNKNOWN if re.search(r"[*+?\[({|]", entry.name) else False
    return pattern.fullmatch(name) is not None


def _edited(command: Command) -> Iterator[str]:
    """`kustomize edit set image NAME=NEW…`: the names that a pipeline replaces before it builds."""
    if command.program == "kustomize" and "edit" in command.argv and "image" in command.argv:
        for word in command.operands:
            yield re.split(r"[=:@]", word)[0]
