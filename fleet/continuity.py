"""Which of two records with the same stamp came first: the order of pairs that makes the series most continuous.

Where a clock reading was pushed onto the next hour, each stamp of that hour holds two records and the order in the file
says nothing. The true order is the one whose records step least from the record before both hours to the one after.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["CIRCULAR", "CONTINUOUS", "Ordering", "continuous", "mean_steps", "order_pairs", "steps"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: Signals that change little within minutes. The vane is left out: it is the yaw error, close to noise.
CONTINUOUS: tuple[str, ...] = (
    "wind_direction_deg",
    "nacelle_direction_deg",
    "ambient_temperature_degc",
    "air_pressure_pa",
    "power_kw",
    "wind_speed",
)
CIRCULAR = frozenset({"wind_direction_deg", "nacelle_direction_deg"})

_RESOLUTION = 1e6  #: costs are integers of this resolution, so that ties are exact


@dataclass(frozen=True, kw_only=True)
class Ordering:
    """The most continuous order of pairs."""

    swap: Bools  #: shape (n,): the second record of the pair, in file order, belongs to the first hour
    cost: float  #: total normalised step of the chosen order [1]
    margin: float  #: how much the next best order costs more [1]; infinite where no pair had to be decided


def continuous(signals: tuple[str, ...], values: Floats) -> tuple[Floats, Bools]:
    """Return the columns of the continuous signals, and which of them are directions.

    Parameters
    ----------
    signals : tuple of str
        Names of the columns.
    values : array, shape (records, signals)
    """
    names = [name for name in CONTINUOUS if name in signals]
    return values[:, [signals.index(name) for name in names]], np.array([name in CIRCULAR for name in names], bool)


def steps(a: Floats, b: Floats, circular: Bools) -> Floats:
    """Return the absolute steps from `a` to `b`, the short way round for directions.

    Parameters
    ----------
    a, b : array, shape (..., signals)
        Values in each signal's unit; NaN: unknown.
    circular : array of bool, shape (signals,)
        Which signals are directions [deg].

    Returns
    -------
    array, shape (..., signals)
    """
    step = np.abs(b - a)
    around = step % 360.0
    return np.where(circular, np.minimum(around, 360.0 - around), step)


def mean_steps(values: Floats, circular: Bools) -> Floats:
    """Return each signal's mean absolute step between consecutive records, NaN where there is none.

    Parameters
    ----------
    values : array, shape (records, signals)
        Consecutive records in order of time; NaN: unknown.
    circular : array of bool, shape (signals,)
    """
    step = steps(values[:-1], values[1:], circular)
    known = np.isfinite(step)
    count = known.sum(axis=0)
    total = np.where(known, step, 0.0).sum(axis=0)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def order_pairs(
    first: Floats, second: Floats, before: Floats, after: Floats, scale: Floats, circular: Bools
) -> Ordering:
    """Return the order of n pairs with the least total normalised step through both hours.

    The path runs from `before` through one record of each pair, then through the other record of each pair, to `after`.
    The optimum is exact (dynamic programming over the pairs, closed over the first one); a tie keeps the file's order.

    Parameters
    ----------
    first, second : array, shape (n, signals)
        The records of each pair in file order; unknown values are NaN and cost nothing.
    before, after : array, shape (signals,)
        The records around the two hours.
    scale : array, shape (signals,)
        Ordinary step of each signal; a signal with a scale of zero or NaN does not count.
    circular : array of bool, shape (signals,)
        Which signals are directions [deg].
    """
    n = len(first)
    if n == 0:
        return Ordering(swap=np.zeros(0, bool), cost=0.0, margin=float("inf"))
    weight = np.where(np.isfinite(scale) & (scale > 0), 1.0 / np.where(scale > 0, scale, 1.0), 0.0)

    def cost(a: Floats, b: Floats) -> Ints:
        step = steps(a, b, circular) * weight
        total = np.where(np.isfinite(step), step, 0.0).sum(axis=-1)
        return np.asarray(np.rint(total * _RESOLUTION), np.int64)

    early = np.stack([first, second])  # state 0 keeps the file's order, state 1 swaps
    late = early[::-1]
    link = np.empty((max(n - 1, 0), 2, 2), np.int64)
    closing = np.empty((2, 2), np.int64)  # last pair's state, first pair's state
    for x in (0, 1):
        for y in (0, 1):
            link[:, x, y] = cost(early[x, :-1], early[y, 1:]) + cost(late[x, :-1], late[y, 1:])
            closing[x, y] = cost(early[x, -1], late[y, 0]) + cost(late[x, -1], after)
    opening = np.array([cost(before, early[x, 0]) for x in (0, 1)])

    through, swap = _least_path(opening, link, closing)
    chosen = swap.astype(np.int64)
    best = int(through[0].min())
    differs = ~np.all((first == second) | (np.isnan(first) & np.isnan(second)), axis=1)
    other = through[np.arange(n), 1 - chosen][differs]
    margin = (int(other.min()) - best) / _RESOLUTION if other.size else float("inf")
    return Ordering(swap=swap, cost=best / _RESOLUTION, margin=margin)


def _least_path(opening: Ints, link: Ints, closing: Ints) -> tuple[Ints, Bools]:
    """Return the least cost through each pair's state, shape (n, 2), and the first of the cheapest paths."""
    n = len(link) + 1
    through = np.full((n, 2), np.iinfo(np.int64).max)
    best, swap = np.iinfo(np.int64).max, np.zeros(n, bool)
    for start in (0, 1):
        onward = np.empty((n, 2), np.int64)
        onward[-1] = closing[:, start]
        for k in range(n - 2, -1, -1):
            onward[k] = (link[k] + onward[k + 1]).min(axis=1)
        reached = np.array([opening[start]])
        states = np.array([start])
        path = [start]
        through[0, start] = opening[start] + onward[0, start]
        for k in range(n - 1):
            reached = (reached[:, None] + link[k][states]).min(axis=0)
            states = np.array([0, 1])
            through[k + 1] = np.minimum(through[k + 1], reached + onward[k + 1])
            ahead = link[k][path[-1]] + onward[k + 1]
            path.append(int(ahead[1] < ahead[0]))
        if through[0, start] < best:
            best, swap = int(through[0, start]), np.array(path, bool)
    return through, swap
