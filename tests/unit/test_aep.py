"""Annual energy of curves that do not begin at cut-in: after the standard's range, which begins at cut-in - 1 m/s."""

import numpy as np
import pandas as pd
import pytest

from fleet.aep import NO_AEP, aep_note, aep_table
from fleet.config import PowerCurveSettings, Turbine
from fleet.power_curve import bin_table
from tests.partial_tables import curve_table

SETTINGS = PowerCurveSettings(cut_in=4.0)
RATED = 2000.0
FIGURES = ["aep_measured_mwh", "aep_extrapolated_mwh", "u_aep_mwh"]


def bins_from(lowest: float, name: str = "T1") -> pd.DataFrame:
    """Return a cubic curve from a wind speed up to 20 m/s, three equal records per bin."""
    wind = np.repeat(np.arange(lowest, 20.01, 0.5), 3)
    power = RATED * np.clip((wind / 12.0) ** 3, 0.0, 1.0)
    return bin_table(curve_table(wind, power), Turbine(name=name, rated_power_kw=RATED), SETTINGS)


@pytest.mark.parametrize(
    ("lowest", "incomplete", "determinable"),
    [(3.0, False, True), (4.0, False, True), (4.5, True, True), (5.0, True, False)],
)
def test_the_lowest_bin_decides(lowest: float, incomplete: bool, determinable: bool) -> None:
    table = aep_table(bins_from(lowest), SETTINGS).set_index("wind_speed_avg")
    assert bool(table.loc[6.0, "incomplete"]) is incomplete
    assert table[FIGURES].notna().all(axis=None) == determinable
    assert table[FIGURES].isna().all(axis=None) == (not determinable)
    assert table["incomplete"].all() == incomplete or determinable


def test_the_upper_end_is_incomplete_as_before() -> None:
    table = aep_table(bins_from(4.0)[lambda bins: bins["wind_speed"] < 9.0], SETTINGS).set_index("wind_speed_avg")
    assert table["aep_measured_mwh"].notna().all()
    assert table.loc[11.0, "incomplete"]


def test_cut_in_is_a_setting() -> None:
    table = aep_table(bins_from(5.0), PowerCurveSettings(cut_in=5.0)).set_index("wind_speed_avg")
    assert table["aep_extrapolated_mwh"].notna().all()
    assert not table.loc[6.0, "incomplete"]
    # between two bins: the first one centred above counts
    assert aep_table(bins_from(4.5), PowerCurveSettings(cut_in=4.2))["aep_measured_mwh"].notna().all()


def test_the_note_names_turbines_and_where_their_curves_begin() -> None:
    bins = pd.concat([bins_from(4.0, "A"), bins_from(8.0, "B"), bins_from(8.0, "C").assign(complete=False)])
    bins = pd.concat([bins, bins_from(8.0, "fleet")], ignore_index=True)
    said = f"{NO_AEP}the measured power curve does not begin at cut-in, 4 m/s (B from 8.0 m/s, C no complete bin)."
    assert aep_note(bins, aep_table(bins, SETTINGS), SETTINGS) == said
    assert aep_note(bins_from(4.0), aep_table(bins_from(4.0), SETTINGS), SETTINGS) == ""
