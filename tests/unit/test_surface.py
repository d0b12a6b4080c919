"""Rotor surface: interpolation, what continues it outside the table, and what it refuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

import turbine
from turbine.errors import MachineError
from turbine.surface import BETZ, RotorSurface
from turbine.surface_math import plate_force

MACHINES = ["nrel_5mw", "iea_15mw", "iea_3p4mw", "nrel_2p8mw"]
KINDS = ["bicubic", "bilinear"]


@pytest.fixture(params=MACHINES)
def surface(request: pytest.FixtureRequest) -> RotorSurface:
    return turbine.load(str(request.param)).require_surface()


def _flat(**changes: Any) -> RotorSurface:
    pitch, tsr = np.radians([0.0, 5.0, 10.0, 15.0]), np.array([2.0, 4.0, 6.0, 8.0, 10.0])
    given = {
        "pitch": pitch,
        "tip_speed_ratio": tsr,
        "cp_table": np.full((4, 5), 0.3),
        "ct_table": np.full((4, 5), 0.7),
    }
    return RotorSurface(**(given | changes))


@pytest.mark.parametrize("kind", KINDS)
def test_grid_points_are_met(kind: Any) -> None:
    found = turbine.load("nrel_2p8mw", interpolation=kind).require_surface()
    pitch, tsr = found.pitch[:, None], found.tip_speed_ratio[None, :]
    np.testing.assert_allclose(found.cp(pitch, tsr), found.cp_table, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.ct(pitch, tsr), found.ct_table, rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.cq(pitch, tsr), found.cp_table / found.tip_speed_ratio, rtol=0, atol=1e-13)


def test_bilinear_against_the_formula_of_one_cell() -> None:
    cp = np.array([[0.1, 0.2], [0.3, 0.5]])
    found = RotorSurface(np.array([0.0, 0.2]), np.array([4.0, 8.0]), cp, 2 * cp, "bilinear")
    at = found.at(0.05, 7.0)
    assert float(at.cp) == pytest.approx(0.75 * (0.25 * 0.1 + 0.75 * 0.2) + 0.25 * (0.25 * 0.3 + 0.75 * 0.5))
    assert float(at.cp_pitch) == pytest.approx((0.25 * 0.2 + 0.75 * 0.3) / 0.2)
    assert float(at.cp_tsr) == pytest.approx((0.75 * 0.1 + 0.25 * 0.2) / 4.0)


def test_bicubic_reproduces_a_bicubic_polynomial() -> None:
    pitch, tsr = np.linspace(0.0, 0.4, 6), np.linspace(2.0, 12.0, 7)

    def f(p: Any, t: Any) -> Any:
        return 0.1 + 0.3 * p - 2.0 * p**3 + 0.002 * t**2 - 1e-4 * t**3 - 0.01 * p * t**2

    found = RotorSurface(pitch, tsr, f(pitch[:, None], tsr), 1.0 + f(pitch[:, None], tsr))
    rng = np.random.default_rng(5)
    p, t = rng.uniform(0.0, 0.4, 50), rng.uniform(2.0, 12.0, 50)
    np.testing.assert_allclose(found.cp(p, t), f(p, t), rtol=0, atol=1e-13)
    np.testing.assert_allclose(found.ct(p, t), 1.0 + f(p, t), rtol=0, atol=1e-13)


def test_derivatives_against_differences_everywhere(surface: RotorSurface) -> None:
    rng = np.random.default_rng(7)
    p, t = np.radians(rng.uniform(-40.0, 110.0, 3000)), rng.uniform(-4.0, 40.0, 3000)
    at, h = surface.at(p, t), 1e-6
    up, down = surface.at(p + h, t), surface.at(p - h, t)
    fast, slow = surface.at(p, t + h), surface.at(p, t - h)
    for name in ("cp", "ct", "cq"):
        for given, high, low in ((f"{name}_pitch", up, down), (f"{name}_tsr", fast, slow)):
            by_difference = (getattr(high, name) - getattr(low, name)) / (2.0 * h)
            gap = np.abs(getattr(at, given) - by_difference) / (1.0 + np.abs(by_difference))
            assert np.quantile(gap, 0.999) < 1e-6, given  # a point on a kink (limited slope) may be off


@pytest.mark.parametrize("kind", KINDS)
def test_continuous_across_the_edges(kind: Any) -> None:
    found = turbine.load("nrel_5mw", interpolation=kind).require_surface()
    tsr, pitch, e = np.linspace(-2.0, 30.0, 300), np.radians(np.linspace(-30.0, 95.0, 300)), 1e-9
    edges_p = [found.pitch[0], found.pitch[-1], found.pitch[0] - np.radians(20.0), np.pi / 2.0]
    edges_t = [found.tip_speed_ratio[0], found.tip_speed_ratio[-1], 0.0]
    for name in ("cq", "ct"):
        for edge in edges_p:
            jump = getattr(found.at(edge + e, tsr), name) - getattr(found.at(edge - e, tsr), name)
            assert np.abs(jump).max() < 1e-6
        for edge in edges_t:
            jump = getattr(found.at(pitch, edge + e), name) - getattr(found.at(pitch, edge - e), name)
            assert np.abs(jump).max() < 1e-6


def test_slopes_are_continuous_across_the_slow_and_the_pitch_edges(surface: RotorSurface) -> None:
    tsr, pitch, e = np.linspace(0.0, 14.0, 200), np.radians(np.linspace(-4.0, 89.0, 200)), 1e-8
    for name in ("cq_pitch", "cq_tsr", "ct_pitch", "ct_tsr"):
        for edge in (surface.pitch[0], surface.pitch[-1]):
            jump = getattr(surface.at(edge + e, tsr), name) - getattr(surface.at(edge - e, tsr), name)
            assert np.abs(jump).max() < 1e-5, name
        edge = surface.tip_speed_ratio[0]
        jump = getattr(surface.at(pitch, edge + e), name) - getattr(surface.at(pitch, edge - e), name)
        assert np.abs(jump).max() < 1e-5, name


def test_standstill_has_a_finite_starting_torque_and_no_power(surface: RotorSurface) -> None:
    pitch = np.radians([0.0, 15.0, 30.0, 45.0, 60.0, 75.0])
    at = surface.at(pitch, 0.0)
    assert np.all(at.cp == 0.0)
    assert np.all(at.cq > 0.0)  # it starts
    assert np.all(at.cq < 0.05)  # no more than a solidity of some per cent can give
    assert np.all(np.diff(at.ct) < 0.0)  # and is less loaded the more it is pitched
    assert 30.0 < np.degrees(pitch[at.cq.argmax()]) < 75.0  # starting torque is highest half-way to feather


def test_feather_stands_still_and_brakes_what_turns(surface: RotorSurface) -> None:
    feather, tsr = np.pi / 2.0, np.linspace(0.1, 14.0, 100)
    still = surface.at(feather, 0.0)
    assert abs(float(still.cq)) < 1e-12
    assert abs(float(still.ct)) < 1e-12
    assert float(still.cq_tsr) < 0.0  # so that standing still is stable
    assert np.all(surface.cq(feather, tsr) < 0.0)
    assert np.all(surface.cq(feather, -tsr) > 0.0)
    approach = surface.cq(np.radians(np.linspace(45.0, 90.0, 46)), 0.0)
    assert np.all(np.diff(approach) < 0.0)


def test_still_air_brakes(surface: RotorSurface) -> None:
    """As the wind dies torque per speed squared, Cq / tsr^2, settles at a value that does not drive."""
    pitch = np.radians(np.linspace(-20.0, 90.0, 111))
    drag = np.array([surface.cq(pitch, t) / t**2 for t in (25.0, 50.0, 100.0)])
    assert np.all(drag[-1] <= 0.0)
    assert np.all(np.abs(drag[2] - drag[1]) <= np.abs(drag[1] - drag[0]) + 1e-12)


def test_a_table_that_ends_while_torque_rises_does_not_drive_in_still_air() -> None:
    tsr = np.array([2.0, 4.0, 6.0, 8.0, 10.0])
    found = _flat(cp_table=np.tile(0.004 * tsr**2, (4, 1)))  # torque rises up to the edge
    fast = np.linspace(10.0, 100.0, 400)
    assert np.all(found.cp(0.1, fast) <= 0.4 + 1e-12)
    assert np.all(np.diff(found.cq(0.1, fast)) < 0.0)
    assert float(found.cq(0.1, 100.0)) < 0.0


def test_the_fades_against_hermite_cubics(surface: RotorSurface) -> None:
    """Table less stalled plate goes from its edge value and slope to none at zero speed and at feather."""
    low, high = surface.tip_speed_ratio[0], surface.pitch[-1]
    edge, plate = surface.at(0.1, low), plate_force(surface.arrays.plate, 0.1, low)[0]
    gap, slope = float(edge.cq) - plate[0], float(edge.cq_tsr) - plate[2]
    tsr = np.linspace(0.0, low, 9)
    expected = CubicHermiteSpline([0.0, low], [0.0, gap], [0.0, slope])(tsr)
    found = surface.cq(0.1, tsr) - plate_force(surface.arrays.plate, 0.1, tsr)[0][0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-14)

    edge, plate = surface.at(high, 5.0), plate_force(surface.arrays.plate, high, 5.0)[1]
    gap, slope = float(edge.ct) - plate[0], float(edge.ct_pitch) - plate[1]
    pitch = np.linspace(high, np.pi / 2.0, 9)
    expected = CubicHermiteSpline([high, np.pi / 2.0], [gap, 0.0], [slope, 0.0])(pitch)
    found = surface.ct(pitch, 5.0) - plate_force(surface.arrays.plate, pitch, 5.0)[1][0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_no_power_is_made_outside_the_table(surface: RotorSurface) -> None:
    pitch, tsr = np.radians(np.linspace(-40.0, 110.0, 301)), np.linspace(-5.0, 40.0, 451)
    cp = surface.cp(pitch[:, None], tsr)
    assert cp.max() <= surface.optimum().cp
    assert cp.max() < BETZ


def test_bounded_however_small_the_wind(surface: RotorSurface) -> None:
    pitch = np.radians(np.linspace(-90.0, 180.0, 28))
    for extreme in (1e3, 1e9, np.inf):
        for sign in (-1.0, 1.0):
            at, held = surface.at(pitch, sign * extreme), surface.at(pitch, sign * 100.0)
            np.testing.assert_array_equal(at.cq, held.cq)
            np.testing.assert_array_equal(at.ct, held.ct)
            assert np.all(np.isfinite(at.cq))


def test_nan_stays_nan(surface: RotorSurface) -> None:
    assert np.isnan(surface.cp(np.nan, 7.0))
    assert np.isnan(surface.ct(0.0, np.nan))


def test_shapes_broadcast(surface: RotorSurface) -> None:
    assert surface.cp(np.zeros((3, 1)), np.full(4, 7.0)).shape == (3, 4)
    assert surface.cp(0.0, 7.0).shape == ()


def _with_hole(row: int, column: int, value: float) -> np.ndarray[Any, Any]:
    table = np.full((4, 5), 0.3)
    table[row, column] = value
    return table


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"cp_table": _with_hole(2, 3, np.nan)}, ("cp has a hole", "pitch 10 deg", "tip-speed ratio 8", "nan")),
        ({"ct_table": _with_hole(1, 0, np.inf)}, ("ct has a hole", "pitch 5 deg", "tip-speed ratio 2", "inf")),
        ({"cp_table": _with_hole(3, 1, 47.0)}, ("cp is 47", "pitch 15 deg", "16/27", "percent")),
        ({"cp_table": np.full((5, 4), 0.3)}, ("cp has shape (5, 4)", "(4, 5)", "transposed")),
        ({"pitch": np.radians([0.0, 5.0, 4.0, 15.0])}, ("pitch must ascend", "4 deg after 5 deg", "number 3")),
        ({"pitch": np.array([0.0, 5.0, 10.0, 15.0])}, ("pitch reaches 15 rad", "degrees")),
        ({"pitch": np.array([0.0, np.nan, 0.1, 0.2])}, ("pitch number 2 is nan",)),
        ({"tip_speed_ratio": np.array([2.0, 4.0, 4.0, 8.0, 10.0])}, ("tip-speed ratio must ascend", "4 after 4")),
        (
            {"tip_speed_ratio": np.array([0.0, 4.0, 6.0, 8.0, 10.0])},
            ("lowest tip-speed ratio is 0", "leave that column"),
        ),
        ({"pitch": np.array([0.0, 0.1, 0.2])}, ("bicubic needs 4 values of pitch",)),
        ({"interpolation": "linear"}, ('"bicubic" or "bilinear"', "'linear'")),
    ],
)
def test_refusals_name_what_and_where(changes: dict[str, Any], parts: tuple[str, ...]) -> None:
    with pytest.raises(MachineError) as caught:
        _flat(source="x.csv", **changes)
    assert str(caught.value).startswith("rotor surface (x.csv): ")
    for part in parts:
        assert part in str(caught.value)


def test_holes_are_counted() -> None:
    table = np.full((4, 5), 0.3)
    table[1, 1:4] = np.nan
    with pytest.raises(MachineError, match=r"\(3 holes in all\)"):
        _flat(cp_table=table)


def test_optimum_outside_the_table_is_refused() -> None:
    with pytest.raises(MachineError, match="20 to 30 deg misses the surface's 0 to 15 deg"):
        _flat().optimum((np.radians(20.0), np.radians(30.0)))


def test_the_table_cannot_be_changed_afterwards() -> None:
    given = np.full((4, 5), 0.3)
    found = _flat(cp_table=given)
    given[0, 0] = 0.5  # the caller's own array stays the caller's
    assert found.cp_table[0, 0] == 0.3
    with pytest.raises(ValueError, match="read-only"):
        found.cp_table[0, 0] = 0.1


@pytest.mark.parametrize("ct", [-0.1, 0.0, 1e-6, 5.0])
def test_a_table_that_is_nowhere_stalled_still_continues(ct: float) -> None:
    found = _flat(ct_table=np.full((4, 5), ct))
    pitch, tsr = np.radians(np.linspace(-30.0, 100.0, 60)), np.linspace(-5.0, 50.0, 60)
    at = found.at(pitch[:, None], tsr)
    assert np.all(np.isfinite(at.cq))
    assert np.all(np.isfinite(at.ct_tsr))
    assert abs(float(found.cq(np.pi / 2.0, 0.0))) < 1e-12


@pytest.mark.slow
def test_compiled_scalars_against_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    numba = pytest.importorskip("numba")
    from turbine import surface_math

    arrays = turbine.load("nrel_5mw").require_surface().arrays
    rng = np.random.default_rng(11)
    points = np.column_stack([rng.uniform(-0.5, 1.7, 200), rng.uniform(-3.0, 120.0, 200)])
    expected = np.array([surface_math.rotor_coefficients(arrays, p, t) for p, t in points])
    for name in (
        "_cell",
        "_cubic",
        "_pick",
        "_fade",
        "_faded",
        "_beyond",
        "plate_force",
        "spline_value",
        "table_quantities",
    ):
        monkeypatch.setattr(surface_math, name, numba.njit(getattr(surface_math, name)))
    compiled = numba.njit(surface_math.rotor_coefficients)
    found = np.array([compiled(arrays, p, t) for p, t in points])
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
