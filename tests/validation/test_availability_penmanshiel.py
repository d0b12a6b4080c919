"""Status logs of Penmanshiel 01 and Kelmarsh 1 (Cubico, CC-BY-4.0) against known sums and a brute-force timeline."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleet.availability import Basis, availability_table
from fleet.category_sums import log_sums
from fleet.config import AvailabilitySettings, Source
from fleet.readers import recognise
from fleet.readers.base import Batch
from fleet.samples import path
from fleet.status_log import allocate, declared_period, treatment
from fleet.stops import merge_fragments, reliability_table, stop_fragments

DEFAULTS = AvailabilitySettings()
FEBRUARY = (pd.Timestamp("2023-02-01", tz="UTC"), pd.Timestamp("2023-03-01", tz="UTC"))


def status(farm: str, part: str) -> Batch:
    (file,) = path(farm).glob(f"Status_{part}*.csv")
    form = recognise(file)
    assert form is not None
    return form.read(file, Source(format=form.name))


def hours(segments: pd.DataFrame) -> pd.Series:
    length = (segments["end"] - segments["start"]) / pd.Timedelta(hours=1)
    return length.groupby(segments["category"]).sum()


@pytest.fixture(scope="module")
def penmanshiel() -> pd.DataFrame:
    return status("penmanshiel", "Penmanshiel_01").frame


@pytest.fixture(scope="module")
def segments(penmanshiel: pd.DataFrame) -> pd.DataFrame:
    return allocate(penmanshiel, *FEBRUARY, DEFAULTS)


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("forced_outage", 0.203),
        ("scheduled_maintenance", 0.346),
        ("technical_standby", 0.320),
        ("out_of_environmental_specification", 11.512),
    ],
)
def test_penmanshiel_stop_hours(segments: pd.DataFrame, category: str, expected: float) -> None:
    assert hours(segments)[category] == pytest.approx(expected, abs=0.0005)


def test_penmanshiel_segments_cover_the_672_hours_and_nothing_else_is_down(segments: pd.DataFrame) -> None:
    assert hours(segments).sum() == pytest.approx(672.0, abs=1e-9)
    down = hours(segments[~segments["in_service"]])
    assert set(down.index) == {
        "forced_outage",
        "scheduled_maintenance",
        "technical_standby",
        "out_of_environmental_specification",
    }


def test_penmanshiel_open_rows_cost_nothing(penmanshiel: pd.DataFrame, segments: pd.DataFrame) -> None:
    is_open = penmanshiel["end"].isna()
    assert is_open.sum() == 494
    assert set(penmanshiel.loc[is_open, "status"]) == {"informational"}
    without = allocate(penmanshiel[~is_open], *FEBRUARY, DEFAULTS)
    down, down_without = (frame[~frame["in_service"]].reset_index(drop=True) for frame in (segments, without))
    pd.testing.assert_frame_equal(down, down_without)
    assert not segments["open_end"].any()


def test_penmanshiel_availability_and_reliability(penmanshiel: pd.DataFrame, segments: pd.DataFrame) -> None:
    sums = log_sums("Penmanshiel 01", segments)
    basis = Basis(turbine="Penmanshiel 01", evidence="status log", start=FEBRUARY[0], end=FEBRUARY[1])
    table = availability_table(sums, [basis], DEFAULTS, quantum_kwh=1.0).set_index(["turbine", "view"])
    stopped = 0.20278 + 0.34611 + 0.32 + 11.51167
    row = table.loc[("Penmanshiel 01", "operational")]
    assert row["time_based"] == pytest.approx(1 - stopped / 672, abs=1e-6)
    assert row["coverage"] == 1.0
    technical = 1 - (0.20278 + 0.34611) / 672
    assert table.loc[("Penmanshiel 01", "technical"), "time_based"] == pytest.approx(technical, abs=1e-6)
    stops = merge_fragments([stop_fragments("Penmanshiel 01", segments)])
    assert len(stops) == 23
    reliability = (
        reliability_table(sums, stops, [basis], record_us=600_000_000).set_index("turbine").loc["Penmanshiel 01"]
    )
    assert reliability["failures"] == 2
    assert reliability["mttr_h"] == pytest.approx(0.10139, abs=1e-5)
    assert reliability["mtbf_h"] == pytest.approx((672 - stopped) / 2, abs=1e-4)


def test_penmanshiel_rows_add_up_and_its_header_is_believed(penmanshiel: pd.DataFrame) -> None:
    counts = treatment(penmanshiel)
    assert counts["stop"] == 23
    assert counts["marker"] == 550
    assert sum(counts.values()) == 576
    declared = declared_period(penmanshiel, FEBRUARY, DEFAULTS)
    assert declared is not None
    assert declared[:2] == FEBRUARY


@pytest.mark.parametrize("turbine", ["Kelmarsh_1", "Kelmarsh_2"])
def test_kelmarsh_windows_are_no_declared_year(turbine: str) -> None:
    batch = status("kelmarsh", turbine)
    assert batch.declared == (pd.Timestamp("2016-01-01", tz="UTC"), pd.Timestamp("2017-01-01", tz="UTC"))
    assert declared_period(batch.frame, batch.declared, DEFAULTS) is None


def test_kelmarsh_stops_count_once_against_a_timeline_of_seconds() -> None:
    events = status("kelmarsh", "Kelmarsh_1").frame
    start, end = pd.Timestamp("2016-01-14", tz="UTC"), pd.Timestamp("2016-11-10", tz="UTC")
    # The stops of a service team that logs the emergency stop again and again while it lasts.
    emergency = events[events["message"] == "Emergency stop nacelle"]
    again = [emergency.assign(start=emergency["start"] + pd.Timedelta(hours=h)) for h in (1, 40, 200)]
    events = pd.concat([events, *again], ignore_index=True)
    timeline = np.zeros(int((end - start).total_seconds()), bool)
    for row in events[events["status"] == "stop"].itertuples():
        timeline[int((row.start - start).total_seconds()) : int((row.end - start).total_seconds())] = True
    found = allocate(events, start, end, DEFAULTS)
    down = hours(found[~found["in_service"] & (found["category"] != "information_unavailable")])
    assert down.sum() == pytest.approx(timeline.sum() / 3600, abs=1e-9)
    emergency_h = found[found["message"] == "Emergency stop nacelle"]
    assert hours(emergency_h).sum() == pytest.approx(211 + 8 / 60 + 29 / 3600, abs=1e-9)
