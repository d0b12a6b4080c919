"""Method of bins on a few rows, worked out by hand after IEC 61400-12-1."""

import numpy as np
import pandas as pd
import pytest

from fleet import results
from fleet.config import PowerCurveSettings, Turbine
from fleet.power_curve import (
    BIN_COLUMNS,
    bin_index,
    bin_table,
    completeness_table,
    fleet_turbine,
    merge_sums,
    normalised_wind,
    sums_mean,
    wind_uncertainty,
)
from tests.partial_tables import curve_table

TURBINE = Turbine(name="T1", rated_power_kw=2000.0, rotor_diameter=80.0)
SETTINGS = PowerCurveSettings()


def sums_of(rows: dict[float, list[float]]) -> pd.DataFrame:
    wind = np.array([v for v, powers in rows.items() for _ in powers])
    power = np.array([p for powers in rows.values() for p in powers])
    return curve_table(wind, power)


def test_bins_are_centred_on_multiples_of_the_width() -> None:
    assert bin_index([0.0, 0.2499, 0.25, 7.75, 8.2499, 8.25], 0.5).tolist() == [0, 0, 1, 16, 16, 17]


def test_wind_is_normalised_by_the_cube_root_of_density() -> None:
    assert normalised_wind([8.0], [1.225 * 0.729], 1.225) == pytest.approx([7.2])


def test_sums_are_integers_of_used_records_only() -> None:
    sums = curve_table([8.0, 8.1, 8.0], [100.004, 200.006, 5.0], [True, True, False])
    assert (sums.dtypes == "int64").all()
    assert sums.loc[16, ["n", "wind_sum", "power_sum"]].tolist() == [2, 16_100, 10_000 + 20_001]


def test_a_used_record_without_a_value_is_refused() -> None:
    with pytest.raises(ValueError, match="without a finite wind speed or power: 1"):
        curve_table([8.0, np.nan], [100.0, 100.0])


def test_squares_of_a_large_fleet_do_not_overflow() -> None:
    """Three hundred million records of 15 MW: the plain sum of squares would be 70 times the largest int64."""
    one = curve_table([12.0] * 3, [15_000.0, 15_001.0, 15_002.0])
    _, power, std = sums_mean(one * 100_000_000)
    assert power[0] == pytest.approx(15_001.0)
    assert std[0] == pytest.approx(np.sqrt(2.0 / 3.0), rel=1e-6)


def test_one_incomplete_bin_between_complete_ones_is_interpolated_at_its_centre() -> None:
    table = bin_table(
        sums_of({7.9: [900.0, 910.0, 920.0], 8.6: [5.0], 9.1: [1200.0, 1210.0, 1220.0]}), TURBINE, SETTINGS
    )
    assert table["complete"].tolist() == [True, False, True]
    assert table["interpolated"].tolist() == [False, True, False]
    assert table["n"].tolist() == [3, 1, 3]
    assert table["wind_speed"].tolist() == pytest.approx([7.9, 8.5, 9.1])
    assert table["power_kw"].tolist() == pytest.approx([910.0, 1060.0, 1210.0])


def test_two_incomplete_bins_in_a_row_are_not() -> None:
    table = bin_table(sums_of({8.0: [900.0] * 3, 8.5: [5.0], 9.5: [1300.0] * 3}), TURBINE, SETTINGS)
    assert table["bin"].tolist() == [16, 17, 18, 19]
    assert not table["interpolated"].any()
    assert np.isnan(table.loc[2, "power_kw"])
    assert table.loc[1:2, "u_c_kw"].isna().all()


def test_category_a_is_the_standard_deviation_over_the_root_of_n() -> None:
    table = bin_table(sums_of({8.0: [900.0, 910.0, 920.0, 950.0]}), TURBINE, SETTINGS)
    expected = np.std([900.0, 910.0, 920.0, 950.0], ddof=1)
    assert table.loc[0, "power_std_kw"] == pytest.approx(expected)
    assert table.loc[0, "u_a_kw"] == pytest.approx(expected / 2.0)


def test_category_b_by_hand() -> None:
    """Bin at 10 m/s and 1400 kW, slope 400 kW/(m/s), rated 2000 kW, figures of the standard's example."""
    table = bin_table(sums_of({9.5: [1200.0] * 3, 10.0: [1400.0] * 3}), TURBINE, SETTINGS).set_index("bin")
    u_wind = np.sqrt(0.05**2 + (0.1 * 1.2) ** 2 / 3.0 + 0.1**2 + 0.2**2 + 0.03**2)
    assert wind_uncertainty(10.0, SETTINGS) == pytest.approx(u_wind)
    u_power = np.sqrt((10.5**2 + 7.0**2 + 15.0**2) / 3.0 + 3.0**2)
    density = 400.0 * 10.0 / 3.0 * np.array([0.6 / 288.15, 300.0 / 101_325.0])
    expected = np.sqrt(u_power**2 + (400.0 * u_wind) ** 2 + np.sum(density**2))
    assert table.loc[20, "u_b_kw"] == pytest.approx(expected)
    assert table.loc[20, "u_c_kw"] == pytest.approx(expected), "no scatter: category B alone"
    plain = bin_table(sums_of({9.5: [1200.0] * 3, 10.0: [1400.0] * 3}), TURBINE, PowerCurveSettings(density="none"))
    assert plain["u_b_kw"].iloc[1] == pytest.approx(np.hypot(u_power, 400.0 * u_wind))


def test_power_coefficient() -> None:
    table = bin_table(sums_of({0.5: [-2.0] * 3, 8.0: [800.0] * 3}), TURBINE, SETTINGS).set_index("bin")
    area = np.pi * 40.0**2
    assert table.loc[16, "cp"] == pytest.approx(800e3 / (0.5 * 1.225 * area * 512.0))
    assert np.isnan(table.loc[1, "cp"]), "a turbine that consumes has none"
    unknown = Turbine(name="T2", rated_power_kw=2000.0)
    assert bin_table(sums_of({8.0: [800.0] * 3}), unknown, SETTINGS)["cp"].isna().all()


def _ramp(hours_per_bin: int) -> pd.DataFrame:
    wind = np.arange(3.0, 20.01, 0.5)
    return sums_of({float(v): [float(np.clip(250.0 * (v - 4.0), 0.0, 2000.0))] * (6 * hours_per_bin) for v in wind})


def test_completeness_counts_hours_and_bins_between_cut_in_and_85_per_cent() -> None:
    """85 % of 2000 kW is reached at 10.8 m/s on this ramp: the range ends at 16.2 m/s, bins 6 to 32."""
    row = completeness_table(
        bin_table(_ramp(6), TURBINE, SETTINGS), TURBINE, SETTINGS, density=1.2, density_source="measured"
    ).iloc[0]
    assert (row["range_low"], row["range_high"]) == (3.0, pytest.approx(16.2))
    assert (row["bins_in_range"], row["bins_complete"]) == (27, 27)
    assert row["hours"] == pytest.approx(35 * 6.0)
    assert row["complete"]
    few = completeness_table(
        bin_table(_ramp(5), TURBINE, SETTINGS), TURBINE, SETTINGS, density=1.2, density_source="measured"
    ).iloc[0]
    assert not few["complete"], "175 h are fewer than 180"


def test_exactly_180_hours_are_enough() -> None:
    rows = {float(v): [float(np.clip(250.0 * (v - 4.0), 0.0, 2000.0))] * 30 for v in np.arange(3.0, 20.01, 0.5)}
    rows[8.0] += [1000.0] * (1080 - 30 * len(rows))
    row = completeness_table(
        bin_table(sums_of(rows), TURBINE, SETTINGS), TURBINE, SETTINGS, density=1.2, density_source="measured"
    ).iloc[0]
    assert row["hours"] == 180.0
    assert row["complete"]


def test_a_curve_that_does_not_reach_85_per_cent_is_incomplete() -> None:
    table = bin_table(sums_of({8.0: [800.0] * 3000}), TURBINE, SETTINGS)
    row = completeness_table(table, TURBINE, SETTINGS, density=1.2, density_source="x").iloc[0]
    assert np.isnan(row["range_high"])
    assert not row["complete"]


def test_the_fleet_is_the_merge_of_its_turbines() -> None:
    parts = [sums_of({8.0: [900.0, 910.0]}), sums_of({8.0: [920.0, 930.0], 8.5: [1000.0] * 3})]
    fleet = fleet_turbine([TURBINE, Turbine(name="T2", rated_power_kw=2200.0, rotor_diameter=None)])
    table = bin_table(merge_sums(parts), fleet, SETTINGS)
    assert table["n"].tolist() == [4, 3]
    assert table["power_kw"].tolist() == pytest.approx([915.0, 1000.0])
    assert (fleet.name, fleet.rated_power_kw, fleet.rotor_diameter) == ("fleet", 2100.0, None)


def test_columns_are_those_of_the_results_and_an_empty_curve_has_them_too() -> None:
    empty = bin_table(merge_sums([]), TURBINE, SETTINGS)
    assert tuple(empty.columns) == BIN_COLUMNS
    assert empty.empty
    with open(results.__file__, encoding="utf-8") as source:
        assert f"#: {', '.join(BIN_COLUMNS)}\n" in source.read()
