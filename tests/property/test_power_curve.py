"""Split and merge equals whole, in any order: the sums behind the power curve, expected power and density."""

import numpy as np
import numpy.typing as npt
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.config import PowerCurveSettings, Turbine
from fleet.expected import expected_curve, known_range, power_histogram, robust_bins
from fleet.partial_sums import dense_array, dense_sums, merge_partials
from fleet.power_curve import bin_table, curve_sums, merge_sums, sums_mean
from tests.partial_tables import curve_table, table

RATED = 2000.0
TURBINE = Turbine(name="T1", rated_power_kw=RATED, rotor_diameter=80.0)
Records = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.bool_]]


#: Thousandths of m/s: at a bin's very edge, the last bit of a float decides, and the two sides may differ in it.
WIND = st.integers(0, 40_000).map(lambda thousandths: thousandths / 1000.0)


@st.composite
def records(draw: st.DrawFn) -> Records:
    row = st.tuples(WIND, st.floats(-200.0, 2400.0), st.booleans())
    table = np.array(draw(st.lists(row, max_size=80)), dtype=np.float64).reshape(-1, 3)
    return table[:, 0], table[:, 1], table[:, 2] > 0.5


@given(data=records(), pieces=st.integers(1, 7), seed=st.integers(0, 2**32 - 1))
@settings(deadline=None)
def test_any_split_and_order_gives_the_same_bytes(data: Records, pieces: int, seed: int) -> None:
    wind, power, used = data
    rng = np.random.default_rng(seed)
    order = rng.permutation(wind.size)
    shuffled = [array[order] for array in data]
    cuts = np.sort(rng.integers(0, wind.size + 1, pieces - 1))
    split = list(zip(*(np.split(array, cuts) for array in shuffled), strict=True))
    whole, merged = curve_table(wind, power, used), merge_sums(curve_table(*part) for part in split)
    pd.testing.assert_frame_equal(merged, whole)
    partitions = merge_partials({"curve": curve_sums(*part)} for part in split)["curve"]
    pd.testing.assert_frame_equal(table(partitions).droplevel("turbine"), whole)
    assert int(whole["n"].sum()) == np.count_nonzero(used), "no record is lost"
    tables = [bin_table(sums, TURBINE, PowerCurveSettings()) for sums in (whole, merged)]
    assert tables[0].to_json() == tables[1].to_json()


@given(data=records())
@settings(deadline=None)
def test_bins_agree_with_a_plain_group_by(data: Records) -> None:
    wind, power, used = data
    sums = curve_table(wind, power, used)
    mean_wind, mean_power, std = sums_mean(sums)
    for i, k in enumerate(sums.index):
        inside = used & (wind >= (k - 0.5) * 0.5) & (wind < (k + 0.5) * 0.5)
        assert sums["n"].iloc[i] == np.count_nonzero(inside)
        assert abs(mean_wind[i] - wind[inside].mean()) <= 0.0005 + 1e-9
        assert abs(mean_power[i] - power[inside].mean()) <= 0.005 + 1e-9
        if np.count_nonzero(inside) > 1:
            assert abs(std[i] - power[inside].std(ddof=1)) <= 0.0051 * np.sqrt(2.0)


@given(data=records(), at=st.integers(0, 80))
@settings(deadline=None)
def test_histograms_merge_and_the_expected_curve_is_monotone_and_bounded(data: Records, at: int) -> None:
    wind, power, used = data
    whole = power_histogram(wind, power, used, rated_power_kw=RATED)
    assert whole.sum() == np.count_nonzero(used)
    halves = [
        power_histogram(wind[part], power[part], used[part], rated_power_kw=RATED)
        for part in (slice(at, None), slice(None, at))
    ]
    parts = [dense_sums({"turbine": "T1"}, {"v": 0, "p": 0}, {"n": half}) for half in halves]
    merged = merge_partials({"histogram": part} for part in parts)["histogram"]
    assert np.array_equal(dense_array(merged, ("T1",), (0, 0), whole.shape)[..., 0], whole)
    robust = robust_bins(whole * 6, rated_power_kw=RATED)  # each record six times: every cell is supported
    if len(robust):
        curve = expected_curve(robust, rated_power_kw=RATED)
        low, high = known_range(robust, rated_power_kw=RATED)
        known = (curve.wind_speed >= low - 1e-9) & (curve.wind_speed <= high + 1e-9)
        assert np.array_equal(np.isfinite(curve.expected_kw), known)
        expected = curve.expected_kw[known]
        assert (np.diff(expected) >= 0.0).all()
        assert (expected >= 0.0).all()
        assert (expected <= 1.05 * RATED).all()
        assert (robust["level_kw"].diff().dropna() >= -1e-9).all()
