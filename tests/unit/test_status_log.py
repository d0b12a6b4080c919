"""Events to exclusive segments, on logs of a few rows whose answer is plain to see."""

from __future__ import annotations

from datetime import UTC, datetime

import pandas as pd
import pytest

from fleet.categories import DEFAULT_PRIORITY, EXPORTED, IEC_CODES, Category
from fleet.config import AvailabilitySettings
from fleet.errors import InputError
from fleet.schema import EVENTS, dtypes
from fleet.status_log import allocate, category_of, declared_period, state_of, treatment

DEFAULTS = AvailabilitySettings()
DAY = pd.Timestamp("2024-03-01", tz="UTC")
FULL, FORCED, STANDBY = "Full Performance", "Forced outage", "Technical Standby"


def log(*rows: tuple[object, ...], turbine: str = "T1") -> pd.DataFrame:
    """Rows of (begin hour, end hour or None, status, IEC category, message, code)."""
    fields = []
    for begin, end, status, iec, *more in rows:
        message, code = (*more, "", "")[:2]
        start, stop = (None if hour is None else DAY + pd.Timedelta(hours=float(hour)) for hour in (begin, end))
        fields.append((turbine, start, stop, status, code, message, "", iec, len(fields)))
    return pd.DataFrame(fields, columns=list(dtypes(EVENTS))).astype(dtypes(EVENTS))


def brief(
    events: pd.DataFrame, begin: float = 0, end: float = 24, settings: AvailabilitySettings = DEFAULTS
) -> list[object]:
    segments = allocate(events, DAY + pd.Timedelta(hours=begin), DAY + pd.Timedelta(hours=end), settings)
    hours = [(moment - DAY) / pd.Timedelta(hours=1) for moment in segments["end"]]
    labels = [
        f"{c} (running)" if s and c == "unallocated" else c
        for c, s in zip(segments["category"], segments["in_service"], strict=True)
    ]
    return list(zip(labels, hours, strict=True))


UNKNOWN = "unallocated (running)"


class TestCategoryOf:
    @pytest.mark.parametrize("category", list(IEC_CODES))
    def test_every_iec_name_and_code_is_known(self, category: Category) -> None:
        name = category.value.replace("_", " ").title()
        assert EXPORTED[name.lower()] is EXPORTED[IEC_CODES[category].lower()] is category
        assert category_of("", f"  {name.replace(' ', '  ')} ", DEFAULTS, status="informational") is category

    def test_the_export_writes_forced_outage_with_a_small_o(self) -> None:
        assert category_of("Grid loss", "Forced outage", DEFAULTS) is Category.FORCED_OUTAGE

    @pytest.mark.parametrize("text", ["", "  ", "Something else"])
    def test_a_blank_or_unknown_category_is_unallocated(self, text: str) -> None:
        assert category_of("Cable twist", text, DEFAULTS) is Category.UNALLOCATED

    def test_low_wind_is_ready_standby_and_storm_is_not(self) -> None:
        environment = "Out of Environmental Specification"
        assert category_of("Wind < start wind", environment, DEFAULTS) is Category.READY_STANDBY
        assert category_of("Max. wind speed", environment, DEFAULTS) is Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION

    def test_settings_messages_come_first_then_low_wind_then_settings_categories(self) -> None:
        settings = AvailabilitySettings(
            messages={"START  wind": Category.FORCE_MAJEURE},
            categories={"forced  OUTAGE": Category.SUSPENDED, "Out of Environmental Specification": Category.SUSPENDED},
        )
        assert category_of("Wind < start wind", "", settings) is Category.FORCE_MAJEURE
        assert category_of("Absence of wind", "Out of Environmental Specification", settings) is Category.READY_STANDBY
        assert category_of("Pitch", "Forced outage", settings) is Category.SUSPENDED

    def test_a_stop_in_full_performance_contradicts_itself(self) -> None:
        assert category_of("Pitch", FULL, DEFAULTS) is Category.UNALLOCATED
        settings = AvailabilitySettings(categories={FULL: Category.REQUESTED_SHUTDOWN})
        assert category_of("Pitch", FULL, settings) is Category.REQUESTED_SHUTDOWN


class TestStateOf:
    @pytest.mark.parametrize(
        ("message", "service", "iec", "expected"),
        [
            ("Mains operation", "", FULL, Category.FULL_PERFORMANCE),
            ("System OK", "System OK (32)", FULL, Category.FULL_PERFORMANCE),
            ("Wind < start wind", "External stop (low wind speed)  (5)", "Out of Environmental Specification", "ready"),
            ("Brake program 52", "", FULL, Category.UNALLOCATED),
            ("Supply circuit breaker earthed", "Warnings (27)", FULL, Category.UNALLOCATED),
            ("Manual yaw", "Manual stop (service)  (9)", FULL, Category.UNALLOCATED),
            ("Run-up", "", STANDBY, Category.UNALLOCATED),
            ("Reduced power", "", "Partial Performance", Category.PARTIAL_PERFORMANCE),
        ],
    )
    def test_markers_of_the_sample_logs(self, message: str, service: str, iec: str, expected: str) -> None:
        expected = Category.READY_STANDBY if expected == "ready" else expected
        assert state_of(message, service, iec, DEFAULTS) is expected


class TestAllocate:
    def test_without_events_the_state_is_unknown_and_in_service(self) -> None:
        assert brief(log()) == [(UNKNOWN, 24)]

    def test_a_stop_and_what_follows_it(self) -> None:
        events = log((0, None, "informational", FULL, "System OK"), (6, 8, "stop", FORCED, "Pitch", "42"))
        assert brief(events) == [("full_performance", 6), ("forced_outage", 8), (UNKNOWN, 24)]

    def test_overlapping_stops_count_once_by_priority(self) -> None:
        events = log((2, 10, "stop", STANDBY), (4, 6, "stop", FORCED), (5, 12, "stop", "Scheduled Maintenance"))
        assert brief(events)[1:5] == [
            ("technical_standby", 4),
            ("forced_outage", 6),
            ("scheduled_maintenance", 12),
            (UNKNOWN, 24),
        ]

    def test_the_priority_is_the_settings(self) -> None:
        first = Category.TECHNICAL_STANDBY
        settings = AvailabilitySettings(priority=(first, *(c for c in DEFAULT_PRIORITY if c is not first)))
        events = log((2, 10, "stop", STANDBY), (4, 12, "stop", FORCED))
        assert brief(events, settings=settings)[1:3] == [("technical_standby", 10), ("forced_outage", 12)]

    def test_within_a_category_the_stop_that_began_first_names_the_cause(self) -> None:
        events = log((4, 8, "stop", FORCED, "second", "2"), (3, 6, "stop", FORCED, "first", "1"))
        down = allocate(events, DAY, DAY + pd.Timedelta(days=1), DEFAULTS).query("not in_service")
        assert list(down["message"]) == ["first", "second"]
        assert list(down["code"]) == ["1", "2"]

    def test_warnings_cost_nothing_and_say_nothing(self) -> None:
        assert brief(log((2, 9, "warning", FORCED), (3, None, "warning", FULL))) == [(UNKNOWN, 24)]

    def test_informational_rows_are_never_downtime(self) -> None:
        events = log((2, 9, "informational", FORCED), (3, None, "informational", "Scheduled Maintenance"))
        assert allocate(events, DAY, DAY + pd.Timedelta(days=1), DEFAULTS)["in_service"].all()

    def test_markers_hold_until_the_next_marker_or_stop(self) -> None:
        events = log(
            (1, None, "informational", FULL, "Mains operation"),
            (5, None, "informational", STANDBY, "Run-up"),
            (7, None, "informational", FULL, "Mains operation"),
            (9, 10, "stop", FORCED),
        )
        assert brief(events) == [
            (UNKNOWN, 1),
            ("full_performance", 5),
            (UNKNOWN, 7),
            ("full_performance", 9),
            ("forced_outage", 10),
            (UNKNOWN, 24),
        ]

    def test_low_wind_with_an_end_holds_for_its_span_through_programmes_that_say_nothing(self) -> None:
        events = log(
            (1, None, "informational", FULL, "Mains operation"),
            (5, 8, "informational", "", "Wind < start wind"),
            (5, None, "informational", "Out of Environmental Specification", "Brake program 50"),
            (6, None, "informational", STANDBY, "Run-up"),
            (9, None, "informational", FULL, "Mains operation"),
        )
        assert brief(events)[1:] == [
            ("full_performance", 5),
            ("ready_standby", 8),
            (UNKNOWN, 9),
            ("full_performance", 24),
        ]

    def test_a_low_wind_stop_is_ready_standby_in_service(self) -> None:
        segments = allocate(log((2, 4, "stop", "", "Wind < start wind")), DAY, DAY + pd.Timedelta(days=1), DEFAULTS)
        assert list(segments["category"]) == ["unallocated", "ready_standby", "unallocated"]
        assert segments["in_service"].all()

    def test_an_open_stop_ends_at_the_next_run_state(self) -> None:
        events = log(
            (4, None, "stop", FORCED),
            (4, None, "informational", FULL, "System OK"),
            (5, None, "informational", FULL, "Brake program 52"),
            (9, None, "informational", FULL, "Mains operation"),
        )
        segments = allocate(events, DAY, DAY + pd.Timedelta(days=1), DEFAULTS)
        assert brief(events) == [(UNKNOWN, 4), ("forced_outage", 9), ("full_performance", 24)]
        assert list(segments["open_end"]) == [False, True, False]

    @pytest.mark.parametrize(
        ("marker", "state"),
        [
            (("informational", "Partial Performance", "Reduced power"), "partial_performance"),
            (("informational", "", "Wind < start wind"), "ready_standby"),
        ],
    )
    def test_an_open_stop_ends_when_the_turbine_runs_reduced_or_waits_for_wind(
        self, marker: tuple[str, ...], state: str
    ) -> None:
        events = log(
            (4, None, "stop", FORCED), (9, None, *marker), (15, None, "informational", FULL, "Mains operation")
        )
        assert brief(events) == [(UNKNOWN, 4), ("forced_outage", 9), (state, 15), ("full_performance", 24)]

    def test_an_open_stop_without_a_run_state_ends_with_the_period_and_is_flagged(self) -> None:
        segments = allocate(log((4, None, "stop", FORCED)), DAY, DAY + pd.Timedelta(hours=12), DEFAULTS)
        assert segments["end"].iloc[-1] == DAY + pd.Timedelta(hours=12)
        assert segments["open_end"].iloc[-1]

    def test_events_that_begin_before_and_end_after_are_clipped(self) -> None:
        events = log((-50, 3, "stop", FORCED), (20, 99, "stop", STANDBY), (30, 31, "stop", FORCED))
        assert brief(events) == [("forced_outage", 3), (UNKNOWN, 20), ("technical_standby", 24)]

    def test_lost_communication_counts_only_where_nothing_else_is_known(self) -> None:
        events = log(
            (0, None, "informational", FULL, "Mains operation"),
            (2, 12, "communication", "", "Data communication unavailable"),
            (4, 5, "stop", FORCED),
            (6, 8, "informational", FULL, "System OK"),
        )
        assert brief(events) == [
            ("full_performance", 2),
            ("information_unavailable", 4),
            ("forced_outage", 5),
            ("information_unavailable", 6),
            ("full_performance", 8),
            ("information_unavailable", 12),
            (UNKNOWN, 24),
        ]

    def test_duplicates_and_stops_without_length_change_nothing(self) -> None:
        once = log((2, 4, "stop", FORCED))
        assert brief(log(*[(2, 4, "stop", FORCED)] * 3, (6, 6, "stop", FORCED), (9, 7, "stop", FORCED))) == brief(once)

    def test_an_empty_period_and_a_mixed_log_are_refused(self) -> None:
        with pytest.raises(InputError, match="must begin before it ends"):
            allocate(log(), DAY, DAY, DEFAULTS)
        mixed = pd.concat([log((1, 2, "stop", FORCED)), log((1, 2, "stop", FORCED), turbine="T2")])
        with pytest.raises(InputError, match="found T1, T2"):
            allocate(mixed, DAY, DAY + pd.Timedelta(days=1), DEFAULTS)


def test_treatment_adds_up_to_the_rows() -> None:
    events = log(
        (1, 2, "Stop", FORCED),
        (1, None, "stop", FORCED),
        (1, 1, "stop", FORCED),
        (2, 1, "stop", FORCED),
        (1, None, "informational", FULL),
        (1, 2, "warning", ""),
        (1, 2, "communication", ""),
        (1, 2, "audit", ""),
        (None, 2, "stop", FORCED),
    )
    counts = treatment(events)
    assert set(counts.values()) == {1}
    assert sum(counts.values()) == len(events)


class TestDeclaredPeriod:
    HEADER = (DAY, DAY + pd.Timedelta(days=60))

    def test_settings_come_first(self) -> None:
        period = (datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC))
        found = declared_period(log(), None, AvailabilitySettings(status_period=period))
        assert found is not None
        assert found[:2] == (pd.Timestamp("2024-01-01", tz="UTC"), pd.Timestamp("2024-02-01", tz="UTC"))

    def test_without_header_or_events_it_is_unknown(self) -> None:
        assert declared_period(log((1, 2, "stop", FORCED)), None, DEFAULTS) is None
        assert declared_period(log(), self.HEADER, DEFAULTS) is None

    @pytest.mark.parametrize(("days", "known"), [((0, 9, 18, 27, 36, 45, 54), True), ((0, 9, 30, 39, 48, 57), False)])
    def test_a_long_silence_makes_it_unknown(self, days: tuple[int, ...], known: bool) -> None:
        events = log(*((24 * day, 24 * day, "warning", "") for day in days))
        assert (declared_period(events, self.HEADER, DEFAULTS) is not None) == known

    def test_the_begin_and_the_end_of_the_header_count_as_silence(self) -> None:
        assert declared_period(log((0, 24 * 49, "stop", FORCED)), self.HEADER, DEFAULTS) is None
        assert declared_period(log((24 * 11, 24 * 60, "stop", FORCED)), self.HEADER, DEFAULTS) is None

    def test_an_event_speaks_for_its_own_span_but_an_open_one_for_its_begin_only(self) -> None:
        assert declared_period(log((0, 24 * 55, "warning", "")), self.HEADER, DEFAULTS) is not None
        assert declared_period(log((0, None, "warning", "")), self.HEADER, DEFAULTS) is None
