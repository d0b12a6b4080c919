"""The command `wind-fleet`: parse, delegate, print.

Exit codes: 0 done, 2 wrong option or farm.toml, 3 unusable data, 4 cannot write, 5 done, but not for every turbine or
farm, 130 interrupted (Ctrl-C).
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from fleet import cli_farms
from fleet.cli_options import (
    SOME_FAILED,
    Cache,
    Csv,
    Folder,
    Force,
    From,
    NoCache,
    Quiet,
    Scheduler,
    To,
    Turbines,
    Verify,
    Workers,
    how,
    opened,
    tell_failures,
)
from fleet.cli_text import cell, csv_target, headline_text, says_something, text_of, write_csv, write_text
from fleet.errors import ConfigError, FleetError, InputError, OutputError, RunError
from fleet.schema import FLEET

__all__ = ["main"]

EXIT_CODES: dict[type[FleetError], int] = {ConfigError: 2, InputError: 3, OutputError: 4, RunError: 5}

INTERRUPTED = 130  #: exit code after Ctrl-C: 128 + SIGINT
_INTERRUPTED = (
    "interrupted; no result was written, an earlier one is unchanged; what is in the cache stays for the next run"
)

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
    "every turbine or farm: the report or the index says which and why, 130 interrupted.",
)


def main() -> None:
    """Run the command; a user's mistake ends in one message on standard error and a non-zero exit code."""
    try:
        app()
    except FleetError as error:
        typer.echo(f"wind-fleet: {error}", err=True)
        sys.exit(EXIT_CODES.get(type(error), 1))
    except SystemExit as done:
        if done.code == INTERRUPTED:  # typer's own code for it
            typer.echo(f"wind-fleet: {_INTERRUPTED}", err=True)
        raise


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
    from fleet.report.write import check_report_target

    check_local(out)
    options = how(workers, scheduler, cache, no_cache, verify, quiet)
    farm = opened(folder, turbine, start, end, options)
    check_report_target(out, farm.dataset.folder)  # before hours of work, not after
    page = farm.report(out)
    typer.echo(headline_text(farm))
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
        facts = {name: value for name, value in file.items() if name != "file" and says_something(value)}
        typer.echo(f"{file['file']}\n" + "\n".join(f"  {name:<15}{cell(value)}" for name, value in facts.items()))
        for note in entry.notes:
            typer.echo(f"  - {note}")
    if inventory.turbines:
        typer.echo(f"\n{text_of(inventory.turbine_table(), {})}")
    target = root / CONFIG_NAME
    if write:
        check_local(target)
        if target.exists():
            raise OutputError(f"{target}: is there already; it was not overwritten")
        write_text(target, starter_farm_toml(inventory))
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
    older: Annotated[
        int | None,
        typer.Option(
            metavar="DAYS",
            min=1,
            help="Delete converted data that no run used for so many days. Use is noted once a day: nothing that was "
            "used since is deleted, and some may stay a day longer.",
        ),
    ] = None,
) -> None:
    """Say where converted data are kept and how large they are; delete all of them, or those long not used."""
    from fleet.store import Store, default_cache

    if clear and older is not None:
        raise ConfigError("--clear and --older exclude each other: --clear deletes everything")
    store = Store(cache or default_cache())
    size = store.size()
    typer.echo(f"{store.folder}: {size / 1e6:,.1f} MB of converted data")
    if clear:
        store.clear()
        typer.echo("deleted")
    if older is not None:
        entries, removed = store.forget(older)
        typer.echo(f"deleted, as not used for {older} days: entries: {entries:,}, {removed / 1e6:,.1f} MB")


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
    from fleet.ranking import shown_ranking

    options = how(workers, scheduler, cache, no_cache, verify, quiet)
    farm = opened(folder, turbine, start, end, options)
    target = csv_target(csv, farm.dataset.folder, force)
    curves = farm.power_curves()
    bins = curves.bins
    usable = bins[bins["complete"] | bins["interpolated"]]
    wide = usable.assign(centre=usable["bin"] * farm.settings.power_curve.bin_width)
    typer.echo("Power by wind speed bin [kW], complete and interpolated bins\n")
    typer.echo(
        text_of(
            wide.pivot(index="centre", columns="turbine", values="power_kw").reset_index(), {"centre": "{:.1f} m/s"}
        )
    )
    typer.echo("\nAnnual energy production, Rayleigh wind [MWh]; u: standard uncertainty; incomplete: see the report\n")
    typer.echo(text_of(curves.aep, {}))
    typer.echo("\nRanking against the fleet's curve, common periods\n")
    typer.echo(text_of(shown_ranking(curves.ranking), dict.fromkeys(("index", "u_index"), "{:.2%}")))
    for note in curves.notes:
        typer.echo(f"\n{note}")
    write_csv(bins, target)
    tell_failures(farm.results.failed)


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
    options = how(workers, scheduler, cache, no_cache, verify, quiet)
    farm = opened(folder, turbine, start, end, options)
    target = csv_target(csv, farm.dataset.folder, force)
    found = farm.overview()
    percent = dict.fromkeys(("capacity_factor", "availability"), "{:.2%}")
    whole = found.monthly["turbine"] == FLEET
    typer.echo("The farm by month; availability is inferred from wind and power, nothing is left out as abnormal\n")
    typer.echo(text_of(found.monthly[whole].drop(columns="turbine"), percent))
    write_csv(found.monthly, target)
    tell_failures(found.failed)


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
    from fleet.marks import MARK, marked_turbines, too_high
    from fleet.report.headline import in_order, turbine_order
    from fleet.wording import listed

    options = how(workers, scheduler, cache, no_cache, verify, quiet)
    farm = opened(folder, turbine, start, end, options)
    target = csv_target(csv, farm.dataset.folder, force)
    found = farm.availability()
    percent = dict.fromkeys(("time_based", "production_based", "coverage"), "{:.4%}")
    table = in_order(found.table, turbine_order(farm.results))
    shown, why = marked_turbines(table, too_high(farm.results), percent["time_based"].format)
    typer.echo(text_of(shown.drop(columns="note"), percent))
    if why:
        typer.echo(f"\n{MARK} {why}")
    every = set(table["turbine"])
    for note, rows in table[table["note"] != ""].groupby("note", sort=True):
        views = {view: own["turbine"] for view, own in rows.groupby("view", sort=False)}
        who = (f"{view!s}: {'all' if set(names) == every else listed(names)}" for view, names in views.items())
        typer.echo(f"\n{note}:\n  {'; '.join(who)}")
    for note in found.notes:
        typer.echo(f"\n{note}")
    write_csv(table, target)
    tell_failures(farm.results.failed)


app.registered_commands += cli_farms.app.registered_commands
