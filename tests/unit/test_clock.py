"""Clock check on small series: what the evidence carries, what it does not, and the rules for repeated stamps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleet.clock import Verdict, apply_clock, check_clock, merge_clock, reanalysis_lag
from fleet.clock_lag import clock_lags, lag_notes, offset_hint
from fleet.config import ClockSettings
from fleet.continuity import steps
from fleet.errors import ConfigError
from fleet.farm_file import parse_farm
from fleet.flags import Flag
from tests.clock_series import (
    fixed_clock_given_offsets,
    fixed_clock_given_zone,
    frame,
    readings,
    renumbered,
    true_utc,
    values,
)

CORRECT = ClockSettings()
DUPLICATE, CONFLICT = int(Flag.DUPLICATE), int(Flag.CONFLICT)
PARIS = "Europe/Paris"


def wrong(first: str, last: str, zone: str = PARIS, period_s: int = 600) -> pd.DataFrame:
    clock = readings(first, last, period_s)
    return fixed_clock_given_offsets(clock, zone, values(len(clock), 7))


def check(rows: pd.DataFrame, zone: str = PARIS, chosen: ClockSettings = CORRECT, period_s: int = 600):
    return check_clock(rows, period_s=period_s, time_zone=zone, settings=chosen)


def few(*rows: tuple[int, float, float]) -> pd.DataFrame:
    """Return UTC rows of (ten minutes, power, wind speed)."""
    clock = pd.DatetimeIndex(
        [pd.Timestamp("2020-01-01") + pd.Timedelta(minutes=10 * r[0]) for r in rows], dtype="M8[us]"
    )
    return frame(
        clock,
        np.zeros(len(rows)),
        {"power_kw": np.array([r[1] for r in rows]), "wind_speed": np.array([r[2] for r in rows])},
    )


def flags(rows: pd.DataFrame, policy: str = "correct") -> list[int]:
    chosen = ClockSettings(duplicates=policy)
    result = apply_clock(rows, check(rows, "UTC", chosen), chosen, 600)
    return result.sort_values("source_row")["clock_flags"].tolist()


def test_fixed_clock_over_a_year() -> None:
    finding = check(wrong("2014-01-01", "2015-01-01"))
    assert finding.verdict == "fixed clock given daylight-saving offsets"
    assert (finding.conflicting_pairs, finding.missing_stamps, finding.true_holes) == (6, 6, 0)
    assert (finding.records, finding.expected_records) == (52560, 52560)
    assert (finding.holes_after, finding.duplicates_after) == (0, 0)
    assert finding.clock == "fixed, UTC+01:00"
    assert finding.first == pd.Timestamp("2013-12-31T23:00Z")


def test_fixed_clock_in_the_southern_hemisphere() -> None:
    rows = wrong("2014-02-01", "2014-12-01", "Australia/Sydney", 1800)
    finding = check(rows, "Australia/Sydney", period_s=1800)
    assert finding.verdicts == (Verdict.FIXED_CLOCK,)
    assert finding.clock == "fixed, UTC+10:00"


def test_fixed_clock_is_found_from_the_offsets_when_the_zone_is_not_given() -> None:
    rows = wrong("2014-01-01", "2015-01-01")
    assert check(rows, "UTC").correction == check(rows, PARIS).correction is not None


def test_fixed_clock_whose_bare_readings_were_given_a_zone() -> None:
    clock = readings("2014-01-01", "2015-01-01", 600)
    rows = fixed_clock_given_zone(clock, PARIS, values(len(clock), 7))
    finding = check(rows)
    assert finding.verdicts == (Verdict.FIXED_CLOCK,)
    assert finding.correction is not None
    assert finding.correction.pushed_rows == frozenset()
    corrected = apply_clock(rows, finding, CORRECT, 600)
    assert (corrected["time"] == (clock - pd.Timedelta(hours=1)).tz_localize("UTC")).all()


@pytest.mark.parametrize("policy", ["first", "last", "reject"])
def test_other_policies_report_the_fixed_clock_and_leave_it(policy: str) -> None:
    rows, chosen = wrong("2014-01-01", "2015-01-01"), ClockSettings(duplicates=policy)
    finding = check(rows, chosen=chosen)
    result = apply_clock(rows, finding, chosen, 600)
    assert finding.verdicts == (Verdict.FIXED_CLOCK,)
    assert (finding.shifted_rows, finding.holes_after, finding.duplicates_after) == (0, 6, 6)
    assert set(result["time"]) == set(rows["time"])
    assert (result["clock_flags"] == CONFLICT).sum() == (12 if policy == "reject" else 6)


def test_fixed_offset_from_the_settings() -> None:
    rows, chosen = wrong("2014-01-01", "2015-01-01"), ClockSettings(fixed_offset="+00:00")
    finding = check(rows, chosen=chosen)
    assert finding.clock == "fixed, UTC+00:00"
    assert apply_clock(rows, finding, chosen, 600)["time"].iloc[0] == pd.Timestamp("2014-01-01T00:00Z")


@pytest.mark.parametrize("text", ["1", "+1:00", "Europe/Paris", "+25:00", "+01:75"])
def test_an_unreadable_offset_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r'farm\.toml: key "clock\.fixed_offset": expected .*, found'):
        parse_farm({"name": "x", "clock": {"fixed_offset": text}}, "farm.toml")


def test_an_unknown_zone_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"time_zone.*Europe/Pariss.*expected"):
        check(wrong("2014-01-01", "2014-01-02"), "Europe/Pariss")


@pytest.mark.parametrize(("first", "last"), [("2014-04-10", "2014-10-10"), ("2014-11-01", "2015-03-01")])
def test_a_series_without_a_clock_change_claims_nothing(first: str, last: str) -> None:
    finding = check(wrong(first, last))
    assert finding.verdicts == (Verdict.REGULAR,)
    assert finding.correction is None
    assert finding.notes == ()


def test_one_spring_change_alone_is_only_a_possibility() -> None:
    rows = wrong("2014-01-01", "2014-07-01")
    finding = check(rows)
    assert finding.verdicts == (Verdict.POSSIBLY_FIXED, Verdict.CONFLICTS)
    assert finding.correction is None
    assert "no autumn change confirms it" in " ".join(finding.notes)
    assert (apply_clock(rows, finding, CORRECT, 600)["clock_flags"] == CONFLICT).sum() == 12


def test_a_given_offset_confirms_a_clock_that_only_spring_points_to() -> None:
    finding = check(wrong("2014-01-01", "2014-07-01"), chosen=ClockSettings(fixed_offset="+01:00"))
    assert finding.verdicts == (Verdict.FIXED_CLOCK,)
    assert finding.duplicates_after == finding.holes_after == 0


def test_an_outage_over_the_autumn_hour_alone_is_a_hole() -> None:
    time = readings("2014-07-01", "2015-01-01", 600)
    rows = true_utc(time, PARIS, values(len(time), 3))
    out = rows["time"].between(pd.Timestamp("2014-10-26T00:00Z"), pd.Timestamp("2014-10-26T00:50Z"))
    finding = check(renumbered(rows[~out]))
    assert finding.verdicts == (Verdict.TRUE_HOLES,)
    assert (finding.true_holes, finding.correction) == (6, None)
    assert "as where time is missing in between" in " ".join(finding.notes)


@pytest.mark.parametrize("bare", [False, True])
def test_an_autumn_hour_that_the_signals_do_not_miss_is_no_true_hole(bare: bool) -> None:
    clock = readings("2014-07-01", "2015-01-01", 600)
    rows = (fixed_clock_given_zone if bare else fixed_clock_given_offsets)(clock, PARIS, values(len(clock), 7))
    finding = check_clock(rows, period_s=600, time_zone=PARIS, settings=CORRECT, offsets_given=bare)
    text = " ".join(finding.notes)
    assert finding.verdicts == (Verdict.POSSIBLY_FIXED,)
    assert (finding.missing_stamps, finding.true_holes, finding.correction) == (6, 0, None)
    assert "Across the autumn hole the signals step" in text
    assert "as if no time were missing in between" in text
    assert "6 missing stamps are not counted as true holes" in text
    assert 'fixed_offset = "+01:00" under [clock]' in text
    assert ('time_zone = "+01:00" in the source' in text) is bare
    assert finding.clock == f"as {'given' if bare else 'written'}, UTC+01:00 and UTC+02:00"
    assert ("written" in text) is False


def test_other_holes_beside_an_autumn_hour_that_was_never_there_stay_true() -> None:
    rows = wrong("2014-07-01", "2015-01-01")
    finding = check(renumbered(rows.drop(index=rows.index[[500, 501, 9000]])))
    assert finding.verdicts == (Verdict.POSSIBLY_FIXED, Verdict.TRUE_HOLES)
    assert (finding.missing_stamps, finding.true_holes) == (9, 3)


def test_an_outage_that_begins_before_the_hour_is_judged_by_what_remains_of_it() -> None:
    """Two hours are out; a fixed clock would leave one of them, and steps as over an hour."""
    clock = readings("2014-07-01", "2015-01-01", 600)
    rows = fixed_clock_given_offsets(clock, PARIS, values(len(clock), 7))
    out = rows["time"].between(pd.Timestamp("2014-10-25T23:30Z"), pd.Timestamp("2014-10-25T23:50Z"))
    finding = check(renumbered(rows[~out]))
    assert finding.verdicts == (Verdict.POSSIBLY_FIXED, Verdict.TRUE_HOLES)
    assert (finding.missing_stamps, finding.true_holes) == (9, 3)


def test_signals_that_stand_still_do_not_speak_against_a_hole() -> None:
    rows = wrong("2014-07-01", "2015-01-01")
    still = {name: 1.0 for name in ("power_kw", "wind_speed", "ambient_temperature_degc", "wind_direction_deg")}
    rows.loc[rows["time"].dt.strftime("%m-%d").isin(["10-25", "10-26"]), list(still)] = list(still.values())
    finding = check(rows)
    assert finding.verdicts == (Verdict.TRUE_HOLES,)
    assert "this decides nothing" in " ".join(finding.notes)


def test_a_given_offset_confirms_a_clock_that_only_autumn_points_to() -> None:
    finding = check(wrong("2014-07-01", "2015-01-01"), chosen=ClockSettings(fixed_offset="+01:00"))
    assert finding.verdicts == (Verdict.FIXED_CLOCK,)
    assert (finding.true_holes, finding.holes_after) == (0, 0)


def test_a_given_offset_does_not_overrule_a_clock_that_followed() -> None:
    time = readings("2014-01-01", "2015-01-01", 1800)
    finding = check(
        true_utc(time, PARIS, values(len(time), 3)), chosen=ClockSettings(fixed_offset="+01:00"), period_s=1800
    )
    assert finding.correction is None
    assert "so it is not used" in finding.notes[-1]


def test_a_local_clock_converted_properly_with_an_outage_over_the_autumn_hour() -> None:
    time = readings("2014-01-01", "2015-01-01", 600)
    rows = true_utc(time, PARIS, values(len(time), 3))
    out = rows["time"].between(pd.Timestamp("2014-10-26T00:00Z"), pd.Timestamp("2014-10-26T00:50Z"))
    finding = check(renumbered(rows[~out]))
    assert finding.verdicts == (Verdict.TRUE_HOLES,)
    assert (finding.true_holes, finding.shifted_rows, finding.correction) == (6, 0, None)
    assert finding.clock == "as written, UTC+01:00 and UTC+02:00"


def test_a_local_clock_whose_repeated_autumn_hour_lost_its_offset() -> None:
    time = readings("2014-01-01", "2015-01-01", 600)
    right = true_utc(time, PARIS, values(len(time), 3))
    local = pd.DatetimeIndex(right["stamp_local"])
    lost = local.tz_localize(PARIS, ambiguous=np.zeros(len(local), bool))
    offset = (local - lost.tz_convert("UTC").tz_localize(None)) // pd.Timedelta(seconds=1)
    finding = check(frame(local, offset.to_numpy(), values(len(time), 3)))
    assert finding.verdicts == (Verdict.LOST_OFFSET, Verdict.CONFLICTS)
    assert (finding.conflicting_pairs, finding.missing_stamps, finding.true_holes) == (6, 6, 0)
    assert finding.correction is None


@pytest.mark.parametrize("period_s", [600, 3600])
@pytest.mark.parametrize("first", ["2014-10-20", "2014-10-26 02:00"])
def test_copies_in_the_autumn_hour_are_no_second_reading_of_it(first: str, period_s: int) -> None:
    """Files that overlap hold an hour's records twice, a clock that read the hour twice holds different ones."""
    rows = wrong("2014-01-01", "2015-01-01", period_s=period_s)
    twice = rows[rows["stamp_local"].between(pd.Timestamp(first), pd.Timestamp("2014-10-26 02:59"))]
    rows = renumbered(pd.concat([rows, twice]))
    finding = check(rows, period_s=period_s)
    assert finding.verdicts == (Verdict.FIXED_CLOCK, Verdict.TRUE_DUPLICATES)
    assert (finding.true_holes, finding.holes_after, finding.duplicates_after) == (0, 0, len(twice))


def test_an_autumn_without_its_record_confirms_no_fixed_clock() -> None:
    rows = wrong("2014-01-01", "2015-01-01", period_s=3600)
    only = rows["stamp_local"] == pd.Timestamp("2014-10-26 02:00")
    finding = check(renumbered(rows[~only]), period_s=3600)
    assert finding.verdicts[0] is Verdict.POSSIBLY_FIXED
    assert finding.correction is None


def test_a_clock_that_followed_one_of_two_springs_is_left_alone() -> None:
    fixed = wrong("2014-01-01", "2015-01-01", period_s=1800)
    time = readings("2014-12-31 23:00", "2016-01-01", 1800)
    rows = renumbered(pd.concat([fixed, true_utc(time, PARIS, values(len(time), 3))]))
    finding = check(rows, period_s=1800)
    assert finding.correction is None
    assert Verdict.FIXED_CLOCK not in finding.verdicts


def test_two_fixed_years_do_not_outvote_one_that_followed() -> None:
    fixed = wrong("2012-01-01", "2014-01-01", period_s=1800)
    time = readings("2013-12-31 23:00", "2015-01-01", 1800)
    rows = renumbered(pd.concat([fixed, true_utc(time, PARIS, values(len(time), 3))]))
    assert check(rows, period_s=1800).correction is None


def test_copies_of_a_pushed_record_go_where_it_goes() -> None:
    rows = wrong("2014-01-01", "2015-01-01")
    doubled = rows[rows["time"].duplicated(keep=False)]
    rows = renumbered(pd.concat([rows, doubled]))
    finding = check(rows)
    corrected = apply_clock(rows, finding, CORRECT, 600)
    assert finding.verdicts == (Verdict.FIXED_CLOCK, Verdict.TRUE_DUPLICATES)
    assert (corrected["clock_flags"] == DUPLICATE).sum() == len(doubled) == 12
    assert (corrected["clock_flags"] > 0).sum() == 12
    assert corrected[corrected["clock_flags"] == 0]["power_kw"].is_monotonic_increasing


def test_steps_of_directions_go_the_short_way_round() -> None:
    step = steps(np.array([350.0, 350.0]), np.array([10.0, 10.0]), np.array([True, False]))
    assert step.tolist() == [20.0, 340.0]


def test_conflicts_all_over_the_series_are_no_evidence_for_a_fixed_clock() -> None:
    rows = wrong("2014-01-01", "2015-01-01", period_s=1800)
    other = rows.iloc[::50].assign(power_kw=-1.0)
    finding = check(renumbered(pd.concat([rows, other])), period_s=1800)
    assert finding.correction is None
    assert finding.verdicts == (Verdict.CONFLICTS, Verdict.TRUE_HOLES)


def test_hourly_local_stamps_that_labelled_interval_ends_are_left_alone() -> None:
    time = readings("2014-01-01", "2014-07-01", 3600)
    ends = true_utc(time, PARIS, values(len(time), 3))
    starts = frame(
        pd.DatetimeIndex(ends["stamp_local"]) - pd.Timedelta(hours=1), ends["utc_offset_s"], values(len(time), 3)
    )
    assert check(starts, period_s=3600).verdicts == (Verdict.REGULAR,)


def test_offsets_that_follow_no_rule_are_taken_as_written() -> None:
    rows = wrong("2014-01-01", "2014-02-01")
    odd = rows.assign(utc_offset_s=np.where(np.arange(len(rows)) % 500 < 250, 3600, 7200).astype(np.int32))
    finding = check(odd)
    assert finding.correction is None
    assert "follow no daylight-saving rule" in finding.notes[0]


def test_fixed_clock_with_empty_records_in_the_doubled_hour() -> None:
    rows = wrong("2014-01-01", "2015-01-01")
    first_of_hour = rows.index[rows["time"].duplicated(keep="last")]
    rows.loc[first_of_hour[2:4], ["power_kw", "wind_speed", "ambient_temperature_degc", "wind_direction_deg"]] = np.nan
    finding = check(rows)
    corrected = apply_clock(rows, finding, CORRECT, 600)
    assert finding.verdicts == (Verdict.FIXED_CLOCK,)
    assert corrected["source_row"].tolist() == rows["source_row"].tolist()
    assert not corrected["clock_flags"].any()


def test_fixed_clock_of_a_turbine_that_was_out_in_the_doubled_hours() -> None:
    rows = wrong("2014-01-01", "2015-01-01")
    out = rows["time"].between(pd.Timestamp("2014-03-30T00:00Z"), pd.Timestamp("2014-03-30T03:00Z"))
    rows.loc[out, ["power_kw", "wind_speed", "ambient_temperature_degc", "wind_direction_deg"]] = np.nan
    finding = check(rows)
    assert finding.verdicts == (Verdict.FIXED_CLOCK,)
    assert (finding.conflicting_pairs, finding.exact_duplicates, finding.duplicates_after) == (0, 6, 0)
    assert "which no signal tells apart" in " ".join(finding.notes)


def test_turbines_that_disagree_are_named_once() -> None:
    rows = wrong("2014-01-01", "2015-01-01", period_s=1800)
    silent = rows[rows["time"] > pd.Timestamp("2014-05-01T00:00Z")]
    parts = [rows, rows.assign(turbine="T2"), silent.assign(turbine="T3")]
    notes = merge_clock([check(part, period_s=1800) for part in parts]).notes
    assert sum("UTC, spring change" in note for note in notes) == 1
    assert notes[0].startswith("T1, T2: ")
    assert any(note.startswith("All turbines: 2014-10-26") for note in notes)
    assert "The clock of T3 is taken as written" in notes[-1]


def test_true_duplicates_and_holes() -> None:
    rows = few((0, 1, 5), (1, 2, 5), (1, 2, 5), (4, 3, 5))
    finding = check(rows, "UTC")
    assert finding.verdict == "true duplicates; true holes"
    assert (finding.exact_duplicates, finding.missing_stamps, finding.expected_records) == (1, 2, 5)
    assert flags(rows) == [0, 0, DUPLICATE, 0]


def test_missing_values_count_as_equal_in_copies() -> None:
    assert flags(few((0, np.nan, 5), (0, np.nan, 5))) == [0, DUPLICATE]


@pytest.mark.parametrize("policy", ["correct", "first", "last", "reject"])
@pytest.mark.parametrize("full_at", [0, 1, 3])
def test_empty_rows_beside_a_full_one_are_duplicates_wherever_it_stands(policy: str, full_at: int) -> None:
    rows = [(0, np.nan, np.nan)] * 4
    rows[full_at] = (0, 7.0, np.nan)
    expected = [DUPLICATE] * 4
    expected[full_at] = 0
    assert flags(few(*rows), policy) == expected


@pytest.mark.parametrize("policy", ["first", "last"])
def test_an_empty_row_alone_is_kept_once(policy: str) -> None:
    assert flags(few((0, np.nan, np.nan), (0, np.nan, np.nan)), policy) == [0, DUPLICATE]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("first", [0, CONFLICT, DUPLICATE, CONFLICT, DUPLICATE]),
        ("last", [CONFLICT, 0, CONFLICT, DUPLICATE, DUPLICATE]),
        ("reject", [CONFLICT, CONFLICT, CONFLICT, CONFLICT, DUPLICATE]),
        ("correct", [CONFLICT, CONFLICT, CONFLICT, CONFLICT, DUPLICATE]),
    ],
)
def test_conflicting_rows_by_policy(policy: str, expected: list[int]) -> None:
    rows = few((0, 1, 5), (0, 2, 5), (0, 1, 5), (0, 2, 5), (0, np.nan, np.nan))
    assert flags(rows, policy) == expected
    assert check(rows, "UTC").conflicting_pairs == 1


def test_rows_that_differ_only_where_one_is_missing_conflict() -> None:
    assert flags(few((0, 1, 5), (0, 1, np.nan))) == [CONFLICT, CONFLICT]


def test_rows_without_a_time_stay_last_and_unflagged() -> None:
    rows = few((1, 1, 5), (0, 2, 5), (2, 1, 5))
    rows.loc[0, "time"] = pd.NaT
    result = apply_clock(rows, check(rows, "UTC"), CORRECT, 600)
    assert result["source_row"].tolist() == [1, 2, 0]
    assert result["clock_flags"].tolist() == [0, 0, 0]
    assert result["clock_flags"].dtype == np.uint32
    assert result["time"].dtype == "datetime64[us, UTC]"


def test_rows_off_the_grid_are_flagged_and_counted() -> None:
    rows = few((0, 1, 5), (1, 2, 5), (2, 3, 5))
    late = rows.iloc[[1]].assign(
        time=rows["time"].iloc[[1]] + pd.Timedelta(seconds=7),
        stamp_local=rows["stamp_local"].iloc[[1]] + pd.Timedelta(seconds=7),
    )
    rows = renumbered(pd.concat([rows, late]))
    finding = check(rows, "UTC")
    assert flags(rows) == [0, 0, 0, int(Flag.OFF_GRID)]
    assert (finding.off_grid, finding.missing_stamps, finding.expected_records) == (1, 0, 3)
    assert "1 rows lie off the sampling grid" in finding.notes[0]


def test_a_turbine_without_readable_stamps() -> None:
    rows = few((0, 1, 5))
    rows.loc[0, "time"] = pd.NaT
    finding = check(rows, "UTC")
    assert finding.verdicts == (Verdict.NO_RECORDS,)
    assert apply_clock(rows, finding, CORRECT, 600)["clock_flags"].tolist() == [0]
    assert check(rows.iloc[:0], "UTC").records == 0
    assert merge_clock([finding]).table["first"].isna().all()


def test_a_part_of_the_period_is_corrected_like_the_whole() -> None:
    rows = wrong("2014-01-01", "2015-01-01", period_s=1800)
    finding = check(rows, period_s=1800)
    whole = apply_clock(rows, finding, CORRECT, 1800).set_index("source_row")["time"]
    part = apply_clock(rows[rows["time"].dt.month == 6], finding, CORRECT, 1800).set_index("source_row")["time"]
    assert part.equals(whole[part.index])


def weather(hours: int) -> np.ndarray:
    rng = np.random.default_rng(5)
    return np.clip(8 + np.convolve(rng.normal(0, 1, hours * 6 + 720), np.ones(72) / 8, "valid")[: hours * 6], 0, 40)


@pytest.mark.parametrize("true_lag_min", [-60, 0, 50])
def test_lag_of_a_series_that_was_shifted_by_a_known_time(true_lag_min: int) -> None:
    wind = weather(24 * 150)
    time = pd.date_range("2014-01-01", periods=len(wind), freq="600s", tz="UTC", unit="us")
    hourly = np.convolve(wind, np.ones(6) / 6, "valid")[::6]
    instants = time[::6][: len(hourly)] + pd.Timedelta(minutes=30)
    reanalysis = pd.DataFrame({"time": instants, "wind_speed": hourly})
    rows = pd.DataFrame(
        {"time": time - pd.Timedelta(minutes=true_lag_min), "utc_offset_s": np.int32(0), "wind_speed": wind}
    )
    reanalysis["time"] += pd.Timedelta(minutes=30)  # onto full hours, as reanalyses have it
    rows["time"] += pd.Timedelta(minutes=30)
    lag = reanalysis_lag([rows.iloc[::2], rows.iloc[1::2]], reanalysis, 600)
    assert lag["season"].tolist() == ["all"]
    assert lag["lag_min"].iloc[0] == pytest.approx(true_lag_min, abs=1.0)
    assert lag["correlation"].iloc[0] > 0.999


def test_without_reanalysis_or_wind_there_is_no_lag() -> None:
    rows = few((0, 1, 5))
    assert reanalysis_lag([rows], None, 600).empty
    assert reanalysis_lag([rows.assign(wind_speed=np.nan)], few((0, 1, 5)), 600).empty
    assert reanalysis_lag([rows], few((0, 1, 5)), 600).empty
    nothing = merge_clock([]).reanalysis_lag
    assert lag_notes(nothing) == ()
    assert offset_hint(nothing, 3600) == ""


def test_lags_of_corrected_stamps_stand_beside_those_as_written() -> None:
    wind = weather(24 * 150)
    time = pd.Series(pd.date_range("2014-01-01", periods=len(wind), freq="600s", tz="UTC", unit="us"))
    hourly = np.convolve(wind, np.ones(6) / 6, "valid")[::6]
    reanalysis = pd.DataFrame({"time": time[::6].iloc[: len(hourly)] + pd.Timedelta(minutes=30), "wind_speed": hourly})
    reanalysis["time"] += pd.Timedelta(minutes=30)
    time += pd.Timedelta(minutes=30)
    rows = pd.DataFrame(
        {"time": time - pd.Timedelta(hours=1), "utc_offset_s": 0, "wind_speed": wind, "corrected": time}
    )
    lag = clock_lags([rows.iloc[::2], rows.iloc[1::2]], reanalysis, 600)
    assert lag["stamps"].tolist() == ["as written", "corrected"]
    assert lag["lag_min"].tolist() == pytest.approx([60, 0], abs=1.0)
    unmoved = clock_lags([rows.assign(corrected=rows["time"])], reanalysis, 600)
    assert unmoved["stamps"].tolist() == ["as written"]


def lags(winter: float, summer: float, u: float, stamps: str = "as written") -> pd.DataFrame:
    seasons = ["standard time", "daylight saving"]
    return pd.DataFrame({"stamps": stamps, "season": seasons, "lag_min": [winter, summer], "u_lag_min": [u, u]})


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (lags(0, 60, 5), "did not follow daylight saving"),
        (lags(50, 50, 5), "as stamps in true UTC give"),
        (lags(0, 30, 5), "decides nothing"),
        (lags(0, 60, 50), "decides nothing"),
    ],
)
def test_what_the_lags_are_said_to_show(table: pd.DataFrame, said: str) -> None:
    assert said in lag_notes(table)[0]


@pytest.mark.parametrize("given", [False, True])
def test_offsets_that_nobody_wrote_are_called_given(given: bool) -> None:
    (note,) = lag_notes(lags(0, 60, 5), offsets_given=given)
    assert ("offset was given" in note, "offset was written" in note) == (given, not given)


def test_a_lag_that_remains_in_winter_is_a_hint_only_for_a_fixed_clock() -> None:
    assert offset_hint(lags(50, 110, 5), None) == ""
    for winter, offset_s, expected in ((50, 3600, "UTC+00:00"), (-50, 3600, "UTC+02:00"), (115, 0, "UTC-02:00")):
        table = pd.concat([lags(50, 110, 5), lags(winter, winter, 5, "corrected")])
        hint = offset_hint(table, offset_s)
        assert f"hints at {expected} instead of" in hint
        assert f'fixed_offset = "{expected[3:]}"' in hint
        assert "timing error of its own" in hint
    assert "10.0 u from zero, 2.0 u from 60 min" in offset_hint(lags(50, 50, 5, "corrected"), 3600)


@pytest.mark.parametrize(("winter", "u"), [(5, 1), (-12, 10), (29, 5), (50, 26)])
def test_no_hint_where_the_remaining_lag_is_near_zero_or_not_beyond_its_uncertainty(winter: float, u: float) -> None:
    table = pd.concat([lags(65, 125, u), lags(winter, winter, u, "corrected")])
    assert offset_hint(table, 0) == ""
    assert ("reanalysis agrees with the offset" in lag_notes(table)[1]) == (winter < 30)


def test_stamps_of_one_offset_an_hour_off_are_doubted_too() -> None:
    one = pd.DataFrame({"stamps": ["as written"], "season": ["all"], "lag_min": [55.0], "u_lag_min": [5.0]})
    assert "Check time_zone of the source" in offset_hint(one, None)
    assert offset_hint(one.assign(lag_min=5.0), None) == ""


def test_the_hint_reaches_the_results() -> None:
    finding = check(wrong("2014-01-01", "2015-01-01"))
    clock = merge_clock([finding], pd.concat([lags(50, 110, 5), lags(50, 50, 5, "corrected")]))
    assert "UTC+00:00 instead of UTC+01:00" in clock.offset_hint
    possibly = merge_clock([check(wrong("2014-07-01", "2015-01-01"))])
    assert possibly.offset_hint.startswith(
        'If the clock is known to be fixed, give its offset: fixed_offset = "+01:00"'
    )
    assert clock.offset_hint in clock.notes
