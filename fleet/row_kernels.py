"""Compiled loops over the records of one partition that set row flags, count cells and look up curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from turbine.compiled import kernel

__all__ = [
    "MAD_TO_SIGMA",
    "count_cells",
    "look_up",
    "mark_beside_curve",
    "mark_missing",
    "mark_range",
    "middle_cells",
    "middles_of_rows",
]

MAD_TO_SIGMA = 1.482602218505602  #: median absolute deviation to standard deviation, of a normal distribution

Bits = npt.NDArray[np.uint32]
Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@kernel
def mark_range(values: Floats, low: float, high: float, bit: int, flags: Bits, seen: Bools) -> int:
    """Flag values outside [low, high] and note which records hold any value; return how many are outside."""
    outside = 0
    for i in range(values.size):
        value = values[i]
        if value == value:
            seen[i] = True
            if value < low or value > high:
                flags[i] |= np.uint32(bit)
                outside += 1
    return outside


@kernel
def mark_missing(power: Floats, wind: Floats, seen: Bools, empty: int, no_power: int, no_wind: int, flags: Bits) -> Any:
    """Flag records without any value, and those of the others without power or wind."""
    for i in range(flags.size):
        if not seen[i]:
            flags[i] |= np.uint32(empty)
            continue
        if power[i] != power[i]:
            flags[i] |= np.uint32(no_power)
        if wind[i] != wind[i]:
            flags[i] |= np.uint32(no_wind)


@kernel
def mark_beside_curve(
    wind: Floats,
    power: Floats,
    level: Floats,
    sigma: Floats,
    first: float,
    step: float,
    spread: float,
    floor: float,
    running: float,
    known_low: float,
    known_high: float,
    cut_in: float,
    odd: Bools,
) -> Any:
    """Find power that does not fit its wind: `fleet.expected.inconsistent` on a table of the level and its spread.

    `level` and `sigma` stand at first, first + step, ... and are held beyond both ends.
    """
    last = level.size - 1
    for i in range(wind.size):
        v, p = wind[i], power[i]
        if v != v or p != p:
            continue
        at = (v - first) / step
        if at <= 0.0:
            expected, width = level[0], sigma[0]
        elif at >= last:
            expected, width = level[last], sigma[last]
        else:
            k = int(at)
            share = at - k
            expected = level[k] + share * (level[k + 1] - level[k])
            width = sigma[k] + share * (sigma[k + 1] - sigma[k])
        known = v >= known_low
        off = abs(p - expected) > max(spread * width, floor) and known and (v < known_high or p < expected)
        standing = p <= 0.0 and expected > running and (known or v > cut_in + 1.0)
        odd[i] = off or standing


@kernel
def count_cells(wind: Floats, share: Floats, wind_step: float, low: float, step: float, counts: Ints) -> Any:
    """Count records in cells of wind, which hold their lower edge, and of power, which hold their upper one."""
    columns, rows = counts.shape
    for i in range(wind.size):
        column = int(np.floor(wind[i] / wind_step))
        row = int(np.ceil((share[i] - low) / step)) - 1
        counts[min(max(column, 0), columns - 1), min(max(row, 0), rows - 1)] += 1


@kernel
def look_up(at: Floats, grid: Floats, values: Floats, right: float, found: Floats) -> Any:
    """Interpolate values on an ascending, nearly regular grid; `right` beyond its end, the first value before it."""
    last = grid.size - 1
    step = (grid[last] - grid[0]) / last
    for i in range(at.size):
        x = at[i]
        if x != x:
            found[i] = np.nan
        elif x > grid[last]:
            found[i] = right
        elif x <= grid[0]:
            found[i] = values[0]
        else:
            k = min(int((x - grid[0]) / step), last - 1)
            while x < grid[k]:
                k -= 1
            while k < last - 1 and x >= grid[k + 1]:
                k += 1
            if x == grid[k]:
                found[i] = values[k]
            elif x == grid[k + 1]:
                found[i] = values[k + 1]
            else:
                found[i] = (values[k + 1] - values[k]) / (grid[k + 1] - grid[k]) * (x - grid[k]) + values[k]


@kernel
def middles_of_rows(counts: Ints, edges: Floats, median: Floats, deviation: Floats) -> Any:
    """Find the median of each row of a histogram and the median absolute deviation from it, linear within cells."""
    cells = counts.shape[1]
    share = np.empty(cells + 1)
    for row in range(counts.shape[0]):
        total = counts[row].sum()
        share[0] = 0.0
        count = 0.0
        for cell in range(cells):
            count += counts[row, cell]
            share[cell + 1] = count / total
        k = np.searchsorted(share, 0.5)
        middle = edges[k - 1] + (0.5 - share[k - 1]) / (share[k] - share[k - 1]) * (edges[k] - edges[k - 1])
        median[row] = middle
        # Within which distance half of the records lie: piecewise linear between the distances of the edges.
        distances = np.append(np.abs(edges - middle), 0.0)
        distances.sort()
        within = np.interp(middle + distances, edges, share) - np.interp(middle - distances, edges, share)
        j = np.searchsorted(within, 0.5)
        step = within[j] - within[j - 1]
        deviation[row] = distances[j - 1] + (0.5 - within[j - 1]) / step * (distances[j] - distances[j - 1])


@kernel
def middle_cells(counts: Ints, support: int, median: Ints, deviation: Ints) -> Any:
    """Find the median cell of each row of a histogram and the median distance from it [cells]; -1 below the support."""
    cells = counts.shape[1]
    for row in range(counts.shape[0]):
        total = counts[row].sum()
        median[row] = deviation[row] = -1
        if total < support:
            continue
        half, middle = (total + 1) // 2, 0
        count = counts[row, 0]
        while count < half:
            middle += 1
            count += counts[row, middle]
        distance, count = 0, counts[row, middle]
        while count < half:
            distance += 1
            if middle >= distance:
                count += counts[row, middle - distance]
            if middle + distance < cells:
                count += counts[row, middle + distance]
        median[row], deviation[row] = middle, distance
