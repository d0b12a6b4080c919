"""How a fixed clock's stamps become UTC: which readings were pushed in spring, and in what order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from fleet.clock_evidence import Change, Witness
from fleet.clock_rows import Rows
from fleet.continuity import Floats, Ints, Ordering, continuous, mean_steps, order_pairs
from fleet.intervals import SECOND

__all__ = ["Correction", "corrected_time", "find_correction", "stamp"]

_HOUR = 3600 * SECOND
_AROUND = 12 * _HOUR  #: records this near a change tell how far signals ordinarily step
_NEIGHBOUR = 3 * _HOUR  #: the record before or after both hours is looked for this far


@dataclass(frozen=True, kw_only=True)
class Correction:
    """How a fixed clock's readings become UTC: reading, less `shift_s` for pushed rows, less `fixed_offset_s`."""

    fixed_offset_s: int  #: offset of the fixed clock from UTC [s]
    shift_s: int  #: how far the readings of the skipped hour were pushed [s]
    pushed_rows: frozenset[int]  #: `source_row` of the records whose reading was pushed


def stamp(time: int) -> pd.Timestamp:
    """Return microseconds since 1970 as a UTC time stamp."""
    return pd.Timestamp(np.datetime64(time, "us"), tz="UTC")


def corrected_time(rows: Rows, correction: Correction) -> Ints:
    """Return the rows' true interval starts [us since 1970 UTC], in the order of `rows`."""
    pushed = np.isin(rows.source_row, np.fromiter(correction.pushed_rows, np.int64, len(correction.pushed_rows)))
    return rows.reading - pushed * correction.shift_s * SECOND - correction.fixed_offset_s * SECOND


def find_correction(
    rows: Rows, witnesses: list[Witness], period: int, given_offset: int | None
) -> tuple[Correction, list[str]]:
    """Return the correction of a fixed clock, and how the order of its doubled records was decided.

    Parameters
    ----------
    rows : Rows
        One turbine's rows.
    witnesses : list of Witness
        Its clock changes, at least one, all of the same shift.
    period : int
        Averaging period [us].
    given_offset : int or None
        The clock's offset [s]; None: the offset that was written in standard time.
    """
    pushed: list[int] = []
    notes: list[str] = []
    for witness in witnesses:
        # Where readings of the skipped hour are there as they were, nothing has to be decided.
        if witness.change.spring and not witness.skipped and witness.doubled:
            found, ordering, note = _pushed(rows, witness.change, period)
            pushed += found
            notes.append(note + _decision(ordering))
    change = witnesses[0].change
    return (
        Correction(
            fixed_offset_s=min(change.before_s, change.after_s) if given_offset is None else given_offset,
            shift_s=change.shift // SECOND,
            pushed_rows=frozenset(pushed),
        ),
        notes,
    )


def _pushed(rows: Rows, change: Change, period: int) -> tuple[list[int], Ordering, str]:
    """Return the rows of the hour after a spring change whose reading was pushed forward, decided by continuity."""
    low, high = (int(i) for i in np.searchsorted(rows.time, [change.at, change.at + change.shift]))
    identity = rows.identity(low, high)
    pairs, crowded = _pairs(rows, change, period, identity, low, high)
    values, circular = continuous(rows.signals, rows.values)
    near = np.searchsorted(rows.time, [change.at - _AROUND, change.at + _AROUND])
    scale = mean_steps(np.delete(values[near[0] : near[1]], np.s_[low - near[0] : high - near[0]], axis=0), circular)
    scale = np.where(scale > 0, scale, mean_steps(values, circular))

    ahead = np.searchsorted(rows.time, change.at - _NEIGHBOUR)
    behind = np.searchsorted(rows.time, change.at + change.shift + _NEIGHBOUR)
    before = _nearest_full(rows, values, np.arange(ahead, low)[::-1])
    after = _nearest_full(rows, values, np.arange(high, behind))
    records = np.vstack([values, np.full(values.shape[1], np.nan)])  # index -1: no record
    ordering = order_pairs(records[pairs[:, 0]], records[pairs[:, 1]], before, after, scale, circular)

    early = np.where(ordering.swap, pairs[:, 1], pairs[:, 0]).tolist()
    late = np.where(ordering.swap, pairs[:, 0], pairs[:, 1]).tolist()
    pushed = {i for i in early if i >= 0}
    for one, other in zip(early, late, strict=True):
        # Copies go where their original goes, unless both records of the pair are the same.
        if one >= 0 and (other < 0 or identity[one - low] != identity[other - low]):
            pushed |= {int(i) + low for i in np.flatnonzero(identity == identity[one - low])}
    note = f"{stamp(change.at):%Y-%m-%d %H:%M} UTC: {int((pairs[:, 1] >= 0).sum())} pairs of records"
    if crowded:
        note += f" ({crowded} stamps hold more than two different ones and stay)"
    return [int(rows.source_row[i]) for i in sorted(pushed)], ordering, note


def _pairs(rows: Rows, change: Change, period: int, identity: Ints, low: int, high: int) -> tuple[Ints, int]:
    """Return the records of each stamp after a spring change, in file order, -1 for none; and how many had too many."""
    pairs, crowded = [], 0
    for time in range(change.at, change.at + change.shift, period):
        at = range(*(int(i) for i in np.searchsorted(rows.time, [time, time + 1])))
        full: dict[int, int] = {}
        for i in at:
            if not rows.empty[i]:
                full.setdefault(int(identity[i - low]), i)
        if len(full) > 2:
            crowded += 1
            continue
        chosen = list(full.values())
        chosen += [i for i in at if i not in chosen][: 2 - len(chosen)]
        if chosen:  # a stamp without any record would break the path in two
            pairs.append((*sorted(chosen), -1)[:2])
    return np.array(pairs, np.int64).reshape(-1, 2), crowded


def _nearest_full(rows: Rows, values: Floats, candidates: Ints) -> Floats:
    full = candidates[~rows.empty[candidates]]
    return values[full[0]] if len(full) else np.full(values.shape[1], np.nan)


def _decision(ordering: Ordering) -> str:
    if not np.isfinite(ordering.margin):
        return ", which no signal tells apart: the file's order is kept."
    text = (
        f" ordered by continuity: {int(ordering.swap.sum())} against the file's order, total step {ordering.cost:.2f}, "
        f"next best order {ordering.cost + ordering.margin:.2f} (in ordinary steps)"
    )
    return text + ("; a small margin, so single pairs may be exchanged." if ordering.margin < 1 else ".")
