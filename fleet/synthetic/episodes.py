"""When something happens: episodes with exponential times between them and lognormal durations."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fleet.intervals import SECOND, Spans
from fleet.synthetic.spec import PERIOD_S

__all__ = ["SPREAD", "episodes", "record_masks", "record_runs", "runs_of"]

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

SPREAD = 0.8  #: standard deviation of the logarithm of a duration, unless something else is asked for
_HOUR = 3600 * SECOND
_BEFORE = 60 * 24 * _HOUR  # episodes begin to happen this long before the period, so that some reach into it
_BLOCK = 64


def episodes(
    rng: np.random.Generator, per_year: float, mean_h: float, start: int, end: int, *, spread: float = SPREAD
) -> tuple[Ints, Ints]:
    """Return begin and end of episodes that reach into a period, to the second.

    Parameters
    ----------
    rng : Generator
        Source of randomness.
    per_year : float
        One over the mean time from the end of an episode to the begin of the next [1/a].
    mean_h : float
        Mean duration [h].
    start, end : int
        The period [us since 1970 UTC].
    spread : float
        Standard deviation of the logarithm of the duration [1].

    Returns
    -------
    starts, ends : array of int64
        In order, disjoint, at least a second long; the first may begin before the period, the last end after it.
    """
    empty = np.zeros(0, np.int64)
    if per_year <= 0.0:
        return empty, empty
    starts, ends, now = [empty], [empty], start - _BEFORE
    location = np.log(mean_h) - 0.5 * spread**2
    while now < end:
        waits = rng.exponential(8760.0 / per_year, _BLOCK)
        lengths = rng.lognormal(location, spread, _BLOCK)
        steps = np.stack([waits, lengths], axis=1) * 3600.0
        seconds = np.maximum(np.rint(steps), 1.0).astype(np.int64)
        borders = now + np.cumsum(seconds.ravel()) * SECOND
        starts.append(borders[0::2])
        ends.append(borders[1::2])
        now = int(borders[-1])
    first, last = np.concatenate(starts), np.concatenate(ends)
    inside = (first < end) & (last > start)
    return first[inside], last[inside]


def record_runs(
    rng: np.random.Generator, per_year: float, mean_h: float, times: Ints, *, spread: float = SPREAD
) -> tuple[Ints, Ints]:
    """Return episodes as runs of whole records: first record and the one behind the last, clipped to the period.

    Parameters
    ----------
    rng, per_year, mean_h, spread
        As for `episodes`.
    times : array of int64, shape (n,)
        Start of every record of the period [us since 1970 UTC].
    """
    width = PERIOD_S * SECOND
    starts, ends = episodes(rng, per_year, mean_h, int(times[0]), int(times[-1]) + width, spread=spread)
    first = np.clip((starts - times[0] + width // 2) // width, 0, times.size)
    last = np.clip((ends - times[0] + width // 2) // width, 0, times.size)
    some = last > first
    return first[some], last[some]


def record_masks(first: Ints, last: Ints, n: int) -> Mask:
    """Return the records that lie in runs [first, last)."""
    edges = np.zeros(n + 1, np.int64)
    np.add.at(edges, first, 1)
    np.add.at(edges, last, -1)
    return np.asarray(np.cumsum(edges[:-1]) > 0)


def runs_of(mask: Mask, times: Ints) -> Spans:
    """Return the time covered by records of a mask."""
    return Spans.of(times[mask], times[mask] + PERIOD_S * SECOND)
