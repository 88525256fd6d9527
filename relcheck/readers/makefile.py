"""Makefiles: recipe lines as shell text (GNU make manual: Writing Recipes).

A recipe line begins with a tab (or what `.RECIPEPREFIX` says), after it `@`, `-` and `+` in any mix; `$$` is a dollar of
the shell, `$(VAR)` a variable of make, known here when it is set once to a literal. Lines joined by a backslash are one
shell, under `.ONESHELL` all lines of a recipe are. `$(shell COMMAND)` and `NAME != COMMAND` run while make reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from relcheck.facts import Fact
from relcheck.refs import MARK
from relcheck.source import Piece, Source, joined_below

_LINE = re.compile(r"(?P<text>[^\r\n]*)(?:\r\n|\n|\r|\Z)")
_SETTING = re.compile(
    r"^[ ]*(?:export[ \t]+|override[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*(?:\?=|:{0,3}=)[ \t]*"
    r"(?P<value>[^#\n]*?)[ \t\r]*(?:#.*)?$",
    re.MULTILINE,
)
_CHANGED = re.compile(r"^(?:export\s+|override\s+)?(?P<name>[A-Za-z_][\w.-]*)\s*(?:\+=|!=)", re.MULTILINE)
_DEFINE = re.compile(r"^define\b.*?^endef\b", re.MULTILINE | re.DOTALL)
_DOLLAR = re.compile(
    r"\$\$|\$\((?P<round>[A-Za-z_][\w.-]*)\)|\$\{(?P<curly>[A-Za-z_][\w.-]*)\}|\$(?P<open>[({])|\$[A-Za-z@<^+?*%]"
)
_LONGEST = 2_000
"""How long the call of a function may be."""
_PREFIX = re.compile(r"[@+\-\s]*")
_INLINE = re.compile(r"^[^\t#=\n][^=\n]*?:(?![=:])[^=;\n]*;(?P<recipe>[^\n]*)$", re.MULTILINE)
_ONESHELL = re.compile(r"^\.ONESHELL[ \t]*:", re.MULTILINE)
_RECIPE_PREFIX = re.compile(r"^\.RECIPEPREFIX[ \t]*:?=[ \t]*(\S)", re.MULTILINE)
_ASSIGNED = re.compile(
    r"^[ ]*(?:export[ \t]+|override[ \t]+)?[A-Za-z_][\w.-]*[ \t]*!=[ \t]*(?P<command>[^\n]*)", re.MULTILINE
)
_FUNCTION = re.compile(r"\$[({]shell[ \t]+")
_DEPTH = 5


def read(source: Source) -> Iterator[Fact]:
    """Yield the facts of all recipes."""
    from relcheck.readers.shell import read_shell  # noqa: PLC0415 - loads the grammar of the shell

    yield from _secrets(source)
    variables = _variables(source.text)
    for command in _evaluated(source):
        yield from read_shell(_shell_text(command, variables), context="make", tolerant=True)
    for lines, tolerant in _together(_recipes(source)):
        texts = [_shell_text(line, variables) for line in lines]
        text = texts[0] if len(texts) == 1 else joined_below(source, [part for one in texts for part in (one, "\n")])
        yield from read_shell(text, context="make", tolerant=tolerant, shell_options="e")


def _secrets(source: Source) -> Iterator[Fact]:
    """Yield the tokens of publishing tools that variables of make hold."""
    from relcheck.refs.secrets import is_publish_variable  # noqa: PLC0415 - asked of the names alone

    for match in _SETTING.finditer(source.text):
        if match["value"] and is_publish_variable(match["name"]):
            from relcheck.readers.environment import environment_facts  # noqa: PLC0415 - few files set one

            yield from environment_facts(match["name"], source.part(*match.span("value")), where="script")


_MOVES = re.compile(r"(?<![\w-])(?:cd|pushd|set|export|trap)\b|(?:^|[;&|(])\s*[A-Za-z_]\w*=")


def _together(recipes: Iterator[tuple[Source, bool]]) -> Iterator[tuple[list[Source], bool]]:
    """Join the lines of a recipe: each has a shell of its own, but what one fetches or writes the next one finds.

    A line that changes its shell stands alone: the next one knows nothing of it.
    """
    lines: list[Source] = []
    state, end = False, -1
    for line, tolerant in recipes:
        place = line.all()
        alone = _MOVES.search(line.text) is not None
        between = line.root.text[end : place.start] if lines else ""
        if lines and (alone or tolerant != state or len(between) > _GAP or not _BETWEEN.fullmatch(between)):
            yield lines, state
            lines = []
        lines.append(line)
        state, end = tolerant, place.end
        if alone:
            yield lines, state
            lines = []
    if lines:
        yield lines, state


_GAP = 200
_BETWEEN = re.compile(r"\s*[@+-]*\s*")
"""What stands between two lines of one recipe."""


_USED = re.compile(r"^[ \t]+[@+-]*\$[({](?:call[ \t]+)?(?P<name>[\w.-]+)[,)}]", re.MULTILINE)
_BEGUN = re.compile(r"define[ \t]+(?P<name>[\w.-]+)[ \t]*:?=?[ \t]*")


def _defined(source: Source) -> Iterator[tuple[Source, bool]]:
    """Yield the lines of recipes that are kept under a name: `define NAME … endef`, used as `$(NAME)` or `$(call NAME,…)`.

    Those with a tab are lines of recipes wherever they stand.
    """
    used = {match["name"] for match in _USED.finditer(source.text)}
    inside, start = False, -1
    for match in _LINE.finditer(source.text) if used else ():
        text = match["text"]
        begun = _BEGUN.fullmatch(text) if text.startswith("define") else None
        if begun is not None or text.startswith("endef"):
            inside, start = begun is not None and begun["name"] in used, -1
        elif inside and text.strip() and (start >= 0 or text[0] != "\t"):
            start = match.start() if start < 0 else start
            if not text.endswith("\\"):
                yield _canned(source, start, match.start() + len(text))
                start = -1


def _canned(source: Source, start: int, end: int) -> tuple[Source, bool]:
    prefix = _PREFIX.match(source.text, start, end)
    first = prefix.end() if prefix is not None else start
    return source.part(first, end), "-" in source.text[start:first]


def _evaluated(source: Source) -> Iterator[Source]:
    """Yield what make itself runs: the command of `$(shell …)` and of `!=`; its failure stops nothing."""
    for match in _ASSIGNED.finditer(source.text):
        yield source.part(*match.span("command"))
    at = 0
    while function := _FUNCTION.search(source.text, at):
        start = function.end()
        line_end = source.text.find("\n", start)
        at = len(source.text) if line_end < 0 else line_end
        end = _closing(source.text, start, at)
        if end > start:
            yield source.part(start, end)
            at = end


def _closing(text: str, start: int, limit: int) -> int:
    """Return where the bracket that is open at `start` closes, or -1; a function stands on one line."""
    depth = 1
    for at in range(start, limit):
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(text[at], 0)
        if not depth:
            return at
    return -1


def _variables(text: str) -> dict[str, str]:
    """Return variables that are set once, to a text without functions; `?=` is a default like any other."""
    found: dict[str, list[str]] = {}
    plain = _DEFINE.sub("", text)
    for match in _SETTING.finditer(plain):
        goes_on = match["value"].endswith("\\")
        found.setdefault(match["name"], []).append(MARK if goes_on else match["value"])
    for match in _CHANGED.finditer(plain):
        found.setdefault(match["name"], []).append(MARK)
    for name in _set_conditionally(plain):
        found.setdefault(name, []).append(MARK)
    return {name: values[0] for name, values in found.items() if len(values) == 1 and MARK not in values[0]}


def _set_conditionally(text: str) -> Iterator[str]:
    """Yield variables that are set between `ifeq` or `ifdef` and `endif`; `ifndef X` around X is a default like `?=`."""
    around: list[str] = []
    for match in _LINE.finditer(text):
        line = match["text"]
        words = line.split(None, 2)
        if words and words[0] in ("ifeq", "ifneq", "ifdef", "ifndef"):
            around.append(words[1] if words[0] == "ifndef" and len(words) > 1 else "")
        elif words and words[0] == "endif" and around:
            around.pop()
        elif around and (found := _SETTING.match(line)) and (len(around) > 1 or around[0] != found["name"]):
            yield found["name"]
        if not match.group():
            break


def _recipes(source: Source) -> Iterator[tuple[Source, bool]]:
    """Yield each recipe line (with its continuations) and whether make ignores its failure (`-`)."""
    lines = [
        (match.start(), match.start() + len(match["text"]), match["text"]) for match in _LINE.finditer(source.text)
    ]
    wanted = _RECIPE_PREFIX.search(source.text)
    begin, one_shell = wanted[1] if wanted else "\t", bool(_ONESHELL.search(source.text))
    at = 0
    while at < len(lines):
        start, end, text = lines[at]
        at += 1
        if not text.startswith(begin):
            continue
        while at < len(lines) and (text.endswith("\\") or one_shell and lines[at][2].startswith(begin)):
            _, end, text = lines[at]
            at += 1
        body = source.text[start:end]
        prefix = _PREFIX.match(body, len(begin))
        skip = prefix.end() if prefix is not None else 0
        yield source.part(start + skip, end), "-" in body[len(begin) : skip]
    for match in _INLINE.finditer(source.text):
        yield source.part(*match.span("recipe")), False
    yield from _defined(source)


def _shell_text(recipe: Source, variables: dict[str, str]) -> Source:
    """Return what the shell gets: variables of make filled in, `$$` undone; unknown ones stand as `MARK`."""
    out: list[str] = []
    pieces: list[Piece] = []
    size, at = 0, 0

    def add(text: str, start: int, end: int) -> None:
        nonlocal size
        if text or end > start:
            pieces.append(Piece(size, size + len(text), start, end))
            out.append(text)
            size += len(text)

    for start, end, value in _references(recipe.text, variables, 0):
        add(recipe.text[at:start], at, start)
        add(value, start, end)
        at = end
    add(recipe.text[at:], at, len(recipe.text))
    if not pieces or "".join(out) == recipe.text:
        return recipe
    return recipe.embed("".join(out), tuple(pieces), "variable")


def _references(text: str, variables: dict[str, str], depth: int) -> Iterator[tuple[int, int, str]]:
    """Yield the references to variables and the calls of functions, with what they stand for."""
    at = 0
    while match := _DOLLAR.search(text, at):
        at = match.end()
        if match["open"]:
            at = _closing(text, match.end(), min(match.end() + _LONGEST, len(text))) + 1
            if not at:
                at = match.end()
                continue
        value = variables.get(match["round"] or match["curly"] or "")
        if match[0] == "$$":
            yield match.start(), at, "$"
        elif value is None or depth > _DEPTH:
            yield match.start(), at, MARK
        else:
            yield match.start(), at, _expanded(value, variables, depth + 1)


def _expanded(text: str, variables: dict[str, str], depth: int) -> str:
    out: list[str] = []
    at = 0
    for start, end, value in _references(text, variables, depth):
        out += [text[at:start], value]
        at = end
    return "".join([*out, text[at:]])
