"""Compiled loops that add one partition's records up: dense accumulators of whole numbers.

Every kernel adds into arrays that it is given, so one call per partition does; what a cell means says the caller.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from turbine.compiled import kernel

__all__ = [
    "WORD",
    "add_category_states",
    "add_curve",
    "add_energy",
    "add_fleet",
    "add_parts",
    "add_scatter",
    "add_sources",
    "add_wind",
    "count_flags",
    "mark_inferred_states",
    "mean_of_others",
    "overlaps",
    "overview",
    "whole",
]

Bits = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

WORD = 32  #: squares are summed as two numbers of this many bits: one int64 would overflow for large fleets


@kernel
def whole(value: float, quantum: float) -> Any:
    """Return a value as whole quanta, rounded as `numpy.rint` does; 0 where it is missing."""
    if value != value:
        return 0
    return np.int64(np.rint(value / quantum))


@kernel
def add_fleet(
    time: Ints,
    power: Floats,
    used: Bools,
    origin: int,
    period: int,
    rated: float,
    micro: float,
    running: Ints,
    share: Ints,
) -> Any:
    """Add running turbines and their shares of rated power per interval."""
    for i in range(time.size):
        if used[i] and power[i] > 0.0:
            k = (time[i] - origin) // period
            if 0 <= k < running.size:
                running[k] += 1
                share[k] += whole(power[i] / rated, micro)


@kernel
def count_flags(month: Ints, flags: npt.NDArray[np.uint32], known: npt.NDArray[np.uint32], rows: Ints) -> bool:
    """Count rows per month and combination of flags in tables of what was met; False where a table is too small.

    known[month] holds the combinations in the order in which they came, rows[month] their counts.
    """
    for i in range(month.size):
        m, found = month[i], flags[i]
        k = 0
        while k < known.shape[1] and rows[m, k] and known[m, k] != found:
            k += 1
        if k == known.shape[1]:
            return False
        known[m, k] = found
        rows[m, k] += 1
    return True


@kernel
def mean_of_others(
    time: Ints,
    power: Floats,
    runs: Bools,
    start: int,
    period: int,
    running: Ints,
    share: Ints,
    rated: float,
    micro: float,
    found: Floats,
) -> Any:
    """Find the others' mean share of rated power at each record, NaN where none runs."""
    for i in range(time.size):
        k = (time[i] - start) // period
        count, total = 0, 0
        if 0 <= k < running.size:
            count, total = running[k], share[k]
        if runs[i]:
            count -= 1
            total -= whole(power[i] / rated, micro)
        found[i] = total * micro / count if count > 0 else np.nan


@kernel
def add_curve(
    wind: Floats, power: Floats, used: Bools, width: float, first: int, quantum_v: float, quantum_p: float, sums: Ints
) -> Any:
    """Add n, wind, power and the two words of squared power per wind bin: sums[column, bin - first]."""
    for i in range(wind.size):
        if used[i]:
            k = int(np.floor(wind[i] / width + 0.5)) - first
            p = whole(power[i], quantum_p)
            square = p * p
            sums[0, k] += 1
            sums[1, k] += whole(wind[i], quantum_v)
            sums[2, k] += p
            sums[3, k] += square >> WORD
            sums[4, k] += square & ((1 << WORD) - 1)


@kernel
def add_scatter(
    wind: Floats, power: Floats, counted: Bools, used: Bools, step_v: float, step_p: float, first_p: int, sums: Ints
) -> Any:
    """Count used and other records in cells: sums[used | rejected, wind, power - first_p]."""
    for i in range(wind.size):
        if counted[i]:
            v, p = int(np.floor(wind[i] / step_v)), int(np.floor(power[i] / step_p)) - first_p
            sums[0 if used[i] else 1, v, p] += 1


@kernel
def add_energy(
    time: Ints,
    month: Ints,
    power: Floats,
    expected: Floats,
    has_energy: Bools,
    present: Bools,
    on_grid: Bools,
    start: int,
    period: int,
    quantum: float,
    monthly: Ints,
    state: npt.NDArray[np.uint8],
) -> Any:
    """Add n, n with expectation, energy and expected energy per month, and note what each interval of the grid holds.

    `state` has a bit per interval: 1 any record, 2 one with energy, 4 one that is present.
    """
    for i in range(time.size):
        if has_energy[i]:
            m = month[i]
            monthly[0, m] += 1
            monthly[2, m] += whole(power[i], quantum)
            if present[i] and expected[i] == expected[i]:
                monthly[1, m] += 1
                monthly[3, m] += whole(expected[i], quantum)
        since = time[i] - start
        if since < 0 or since % period or since // period >= state.size:
            continue
        k = since // period
        if has_energy[i]:
            state[k] |= np.uint8(3)
        elif on_grid[i]:
            state[k] |= np.uint8(1)
        if present[i]:
            state[k] |= np.uint8(4)


@kernel
def add_wind(
    wind: Floats, direction: Floats, std: Floats, month: Ints, used: Bools, sector_width: float, sectors: int,
    quanta: tuple[float, float, float, float], rose: Ints, monthly: Ints, turbulence: Ints,
) -> Any:  # fmt: skip
    """Add the wind's statistics: rose[sector + 1, bin], monthly[n | v | v2 | v3, month], turbulence[n | ti]."""
    for i in range(wind.size):
        if not used[i]:
            continue
        v = wind[i]
        sector = -1
        if direction[i] == direction[i]:
            sector = int(np.floor(direction[i] / sector_width + 0.5)) % sectors
        rose[sector + 1, int(np.floor(v))] += 1
        m = month[i]
        monthly[0, m] += 1
        monthly[1, m] += whole(v, quanta[0])
        monthly[2, m] += whole(v * v, quanta[1])
        monthly[3, m] += whole(v * v * v, quanta[2])
        if 14.5 <= v < 15.5 and std[i] == std[i]:
            turbulence[0] += 1
            turbulence[1] += whole(std[i] / v, quanta[3])


@kernel
def overview(
    time: Ints,
    flags: npt.NDArray[np.uint32],
    power: Floats,
    wind: Floats,
    borders: Ints,
    excluded: int,
    power_low: float,
    power_high: float,
    wind_high: float,
    down_wind: float,
    down_power: float,
    calm_wind: float,
    rated: float,
    power_step: float,
    power_origin: float,
    width: float,
    quantum_v: float,
    quantum_p: float,
    monthly: Ints,
    calm: Ints,
    curve: Ints,
) -> Any:
    """Add energy, availability and the power curve up in one walk over ascending records.

    monthly[n with energy | energy | n with wind | n down by each level that may count as none, month], month m ending
    at borders[m]; levels are steps of power above `down_power`; calm[cell] counts records in calm wind by cells of
    power; curve as of `add_curve`, of records that produce.
    """
    month, skip = 0, np.uint32(excluded)
    for i in range(time.size):
        while time[i] >= borders[month]:
            month += 1
        p = power[i]
        if flags[i] & skip or not power_low <= p <= power_high:
            continue
        whole_p = np.int64(np.rint(p / quantum_p))
        monthly[0, month] += 1
        monthly[1, month] += whole_p
        v = wind[i]
        if not 0.0 <= v <= wind_high:
            continue
        monthly[2, month] += 1
        if v >= down_wind:
            for level in range(monthly.shape[0] - 3):
                if p <= down_power + level * power_step * rated:
                    monthly[3 + level, month] += 1
        if v < calm_wind:
            cell = int(np.ceil((p / rated - power_origin) / power_step)) - 1
            calm[min(max(cell, 0), calm.size - 1)] += 1
        if p > 0.0:
            k = int(v / width + 0.5)
            square = whole_p * whole_p
            curve[0, k] += 1
            curve[1, k] += np.int64(np.rint(v / quantum_v))
            curve[2, k] += whole_p
            curve[3, k] += square >> WORD
            curve[4, k] += square & ((1 << WORD) - 1)


@kernel
def overlaps(starts: Ints, ends: Ints, label: Ints, time: Ints, period: int, shares: Ints) -> Any:
    """Add each exclusive segment's part of every record: shares[record, label]. Segments and records ascend."""
    first = 0
    for s in range(starts.size):
        while first < time.size and time[first] <= starts[s] - period:
            first += 1
        i = first
        while i < time.size and time[i] < ends[s]:
            inside = min(time[i] + period, ends[s]) - max(time[i], starts[s])
            if inside > 0:
                shares[i, label[s]] += inside
            i += 1


@kernel
def mark_inferred_states(
    down: Bools, unknown: Bools, present: Bools, wind: Floats, power: Floats, setpoint: Floats, flags: Bits,
    calm: float, rest: float, standstill: float, reduced: int, odd: int, period: int, state: Ints, shares: Ints,
) -> Any:  # fmt: skip
    """Give each record's time to one of `fleet.states._INFERRED`: state[record], shares[record, state].

    Down by itself or by a set-point of standstill, unknown, at rest in a calm, running reduced, at odds with the wind,
    or normally.
    """
    for i in range(state.size):
        if down[i]:
            k = 1 if setpoint[i] <= standstill else 0
        elif unknown[i]:
            k = 2
        elif present[i] and wind[i] < calm and power[i] <= rest:
            k = 3
        elif power[i] > 0.0 and flags[i] & np.uint32(reduced):
            k = 4
        elif flags[i] & np.uint32(odd):
            k = 5
        else:
            k = 6
        state[i] = k
        shares[i, k] = period


@kernel
def add_category_states(
    shares: Ints, stopped: Bools, counted: Bools, month: Ints, potential: Floats, source: Ints, power_stopped: Floats,
    power_running: Floats, period: int, quantum: float, sums: Ints,
) -> Any:  # fmt: skip
    """Add time, potential and produced energy: sums[column, month, label, source]."""
    for i in range(month.size):
        if not counted[i]:
            continue
        m, by = month[i], source[i]
        for k in range(stopped.size):
            time = shares[i, k]
            if time > 0:
                power = power_stopped[i] if stopped[k] else power_running[i]
                sums[0, m, k, by] += time
                sums[1, m, k, by] += whole(potential[i] * time / period, quantum)
                sums[2, m, k, by] += whole(power * time / period, quantum)


@kernel
def _add_part(
    sums: Ints, part: int, by: int, share: float, possible: float, power: float, period: int, quantum: float
) -> Any:
    if share > 0.0:
        sums[0, part, by] += np.int64(np.rint(share * period))
        sums[1, part, by] += whole(possible * share, quantum)
        sums[2, part, by] += whole(power * share, quantum)


@kernel
def add_parts(
    has_energy: Bools, counted: Bools, present: Bools, down: Bools, odd: Bools, stopped: Floats, partial: Floats,
    power: Floats, power_stopped: Floats, power_running: Floats, potential: Floats, source: Ints, own: Floats,
    inferred: bool, none: int, period: int, quantum: float, sums: Ints,
) -> Any:  # fmt: skip
    """Divide every record's power once among `fleet.states.PARTS`: sums[time | potential | produced, part, source]."""
    for i in range(has_energy.size):
        if not has_energy[i]:
            continue
        expected = own[i] if present[i] else np.nan
        still = stopped[i] if counted[i] else 0.0
        reduced = partial[i] if counted[i] else 0.0
        rest = min(max(1.0 - still - reduced, 0.0), 1.0)
        running = power_running[i]
        _add_part(sums, 0, source[i], still, potential[i], power_stopped[i], period, quantum)
        _add_part(sums, 1, source[i], reduced, potential[i], running, period, quantum)
        if expected != expected:
            _add_part(sums, 5, none, rest, 0.0, running if counted[i] else power[i], period, quantum)
        elif down[i] and not inferred:
            _add_part(sums, 2, none, rest, expected, running, period, quantum)
        elif odd[i]:
            _add_part(sums, 3, none, rest, expected, running, period, quantum)
        else:
            _add_part(sums, 4, none, rest, expected, running, period, quantum)


@kernel
def add_sources(normal: Bools, month: Ints, own: Floats, potential: Floats, quantum: float, sums: Ints) -> Any:
    """Add n, potential and own power over records of normal operation: sums[column, month]."""
    for i in range(month.size):
        if normal[i] and potential[i] == potential[i]:
            m = month[i]
            sums[0, m] += 1
            sums[1, m] += whole(potential[i], quantum)
            sums[2, m] += whole(own[i], quantum)
