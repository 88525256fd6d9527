"""What the markers of a pipeline format come to, and the images, scripts and variables that are written with them.

A format gives a `Markers`: the syntax of its variables (a key of `relcheck.refs.variables`) and a function from a name to
the values that the file tells: none, one, or several (a matrix). `None` among them is a value that is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as AnyMapping
from functools import partial
from itertools import islice, product

from relcheck.facts import Fact, Image, Related, Truth
from relcheck.readers.images import image_fact
from relcheck.readers.nodes import Mapping, Node, Scalar
from relcheck.readers.nodes import Sequence as Items
from relcheck.records import Record
from relcheck.refs import MARK
from relcheck.refs.variables import Expansion, expand
from relcheck.source import Piece, Source, Span, joined

Values = Callable[[str], Sequence[Source | str | None]]
_COMBINATIONS = 64
_WHOLE = re.compile(r"\s*(?:\$\{\{[^{}]*\}\}|\$\([\w.-]+\)|<<[^<>]*>>|\$\{\w+\}|\$\w+|\{\{[^{}]*\}\})\s*")
_DOUBLED = re.compile(r"\$\$")


def nothing(_: str) -> Sequence[Source | str | None]:
    """Know no variable."""
    return ()


class Markers(Record):
    """The variables of a format: their syntax, and what the file tells of their values.

    legs: values that belong together, one mapping for each job of a matrix; they come before what `lookup` gives.
    """

    syntax: str
    lookup: Values = nothing
    legs: tuple[AnyMapping[str, Source], ...] = ()

    def readings(self, source: Source) -> Iterator[Expansion]:
        """Yield every text that a written text can come to; one with unknown stretches where the file does not tell."""
        seen: set[str] = set()
        for leg in self.legs or ({},):
            for expansion in self._of_leg(source, leg):
                if expansion.source.text not in seen:
                    seen.add(expansion.source.text)
                    yield expansion

    def _of_leg(self, source: Source, leg: AnyMapping[str, Source]) -> Iterator[Expansion]:
        found: dict[str, Sequence[Source | str | None]] = {}

        def first(name: str) -> Source | str | None:
            found[name] = [leg[name]] if name in leg else self.lookup(name)
            return found[name][0] if found[name] else None

        expansion = expand(source, first, self.syntax)
        several = [name for name, values in found.items() if len(values) > 1]
        if not several:
            yield expansion
            return
        for chosen in islice(product(*(found[name] for name in several)), _COMBINATIONS):
            values = dict(zip(several, chosen, strict=True))
            yield expand(source, partial(_chosen, values, first), self.syntax)

    def one(self, source: Source) -> Source:
        """Return the one text that a written text comes to, unknown where a matrix gives several."""

        def single(name: str) -> Source | str | None:
            legs = [leg.get(name) for leg in self.legs]
            if any(legs):
                return legs[0] if len({value.text if value is not None else None for value in legs}) == 1 else None
            values = self.lookup(name)
            return values[0] if len(values) == 1 else None

        return expand(source, single, self.syntax).source


def _chosen(
    values: dict[str, Source | str | None], first: Callable[[str], Source | str | None], name: str
) -> Source | str | None:
    return values[name] if name in values else first(name)


def images(
    source: Source,
    markers: Markers,
    *,
    role: str,
    engine: str,
    job: str = "",
    step: int = -1,
    push: Truth = False,
    build_here: bool = False,
) -> Iterator[Image]:
    """Yield the images that a written value can name; one that is a variable as a whole stands at its definition."""
    for expansion in markers.readings(source):
        places = [(name, value) for name, value in expansion.used if isinstance(value, Source)]
        related = tuple(Related(span=value.all(), note=f"{name} is set here") for name, value in places)
        known = MARK not in expansion.source.text
        found = image_fact(
            expansion.source,
            role=role,
            engine=engine,
            written=source.text,
            state="defaulted" if expansion.defaulted and known else "literal",
            related=related,
            job=job,
            step=step,
            push=push,
            build_here=build_here,
        )
        if found is None:
            continue
        if len(places) == 1 and known and _WHOLE.fullmatch(source.text) and places[0][1].text == expansion.source.text:
            found = _at_definition(found, places[0][1], source.all())
        yield found


def _at_definition(image: Image, definition: Source, use: Span) -> Image:
    moved = image_fact(definition, role=image.role, engine=image.engine)
    if moved is None:
        return image
    related = (Related(span=use, note="used here"),)
    return image.replace(span=moved.span, parts=moved.parts, related=related, written=moved.written)


def list_of(node: Node | None) -> list[Node]:
    """Return the items of a sequence, or a single value as a list of one."""
    if node is None:
        return []
    return list(node.items) if isinstance(node, Items) else [node]


def scalars(node: Node | None) -> list[Scalar]:
    """Return the scalars of a list (lists inside it included), or a single scalar."""
    out: list[Scalar] = []
    waiting: list[Node] = [node] if node is not None else []
    seen: set[int] = set()
    while waiting:
        found = waiting.pop()
        if isinstance(found, Scalar):
            out.append(found)
        elif isinstance(found, Items) and id(found) not in seen:
            seen.add(id(found))
            waiting.extend(reversed(found.items))
    return out


def script_of(file: Source, lines: Sequence[Scalar]) -> Source | None:
    """Return the lines of a script as one text."""
    sources = [line.source for line in lines if line.value.strip()]
    if not sources:
        return None
    return sources[0] if len(sources) == 1 else joined(file, sources)


def undoubled(source: Source) -> Source:
    """Return a text in which `$$` is one dollar sign, as the formats have it that expand `$NAME` themselves."""
    pieces: list[Piece] = []
    words: list[str] = []
    size = at = 0
    for match in _DOUBLED.finditer(source.text):
        kept = source.text[at : match.start()]
        words += [kept, "$"]
        if kept:
            pieces.append(Piece(size, size + len(kept), at, match.start()))
        size += len(kept) + 1
        pieces.append(Piece(size - 1, size, match.start() + 1, match.end()))
        at = match.end()
    if not words:
        return source
    rest = source.text[at:]
    if rest:
        pieces.append(Piece(size, size + len(rest), at, len(source.text)))
    return source.embed("".join([*words, rest]), tuple(pieces), "composed")


def pairs_of(node: Node | None, *, merge: bool = True) -> Iterator[tuple[str, Scalar]]:
    """Yield the variables of a mapping, or of a list of `NAME=value` and of mappings."""
    if isinstance(node, Mapping):
        for key, value in node.pairs(merge=merge):
            if isinstance(value, Scalar):
                yield key.value, value
    for item in node.items if isinstance(node, Items) else ():
        if isinstance(item, Mapping):
            yield from pairs_of(item, merge=merge)
        elif isinstance(item, Scalar) and "=" in item.value:
            name, _, text = item.value.partition("=")
            piece = item.source.part(len(name) + 1, len(item.value))
            yield name.strip(), Scalar(piece, text, 0, len(text), item.style, lambda file, *_: file)


def variable_facts(pairs: Iterable[tuple[str, Scalar]], *, job: str = "", step: int = -1) -> Iterator[Fact]:
    """Yield what variables say: secrets written as literals, registries, switches."""
    from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few files have variables that matter

    for name, value in pairs:
        yield from environment_facts(name, value.source, job=job, step=step, where="ci")
