"""The curve that measured ones are compared with: from a file, or of a machine of `turbine`'s library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from fleet.errors import ConfigError, InputError, WindformError, nearest

if TYPE_CHECKING:
    from fleet.config import Farm, Turbine
    from turbine.power_curve import PowerCurve

__all__ = ["ReferenceCurve", "check_references", "reference_curves", "reference_files"]

Floats = npt.NDArray[np.float64]

FORM = "a CSV file with the columns wind_speed_m_s and power_kw"
_MOST_WIND = 60.0  #: [m/s]
_FALL = 0.01  #: of the greatest power: a curve that falls by more before it is reached has a slip in it
_LEAST_OF_RATED, _MOST_OF_RATED = 0.02, 50.0  #: greatest power beyond these parts of rated power is another unit


@dataclass(frozen=True, eq=False, kw_only=True)
class ReferenceCurve:
    """A power curve as it is published or warranted, up to its cut-out; it carries no uncertainty here."""

    name: str  #: as `farm.toml` has it: a machine of the library or a file
    wind_speed: Floats  #: ascending, shape (n,) [m/s]
    power_kw: Floats  #: shape (n,) [kW]
    density: float  #: air density that it is for [kg/m3]
    source: str  #: where it comes from


def reference_files(farm: Farm, folder: Path) -> frozenset[Path]:
    """Return the files that hold reference curves: they are no data of the farm."""
    return frozenset(folder / name for name in _named(farm) if _is_file(name))


def check_references(farm: Farm, folder: Path) -> None:
    """Refuse a reference that cannot be used, without simulating a machine; see `reference_curves`."""
    from turbine import library

    models = {turbine.model for turbine in farm.turbines}
    if isinstance(farm.power_curve.reference, dict):
        for model in sorted(set(farm.power_curve.reference) - models):
            known = ", ".join(sorted(models - {""})) or "none"
            raise ConfigError(
                f'{folder}: key "power_curve.reference": no turbine is of the model {model!r}'
                f"{nearest(model, models)}; models of the farm: {known}"
            )
    for name in _named(farm):
        if _is_file(name):
            _from_file(folder / name, _users(farm, name))
        elif name not in library.names():
            raise ConfigError(
                f'{folder}: key "power_curve.reference": found {name!r}{nearest(name, library.names())}, expected a '
                f"machine of the library ({', '.join(library.names())}) or {FORM} in the farm's folder"
            )


def reference_curves(farm: Farm, folder: Path) -> dict[str, ReferenceCurve]:
    """Return the reference curve of each turbine that has one.

    Parameters
    ----------
    farm : Farm
        `[power_curve] reference`, and the turbines' models where it differs between them.
    folder : Path
        The farm's folder, where the files lie.

    Returns
    -------
    dict of turbine's name to ReferenceCurve
        As published, at its own air density: `reference_curve_density`, else the library's machine's own, else (a file)
        `reference_density`. A machine without a published curve gives that of its steady states. Points without power
        behind the last one with power say where the machine cuts out; the curve ends at that last one.

    Raises
    ------
    ConfigError
        A file that there is not; `check_references` has found unknown machines before.
    InputError
        A file that cannot be used: columns, numbers, order, units.
    """
    settings, found = farm.power_curve, {}
    for name in _named(farm):
        users = _users(farm, name)
        if not users:  # of a model whose turbines were not selected
            continue
        if _is_file(name):
            curve, density = _from_file(folder / name, users), settings.reference_density
        else:
            curve, density = _of_machine(name)
        running = _running(curve)
        made = ReferenceCurve(
            name=name,
            wind_speed=curve.wind_speed[:running],
            power_kw=curve.power[:running] / 1000.0,
            density=settings.reference_curve_density or density,
            source=curve.source,
        )
        found.update({turbine.name: made for turbine in users})
    return found


def _named(farm: Farm) -> list[str]:
    given = farm.power_curve.reference
    return sorted(set(given.values())) if isinstance(given, dict) else [given] if given else []


def _users(farm: Farm, name: str) -> list[Turbine]:
    """Return the turbines that a reference is for."""
    given = farm.power_curve.reference
    return [t for t in farm.turbines if (given.get(t.model) if isinstance(given, dict) else given) == name]


def _is_file(name: str) -> bool:
    return name.lower().endswith(".csv")


def _running(curve: PowerCurve) -> int:
    """Return how many points a curve has up to its cut-out, the last with power.

    Beyond it a turbine that still runs, as nacelle wind and hysteresis have it, is no better than one that stands.
    """
    return int(np.flatnonzero(curve.power > 0.0)[-1]) + 1


def _of_machine(name: str) -> tuple[PowerCurve, float]:
    from turbine.library import load
    from turbine.steady import steady_table

    machine = load(name)
    density = float(machine.usual("operation.air_density"))
    if machine.power_curve is not None:
        return machine.power_curve, density
    return steady_table(machine).power_curve(hold=False), density


def _from_file(path: Path, turbines: Sequence[Turbine]) -> PowerCurve:
    from turbine.library import read_power_curve

    if not path.is_file():
        raise ConfigError(f'{path}: no such file, found in key "power_curve.reference"; expected {FORM}')
    try:
        curve = read_power_curve(path)
    except WindformError as error:
        raise InputError(f"{path.parent}: {error} (reference curve)") from None
    wind, power = curve.wind_speed, curve.power / 1000.0
    if wind.size < 2 or wind[-1] > _MOST_WIND:
        raise InputError(
            f"{path}: reference curve: found {wind.size} wind speeds up to {wind[-1]:g}, expected two or more up to "
            f"{_MOST_WIND:g} m/s"
        )
    top = float(power.max())
    if power.min() < -0.1 * abs(top):
        raise InputError(
            f"{path}: reference curve: found {power.min():g} kW at {wind[int(power.argmin())]:g} m/s, expected the "
            "power of a turbine that produces"
        )
    rated = [turbine.rated_power_kw for turbine in turbines]
    if rated and not _LEAST_OF_RATED * max(rated) <= top <= _MOST_OF_RATED * min(rated):
        raise InputError(
            f"{path}: reference curve: column power_kw reaches {top:,.10g} kW, the turbines have {rated[0]:,.10g} kW; "
            "expected kW: is the column in W or MW?"
        )
    rising = power[: int(power.argmax()) + 1]
    falls = np.flatnonzero(np.diff(rising) < -_FALL * top)
    if falls.size:
        i = int(falls[0])
        raise InputError(
            f"{path}: reference curve: power falls from {power[i]:g} kW at {wind[i]:g} m/s to {power[i + 1]:g} kW at "
            f"{wind[i + 1]:g} m/s, expected it to rise up to its greatest value"
        )
    return curve
