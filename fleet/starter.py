"""The starter `farm.toml`: what an inventory found, as settings that can be read back, the unknown as comments."""

from __future__ import annotations

import fnmatch
import glob
import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fleet.config import Turbine

if TYPE_CHECKING:
    from fleet.inventory import FileEntry, Inventory, TurbineEntry

__all__ = ["starter_farm_toml"]

_DEFAULT_PERIOD_S = 600


def starter_farm_toml(inventory: Inventory) -> str:
    """Return the text of a `farm.toml` for what was found; `load_farm` accepts it as it is.

    Parameters
    ----------
    inventory : Inventory
        Result of `inspect_folder`.
    """
    return "\n".join(
        [
            "# Written by `wind-fleet inspect` from what the folder holds: check it, complete it.",
            f"name = {_text(inventory.folder)}",
            *_zone(inventory),
            f"averaging_period_s = {_period(inventory)}",
            *_assets(inventory),
            "",
            *_sources(inventory),
            *_turbines(inventory),
        ]
    )


def _text(value: str) -> str:
    """Return a TOML basic string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def _comment(value: str) -> str:
    return " ".join(value.split())


def _zone(inventory: Inventory) -> list[str]:
    offsets = sorted({offset for entry in inventory.files for offset in entry.offsets_s})
    written = ", ".join(f"{'-' if o < 0 else '+'}{abs(o) // 3600:02d}:{abs(o) % 3600 // 60:02d}" for o in offsets)
    seen = f"; offsets of the stamps: {written}" if written else ""
    return [f'time_zone = "UTC"  # IANA name of the site\'s civil time, as Europe/Paris{seen}']


def _period(inventory: Inventory) -> int:
    steps = Counter(f.sampling_s for f in inventory.files if f.kind == "scada" and f.sampling_s)
    usable = {step: count for step, count in steps.items() if step is not None and step <= 3600}
    return min(usable, key=lambda step: (-usable[step], step)) if usable else _DEFAULT_PERIOD_S


def _assets(inventory: Inventory) -> list[str]:
    tables = [entry.path for entry in inventory.files if entry.kind == "assets" and not entry.why]
    return [f"# assets = {_text(path)}  # instead of the turbines below" for path in tables]


def _sources(inventory: Inventory) -> list[str]:
    lines: list[str] = []
    usable = [entry for entry in inventory.files if entry.format and entry.kind != "assets" and not entry.why]
    for name in dict.fromkeys(entry.format for entry in usable):
        group = [entry for entry in usable if entry.format == name]
        for pattern in _patterns([entry.path for entry in group], [entry.path for entry in inventory.files]):
            lines += ["[[sources]]", f"format = {_text(name)}  # {group[0].title}", f"files = {_text(pattern)}"]
            if group[0].stamps == "assumed start":
                lines.append('# stamps = "start"  # assumed: the publisher does not say; else "end"')
            lines.append("")
    for entry in inventory.files:
        if entry.proposal and entry.proposal.signals:
            lines += _generic(entry)
        elif entry.why:
            lines += [f"# not used: {_comment(entry.path)}: {_comment(entry.why)}", ""]
    return lines


def _patterns(group: Sequence[str], everything: Sequence[str]) -> list[str]:
    """Return one glob that matches exactly the group's files, or one per file where there is none."""
    each = [glob.escape(path) for path in group]
    if len(group) == 1:
        return each
    folders = {os.path.dirname(path) for path in group}
    start = _shared(group)
    end = _shared([path[len(start) :][::-1] for path in group])[::-1]
    pattern = f"{glob.escape(start)}*{glob.escape(end)}"
    exact = {path for path in everything if fnmatch.fnmatchcase(path, pattern)} == set(group)
    return [pattern] if exact and len(folders) == 1 else each


def _shared(words: Sequence[str]) -> str:
    """Return the characters that all words begin with."""
    first, last = min(words), max(words)
    same = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), min(len(first), len(last)))
    return first[:same]


def _generic(entry: FileEntry) -> list[str]:
    guess = entry.proposal
    assert guess is not None
    lines = [
        f"{_comment(entry.path)}: {_comment(entry.why)}",
        f"columns: {', '.join(_comment(name) for name in guess.columns)}",
        "[[sources]]",
        'format = "generic"',
        f"files = {_text(glob.escape(entry.path))}",
        f"time_column = {_text(guess.time_column or 'COLUMN')}",
        'time_zone = "UTC"  # of stamps without an offset',
        'stamps = "start"  # or "end"',
        f"turbine_column = {_text(guess.turbine_column)}" if guess.turbine_column else 'turbine = "NAME"',
    ]
    if guess.delimiter and guess.delimiter != ",":
        lines.append(f"delimiter = {_text(guess.delimiter)}")
    for canonical, (column, unit) in guess.signals.items():
        lines.append(f"columns.{canonical} = {{ column = {_text(column)}, unit = {_text(unit)} }}")
    return [*(f"# {line}" for line in lines), ""]


def _turbines(inventory: Inventory) -> list[str]:
    lines: list[str] = []
    for turbine in inventory.turbines:
        lines += [*_turbine(turbine), ""]
    return lines


def _turbine(turbine: TurbineEntry) -> list[str]:
    # Without a rated power the block would be refused: it stays a comment until someone gives it.
    prefix = "" if "rated_power_kw" in turbine.asset else "# "
    lines = ["[[turbines]]", f"name = {_text(turbine.name)}"]
    for key in Turbine.model_fields:
        value = turbine.asset.get(key)
        if key == "name":
            continue
        if value is None or value == "":
            placeholder = '""' if key in ("manufacturer", "model") else "0.0"
            lines.append(f"# {key} = {placeholder}  # {_unit(key)}")
        else:
            lines.append(f"{key} = {_text(value) if isinstance(value, str) else repr(float(value))}")
    return [f"{prefix}{line}" if not line.startswith("#") else line for line in lines]


def _unit(key: str) -> str:
    return Turbine.model_fields[key].description or "unknown"
