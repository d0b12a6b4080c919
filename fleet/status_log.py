"""From the rows of a status log to exclusive segments of time, one information category each (IEC 61400-26-1).

How each kind of row counts:

- *Stop*: downtime in its category. Where stops overlap, the category that comes first in `[availability] priority`
  counts, within a category the stop that began first. A stop without an end ends at the next run state, else with the
  period: a marker that begins later and says that the turbine runs (Full or Partial Performance) or waits for wind
  (Ready Standby), and so is no longer stopped.
- *Informational*: a state marker, never downtime. A row with an end holds for its own span; a row without one holds
  until the next such row or stop. Low wind means Ready Standby; Full or Partial Performance are taken as exported,
  unless the row's own text speaks of brakes, manual work or warming up; all others leave the time in service,
  unallocated.
- *Communication*: Information Unavailable, but only where nothing else is known: stops and states with a logged begin
  and end outrank it, a marker that is merely carried forward does not, because nothing would have been received.
- *Warning* and anything else: no state, no downtime.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import EXPORTED, IN_SERVICE, Category, normalised
from fleet.config import AvailabilitySettings
from fleet.errors import InputError
from fleet.intervals import OPEN, SECOND, Spans, gaps
from fleet.times import series_us, stamps, to_us, utc

__all__ = [
    "SEGMENT_COLUMNS",
    "UNKNOWN_COVERAGE",
    "allocate",
    "category_of",
    "declared_period",
    "segment_table",
    "state_of",
    "treatment",
]

Ints = npt.NDArray[np.int64]

SEGMENT_COLUMNS = ("start", "end", "category", "in_service", "code", "message", "open_end")

UNKNOWN_COVERAGE = (
    "coverage unknown unless the period is declared: the log's rows are scattered windows or no period is stated "
    "(set [availability] status_period)"
)

#: Parts of messages that say the turbine waits for wind. The service category "External stop (low wind speed)" is no
#: evidence: exports give it to stops by storm, too.
_LOW_WIND = ("wind < start wind", "wind speed too low", "low wind speed", "absence of wind", "waiting for wind")
#: Parts of messages and service categories of rows that are exported as Full Performance although nothing runs by them.
_NOT_RUNNING = ("brake program", "bypass limit", "manual operation", "warm-up")
_NOT_RUNNING_SERVICE = ("warnings", "manual stop")

#: Which marker counts where several begin at once: what says more about the state, the more cautious first.
_STATES = (Category.READY_STANDBY, Category.PARTIAL_PERFORMANCE, Category.FULL_PERFORMANCE, Category.UNALLOCATED)
_READY, _UNALLOCATED = 0, 3


def category_of(message: str, iec_category: str, settings: AvailabilitySettings, *, status: str = "stop") -> Category:
    """Return the information category of one event.

    The order is: `settings.messages`, low wind, `settings.categories`, the exported category, unallocated.

    Parameters
    ----------
    message, iec_category : str
        The event's text and its IEC category as exported.
    settings : AvailabilitySettings
        `messages` are parts of a message, the first listed that fits counts; `categories` are whole texts. Case and
        repeated spaces do not matter.
    status : str
        "stop", "informational", ...; a stop that is exported as Full or Partial Performance contradicts itself and is
        left unallocated, unless the settings say otherwise.
    """
    text, exported = normalised(message), normalised(iec_category)
    for part, category in settings.messages.items():
        if normalised(part) in text:
            return category
    if any(part in text for part in _LOW_WIND):
        return Category.READY_STANDBY
    for name, category in settings.categories.items():
        if normalised(name) == exported:
            return category
    category = EXPORTED.get(exported, Category.UNALLOCATED)
    if status == "stop" and category in (Category.FULL_PERFORMANCE, Category.PARTIAL_PERFORMANCE):
        return Category.UNALLOCATED
    return category


def state_of(message: str, service_category: str, iec_category: str, settings: AvailabilitySettings) -> Category:
    """Return the in-service state that an informational row stands for; unallocated where it says none.

    Parameters
    ----------
    message, service_category, iec_category : str
        The event's texts as exported.
    settings : AvailabilitySettings
        See `category_of`.
    """
    category = category_of(message, iec_category, settings, status="informational")
    text, service = normalised(message), normalised(service_category)
    contradicted = any(part in text for part in _NOT_RUNNING) or service.startswith(_NOT_RUNNING_SERVICE)
    if category not in IN_SERVICE or (category is Category.FULL_PERFORMANCE and contradicted):
        return Category.UNALLOCATED
    return category


def treatment(events: pd.DataFrame) -> dict[str, int]:
    """Count how the rows of a log are treated; the counts add up to the rows.

    Parameters
    ----------
    events : DataFrame
        Columns of `fleet.schema.EVENTS`.

    Returns
    -------
    dict of str to int
        Rows by treatment: "stop", "open stop", "stop without length", "stop that ends before it begins", "marker",
        "communication", "warning", "other status", "no start".
    """
    start, end, status = series_us(events["start"]), _ends(events), _lower(events["status"])
    known, stop = ~events["start"].isna().to_numpy(), status == "stop"
    kinds = {
        "no start": ~known,
        "stop": known & stop & (end > start) & (end < OPEN),
        "open stop": known & stop & (end == OPEN),
        "stop without length": known & stop & (end == start),
        "stop that ends before it begins": known & stop & (end < start),
        "marker": known & (status == "informational"),
        "communication": known & (status == "communication"),
        "warning": known & (status == "warning"),
    }
    counts = {name: int(mask.sum()) for name, mask in kinds.items()}
    return {**counts, "other status": len(events) - sum(counts.values())}


def declared_period(
    events: pd.DataFrame, header_declared: tuple[pd.Timestamp, pd.Timestamp] | None, settings: AvailabilitySettings
) -> tuple[pd.Timestamp, pd.Timestamp, str] | None:
    """Return the period that a status log covers and who says so; nothing where it is not known.

    The header's interval is not believed where the log is silent for longer than `settings.max_silence_days`, at its
    begin, at its end or between two events: such rows are scattered windows (`UNKNOWN_COVERAGE`).

    Parameters
    ----------
    events : DataFrame
        One turbine's events, columns of `fleet.schema.EVENTS`. An event without end is heard at its begin only.
    header_declared : tuple of Timestamp or None
        Begin and end as the export's header states them, UTC.
    settings : AvailabilitySettings
        `status_period` counts before the header.
    """
    if settings.status_period:
        start, end = (utc(moment) for moment in settings.status_period)
        return start, end, "period of the status log declared in farm.toml"
    if header_declared is None or len(events) == 0:
        return None
    start, end = (utc(moment) for moment in header_declared)
    if start >= end:
        return None
    known = ~events["start"].isna().to_numpy()
    first, last = series_us(events["start"])[known], _ends(events)[known]
    last = np.where(last == OPEN, first, last)
    heard = Spans.of(first, np.maximum(last, first + 1))  # an instant is one microsecond long
    silence = gaps(heard, to_us(start), to_us(end))
    longest_s = int((silence.ends - silence.starts).max(initial=0)) / SECOND
    if longest_s > settings.max_silence_days * 86_400:
        return None
    return start, end, "period of the status log as its header declares it"


def allocate(
    events: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp, settings: AvailabilitySettings
) -> pd.DataFrame:
    """Divide a period of one turbine into exclusive segments of one category each.

    Parameters
    ----------
    events : DataFrame
        One turbine's events, columns of `fleet.schema.EVENTS`, in any order, with all that is known before and after
        the period: the allocation of an instant does not depend on the period asked for.
    start, end : Timestamp
        The period, UTC, half-open.
    settings : AvailabilitySettings
        Priority and category maps.

    Returns
    -------
    DataFrame
        start, end, category, in_service, code, message, open_end; sorted, disjoint, covering the period without gaps.
        "unallocated" stands for a stop without a category or, where `in_service`, for running in an unknown state.
        `open_end` marks stops whose end was not logged.

    Raises
    ------
    InputError
        If the period is empty or the events belong to several turbines.
    """
    low, high = to_us(start), to_us(end)
    if low >= high:
        raise InputError(f"status log: the period must begin before it ends, found {start} to {end}")
    names = sorted(set(events["turbine"].dropna()))
    if len(names) > 1:
        raise InputError(
            f"status log: events of one turbine expected, found {', '.join(names)}; allocate one at a time"
        )

    log = _Log(events, settings)
    stops, losses, spans, points = log.stops(), log.losses(), log.closed_markers(), log.open_markers()
    bounds = [layer[:, :2].ravel() for layer in (stops, losses, spans, points)]
    cuts = np.unique(np.clip(np.concatenate([*bounds, np.array([low, high], np.int64)]), low, high))
    at = cuts[:-1]
    stop, loss, span, point = (_owner(layer, at) for layer in (stops, losses, spans, points))
    outage = log.outage_of(stop, loss, span)
    owner = np.where(outage >= 0, outage, log.marker_of(span, point))
    down = outage >= 0

    category = np.full(at.size, Category.UNALLOCATED.value, dtype=object)
    held = owner >= 0
    category[held] = log.category[owner[held]]
    in_service = np.where(down, [value in _IN_SERVICE_VALUES for value in category], True)
    code, message = (np.where(held, np.r_[text, [""]][owner], "") for text in log.texts)
    open_end = down & np.r_[log.open_stop, False][owner]
    return segment_table(
        at, cuts[1:], category=category, in_service=in_service, code=code, message=message, open_end=open_end
    )


def segment_table(
    start: Ints,
    end: Ints,
    *,
    category: npt.NDArray[Any],
    in_service: npt.NDArray[Any],
    code: npt.NDArray[Any],
    message: npt.NDArray[Any],
    open_end: npt.NDArray[Any],
) -> pd.DataFrame:
    """Return segments as `allocate` does; neighbours that say the same are one, so that a cut anywhere leaves no trace.

    Parameters
    ----------
    start, end : array of int64, shape (n,)
        Segments that follow each other without gaps [us since 1970 UTC].
    category, in_service, code, message, open_end : array, shape (n,)
        What each one says.
    """
    fields = (category, in_service, code, message, open_end)
    changes = np.r_[True, np.logical_or.reduce([field[1:] != field[:-1] for field in fields])]
    last = np.r_[np.flatnonzero(changes)[1:] - 1, start.size - 1]
    return pd.DataFrame(
        {
            "start": stamps(start[changes]),
            "end": stamps(end[last]),
            "category": pd.array(list(category[changes]), dtype="str"),
            "in_service": in_service[changes].astype(bool),
            "code": pd.array(list(code[changes]), dtype="str"),
            "message": pd.array(list(message[changes]), dtype="str"),
            "open_end": open_end[changes].astype(bool),
        }
    )


_IN_SERVICE_VALUES = frozenset(category.value for category in IN_SERVICE)


class _Log:
    """One turbine's events as arrays in an order that does not depend on the files', with each row's category."""

    def __init__(self, events: pd.DataFrame, settings: AvailabilitySettings) -> None:
        frame = events[~events["start"].isna()]
        start, end = series_us(frame["start"]), _ends(frame)
        names = ("message", "service_category", "iec_category", "code")
        message, service, iec, code = (frame[name].fillna("").to_numpy(object) for name in names)
        status = _lower(frame["status"])
        order = sorted(
            range(len(frame)), key=lambda i: (start[i], -end[i], code[i], message[i], status[i], iec[i], service[i])
        )
        self.start, self.end, self.status = start[order], end[order], status[order]
        self.texts = (code[order], message[order])
        said: dict[tuple[str, str, str, str], str] = {}
        for key in zip(self.status, message[order], service[order], iec[order], strict=True):
            if key not in said:
                said[key] = _meaning(*key, settings).value
        keys = zip(self.status, message[order], service[order], iec[order], strict=True)
        self.category: npt.NDArray[np.object_] = np.array([said[key] for key in keys], dtype=object)
        self.rank = np.array([settings.priority.index(Category(value)) for value in self.category], np.int64)
        state = {category.value: i for i, category in enumerate(_STATES)}
        self.state = np.array([state.get(value, _UNALLOCATED) for value in self.category], np.int64)
        self.is_stop, self.is_marker = self.status == "stop", self.status == "informational"
        self.open_stop = self.is_stop & (self.end == OPEN)
        self._end_open_stops()

    def _end_open_stops(self) -> None:
        running = self.is_marker & (self.state != _UNALLOCATED)
        runs = np.r_[self.start[running], np.array([OPEN], np.int64)]
        begins = self.start[self.open_stop]
        self.end = self.end.copy()
        self.end[self.open_stop] = runs[np.searchsorted(runs, begins, side="right")]

    def stops(self) -> Ints:
        """Stops, the first by priority, then by begin."""
        rows = np.flatnonzero(self.is_stop)
        return _winners(self.start, self.end, rows, [(int(self.rank[i]), int(i)) for i in rows])

    def losses(self) -> Ints:
        """Lost communication, the first by begin."""
        rows = np.flatnonzero(self.status == "communication")
        return _winners(self.start, self.end, rows, [(int(i),) for i in rows])

    def closed_markers(self) -> Ints:
        """Markers with an end, the latest begun first."""
        rows = np.flatnonzero(self.is_marker & (self.end < OPEN))
        return _winners(self.start, self.end, rows, [(-int(self.start[i]), int(self.state[i]), int(i)) for i in rows])

    def open_markers(self) -> Ints:
        """Markers without an end, each until the next one or the next stop."""
        rows = np.flatnonzero(self.is_marker & (self.end == OPEN))
        if not rows.size:
            return np.empty((0, 3), np.int64)
        rows = rows[np.lexsort((rows, self.state[rows], self.start[rows]))]
        rows = rows[np.r_[True, self.start[rows][1:] > self.start[rows][:-1]]]
        begins, never = self.start[rows], np.array([OPEN], np.int64)
        stops = np.r_[np.unique(self.start[self.is_stop & (self.end > self.start)]), never]
        ends = np.minimum(np.r_[begins[1:], never], stops[np.searchsorted(stops, begins, side="left")])
        return np.asarray(np.column_stack([begins, ends, rows])[ends > begins], np.int64)

    def marker_of(self, span: Ints, point: Ints) -> Ints:
        """Return the marker that holds: the later one of a closed and an open marker; -1 where there is none.

        Waiting for wind goes on while the controller runs through programmes that say nothing about the state.
        """
        both = (span >= 0) & (point >= 0)
        later = np.where(both, self.start[point] > self.start[span], span < 0) if self.start.size else span < 0
        if self.start.size:
            waiting = both & (self.state[span] == _READY) & (self.state[point] == _UNALLOCATED)
            later = later & ~waiting
        return np.asarray(np.where(later, point, span), np.int64)

    def outage_of(self, stop: Ints, loss: Ints, span: Ints) -> Ints:
        """Return the stop or, where nothing better is known, the loss of communication; -1 where there is neither."""
        if not self.start.size:
            return stop
        known = (span >= 0) & (self.state[span] != _UNALLOCATED) & (self.rank[span] < self.rank[loss])
        lost = (loss >= 0) & np.where(stop >= 0, self.rank[loss] < self.rank[stop], ~known)
        return np.asarray(np.where(lost, loss, stop), np.int64)


def _meaning(status: str, message: str, service: str, iec: str, settings: AvailabilitySettings) -> Category:
    if status == "stop":
        return category_of(message, iec, settings)
    if status == "informational":
        return state_of(message, service, iec, settings)
    return Category.INFORMATION_UNAVAILABLE if status == "communication" else Category.UNALLOCATED


def _winners(starts: Ints, ends: Ints, rows: Ints, keys: list[tuple[int, ...]]) -> Ints:
    """Return disjoint [start, end, row], each instant held by the smallest key alive.

    Spans in `rows` are sorted by start, as the log is; the last item of a key is the row.
    """
    active: list[tuple[int, ...]] = []
    moments = np.unique(np.r_[starts[rows], ends[rows]])
    found: list[tuple[int, int, int]] = []
    following = 0
    for moment, until in zip(moments[:-1].tolist(), moments[1:].tolist(), strict=True):
        while following < rows.size and starts[rows[following]] <= moment:
            heapq.heappush(active, keys[following])
            following += 1
        while active and ends[active[0][-1]] <= moment:
            heapq.heappop(active)
        if active:
            found.append((moment, until, int(active[0][-1])))
    return np.array(found, np.int64).reshape(-1, 3)


def _owner(layer: Ints, at: Ints) -> Ints:
    """Return the row that holds each instant, -1 where none does."""
    if not len(layer):
        return np.full(at.size, -1, np.int64)
    i = np.searchsorted(layer[:, 0], at, side="right") - 1
    return np.where((i >= 0) & (at < layer[i, 1]), layer[i, 2], -1)


def _lower(status: pd.Series[Any]) -> npt.NDArray[np.object_]:
    return status.fillna("").str.strip().str.lower().to_numpy(object)


def _ends(events: pd.DataFrame) -> Ints:
    return np.where(events["end"].isna().to_numpy(), OPEN, series_us(events["end"]))
