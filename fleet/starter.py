"""The starter `farm.toml`: what an inventory found, as settings that can be read back, the unknown as comments."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fleet.readers.units import known_units
from fleet.schema import SIGNALS, columns
from fleet.turbine_block import toml_text, turbine_block
from fleet.wording import natural

if TYPE_CHECKING:
    from fleet.inventory import FileEntry, Inventory
    from fleet.readers.unknown import Proposal

__all__ = ["missing_settings", "starter_farm_toml"]

_DEFAULT_PERIOD_S = 600
_LONGEST_S, _DAY_S = 3600, 86_400


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
            f"name = {toml_text(inventory.folder)}",
            *_zone(inventory),
            f"averaging_period_s = {_period(inventory)}",
            *_assets(inventory),
            *_rated_power(inventory),
            "",
            *_sources(inventory),
            *_turbines(inventory),
        ]
    )


def missing_settings(inventory: Inventory) -> str:
    """Return what the folder's `farm.toml` lacks: sources that can be guessed, and turbines that only the data name.

    Parameters
    ----------
    inventory : Inventory
        Result of `inspect_folder`. Empty text: nothing is missing.
    """
    known = any(entry.kind == "scada" and not entry.why for entry in inventory.files)
    guessed = [] if known else _guessed(inventory)
    return "\n".join([*guessed, *_turbines(inventory, only_missing=True)]).strip("\n")


def _comment(value: str) -> str:
    return " ".join(value.split())


def _zone(inventory: Inventory) -> list[str]:
    offsets = sorted({offset for entry in inventory.files for offset in entry.offsets_s})
    written = ", ".join(f"{'-' if o < 0 else '+'}{abs(o) // 3600:02d}:{abs(o) % 3600 // 60:02d}" for o in offsets)
    seen = f"; offsets of the stamps: {written}" if written else ""
    return [f'time_zone = "UTC"  # IANA name of the site\'s civil time, as Europe/Paris{seen}']


def _period(inventory: Inventory) -> int:
    steps = Counter(f.sampling_s for f in inventory.files if f.kind in ("scada", "timers") and f.sampling_s)
    if not steps:
        steps = Counter(guess.sampling_s for _, guess in _working(inventory) if guess.sampling_s)
    usable = {step: n for step, n in steps.items() if step is not None and step <= _LONGEST_S and not _DAY_S % step}
    return min(usable, key=lambda step: (-usable[step], step)) if usable else _DEFAULT_PERIOD_S


def _assets(inventory: Inventory) -> list[str]:
    tables = [entry.path for entry in inventory.files if entry.kind == "assets" and not entry.why]
    return [f"# assets = {toml_text(path)}  # instead of the turbines below" for path in tables]


def _rated_power(inventory: Inventory) -> list[str]:
    if all("rated_power_kw" in turbine.asset for turbine in inventory.turbines if turbine.asset):
        return []
    return ["# rated_power_kw = 0.0  # of turbines for which the asset table gives none: fill in [kW]"]


def _sources(inventory: Inventory) -> list[str]:
    lines: list[str] = []
    usable = [entry for entry in inventory.files if entry.format and entry.kind != "assets" and not entry.why]
    for name in dict.fromkeys(entry.format for entry in usable):
        group = [entry for entry in usable if entry.format == name]
        for pattern in _patterns([entry.path for entry in group], [entry.path for entry in inventory.files]):
            lines += ["[[sources]]", f"format = {toml_text(name)}  # {group[0].title}", f"files = {toml_text(pattern)}"]
            if group[0].stamps.startswith("assumed"):
                assumed = group[0].stamps.removeprefix("assumed ")
                other = "end" if assumed == "start" else "start"
                lines.append(f'# stamps = "{assumed}"  # assumed: the publisher does not say; else "{other}"')
            lines.append("")
    lines += _guessed(inventory)
    for entry in inventory.files:
        if entry.why and not _is_table(entry):
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


def _is_table(entry: FileEntry) -> bool:
    """Return whether a file of no known format may be SCADA: a column holds stamps, or some look like signals."""
    return entry.proposal is not None and bool(entry.proposal.time_column or entry.proposal.signals)


def _working(inventory: Inventory) -> list[tuple[FileEntry, Proposal]]:
    """Return the guesses that are proposed as settings: those that work, where no file is SCADA of a known format."""
    if any(entry.kind == "scada" and not entry.why for entry in inventory.files):
        return []
    return [(entry, entry.proposal) for entry in inventory.files if entry.proposal and entry.proposal.works]


def _guessed(inventory: Inventory) -> list[str]:
    """Return sources for tables of no known format; as comments where a guess does not work or is not needed."""
    groups: list[tuple[Proposal, list[FileEntry]]] = []
    for entry in filter(_is_table, inventory.files):
        assert entry.proposal is not None
        alike = replace(entry.proposal, turbines=(), sampling_s=None)
        known = next((entries for guess, entries in groups if guess == alike), None)
        if known is None:
            groups.append((alike, [entry]))
        else:
            known.append(entry)
    working = [entry for entry, _ in _working(inventory)]
    paths = [entry.path for entry in inventory.files]
    lines: list[str] = []
    for guess, entries in groups:
        for pattern in _patterns([entry.path for entry in entries], paths):
            lines += [f"# {_comment(entries[0].path)}: {_comment(entries[0].why)}"]
            active = entries[0] in working
            if not active:
                lines.append("# Not used as it stands; to use it, complete and uncomment:")
            block = _block(guess, pattern)
            lines += [*(block if active else [f"# {line}" for line in block]), ""]
    return lines


def _block(guess: Proposal, pattern: str) -> list[str]:
    lines = [
        "# Guessed from names and content: check every line.",
        "[[sources]]",
        'format = "generic"',
        f"files = {toml_text(pattern)}",
        f"time_column = {toml_text(guess.time_column or 'COLUMN')}",
    ]
    if guess.time_format:
        lines.append(f"time_format = {toml_text(guess.time_format)}{_ambiguous(guess.time_format)}")
    if not guess.time_format.endswith("%z"):
        lines.append('time_zone = "UTC"  # of stamps without an offset: an IANA name, or a fixed offset as +01:00')
    lines.append('# stamps = "start"  # assumed; the interval\'s other end: "end"')
    if guess.turbine_column:
        lines.append(f"turbine_column = {toml_text(guess.turbine_column)}")
    else:
        lines.append(f"turbine = {toml_text(guess.turbine)}  # after the file's name: no column names the turbine")
    if guess.delimiter != ",":
        lines.append(f"delimiter = {toml_text(guess.delimiter)}")
    if guess.decimal != ".":
        lines.append(f"decimal = {toml_text(guess.decimal)}")
    mapped = guess.mapped()
    for canonical, (column, unit, written) in guess.signals.items():
        units = ", ".join(known_units(canonical))
        if canonical in mapped:
            given = f", unit = {toml_text(unit)}" if unit else ""
            said = "" if unit else f"  # the file gives no unit: taken as the first of {units}"
            lines.append(f"columns.{canonical} = {{ column = {toml_text(column)}{given} }}{said}")
        else:
            lines.append(
                f"# columns.{canonical} = {{ column = {toml_text(column)}, unit = {toml_text(written)} }}  "
                f"# unit not known: one of {units}"
            )
    if not mapped:
        lines.append('columns.power_kw = { column = "COLUMN", unit = "kW" }')
    taken = {guess.time_column, guess.turbine_column, *(column for column, _, _ in guess.signals.values())}
    others = [_comment(name) for name in guess.columns if name not in taken]
    if others:
        lines.append(f"# not mapped: {', '.join(others)}")
        lines.append(f"# columns that can be mapped: {', '.join(columns(SIGNALS))}")
    return lines


def _ambiguous(time_format: str) -> str:
    parts = time_format.replace("%m", "%d").split(" ")[0]
    return "  # or %d and %m the other way round?" if parts.count("%d") == 2 and not parts.startswith("%d.") else ""


def _turbines(inventory: Inventory, *, only_missing: bool = False) -> list[str]:
    assets = {turbine.name: turbine.asset for turbine in inventory.turbines}
    guessed = {name for _, guess in _working(inventory) for name in guess.turbines}
    lines: list[str] = []
    for name in [*assets, *sorted(guessed - set(assets), key=natural)]:
        asset = assets.get(name, {})
        if only_missing and (name in inventory.listed or asset):
            continue
        # Without a rated power the block would be refused: it stays a comment until someone gives it.
        prefix = "" if "rated_power_kw" in asset or only_missing else "# "
        block = turbine_block(name, asset)
        lines += [*(line if line.startswith("#") else f"{prefix}{line}" for line in block), ""]
    return lines
