"""The command `wind-fleet`: parse, delegate, print.

Exit codes: 0 done, 2 wrong option or farm.toml, 3 unusable data, 4 cannot write.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.errors import ConfigError, FleetError, InputError, OutputError

if TYPE_CHECKING:
    import pandas as pd

    from fleet.farm import Farm

__all__ = ["main"]

EXIT_CODES: dict[type[FleetError], int] = {ConfigError: 2, InputError: 3, OutputError: 4}

app = typer.Typer(
    name="wind-fleet",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn raw SCADA exports of wind farms into power curves, availability, losses and a report.\n\n"
    "Example: wind-fleet report la_haute_borne --out report",
    epilog="Exit codes: 0 done, 2 wrong option or farm.toml, 3 unusable data, 4 cannot write.",
)

Folder = Annotated[
    str, typer.Argument(help="Folder with the exports (and farm.toml), or the name of a packaged sample.")
]
Turbines = Annotated[list[str] | None, typer.Option("--turbine", "-t", help="Only this turbine; may be repeated.")]
From = Annotated[str | None, typer.Option("--from", help="Begin of the period, UTC, e.g. 2014-07-01.")]
To = Annotated[str | None, typer.Option("--to", help="End of the period, UTC, not included.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads; by default as many as there are cores.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Csv = Annotated[Path | None, typer.Option(help="Also write the whole table to this CSV file.", dir_okay=False)]


def main() -> None:
    """Run the command; a user's mistake ends in one message on standard error and a non-zero exit code."""
    try:
        app()
    except FleetError as error:
        typer.echo(f"wind-fleet: {error}", err=True)
        sys.exit(EXIT_CODES.get(type(error), 1))


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"windform {version('windform')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_show_version, is_eager=True)
    ] = False,
) -> None: ...


@app.command(epilog="Example: wind-fleet report my_farm --out my_report --from 2014-07-01 --turbine R80711")
def report(
    folder: Folder,
    out: Annotated[Path, typer.Option(help="The report's folder; an earlier report in it is replaced.")],
    turbine: Turbines = None,
    start: From = None,
    end: To = None,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Analyse a farm and write its report: one HTML page, figures, tables and summary.json."""
    farm = _open(folder, turbine, start, end, workers, quiet)
    page = farm.report(out)
    typer.echo(_headline_text(farm))
    for finding in farm.results.findings:
        typer.echo(f"{finding.severity}: {finding.text}")
    typer.echo(f"\nReport: {page}")


@app.command(epilog="Example: wind-fleet inspect my_farm --write")
def inspect(
    folder: Folder,
    write: Annotated[
        bool, typer.Option("--write", help="Write a starter farm.toml into the folder if there is none yet.")
    ] = False,
) -> None:
    """Say what a folder holds: formats, turbines, period, gaps, duplicates, and what is unusable and why."""
    from fleet.dataset import CONFIG_NAME, resolve_folder
    from fleet.inventory import inspect_folder, starter_farm_toml

    root = resolve_folder(folder)
    inventory = inspect_folder(root)
    for file, entry in zip(inventory.table().to_dict("records"), inventory.files, strict=True):
        facts = {name: value for name, value in file.items() if name != "file" and _says_something(value)}
        typer.echo(f"{file['file']}\n" + "\n".join(f"  {name:<15}{_cell(value)}" for name, value in facts.items()))
        for note in entry.notes:
            typer.echo(f"  - {note}")
    typer.echo(f"\n{_text(inventory.turbine_table(), {})}")
    target = root / CONFIG_NAME
    if write:
        if target.exists():
            raise OutputError(f"{target}: is there already; it was not overwritten")
        _write_text(target, starter_farm_toml(inventory))
        typer.echo(f"\nWrote {target}: complete it where it says so, then run wind-fleet report {folder} --out report")
    elif not target.exists():
        typer.echo(f"\nNo {CONFIG_NAME} in the folder; wind-fleet inspect {folder} --write puts a starter there:\n")
        typer.echo(starter_farm_toml(inventory))


@app.command("power-curve", epilog="Example: wind-fleet power-curve la_haute_borne --csv curves.csv")
def power_curve(
    folder: Folder,
    turbine: Turbines = None,
    start: From = None,
    end: To = None,
    csv: Csv = None,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Print the measured power curves (method of bins on nacelle wind), AEP and ranking."""
    farm = _open(folder, turbine, start, end, workers, quiet)
    curves = farm.power_curves()
    bins = curves.bins
    usable = bins[bins["complete"] | bins["interpolated"]]
    wide = usable.assign(centre=usable["bin"] * farm.settings.power_curve.bin_width)
    typer.echo("Power by wind speed bin [kW], complete and interpolated bins\n")
    typer.echo(
        _text(wide.pivot(index="centre", columns="turbine", values="power_kw").reset_index(), {"centre": "{:.1f} m/s"})
    )
    typer.echo("\nAnnual energy production, Rayleigh wind [MWh]; u: standard uncertainty; incomplete: see the report\n")
    typer.echo(_text(curves.aep, {}))
    typer.echo("\nRanking against the fleet's curve, common periods\n")
    typer.echo(_text(curves.ranking, {"index": "{:.4f}", "u_index": "{:.4f}"}))
    for note in curves.notes:
        typer.echo(f"\n{note}")
    _write_csv(bins, csv)


@app.command(epilog="Example: wind-fleet availability penmanshiel --csv availability.csv")
def availability(
    folder: Folder,
    turbine: Turbines = None,
    start: From = None,
    end: To = None,
    csv: Csv = None,
    workers: Workers = None,
    quiet: Quiet = False,
) -> None:
    """Print time- and production-based availability (IEC 61400-26-1) with its evidence."""
    farm = _open(folder, turbine, start, end, workers, quiet)
    found = farm.availability()
    percent = dict.fromkeys(("time_based", "production_based", "coverage"), "{:.4%}")
    typer.echo(_text(found.table.drop(columns="note"), percent))
    notes = found.table[found.table["note"] != ""].groupby("note", sort=True)
    for note, rows in notes:
        who = ", ".join(f"{row.turbine} {row.view}" for row in rows.itertuples())
        typer.echo(f"\n{note}:\n  {who}")
    for note in found.notes:
        typer.echo(f"\n{note}")
    _write_csv(found.table, csv)


def _open(
    folder: str, turbines: list[str] | None, start: str | None, end: str | None, workers: int | None, quiet: bool
) -> Farm:
    from fleet.farm import open_farm
    from fleet.pipeline import RunOptions

    farm = open_farm(folder, turbines=tuple(turbines or ()), start=start, end=end)
    return farm.with_options(RunOptions(workers=workers, progress=not quiet and sys.stderr.isatty()))


def _headline_text(farm: Farm) -> str:
    percent = ("capacity_factor", "availability_time", "availability_production", "coverage")
    return _text(farm.headline(), {**dict.fromkeys(percent, "{:.2%}"), "index": "{:.3f}"})


def _text(table: pd.DataFrame, formats: dict[str, str]) -> str:
    """Return a table as text: numbers with one decimal unless told otherwise, "n/d" where not determinable."""
    texts = {name: [_cell(value, formats.get(str(name), "{:,.1f}")) for value in table[name]] for name in table}
    return type(table)(texts).to_string(index=False)


def _cell(value: Any, decimals: str = "{:,.1f}") -> str:
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


def _says_something(value: Any) -> bool:
    return _cell(value) not in ("n/d", "", "0", "0.0")


def _write_csv(table: pd.DataFrame, path: Path | None) -> None:
    if path is not None:
        _write_text(path, table.to_csv(index=False, lineterminator="\n"))
        typer.echo(f"\nWrote {path}")


def _write_text(path: Path, text: str) -> None:
    """Write a file in whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
