"""`wind-sim`: the command line of the simulator.

Exit codes: 0 done, 2 wrong option or input, 3 a sequence or a verdict failed, 4 cannot write.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from turbine.cli import app as turbine_app
from turbine.errors import SimulationError, WindformError

__all__ = ["app", "main"]

_REFUSED, _FAILED, _NOT_WRITTEN = 2, 3, 4  #: exit codes
_HELP = {"help_option_names": ["-h", "--help"]}

app = typer.Typer(
    name="wind-sim",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_HELP,
    help="Simulate converters, machines and networks from scenarios, and single wind turbines. Reports of measured "
    "farms: wind-fleet.\n\n"
    "Example: wind-sim run black_start --out black_start",
    epilog="Exit codes: 0 done, 2 wrong option or input, 3 a sequence or a verdict failed, 4 cannot write.",
)
app.add_typer(turbine_app, name="turbine")

Source = Annotated[
    str,
    typer.Argument(
        metavar="NAME_OR_FILE", help="A scenario of `wind-sim list`, or a TOML file; @ALTERNATIVE may follow."
    ),
]
Values = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="A value in place of the file's; may be given several times."),
]
Other = Annotated[str, typer.Option(help="One of the file's alternatives.")]


def _of(source: str, alternative: str) -> tuple[str, str]:
    """Return scenario and alternative, which may stand behind an @ as well."""
    from gridforming.cli_text import split_alternative

    name, behind = split_alternative(source)
    return (name, behind) if behind and not alternative else (source, alternative)


def main() -> None:
    """Run the command line; a user's mistake ends in one message on standard error and a non-zero exit code."""
    try:
        app()
    except WindformError as error:
        from turbine.folder import OutputError

        typer.echo(f"wind-sim: {error}", err=True)
        sys.exit(_NOT_WRITTEN if isinstance(error, OutputError) else _REFUSED)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"windform {version('windform')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None: ...


@app.command("list", context_settings=_HELP, epilog="Example: wind-sim list")
def list_scenarios() -> None:
    """List the scenarios that come with the product, with their alternatives."""
    from gridforming.scenario import load_scenario, scenario_names
    from turbine.cli_text import aligned

    rows: list[tuple[str, ...]] = []
    for name in scenario_names():
        scenario = load_scenario(name)
        others = ", ".join(other.name for other in scenario.alternatives)
        rows.append((name, scenario.title, f"alternatives: {others}" if others else ""))
    typer.echo(aligned(rows, left=(0, 1, 2)))


@app.command(context_settings=_HELP, epilog="Example: wind-sim show black_start > mine.toml")
def show(source: Source) -> None:
    """Print a scenario's file, to begin one's own with."""
    from gridforming.scenario import scenario_text

    typer.echo(scenario_text(source)[0].rstrip("\n"))


@app.command(
    context_settings=_HELP,
    epilog="Example: wind-sim run phase_jump --set converter.plant.control.law.droop=0.05 --out jump",
)
def run(
    source: Source,
    values: Values = None,
    alternative: Other = "",
    out: Annotated[Path | None, typer.Option(help="Folder for table, figures, plots and the scenario.")] = None,
    csv: Annotated[Path | None, typer.Option(help="File for the table of the run.")] = None,
    comtrade: Annotated[
        Path | None, typer.Option(help="Folder for a COMTRADE record of all bus voltages and currents of devices.")
    ] = None,
    base_kv: Annotated[float | None, typer.Option(help="With --comtrade: nominal voltage, line to line [kV].")] = None,
) -> None:
    """Run a scenario; print what it did, and write its folder: result.parquet, metrics.json, plots, scenario.toml."""
    source, alternative = _of(source, alternative)
    from gridforming.cli_text import parse_values, summary
    from gridforming.export import write_comtrade, write_csv
    from gridforming.output import check_run_target, run_metrics, write_run
    from gridforming.power_flow import device_branches
    from gridforming.scenario import load_scenario, run_scenario
    from turbine.cli_text import say_compiling

    if out is not None:
        check_run_target(out)
    if base_kv is not None and comtrade is None:
        raise SimulationError("--base-kv: found without --comtrade, expected both")
    scenario = load_scenario(source, parse_values(values or ()), alternative=alternative)
    if comtrade is not None and scenario.run.output_step > 0.05 / scenario.system.network.frequency:
        raise SimulationError(
            f"--comtrade: found {scenario.run.output_step:g} s between rows, expected at most a twentieth of a cycle: "
            f"add --set run.output_step={0.05 / scenario.system.network.frequency:g}"
        )
    say_compiling()
    result = run_scenario(scenario)
    found = run_metrics(scenario, result) if out is None else write_run(scenario, result, out)
    if csv is not None:
        write_csv(csv, result)
    if comtrade is not None:
        system = result.model.system
        write_comtrade(
            comtrade,
            scenario.name,
            result,
            buses=system.network.bus_names,
            branches=device_branches(system),
            base_voltage_kv=base_kv,
        )
    typer.echo(summary(found))
    written = [str(path) for path in (out, csv, comtrade) if path is not None]
    nothing = "Nothing was written: --out DIR writes table and plots."
    typer.echo(f"\nWritten: {', '.join(written)}" if written else f"\n{nothing}")
    if found["sequence"].startswith("failed") or not all(one["holds"] for one in found["verdicts"]):
        raise typer.Exit(_FAILED)


@app.command(
    context_settings=_HELP, epilog="Example: wind-sim compare weak_grid_ramp weak_grid_ramp@forming --out weak.png"
)
def compare(
    sources: Annotated[
        list[str],
        typer.Argument(metavar="A B ...", help="Scenarios or files; NAME@ALTERNATIVE takes one of its alternatives."),
    ],
    values: Values = None,
    out: Annotated[Path | None, typer.Option(help="File for the picture, .png or .svg.")] = None,
) -> None:
    """Run several scenarios, and print their figures side by side."""
    from gridforming.cli_text import comparison, parse_values, split_alternative
    from gridforming.output import run_metrics
    from gridforming.scenario import load_scenario, run_scenario
    from turbine.cli_text import say_compiling

    given = parse_values(values or ())
    if out is not None:
        from gridforming.plots import check_figure_path

        check_figure_path(out)
    scenarios = []
    for word in sources:
        name, alternative = split_alternative(word)
        scenarios.append(load_scenario(name, given, alternative=alternative))
    say_compiling()
    results = [run_scenario(scenario) for scenario in scenarios]
    typer.echo(comparison(sources, [run_metrics(s, r) for s, r in zip(scenarios, results, strict=True)]))
    if out is not None:
        from gridforming.plots import plot_comparison, write_figure

        write_figure(plot_comparison(dict(zip(sources, results, strict=True))), out)
        typer.echo(f"\nPicture: {out}")


@app.command(context_settings=_HELP, epilog="Example: wind-sim modes phase_jump --set grid.grid.x_over_r=3")
def modes(
    source: Source,
    values: Values = None,
    alternative: Other = "",
    count: Annotated[int, typer.Option(min=1, help="Modes that are printed, slowest decay first.")] = 20,
) -> None:
    """Print the modes of a scenario at its operating point: decay, frequency in the turning frame, damping, states."""
    source, alternative = _of(source, alternative)
    from gridforming.cli_text import modes_text, parse_values
    from gridforming.fixed_point import operating_point
    from gridforming.linear import linearise
    from gridforming.scenario import load_scenario
    from turbine.cli_text import say_compiling

    scenario = load_scenario(source, parse_values(values or ()), alternative=alternative)
    say_compiling()
    point = operating_point(scenario.system, time_step=scenario.run.time_step)
    for note in point.notes:
        typer.echo(note, err=True)
    typer.echo(modes_text(linearise(point), count))


@app.command(
    context_settings=_HELP,
    epilog="Example: wind-sim sweep weak_grid_ramp --over converter.plant.active=0.2:1:9 --workers 2 --out sweep",
)
def sweep(
    source: Source,
    over: Annotated[
        list[str],
        typer.Option(metavar="KEY=VALUES", help="Values with commas, or FIRST:LAST:COUNT; once for each key."),
    ],
    values: Values = None,
    alternative: Other = "",
    measure: Annotated[str, typer.Option(help="modes, at the operating point, or run, with its figures.")] = "modes",
    workers: Annotated[int, typer.Option(min=1, help="Processes on this computer.")] = 1,
    scheduler: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, tcp://HOST:PORT.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; a sweep that was stopped goes on there.")] = None,
    picture: Annotated[Path | None, typer.Option(help="With two keys: file for the map, .png or .svg.")] = None,
    line: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME:X,Y:X,Y", help="With --picture: a line to compare with, such as a static limit."),
    ] = None,
) -> None:
    """Measure a scenario over the product of values of its scalars, in parallel; a row for each point."""
    source, alternative = _of(source, alternative)
    from gridforming.cli_text import parse_lines, parse_values, ranges, sweep_text
    from gridforming.plots import check_figure_path, plot_map, write_figure
    from gridforming.sweep import sweep as run_sweep
    from turbine.cli_text import progress, say_compiling

    if picture is not None:
        check_figure_path(picture)
    grid = ranges(over)
    lines = parse_lines(line or ())
    if lines and picture is None:
        raise SimulationError("--line: found without --picture, expected both")
    if picture is not None and len(grid) != 2:
        raise SimulationError(f"--picture: found {len(grid)} keys, expected two")
    say_compiling()
    frame = run_sweep(
        source,
        grid,
        measure=measure,  # type: ignore[arg-type]
        values=parse_values(values or ()),
        alternative=alternative,
        workers=workers,
        scheduler=scheduler,
        out=out,
        progress=partial(progress, what="points"),
    )
    typer.echo(sweep_text(frame, len(grid)))
    if picture is not None:
        x, y = grid
        write_figure(plot_map(frame, x, y, lines=lines).figure, picture)  # type: ignore[arg-type]
        typer.echo(f"\nPicture: {picture}")


@app.command(
    context_settings=_HELP,
    epilog="Example: wind-sim critical strong_grid_step grid.grid.short_circuit_ratio 1 8",
)
def critical(
    source: Source,
    key: Annotated[str, typer.Argument(help="Dotted key of a number.")],
    low: Annotated[float, typer.Argument(help="One end of the range; one is stable, the other is not.")],
    high: Annotated[float, typer.Argument(help="The other end, above.")],
    values: Values = None,
    alternative: Other = "",
    tolerance: Annotated[float, typer.Option(help="Of the border, in the unit of the key.")] = 2e-3,
    in_time: Annotated[bool, typer.Option("--in-time", help="Bisect in the time domain as well.")] = False,
) -> None:
    """Find where stability ends between two values of a scalar, by eigenvalues, and confirm it in time."""
    source, alternative = _of(source, alternative)
    from gridforming.cli_text import critical_text, parse_values
    from gridforming.sweep import critical as find
    from turbine.cli_text import say_compiling

    say_compiling()
    found = find(
        source,
        key,
        low,
        high,
        tolerance=tolerance,
        by="time" if in_time else "modes",
        values=parse_values(values or ()),
        alternative=alternative,
    )
    typer.echo(critical_text(found))
