"""Shear and tower shadow over the azimuth: what holds for any rotor, and what is refused."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from turbine.errors import ParameterError
from turbine.excitation import azimuth_mean, azimuth_table

ROTOR: dict[str, Any] = {"radius": 63.0, "hub_height": 90.0}
TOWER: dict[str, Any] = {
    "overhang": 5.0191,
    "tower_top_diameter": 3.87,
    "tower_base_diameter": 6.0,
    "tower_height": 87.6,
}
BLADES = st.integers(1, 6)
POINTS = st.integers(1, 200)
EXPONENT = st.floats(-0.5, 0.6)


@st.composite
def machines(draw: st.DrawFn) -> dict[str, float]:
    """Rotors in front of towers that they clear."""
    hub_height = draw(st.floats(20.0, 180.0))
    radius = hub_height * draw(st.floats(0.2, 0.95))
    overhang = radius * draw(st.floats(0.04, 0.2))
    base, top = (2.0 * overhang * draw(st.floats(0.1, 0.95)) for _ in range(2))
    return {
        "radius": radius,
        "hub_height": hub_height,
        "overhang": overhang,
        "tower_top_diameter": top,
        "tower_base_diameter": base,
        "tower_height": hub_height * draw(st.floats(0.05, 1.0)),
    }


def mirrored(table: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return w(-psi) at the azimuths of w(psi)."""
    return np.roll(table[::-1], 1)


@given(machine=machines(), exponent=EXPONENT, blades=BLADES, points=POINTS)
def test_table_is_finite_above_minus_one_and_alike_on_both_sides(
    machine: dict[str, float], exponent: float, blades: int, points: int
) -> None:
    table = azimuth_table(**machine, shear_exponent=exponent, blade_count=blades, points=points)
    assert table.shape == (points,)
    assert table.dtype == np.float64
    assert np.isfinite(table).all()
    assert table.min() > -1.0
    np.testing.assert_allclose(table, mirrored(table), rtol=0.0, atol=1e-14)


@given(machine=machines(), exponent=EXPONENT, blades=BLADES, points=POINTS)
def test_rotor_is_the_mean_of_its_blades_and_its_turn_repeats_the_table(
    machine: dict[str, float], exponent: float, blades: int, points: int
) -> None:
    """One blade over a whole turn, moved on by each pitch angle: the mean has `blades` periods, each the table."""
    options = {**machine, "shear_exponent": exponent}
    one = azimuth_table(**options, blade_count=1, points=blades * points)
    turn = np.mean([np.roll(one, -blade * points) for blade in range(blades)], axis=0)
    table = azimuth_table(**options, blade_count=blades, points=points)
    np.testing.assert_allclose(turn, np.tile(table, blades), rtol=0.0, atol=1e-14)
    assert azimuth_mean(table) == pytest.approx(one.mean(), abs=1e-14)


@given(machine=machines(), blades=BLADES, points=POINTS)
def test_nothing_without_shear_and_shadow(machine: dict[str, float], blades: int, points: int) -> None:
    table = azimuth_table(**machine, tower_shadow=False, blade_count=blades, points=points)
    assert (table == 0.0).all()
    low = {**machine, "tower_height": 0.99 * (machine["hub_height"] - machine["radius"])}
    assert (azimuth_table(**low, blade_count=blades, points=points) == 0.0).all(), "the tower ends below the rotor"


@given(machine=machines(), exponent=EXPONENT, points=POINTS, factor=st.floats(0.1, 10.0))
def test_only_ratios_of_lengths_count(machine: dict[str, float], exponent: float, points: int, factor: float) -> None:
    scaled = {name: factor * length for name, length in machine.items()}
    tables = [azimuth_table(**lengths, shear_exponent=exponent, points=points) for lengths in (machine, scaled)]
    np.testing.assert_allclose(*tables, rtol=0.0, atol=1e-9)


def test_grid_starts_with_blade_1_up_and_does_not_repeat_its_end() -> None:
    table = azimuth_table(**ROTOR, **TOWER, shear_exponent=0.2, points=6)
    fine = azimuth_table(**ROTOR, **TOWER, shear_exponent=0.2, points=360)
    np.testing.assert_allclose(table, fine[::60], rtol=0.0, atol=1e-15)
    assert fine.argmin() == 180, "a blade before the tower, half a pitch angle after blade 1 was up"


def test_a_single_blade_meets_shear_and_tower_where_they_are() -> None:
    """Wind rises with height: most of it with the blade up, least with the blade down, before the tower."""
    shear = azimuth_table(**ROTOR, blade_count=1, shear_exponent=0.2, tower_shadow=False, points=360)
    assert (shear.argmax(), shear.argmin()) == (0, 180)
    assert shear[0] > 0.0 > shear[180]
    shadow = azimuth_table(**ROTOR, **TOWER, blade_count=1, points=360)
    assert shadow.argmin() == 180
    assert (shadow[:91] == 0.0).all(), "no shadow in the upper half"
    assert shadow[91:180].max() > 0.0, "the flow is faster beside a tower"


def test_shear_pulses_least_where_the_tower_does_most() -> None:
    """Three blades average shear out, and not the tower: 3P comes mainly from the tower."""
    shear = azimuth_table(**ROTOR, shear_exponent=0.2, tower_shadow=False)
    both = azimuth_table(**ROTOR, **TOWER, shear_exponent=0.2)
    assert np.ptp(shear) < 0.005
    assert np.ptp(both) > 5.0 * np.ptp(shear)


def test_mean_is_kept() -> None:
    table = azimuth_table(**ROTOR, shear_exponent=0.2, tower_shadow=False)
    assert -0.02 < azimuth_mean(table) < -0.008
    assert azimuth_mean([0.1, -0.3]) == pytest.approx(-0.1)


def test_whole_numbers_may_come_as_floats() -> None:
    """A machine's blade count does."""
    given: Any = {"blade_count": 3.0, "points": np.int64(12)}
    np.testing.assert_array_equal(azimuth_table(**ROTOR, **TOWER, **given), azimuth_table(**ROTOR, **TOWER, points=12))


@pytest.mark.parametrize("missing", list(TOWER))
def test_missing_data_of_the_tower_are_named(missing: str) -> None:
    some = {name: value for name, value in TOWER.items() if name != missing}
    with pytest.raises(ParameterError, match=rf"tower shadow: found no {missing} \[m\]; give .* or tower_shadow=False"):
        azimuth_table(**ROTOR, **some)


def test_all_missing_data_are_named_at_once() -> None:
    expected = "found no overhang, tower_top_diameter, tower_base_diameter, tower_height "
    with pytest.raises(ParameterError, match=expected):
        azimuth_table(**ROTOR, shear_exponent=0.2)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"radius": 0.0}, r"radius: found 0 m, expected above 0 m"),
        ({"radius": 126.0}, r"radius: found 126 m, expected below hub_height, 90 m; a diameter\?"),
        ({"radius": 90.0}, r"radius: found 90 m, expected below hub_height"),
        ({"hub_height": float("nan")}, r"hub_height: found nan, expected above 0 m"),
        ({"blade_count": 0}, r"blade_count: found 0, expected at least 1 and at most 6"),
        ({"blade_count": 2.5}, r"blade_count: found 2.5, expected a whole number"),
        ({"points": 0}, r"points: found 0, expected at least 1"),
        ({"points": 1.5}, r"points: found 1.5, expected a whole number"),
        ({"points": 1e9}, r"points: found 1e\+09, expected at least 1 and at most 36000"),
        ({"shear_exponent": 20.0}, r"shear_exponent: found 20, expected .* at most 1; was percent given\?"),
        ({"overhang": -5.0}, r"overhang: found -5 m, expected above 0 m; upwind is positive here and negative in"),
        ({"overhang": 2.0}, r"overhang: found 2 m, expected above 2.67\d+ m, the tower's radius where blades pass it"),
        ({"tower_top_diameter": 12.0}, r"overhang: found 5.0191 m, expected above 6 m, the tower's radius"),
        ({"tower_top_diameter": 0.0}, r"tower_top_diameter: found 0 m, expected above 0 m"),
        ({"tower_base_diameter": "6"}, r"tower_base_diameter: found '6', expected above 0 m"),
        ({"tower_height": 95.0}, r"tower_height: found 95 m, expected above 0 and at most 90 m"),
    ],
)
def test_refused_with_name_value_and_range(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        azimuth_table(**{**ROTOR, **TOWER, **changes})


@pytest.mark.parametrize(
    ("table", "message"),
    [([], "shape"), ([[0.0]], "shape"), ([0.0, float("nan")], "row 1 is nan"), (["a"], "expected numbers")],
)
def test_mean_of_no_table_is_refused(table: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        azimuth_mean(table)
