"""The clock check must find the truth that a drawn series was written from, and never correct a right clock."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fleet.clock import Verdict, apply_clock, check_clock, merge_clock
from fleet.config import ClockSettings
from fleet.continuity import order_pairs, steps
from fleet.flags import Flag
from tests.clock_series import (
    fixed_clock_given_offsets,
    fixed_clock_given_zone,
    readings,
    renumbered,
    true_utc,
    values,
)

zones = st.sampled_from(["Europe/Paris", "Europe/London", "America/New_York"])
periods = st.sampled_from([900, 1800, 3600])
years = st.integers(2008, 2024)
seeds = st.integers(0, 2**32 - 1)
policies = st.sampled_from(["correct", "first", "last", "reject"])
SHORT = settings(max_examples=12, deadline=None)


def with_trouble(rows: pd.DataFrame, seed: int, *, holes: int, copies: int, keep: np.ndarray) -> pd.DataFrame:
    """Take out records (never the first, the last or one to keep), copy some and shuffle the file's order."""
    rng = np.random.default_rng(seed)
    removable = np.flatnonzero(~keep[1:-1]) + 1
    rows = rows.drop(index=rng.choice(removable, holes, replace=False))
    rows = pd.concat([rows, rows.iloc[rng.integers(0, len(rows), copies)]])
    return renumbered(rows.iloc[rng.permutation(len(rows))])


def offset_of_winter(zone: str, year: int) -> pd.Timedelta:
    return pd.Timestamp(f"{year}-01-15", tz=zone).utcoffset()


@example("Europe/Paris", 3600, 2014, 77, 40, 0, False)  # the autumn's only record would be among the holes
@example("Europe/Paris", 3600, 2014, 180, 0, 40, False)  # and here among the copies
@SHORT
@given(zones, periods, years, seeds, st.integers(0, 40), st.integers(0, 40), st.booleans())
def test_a_fixed_clock_given_offsets_is_put_back_to_true_time(zone, period_s, year, seed, holes, copies, bare) -> None:
    clock = readings(f"{year}-03-01", f"{year}-12-01", period_s)
    signals = values(len(clock), seed)
    rows = (fixed_clock_given_zone if bare else fixed_clock_given_offsets)(clock, zone, signals)
    true_time = pd.Series((clock - offset_of_winter(zone, year)).tz_localize("UTC"), index=signals["power_kw"])
    # What proves the clock stays: the pairs of spring, one record of the hour that a local clock repeats in autumn.
    autumn = clock.tz_localize(zone, nonexistent=pd.Timedelta(hours=1), ambiguous="NaT").isna().argmax()
    proof = rows["time"].duplicated(keep=False).to_numpy() | (np.arange(len(rows)) == autumn)
    rows = with_trouble(rows, seed, holes=holes, copies=copies, keep=proof)

    settings_ = ClockSettings()
    finding = check_clock(rows, period_s=period_s, time_zone=zone, settings=settings_)
    corrected = apply_clock(rows, finding, settings_, period_s)

    assert Verdict.FIXED_CLOCK in finding.verdicts
    assert (Verdict.TRUE_HOLES in finding.verdicts) == (holes > 0)
    assert (Verdict.TRUE_DUPLICATES in finding.verdicts) == (copies > 0)
    assert Verdict.CONFLICTS not in finding.verdicts
    assert corrected["time"].tolist() == true_time[corrected["power_kw"]].tolist()
    assert (finding.true_holes, finding.holes_after, finding.duplicates_after) == (holes, holes, copies)
    assert (corrected["clock_flags"] == int(Flag.DUPLICATE)).sum() == copies
    assert (corrected["clock_flags"] > 0).sum() == copies


@SHORT
@given(zones, periods, years, seeds, st.integers(0, 3))
def test_holes_in_the_doubled_hour_leave_all_other_records_right(zone, period_s, year, seed, missing) -> None:
    clock = readings(f"{year}-03-01", f"{year}-12-01", period_s)
    signals = values(len(clock), seed)
    rows = fixed_clock_given_offsets(clock, zone, signals)
    doubled = np.flatnonzero(rows["time"].duplicated(keep=False))
    missing = min(missing, len(doubled) // 4)  # at least half of the stamps stay double
    lost = np.random.default_rng(seed).choice(doubled, missing, replace=False)
    rows = renumbered(rows.drop(index=lost).sample(frac=1, random_state=seed))

    finding = check_clock(rows, period_s=period_s, time_zone=zone, settings=ClockSettings())
    corrected = apply_clock(rows, finding, ClockSettings(), period_s)

    true_time = pd.Series((clock - offset_of_winter(zone, year)).tz_localize("UTC"), index=signals["power_kw"])
    in_doubt = corrected["power_kw"].isin(signals["power_kw"][doubled]).to_numpy()
    assert Verdict.FIXED_CLOCK in finding.verdicts
    assert finding.true_holes == missing
    assert corrected["time"][~in_doubt].tolist() == true_time[corrected["power_kw"][~in_doubt]].tolist()
    assert not corrected["clock_flags"].any()


@SHORT
@given(zones, st.sampled_from(["UTC", "Europe/Paris", "America/New_York"]), periods, years, seeds, st.data())
def test_a_right_clock_is_never_corrected(zone, named_zone, period_s, year, seed, data) -> None:
    rng = np.random.default_rng(seed)
    time = readings(f"{year}-02-01", f"{year + 1}-01-01", period_s)
    rows = true_utc(time, zone, values(len(time), seed))
    begin = data.draw(st.integers(1, len(rows) - 200), label="outage begins")
    length = data.draw(st.integers(0, 150), label="outage")
    rows = rows.drop(index=range(begin, begin + length))
    if data.draw(st.booleans(), label="outage over the autumn hour"):
        change = pd.Timestamp(f"{year}-10-25", tz="UTC")
        rows = rows[(rows["time"] < change) | (rows["time"] > change + pd.Timedelta(days=10))]
    other = rows.iloc[rng.integers(0, len(rows), data.draw(st.integers(0, 20), label="conflicts"))]
    rows = pd.concat([rows, other.assign(power_kw=-other["power_kw"])])
    rows = renumbered(rows.iloc[rng.permutation(len(rows))])

    finding = check_clock(rows, period_s=period_s, time_zone=named_zone, settings=ClockSettings())
    corrected = apply_clock(rows, finding, ClockSettings(), period_s)

    assert finding.correction is None
    assert finding.shifted_rows == 0
    assert Verdict.FIXED_CLOCK not in finding.verdicts
    assert corrected["time"].tolist() == rows["time"].iloc[corrected["source_row"]].tolist()


@SHORT
@given(zones, seeds, policies)
def test_the_order_in_which_rows_arrive_does_not_matter(zone, seed, policy) -> None:
    clock = readings("2014-03-01", "2014-12-01", 1800)
    rows = with_trouble(
        fixed_clock_given_offsets(clock, zone, values(len(clock), seed)),
        seed,
        holes=5,
        copies=5,
        keep=np.zeros(len(clock), bool),
    )
    chosen = ClockSettings(duplicates=policy)
    results = []
    for arrived in (rows, rows.sample(frac=1, random_state=seed)):
        finding = check_clock(arrived, period_s=1800, time_zone=zone, settings=chosen)
        results.append((finding, apply_clock(arrived, finding, chosen, 1800)))
    (finding, corrected), (other_finding, other) = results
    assert finding == other_finding
    pd.testing.assert_frame_equal(corrected, other)


rows_of_few_stamps = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(0, 5)),  # stamp
        st.sampled_from([0.0, 1.0, 2.0, float("nan")]),
        st.sampled_from([5.0, float("nan")]),
    ),
    min_size=1,
    max_size=25,
)


@given(rows_of_few_stamps, policies)
def test_flags_against_a_row_by_row_reading_of_the_rules(drawn, policy) -> None:
    stamps = pd.DatetimeIndex(
        [pd.NaT if s is None else pd.Timestamp("2020-01-01") + pd.Timedelta(minutes=10 * s) for s, _, _ in drawn]
    ).astype("datetime64[us]")
    rows = pd.DataFrame(
        {
            "turbine": "T1",
            "time": stamps.tz_localize("UTC"),
            "stamp_local": stamps,
            "utc_offset_s": np.zeros(len(drawn), np.int32),
            "source_row": np.arange(len(drawn)),
            "power_kw": [p for _, p, _ in drawn],
            "wind_speed": [v for _, _, v in drawn],
        }
    )
    chosen = ClockSettings(duplicates=policy)
    finding = check_clock(rows, period_s=600, time_zone="UTC", settings=chosen)
    result = apply_clock(rows, finding, chosen, 600).set_index("source_row")["clock_flags"]

    expected = {}
    for stamp in {s for s, _, _ in drawn}:
        same = [i for i, (s, _, _) in enumerate(drawn) if s == stamp]
        text = {i: repr(drawn[i][1:]) for i in same}
        full = [i for i in same if text[i] != "(nan, nan)"]
        distinct = list(dict.fromkeys(text[i] for i in full))
        if stamp is None:
            expected |= dict.fromkeys(same, 0)
            continue
        candidates = full or same
        winner = text[candidates[-1 if policy == "last" else 0]]
        kept = next(i for i in candidates if text[i] == winner)
        for i in same:
            if len(distinct) > 1 and i in full:
                decided = policy in ("first", "last")
                if decided and text[i] == winner:
                    expected[i] = 0 if i == kept else int(Flag.DUPLICATE)
                else:
                    expected[i] = int(Flag.CONFLICT)
            else:
                expected[i] = 0 if i == kept and len(distinct) < 2 else int(Flag.DUPLICATE)
    assert result.to_dict() == expected
    stamped = [s for s, _, _ in drawn if s is not None]
    assert finding.records == len(stamped)
    assert finding.exact_duplicates + finding.conflicting_pairs == len(stamped) - len(set(stamped))


cells = st.one_of(st.integers(-5, 5).map(float), st.just(float("nan")))


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 6), st.data())
def test_order_of_pairs_against_trying_all_orders(n, data) -> None:
    table = data.draw(st.lists(st.lists(cells, min_size=2, max_size=2), min_size=2 * n + 2, max_size=2 * n + 2))
    values_ = np.array(table) * np.array([1.0, 45.0])
    first, second, before, after = values_[:n], values_[n : 2 * n], values_[-2], values_[-1]
    scale, circular = np.array([2.0, 30.0]), np.array([False, True])

    def cost(swap: tuple[bool, ...]) -> float:
        chosen = np.array(swap)[:, None]
        path = np.vstack([before, np.where(chosen, second, first), np.where(chosen, first, second), after])
        return float(np.nansum(steps(path[:-1], path[1:], circular) / scale))

    every = {swap: cost(swap) for swap in itertools.product([False, True], repeat=n)}
    least = min(every.values())
    ordering = order_pairs(first, second, before, after, scale, circular)

    assert abs(ordering.cost - least) < 1e-4
    assert tuple(ordering.swap.tolist()) == min(swap for swap, c in every.items() if c < least + 1e-4)
    differing = [k for k in range(n) if not np.array_equal(first[k], second[k], equal_nan=True)]
    margins = [c - least for swap, c in every.items() if any(swap[k] != ordering.swap[k] for k in differing)]
    assert abs(ordering.margin - min(margins)) < 1e-4 if margins else np.isinf(ordering.margin)


@SHORT
@given(st.permutations(["T1", "T2", "T10"]))
def test_the_table_does_not_depend_on_the_order_of_turbines(order) -> None:
    clock = readings("2014-01-01", "2014-01-02", 600)
    rows = true_utc(clock, "UTC", values(len(clock), 1))
    findings = [
        check_clock(rows.assign(turbine=name), period_s=600, time_zone="UTC", settings=ClockSettings())
        for name in order
    ]
    assert merge_clock(findings).table["turbine"].tolist() == ["T1", "T10", "T2"]
