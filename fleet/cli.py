"""The command `wind-fleet`: parse, delegate, print.

Exit codes: 0 done, 2 wrong option or farm.toml, 3 unusable data, 4 cannot write, 5 done, but not for every turbine or
farm.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fleet.errors import ConfigError, FleetError, InputError, OutputError, RunError
from fleet.schema import FLEET

if TYPE_CHECKING:
    import pandas as pd

    from fleet.compare import PeriodComparison
    from fleet.farm import Farm
    from fleet.pipeline import RunOptions
    from fleet.report.index_page import FarmEntry
    from fleet.side_by_side import FarmComparison

__all__ = ["main"]

EXIT_CODES: dict[type[FleetError], int] = {ConfigError: 2, InputError: 3, OutputError: 4, RunError: 5}
SOME_FAILED = 5

app = typer.Typer(
    name="wind-fleet",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Turn raw SCADA exports of wind farms into power curves, availability, losses and a report.\n\n"
    "Example: wind-fleet report la_haute_borne --out report",
    epilog="Exit codes: 0 done, 2 wrong option or farm.toml, 3 unusable data, 4 cannot write, 5 done, but not for "
    "every turbine or farm: the report or the index says which and why.",
)

Folder = Annotated[
    str,
    typer.Argument(
        help="Folder with the exports (and farm.toml), its URL (s3://bucket/farm), or a packaged sample's name."
    ),
]
Turbines = Annotated[list[str] | None, typer.Option("--turbine", "-t", help="Only this turbine; may be repeated.")]
From = Annotated[
    str | None, typer.Option("--from", help="Begin of the period, ISO 8601, UTC unless an offset is given: 2014-07-01.")
]
To = Annotated[str | None, typer.Option("--to", help="End of the period, not included, written likewise.")]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Worker processes on this machine; by default threads, as many as there are cores."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="A Dask cluster's scheduler, tcp://host:port; its workers need the data and the cache at hand."),
]
Cache = Annotated[
    Path | None,
    typer.Option(help="Folder of converted data, which later runs go on from; by default in the user's cache."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Keep no converted data.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Compare the content of files with the cache, not only size and time.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Csv = Annotated[
    Path | None,
    typer.Option(
        help="Also write the whole table to this new CSV file, outside the farm's folder. Text that begins with "
        "= + - @ gets a leading apostrophe, so that no spreadsheet takes it for a formula.",
        dir_okay=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Let --csv replace an existing file.")]


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
    scheduler: Scheduler = None,
    cache: Cache = None,
    no_cache: NoCache = False,
    verify: Verify = False,
    quiet: Quiet = False,
) -> None:
    """Analyse a farm and write its report: one HTML page, figures, tables and summary.json."""
    from fleet.places import check_local

    check_local(out)
    how = _how(workers, scheduler, cache, no_cache, verify, quiet)
    farm = _open(folder, turbine, start, end, how)
    page = farm.report(out)
    typer.echo(_headline_text(farm))
    for finding in farm.results.findings:
        typer.echo(f"{finding.severity}: {finding.text}")
    typer.echo(f"\nReport: {page}")
    if farm.results.failed:
        raise typer.Exit(SOME_FAILED)


@app.command(epilog="Example: wind-fleet inspect my_farm --write")
def inspect(
    folder: Folder,
    write: Annotated[
        bool, typer.Option("--write", help="Write a starter farm.toml into the folder if there is none yet.")
    ] = False,
) -> None:
    """Say what a folder holds: formats, turbines, period, gaps, duplicates, and what is unusable and why."""
    from fleet.dataset import CONFIG_NAME, resolve_folder
    from fleet.inventory import inspect_folder
    from fleet.places import check_local
    from fleet.starter import missing_settings, starter_farm_toml

    root = resolve_folder(folder)
    inventory = inspect_folder(root)
    for file, entry in zip(inventory.table().to_dict("records"), inventory.files, strict=True):
        facts = {name: value for name, value in file.items() if name != "file" and _says_something(value)}
        typer.echo(f"{file['file']}\n" + "\n".join(f"  {name:<15}{_cell(value)}" for name, value in facts.items()))
        for note in entry.notes:
            typer.echo(f"  - {note}")
    if inventory.turbines:
        typer.echo(f"\n{_text(inventory.turbine_table(), {})}")
    target = root / CONFIG_NAME
    if write:
        check_local(target)
        if target.exists():
            raise OutputError(f"{target}: is there already; it was not overwritten")
        _write_text(target, starter_farm_toml(inventory))
        typer.echo(f"\nWrote {target}: complete it where it says so, then run wind-fleet report {folder} --out report")
    elif not target.exists():
        typer.echo(f"\nNo {CONFIG_NAME} in the folder; wind-fleet inspect {folder} --write puts a starter there:\n")
        typer.echo(starter_farm_toml(inventory))
    elif missing := missing_settings(inventory):
        typer.echo(f"\nWhat {target} lacks:\n\n{missing}")


@app.command("cache", epilog="Example: wind-fleet cache --clear")
def show_cache(
    cache: Cache = None,
    clear: Annotated[bool, typer.Option("--clear", help="Delete all converted data.")] = False,
) -> None:
    """Say where converted data are kept and how large they are; delete them."""
    from fleet.store import Store, default_cache

    store = Store(cache or default_cache())
    size = store.size()
    typer.echo(f"{store.folder}: {size / 1e6:,.1f} MB of converted data")
    if clear:
        store.clear()
        typer.echo("deleted")


@app.command("power-curve", epilog="Example: wind-fleet power-curve la_haute_borne --csv curves.csv")
def power_curve(
    folder: Folder,
    turbine: Turbines = None,
    start: From = None,
    end: To = None,
    csv: Csv = None,
    force: Force = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    cache: Cache = None,
    no_cache: NoCache = False,
    verify: Verify = False,
    quiet: Quiet = False,
) -> None:
    """Print the measured power curves (method of bins on nacelle wind), AEP and ranking."""
    how = _how(workers, scheduler, cache, no_cache, verify, quiet)
    farm = _open(folder, turbine, start, end, how)
    target = _csv_target(csv, farm.dataset.folder, force)
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
    _write_csv(bins, target)


@app.command(epilog="Example: wind-fleet overview la_haute_borne --from 2014-07-01")
def overview(
    folder: Folder,
    turbine: Turbines = None,
    start: From = None,
    end: To = None,
    csv: Csv = None,
    force: Force = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    cache: Cache = None,
    no_cache: NoCache = False,
    verify: Verify = False,
    quiet: Quiet = False,
) -> None:
    """Print energy, capacity factor and inferred availability by month: a first look, in seconds once converted."""
    how = _how(workers, scheduler, cache, no_cache, verify, quiet)
    farm = _open(folder, turbine, start, end, how)
    target = _csv_target(csv, farm.dataset.folder, force)
    found = farm.overview()
    percent = dict.fromkeys(("capacity_factor", "availability"), "{:.2%}")
    whole = found.monthly["turbine"] == FLEET
    typer.echo("The farm by month; availability is inferred from wind and power, nothing is left out as abnormal\n")
    typer.echo(_text(found.monthly[whole].drop(columns="turbine"), percent))
    for failure in found.failed:
        typer.echo(f"\n{failure.turbine} is not in these figures: {failure.reason}")
    _write_csv(found.monthly, target)
    if found.failed:
        raise typer.Exit(SOME_FAILED)


@app.command(epilog="Example: wind-fleet availability penmanshiel --csv availability.csv")
def availability(
    folder: Folder,
    turbine: Turbines = None,
    start: From = None,
    end: To = None,
    csv: Csv = None,
    force: Force = False,
    workers: Workers = None,
    scheduler: Scheduler = None,
    cache: Cache = None,
    no_cache: NoCache = False,
    verify: Verify = False,
    quiet: Quiet = False,
) -> None:
    """Print time- and production-based availability (IEC 61400-26-1) with its evidence."""
    how = _how(workers, scheduler, cache, no_cache, verify, quiet)
    farm = _open(folder, turbine, start, end, how)
    target = _csv_target(csv, farm.dataset.folder, force)
    found = farm.availability()
    percent = dict.fromkeys(("time_based", "production_based", "coverage"), "{:.4%}")
    typer.echo(_text(found.table.drop(columns="note"), percent))
    notes = found.table[found.table["note"] != ""].groupby("note", sort=True)
    for note, rows in notes:
        who = ", ".join(f"{row.turbine} {row.view}" for row in rows.itertuples())
        typer.echo(f"\n{note}:\n  {who}")
    for note in found.notes:
        typer.echo(f"\n{note}")
    _write_csv(found.table, target)


@app.command(epilog="Example: wind-fleet synthesise my_farm --turbines 10 --days 365 --format greenbyte --seed 1")
def synthesise(
    out: Annotated[Path, typer.Argument(help="The farm's folder; an earlier synthetic fleet in it is replaced.")],
    turbines: Annotated[int, typer.Option(min=1, help="Number of turbines.")] = 10,
    days: Annotated[int, typer.Option(min=1, help="Length of the period.")] = 365,
    start: Annotated[str, typer.Option(help="First day, UTC.")] = "2021-01-01",
    format: Annotated[
        str, typer.Option(help="engie, greenbyte, hill_of_towie, sdwpf, generic or generic_parquet.")
    ] = "greenbyte",
    seed: Annotated[int, typer.Option(min=0, help="Of every random number: the same seed gives the same files.")] = 1,
    machine: Annotated[
        str, typer.Option(help="A machine of wind-sim turbine list, or the path of its .toml file.")
    ] = "senvion_mm82",
    clock: Annotated[str, typer.Option(help="What is wrong with the stamps: right, daylight, end or local.")] = "right",
    healthy: Annotated[
        bool, typer.Option("--healthy", help="No troubles; sensors keep their biases and noise.")
    ] = False,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", help="NAME=VALUE of fleet.synthetic.FleetSpec, as yaw_share=1; may be repeated."),
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(help="Also write what is true of each record to this new .parquet file, outside the folder."),
    ] = None,
    meter: Annotated[bool, typer.Option("--meter", help="Also write a plant meter.")] = False,
    packed: Annotated[bool, typer.Option("--gzip", help="Write CSV files as gzip.")] = False,
    quiet: Quiet = False,
) -> None:
    """Write a synthetic farm with known truth, as a vendor would export it: to try the product, and to test it."""
    from fleet.synthetic.options import spec_of
    from fleet.synthetic.synthesise import synthesise as write

    spec = spec_of(
        healthy=healthy,
        assignments=setting or (),
        turbines=turbines,
        days=days,
        start=start,
        seed=seed,
        machine=machine,
        clock=clock,
    )
    with typer.progressbar(
        length=turbines, label="turbines", file=sys.stderr, hidden=quiet or not sys.stderr.isatty()
    ) as bar:
        write(out, spec, format=format, packed=packed, meter=meter, truth=truth, progress=lambda done, _: bar.update(1))
    typer.echo(f"Wrote {out}: {turbines} turbines, {turbines * spec.records:,} records in all")
    if truth is not None:
        typer.echo(f"Truth: {truth}")


@app.command(
    epilog="Example: wind-fleet compare my_farm --period 2014-01-01..2014-07-01 --period 2015-01-01..2015-07-01 "
    "--out periods; wind-fleet compare my_farm another_farm --out farms"
)
def compare(
    folders: Annotated[list[str], typer.Argument(help="One farm with two periods, or two farms and more.")],
    out: Annotated[Path, typer.Option(help="The comparison's folder; an earlier comparison in it is replaced.")],
    period: Annotated[
        list[str] | None,
        typer.Option("--period", help="BEGIN..END, UTC, END not included: 2014-01-01..2014-07-01; twice, one farm."),
    ] = None,
    turbine: Turbines = None,
    start: From = None,
    end: To = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    cache: Cache = None,
    no_cache: NoCache = False,
    verify: Verify = False,
    quiet: Quiet = False,
) -> None:
    """Compare two periods of one farm, or farms with each other: one HTML page, figures, tables and summary.json."""
    from fleet.batch import compare_farms, compare_periods, parse_period
    from fleet.report import write_comparison
    from fleet.report.write_comparison import check_comparison_target

    check_comparison_target(out)
    options = _how(workers, scheduler, cache, no_cache, verify, quiet)
    periods = [parse_period(text) for text in period or ()]
    comparison: PeriodComparison | FarmComparison
    if periods or len(folders) < 2:
        if len(folders) != 1 or len(periods) != 2 or start or end:
            raise ConfigError(
                f"compare: found {len(folders)} farms and {len(periods)} periods; expected one farm with --period "
                "twice (without --from and --to), or two farms and more without --period"
            )
        first, second = periods
        comparison = compare_periods(folders[0], first, second, turbines=tuple(turbine or ()), options=options)
    else:
        if turbine:
            raise ConfigError("compare: --turbine goes with one farm and two periods")
        comparison = compare_farms(folders, start=start, end=end, options=options)
    page = write_comparison(comparison, out)
    for finding in comparison.findings:
        typer.echo(f"{finding.severity}: {finding.text}")
    typer.echo(f"\nComparison: {page}")


@app.command(
    epilog="Example: wind-fleet reports farms_2015 --out reports   (a report of every subfolder of farms_2015)"
)
def reports(
    folders: Annotated[
        list[str],
        typer.Argument(
            help="Farms, or folders of farms: of one without farm.toml and without files every subfolder is a farm."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the index and the reports; earlier ones in it are replaced.")],
    start: From = None,
    end: To = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    cache: Cache = None,
    no_cache: NoCache = False,
    verify: Verify = False,
    quiet: Quiet = False,
) -> None:
    """Write a report of every farm and an index; a farm that fails stands there with its reason (exit code 5)."""
    from fleet.batch import report_farms

    options = _how(workers, scheduler, cache, no_cache, verify, quiet)
    entries = report_farms(folders, out, start=start, end=end, options=options, told=_tell)
    typer.echo(f"\nIndex: {out / 'index.html'}")
    if any(entry.reason for entry in entries):
        raise typer.Exit(SOME_FAILED)


def _tell(entry: FarmEntry) -> None:
    if entry.reason:
        typer.echo(f"{entry.given}: no report: {entry.reason}", err=True)
    else:
        counts = (f"{entry.figures[key]} {key}" for key in ("alarms", "warnings"))
        typer.echo(f"{entry.given}: {entry.name}, {', '.join(counts)}")


def _how(
    workers: int | None, scheduler: str | None, cache: Path | None, no_cache: bool, verify: bool, quiet: bool
) -> RunOptions:
    from fleet.pipeline import RunOptions

    if workers is not None and scheduler is not None:
        raise ConfigError("--workers and --scheduler exclude each other: a cluster brings its own workers")
    show = not quiet and sys.stderr.isatty()
    return RunOptions(
        workers=workers, scheduler=scheduler, cache=cache, keep=not no_cache, verify=verify, progress=show
    )


def _open(folder: str, turbines: list[str] | None, start: str | None, end: str | None, how: RunOptions) -> Farm:
    from fleet.farm import open_farm

    return open_farm(folder, turbines=tuple(turbines or ()), start=start, end=end).with_options(how)


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
    "aep_mwh": ("AEP, 6 m/s", "[MWh]"),
    "u_aep_mwh": ("u of AEP", "[MWh]"),
    "index": ("", "index"),
    "rows_in": ("rows", "in"),
    "rows_not_selected": ("rows not", "selected"),
    "rows_rejected": ("rows", "rejected"),
}


def _headline_text(farm: Farm) -> str:
    import pandas as pd

    table = farm.headline()
    if not table["rows_not_selected"].gt(0).any():
        table = table.drop(columns="rows_not_selected")
    percent = ("capacity_factor", "availability_time", "availability_production", "coverage")
    texts = _texts(table, {**dict.fromkeys(percent, "{:.2%}"), "index": "{:.3f}"})
    texts.columns = pd.MultiIndex.from_tuples([_HEADLINE_TITLES[str(name)] for name in texts])
    return texts.to_string(index=False, sparsify=False)


def _text(table: pd.DataFrame, formats: dict[str, str]) -> str:
    """Return a table as text: numbers with one decimal unless told otherwise, "n/d" where not determinable."""
    return _texts(table, formats).to_string(index=False)


def _texts(table: pd.DataFrame, formats: dict[str, str]) -> pd.DataFrame:
    texts = {name: [_cell(value, formats.get(str(name), "{:,.1f}")) for value in table[name]] for name in table}
    return type(table)(texts)


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


def _csv_target(path: Path | None, folder: Path, force: bool) -> Path | None:
    """Refuse a table that would replace a file, or lie among the farm's exports; before hours of work, not after."""
    from fleet.places import check_local, is_remote

    if path is None:
        return None
    check_local(path)
    if not is_remote(folder) and path.resolve().is_relative_to(folder.resolve()):
        raise OutputError(
            f"{path}: lies in the farm's folder, where it could replace an export or be read as one; "
            "expected a file outside it"
        )
    if path.exists() and not force:
        raise OutputError(f"{path}: is there already; it was not overwritten (--force replaces it)")
    return path


def _write_csv(table: pd.DataFrame, path: Path | None) -> None:
    if path is not None:
        texts = table.select_dtypes(exclude=["number", "bool", "datetime", "datetimetz"])
        harmless = table.assign(**{str(name): [_no_formula(cell) for cell in column] for name, column in texts.items()})
        _write_text(path, harmless.to_csv(index=False, lineterminator="\n"))
        typer.echo(f"\nWrote {path}")


def _no_formula(cell: Any) -> Any:
    """Return text that a spreadsheet would run as a formula behind an apostrophe."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _write_text(path: Path, text: str) -> None:
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
