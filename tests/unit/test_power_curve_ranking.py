"""Ranking against the fleet's curve on records in common."""

import numpy as np
import pandas as pd
import pytest

from fleet.cli_text import text_of
from fleet.config import PowerCurveSettings
from fleet.power_curve import wind_uncertainty
from fleet.ranking import RANKING_COLUMNS, extremes, ranking_note, ranking_table, shown_ranking
from tests.partial_tables import curve_table

SETTINGS = PowerCurveSettings()
WIND = np.repeat(np.arange(4.0, 12.01, 0.5), 30)


def sums_of(factor: float, wind: np.ndarray = WIND) -> pd.DataFrame:
    return curve_table(wind, factor * 150.0 * (wind - 3.0))


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
    empty = curve_table([], [])
    table = ranking_table({"A": sums_of(0.99), "B": empty, "C": sums_of(1.01)}, SETTINGS)
    assert table["turbine"].tolist() == ["C", "A", "B"]
    assert table["rank"].tolist() == [1, 2, 0]
    assert np.isnan(table["index"].iloc[2])
    shown = shown_ranking(table.iloc[::-1])
    assert shown["turbine"].tolist() == ["C", "A", "B"]
    assert text_of(shown[["turbine", "index", "rank"]], {"index": "{:.1%}"}).split("\n")[-1].split() == [
        "B", "n/d", "n/d",
    ]  # fmt: skip


@pytest.mark.parametrize("others", [[], ["B"]])
def test_one_turbine_with_records_is_not_ranked_against_itself(others: list[str]) -> None:
    empty = curve_table([], [])
    table = ranking_table({"A": sums_of(1.0), **dict.fromkeys(others, empty)}, SETTINGS)
    assert table["turbine"].tolist() == ["A", *others]
    assert (table["rank"] == 0).all()
    assert table[["index", "u_index"]].isna().all(axis=None)
    assert table["common_hours"].iloc[0] == pytest.approx(WIND.size / 6.0)
    assert ranking_note(table).startswith("No ranking")
    assert extremes(table) is None


def test_the_extremes_are_compared_by_their_own_uncertainties() -> None:
    """3-4-5: the third turbine's large uncertainty has nothing to do with the pair."""
    table = pd.DataFrame({"turbine": ["A", "B", "C"], "index": [1.02, 0.95, 1.0], "u_index": [0.03, 0.04, 0.5]})
    pair = extremes(table)
    assert pair is not None
    assert pair[:2] == ("B", "A")
    assert pair[2:] == pytest.approx((0.07, 0.05))
    assert "differ by 7.0 % at most, within twice the standard uncertainty of that difference (5.0 %)" in ranking_note(
        table
    )
    assert "beyond twice" in ranking_note(table.assign(u_index=[0.02, 0.02, 0.5]))


def test_the_note_says_whether_the_ranking_means_anything() -> None:
    close = ranking_table({"A": sums_of(1.0), "B": sums_of(1.01)}, SETTINGS)
    assert "within twice" in ranking_note(close)
    apart = ranking_table({"A": sums_of(1.0), "B": sums_of(2.0)}, SETTINGS)
    assert "beyond twice" in ranking_note(apart)
