"""The status log of a synthetic turbine, and the seconds that its true states take of each record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import DEFAULT_PRIORITY, Category
from fleet.intervals import OPEN, SECOND, Spans, gaps, overlap
from fleet.schema import EVENTS, columns, dtypes
from fleet.synthetic.episodes import episodes, runs_of
from fleet.synthetic.operation import Limits
from fleet.synthetic.spec import PERIOD_S, FleetSpec
from fleet.synthetic.stop_kinds import IEC_TEXTS, StopKind
from fleet.synthetic.streams import Idea, turbine_stream

__all__ = ["OTHER_STOPS", "Event", "allocated_seconds", "event_table", "status_log", "time_of"]

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_LOW_WIND_SERVICE = "External stop (low wind speed)  (5)"
_VISIT = StopKind(
    category=Category.SCHEDULED_MAINTENANCE,
    code=20,
    message="Manual stop - on site",
    service_category="Manual stop (service)  (9)",
    per_year=0.0,
    mean_h=3.0,
)
#: Rows that are no downtime: code and message of warnings.
_WARNINGS = ((5000, "Breakdown obstacle light"), (5110, "Gear oil filter 80 %"))


@dataclass(frozen=True, kw_only=True)
class Event:
    """One row of a status log with the state that it truly stands for."""

    start: int  #: [us since 1970 UTC]
    end: int  #: `OPEN`: the log shows no end
    status: str
    code: int
    message: str
    service_category: str = ""
    iec_text: str = ""  #: category as exported
    category: Category | None = None  #: what the time truly is; None: the row says nothing about it


def status_log(spec: FleetSpec, times: Ints, turbine: int, low_wind: Mask, storm: Mask, limits: Limits) -> list[Event]:
    """Return all events of a turbine that touch the period, sorted by begin.

    Stops overlap where chance or a visit for maintenance wants it. Waiting for wind and curtailment are informational
    rows with an end; a row without an end says that the turbine runs again. Lost communication hides what the turbine
    does where nothing else is known. Warnings say nothing.
    """
    start, end = int(times[0]), int(times[-1]) + PERIOD_S * SECOND
    stops = [
        *_random_stops(spec, turbine, start, end),
        *_spans_as(runs_of(storm, times), _STORM),
        *_spans_as(runs_of(limits.commanded_zero & ~low_wind & ~storm, times), _ZERO),
    ]
    stops += _visits(spec, turbine, stops)
    down, waiting = time_of(stops, "stop"), runs_of(low_wind, times)
    still = Spans.of(np.r_[down.starts, waiting.starts], np.r_[down.ends, waiting.ends])
    curtailed = runs_of(limits.curtailed, times)
    states = [
        *_spans_as(waiting, _WAITING),
        # A controller says again that it is limited when it has come back from standing still.
        *(
            event
            for first, last in zip(curtailed.starts.tolist(), curtailed.ends.tolist(), strict=True)
            for event in _spans_as(gaps(still, first, last), _CURTAILED)
        ),
        *(_running_from(int(at)) for at in (start, *still.ends[(still.ends > start) & (still.ends < end)])),
    ]
    everything = [*stops, *states, *_losses(spec, turbine, start, end), *_warnings(spec, turbine, start, end, stops)]
    exported = [event for event in everything if event.start < end and event.end > start]
    return sorted(exported, key=lambda event: (event.start, event.end, event.code, event.message))


def time_of(events: Iterable[Event], status: str) -> Spans:
    """Return the time in which at least one event of a status holds."""
    rows = [(event.start, event.end) for event in events if event.status == status]
    return Spans.of([first for first, _ in rows], [last for _, last in rows])


def allocated_seconds(events: Iterable[Event], derated: Spans, times: Ints) -> dict[Category, Ints]:
    """Return the seconds of each record by true category; they add up to the record's length.

    Where states overlap, the one that comes first in `DEFAULT_PRIORITY` counts; the rest is Full Performance.
    Information Unavailable comes last, as there: it takes what would otherwise be the rest.

    Parameters
    ----------
    events : iterable of Event
        The log.
    derated : Spans
        Running in Partial Performance that the log does not show.
    times : array of int64, shape (n,)
        Start of each record [us since 1970 UTC].
    """
    by_category: dict[Category, list[tuple[int, int]]] = {
        Category.PARTIAL_PERFORMANCE: list(zip(derated.starts.tolist(), derated.ends.tolist(), strict=True))
    }
    for event in events:
        if event.category not in (None, Category.FULL_PERFORMANCE):
            by_category.setdefault(Category(event.category), []).append((event.start, event.end))
    width = PERIOD_S * SECOND
    covered, before = Spans.of([], []), np.zeros(times.size, np.int64)
    seconds: dict[Category, Ints] = {}
    for category in DEFAULT_PRIORITY:
        rows = by_category.get(category)
        if not rows:
            continue
        firsts, lasts = np.array(rows, np.int64).T
        covered = Spans.of(np.r_[covered.starts, firsts], np.r_[covered.ends, lasts])
        now = overlap(covered, times, width)
        seconds[category] = (now - before) // SECOND
        before = now
    seconds[Category.FULL_PERFORMANCE] = PERIOD_S - before // SECOND
    return seconds


def event_table(events: list[Event], turbine: str) -> pd.DataFrame:
    """Return events as `fleet.schema.EVENTS`, with `category`: what the time truly is, empty where nothing is said."""
    starts = np.array([event.start for event in events], np.int64)
    ends = np.array([event.end for event in events], np.int64)
    frame = pd.DataFrame(
        {
            "turbine": pd.Series([turbine] * len(events), dtype="str"),
            "start": pd.DatetimeIndex(starts.astype("datetime64[us]")).tz_localize("UTC"),
            "end": pd.DatetimeIndex(_without_end(ends)).tz_localize("UTC"),
            "status": [event.status for event in events],
            "code": [str(event.code) for event in events],
            "message": [event.message for event in events],
            "service_category": [event.service_category for event in events],
            "iec_category": [event.iec_text for event in events],
            "source_row": np.arange(len(events), dtype=np.int64),
        }
    )
    frame = frame[columns(EVENTS)].astype(dtypes(EVENTS))
    return frame.assign(category=pd.Series([event.category or "" for event in events], dtype="str"))


def _without_end(ends: Ints) -> npt.NDArray[np.datetime64]:
    moments = np.where(ends == OPEN, 0, ends).astype("datetime64[us]")
    moments[ends == OPEN] = np.datetime64("NaT")
    return moments


_STORM = Event(
    start=0,
    end=0,
    status="stop",
    code=64,
    message="Max. wind speed",
    service_category=_LOW_WIND_SERVICE,  # so the export calls storms, too
    iec_text=IEC_TEXTS[Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION],
    category=Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION,
)
_ZERO = Event(
    start=0,
    end=0,
    status="stop",
    code=31,
    message="Power set-point 0",
    service_category="Manual stop (remote)  (8)",
    iec_text=IEC_TEXTS[Category.REQUESTED_SHUTDOWN],
    category=Category.REQUESTED_SHUTDOWN,
)
_WAITING = Event(
    start=0,
    end=0,
    status="informational",
    code=10,
    message="Wind < start wind",
    service_category=_LOW_WIND_SERVICE,
    iec_text=IEC_TEXTS[Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION],  # so the export calls waiting for wind
    category=Category.READY_STANDBY,
)
_CURTAILED = Event(
    start=0,
    end=0,
    status="informational",
    code=410,
    message="Power limited by set-point",
    service_category="Operating states  (28)",
    iec_text=IEC_TEXTS[Category.PARTIAL_PERFORMANCE],
    category=Category.PARTIAL_PERFORMANCE,
)


#: Stops that `FleetSpec.stops` does not name.
OTHER_STOPS: tuple[Event | StopKind, ...] = (_VISIT, _STORM, _ZERO)


def _spans_as(spans: Spans, like: Event) -> list[Event]:
    return [
        replace(like, start=first, end=last)
        for first, last in zip(spans.starts.tolist(), spans.ends.tolist(), strict=True)
    ]


def _running_from(start: int) -> Event:
    return Event(
        start=start,
        end=OPEN,
        status="informational",
        code=100210,
        message="Mains operation",
        iec_text=IEC_TEXTS[Category.FULL_PERFORMANCE],
        category=Category.FULL_PERFORMANCE,
    )


def _stop(kind: StopKind, start: int, end: int) -> Event:
    return Event(
        start=start,
        end=end,
        status="stop",
        code=kind.code,
        message=kind.message,
        service_category=kind.service_category,
        iec_text=IEC_TEXTS[kind.category],
        category=kind.category,
    )


def _random_stops(spec: FleetSpec, turbine: int, start: int, end: int) -> list[Event]:
    rng = turbine_stream(spec.seed, turbine, Idea.STOPS)
    streams = rng.spawn(len(spec.stops))  # each kind has its own: a change of one leaves the others
    return [
        _stop(kind, first, last)
        for kind, stream in zip(spec.stops, streams, strict=True)
        for first, last in zip(
            *(side.tolist() for side in episodes(stream, kind.per_year, kind.mean_h, start, end, spread=kind.spread)),
            strict=True,
        )
    ]


def _visits(spec: FleetSpec, turbine: int, stops: list[Event]) -> list[Event]:
    """Return visits for maintenance that begin within a stop and may end after it."""
    rng = turbine_stream(spec.seed, turbine, Idea.OVERLAP)
    found = []
    for stop in sorted(stops, key=lambda event: (event.start, event.code)):
        chance, where, length_h = rng.random(), rng.random(), rng.exponential(_VISIT.mean_h)
        if chance < spec.overlap_share:
            start = stop.start + int(where * (stop.end - stop.start)) // SECOND * SECOND
            found.append(_stop(_VISIT, start, start + max(1, int(length_h * 3600)) * SECOND))
    return found


def _losses(spec: FleetSpec, turbine: int, start: int, end: int) -> list[Event]:
    rng = turbine_stream(spec.seed, turbine, Idea.COMMUNICATION)
    rate, mean_h = spec.communication_losses_per_year, spec.communication_loss_h
    return [
        Event(
            start=first,
            end=last,
            status="communication",
            code=-1,
            message="No communication",
            category=Category.INFORMATION_UNAVAILABLE,
        )
        for first, last in zip(*(side.tolist() for side in episodes(rng, rate, mean_h, start, end)), strict=True)
    ]


def _warnings(spec: FleetSpec, turbine: int, start: int, end: int, stops: list[Event]) -> list[Event]:
    """Return warnings: one begins in each stop, others anywhere."""
    if spec.warnings_per_year <= 0.0:
        return []
    rng = turbine_stream(spec.seed, turbine, Idea.WARNINGS)
    firsts, lasts = (side.tolist() for side in episodes(rng, spec.warnings_per_year, 1.0, start, end))
    spans = list(zip(firsts, lasts, strict=True))
    for stop in stops:
        first = stop.start + int(rng.random() * (stop.end - stop.start)) // SECOND * SECOND
        spans.append((first, first + int(rng.integers(1, 7200)) * SECOND))
    kinds = rng.integers(0, len(_WARNINGS), len(spans)).tolist()
    return [
        Event(
            start=first,
            end=last,
            status="warning",
            code=_WARNINGS[kind][0],
            message=_WARNINGS[kind][1],
            service_category="Warnings (27)",
            iec_text=IEC_TEXTS[Category.FULL_PERFORMANCE],
        )
        for (first, last), kind in zip(spans, kinds, strict=True)
    ]
