"""The commands of one turbine, mounted as `wind-sim turbine`: parse, delegate, print."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from turbine.errors import MachineError, WindformError, nearest_word

if TYPE_CHECKING:
    from turbine.control import ControlSettings
    from turbine.machine import Machine
    from turbine.simulation import Result
    from turbine.trim import References
    from turbine.wind import WindSeries

__all__ = ["OptionError", "app"]

_RUN = "run"
_HELP = {"help_option_names": ["-h", "--help"]}


class OptionError(WindformError):
    """Options of a command do not go together."""


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


class Turbulence(StrEnum):
    """Categories of turbulence of IEC 61400-1."""

    A_PLUS = "A+"
    A = "A"
    B = "B"
    C = "C"


class SpeedClass(StrEnum):
    """Classes of wind speed of IEC 61400-1."""

    I = "I"  # noqa: E741
    II = "II"
    III = "III"


class Gust(StrEnum):
    """Gusts of IEC 61400-1."""

    EOG = "eog"
    ECD = "ecd"


class DriveTrain(StrEnum):
    """Models of the drive train."""

    AUTO = "auto"
    RIGID = "rigid"
    TWO_MASS = "two-mass"
    THREE_MASS = "three-mass"


class TorqueLaw(StrEnum):
    """Torque laws below rated."""

    K_OMEGA_2 = "k-omega-2"
    TIP_SPEED_RATIO = "tip-speed-ratio"


class Start(StrEnum):
    """Where a run begins."""

    STEADY = "steady"
    PARKED = "parked"


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

MachineName = Annotated[str, typer.Argument(help="Name of a machine (wind-sim turbine list) or path of a .toml file.")]
Out = Annotated[
    Path | None, typer.Option(help="Folder to write; an earlier result of the same kind in it is replaced.")
]
Torque = Annotated[TorqueLaw, typer.Option(help="Torque law below rated.")]
Shaving = Annotated[
    float | None, typer.Option(help="Peak shaving: share of the largest steady thrust that is allowed, such as 0.8.")
]
Limit = Annotated[float | None, typer.Option(help="Largest electrical power [kW].")]
Reserve = Annotated[float | None, typer.Option(help="Share of the available power that is kept in reserve [%].")]
Drive = Annotated[DriveTrain, typer.Option(help="Model of the drive train.")]
NoTower = Annotated[bool, typer.Option("--no-tower", help="Leave the tower's modes out.")]


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
        typer.Option(help="Category of normal turbulence, rotor average; steady wind unless given. Sizes --gust eog."),
    ] = None,
    wind_class: Annotated[SpeedClass, typer.Option(help="Wind turbine class; sizes --gust eog.")] = SpeedClass.I,
    gust: Annotated[Gust | None, typer.Option(help="Operating gust, or coherent gust with direction change.")] = None,
    gust_start: Annotated[float, typer.Option(help="When the gust begins [s].")] = 30.0,
    wind_file: Annotated[
        Path | None, typer.Option(help="CSV file of time and wind speed, units in the header, in place of --wind.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Length of the run [s]; 600 unless given, or what the wind file holds.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the turbulence.")] = 1,
    step: Annotated[float, typer.Option(help="Time step [s].")] = 0.01,
    drive_train: Drive = DriveTrain.AUTO,
    no_tower: NoTower = False,
    shear: Annotated[float, typer.Option(help="Exponent of the wind profile, such as 0.2.")] = 0.0,
    tower_shadow: Annotated[bool, typer.Option("--tower-shadow", help="The tower's dam in front of it.")] = False,
    torque_law: Torque = TorqueLaw.K_OMEGA_2,
    power_limit_kw: Limit = None,
    reserve_percent: Reserve = None,
    peak_shaving: Shaving = None,
    start: Annotated[Start, typer.Option(help="Begin in steady operation, or standing still and feathered.")] = (
        Start.STEADY
    ),
    out: Out = None,
) -> None:
    """Run a machine in a wind; print what it did and write its folder: result.parquet, metrics.json, plots."""
    from turbine import load, simulate
    from turbine.output import check_target, run_metrics, write_run
    from turbine.simulation import Schedule

    if out is not None:
        check_target(out)
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
        "tower": not no_tower,
        "shear": shear,
        "tower_shadow": tower_shadow,
        "torque_law": torque_law,
        "power_limit_kw": power_limit_kw,
        "reserve_percent": reserve_percent,
        "peak_shaving": peak_shaving,
        "start": start,
    }
    loaded = load(machine)
    if wind_file is not None:
        if wind is not None or turbulence is not None or gust is not None:
            raise OptionError("--wind-file stands in place of --wind, --turbulence and --gust; found both")
        series = _read_wind(wind_file, seconds)
    elif wind is None:
        raise OptionError("the wind is missing; expected --wind SPEED or --wind-file CSV")
    else:
        series = _wind(loaded, wind, turbulence, wind_class, gust, gust_start, seconds or 600.0, seed, step)
    settings = _settings(loaded, torque_law, peak_shaving)
    _say_compiling()
    try:
        result = simulate(
            loaded,
            series,
            settings=settings,
            time_step=step,
            start=start.value,
            schedule=Schedule(references={0.0: _references(power_limit_kw, reserve_percent)}),
            drive_train=drive_train.value.replace("-", "_"),
            tower=not no_tower,
            shear_exponent=shear,
            tower_shadow=tower_shadow,
        )
    except MachineError as error:
        raise _with_way_out(error, no_tower) from error
    metrics = write_run(result, out, given) if out is not None else run_metrics(result, given)
    typer.echo(_summary(result, metrics))
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
    from turbine.output import STEADY, check_target, write_steady
    from turbine.steady import steady_table

    if out is not None:
        check_target(out, STEADY)
    loaded = load(machine)
    settings = _settings(loaded, torque_law, peak_shaving)
    _say_compiling()
    # The tower's deflection changes nothing of what is shown, and not every machine's is known.
    steady = steady_table(
        loaded, settings=settings, references=_references(power_limit_kw, reserve_percent), tower=False
    )
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
    typer.echo(_columns_text({name: steady[name] for name in columns}))
    for speed, why in steady.unsettled.items():
        typer.echo(f"\n{speed:g} m/s: {why}")
    typer.echo(f"\nCurve: {out}" if out is not None else "\nNothing was written: --out DIR writes table and plots.")


@app.command(
    "list",
    short_help="The machines that come with the product.",
    context_settings=_HELP,
    epilog="Example: wind-sim turbine list",
)
def list_machines() -> None:
    """List the machines that come with the product."""
    from turbine import load, names

    rows = [("name", "power", "rotor", "hub", "title")]
    for name in names():
        machine = load(name)
        power, radius = machine.get("generator.rated_power"), machine.get("rotor.radius")
        hub = machine.get("tower.hub_height")
        rows.append(
            (
                name,
                f"{power / 1e6:.2f} MW" if power else "n/d",
                f"{2.0 * radius:.0f} m" if radius else "n/d",
                f"{hub:.0f} m" if hub else "n/d",
                machine.title + ("" if machine.surface is not None else " (no rotor surface)"),
            )
        )
    typer.echo(_aligned(rows, left=(0, 4)))
    typer.echo("\nValues with their sources: wind-sim turbine show MACHINE")


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
            typer.echo(f"\n{group}\n{_aligned(rows, left=(0, 2, 3, 4))}")
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
        typer.echo("\nmissing\n" + _aligned([(f"  {key}", why) for key, why in absent], left=(0, 1)))


def _wind(
    machine: Machine,
    speed: float,
    turbulence: Turbulence | None,
    speed_class: SpeedClass,
    gust: Gust | None,
    gust_start: float,
    seconds: float,
    seed: int,
    step: float,
) -> WindSeries:
    """Return the wind that the options ask for, at hub height of the machine."""
    from turbine import wind

    condition = wind.wind_class(f"{speed_class.value}{(turbulence or Turbulence.B).value}")
    span: dict[str, float] = {"duration": seconds, "time_step": step}
    if gust is not None and gust_start >= seconds:
        raise OptionError(f"--gust-start: found {gust_start:g} s, expected less than --seconds, which are {seconds:g}")
    if gust is Gust.ECD:
        return wind.ecd(speed, start=gust_start, **span)
    if gust is None and turbulence is None:
        return wind.constant(speed, **span)
    hub, diameter = machine.require("tower.hub_height"), 2.0 * machine.require("rotor.radius")
    if gust is Gust.EOG:
        return wind.eog(speed, condition, rotor_diameter=diameter, hub_height=hub, start=gust_start, **span)
    return wind.ntm(speed, condition, hub_height=hub, rotor_diameter=diameter, seed=seed, **span)


def _read_wind(path: Path, seconds: float | None) -> WindSeries:
    """Return the wind of a file, cut to the seconds that are asked for, named by the file without its folder."""
    from dataclasses import replace

    from turbine.wind import read_wind_csv

    series = replace(read_wind_csv(path), name=path.name)
    if seconds is None:
        return series
    if not 0.0 < seconds <= series.duration * (1.0 + 1e-9):
        raise OptionError(
            f"--seconds: found {seconds:g}, expected above 0 and at most {series.duration:g}, which {path} holds"
        )
    n = max(1, round(seconds / series.time_step))
    return replace(series, wind_speed=series.wind_speed[:n], wind_direction=series.wind_direction[:n])


def _settings(machine: Machine, torque_law: TorqueLaw, peak_shaving: float | None) -> ControlSettings:
    from turbine.control import controller
    from turbine.design import minimum_pitch_schedule

    machine.require_surface()
    values: dict[str, Any] = {}
    if peak_shaving is not None:
        wind, pitch = minimum_pitch_schedule(machine, peak_thrust=peak_shaving)
        values = {"minimum_pitch_wind": wind, "minimum_pitch": pitch}
    law: Any = torque_law.value.replace("-", "_")
    return controller(machine, torque_law=law, **values)


def _references(power_limit_kw: float | None, reserve_percent: float | None) -> References:
    from turbine.checks import check_range
    from turbine.trim import References

    wanted: dict[str, float] = {}
    if power_limit_kw is not None:
        check_range("--power-limit-kw", power_limit_kw, 0.0, unit="kW", error=OptionError)
        wanted["power_limit"] = 1e3 * power_limit_kw
    if reserve_percent is not None:
        check_range("--reserve-percent", reserve_percent, 0.0, 90.0, unit="%", error=OptionError)
        wanted["reserve"] = 0.01 * reserve_percent
    return References(**wanted)


def _with_way_out(error: MachineError, no_tower: bool) -> MachineError:
    if not no_tower and "has no value for tower." in str(error):
        return MachineError(f"{error}; or leave the tower out: --no-tower")
    return error


def _say_compiling() -> None:
    """Say why the first run on a machine takes long."""
    from turbine.compiled import cache_folder

    if sys.stderr.isatty() and not any(cache_folder().rglob("step.run-*.nbc")):
        typer.echo("Compiling the simulation, once after each installation: about half a minute.", err=True)


def _summary(result: Result, metrics: dict[str, Any]) -> str:
    """Return what a run did, in the units that people read."""
    from turbine.output import LOADS
    from turbine.quantities import shown

    machine = result.model.machine
    rows = [("", "", "mean", "std", "min", "max")]
    for name in ("wind_speed", "rotor_speed", "pitch_angle", "electrical_power", "thrust", *LOADS):
        title, unit, factor = shown(name)
        found = metrics["channels"][name]
        rows.append((f"  {title}", unit, *(_number(found[key] * factor) for key in ("mean", "std", "min", "max"))))
    energy = metrics["energy"]
    lines = [
        f"{machine.title or machine.name}: {result.wind.duration:g} s, {result.wind.name}\n",
        _aligned(rows, left=(0, 1)),
        f"\nEnergy: {energy['electrical_mwh']:.4g} MWh electrical of {energy['wind_mwh']:.4g} MWh from the wind; "
        f"balance closes to {abs(energy['residual_relative']):.0e}",
    ]
    if metrics["loads"]:
        parts = []
        for name, load in metrics["loads"].items():
            title, unit, factor = shown(name)
            parts.append(f"{title} {_number(load['damage_equivalent_load'] * factor)} {unit}")
        first = next(iter(metrics["loads"].values()))
        lines.append(f"Equivalent loads (m = {first['exponent']:g}, {first['frequency_hz']:g} Hz): {', '.join(parts)}")
    lines.append(f"Pitch travel: {metrics['pitch']['travel_rad'] * shown('pitch_angle').factor:.1f} deg")
    modes = {name: time for name, time in metrics["time_in_mode_s"].items() if time > 0.0}
    if set(modes) != {"production"}:
        lines.append("Operation: " + ", ".join(f"{n.replace('_', '-')} {t:.1f} s" for n, t in modes.items()))
    return "\n".join(lines)


def _columns_text(columns: dict[str, Any]) -> str:
    from turbine.quantities import shown

    titles = [shown(name) for name in columns]
    rows = [tuple(t.name for t in titles), tuple(f"[{t.unit}]" if t.unit else "" for t in titles)]
    scaled = [[_number(v * t.factor) for v in values] for t, values in zip(titles, columns.values(), strict=True)]
    return _aligned([*rows, *zip(*scaled, strict=True)])


def _number(value: float) -> str:
    """Return four digits that mean something, never in powers of ten."""
    if value != value:
        return "n/d"
    size = abs(value)
    digits = 0 if size >= 1000.0 else 1 if size >= 100.0 else 2 if size >= 10.0 else 3
    return f"{value + 0.0:,.{digits}f}".replace("-0.000", "0.000")


def _aligned(rows: list[tuple[str, ...]], left: tuple[int, ...] = ()) -> str:
    """Return rows of text in columns, aligned right but for those named."""
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [c.ljust(w) if k in left else c.rjust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True))]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
