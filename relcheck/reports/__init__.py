"""Reports by name; each module has `render(outcome) -> str`. They decide nothing."""

from __future__ import annotations

from importlib import import_module

REPORTS = {
    "text": "relcheck.reports.text",
    "json": "relcheck.reports.json",
    "sarif": "relcheck.reports.sarif",
    "github": "relcheck.reports.github",
}


def render(name: str, outcome: object) -> str:
    """Return the report of a format as text, ready to be written."""
    rendered: str = import_module(REPORTS[name]).render(outcome)
    return rendered
