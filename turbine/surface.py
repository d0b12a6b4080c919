"""Rotor performance surface: power, thrust and torque coefficient over pitch and tip-speed ratio.

Inside its table a surface is interpolated (bicubic or bilinear). Outside of it, so that standstill, run-up and feather
are ordinary states, torque and thrust coefficient continue as follows; the power coefficient is Cp = tsr Cq everywhere.

- **Slow** (below the table's lowest tip-speed ratio) and **beyond the table's pitch**: the blades are stalled plates
  (`turbine.surface_math.plate_force`), fitted to the table's most stalled point, lowest pitch and tip-speed ratio.
  What the table differs from that at its edge fades by a cubic that begins with its value and slope and ends with
  none: from the lowest tip-speed ratio down to zero, from the highest pitch up to feather (90 deg, at least 20 deg
  wide), within 20 deg below the lowest pitch. So torque at standstill is finite; at feather, 90 deg, a rotor that
  stands still has neither torque nor thrust, and one that turns is braked broadside.
- **Fast** (above the highest tip-speed ratio): Cq = q1 tsr + q2 tsr**2 with the edge's value and slope, and q2 <= 0:
  the slope is limited to -|Cq|/tsr. As the wind dies, torque goes with the square of rotor speed and never drives in
  still air. Ct continues likewise, its slope unlimited.
- Above a tip-speed ratio of 100, either way round, Cq and Ct are held: bounded, however small the wind.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from turbine.errors import MachineError
from turbine.surface_math import (
    BELOW,
    FEATHER,
    SurfaceArrays,
    cubic_cells,
    linear_cells,
    plate_fit,
    rotor_coefficients,
)

__all__ = ["BETZ", "Optimum", "RotorSurface", "SurfacePoint"]

Floats = npt.NDArray[np.float64]

BETZ = 16.0 / 27.0  #: highest possible power coefficient of a rotor in free flow [-]
_LEAST = {"bicubic": 4, "bilinear": 2}


@dataclass(frozen=True)
class SurfacePoint:
    """Coefficients and their derivatives, all of the shape of the points asked for.

    Parameters
    ----------
    cp, ct, cq : array
        Power, thrust and torque coefficient [-].
    cp_pitch, ct_pitch, cq_pitch : array
        Derivatives by pitch [1/rad].
    cp_tsr, ct_tsr, cq_tsr : array
        Derivatives by tip-speed ratio [-].
    """

    cp: Floats
    ct: Floats
    cq: Floats
    cp_pitch: Floats
    ct_pitch: Floats
    cq_pitch: Floats
    cp_tsr: Floats
    ct_tsr: Floats
    cq_tsr: Floats


@dataclass(frozen=True)
class Optimum:
    """Where a surface has its highest power coefficient: `cp`, `ct` [-], `pitch` [rad], `tip_speed_ratio` [-]."""

    cp: float
    ct: float
    pitch: float
    tip_speed_ratio: float


@dataclass(frozen=True, eq=False)
class RotorSurface:
    """A table of power and thrust coefficients and its continuation (see the module's text).

    Parameters
    ----------
    pitch : array, shape (n,)
        Pitch angles, ascending [rad].
    tip_speed_ratio : array, shape (m,)
        Tip-speed ratios, ascending, above zero [-].
    cp, ct : array, shape (n, m)
        Power and thrust coefficient [-].
    interpolation : "bicubic" or "bilinear"
        Tensor product of not-a-knot cubic splines (four points or more on each axis), or linear in each direction.
    source : str
        Where the table comes from.

    Raises
    ------
    MachineError
        An axis does not ascend, a value is missing or not finite (with its pitch and tip-speed ratio), a shape or a
        unit cannot be right.
    """

    pitch: Floats
    tip_speed_ratio: Floats
    cp_table: Floats
    ct_table: Floats
    interpolation: Literal["bicubic", "bilinear"] = "bicubic"
    source: str = ""
    arrays: SurfaceArrays = field(init=False, repr=False)

    def __post_init__(self) -> None:
        where = f"rotor surface{f' ({self.source})' if self.source else ''}"
        if self.interpolation not in _LEAST:
            raise MachineError(f'{where}: interpolation is "bicubic" or "bilinear", found {self.interpolation!r}')
        least = _LEAST[self.interpolation]
        pitch = _axis(where, "pitch", self.pitch, least, self.interpolation)
        tsr = _axis(where, "tip-speed ratio", self.tip_speed_ratio, least, self.interpolation)
        if np.abs(pitch).max() > np.pi:
            raise MachineError(
                f"{where}: pitch reaches {np.abs(pitch).max():g} rad, expected -pi to pi; were degrees given?"
            )
        if tsr[0] <= 0.0:
            raise MachineError(
                f"{where}: the lowest tip-speed ratio is {tsr[0]:g}, expected above 0: leave that column out, "
                "standstill is extrapolated"
            )
        cp = _table(where, "cp", self.cp_table, pitch, tsr)
        ct = _table(where, "ct", self.ct_table, pitch, tsr)
        if cp.max() > BETZ:
            i, j = np.unravel_index(int(cp.argmax()), cp.shape)
            raise MachineError(
                f"{where}: cp is {cp.max():g} at {_place(pitch[i], tsr[j])}, expected at most 16/27 = {BETZ:.4f}; was "
                "percent given?"
            )
        for name, value in (("pitch", pitch), ("tip_speed_ratio", tsr), ("cp_table", cp), ("ct_table", ct)):
            value.setflags(write=False)
            object.__setattr__(self, name, value)
        cells = cubic_cells if self.interpolation == "bicubic" else linear_cells
        arrays = SurfaceArrays(
            pitch=pitch,
            tip_speed_ratio=tsr,
            cp=cells(pitch, tsr, cp),
            ct=cells(pitch, tsr, ct),
            plate=plate_fit(float(pitch[0]), float(tsr[0]), float(cp[0, 0] / tsr[0]), float(ct[0, 0])),
            widths=np.array([BELOW, max(FEATHER - pitch[-1], BELOW)]),
        )
        object.__setattr__(self, "arrays", arrays)

    def cp(self, pitch: npt.ArrayLike, tip_speed_ratio: npt.ArrayLike) -> Floats:
        """Return the power coefficient [-] at pitch [rad] and tip-speed ratio [-], which broadcast."""
        return self.at(pitch, tip_speed_ratio).cp

    def ct(self, pitch: npt.ArrayLike, tip_speed_ratio: npt.ArrayLike) -> Floats:
        """Return the thrust coefficient [-] at pitch [rad] and tip-speed ratio [-], which broadcast."""
        return self.at(pitch, tip_speed_ratio).ct

    def cq(self, pitch: npt.ArrayLike, tip_speed_ratio: npt.ArrayLike) -> Floats:
        """Return the torque coefficient [-] at pitch [rad] and tip-speed ratio [-], which broadcast."""
        return self.at(pitch, tip_speed_ratio).cq

    def at(self, pitch: npt.ArrayLike, tip_speed_ratio: npt.ArrayLike) -> SurfacePoint:
        """Return all coefficients and their derivatives.

        Parameters
        ----------
        pitch : float or array
            Pitch angle [rad].
        tip_speed_ratio : float or array
            Tip speed over wind speed [-]; broadcast with `pitch`.

        Returns
        -------
        SurfacePoint
            Arrays of the broadcast shape.
        """
        beta, tsr = np.broadcast_arrays(np.asarray(pitch, np.float64), np.asarray(tip_speed_ratio, np.float64))
        c = rotor_coefficients(self.arrays, beta, tsr)
        return SurfacePoint(
            cp=np.asarray(tsr * c.cq),
            ct=np.asarray(c.ct),
            cq=np.asarray(c.cq),
            cp_pitch=np.asarray(tsr * c.cq_pitch),
            ct_pitch=np.asarray(c.ct_pitch),
            cq_pitch=np.asarray(c.cq_pitch),
            cp_tsr=np.asarray(c.cq + tsr * c.cq_tsr),
            ct_tsr=np.asarray(c.ct_tsr),
            cq_tsr=np.asarray(c.cq_tsr),
        )

    def optimum(self, pitch_range: tuple[float, float] | None = None) -> Optimum:
        """Return the highest power coefficient inside the table.

        Parameters
        ----------
        pitch_range : tuple of float, optional
            Lowest and highest pitch to look at [rad]; both equal: the optimum at that pitch. By default the table's.

        Returns
        -------
        Optimum
            Found on the interpolated surface by repeated refinement, to 1e-9 rad and 1e-8 in tip-speed ratio or to
            what rounding leaves of a flat top.

        Raises
        ------
        MachineError
            The range misses the table.
        """
        low, high = (self.pitch[0], self.pitch[-1]) if pitch_range is None else pitch_range
        first, last = max(low, self.pitch[0]), min(high, self.pitch[-1])
        if first > last:
            raise MachineError(
                f"optimum: pitch range {np.degrees(low):g} to {np.degrees(high):g} deg misses the surface's "
                f"{np.degrees(self.pitch[0]):g} to {np.degrees(self.pitch[-1]):g} deg"
            )
        inside = self.pitch[(self.pitch > first) & (self.pitch < last)]
        p_axis, t_axis = np.unique(np.concatenate([[first], inside, [last]])), self.tip_speed_ratio
        for _ in range(14):
            cp = self.cp(p_axis[:, None], t_axis[None, :])
            i, j = np.unravel_index(int(cp.argmax()), cp.shape)
            best = float(p_axis[i]), float(t_axis[j])
            p_axis = _closer(p_axis, int(i))
            t_axis = _closer(t_axis, int(j))
        point = self.at(*best)
        return Optimum(cp=float(point.cp), ct=float(point.ct), pitch=best[0], tip_speed_ratio=best[1])


def _closer(axis: Floats, best: int) -> Floats:
    """Return a finer axis between the neighbours of one point, that point included."""
    if axis.size == 1:
        return axis
    low, middle, high = axis[max(best - 1, 0)], axis[best], axis[min(best + 1, axis.size - 1)]
    return np.unique(np.concatenate([np.linspace(low, middle, 5), np.linspace(middle, high, 5)]))


def _place(pitch: float, tsr: float) -> str:
    return f"pitch {np.degrees(pitch):.4g} deg, tip-speed ratio {tsr:.4g}"


def _axis(where: str, name: str, values: npt.ArrayLike, least: int, interpolation: str) -> Floats:
    axis = np.array(values, np.float64)
    if axis.ndim != 1 or axis.size < least:
        raise MachineError(f"{where}: {interpolation} needs {least} values of {name} or more, found shape {axis.shape}")
    bad = np.flatnonzero(~np.isfinite(axis))
    if bad.size:
        raise MachineError(f"{where}: {name} number {bad[0] + 1} is {axis[bad[0]]}, expected a finite number")
    falls = np.flatnonzero(np.diff(axis) <= 0.0)
    if falls.size:
        k = int(falls[0])
        shown = [f"{np.degrees(v):g} deg" if name == "pitch" else f"{v:g}" for v in (axis[k], axis[k + 1])]
        raise MachineError(f"{where}: {name} must ascend, found {shown[1]} after {shown[0]} (number {k + 2})")
    return axis


def _table(where: str, name: str, values: npt.ArrayLike, pitch: Floats, tsr: Floats) -> Floats:
    table = np.array(values, np.float64)
    if table.shape != (pitch.size, tsr.size):
        turned = "; is it transposed?" if table.shape == (tsr.size, pitch.size) else ""
        raise MachineError(
            f"{where}: {name} has shape {table.shape}, expected ({pitch.size}, {tsr.size}): pitch by tip-speed "
            f"ratio{turned}"
        )
    holes = np.argwhere(~np.isfinite(table))
    if len(holes):
        i, j = holes[0]
        more = f" ({len(holes)} holes in all)" if len(holes) > 1 else ""
        raise MachineError(
            f"{where}: {name} has a hole at {_place(pitch[i], tsr[j])}{more}, found {table[i, j]}, expected a finite "
            "number: fill it or leave that row or column out"
        )
    return table
