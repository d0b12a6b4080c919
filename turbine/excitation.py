"""Pulsation of torque and thrust at the blades' passing frequency: wind shear and tower shadow over the azimuth.

After D. S. L. Dolan and P. W. Lehn, "Simulation model of wind turbine 3p torque oscillations due to wind shear and
tower shadow", IEEE Transactions on Energy Conversion 21(3), 717-724, 2006, doi:10.1109/TEC.2006.874211: an equivalent
wind speed, the mean of the wind along the blades with the weight r that torque has. The paper integrates by hand what
this module integrates numerically; it differs from the paper's closed forms in four things, each of which
`tests/validation/test_excitation_against_dolan_lehn.py` takes back or bounds:

- the power law itself instead of its Taylor series up to the third order;
- tower shadow in proportion to the undisturbed wind at the blade element's height, V_hub (z/H)^alpha, as it is in each
  horizontal slice of a potential flow; the paper takes the rotor's mean m V_hub, m = 1 + alpha (alpha - 1) R^2/(8 H^2),
  at every height, which in shear makes its dip deeper, by 12 % at alpha = 0.2 and R = 2/3 H;
- a tower whose diameter falls with height instead of a constant one;
- a tower that ends below the hub: no shadow above its top. In the paper it begins with a jump when a blade is
  horizontal, as of a tower that ends at hub height.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from turbine.checks import check_positive, check_range, series
from turbine.errors import ParameterError

__all__ = ["azimuth_mean", "azimuth_table"]

Floats = npt.NDArray[np.float64]

NODES = 64  #: along a blade; the error is below 1e-12 of V_hub where the overhang is 2 % of the radius or more
LEVEL = 1e-12  #: cosine of the azimuth below which a blade is horizontal [-]


def azimuth_table(
    *,
    radius: float,
    hub_height: float,
    blade_count: int = 3,
    shear_exponent: float = 0.0,
    tower_shadow: bool = True,
    overhang: float | None = None,
    tower_top_diameter: float | None = None,
    tower_base_diameter: float | None = None,
    tower_height: float | None = None,
    points: int = 360,
) -> Floats:
    """Return the equivalent wind speed over the azimuth, w = v_eq / V_hub - 1.

    v_eq is the mean over the blades of (2/R^2) times the integral of r v(r, psi_b) from 0 to R, with
    v = V_hub (z/H)^alpha [1 + a(z)^2 (y^2 - x^2)/(x^2 + y^2)^2], z = H + r cos psi_b, y = r sin psi_b, x the overhang.
    The second term, potential flow around the tower of radius a(z), counts for blades in the lower half and below the
    tower top. Rotor tilt, cone and the blades' deflection are left out, and so is the wake behind a tower: the rotor is
    upwind of it.

    Parameters
    ----------
    radius : float
        Rotor radius R, below the hub height [m].
    hub_height : float
        H above ground or water [m].
    blade_count : int
        Number of blades, 1 to 6 [-].
    shear_exponent : float
        alpha of the power law, -1 to 1 [-]; 0: no shear.
    tower_shadow : bool
        False: the four values of the tower are not needed, nor looked at.
    overhang : float or None
        Distance x of the blade plane upwind of the tower axis, above the tower's radius [m]. Positive: machine files
        count upwind negative.
    tower_top_diameter, tower_base_diameter : float or None
        Outer diameter of the tower at `tower_height` and at z = 0, linear between them [m].
    tower_height : float or None
        Tower top above ground or water, at most the hub height [m].
    points : int
        Number of azimuths, 1 to 36,000 [-].

    Returns
    -------
    array of float64, shape (points,)
        w [-] at the azimuths 2 pi k / (blade_count points), k = 0, 1, ..., of blade 1, 0 where it points up [rad]: one
        blade pitch angle, whose end is not repeated; the others are equal. The mean is in it, see `azimuth_mean`.

    Raises
    ------
    ParameterError
        A value out of its range, or data of the tower that are missing.
    """
    check_positive("hub_height", hub_height, unit="m")
    check_positive("radius", radius, unit="m")
    if not radius < hub_height:
        raise ParameterError(f"radius: found {radius:g} m, expected below hub_height, {hub_height:g} m; a diameter?")
    check_range("shear_exponent", shear_exponent, -1.0, 1.0, hint="was percent given?")
    _check_count("blade_count", blade_count, 6)
    _check_count("points", points, 36_000)

    turn = int(blade_count) * int(points)
    index = np.arange(turn)
    psi = 2.0 * np.pi / turn * np.where(2 * index > turn, index - turn, index)  # both sides of 0 alike to the last bit
    blade = _shear(psi, radius / hub_height, shear_exponent)
    if tower_shadow:
        tower = {
            "overhang": overhang,
            "tower_top_diameter": tower_top_diameter,
            "tower_base_diameter": tower_base_diameter,
            "tower_height": tower_height,
        }
        given = {name: value for name, value in tower.items() if value is not None}
        if len(given) < len(tower):
            missing = ", ".join(name for name in tower if name not in given)
            raise ParameterError(f"tower shadow: found no {missing} [m]; give what is missing or tower_shadow=False")
        blade += _shadow(psi, radius, hub_height, shear_exponent, **given)
    return np.asarray(blade.reshape(int(blade_count), int(points)).mean(axis=0), np.float64)


def azimuth_mean(table: npt.ArrayLike) -> float:
    """Return the mean of w over the azimuth: how far the rotor's equivalent wind is from the hub's.

    Parameters
    ----------
    table : array, shape (n,)
        w over one blade pitch angle, from `azimuth_table` [-].

    Returns
    -------
    float
        Mean of w [-]; take it off where the wind speed that w is applied to is the rotor's mean already.

    Raises
    ------
    ParameterError
        No values, another shape, or values that are not finite.
    """
    return float(series("table", table).mean())


def _shear(psi: Floats, slenderness: float, exponent: float) -> Floats:
    """Return the part of shear in one blade's w; slenderness is R/H [-]."""
    node, weight = _unit_nodes()
    height = 1.0 + slenderness * np.cos(psi)[:, None] * node
    return np.asarray((height**exponent - 1.0) @ (2.0 * node * weight), np.float64)


def _shadow(
    psi: Floats,
    radius: float,
    hub_height: float,
    exponent: float,
    *,
    overhang: float,
    tower_top_diameter: float,
    tower_base_diameter: float,
    tower_height: float,
) -> Floats:
    """Return the part of tower shadow in one blade's w."""
    check_positive("overhang", overhang, unit="m", hint="upwind is positive here and negative in machine files")
    check_positive("tower_top_diameter", tower_top_diameter, unit="m")
    check_positive("tower_base_diameter", tower_base_diameter, unit="m")
    check_range("tower_height", tower_height, 0.0, hub_height, above=True, unit="m", hint="hub_height is the limit")

    def tower_radius(height: Floats | float) -> Floats:
        share = np.asarray(height, np.float64) / tower_height
        return 0.5 * (tower_base_diameter + (tower_top_diameter - tower_base_diameter) * share)

    lowest = min(hub_height - radius, tower_height)  # the blades pass the tower from here to its top
    widest = float(max(tower_radius(lowest), tower_radius(tower_height)))
    if not overhang > widest:
        raise ParameterError(
            f"overhang: found {overhang:g} m, expected above {widest:g} m, the tower's radius where blades pass it"
        )

    down, side = -np.cos(psi), np.sin(psi)
    below = np.flatnonzero((down > LEVEL) & (radius * down > hub_height - tower_height))
    down, side = down[below, None], side[below, None]
    node, weight = _unit_nodes()
    start = (hub_height - tower_height) / down
    r = start + (radius - start) * node
    z, y2, x2 = hub_height - r * down, (r * side) ** 2, overhang**2
    wind = (z / hub_height) ** exponent * tower_radius(z) ** 2 * (y2 - x2) / (y2 + x2) ** 2
    part = np.zeros(psi.size)
    part[below] = 2.0 / radius**2 * np.sum(r * wind * (radius - start) * weight, axis=1)
    return part


def _unit_nodes() -> tuple[Floats, Floats]:
    """Return nodes and weights of the Gauss-Legendre quadrature from 0 to 1."""
    node, weight = np.polynomial.legendre.leggauss(NODES)
    return 0.5 * (node + 1.0), 0.5 * weight


def _check_count(name: str, value: float, most: int) -> None:
    check_range(name, value, 1, most)
    if value != int(value):
        raise ParameterError(f"{name}: found {value:g}, expected a whole number")
