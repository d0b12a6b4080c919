"""Arithmetic of rotor surfaces: piecewise polynomials over a grid, and what stands in for them outside the grid.

Every function takes scalars or arrays of one shape and uses nothing but array arithmetic: plain Python gives arrays,
compiled loops give scalars. A quantity and its derivatives travel together as (f, f_pitch, f_tsr, f_pitch_tsr).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from turbine.compiled import jitable

__all__ = [
    "FASTEST",
    "Coefficients",
    "SurfaceArrays",
    "cubic_cells",
    "linear_cells",
    "plate_fit",
    "plate_force",
    "rotor_coefficients",
    "spline_value",
    "table_quantities",
    "torque_thrust",
]

Floats = npt.NDArray[np.float64]
Number = Any  # a float or an array of floats
Quantity = tuple[Number, Number, Number, Number]  # value, d/dpitch, d/dtsr, d2/dpitch dtsr

FASTEST = 100.0  #: tip-speed ratio at which the coefficients stop growing [-]
SECTION = 0.7  #: radius of the section that stands for the blade [fraction of the radius]
FEATHER = np.pi / 2.0  #: pitch at which a rotor stands still [rad]
BELOW = np.radians(20.0)  #: width of the fade below the lowest pitch of the table [rad]


class SurfaceArrays(NamedTuple):
    """A rotor surface as plain arrays: all that its evaluation needs.

    Parameters
    ----------
    pitch, tip_speed_ratio : array, shape (n,) and (m,)
        The grid [rad] and [-].
    cp, ct : array, shape (n - 1, m - 1, 4, 4)
        Coefficients per cell; [i, j, a, b] belongs to (pitch - pitch[i])**a (tsr - tip_speed_ratio[j])**b.
    plate : array, shape (3,)
        The stalled plate of `plate_force`: strength [-], slope [-] and offset [rad] of its angle.
    widths : array, shape (2,)
        Widths of the fade below and above the grid's pitch [rad].
    """

    pitch: Floats
    tip_speed_ratio: Floats
    cp: Floats
    ct: Floats
    plate: Floats
    widths: Floats


class Coefficients(NamedTuple):
    """Torque and thrust coefficient with their derivatives by pitch [1/rad] and tip-speed ratio [-]."""

    cq: Number
    cq_pitch: Number
    cq_tsr: Number
    ct: Number
    ct_pitch: Number
    ct_tsr: Number


def cubic_cells(x: Floats, y: Floats, table: Floats) -> Floats:
    """Return the cells of the tensor product of not-a-knot cubic splines through a table.

    Parameters
    ----------
    x, y : array, shape (n,) and (m,)
        The axes, ascending, four points or more.
    table : array, shape (n, m)
        Values on the grid.

    Returns
    -------
    array, shape (n - 1, m - 1, 4, 4)
        Coefficients as in `SurfaceArrays`.

    Notes
    -----
    De Boor, A Practical Guide to Splines (1978), chapter XVII.
    """
    from scipy.interpolate import CubicSpline

    along_x = CubicSpline(x, table, axis=0).c  # (power of x, cell of x, y)
    both = CubicSpline(y, along_x, axis=2).c  # (power of y, cell of y, power of x, cell of x), highest power first
    return np.ascontiguousarray(both[::-1, :, ::-1, :].transpose(3, 1, 2, 0))


def linear_cells(x: Floats, y: Floats, table: Floats) -> Floats:
    """Return the cells of bilinear interpolation; parameters and result as `cubic_cells`, two points or more."""
    cells = np.zeros((x.size - 1, y.size - 1, 4, 4))
    by_x = np.diff(table, axis=0) / np.diff(x)[:, None]
    cells[:, :, 0, 0] = table[:-1, :-1]
    cells[:, :, 1, 0] = by_x[:, :-1]
    cells[:, :, 0, 1] = np.diff(table, axis=1)[:-1] / np.diff(y)
    cells[:, :, 1, 1] = np.diff(by_x, axis=1) / np.diff(y)
    return cells


@jitable
def _cell(knots: Floats, x: Number) -> Any:
    """Return the index of the cell that holds x; the outermost cells hold what lies outside."""
    return np.minimum(np.maximum(np.searchsorted(knots, x, side="right") - 1, 0), knots.size - 2)


@jitable
def _cubic(c0: Number, c1: Number, c2: Number, c3: Number, x: Number) -> tuple[Number, Number]:
    """Return a cubic polynomial and its derivative."""
    return c0 + x * (c1 + x * (c2 + x * c3)), c1 + x * (2.0 * c2 + x * (3.0 * c3))


@jitable
def spline_value(cells: Floats, pitch_knots: Floats, tsr_knots: Floats, pitch: Number, tsr: Number) -> Quantity:
    """Return a piecewise polynomial and its derivatives.

    Parameters
    ----------
    cells : array, shape (n - 1, m - 1, 4, 4)
        Coefficients as in `SurfaceArrays`.
    pitch_knots, tsr_knots : array, shape (n,) and (m,)
        The grid [rad] and [-].
    pitch, tsr : float or array
        Where [rad] and [-].

    Returns
    -------
    tuple of float or array
        Value, derivatives by pitch and by tip-speed ratio, mixed derivative.
    """
    i, j = _cell(pitch_knots, pitch), _cell(tsr_knots, tsr)
    x, y = pitch - pitch_knots[i], tsr - tsr_knots[j]
    r0, s0 = _cubic(cells[i, j, 0, 0], cells[i, j, 0, 1], cells[i, j, 0, 2], cells[i, j, 0, 3], y)
    r1, s1 = _cubic(cells[i, j, 1, 0], cells[i, j, 1, 1], cells[i, j, 1, 2], cells[i, j, 1, 3], y)
    r2, s2 = _cubic(cells[i, j, 2, 0], cells[i, j, 2, 1], cells[i, j, 2, 2], cells[i, j, 2, 3], y)
    r3, s3 = _cubic(cells[i, j, 3, 0], cells[i, j, 3, 1], cells[i, j, 3, 2], cells[i, j, 3, 3], y)
    f, f_pitch = _cubic(r0, r1, r2, r3, x)
    f_tsr, f_pitch_tsr = _cubic(s0, s1, s2, s3, x)
    return f, f_pitch, f_tsr, f_pitch_tsr


def plate_fit(pitch: float, tsr: float, cq: float, ct: float) -> Floats:
    """Return the stalled plate that has given coefficients at one point, the most stalled one of a table.

    Parameters
    ----------
    pitch, tsr : float
        The point [rad] and [-].
    cq, ct : float
        Torque and thrust coefficient there [-].

    Returns
    -------
    array, shape (3,)
        Strength [-], slope [-] and offset [rad] of the angle (offset + slope pitch), which is `FEATHER` at feather. A
        point that is not stalled gives what large rotors have: the strength is kept in 0.02..0.2, the angle at the
        point 0..15 deg above the pitch.
    """
    twist = np.arctan2(cq, SECTION * ct) - pitch if ct > 0.0 else np.radians(8.0)
    twist = min(max(twist, 0.0), np.radians(15.0))
    slope = 1.0 - twist / (FEATHER - pitch)
    offset = FEATHER * (1.0 - slope)
    unit = plate_force(np.array([1.0, slope, offset]), pitch, tsr)[1][0]
    strength = ct / unit if unit > 0.0 else 0.05
    return np.array([min(max(strength, 0.02), 0.2), slope, offset])


@jitable
def plate_force(plate: Floats, pitch: Number, tsr: Number) -> tuple[Quantity, Quantity]:
    """Return torque and thrust coefficient of a rotor whose blades are stalled plates, with derivatives.

    The section at 0.7 R sees the wind, without induction, and its own speed u = 0.7 tsr. The force is normal to its
    chord and proportional to W w_n, W being the relative speed and w_n = cos(angle) - u sin(angle) its component normal
    to the chord: at standstill torque goes with sin(2 angle)/2 and thrust with cos(angle)**2, and a turning feathered
    blade is braked broadside.

    Parameters
    ----------
    plate : array, shape (3,)
        Strength, slope and offset as from `plate_fit`.
    pitch, tsr : float or array
        Where [rad] and [-].

    Returns
    -------
    tuple of two tuples of float or array
        Torque and thrust coefficient, each with its derivatives.

    Notes
    -----
    Hoerner, Fluid-Dynamic Drag (1965), chapter 3: normal force of a plate in separated flow.
    """
    strength, slope, angle = plate[0], plate[1], plate[2] + plate[1] * pitch
    u = SECTION * tsr
    w = np.sqrt(1.0 + u * u)
    w_u = u / w
    sin2, cos2 = np.sin(2.0 * angle), np.cos(2.0 * angle)
    sin_sq, cos_sq = 0.5 * (1.0 - cos2), 0.5 * (1.0 + cos2)
    across, along = 0.5 * sin2 - u * sin_sq, cos_sq - 0.5 * u * sin2  # w_n times sin(angle), cos(angle)
    across_a, along_a = cos2 - u * sin2, -sin2 - u * cos2
    k = strength * SECTION
    torque = (
        k * w * across,
        k * slope * w * across_a,
        k * SECTION * (w_u * across - w * sin_sq),
        k * slope * SECTION * (w_u * across_a - w * sin2),
    )
    thrust = (
        strength * w * along,
        strength * slope * w * along_a,
        strength * SECTION * (w_u * along - 0.5 * w * sin2),
        strength * slope * SECTION * (w_u * along_a - w * cos2),
    )
    return torque, thrust


@jitable
def _pick(condition: Any, yes: Number, no: Number) -> Number:
    """Return `yes` where the condition holds, else `no`; unlike `np.where` a scalar stays one when compiled."""
    return no + condition * (yes - no)


@jitable
def _fade(distance: Number, width: Number) -> tuple[Number, Number, Number, Number]:
    """Return the cubic that takes value and slope at 0 to zero at `width`, on either side of 0.

    The two first numbers multiply value and slope, the two last ones are their derivatives.
    """
    sign = _pick(distance < 0.0, -1.0, 1.0)
    s = np.minimum(np.abs(distance) / width, 1.0)
    rest = 1.0 - s
    return (
        (1.0 + 2.0 * s) * rest * rest,
        sign * width * s * rest * rest,
        -6.0 * sign / width * s * rest,
        rest * (1.0 - 3.0 * s),
    )


@jitable
def _faded(gap: Quantity, by_pitch: Quantity, by_tsr: Quantity) -> Quantity:
    """Return the tensor product of two fades applied to a quantity at the table's edge."""
    f, f_p, f_t, f_pt = gap
    a, b, a_x, b_x = by_pitch
    c, e, c_y, e_y = by_tsr
    value, slope = c * f + e * f_t, c_y * f + e_y * f_t
    value_p, slope_p = c * f_p + e * f_pt, c_y * f_p + e_y * f_pt
    return (
        a * value + b * value_p,
        a_x * value + b_x * value_p,
        a * slope + b * slope_p,
        a_x * slope + b_x * slope_p,
    )


@jitable
def _beyond(edge: Quantity, tsr_edge: Number, tsr: Number, braking: bool) -> tuple[Number, Number, Number]:
    """Return value and derivatives of f1 tsr + f2 tsr**2 that continues a quantity at the highest tip-speed ratio.

    With `braking` its slope is at most -|f|/tsr, so that f2 is never positive: no torque drives in still air.
    """
    f, f_p, f_t, f_pt = edge
    if braking:
        steepest = -np.abs(f) / tsr_edge
        f_pt = _pick(f_t > steepest, -np.sign(f) * f_p / tsr_edge, f_pt)
        f_t = np.minimum(f_t, steepest)
    f2, f2_p = (f_t - f / tsr_edge) / tsr_edge, (f_pt - f_p / tsr_edge) / tsr_edge
    f1, f1_p = f / tsr_edge - f2 * tsr_edge, f_p / tsr_edge - f2_p * tsr_edge
    return tsr * (f1 + f2 * tsr), tsr * (f1_p + f2_p * tsr), f1 + 2.0 * f2 * tsr


@jitable
def table_quantities(surface: SurfaceArrays, pitch: Number, tsr: Number) -> tuple[Quantity, Quantity]:
    """Return torque and thrust coefficient inside the table: all that a compiled loop needs while it stays there.

    Parameters
    ----------
    surface : SurfaceArrays
        The table.
    pitch, tsr : float or array
        Where [rad] and [-]; outside the table the outermost cells' polynomials run on.

    Returns
    -------
    tuple of two tuples of float or array
        Torque coefficient Cp / tsr and thrust coefficient, each with its derivatives.
    """
    cp, cp_p, cp_t, cp_pt = spline_value(surface.cp, surface.pitch, surface.tip_speed_ratio, pitch, tsr)
    q, q_p = cp / tsr, cp_p / tsr
    thrust = spline_value(surface.ct, surface.pitch, surface.tip_speed_ratio, pitch, tsr)
    return (q, q_p, (cp_t - q) / tsr, (cp_pt - q_p) / tsr), thrust


@jitable
def rotor_coefficients(surface: SurfaceArrays, pitch: Number, tsr: Number) -> Coefficients:
    """Return torque and thrust coefficient with derivatives, inside the table and outside of it.

    Parameters
    ----------
    surface : SurfaceArrays
        The table.
    pitch, tsr : float or array
        Where [rad] and [-].

    Returns
    -------
    Coefficients
        Continuous with continuous derivatives where the table's interpolation is bicubic, save at the highest
        tip-speed ratio where the slope had to be limited (see `RotorSurface`).
    """
    p_low, p_high = surface.pitch[0], surface.pitch[-1]
    t_low, t_high = surface.tip_speed_ratio[0], surface.tip_speed_ratio[-1]
    tsr = np.minimum(np.maximum(tsr, -FASTEST), FASTEST)
    p_in, t_in = np.minimum(np.maximum(pitch, p_low), p_high), np.minimum(np.maximum(tsr, t_low), t_high)
    t_slow = np.minimum(tsr, t_high)

    (q, q_p, q_t, q_pt), (t, t_p, t_t, t_pt) = table_quantities(surface, p_in, t_in)
    torque_in, thrust_in = plate_force(surface.plate, p_in, t_in)
    torque, thrust = plate_force(surface.plate, pitch, t_slow)
    by_pitch = _fade(pitch - p_in, _pick(pitch < p_low, surface.widths[0], surface.widths[1]))
    by_tsr = _fade(t_slow - t_in, t_low)
    q_gap = _faded((q - torque_in[0], q_p - torque_in[1], q_t - torque_in[2], q_pt - torque_in[3]), by_pitch, by_tsr)
    t_gap = _faded((t - thrust_in[0], t_p - thrust_in[1], t_t - thrust_in[2], t_pt - thrust_in[3]), by_pitch, by_tsr)
    q, q_p = torque[0] + q_gap[0], torque[1] + q_gap[1]
    q_t, q_pt = torque[2] + q_gap[2], torque[3] + q_gap[3]
    t, t_p = thrust[0] + t_gap[0], thrust[1] + t_gap[1]
    t_t, t_pt = thrust[2] + t_gap[2], thrust[3] + t_gap[3]

    fast = tsr > t_high
    far_q = _beyond((q, q_p, q_t, q_pt), t_high, tsr, True)
    far_t = _beyond((t, t_p, t_t, t_pt), t_high, tsr, False)
    return Coefficients(
        _pick(fast, far_q[0], q),
        _pick(fast, far_q[1], q_p),
        _pick(fast, far_q[2], q_t),
        _pick(fast, far_t[0], t),
        _pick(fast, far_t[1], t_p),
        _pick(fast, far_t[2], t_t),
    )


@jitable
def torque_thrust(surface: SurfaceArrays, pitch: float, tsr: float) -> tuple[float, float]:
    """Return torque and thrust coefficient at one point, by the table alone where that suffices.

    Parameters
    ----------
    surface : SurfaceArrays
        The table.
    pitch, tsr : float
        Where [rad] and [-].

    Returns
    -------
    tuple of float
        As `rotor_coefficients`, without derivatives.
    """
    pitches, ratios = surface.pitch, surface.tip_speed_ratio
    if ratios[0] <= tsr <= ratios[-1] and pitches[0] <= pitch <= pitches[-1]:
        torque, thrust = table_quantities(surface, pitch, tsr)
        return torque[0], thrust[0]
    c = rotor_coefficients(surface, pitch, tsr)
    return c.cq, c.ct
