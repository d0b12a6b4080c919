"""What the commands of `wind-fleet` print, and the tables and texts that they write to files of the user's choice."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from fleet.errors import OutputError

if TYPE_CHECKING:
    import pandas as pd

    from fleet.farm import Farm

__all__ = ["cell", "csv_target", "headline_text", "says_something", "text_of", "write_csv", "write_text"]

#: The headline's columns on two short lines, so that the table fits a terminal.
_HEADLINE_TITLES = {
    "turbine": ("", "turbine"),
    "energy_mwh": ("energy", "[MWh]"),
    "capacity_factor": ("capacity", "factor"),
    "availability_time": ("availability", "time-based"),
    "availability_production": ("production-", "based"),
    "evidence": ("", "evidence"),
    "coverage": ("", "coverage"),
    "unallocated_h": ("unallocated", "[h]"),
    "u_aep_mwh": ("u of AEP", "[MWh]"),
    "index": ("", "index"),
    "rows_in": ("rows", "in"),
    "rows_not_selected": ("rows not", "selected"),
    "rows_rejected": ("rows", "rejected"),
}


def headline_text(farm: Farm) -> str:
    """Return the report's headline table as text, and what its marks mean."""
    import pandas as pd

    from fleet.aep import HEADLINE_WIND_SPEED
    from fleet.marks import MARK, last_note, marked, marked_availability

    frame = farm.headline()
    note = last_note(frame["availability_note"])
    meaning = f"\n{MARK} {note}" if note else ""
    table = marked_availability(frame, "{:.2%}".format)
    table["aep_mwh"] = marked(frame["aep_mwh"], frame["aep_incomplete"], "{:,.1f}".format)
    if frame["aep_incomplete"].any():
        meaning += f"\n{MARK} beside AEP: incomplete, the curve begins too high or ends too low"
    table = table.drop(columns=["availability_note", "aep_incomplete"])
    if not table["rows_not_selected"].gt(0).any():
        table = table.drop(columns="rows_not_selected")
    percent = ("capacity_factor", "availability_time", "availability_production", "coverage", "index")
    texts = _texts(table, dict.fromkeys(percent, "{:.2%}"))
    titles = _HEADLINE_TITLES | {"aep_mwh": (f"AEP, {HEADLINE_WIND_SPEED:g} m/s", "[MWh]")}
    texts.columns = pd.MultiIndex.from_tuples([titles[str(name)] for name in texts])
    return texts.to_string(index=False, sparsify=False) + meaning


def text_of(table: pd.DataFrame, formats: dict[str, str]) -> str:
    """Return a table as text: numbers with one decimal unless told otherwise, "n/d" where not determinable."""
    return _texts(table, formats).to_string(index=False)


def _texts(table: pd.DataFrame, formats: dict[str, str]) -> pd.DataFrame:
    texts = {name: [cell(value, formats.get(str(name), "{:,.1f}")) for value in table[name]] for name in table}
    return type(table)(texts)


def cell(value: Any, decimals: str = "{:,.1f}") -> str:
    """Return a value as text, "n/d" where it is not determinable."""
    import pandas as pd

    if pd.isna(value):
        return "n/d"
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return decimals.format(value)
    return f"{value:,}" if isinstance(value, int) else str(value)


def says_something(value: Any) -> bool:
    """Return whether a value is worth a line: not missing, not empty, not zero."""
    return cell(value) not in ("n/d", "", "0", "0.0")


def csv_target(path: Path | None, folder: Path, force: bool) -> Path | None:
    """Refuse a table that would replace a file, or lie among the farm's exports; before hours of work, not after."""
    from fleet.places import check_local, check_outside

    if path is None:
        return None
    check_local(path)
    check_outside(path, folder, "where it could replace an export or be read as one; expected a file outside it")
    if path.exists() and not force:
        raise OutputError(f"{path}: is there already; it was not overwritten (--force replaces it)")
    return path


def write_csv(table: pd.DataFrame, path: Path | None) -> None:
    """Write a table where the user asked for one, its text harmless for spreadsheets."""
    if path is not None:
        texts = table.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz"])
        harmless = table.assign(**{str(name): [_no_formula(cell) for cell in column] for name, column in texts.items()})
        write_text(path, harmless.to_csv(index=False, lineterminator="\n"))
        typer.echo(f"\nWrote {path}")


def _no_formula(cell: Any) -> Any:
    """Return text that a spreadsheet would run as a formula behind an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def write_text(path: Path, text: str) -> None:
    """Write a file in whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    try:
        file = partial.open("x", encoding="utf-8", newline="")
    except FileExistsError:
        raise OutputError(f"{path}: cannot be written: {partial.name} stands in the way") from None
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        with file:
            file.write(text)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
