"""Figures of a run for reports and tests: frequency and voltage of buses, power and current of devices, JSON-able.

Each figure looks at the run from a time on, as if it had begun there: a window that reaches back before it does not
count. What cannot be measured - the frequency of a dead bus, a rate of change in a run shorter than its window, the
overshoot of a power that did not change - is None.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from gridforming.measure import WINDOW, frequency, rate_of_change, settling_time
from gridforming.system import device_branch
from turbine.checks import check_positive, check_range
from turbine.errors import SimulationError

if TYPE_CHECKING:
    from gridforming.converter import Converter
    from gridforming.machine import Machine
    from gridforming.result import Result

__all__ = ["metrics"]

Floats = npt.NDArray[np.float64]

_RATE_WINDOWS = {"rocof_500ms_hz_per_s": 0.5, "rocof_100ms_hz_per_s": 0.1}  # [s]
_NORMAL_VOLTAGE = (0.9, 1.1)  # [pu]
_WIDEST = 0.1  # frequency off nominal that rows are to tell from its alias [pu]
_LEAST_CHANGE = 1e-3  # of a power that overshoots and settles [pu]
_AT_REST = 0.1  # share of the run, at its end, in which a power that has settled stays in its band
_TRIP = re.compile(r't = (\S+) s: "(.*)" trips: (.*)')


def metrics(
    result: Result, *, since: float = 0.0, buses: Sequence[str] | None = None, settling_band: float = 0.005
) -> dict[str, Any]:
    """Return the figures of a run, units in their names; None stands where there is nothing to measure.

    Parameters
    ----------
    result : Result
        A run.
    since : float
        Time that figures begin at, such as that of an event [s].
    buses : sequence of str, optional
        All buses of the network unless given.
    settling_band : float
        Half-width of the band about the end that a power settles in, over its change [-].

    Returns
    -------
    dict
        What was measured how, then by name "buses", "converters" and "machines". Frequencies are those of
        `gridforming.measure`, largest rates of change with their sign; a phase jump stands in both as it does in a
        relay. Voltages are sliding means of the magnitude. Windows end at the time given, and are one row long where
        rows are coarser. Powers and currents are in pu of the device's rating, currents as space vectors. A power that
        still moves at the end of the run has no settling time.

    Raises
    ------
    SimulationError
        No such bus, or nothing after `since`.
    """
    check_range("since", since, unit="s", error=SimulationError)
    check_positive("settling_band", settling_band, error=SimulationError)
    seen = result.time >= since - 1e-9
    if not seen.any():
        raise SimulationError(f"since: found {since:g} s, expected at most the last row's {result.time[-1]:g} s")
    system = result.model.system
    names = system.network.bus_names if buses is None else buses
    trips = [found.groups() for note in result.notes if (found := _TRIP.fullmatch(note))]
    return {
        "start_s": float(result.time[seen][0]),
        "end_s": float(result.time[-1]),
        "frequency_window_s": _number(max(WINDOW, _step(result.time))),
        "voltage_window_s": _number(max(WINDOW, _step(result.time))),
        "normal_voltage_pu": list(_NORMAL_VOLTAGE),
        "settling_band_percent_of_step": 100.0 * settling_band,
        "buses": {name: _frequencies(result, name, seen) | _voltages(result, name, seen) for name in names},
        "converters": {
            c.name: _powers(result, c, result.converter(c.name, "active_power"), seen, settling_band)
            | {
                "limited_s": _limited(result, c.name, seen),
                "trips": [{"time_s": float(t), "reason": why} for t, name, why in trips if name == c.name],
            }
            for c in system.converters
        },
        "machines": {
            m.name: _powers(result, m, result.machine(m.name, "active_power"), seen, settling_band)
            for m in system.machines
        },
    }


def _frequencies(result: Result, bus: str, seen: npt.NDArray[np.bool_]) -> dict[str, float | None]:
    """Return lowest, highest and last frequency of a bus, and its largest rates of change."""
    time, step = result.time, _step(result.time)
    window = max(WINDOW, step)
    found: dict[str, float | None] = dict.fromkeys(
        (
            "frequency_nadir_hz",
            "frequency_nadir_time_s",
            "frequency_zenith_hz",
            "frequency_zenith_time_s",
            "frequency_end_hz",
            *_RATE_WINDOWS,
        )
    )
    speed, nominal = result.model.frame_speed, result.model.system.network.frequency
    # A phase that turns by half a turn from row to row says nothing of its direction.
    if not (abs(1.0 - speed) + _WIDEST) * nominal * step < 0.5:
        result.voltage(bus)  # that its name is known
        return found
    begin = time[seen][0] - 1e-9
    hz = frequency(result, bus, window=window)
    hz[time < begin + window] = np.nan
    if np.isfinite(hz).any():
        low, high = int(np.nanargmin(hz)), int(np.nanargmax(hz))
        found |= {
            "frequency_nadir_hz": float(hz[low]),
            "frequency_nadir_time_s": float(time[low]),
            "frequency_zenith_hz": float(hz[high]),
            "frequency_zenith_time_s": float(time[high]),
            "frequency_end_hz": _number(hz[-1]),
        }
    for key, width in _RATE_WINDOWS.items():
        if step <= width:
            rate = rate_of_change(result, bus, window=width, frequency_window=window)
            rate = rate[(time >= begin + window + width) & np.isfinite(rate)]
            found[key] = float(rate[np.argmax(np.abs(rate))]) if rate.size else None
    return found


def _voltages(result: Result, bus: str, seen: npt.NDArray[np.bool_]) -> dict[str, float | None]:
    """Return lowest and highest voltage of a bus, and the longest time that it is out of the normal band."""
    size, step = np.abs(result.voltage(bus))[seen], _step(result.time)
    width = max(1, round(WINDOW / step))
    if size.size < width:
        return dict.fromkeys(("voltage_lowest_pu", "voltage_highest_pu", "voltage_outside_longest_s"))
    mean = np.convolve(size, np.full(width, 1.0 / width), mode="valid")
    low, high = _NORMAL_VOLTAGE
    outside = np.concatenate(([0], ((mean < low) | (mean > high)).astype(np.int8), [0]))
    begins, ends = np.flatnonzero(np.diff(outside) > 0), np.flatnonzero(np.diff(outside) < 0)
    longest = int((ends - begins).max()) if begins.size else 0
    return {
        "voltage_lowest_pu": float(mean.min()),
        "voltage_highest_pu": float(mean.max()),
        "voltage_outside_longest_s": _number(longest * step) if longest else 0.0,
    }


def _powers(
    result: Result, device: Converter | Machine, power: Floats, seen: npt.NDArray[np.bool_], band: float
) -> dict[str, Any]:
    """Return what a device's active power and current do: from where to where, how, and what they carry."""
    time, p = result.time[seen], power[seen]
    change = float(p[-1] - p[0])
    overshoot = settling = None
    if abs(change) >= _LEAST_CHANGE:
        overshoot = 100.0 * max(0.0, float(((p - p[-1]) / change).max()))
        settling = settling_time(time, p, since=float(time[0]), band=band * abs(change))
        if settling > (1.0 - _AT_REST) * float(time[-1] - time[0]):
            settling = None  # it moves to the end
    energy = float(np.trapezoid(p, time))
    current = result.current(device_branch(device))[seen] * result.model.system.scale(device)
    return {
        "active_power_start_pu": _number(p[0]),
        "active_power_end_pu": _number(p[-1]),
        "active_power_lowest_pu": _number(p.min()),
        "active_power_highest_pu": _number(p.max()),
        "active_power_overshoot_percent": overshoot,
        "active_power_settling_s": settling,
        "current_peak_pu": _number(np.abs(current).max()),
        "energy_pu_s": _number(energy),
        "energy_kwh": _number(energy * device.rated_power / 3.6e6),
    }


def _limited(result: Result, name: str, seen: npt.NDArray[np.bool_]) -> float | None:
    """Return how long a converter's current was limited [s]."""
    count = np.count_nonzero(result.converter(name, "limited")[seen] > 0.0)
    return _number(count * _step(result.time)) if count else 0.0


def _step(time: Floats) -> float:
    """Return the time between rows [s], infinite where there is one row."""
    return float(time[1] - time[0]) if time.size > 1 else math.inf


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
