"""Write the generated documents, or check that they are up to date.

`docs/nomenclature.md` is made from the code that decides names and units (`fleet/schema.py`, `fleet/flags.py`,
`fleet/categories.py`, `fleet/config.py`), so that it cannot say something else. In `docs/turbine.md` the tables between
marks are made from `turbine/step.py` and `turbine/steady.py`; the rest of that page is written by hand:

`docs/broken_input.md` lists the kinds of broken input that the tests go through (`tests/unit/broken_kinds.py`).

    python scripts/write_docs.py            # write
    python scripts/write_docs.py --check    # exit code 1 if a document is out of date
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from fleet.availability import treat_as
from fleet.categories import DEFAULT_PRIORITY, IEC_CODES, IN_SERVICE, Category
from fleet.category_sums import RUNNING_UNALLOCATED
from fleet.config import AvailabilitySettings, Farm
from fleet.flags import FLAG_TITLES, PRIORITY, USES
from fleet.schema import EVENTS, METER, OPERATOR, REANALYSIS, SCADA, TIMERS, Column
from fleet.unpacking import MOST_MEMBERS, MOST_RATIO, MOST_UNPACKED, SMALL
from tests.unit.broken_kinds import KINDS
from turbine.steady import COLUMNS
from turbine.step import CHANNELS

DOCS = Path(__file__).resolve().parent.parent / "docs"

_INTRODUCTION = """\
# Nomenclature

This page decides names, units, signs and time once; code, files and reports follow it. It is written by
`scripts/write_docs.py` from the code: change the code, then run `make docs-tables`.

## Conventions

- **Units.** SI in every public name unless the name says otherwise: `power_kw`, `vane_deg`, `current_pu`. Fractions are
  0 to 1, without `percent`.
- **Per unit** (`gridforming`). Of the network's base power in networks, of its own rating in a converter. Voltage 1 is
  the nominal peak of a phase; reactance and susceptance are those at nominal frequency; speed 1 is nominal frequency.
- **Signs.** Power is positive when it flows into the grid; reactive power is that which an inductive load takes.
  Current of a branch is positive from its start to its end.
- **Angles.** Directions of wind and nacelle are in degrees clockwise from north, where the wind comes *from*; a vane is
  relative to the nacelle.
- **Space vectors** (`gridforming`). d + jq, as long as the peak of a phase; q leads d by 90 degrees. At rest the real
  part is phase a, and c follows b follows a. Networks stand in a frame that turns at `frame_speed` [pu] and agrees with
  the one at rest at time zero; angles are in rad.
- **Time.** UTC with microsecond resolution. A stamp labels the **start** of its averaging interval; readers shift
  formats that label the end. Spans are half-open: [start, end). Simulations count seconds from their start.
- **Missing** numbers are NaN, missing times NaT. A result that cannot be determined is NaN, with the reason beside it.
- **Wind speed** is that of the nacelle anemometer unless a name says otherwise: it is not the free wind speed.
"""

_TABLES: tuple[tuple[str, str, tuple[Column, ...]], ...] = (
    ("SCADA records", "One row per turbine and averaging interval.", SCADA),
    ("Events", "One row of a status log.", EVENTS),
    ("State timers", "One row per turbine and interval.", TIMERS),
    ("The operator's availability", "One row per turbine and interval.", OPERATOR),
    ("Plant meter", "One row per interval, for the whole plant.", METER),
    ("Reanalysis", "Hourly values at the site.", REANALYSIS),
)


def nomenclature() -> str:
    """Return the text of `docs/nomenclature.md`."""
    parts = [_INTRODUCTION, "## Canonical tables\n\nReaders write these columns, analyses read them.\n"]
    for title, sentence, table in _TABLES:
        parts.append(f"### {title}\n\n{sentence}\n\n{_columns(table)}")
    parts += [_flags(), _categories(), _settings()]
    return "\n".join(parts)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = [names, ["---"] * len(names), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _columns(table: tuple[Column, ...]) -> str:
    def span(column: Column) -> str:
        return "" if column.low is None or column.high is None else f"{column.low:g} to {column.high:g}"

    head = ("column", "dtype", "unit", "meaning", "possible range", "IEC 61400-25-2")
    return _table(head, ([f"`{c.name}`", f"`{c.dtype}`", c.unit, c.meaning, span(c), c.iec_name] for c in table))


def _flags() -> str:
    text = (
        "## Flags\n\nA row may carry several. For each use a row's *reason* is the first of its flags, in this order, "
        "that keeps it out of\nthat use; so rows in = rows used + rows rejected by reason. Nothing is deleted.\n\n"
    )
    rows = (
        [
            f"`{str(flag.name).lower()}`",
            str(int(flag)),
            FLAG_TITLES[flag],
            *("out" if flag & kept_out else "" for kept_out in USES.values()),
        ]
        for flag in PRIORITY
    )
    return text + _table(("flag", "bit", "title", *USES), rows)


def _categories() -> str:
    text = (
        "## Information categories\n\nAfter IEC 61400-26-1:2019, in the default order in which one counts where two "
        "overlap (`availability.priority`). The technical\nview is indicative: the standard leaves it to an "
        "informative annex. Scheduled maintenance counts there beyond its\n"
        "allowance (`availability.maintenance_allowance_h`).\n\n"
        f"Two labels stand beside the categories of the standard: `{Category.UNALLOCATED}` is a stop of which nothing "
        f"says why, and\n`{RUNNING_UNALLOCATED}` is time in service of which nothing says how well (a log without "
        "a state, a record whose power\ndoes not fit the wind). The hours of both are given as unallocated beside each "
        "availability. The second follows from the data:\n`farm.toml` does not take it, and a contract counts it as it "
        "counts the states in service where it treats them all alike,\nelse not at all. Blank: available.\n\n"
    )
    settings = AvailabilitySettings()
    words = {"available": "", "unavailable": "unavailable", "not_counted": "excluded"}

    def treated(label: str, view: Literal["operational", "technical"]) -> str:
        maintenance = label == Category.SCHEDULED_MAINTENANCE and view == "technical"
        return "beyond its allowance" if maintenance else words[treat_as(label, view, settings)]

    rows = [(category.value, IEC_CODES.get(category, "none"), category in IN_SERVICE) for category in DEFAULT_PRIORITY]
    rows.append((RUNNING_UNALLOCATED, "none", True))
    head = ("category", "IEC code", "in service", "operational view", "technical view")
    return text + _table(
        head,
        (
            [f"`{label}`", code, "yes" if running else "", treated(label, "operational"), treated(label, "technical")]
            for label, code, running in rows
        ),
    )


def _settings() -> str:
    schema = Farm.model_json_schema()
    models: Mapping[str, Any] = schema["$defs"]
    text = "## Settings: `farm.toml`\n\nAn unknown key is refused with the nearest known one.\n\n### Top level\n\n"
    parts = [text + _keys(schema, models)]
    for key, field in schema["properties"].items():
        model = _model(field, models)
        if model is not None:
            title = f"`[[{key}]]`" if field.get("type") == "array" else f"`[{key}]`"
            parts.append(f"### {title}\n\n{model.get('description', '')}\n\n{_keys(model, models)}")
            for inner, nested in model["properties"].items():
                part = _model(nested, models)
                if part is not None:
                    name = f"{key}.{inner}" + (".<name>" if nested.get("type") == "object" else "")
                    parts.append(f"### `[{name}]`\n\n{part.get('description', '')}\n\n{_keys(part, models)}")
    return "\n".join(parts)


def _model(field: Mapping[str, Any], models: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the model that a key holds, alone, in a list, as values of a mapping, or as one of several choices."""
    inside = field.get("additionalProperties")
    candidates = [field, field.get("items", {}), inside if isinstance(inside, dict) else {}, *field.get("anyOf", [])]
    for candidate in candidates:
        if "$ref" in candidate:
            model: Mapping[str, Any] = models[candidate["$ref"].rsplit("/", 1)[1]]
            return model if "properties" in model else None
    return None


def _keys(model: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    needed = model.get("required", [])
    rows = (
        [
            f"`{name}`",
            _kind(field, models),
            "required" if name in needed else _default(field, models),
            "" if _model(field, models) is not None and "description" not in field else field.get("description", ""),
        ]
        for name, field in model["properties"].items()
    )
    return _table(("key", "type", "default", "meaning"), rows)


def _kind(field: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    if "anyOf" in field:
        return _kind(next(choice for choice in field["anyOf"] if choice.get("type") != "null"), models)
    if "$ref" in field:
        target = models[field["$ref"].rsplit("/", 1)[1]]
        return "table" if "properties" in target else "category"
    if "enum" in field:
        return ", ".join(f"`{value}`" for value in field["enum"])
    if field["type"] == "array":
        items = field.get("prefixItems", [field.get("items", {})])
        return f"list of {_kind(items[0], models)}" + (f" ({len(items)})" if "prefixItems" in field else "")
    if field["type"] == "object":
        return f"table of {_kind(field['additionalProperties'], models)}"
    name = {"string": "text", "number": "number", "integer": "whole number", "boolean": "true or false"}[field["type"]]
    if field.get("format") == "date-time":
        name = "time"
    limits = [
        f"{sign} {field[word]:g}"
        for word, sign in (("exclusiveMinimum", ">"), ("minimum", ">="), ("exclusiveMaximum", "<"), ("maximum", "<="))
        if word in field
    ]
    return f"{name}, {', '.join(limits)}" if limits else name


def _default(field: Mapping[str, Any], models: Mapping[str, Any]) -> str:
    value = field.get("default")
    if _model(field, models) is not None or value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list):
        return "the order above" if len(value) == len(DEFAULT_PRIORITY) else ", ".join(f"`{item}`" for item in value)
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def turbine(page: str) -> str:
    """Return the text of `docs/turbine.md` with its tables written anew; the marks around them stay."""
    channels = {name for name, _, _ in CHANNELS}
    tables = {"channels": CHANNELS, "steady": [column for column in COLUMNS if column[0] not in channels]}
    for name, columns in tables.items():
        begin, end = f"<!-- {name}: written by scripts/write_docs.py -->\n", f"<!-- end of {name} -->\n"
        before, found, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            sys.exit(f"docs/turbine.md lacks the marks {begin.strip()} and {end.strip()}")
        rows = ([f"`{column}`", unit, meaning] for column, unit, meaning in columns)
        page = f"{before}{begin}\n{_table(('name', 'unit', 'meaning'), rows)}\n{end}{after}"
    return page


def broken_input() -> str:
    """Return the page of broken input."""
    head = ("kind", "what `wind-fleet report` does", "exit code")
    rows = _table(head, ([name, kind.does, str(kind.code)] for name, kind in KINDS.items()))
    return f"""\
# Broken input

What is wrong with a farm's files is either refused with one message, which names the file, the row or column, what was
found and what was expected, or the rows are counted by reason: rows in = rows used + rows rejected. Nothing is dropped
silently, and no figure is silently another one. This page is written by `scripts/write_docs.py` from the table that
the tests run (`tests/unit/broken_kinds.py`): for each kind they compare exit code, message, counted rows, and the
energy of the rows that are left with a sum in decimal arithmetic.

What no program can see is a digit that turned into another one. Zip and gzip hold checksums, which are checked, and
Parquet may (`write_page_checksum`); plain text does not.

`wind-fleet inspect` lists a file that cannot be used with its reason, beside the others.

Exit codes: 0 done, 2 wrong option or `farm.toml`, 3 unusable data, 4 cannot write; 5, which is no matter of input,
stands with them in the [guide](index.md#exit-codes).

{rows}
## Where files may lie

In a folder, in zip archives below it (each member is a file of its own, `2016.zip/Turbine_Data_1.csv`), or in an object
store by its URL (`s3://bucket/farm`, `gs://...`), which needs the package that speaks its protocol (`s3fs`, `gcsfs`).
Files may be gzip. Packed files are unpacked in memory: up to {MOST_UNPACKED >> 30} GiB each, and up to {MOST_RATIO}
times their packed size where that makes more than {SMALL >> 20} MiB, at most {MOST_MEMBERS:,} in an archive. Nothing is
unpacked to disk, and results are written locally only.

A pattern of `[[sources]]` means members by their name (`2016.zip/Turbine_*.csv`, `**/*.csv`) or an archive as a whole
(`*.zip`).
"""


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Write the generated documents.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if one is out of date")
    check = parser.parse_args().check
    page = DOCS / "turbine.md"
    for path, text in (
        (DOCS / "nomenclature.md", nomenclature()),
        (DOCS / "broken_input.md", broken_input()),
        (page, turbine(page.read_text(encoding="utf-8"))),
    ):
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
        elif not path.is_file() or path.read_text(encoding="utf-8") != text:
            sys.exit(f"docs/{path.name} is out of date: run `make docs-tables`")


if __name__ == "__main__":
    main()
