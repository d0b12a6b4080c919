"""Options of the commands of one turbine, and what is made of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from turbine.errors import WindformError

if TYPE_CHECKING:
    from turbine.compare import Candidate
    from turbine.control import ControlSettings
    from turbine.machine import Machine
    from turbine.trim import References
    from turbine.wind import WindSeries

__all__ = [
    "Drive",
    "DriveTrain",
    "Gust",
    "Limit",
    "MachineName",
    "NoTower",
    "OptionError",
    "Out",
    "Reserve",
    "Shaving",
    "SpeedClass",
    "Start",
    "Torque",
    "TorqueLaw",
    "Turbulence",
    "candidates",
    "make_wind",
    "options_named",
    "read_wind",
    "references",
    "refuse_alone",
    "settings",
]

#: What Python's arguments are called here, where an error may name them.
_OPTIONS: Mapping[str, str] = {
    "time_step": "--step",
    "duration": "--seconds",
    "drive_train": "--drive-train",
    "tower=False": "--no-tower",
    'start="parked"': "--start parked",
    "shear_exponent": "--shear",
    "tower_shadow": "--tower-shadow",
    "torque_law": "--torque-law",
    "peak_thrust": "--peak-shaving",
    "capex": "--capex",
    "opex_per_year": "--opex",
    "fixed_charge_rate": "--fixed-charge-rate",
}
#: An argument as a whole word, with its value if there is one; no key of a machine file ("drive_train.gear_ratio").
_ARGUMENT = re.compile(rf'(?<![\w."/])({"|".join(_OPTIONS)})(?:="(\w+)")?(?!\.?\w)')


class OptionError(WindformError):
    """Options of a command do not go together."""


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


MachineName = Annotated[str, typer.Argument(help="Name of a machine (wind-sim turbine list) or path of a .toml file.")]
Out = Annotated[
    Path | None, typer.Option(help="Folder to write; an earlier result of the same kind in it is replaced.")
]
Torque = Annotated[TorqueLaw, typer.Option(case_sensitive=False, help="Torque law below rated.")]
Shaving = Annotated[
    float | None, typer.Option(help="Peak shaving: share of the largest steady thrust that is allowed, such as 0.8.")
]
Limit = Annotated[float | None, typer.Option(help="Largest electrical power [kW].")]
Reserve = Annotated[float | None, typer.Option(help="Share of the available power that is kept in reserve [%].")]
Drive = Annotated[DriveTrain, typer.Option(case_sensitive=False, help="Model of the drive train.")]
NoTower = Annotated[bool, typer.Option("--no-tower", help="Leave the tower's modes out.")]


@contextmanager
def options_named() -> Iterator[None]:
    """Let an error of the block name options of the command where it names arguments of Python."""

    def option(found: re.Match[str]) -> str:
        argument, value = found.groups()
        return _OPTIONS[argument] + (f" {value.replace('_', '-')}" if value else "")

    try:
        yield
    except WindformError as error:
        error.args = (_ARGUMENT.sub(option, str(error)),)
        raise


def refuse_alone(options: Mapping[str, object], base: str) -> None:
    """Refuse options, by name, that say nothing without another one, which is not given."""
    for name, value in options.items():
        if value is not None:
            raise OptionError(f"{name}: found without {base}, expected with it; give both or none")


def make_wind(
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
    from turbine.checks import check_range

    check_range("--wind", speed, 0.0, above=True, unit="m/s", error=OptionError)
    check_range("--seconds", seconds, 0.0, above=True, unit="s", error=OptionError)
    check_range("--step", step, 0.0, above=True, unit="s", error=OptionError)
    condition = wind.wind_class(f"{speed_class.value}{(turbulence or Turbulence.B).value}")
    span: Any = {"duration": seconds, "time_step": step}
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


def read_wind(path: Path, seconds: float | None) -> WindSeries:
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


def candidates(a: str, b: str) -> tuple[Candidate, Candidate]:
    """Return two machines to compare; those of one name are called as they were asked for."""
    from turbine import load
    from turbine.compare import Candidate

    first, second = load(a), load(b)
    for machine in (first, second):
        machine.require_surface()
    if first.name != second.name:
        return Candidate(first), Candidate(second)
    return Candidate(first, name=Path(a).stem), Candidate(second, name=Path(b).stem)


def settings(machine: Machine, torque_law: TorqueLaw, peak_shaving: float | None) -> ControlSettings:
    """Return the controller of a machine with the torque law and the peak shaving that are asked for."""
    from turbine.control import controller
    from turbine.design import minimum_pitch_schedule

    machine.require_surface()
    values: dict[str, Any] = {}
    if peak_shaving is not None:
        wind, pitch = minimum_pitch_schedule(machine, peak_thrust=peak_shaving)
        values = {"minimum_pitch_wind": wind, "minimum_pitch": pitch}
    law: Any = torque_law.value.replace("-", "_")
    return controller(machine, torque_law=law, **values)


def references(power_limit_kw: float | None, reserve_percent: float | None) -> References:
    """Return what the grid wants: a power limit [kW] and a reserve [%]."""
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
