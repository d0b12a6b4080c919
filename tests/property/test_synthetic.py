"""What holds for every synthetic fleet, whatever its numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.categories import DEFAULT_PRIORITY, Category
from fleet.intervals import Spans
from fleet.synthetic import FleetSpec, StopKind, fleet_runs
from fleet.synthetic.clocks import written_stamps
from fleet.synthetic.episodes import episodes
from fleet.synthetic.events import Event, allocated_seconds
from fleet.synthetic.stop_kinds import IEC_TEXTS
from fleet.synthetic.truth import SECONDS, truth_records

SECOND = 1_000_000
CATEGORIES = [*sorted(set(IEC_TEXTS) - {Category.FULL_PERFORMANCE}), Category.READY_STANDBY]
RATES = st.sampled_from([0.0, 5.0, 200.0])
SHARES = st.sampled_from([0.0, 0.3, 1.0])


@given(st.lists(st.tuples(st.integers(-900, 2500), st.integers(1, 2000), st.sampled_from(CATEGORIES)), max_size=8))
def test_overlapping_states_are_divided_as_a_count_of_seconds_would(rows: list[tuple[int, int, Category]]) -> None:
    events = [
        Event(start=a * SECOND, end=(a + n) * SECOND, status="stop", code=1, message="", category=category)
        for a, n, category in rows
    ]
    times = np.arange(3, dtype=np.int64) * 600 * SECOND
    found = allocated_seconds(events, Spans.of([], []), times)
    owner = np.full(1800, Category.FULL_PERFORMANCE, object)
    for category in reversed(DEFAULT_PRIORITY):
        for a, n, mine in rows:
            if mine == category:
                owner[max(a, 0) : max(a + n, 0)] = category
    for category in Category:
        counted = [int((owner[k * 600 : (k + 1) * 600] == category).sum()) for k in range(3)]
        assert found.get(category, np.zeros(3, np.int64)).tolist() == counted


@given(st.integers(0, 2**32), st.floats(0.1, 5000.0), st.floats(0.02, 500.0), st.floats(0.0, 2.0))
def test_episodes_are_disjoint_and_reach_into_the_period(seed: int, rate: float, mean_h: float, spread: float) -> None:
    start, end = 0, 30 * 86_400 * SECOND
    first, last = episodes(np.random.default_rng(seed), rate, mean_h, start, end, spread=spread)
    assert (last > first).all()
    assert (first[1:] > last[:-1]).all()
    assert (first < end).all()
    assert (last > start).all()


@settings(max_examples=15, deadline=None)
@given(
    st.builds(
        FleetSpec,
        turbines=st.just(1),
        days=st.integers(1, 5),
        seed=st.integers(0, 2**40),
        weibull_scale=st.floats(3.0, 20.0),
        consumption=st.floats(0.0, 0.02),
        overlap_share=SHARES,
        curtailments_per_year=RATES,
        deratings_per_year=RATES,
        zero_commands_per_year=RATES,
        icings_per_year=RATES,
        frozen_wind_per_year=RATES,
        yaw_share=SHARES,
        drift_share=SHARES,
        missing_share=st.sampled_from([0.0, 0.4]),
        duplicated_share=st.sampled_from([0.0, 0.4]),
        stops=st.lists(
            st.builds(
                StopKind,
                category=st.sampled_from([Category.FORCED_OUTAGE, Category.SUSPENDED, Category.TECHNICAL_STANDBY]),
                code=st.integers(1, 9),
                message=st.just("a"),
                per_year=st.sampled_from([10.0, 1000.0]),
                mean_h=st.floats(0.02, 100.0),
            ),
            max_size=3,
        ).map(tuple),
    )
)
def test_every_fleet_adds_up(spec: FleetSpec) -> None:
    (run,) = fleet_runs(spec)
    truth = truth_records(run)
    assert (truth[list(SECONDS.values())].sum(axis=1) == 600).all()
    losses = truth[["lost_unavailable_kw", "lost_partial_kw", "lost_degraded_kw"]]
    assert np.allclose(truth["unimpeded_kw"] - losses.sum(axis=1), truth["power_kw"], rtol=0, atol=1e-8)
    assert losses.to_numpy().min() >= -0.1  # above rated wind the published curve wobbles by some 0.02 kW
    assert len(run.scada()) == spec.records - truth["missing"].sum() + truth["duplicated"].sum()
    first = next(iter(fleet_runs(replace(spec, turbines=2))))
    pd.testing.assert_frame_equal(first.scada(), run.scada())


@given(st.integers(0, 20_000), st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Sydney", "UTC"]))
def test_a_wrong_clock_is_off_by_an_hour_at_most(hour: int, zone: str) -> None:
    times = (hour * 3600 + np.arange(200, dtype=np.int64) * 600) * SECOND
    off = (times - written_stamps(times, "daylight", zone).utc) // SECOND
    assert set(off.tolist()) <= {-3600, 0, 3600}
