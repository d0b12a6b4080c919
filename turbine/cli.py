"""The commands of one turbine, mounted as `wind-sim turbine`: parse, delegate, print."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from turbine.cli_options import (
    Drive,
    DriveTrain,
    Gust,
    Limit,
    MachineName,
    NoTower,
    OptionError,
    Out,
    Reserve,
    Shaving,
    SpeedClass,
    Start,
    Torque,
    TorqueLaw,
    Turbulence,
    candidates,
    make_wind,
    options_named,
    read_wind,
    references,
    refuse_alone,
)
from turbine.cli_options import settings as control_settings
from turbine.cli_text import aligned, columns_text, progress, say_compiling, summary, tower_note
from turbine.errors import nearest_word

__all__ = ["app"]

_RUN = "run"
_HELP = {"help_option_names": ["-h", "--help"]}


class MachineFirst(TyperGroup):
    """A group whose first word may be a machine: then the command is `run`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            word = args[0]
            if near := nearest_word(word, self.commands):
                from turbine import names

                if word not in names() and not nearest_word(word, names()):
                    ctx.fail(f'"{word}" is neither a command (did you mean "{near}"?) nor a machine')
            args = [_RUN, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=MachineFirst,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    subcommand_metavar="MACHINE | COMMAND ...",
    context_settings=_HELP,
    help="Simulate one wind turbine. The first word is a machine, for a run, or one of the commands below.\n\n"
    "Example: wind-sim turbine iea_15mw --wind 12 --turbulence B --seconds 600 --seed 1 --out run_12",
    epilog="Options of a run: wind-sim turbine run --help",
)


@app.command(
    _RUN,
    short_help="Run a machine in a wind (this word may be left out).",
    context_settings=_HELP,
    epilog="Example: wind-sim turbine iea_15mw --wind 12 --turbulence B --seconds 600 --seed 1 --out run_12",
)
def run(
    machine: MachineName,
    wind: Annotated[float | None, typer.Option(help="Mean wind speed at hub height [m/s].")] = None,
    turbulence: Annotated[
        Turbulence | None,
        typer.Option(
            case_sensitive=False,
            help="Normal turbulence, averaged over the rotor; sizes --gust eog.",
        ),
    ] = None,
    wind_class: Annotated[
        SpeedClass | None,
        typer.Option(
            case_sensitive=False,
            help="Wind turbine class, for --turbulence and --gust eog; I unless given.",
        ),
    ] = None,
    gust: Annotated[
        Gust | None, typer.Option(case_sensitive=False, help="Operating gust, or coherent gust with direction change.")
    ] = None,
    gust_start: Annotated[
        float | None, typer.Option(help="With --gust: when the gust begins [s]; 30 unless given.")
    ] = None,
    wind_file: Annotated[
        Path | None, typer.Option(help="CSV file of time and wind speed, units in the header, in place of --wind.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Length of the run [s]; 600 unless given, or what the wind file holds.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="With --turbulence: seed of the turbulence; 1 unless given.")
    ] = None,
    step: Annotated[float, typer.Option(help="Time step [s].")] = 0.01,
    drive_train: Drive = DriveTrain.AUTO,
    no_tower: NoTower = False,
    shear: Annotated[float, typer.Option(help="Exponent of the wind profile, such as 0.2.")] = 0.0,
    tower_shadow: Annotated[bool, typer.Option("--tower-shadow", help="The tower's dam in front of it.")] = False,
    torque_law: Torque = TorqueLaw.K_OMEGA_2,
    power_limit_kw: Limit = None,
    reserve_percent: Reserve = None,
    peak_shaving: Shaving = None,
    start: Annotated[
        Start,
        typer.Option(
            case_sensitive=False,
            help="Begin at rest in the first wind speed, which counts as cut-in or cut-out where it is beyond them "
            "(standing still where the first minute's mean is below 0.8 of cut-in or above cut-out); or standing still "
            "and feathered.",
        ),
    ] = Start.STEADY,
    out: Out = None,
) -> None:
    """Run a machine in a wind; print what it did and write its folder: result.parquet, metrics.json, plots."""
    from turbine import load, simulate
    from turbine.folder import check_target
    from turbine.output import RUN, run_metrics, write_run
    from turbine.simulation import Schedule

    if gust is None:
        refuse_alone({"--gust-start": gust_start}, "--gust")
        if turbulence is None:
            refuse_alone({"--wind-class": wind_class}, "--turbulence or --gust")
    if turbulence is None:
        refuse_alone({"--seed": seed}, "--turbulence")
    wind_class, seed = wind_class or SpeedClass.I, 1 if seed is None else seed
    gust_start = 30.0 if gust_start is None else gust_start
    if out is not None:
        check_target(out, RUN)
    given = {
        "machine": Path(machine).name,
        "wind_speed_m_s": wind,
        "turbulence": turbulence,
        "wind_class": wind_class,
        "gust": gust,
        "gust_start_s": gust_start,
        "wind_file": wind_file.name if wind_file else None,
        "seconds": seconds,
        "seed": seed,
        "step_s": step,
        "drive_train": drive_train,
        "no_tower": no_tower,
        "shear": shear,
        "tower_shadow": tower_shadow,
        "torque_law": torque_law,
        "power_limit_kw": power_limit_kw,
        "reserve_percent": reserve_percent,
        "peak_shaving": peak_shaving,
        "start": start,
    }
    loaded = load(machine)
    with options_named():
        if wind_file is not None:
            if wind is not None or turbulence is not None or gust is not None:
                raise OptionError("--wind-file stands in place of --wind, --turbulence and --gust; found both")
            series = read_wind(wind_file, seconds)
        elif wind is None:
            raise OptionError("the wind is missing; expected --wind SPEED or --wind-file CSV")
        else:
            length = 600.0 if seconds is None else seconds
            series = make_wind(loaded, wind, turbulence, wind_class, gust, gust_start, length, seed, step)
        settings = control_settings(loaded, torque_law, peak_shaving)
        say_compiling()
        result = simulate(
            loaded,
            series,
            settings=settings,
            time_step=step,
            start=start.value,
            schedule=Schedule(references={0.0: references(power_limit_kw, reserve_percent)}),
            drive_train=drive_train.value.replace("-", "_"),
            tower=False if no_tower else None,
            shear_exponent=shear,
            tower_shadow=tower_shadow,
        )
    metrics = write_run(result, out, given) if out is not None else run_metrics(result, given)
    typer.echo(summary(result, metrics))
    typer.echo(f"\nRun: {out}" if out is not None else "\nNothing was written: --out DIR writes table and plots.")


@app.command(
    short_help="Steady operation by wind speed.",
    context_settings=_HELP,
    epilog="Example: wind-sim turbine curve nrel_5mw --peak-shaving 0.8 --out curve",
)
def curve(
    machine: MachineName,
    torque_law: Torque = TorqueLaw.K_OMEGA_2,
    power_limit_kw: Limit = None,
    reserve_percent: Reserve = None,
    peak_shaving: Shaving = None,
    out: Out = None,
) -> None:
    """Print the steady operation of a machine by wind speed: power, thrust, rotor speed, pitch."""
    from turbine import load
    from turbine.folder import check_target
    from turbine.output import STEADY, write_steady
    from turbine.steady import steady_table

    if out is not None:
        check_target(out, STEADY)
    loaded = load(machine)
    with options_named():
        settings = control_settings(loaded, torque_law, peak_shaving)
        say_compiling()
        steady = steady_table(loaded, settings=settings, references=references(power_limit_kw, reserve_percent))
    given = {
        "machine": Path(machine).name,
        "torque_law": torque_law,
        "power_limit_kw": power_limit_kw,
        "reserve_percent": reserve_percent,
        "peak_shaving": peak_shaving,
    }
    if out is not None:
        write_steady(steady, out, given)
    typer.echo(f"{loaded.title or loaded.name}: steady operation\n")
    columns = ("wind_speed", "electrical_power", "rotor_speed", "pitch_angle", "thrust", "cp", "ct", "tip_speed_ratio")
    typer.echo(columns_text({name: steady[name] for name in columns}))
    for speed, why in steady.unsettled.items():
        typer.echo(f"\n{speed:g} m/s: {why}")
    typer.echo(f"\nCurve: {out}" if out is not None else "\nNothing was written: --out DIR writes table and plots.")


@app.command(
    short_help="Two machines side by side: energy, loads, cost.",
    context_settings=_HELP,
    epilog="Example: wind-sim turbine compare nrel_5mw iea_3p4mw --mean-wind 8.5 --out comparison",
)
def compare(
    a: Annotated[str, typer.Argument(help="The base: name of a machine or path of a .toml file.")],
    b: Annotated[str, typer.Argument(help="What is compared with it.")],
    mean_wind: Annotated[float, typer.Option(help="Annual mean wind speed at hub height, Rayleigh [m/s].")] = 8.0,
    seeds: Annotated[
        int,
        typer.Option(min=0, help="Also run load cases of 4 to 24 m/s with so many seeds each; the standard wants 6."),
    ] = 0,
    seconds: Annotated[
        float | None, typer.Option(help="With --seeds: length of a load case [s]; 600 unless given.")
    ] = None,
    turbulence: Annotated[
        Turbulence | None,
        typer.Option(case_sensitive=False, help="With --seeds: turbulence of the load cases; B unless given."),
    ] = None,
    capex: Annotated[
        tuple[float, float] | None,
        typer.Option(metavar="A B", help="Capital expenditure of A and of B, for the cost of energy."),
    ] = None,
    opex: Annotated[
        tuple[float, float] | None,
        typer.Option(
            metavar="A B", help="With --capex: yearly operation and maintenance of A and of B; 0 unless given."
        ),
    ] = None,
    fixed_charge_rate: Annotated[
        float | None,
        typer.Option(help="With --capex: share of the capital that falls on each year; 0.07 unless given."),
    ] = None,
    no_tower: NoTower = False,
    out: Out = None,
) -> None:
    """Compare two machines: annual energy, steady loads, and on demand loads in turbulence and the cost of energy."""
    from turbine.checks import check_positive
    from turbine.compare import compare as compare_machines
    from turbine.costs import Costs
    from turbine.energy import rayleigh
    from turbine.folder import check_target
    from turbine.load_cases import design_load_cases
    from turbine.output import COMPARISON, write_comparison

    check_positive("--mean-wind", mean_wind, unit="m/s", error=OptionError)
    if not seeds:
        refuse_alone({"--seconds": seconds, "--turbulence": turbulence}, "--seeds")
    if capex is None:
        refuse_alone({"--opex": opex, "--fixed-charge-rate": fixed_charge_rate}, "--capex")
    seconds = 600.0 if seconds is None else seconds
    check_positive("--seconds", seconds, unit="s", error=OptionError)
    turbulence, opex = turbulence or Turbulence.B, opex or (0.0, 0.0)
    fixed_charge_rate = 0.07 if fixed_charge_rate is None else fixed_charge_rate
    if out is not None:
        check_target(out, COMPARISON)
    pair = candidates(a, b)
    given: dict[str, Any] = {}
    with options_named():
        if seeds:
            condition = f"{SpeedClass.I.value}{turbulence.value}"
            given["load_cases"] = design_load_cases(range(4, 25, 2), condition, seeds=seeds, duration=seconds)
            given["run"] = {"progress": progress}
        if capex is not None:
            given["costs_a"], given["costs_b"] = (
                Costs(once, fixed_charge_rate, yearly) for once, yearly in zip(capex, opex, strict=True)
            )
        say_compiling()
        tower = False if no_tower else None
        found = compare_machines(*pair, wind_distribution=rayleigh(mean_wind), tower=tower, **given)
    if out is not None:
        asked = {
            "a": Path(a).name,
            "b": Path(b).name,
            "mean_wind_m_s": mean_wind,
            "seeds": seeds,
            "seconds": seconds,
            "turbulence": turbulence,
            "capex": capex,
            "opex": opex,
            "fixed_charge_rate": fixed_charge_rate,
            "no_tower": no_tower,
        }
        write_comparison(found, out, asked)
    typer.echo("\n".join(found.lines()))
    for name, table in zip(found.names, found.steady, strict=True):
        if seeds and (note := tower_note(table.model)):
            typer.echo(f"{name}: {note}")
    typer.echo(
        f"\nComparison: {out}" if out is not None else "\nNothing was written: --out DIR writes table and plots."
    )


@app.command(
    "list",
    short_help="The machines that come with the product.",
    context_settings=_HELP,
    epilog="Example: wind-sim turbine list",
)
def list_machines() -> None:
    """List the machines that come with the product."""
    from turbine import load, names
    from turbine.mechanics import TOWER_VALUES

    rows = [("name", "power", "rotor", "hub", "title")]
    for name in names():
        machine = load(name)
        power, radius = machine.get("generator.rated_power"), machine.get("rotor.radius")
        hub = machine.get("tower.hub_height")
        absent = [] if machine.surface is not None else ["no rotor surface"]
        if machine.lacking(f"tower.{value}" for value in TOWER_VALUES):
            absent.append("no tower values")
        rows.append(
            (
                name,
                f"{power / 1e6:.2f} MW" if power else "n/d",
                f"{2.0 * radius:.0f} m" if radius else "n/d",
                f"{hub:.0f} m" if hub else "n/d",
                machine.title + (f" ({', '.join(absent)})" if absent else ""),
            )
        )
    typer.echo(aligned(rows, left=(0, 4)))
    typer.echo("\nA tower without values stands still. Values with their sources: wind-sim turbine show MACHINE")


@app.command(
    short_help="Values of a machine, with their sources.",
    context_settings=_HELP,
    epilog="Example: wind-sim turbine show nrel_5mw",
)
def show(machine: MachineName) -> None:
    """Show the values of a machine with unit, source and status, and what is missing."""
    from turbine import load
    from turbine.machine_parts import GROUPS, known_keys

    loaded = load(machine)
    typer.echo(f"{loaded.name}: {loaded.title}")
    absent = []
    sources: dict[str, int] = {}
    for group in GROUPS:
        rows = []
        for key, spec in known_keys(group).items():
            value = getattr(getattr(loaded, group), key.partition(".")[2])
            if value is None:
                absent.append((key, loaded.missing.get(key, "")))
                continue
            origin = loaded.provenance.get(key)
            shown = f"{len(value)} values" if isinstance(value, tuple) else f"{value:.7g}"
            status, source = (origin.status, origin.source) if origin else ("user", "")
            number = f"[{sources.setdefault(source, len(sources) + 1)}]" if source else ""
            note = origin.note if origin else ""
            unit = "" if spec["unit"] == "1" else spec["unit"]
            rows.append((f"  {key.partition('.')[2]}", shown, unit, status, f"{number} {note}"))
        if rows:
            typer.echo(f"\n{group}\n{aligned(rows, left=(0, 2, 3, 4))}")
    surface = loaded.surface
    if surface is not None:
        best = surface.optimum()
        typer.echo(
            f"\nrotor surface\n  {surface.pitch.size} pitch angles by {surface.tip_speed_ratio.size} tip-speed ratios, "
            f"largest Cp {best.cp:.4f} at {best.tip_speed_ratio:.2f}; {surface.source}"
        )
    else:
        absent.append(("surface", loaded.missing.get("surface", "")))
    if sources:
        typer.echo("\nsources\n" + "\n".join(f"  [{number}] {source}" for source, number in sources.items()))
    if absent:
        typer.echo("\nmissing\n" + aligned([(f"  {key}", why) for key, why in absent], left=(0, 1)))
