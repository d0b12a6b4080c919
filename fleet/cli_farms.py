"""Commands of `wind-fleet` that look at several farms or periods, or make a farm."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleet.cli_options import SOME_FAILED, Cache, From, NoCache, Quiet, Scheduler, To, Turbines, Verify, Workers, how
from fleet.errors import ConfigError

if TYPE_CHECKING:
    from fleet.compare import PeriodComparison
    from fleet.report.index_page import FarmEntry
    from fleet.side_by_side import FarmComparison

__all__ = ["app"]

app = typer.Typer()  #: becomes a part of `fleet.cli`'s


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
    with ExitStack() as stack:
        progress = None
        if not quiet and sys.stderr.isatty():
            bar = stack.enter_context(typer.progressbar(length=turbines, label="turbines", file=sys.stderr))
            progress = bar.update
        write(out, spec, format=format, packed=packed, meter=meter, truth=truth, progress=progress)
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
    from fleet.dataset import resolve_folder
    from fleet.report import write_comparison
    from fleet.report.write_comparison import check_comparison_target

    check_comparison_target(out, map(resolve_folder, folders))
    options = how(workers, scheduler, cache, no_cache, verify, quiet)
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
            help="Farms, or folders of farms: of one without farm.toml every subfolder is a farm, where one of them "
            "has a farm.toml or nothing but folders lie there."
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

    options = how(workers, scheduler, cache, no_cache, verify, quiet)
    entries = report_farms(folders, out, start=start, end=end, options=options, told=_tell)
    typer.echo(f"\nIndex: {out / 'index.html'}")
    if any(entry.reason or entry.failed for entry in entries):
        raise typer.Exit(SOME_FAILED)


def _tell(entry: FarmEntry, message: str) -> None:
    if entry.reason:
        typer.echo(f"{entry.given}: no report: {message.removeprefix(f'{entry.given}: ')}", err=True)
    else:
        counts = (f"{entry.figures[key]} {key}" for key in ("alarms", "warnings"))
        typer.echo(f"{entry.given}: {entry.name}, {', '.join(counts)}")
