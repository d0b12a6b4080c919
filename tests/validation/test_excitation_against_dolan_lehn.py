"""Equivalent wind over the azimuth against the closed forms of Dolan and Lehn 2006, doi:10.1109/TEC.2006.874211.

The paper's equivalent wind of three blades, less V_H and over V_H, is the sum of

- shear, third-order Taylor series: alpha (alpha-1)/8 (R/H)^2 + alpha (alpha-1)(alpha-2)/60 (R/H)^3 cos 3 theta;
- tower shadow: m/(3 R^2) times the sum over the blades with 90 deg < theta_b < 270 deg of
  a^2/sin^2 theta_b ln(R^2 sin^2 theta_b/x^2 + 1) - 2 a^2 R^2/(R^2 sin^2 theta_b + x^2),
  with m = 1 + alpha (alpha-1) R^2/(8 H^2), the mean of the wind over the rotor.

Both were integrated again and are right for what they state: a tower of constant radius a up to hub height in the
uniform wind m V_H. In shear the product differs, as it lets the tower deflect the wind at the element's height: the
tests below show that nothing else does.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.integrate import quad
from scipy.special import binom, hyp2f1

from turbine.excitation import azimuth_mean, azimuth_table

Floats = npt.NDArray[np.float64]

POINTS = 360
PSI = 2.0 * np.pi / 3.0 * np.arange(POINTS) / POINTS
BLADES = (PSI + 2.0 * np.pi / 3.0 * np.arange(3)[:, None]) % (2.0 * np.pi)
ROUNDING = 1e-12
#: R, H, x, a [m]: a small and an ordinary machine, a large one whose tower is close.
MACHINES = [(20.0, 40.0, 2.9, 0.85), (63.0, 90.0, 5.0191, 2.5), (120.97, 150.0, 12.1, 5.0), (120.0, 150.0, 2.4, 1.5)]
EXPONENTS = [-0.1, 0.1, 0.2, 0.3, 0.5]


def paper_shear(exponent: float, ratio: float) -> Floats:
    """Return the paper's shear; ratio is R/H."""
    mean = exponent * (exponent - 1.0) / 8.0 * ratio**2
    return mean + exponent * (exponent - 1.0) * (exponent - 2.0) / 60.0 * ratio**3 * np.cos(3.0 * PSI)


def paper_mean(exponent: float, ratio: float) -> float:
    """Return the paper's m."""
    return 1.0 + exponent * (exponent - 1.0) * ratio**2 / 8.0


def paper_shadow(radius: float, overhang: float, tower_radius: float) -> Floats:
    """Return the paper's tower shadow for m = 1; a blade that points down takes the limit, -a^2/(3 x^2)."""
    lower = np.cos(BLADES) < -ROUNDING
    y2 = np.where(np.abs(np.sin(BLADES)) < 1e-9, np.nan, (radius * np.sin(BLADES)) ** 2)
    a2, x2 = tower_radius**2, overhang**2
    blades = a2 * radius**2 / y2 * np.log(y2 / x2 + 1.0) - 2.0 * a2 * radius**2 / (y2 + x2)
    blades = np.where(np.isnan(blades), -a2 * radius**2 / x2, blades)
    return np.sum(np.where(lower, blades, 0.0), axis=0) / (3.0 * radius**2)


def straight(radius: float, hub_height: float, overhang: float, tower_radius: float, **options: Any) -> Floats:
    """Return the product's table for the paper's tower: one diameter, up to the hub."""
    diameters = {"tower_top_diameter": 2.0 * tower_radius, "tower_base_diameter": 2.0 * tower_radius}
    lengths = {"radius": radius, "hub_height": hub_height, "overhang": overhang, "tower_height": hub_height}
    return azimuth_table(**lengths, **diameters, points=POINTS, **options)


def shear_only(exponent: float, ratio: float) -> Floats:
    return azimuth_table(
        radius=100.0 * ratio, hub_height=100.0, shear_exponent=exponent, tower_shadow=False, points=POINTS
    )


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.5, 0.7, 0.8])
def test_shear_within_the_truncation_error_of_the_paper(exponent: float, ratio: float) -> None:
    """What the paper leaves out is below its fourth term over 1 - R/H.

    Term n is C(alpha, n) (R/H)^n 2/(n+2) times the blades' mean of cos^n. From n = 4 on 2/(n+2) is at most 1/3, the
    mean at most that of cos^4, 3/8, and for -1 < alpha < 1 the coefficients fall: a geometric series bounds the rest.
    """
    tolerance = abs(binom(exponent, 4)) * ratio**4 / 8.0 / (1.0 - ratio)
    error = np.abs(shear_only(exponent, ratio) - paper_shear(exponent, ratio)).max()
    assert 0.9 * tolerance * (1.0 - ratio) < error < tolerance + 1e-15  # of the order of the fourth term, no less


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.5, 0.7, 0.8])
def test_shear_against_the_whole_taylor_series(exponent: float, ratio: float) -> None:
    terms = [
        binom(exponent, n) * ratio**n * 2.0 / (n + 2.0) * np.mean(np.cos(BLADES) ** n, axis=0) for n in range(1, 200)
    ]
    np.testing.assert_allclose(terms[0] + terms[1] + terms[2], paper_shear(exponent, ratio), rtol=0.0, atol=1e-16)
    np.testing.assert_allclose(shear_only(exponent, ratio), np.sum(terms, axis=0), rtol=0.0, atol=ROUNDING)


@pytest.mark.parametrize("exponent", EXPONENTS)
@pytest.mark.parametrize("ratio", [0.05, 0.2, 0.5, 0.7, 0.8])
def test_mean_of_shear_is_that_of_the_wind_over_the_rotor(exponent: float, ratio: float) -> None:
    """The weight r makes them one. Exact: 2F1(-alpha/2, (1-alpha)/2; 2; (R/H)^2), of which m is two terms."""
    exact = float(hyp2f1(-exponent / 2.0, (1.0 - exponent) / 2.0, 2.0, ratio**2))
    assert 1.0 + azimuth_mean(shear_only(exponent, ratio)) == pytest.approx(exact, abs=ROUNDING)
    left_out = abs(binom(exponent, 4)) * ratio**4 / 8.0  # only even terms have a mean
    assert paper_mean(exponent, ratio) == pytest.approx(exact, abs=left_out / (1.0 - ratio**2) + 1e-15)


@pytest.mark.parametrize(("radius", "hub_height", "overhang", "tower_radius"), MACHINES)
def test_shadow_without_shear(radius: float, hub_height: float, overhang: float, tower_radius: float) -> None:
    table = straight(radius, hub_height, overhang, tower_radius)
    expected = paper_shadow(radius, overhang, tower_radius)
    np.testing.assert_allclose(table, expected, rtol=0.0, atol=ROUNDING)
    assert table.min() == pytest.approx(-((tower_radius / overhang) ** 2) / 3.0, rel=1e-10), "one blade, pointing down"


@pytest.mark.parametrize(("radius", "hub_height", "overhang", "tower_radius"), MACHINES)
def test_paper_integrated_its_shadow_rightly(
    radius: float, hub_height: float, overhang: float, tower_radius: float
) -> None:
    del hub_height
    expected = paper_shadow(radius, overhang, tower_radius)
    for k in (0, 47, 120, 150, 179, 180, 200):
        sines = [np.sin(theta) for theta in BLADES[:, k] if np.cos(theta) < -ROUNDING]
        integral = sum(_blade(radius, overhang, lambda r: tower_radius**2, sine) for sine in sines)
        assert integral / 3.0 == pytest.approx(expected[k], abs=1e-10)


@pytest.mark.parametrize(("radius", "hub_height", "overhang", "tower_radius"), MACHINES)
@pytest.mark.parametrize("exponent", [0.1, 0.2, 0.3])
def test_shadow_in_shear_differs_by_the_wind_at_the_height_alone(
    radius: float, hub_height: float, overhang: float, tower_radius: float, exponent: float
) -> None:
    """At the dip the product's shadow over the paper's is the mean of (1 - r/H)^alpha with weight r, over m.

    2/q^2 times the integral of u (1-u)^alpha from 0 to q = R/H, for a blade that points down.
    """
    machine, q = (radius, hub_height, overhang, tower_radius), radius / hub_height
    both = straight(*machine, shear_exponent=exponent)
    shadow = both - shear_only(exponent, q)
    paper = paper_mean(exponent, q) * paper_shadow(radius, overhang, tower_radius)

    tip, first, second = 1.0 - q, exponent + 1.0, exponent + 2.0
    wind = 2.0 / q**2 * ((1.0 - tip**first) / first - (1.0 - tip**second) / second)
    dip = POINTS // 2
    assert shadow[dip] / paper[dip] == pytest.approx(wind / paper_mean(exponent, q), rel=1e-9)
    assert np.abs(shadow).max() < np.abs(paper).max(), "less wind below the hub than in the rotor's mean"

    for k in (0, 40, 100, 150, 175, 180):
        sheared = 0.0
        for theta in BLADES[:, k][np.cos(BLADES[:, k]) < -ROUNDING]:

            def factor(r: float, theta: float = theta) -> float:
                return float(tower_radius**2 * (1.0 + r * np.cos(theta) / hub_height) ** exponent)

            sheared += _blade(radius, overhang, factor, np.sin(theta))
        assert sheared / 3.0 == pytest.approx(shadow[k], abs=1e-10)


def test_tapered_tower_below_the_hub_against_adaptive_quadrature() -> None:
    """NREL 5 MW (NREL/TP-500-38060): tower of 6 m to 3.87 m, 87.6 m high."""
    radius, hub_height, overhang, height, exponent = 63.0, 90.0, 5.0191, 87.6, 0.2
    tower = {"tower_top_diameter": 3.87, "tower_base_diameter": 6.0, "tower_height": height, "overhang": overhang}
    table = azimuth_table(radius=radius, hub_height=hub_height, shear_exponent=exponent, points=POINTS, **tower)
    shadow = table - shear_only(exponent, radius / hub_height)
    for k in (0, 60, 91, 140, 170, 178, 180, 200, 269, 300):
        total = 0.0
        for theta in BLADES[:, k]:
            sine, cosine = np.sin(theta), np.cos(theta)
            first = (height - hub_height) / cosine if cosine < -ROUNDING else radius
            if first < radius:

                def factor(r: float, cosine: float = cosine) -> float:
                    z = hub_height + r * cosine
                    return (3.0 - (6.0 - 3.87) / 2.0 * z / height) ** 2 * (z / hub_height) ** exponent

                total += _blade(radius, overhang, factor, sine, first)
        assert total / 3.0 == pytest.approx(shadow[k], abs=1e-10)


def test_only_a_tower_up_to_the_hub_begins_with_a_jump() -> None:
    """The paper's shadow begins with a^2/(3 R^2) [ln(R^2/x^2 + 1) - 2 R^2/(R^2 + x^2)] at 90 deg."""
    radius, hub_height, overhang, a = MACHINES[1]
    jump = a**2 / (3.0 * radius**2) * (np.log(radius**2 / overhang**2 + 1.0) - 2.0 / (1.0 + (overhang / radius) ** 2))
    options: dict[str, Any] = {"radius": radius, "hub_height": hub_height, "overhang": overhang, "points": 36_000}
    options |= {"tower_top_diameter": 2.0 * a, "tower_base_diameter": 2.0 * a}
    steps = np.abs(np.diff(azimuth_table(**options, tower_height=hub_height)))
    assert steps.max() == pytest.approx(jump, rel=0.01)
    assert np.abs(np.diff(azimuth_table(**options, tower_height=hub_height - 2.4))).max() < 0.05 * jump


def _blade(radius: float, overhang: float, factor: Any, sine: float, first: float = 0.0) -> float:
    """Return (2/R^2) times the integral of r factor(r) (y^2 - x^2)/(x^2 + y^2)^2 along a blade, adaptively."""

    def integrand(r: float) -> float:
        y2, x2 = (r * sine) ** 2, overhang**2
        return float(r * factor(r) * (y2 - x2) / (y2 + x2) ** 2)

    value, _ = quad(integrand, first, radius, epsabs=1e-12, epsrel=1e-11, limit=200)
    return 2.0 / radius**2 * float(value)
