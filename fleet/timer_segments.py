"""From state timers to exclusive segments of time, one information category each (IEC 61400-26-1).

A controller counts, per interval, the seconds in which it was ready, in operation and stopped for four reasons. How
they count:

- *Not ready* is out of service. The stop timers say why, by `[availability] timers`; where together they exceed the
  time not ready, the order of `[availability] priority` cuts them. What they leave is a stop without a category.
- *The turbine's own stop timer* does not tell an error from a task of the controller's. Where the alarm at the record's
  end has a text, it does: by `[availability] messages`, else Technical Standby for `fleet.categories.ROUTINES`.
- *Ready* is in service: in operation Full Performance; not in operation Ready Standby as far as the wind was out of
  range, else unallocated. Without the timer of the wind all of it is Ready Standby; without that of operation all time
  in service is unallocated.
- *An interval without a record*, with a missing timer, or with timers that cannot be (more than the interval, or two
  records that differ) is Information Unavailable. A timer that is missing throughout is one that is not there.

The sums per record and category are exact. When in its interval a state was, no timer says: a stop is laid next to a
neighbouring record's stop of the same category, so that stops join across records, and else at the interval's end,
where its alarm is known to be active.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import IN_SERVICE, ROUTINES, Category, normalised
from fleet.config import AvailabilitySettings
from fleet.intervals import SECOND
from fleet.schema import TIMERS
from fleet.status_log import segment_table
from fleet.times import series_us

__all__ = ["TimerPieces", "TimerSums", "allocate_timers"]

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

_TIMERS = tuple(column.name for column in TIMERS if column.unit == "s")

#: States in service and Information Unavailable stand behind the stops: category and whether in service.
_OTHERS = (
    (Category.FULL_PERFORMANCE, True),
    (Category.READY_STANDBY, True),
    (Category.UNALLOCATED, True),
    (Category.INFORMATION_UNAVAILABLE, False),
)


@dataclass(frozen=True)
class TimerSums:
    """The time not ready that timers count [us], and how many records say nothing; sums of several turbines add."""

    not_ready: int = 0
    stops_raw: int = 0  #: what the stop timers count, overlaps twice
    stops_allocated: int = 0  #: what they explain of the time not ready
    missing: int = 0  #: records with a missing timer
    impossible: int = 0  #: records whose timers exceed the interval or are negative
    conflicting: int = 0  #: intervals with several records that differ

    def __add__(self, other: TimerSums) -> TimerSums:
        return TimerSums(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass(frozen=True)
class TimerPieces:
    """One turbine's time by category: pieces in order of time, touching where their records do."""

    start: Ints  #: [us since 1970 UTC]
    end: Ints
    category: npt.NDArray[np.object_]
    in_service: Bools
    code: npt.NDArray[np.object_]
    message: npt.NDArray[np.object_]

    def segments(self, start: int, end: int) -> pd.DataFrame:
        """Return the pieces within a period as `fleet.status_log.allocate` does, what no record covers included.

        Parameters
        ----------
        start, end : int
            The period [us since 1970 UTC], half-open.
        """
        inside = (self.end > start) & (self.start < end)
        first, last = np.maximum(self.start[inside], start), np.minimum(self.end[inside], end)
        before, after = np.r_[start, last], np.r_[first, end]
        hole = before < after
        order = np.argsort(np.r_[first, before[hole]], kind="stable")
        holes = int(hole.sum())

        def with_holes(values: npt.NDArray[Any], filling: object) -> npt.NDArray[Any]:
            return np.concatenate([values[inside], np.full(holes, filling, values.dtype)])[order]

        return segment_table(
            np.r_[first, before[hole]][order],
            np.r_[last, after[hole]][order],
            category=with_holes(self.category, Category.INFORMATION_UNAVAILABLE.value),
            in_service=with_holes(self.in_service, False),
            code=with_holes(self.code, ""),
            message=with_holes(self.message, ""),
            open_end=np.zeros(order.size, bool),
        )


def allocate_timers(
    records: pd.DataFrame, conflicting: Bools, settings: AvailabilitySettings, width: int, period: tuple[int, int]
) -> tuple[TimerPieces, TimerSums]:
    """Divide the time of one turbine's records among categories.

    Parameters
    ----------
    records : DataFrame
        `fleet.schema.TIMERS`, ascending in time, apart by `width` or more.
    conflicting : array of bool, shape (n,)
        Records that another one of the same interval contradicts: their state is not known.
    settings : AvailabilitySettings
        Category of each stop timer and of alarms' texts, and priority.
    width : int
        Length of a record's interval [us].
    period : (int, int)
        What the sums are of [us since 1970 UTC]; the pieces are of all records, so that none depends on the period.

    Returns
    -------
    tuple of (TimerPieces, TimerSums)
        The pieces, whose sum per record is `width`, and what there was of the records that begin in the period.
    """
    time = series_us(records["time"])
    seconds = {name: records[name].to_numpy(np.float64) for name in _TIMERS}
    there = {name: values for name, values in seconds.items() if name == "ready_s" or not np.isnan(values).all()}
    missing = np.logical_or.reduce([np.isnan(values) for values in there.values()])
    with np.errstate(invalid="ignore"):
        out = [(values < 0) | (values > width / SECOND) for values in there.values()]
    impossible = np.logical_or.reduce(out)
    known = ~(missing | impossible | conflicting)
    us = {name: _us(values, known) for name, values in there.items()}
    labels, lengths, raw = _lengths(us, known, records["alarm_message"], settings, width)
    pieces = _laid(time, labels, lengths, records)

    inside = (time >= period[0]) & (time < period[1])
    allocated = lengths[:, : -len(_OTHERS) - 1]
    sums = TimerSums(
        not_ready=int((width - us["ready_s"])[known & inside].sum()),
        stops_raw=int(raw[inside].sum()),
        stops_allocated=int(allocated[inside].sum()),
        missing=int((missing & inside & ~conflicting).sum()),
        impossible=int((impossible & inside & ~missing & ~conflicting).sum()),
        conflicting=int((conflicting & inside).sum()),
    )
    return pieces, sums


def _us(seconds: npt.NDArray[np.float64], known: Bools) -> Ints:
    return np.asarray(np.rint(np.where(known, seconds, 0.0) * SECOND), np.int64)


def _own_stop(message: str, settings: AvailabilitySettings) -> Category:
    """Return what the turbine's own stop timer counts in a record that ends with an alarm of this text."""
    text = normalised(message)
    for part, category in settings.messages.items():
        if text and normalised(part) in text:
            return category
    routine = any(part in text for part in ROUTINES)
    return Category.TECHNICAL_STANDBY if routine else settings.timers["stop_turbine"]


def _lengths(
    us: dict[str, Ints], known: Bools, messages: pd.Series[str], settings: AvailabilitySettings, width: int
) -> tuple[list[tuple[Category, bool]], Ints, Ints]:
    """Return the categories, the time of each record in each, and what the stop timers count in all [us]."""
    by_category: dict[Category, Ints] = {}

    def count(category: Category, counted: Ints) -> None:
        by_category[category] = by_category.get(category, np.zeros(known.size, np.int64)) + counted

    text_of, texts = pd.factorize(messages.fillna(""))
    of_text = [_own_stop(str(text), settings) for text in texts]
    for timer, category in settings.timers.items():
        if (counted := us.get(f"{timer}_s")) is None:
            continue
        if timer != "stop_turbine":
            count(category, counted)
            continue
        for own in dict.fromkeys([category, *of_text]):
            meant = np.isin(text_of, [k for k, one in enumerate(of_text) if one == own])
            count(own, np.where(meant, counted, 0))
    raw = sum(by_category.values(), np.zeros(known.size, np.int64))
    by_category.pop(Category.UNALLOCATED, None)  # as what no timer explains
    order = sorted(by_category, key=settings.priority.index)
    labels = [(category, category in IN_SERVICE) for category in order]

    ready = us["ready_s"]
    rest = np.where(known, width - ready, 0)
    columns = []
    for category in order:
        columns.append(np.minimum(by_category[category], rest))
        rest = rest - columns[-1]
    columns.append(rest)
    labels.append((Category.UNALLOCATED, False))

    operating = np.minimum(us["operating_s"], ready) if "operating_s" in us else np.zeros_like(ready)
    idle = ready - operating
    calm = width - us["wind_in_range_s"] if "wind_in_range_s" in us else np.full_like(ready, width)
    standby = np.minimum(idle, calm) if "operating_s" in us else np.zeros_like(ready)
    columns += [operating, standby, idle - standby, np.where(known, 0, width)]
    return [*labels, *_OTHERS], np.column_stack(columns), raw


def _laid(time: Ints, labels: list[tuple[Category, bool]], lengths: Ints, records: pd.DataFrame) -> TimerPieces:
    """Lay each record's pieces out in its interval."""
    column = np.arange(len(labels))
    service = np.array([in_service for _, in_service in labels], bool)
    stop = ~service & (column < column.size - 1)
    several = (lengths > 0).sum(axis=1) > 1
    right = _joins(time, lengths * stop, several, int(lengths[0].sum()) if time.size else 0)
    left = np.r_[-1, right][: time.size]

    order = np.tile(column, (time.size, 1))
    before, after = left[several, None], right[several, None]
    # A stop that joins nothing lies beside the one that does, or at the end.
    group = np.where(stop == (before >= 0), 1, 2)
    group = np.where(before == column, 0, np.where(after == column, 3, group))
    order[several] = np.argsort(group * column.size + column, axis=1)
    size = np.take_along_axis(lengths, order, axis=1)
    ends = time[:, None] + np.cumsum(size, axis=1)
    kept = size > 0
    end, size, label = ends[kept], size[kept], order[kept]
    record = np.repeat(np.arange(time.size), kept.sum(axis=1))
    words = np.array([category.value for category, _ in labels], object)
    alarms = records["alarm_code"].fillna("").to_numpy(object)
    code = _codes(end - size, end, label, stop[label], alarms[record])
    described = dict(zip(alarms, records["alarm_message"].fillna("").to_numpy(object), strict=True))
    message = np.array([described.get(one, "") for one in code], object)
    return TimerPieces(end - size, end, words[label], service[label], code, message)


def _joins(time: Ints, stops: Ints, several: Bools, width: int) -> Ints:
    """Return in which category each record's stop joins that of the next record; -1 where none does.

    Of several categories the one with the most time in both records. A piece of a record with others beside it lies at
    one end only: in a row of such records every other border is joined.
    """
    n = time.size
    right = np.full(n, -1, np.int64)
    if n < 2:
        return right
    both = (stops[:-1] > 0) & (stops[1:] > 0) & (time[1:] - time[:-1] == width)[:, None]
    amount = np.where(both, stops[:-1] + stops[1:], 0)
    chosen = np.where(both.any(axis=1), amount.argmax(axis=1), -1)
    linked = np.r_[False, (chosen[1:] == chosen[:-1]) & (chosen[1:] >= 0) & several[1:-1]]
    border = np.arange(n - 1)
    begin = np.maximum.accumulate(np.where(linked, 0, border))
    right[:-1] = np.where((border - begin) % 2 == 0, chosen, -1)
    return right


def _codes(start: Ints, end: Ints, label: Ints, stop: Bools, alarm: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    """Return each piece's alarm; a stop's piece without one has that of the stop that it is part of.

    The alarm is that at the end of the interval, when the stop may be over.
    """
    place = np.arange(start.size)
    starts = np.r_[True, (start[1:] != end[:-1]) | (label[1:] != label[:-1])][: start.size]
    run = np.cumsum(starts)
    said = stop & (alarm != "")
    before = np.maximum.accumulate(np.where(said, place, -1)) if place.size else place
    after = np.minimum.accumulate(np.where(said, place, place.size)[::-1])[::-1] if place.size else place
    source = np.where((before >= 0) & (run[before] == run), before, np.minimum(after, place.size - 1))
    found = np.where(run[source] == run, alarm[source], "")
    return np.asarray(np.where(stop, found, ""), object)
