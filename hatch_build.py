"""Build hook: the wheel carries the rules and their compiled form, so that starting parses no YAML."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileRules(BuildHookInterface[Any]):
    """Compile `rules/` into `relcheck/_rules.json` of a wheel; an editable install reads the checkout instead."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the compiled rules to the files of a standard wheel."""
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, self.root)
        from relcheck.rule_files import read_rule
        from relcheck.rules import rule_files, to_json

        rules = [read_rule(path) for path in rule_files(Path(self.root, "rules"))]
        self._folder = tempfile.TemporaryDirectory()
        compiled = Path(self._folder.name, "_rules.json")
        compiled.write_text(to_json(rules), encoding="utf-8")
        build_data["force_include"][str(compiled)] = "relcheck/_rules.json"
        build_data["force_include"][str(Path(self.root, "rules"))] = "relcheck/rules"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove what was made for the build."""
        if hasattr(self, "_folder"):
            self._folder.cleanup()
