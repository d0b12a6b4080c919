"""Ranking against the fleet's curve on records in common."""

import numpy as np
import pandas as pd
import pytest

from fleet.config import PowerCurveSettings
from fleet.power_curve import curve_sums, wind_uncertainty
from fleet.ranking import RANKING_COLUMNS, ranking_note, ranking_table

SETTINGS = PowerCurveSettings()
WIND = np.repeat(np.arange(4.0, 12.01, 0.5), 30)


def sums_of(factor: float, wind: np.ndarray = WIND) -> pd.DataFrame:
    return curve_sums(wind, factor * 150.0 * (wind - 3.0), np.ones(wind.size, bool))


def test_indices_are_the_turbines_own_factors() -> None:
    table = ranking_table({"A": sums_of(0.98), "B": sums_of(1.02), "C": sums_of(1.0)}, SETTINGS)
    assert tuple(table.columns) == RANKING_COLUMNS
    assert table["turbine"].tolist() == ["B", "C", "A"]
    assert table["rank"].tolist() == [1, 2, 3]
    assert table["index"].tolist() == pytest.approx([1.02, 1.0, 0.98])
    assert table["common_hours"].tolist() == pytest.approx([WIND.size / 6.0] * 3)
    assert table["energy_mwh"].iloc[1] == pytest.approx(np.sum(150.0 * (WIND - 3.0)) / 6000.0)


def test_a_windier_place_alone_does_not_move_the_index() -> None:
    table = ranking_table({"A": sums_of(1.0, WIND[:200]), "B": sums_of(1.0, WIND[200:])}, SETTINGS)
    assert table["index"].tolist() == pytest.approx([1.0, 1.0])
    assert table["rank"].tolist() == [1, 1]


def test_the_anemometer_is_the_uncertainty_where_nothing_scatters() -> None:
    row = ranking_table({"A": sums_of(1.0), "B": sums_of(1.0)}, SETTINGS).iloc[0]
    expected = np.sum(150.0 * wind_uncertainty(WIND, SETTINGS)) / np.sum(150.0 * (WIND - 3.0))
    assert row["u_index"] == pytest.approx(expected)


def test_without_common_records_there_is_no_rank() -> None:
    empty = curve_sums([], [], np.empty(0, bool))
    table = ranking_table({"A": sums_of(1.0), "B": empty}, SETTINGS)
    assert table["turbine"].tolist() == ["A", "B"]
    assert table["rank"].tolist() == [1, 0]
    assert np.isnan(table["index"].iloc[1])
    assert ranking_note(table).startswith("No ranking")


def test_the_note_says_whether_the_ranking_means_anything() -> None:
    close = ranking_table({"A": sums_of(1.0), "B": sums_of(1.01)}, SETTINGS)
    assert "within twice" in ranking_note(close)
    apart = ranking_table({"A": sums_of(1.0), "B": sums_of(2.0)}, SETTINGS)
    assert "beyond twice" in ranking_note(apart)
