"""Is an hour missing in autumn, or was it never there? The signals' steps across the hole tell a skip from a loss.

A fixed clock that was given daylight-saving offsets leaves an hour of stamps without a record, but the records around
that hole follow each other: the signals step across it as from one record to the next. Where records were lost, they
step as records that far apart do.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from fleet.clock_evidence import Sign, Witness
from fleet.clock_rows import Rows
from fleet.continuity import Floats, Ints, continuous, mean_steps, steps
from fleet.intervals import SECOND

__all__ = ["HoleSteps", "Opinion", "autumn_steps"]

_AROUND = 12 * 3600 * SECOND  #: records this near a change tell how far signals step
#: A hole is doubted where the step across it is among this share of the smallest that records so far apart make. One
#: hole is one observation, so a doubt is never more than "possibly": on the nights of a winter at La Haute Borne,
#: turbine by turbine, 82 % of skipped hours are doubted and 26 % of lost ones; with power and wind alone 48 % and 17 %.
_SMALL = 0.2
_UNUSUAL = 0.05  #: a step that ordinary ones reach less often than this is not ordinary


class Opinion(StrEnum):
    """What continuity says of the autumn holes."""

    SKIPPED = "as if no time were missing in between"
    LOST = "as where time is missing in between"
    NOTHING = "this decides nothing"


@dataclass(frozen=True, kw_only=True)
class HoleSteps:
    """Mean steps over all continuous signals, in ordinary steps of each signal [1]."""

    holes: int
    across: float  #: across the holes
    apart: float  #: between records as far apart as the stamps claim, on those days
    smaller: float  #: share of these that are no larger than across the holes
    larger: float  #: share of the steps that a fixed clock makes there that are no smaller than across the holes

    @property
    def opinion(self) -> Opinion:
        """What the steps say."""
        if self.larger < _UNUSUAL and self.smaller > _SMALL:
            return Opinion.LOST
        return Opinion.SKIPPED if self.smaller <= _SMALL and self.larger >= _UNUSUAL else Opinion.NOTHING

    def __str__(self) -> str:
        """Return the figures as a sentence without its end."""
        holes = "the autumn hole" if self.holes == 1 else f"{self.holes} autumn holes"
        return (
            f"Across {holes} the signals step {self.across:.1f} ordinary steps; records that far apart, as the stamps "
            f"claim, step {self.apart:.1f} on those days ({100 * self.smaller:.0f} % of them as little)"
        )


def autumn_steps(rows: Rows, witnesses: list[Witness], period: int) -> HoleSteps | None:
    """Compare the steps across the autumn holes with those of records as near and as far apart; None without any.

    Parameters
    ----------
    rows : Rows
        One turbine's rows.
    witnesses : list of Witness
        Its clock changes; those in autumn that show a hole count.
    period : int
        Averaging period [us].
    """
    values, circular = continuous(rows.signals, rows.values)
    scale = mean_steps(values, circular)
    scale = np.where(scale > 0, scale, np.nan)
    across, apart, joined = [], [], []

    def distance(first: Ints, second: Ints) -> Floats:
        step = steps(values[first], values[second], circular) / scale
        known = np.isfinite(step)
        count = known.sum(axis=1)
        mean: Floats = np.where(known, step, 0.0).sum(axis=1) / np.maximum(count, 1)
        return np.where(count > 0, mean, np.nan)

    for witness in witnesses:
        if witness.change.spring or witness.sign is not Sign.FIXED:
            continue
        around = (witness.change.at - _AROUND, witness.change.at + _AROUND)
        near = np.arange(*np.searchsorted(rows.time, around), dtype=np.int64)
        gaps = np.diff(rows.time[near])
        hole = np.flatnonzero(gaps > witness.change.shift)
        if len(hole) != 1:
            continue
        far = int(gaps[hole[0]]) // period  # records apart by the stamps, and on a clock that has no such hour
        close = far - witness.stamps
        if close < 1 or len(near) <= 2 * far:
            continue
        across.append(distance(near[hole], near[hole + 1]))
        apart.append(distance(near[:-far], near[far:]))
        joined.append(distance(near[:-close], near[close:]))
    if not across:
        return None
    holes, long, short = (known[np.isfinite(known)] for known in map(np.concatenate, (across, apart, joined)))
    if not (len(holes) and len(long) and len(short)):
        return None
    mean = float(holes.mean())
    return HoleSteps(
        holes=len(holes),
        across=mean,
        apart=float(long.mean()),
        smaller=float((long <= mean).mean()),
        larger=float((short >= mean).mean()),
    )
