"""Static yaw misalignment: the vane angle at which a turbine makes most power below rated.

Power falls off with the yaw error as cos^x about the angle at which the rotor faces the wind; where the maximum does
not lie at vane zero, the vane, or the offset that the controller takes from it, is off by that angle (Fleming et al.
2014, "Field-test results using a nacelle-mounted lidar for improving wind turbine power capture by reducing yaw
misalignment", J. Phys.: Conf. Ser. 524, 012002, for the loss; the exponent is fitted here). It is a hint: see `LIMITS`.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.expected_grid import ExpectedGrid, on_grid
from fleet.flags import Flag
from fleet.rule_settings import RuleSettings
from turbine.compiled import kernel

__all__ = ["LIMITS", "VANE_BINS", "misalignment", "vane_sums"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]

LIMITS = (
    "the vane stands behind the rotor, whose swirl turns it with load, and the nacelle's wind speed, by which power is "
    "normalised, changes with the yaw error as well: confirm with a lidar or a met mast before anything is adjusted"
)
_VANE_REACH = 15  # widest vane angle [deg]; bins of one degree are centred on whole degrees
_VANES = 2 * _VANE_REACH + 1
_WIND_LOW, _WINDS = 3, 12  # bins of 1 m/s from 3 m/s
VANE_BINS = (_WINDS, _VANES)  #: of wind speed and vane angle
_SHARES = (0.1, 0.8)  # expected power between which the rotor takes all it can [fraction of rated power]
_RATIOS = (0.3, 1.7)  # of power to the expected one; what lies beyond did not run normally
_RATIO_QUANTUM = 1e-4
_LEAST_IN_BIN = 30
_LEAST_RECORDS = 2000  # about two weeks below rated power
_LEAST_MONTHS = 3  # of which the uncertainty is made
_EXPONENTS = (0.5, 10.0)  # of a fit that means a yaw error; measured ones lie between 1 and 5
_ROUNDS = 30


def vane_sums(
    wind: Floats,
    power: Floats,
    vane: Floats,
    months: Ints,
    flags: Bits,
    bad: Flag,
    curve: ExpectedGrid,
    *,
    rated_power_kw: float,
    first_month: int,
    number: int,
) -> Ints:
    """Return records and normalised power per month, bin of wind speed and bin of the vane angle.

    Parameters
    ----------
    wind, power, vane : array, shape (n,)
        Wind speed [m/s], power [kW] and vane angle relative to the nacelle [deg].
    months : array of int64, shape (n,)
        Month keys.
    flags : array of uint32, shape (n,)
        Flags of each record ...
    bad : Flag
        ... any of which keeps a record out, such as `USES["power_curve"]`.
    curve : ExpectedGrid
        The turbine's own, by which power is normalised.
    rated_power_kw : float
        Rated power [kW].
    first_month, number : int
        First month key and how many months the table holds.

    Returns
    -------
    array of int64, shape (number, wind bins, vane bins, 2)
        Records and sum of power over expected power [1e-4]; partitions merge by addition.
    """
    sums = np.zeros((number, _WINDS, _VANES, 2), np.int64)
    _count(
        sums,
        wind,
        power,
        vane,
        months,
        first_month,
        flags,
        np.uint32(bad),
        curve.expected_kw,
        curve.step,
        rated_power_kw,
    )
    return sums


@kernel
def _count(
    sums: Ints,
    wind: Floats,
    power: Floats,
    vane: Floats,
    months: Ints,
    first_month: int,
    flags: Bits,
    bad: np.uint32,
    table: Floats,
    step: float,
    rated: float,
) -> None:
    for i in range(wind.size):
        # A missing vane compares false.
        if flags[i] & bad or not abs(vane[i]) < _VANE_REACH + 0.5:
            continue
        expected = on_grid(table, step, wind[i])
        if not (_SHARES[0] * rated <= expected <= _SHARES[1] * rated):
            continue
        ratio = power[i] / expected
        speed = int(wind[i]) - _WIND_LOW
        month = months[i] - first_month
        if _RATIOS[0] < ratio < _RATIOS[1] and 0 <= speed < _WINDS and 0 <= month < sums.shape[0]:
            cell = sums[month, speed, int(np.floor(vane[i] + 0.5)) + _VANE_REACH]
            cell[0] += 1
            cell[1] += int(np.rint(ratio / _RATIO_QUANTUM))


def misalignment(sums: Mapping[str, Ints], settings: RuleSettings) -> pd.DataFrame:
    """Return the vane angle of most power per turbine with its standard uncertainty.

    A cos^x(vane - angle) is fitted to the normalised power per vane angle, weighted by records. Leaving out one month
    at a time (jackknife) gives the uncertainty, so weather that lasts is in it and no random number is.

    Parameters
    ----------
    sums : mapping of turbine to array of int64
        Merged results of `vane_sums`.
    settings : RuleSettings
        `yaw_misalignment_spread`.

    Returns
    -------
    DataFrame
        turbine, misalignment_deg (positive: most power at a positive vane angle), u_deg, exponent, records,
        significant, note. NaN where no fit means anything; the note says why.
    """
    rows = [(name, *_one(sums[name], settings.yaw_misalignment_spread)) for name in sorted(sums)]
    names = ["turbine", "misalignment_deg", "u_deg", "exponent", "records", "significant", "note"]
    return pd.DataFrame(rows, columns=names)


def _one(table: Ints, spread: float) -> tuple[float, float, float, int, bool, str]:
    records = int(table[..., 0].sum())
    if not records:
        why = f"no usable record below rated power has a vane angle within {_VANE_REACH} deg of zero"
        return np.nan, np.nan, np.nan, 0, False, why
    months = np.flatnonzero(table[..., 0].sum(axis=(1, 2)) > 0)
    if records < _LEAST_RECORDS or months.size < _LEAST_MONTHS:
        found = f"{records} records with a vane angle below rated power in {months.size} months"
        return np.nan, np.nan, np.nan, records, False, f"{found}: {_LEAST_RECORDS} and {_LEAST_MONTHS} are needed"
    whole = table.sum(axis=0)
    fits = _fit(np.concatenate([whole[None], whole - table[months]]))
    angle, exponent = fits[0]
    if not np.isfinite(fits).all() or not _EXPONENTS[0] < exponent < _EXPONENTS[1] or abs(angle) > _VANE_REACH:
        return np.nan, np.nan, np.nan, records, False, "power has no clear maximum over the vane angle"
    left = fits[1:, 0]
    u = float(np.sqrt((left.size - 1) / left.size * ((left - left.mean()) ** 2).sum()))
    significant = bool(abs(angle) > spread * u)
    return float(angle), u, float(exponent), records, significant, LIMITS if significant else "not significant"


def _fit(tables: Ints) -> Floats:
    """Return the angle [deg] and the exponent of each table's fit by Gauss-Newton; NaN where it does not settle."""
    counts, totals = tables[..., 0].astype(np.float64), tables[..., 1] * _RATIO_QUANTUM
    in_wind, power_in_wind = counts.sum(axis=2, keepdims=True), totals.sum(axis=2, keepdims=True)
    # Per wind bin the mean is one, so that vane angles which go with some wind speed do not bend the curve.
    mean = np.divide(power_in_wind, in_wind, out=np.ones_like(in_wind), where=in_wind > 0)
    weight = counts.sum(axis=1)
    level = np.divide((totals / mean).sum(axis=1), weight, out=np.zeros_like(weight), where=weight > 0)
    weight = np.where(weight >= _LEAST_IN_BIN, weight, 0.0)
    vane = np.radians(np.arange(_VANES) - _VANE_REACH)
    solution = np.tile([1.0, 2.0, 0.0], (tables.shape[0], 1))  # height, exponent, angle
    for _ in range(_ROUNDS):
        height, exponent, angle = solution.T[:, :, None]
        shape = np.cos(np.clip(vane - angle, -1.0, 1.0))
        model = height * shape**exponent
        slopes = np.stack([model / height, model * np.log(shape), model * exponent * np.tan(vane - angle)], axis=-1)
        normal = np.einsum("rb,rbi,rbj->rij", weight, slopes, slopes)
        right = np.einsum("rb,rbi,rb->ri", weight, slopes, level - model)
        try:
            move = np.linalg.solve(normal, right[..., None])[..., 0]
        except np.linalg.LinAlgError:
            return np.full((tables.shape[0], 2), np.nan)
        solution = solution + np.clip(move, [-0.5, -2.0, -0.1], [0.5, 2.0, 0.1])
        solution = np.clip(solution, [0.1, 0.05, -0.5], [10.0, 50.0, 0.5])
        settled = np.all(np.abs(move) < 1e-6, axis=1, keepdims=True)
        if settled.all():
            break
    return np.where(settled, np.stack([np.degrees(solution[:, 2]), solution[:, 1]], axis=1), np.nan)
