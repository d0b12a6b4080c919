"""Clock check of La Haute Borne's real export, read by the product's readers, against figures counted by hand.

The export holds exactly two years of ten-minute records per turbine, 105,120; 12 of its stamps per turbine are double
with different values and 12 are missing. Energies are those of an independent count over the same rows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet.clock import ClockFinding, Verdict, apply_clock, check_clock, merge_clock, reanalysis_lag
from fleet.clock_lag import CORRECTED, clock_lags, offset_hint
from fleet.config import ClockSettings
from fleet.dataset import Dataset, open_dataset
from fleet.flags import Flag
from fleet.results import FleetResults
from tests.validation.runs import la_haute_borne_corrected

PERIOD_S = 600
SPRINGS = pd.to_datetime(["2014-03-30T01:00Z", "2015-03-29T01:00Z"]).as_unit("us")
AUTUMNS = pd.to_datetime(["2014-10-26T00:00Z", "2015-10-25T00:00Z"]).as_unit("us")


@pytest.fixture(scope="module")
def sample() -> Dataset:
    return open_dataset("la_haute_borne")


@pytest.fixture(scope="module")
def turbines(sample: Dataset) -> dict[str, pd.DataFrame]:
    (file,) = sample.of_kind("scada")
    return {str(name): rows for name, rows in file.read().frame.groupby("turbine", sort=True)}


def checked(rows: pd.DataFrame, policy: str) -> tuple[ClockFinding, pd.DataFrame]:
    chosen = ClockSettings(duplicates=policy)
    finding = check_clock(rows, period_s=PERIOD_S, time_zone="Europe/Paris", settings=chosen)
    return finding, apply_clock(rows, finding, chosen, PERIOD_S)


@pytest.fixture(scope="module")
def corrected(turbines: dict[str, pd.DataFrame]) -> dict[str, tuple[ClockFinding, pd.DataFrame]]:
    return {name: checked(rows, "correct") for name, rows in turbines.items()}


def energy_mwh(rows: pd.DataFrame) -> float:
    """Return the energy of unflagged rows within -0.1 to 1.2 of the rated 2050 kW."""
    power = rows["power_kw"][(rows["clock_flags"] == 0) & rows["power_kw"].between(-205.0, 2460.0)]
    return float(power.sum()) / 6000


def test_counts_and_verdict(corrected: dict[str, tuple[ClockFinding, pd.DataFrame]]) -> None:
    table = merge_clock(finding for finding, _ in corrected.values()).table
    assert table["turbine"].tolist() == ["R80711", "R80721", "R80736", "R80790"]
    for column, figure in {
        "records": 105_120,
        "expected_records": 105_120,
        "exact_duplicates": 0,
        "conflicting_pairs": 12,
        "missing_stamps": 12,
        "true_holes": 0,
        "holes_after": 0,
        "duplicates_after": 0,
        "verdict": Verdict.FIXED_CLOCK.value,
        "clock": "fixed, UTC+01:00",
    }.items():
        assert table[column].tolist() == [figure] * 4, column
    assert table["conflicting_pairs"].sum() == 48
    assert table["first"].tolist() == [pd.Timestamp("2014-01-01T00:00Z")] * 4
    assert table["last"].tolist() == [pd.Timestamp("2015-12-31T23:50Z")] * 4


def test_corrected_time_is_every_stamp_of_two_years_once(corrected) -> None:
    two_years = pd.date_range("2014-01-01", "2016-01-01", freq="600s", inclusive="left", tz="UTC", unit="us")
    for _, rows in corrected.values():
        assert pd.DatetimeIndex(rows["time"]).equals(two_years)
        assert not rows["clock_flags"].any()


def test_only_summer_moves_and_by_one_hour(turbines, corrected) -> None:
    for name, (finding, rows) in corrected.items():
        written = turbines[name].set_index("source_row")
        after = rows.set_index("source_row")["time"]
        moved = after - written["time"].reindex(after.index)
        summer = (written["utc_offset_s"] == 7200).reindex(after.index)
        assert (moved[~summer] == pd.Timedelta(0)).all()
        assert set(moved[summer]) == {pd.Timedelta(0), pd.Timedelta(hours=1)}
        assert (moved[summer] == pd.Timedelta(0)).sum() == 12  # one record of each pair keeps its instant
        assert finding.shifted_rows == (moved != pd.Timedelta(0)).sum()


def test_doubles_and_holes_lie_at_the_clock_changes(turbines) -> None:
    hour = pd.timedelta_range("0min", "50min", freq="10min", unit="us")
    every = pd.date_range("2014-01-01", "2016-01-01", freq="600s", inclusive="left", tz="UTC", unit="us")
    for rows in turbines.values():
        doubled = pd.DatetimeIndex(rows["time"][rows["time"].duplicated()]).sort_values()
        assert doubled.equals(SPRINGS[0] + hour.append(hour + (SPRINGS[1] - SPRINGS[0])))
        missing = every.difference(pd.DatetimeIndex(rows["time"]))
        assert missing.equals(AUTUMNS[0] + hour.append(hour + (AUTUMNS[1] - AUTUMNS[0])))


@pytest.mark.parametrize(
    ("policy", "energies", "total", "conflicts"),
    [
        ("first", [6951.748, 5433.968, 5946.673, 6292.288], 24624.677, 48),
        ("correct", None, 24629.590, 0),
    ],
)
def test_energy_and_rejected_rows_against_the_independent_count(turbines, policy, energies, total, conflicts) -> None:
    results = [checked(rows, policy)[1] for rows in turbines.values()]
    found = [energy_mwh(rows) for rows in results]
    if energies is not None:
        assert found == pytest.approx(energies, abs=5e-4)
    assert sum(found) == pytest.approx(total, abs=1e-3)
    assert sum((rows["clock_flags"] == int(Flag.CONFLICT)).sum() for rows in results) == conflicts
    assert sum((rows["clock_flags"] > 0).sum() for rows in results) == conflicts


def test_other_turbines_confirm_the_order_of_the_doubled_records(corrected) -> None:
    """Temperature of one turbine against the others' through both hours: the reverse order must fit worse."""
    temperature = pd.DataFrame(
        {name: rows.set_index("time")["ambient_temperature_degc"] for name, (_, rows) in corrected.items()}
    )
    kept = reversed_ = 0.0
    for change in SPRINGS:
        hours = temperature[change : change + pd.Timedelta(minutes=110)]
        step = (hours - hours.mean()).to_numpy()
        swapped = np.vstack([step[6:], step[:6]])
        for column in range(step.shape[1]):
            others = np.delete(step, column, axis=1).mean(axis=1)
            kept += np.abs(step[:, column] - others).sum()
            reversed_ += np.abs(swapped[:, column] - others).sum()
    assert kept < 0.7 * reversed_


def test_evidence_names_changes_order_and_autumn_steps(corrected) -> None:
    for finding, _ in corrected.values():
        text = " ".join(finding.notes)
        for day in ("2014-03-30", "2014-10-26", "2015-03-29", "2015-10-25"):
            assert day in text
        assert text.count("6 pairs of records ordered by continuity") == 2
        assert "Across 2 autumn holes the signals step 0." in text


def test_reanalysis_lags_an_hour_more_where_daylight_saving_offsets_were_written(sample, turbines) -> None:
    (era5,) = sample.of_kind("reanalysis")
    lag = reanalysis_lag(turbines.values(), era5.read().frame, PERIOD_S).set_index("season")
    winter, summer = lag.loc["standard time"], lag.loc["daylight saving"]
    spread = np.hypot(winter["u_lag_min"], summer["u_lag_min"])
    assert summer["lag_min"] - winter["lag_min"] == pytest.approx(60, abs=2 * spread)
    assert 40 <= winter["lag_min"] <= 65
    assert 105 <= summer["lag_min"] <= 125
    assert spread < 15
    assert (lag["correlation"] > 0.8).all()


def test_reanalysis_shows_no_such_difference_once_the_clock_is_right(sample, corrected) -> None:
    (era5,) = sample.of_kind("reanalysis")
    right = [rows for _, rows in corrected.values()]
    lag = reanalysis_lag(right, era5.read().frame, PERIOD_S).set_index("season")
    difference = lag.loc["daylight saving", "lag_min"] - lag.loc["standard time", "lag_min"]
    assert abs(difference) < 2 * np.hypot(*lag["u_lag_min"])


@pytest.mark.parametrize(("offset", "hint"), [(None, "UTC+00:00 instead of UTC+01:00"), ("+00:00", "")])
def test_the_offset_that_reanalysis_prefers_is_hinted_at_until_it_is_set(sample, turbines, offset, hint) -> None:
    (era5,) = sample.of_kind("reanalysis")
    chosen, parts = ClockSettings(fixed_offset=offset), []
    for rows in turbines.values():
        finding = check_clock(rows, period_s=PERIOD_S, time_zone="Europe/Paris", settings=chosen)
        right = apply_clock(rows, finding, chosen, PERIOD_S).set_index("source_row")["time"]
        parts.append(rows.assign(corrected=right.reindex(rows["source_row"]).to_numpy()))
        parts[-1]["corrected"] = pd.DatetimeIndex(parts[-1]["corrected"])
    lag = clock_lags(parts, era5.read().frame, PERIOD_S)
    found = offset_hint(lag, finding.correction.fixed_offset_s)
    assert (hint in found) if hint else found == ""
    corrected = lag[lag["stamps"] == CORRECTED].set_index("season")["lag_min"]
    assert corrected.to_numpy() == pytest.approx([-10, -10] if offset else [50, 50], abs=5)


@pytest.fixture(scope="module")
def autumn(turbines, tmp_path_factory) -> Path:
    """October and November 2014 as a table of bare local readings, the way an own export would hold them."""
    folder = tmp_path_factory.mktemp("autumn")
    rows = pd.concat(turbines.values()).sort_values("source_row")
    rows = rows[rows["stamp_local"].between("2014-10-01", "2014-11-30 23:50")]
    columns = ["stamp_local", "turbine", "power_kw", "wind_speed", "nacelle_direction_deg", "ambient_temperature_degc"]
    rows[columns].to_csv(folder / "export.csv", index=False, date_format="%Y-%m-%d %H:%M:%S")
    return folder


def read_as(folder: Path, time_zone: str, clock: str = "") -> FleetResults:
    names = ("R80711", "R80721", "R80736", "R80790")
    turbines = "".join(f'[[turbines]]\nname = "{name}"\nrated_power_kw = 2050\n' for name in names)
    signals = {
        "power_kw": "kW",
        "wind_speed": "m/s",
        "nacelle_direction_deg": "deg",
        "ambient_temperature_degc": "degC",
    }
    mapping = "".join(f'{name} = {{ column = "{name}", unit = "{unit}" }}\n' for name, unit in signals.items())
    (folder / "farm.toml").write_text(
        f'name = "autumn"\ntime_zone = "Europe/Paris"\n{turbines}{clock}[[sources]]\nformat = "generic"\n'
        f'files = "export.csv"\ntime_zone = "{time_zone}"\nstamps = "start"\ntime_column = "stamp_local"\n'
        f'turbine_column = "turbine"\n[sources.columns]\n{mapping}',
        encoding="utf-8",
    )
    return fleet.open(folder).results


def test_an_autumn_by_itself_is_possibly_a_fixed_clock_and_no_hole(autumn: Path) -> None:
    results = read_as(autumn, "Europe/Paris")
    assert results.clock is not None
    table = results.clock.table
    assert set(table["verdict"]) == {Verdict.POSSIBLY_FIXED.value}
    assert (table["missing_stamps"].sum(), table["true_holes"].sum(), table["shifted_rows"].sum()) == (24, 0, 0)
    text = " ".join(results.clock.notes)
    assert text.count("as if no time were missing in between") == 4
    assert 'fixed_offset = "+01:00" under [clock] (or time_zone = "+01:00" in the source' in text
    assert "written" not in text
    alarm, warning = (finding for finding in results.findings if finding.section == "clock")
    assert 'give its offset: fixed_offset = "+01:00"' in warning.text
    assert "24 are missing, of which 0 are true holes; nothing was moved" in alarm.text


@pytest.mark.parametrize(
    ("time_zone", "clock", "verdict"),
    [
        ("+01:00", "", Verdict.REGULAR),
        ("Europe/Paris", '[clock]\nfixed_offset = "+01:00"\n', Verdict.FIXED_CLOCK),
    ],
)
def test_what_the_hint_says_to_set_makes_the_autumn_regular(autumn: Path, time_zone, clock, verdict) -> None:
    results = read_as(autumn, time_zone, clock)
    assert results.clock is not None
    table = results.clock.table
    assert set(table["verdict"]) == {verdict.value}
    assert (table["holes_after"].sum(), table["duplicates_after"].sum(), table["true_holes"].sum()) == (0, 0, 0)
    assert set(table["first"]) == {pd.Timestamp("2014-09-30T23:00Z")}


def test_the_plant_file_is_told_from_a_measurement() -> None:
    energy = la_haute_borne_corrected().energy
    assert energy is not None
    assert "constant factor of 0.980 whatever the load" in energy.meter_note
    assert "fits the turbines' stamps as written (off by 0.4 % on average)" in energy.meter_note
    assert energy.meter_note in energy.notes
