"""The forms of an inventory: a table for people, JSON and CSV for programs, CycloneDX for tools of the field."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from relcheck import __version__
from relcheck.errors import UsageProblem
from relcheck.inventory import Entry
from relcheck.redact import safe_text

SCHEMA = 1
_WIDEST = 60


def table(entries: Sequence[Entry], *, uses: bool = False) -> str:
    """Return a table with a line a coordinate; with `uses`, its places below it."""
    rows = [("KIND", "COORDINATE", "VERSION", "PINNED", "USED")]
    rows += [(entry.kind, entry.name, entry.version, entry.pin, _used(entry)) for entry in entries]
    widths = [min(max(len(row[number]) for row in rows), _WIDEST) for number in range(4)]
    lines = []
    for number, row in enumerate(rows):
        cells = [safe_text(cell).ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines.append("  ".join([*cells, row[4]]).rstrip())
        if uses and number:
            lines += [f"    {_place(entry_use)}" for entry_use in entries[number - 1].uses]
    return "".join(f"{line}\n" for line in lines)


def _used(entry: Entry) -> str:
    first = entry.uses[0]
    more = f" and {len(entry.uses) - 1} more" if len(entry.uses) > 1 else ""
    return f"{safe_text(first.path)}:{first.line}{more}"


def _place(use: object) -> str:
    path, line, column, role, job = (getattr(use, name) for name in ("path", "line", "column", "role", "job"))
    return f"{safe_text(path)}:{line}:{column} {role}" + (f" in job {safe_text(job)}" if job else "")


def as_json(entries: Sequence[Entry]) -> str:
    """Return one object with the versions of schema and tool, and the coordinates."""
    listed = [{**entry.values(), "uses": [use.values() for use in entry.uses]} for entry in entries]
    report = {"schema": SCHEMA, "tool": {"name": "relcheck", "version": __version__}, "coordinates": listed}
    return json.dumps(report, indent=2, ensure_ascii=False) + "\n"


def as_csv(entries: Sequence[Entry]) -> str:
    """Return a line a use: kind, system, name, version, digest, pin, purl, path, line, column, role, job (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(
        ["kind", "system", "name", "version", "digest", "pin", "purl", "path", "line", "column", "role", "job"]
    )
    for entry in entries:
        for use in entry.uses:
            cells = [entry.kind, entry.system, entry.name, entry.version, entry.digest, entry.pin, entry.purl]
            writer.writerow([_inert(str(cell)) for cell in (*cells, *use.values().values())])
    return out.getvalue()


def _inert(cell: str) -> str:
    """Keep a spreadsheet from taking a name of the scanned repository for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) and not cell.lstrip("+-").isdigit() else cell


def as_cyclonedx(entries: Sequence[Entry], root: str) -> str:
    """Return a CycloneDX 1.6 bill of materials as JSON, made by the standard's own library.

    It has no serial number and no time, so that the same repository gives the same bytes.
    """
    try:
        from cyclonedx.model.bom import Bom  # noqa: PLC0415 - 70 ms, only for this form
        from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415 - see above
    except ImportError:
        raise UsageProblem(
            "--format cyclonedx needs the CycloneDX library: install relcheck-lint with its extra `sbom`."
        ) from None
    from relcheck.inventory.bom import component_of, root_component  # noqa: PLC0415 - see above

    components = [component_of(entry) for entry in entries]
    bom = Bom(components=components)
    bom.metadata.component = root_component(root)
    bom.register_dependency(bom.metadata.component, components)
    made = json.loads(JsonV1Dot6(bom).output_as_string())
    made.pop("serialNumber", None)
    made["metadata"].pop("timestamp", None)
    for component in made.get("components", ()):  # the library keeps places in a set
        component["evidence"]["occurrences"].sort(key=lambda place: (place["location"], place["line"]))
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"
