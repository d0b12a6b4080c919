"""Power by wind speed: as a machine's maker publishes it, and as energy is reckoned with."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

import numpy as np
import numpy.typing as npt

from turbine.checks import ascending, check_range, series
from turbine.errors import PowerCurveError

__all__ = ["PowerCurve"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PowerCurve:
    """Power by wind speed.

    Parameters
    ----------
    wind_speed : array, shape (n,)
        Points of the curve, ascending [m/s].
    power : array, shape (n,)
        Electrical power there [W]; below zero where the machine consumes.
    ct : array, shape (n,), optional
        Thrust coefficient there [-].
    source : str
        Where it comes from.
    start_step : float
        For energy: power is zero this far below the first point [m/s]; the standard has half a m/s, 0 begins with a
        jump.
    hold_to : float or None
        For energy: the last power is held up to this wind speed [m/s], the cut-out; None: zero above the last point.
    name : str
        What messages and tables call the curve.

    Raises
    ------
    PowerCurveError
        Wind speeds do not ascend, lengths differ, a number is missing or out of its range. It is a `MachineError` and
        an `EnergyError`.
    """

    wind_speed: Floats
    power: Floats
    ct: Floats | None = None
    source: str = ""
    _: KW_ONLY
    start_step: float = 0.5
    hold_to: float | None = None
    name: str = "power curve"

    def __post_init__(self) -> None:
        wind = ascending(f"{self.name}: wind_speed", self.wind_speed, low=0.0, unit="m/s", error=PowerCurveError)
        object.__setattr__(self, "wind_speed", wind)
        columns = [("power", self.power, "W")]
        if self.ct is not None:
            columns.append(("ct", self.ct, ""))
        for name, given, unit in columns:
            values = series(f"{self.name}: {name}", given, unit=unit, error=PowerCurveError)
            if values.size != wind.size:
                raise PowerCurveError(
                    f"{self.name}: {name} has {values.size} values, expected {wind.size} as wind_speed has"
                )
            object.__setattr__(self, name, values)
        check_range(f"{self.name}: start_step", self.start_step, 0.0, unit="m/s", error=PowerCurveError)
        if self.hold_to is not None:
            hint = "the cut-out lies at or above the last point"
            check_range(
                f"{self.name}: hold_to", self.hold_to, float(wind[-1]), unit="m/s", hint=hint, error=PowerCurveError
            )
