"""Which rules judge which path, with which settings, and what the configuration silences there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from relcheck.config import Accepted, Settings, is_past, nearest
from relcheck.discover import Candidate, Discovery, PathPattern
from relcheck.errors import ConfigProblem
from relcheck.findings import Finding
from relcheck.rules import Rule, RuleSet
from relcheck.scan import Judging


class Control:
    """What patterns and entries of the configuration silence in one folder."""

    def __init__(self, settings: Settings, rules: RuleSet, root: str) -> None:
        self._origin = settings.origins.get("per-file-ignores", "configuration")
        base = settings.bases.get("per-file-ignores", "")
        self._patterns = [
            (
                PathPattern(glob, base, root),
                frozenset(name for word in words for name in _known(rules, word, "per-file-ignores", settings)),
            )
            for glob, words in settings.table("per-file-ignores").items()
        ]
        self._accepted = [
            (
                entry,
                frozenset(_accepted_rules(entry, rules)),
                PathPattern(entry.path, entry.base, root) if entry.path else None,
            )
            for entry in settings.accepted
        ]

    def reason(self, finding: Finding, path: str) -> str:
        """Return why a finding in the file of a path is silenced, or the empty string."""
        if any(finding.rule in names and pattern.fullmatch(path) for pattern, names in self._patterns):
            return f"per-file-ignores in {self._origin}"
        for entry, names, pattern in self._accepted:
            if finding.rule not in names or (pattern and not pattern.fullmatch(path)):
                continue
            if entry.until and is_past(entry.until):
                continue
            if not entry.coordinate or entry.coordinate in finding.subject or entry.coordinate in finding.message:
                return entry.reason
        return ""


class Selection:
    """What is in force where: settings of the root, of folders below, and of the command line; made once a folder."""

    def __init__(self, base: Settings, nested: Mapping[str, Settings], options: Settings, root: str) -> None:
        self._base = base
        self._nested = dict(sorted(nested.items()))
        self._options = options
        self._root = root
        self._settings: dict[str, Settings] = {}
        self._judging: dict[str, Judging] = {}
        self._controls: dict[str, Control] = {}
        self._left_out: dict[str, list[PathPattern]] = {}

    def _folder(self, path: str) -> str:
        """Return the nearest folder above a path that has settings of its own, "" for the root."""
        folder = path.rpartition("/")[0]
        while folder and folder not in self._nested:
            folder = folder.rpartition("/")[0]
        return folder if self._nested else ""

    def settings(self, path: str) -> Settings:
        """Return the settings in force for a path below the root."""
        folder = self._folder(path)
        if folder not in self._settings:
            merged = self._base
            for name, found in self._nested.items():
                if folder == name or folder.startswith(f"{name}/"):
                    merged = merged.under(found)
            self._settings[folder] = merged.with_options(self._options)
        return self._settings[folder]

    def judging(self, path: str, rules: RuleSet) -> Judging:
        """Return what decides for a path: the same object for the same folder."""
        folder = self._folder(path)
        if folder not in self._judging:
            self._judging[folder] = make_judging(self.settings(path), rules)
        return self._judging[folder]

    def control(self, path: str, rules: RuleSet) -> Control:
        """Return what patterns and entries of the configuration silence around a path."""
        folder = self._folder(path)
        if folder not in self._controls:
            self._controls[folder] = Control(self.settings(path), rules, self._root)
        return self._controls[folder]

    def check(self, rules: RuleSet) -> None:
        """Raise `ConfigProblem` where any setting names no rule, whether or not a file asks for it."""
        for folder in ("", *self._nested):
            self.judging(f"{folder}/x", rules)
            self.control(f"{folder}/x", rules)

    def without_excluded(self, discovery: Discovery, *, force: bool) -> Discovery:
        """Return a discovery without the files that configuration files exclude; those named outright stay."""
        patterns: dict[str, list[PathPattern]] = {}
        passed = dict(discovery.passed_over)

        def stays(candidate: Candidate) -> bool:
            folder = self._folder(candidate.path)
            if folder not in patterns:
                patterns[folder] = list(self._exclusions(folder))
            hit = any(pattern.fullmatch(candidate.path) for pattern in patterns[folder])
            if not hit or (candidate.named and not force):
                return True
            passed[candidate.path] = "excluded by the configuration"
            return False

        files = tuple(candidate for candidate in discovery.files if stays(candidate))
        texts = tuple(candidate for candidate in discovery.texts if stays(candidate))
        return discovery.replace(files=files, texts=texts, passed_over=tuple(sorted(passed.items())))

    def excludes(self, path: str) -> bool:
        """Whether the command line or the configuration files leave a path out, whatever is scanned."""
        folder = self._folder(path)
        if folder not in self._left_out:
            given = [PathPattern(glob) for glob in self._options.words("exclude")]
            self._left_out[folder] = [*given, *self._exclusions(folder)]
        return any(pattern.fullmatch(path) for pattern in self._left_out[folder])

    def _exclusions(self, folder: str) -> Iterator[PathPattern]:
        """Yield the patterns in force in a folder: those of the nearest file that has any."""
        nearest_first = [self._nested[name] for name in reversed(self._nested) if f"{folder}/".startswith(f"{name}/")]
        for settings in (*nearest_first, self._base):
            if "exclude" in settings.entries:
                yield from (
                    PathPattern(glob, settings.bases.get("exclude", ""), self._root)
                    for glob in settings.words("exclude")
                )
                return


def make_judging(settings: Settings, rules: RuleSet) -> Judging:
    """Return the selected rules and what they are given; raise `ConfigProblem` for a word that names no rule."""
    select, asked = _resolve(settings, rules, "select")
    ignored, _ = _resolve(settings, rules, "ignore")
    chosen = select or frozenset(rules.rules)
    severities: dict[str, str] = {}
    for key, word in settings.table("severity").items():
        names = _known(rules, key, "severity", settings)
        severities |= dict.fromkeys(names, str(word))
        asked |= frozenset(names if _outright(key, names, rules) else ())
    params: dict[str, dict[str, object]] = {}
    for name, changes in settings.table("params").items():
        for rule in _known(rules, name, "params", settings):
            params[rule] = _checked_params(rules.rules[rule], changes, settings)
    return Judging(
        rules=tuple(rule for name, rule in rules.rules.items() if name in chosen and name not in ignored),
        asked=asked,
        profile=settings.profile,
        severities=severities,
        params=params,
        own=settings.own,
    )


def _resolve(settings: Settings, rules: RuleSet, key: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the rules that a setting names, and those among them that it names outright (not by topic)."""
    found: set[str] = set()
    named: set[str] = set()
    for word in settings.words(key):
        names = _known(rules, word, key, settings)
        found.update(names)
        if _outright(word, names, rules):
            named.update(names)
    return frozenset(found), frozenset(named)


def _outright(word: str, names: tuple[str, ...], rules: RuleSet) -> bool:
    """Whether a word names one rule, by its name or an old one, and not a topic or all of them."""
    return len(names) == 1 and (word in rules.rules or word in rules.rules[names[0]].formerly)


def _accepted_rules(entry: Accepted, rules: RuleSet) -> tuple[str, ...]:
    names = rules.resolve(entry.rule)
    if not names:
        hint = nearest(entry.rule, rules.rules)
        raise ConfigProblem(f"{entry.where}: [[accept]] names {entry.rule!r}, which is no rule and no topic{hint}")
    return names


def _known(rules: RuleSet, word: str, key: str, settings: Settings) -> tuple[str, ...]:
    names = rules.resolve(word)
    if not names:
        origin = settings.origins.get(key, "command line")
        raise ConfigProblem(
            f"{origin}: {key} names {word!r}, which is no rule and no topic{nearest(word, rules.rules)}"
        )
    return names


def _checked_params(rule: Rule, changes: object, settings: Settings) -> dict[str, object]:
    origin = settings.origins.get("params", "")
    if not isinstance(changes, Mapping):
        raise ConfigProblem(f"{origin}: params.{rule.name} is a table of parameters.")
    for name, value in changes.items():
        base = name if name in rule.params else name.removeprefix("extend-")
        if base not in rule.params:
            raise ConfigProblem(f"{origin}: the rule {rule.name} has no parameter {name!r}{nearest(name, rule.params)}")
        wanted = rule.params[base]
        if not _like(wanted, value) or (base != name and not isinstance(wanted, list)):
            raise ConfigProblem(f"{origin}: params.{rule.name}.{name} must be like {wanted!r}.")
    return dict(changes)


def _like(wanted: object, value: object) -> bool:
    """Whether a value has the type that a rule's expressions were checked with."""
    if isinstance(wanted, (list, tuple)):
        return isinstance(value, list) and all(isinstance(word, str) for word in value)
    return type(value) is type(wanted)
