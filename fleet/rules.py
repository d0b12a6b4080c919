"""The rules that need more than a record's own range, in the order in which they use each other's flags.

Between the passes `rule_context` derives what a turbine's rules need from merged sums; in the second pass `rule_bits`
sets the flags of one partition. Signals are plain arrays in time order, by the names of `fleet.schema`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from fleet.config import QualitySettings
from fleet.expected import ExpectedCurve
from fleet.expected_grid import ExpectedGrid, expected_grid
from fleet.flags import USES, Flag
from fleet.fleet_series import TEMPERATURE_QUANTUM
from fleet.held_power import curtailed_bits, derated_bits
from fleet.icing import icing_bits, icing_classes
from fleet.operating_point import PITCH_CELLS, ROTOR_CELLS, PointBins, point_bins, point_bits, point_histogram
from fleet.runs import frozen_bits, stuck_bits
from fleet.spikes import rate_bits

__all__ = ["NORMAL", "RuleContext", "RuleSums", "frozen_signal_bits", "rule_bits", "rule_context", "rule_sums"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bits = npt.NDArray[np.uint32]

#: Flags that keep a record out of what rules learn from in the first pass, and of comparisons with other turbines.
NORMAL = USES["availability"] | Flag.FROZEN
_AT_REST, _AT_RATED = 0.0, 0.97  # power repeats itself in order up to here and from here on [fraction of rated power]
#: Lowest power of a window and its change, within which a standing rotor speed is no order [fraction of rated power]
_ROTOR_MOVES, _ROTOR_CHANGE = (0.02, 0.3), 0.2
_PITCH_MOVES = (0.95, np.inf)  # lowest power of a window in which pitch cannot stand still
#: Signals that may stand still for long in good order are not checked.
_OTHERS = ("wind_direction_deg", "vane_deg", "ambient_temperature_degc")


@dataclass(frozen=True)
class RuleSums:
    """What the first pass learns of one turbine."""

    pitch: Ints
    rotor: Ints
    temperature: Ints  #: running records with a temperature, and its sum [0.01 K]


@dataclass(frozen=True)
class RuleContext:
    """What a turbine's rules know of it in the second pass."""

    curve: ExpectedGrid
    pitch: PointBins
    rotor: PointBins


def rule_sums(signals: Mapping[str, Floats], flags: Bits, *, rated_power_kw: float) -> RuleSums:
    """Return the sums of one partition's own records (no halo) after the basic flags."""
    power, temperature = signals["power_kw"], signals["ambient_temperature_degc"]
    warm = ((flags & np.uint32(NORMAL)) == 0) & (power > 0.0) & np.isfinite(temperature)
    quanta = np.rint(temperature[warm] / TEMPERATURE_QUANTUM).astype(np.int64)
    return RuleSums(
        point_histogram(power, signals["pitch_angle_deg"], flags, NORMAL, PITCH_CELLS, rated_power_kw=rated_power_kw),
        point_histogram(power, signals["rotor_speed_rpm"], flags, NORMAL, ROTOR_CELLS, rated_power_kw=rated_power_kw),
        np.array([quanta.size, quanta.sum()], np.int64),
    )


def rule_context(
    sums: RuleSums,
    curve: ExpectedCurve | None,
    histogram: Ints,
    settings: QualitySettings,
    *,
    rated_power_kw: float,
    cut_in: float = 4.0,
) -> RuleContext:
    """Return a turbine's context from its merged sums, expected curve and power histogram.

    Without a curve (too few records for one) no rule judges power by the wind.
    """
    n, total = (int(value) for value in sums.temperature)
    reference = expected_grid(
        curve,
        histogram,
        rated_power_kw=rated_power_kw,
        quantile=settings.icing_quantile,
        cut_in=cut_in,
        temperature_degc=total * TEMPERATURE_QUANTUM / n if n else float("nan"),
    )
    return RuleContext(reference, point_bins(sums.pitch, PITCH_CELLS), point_bins(sums.rotor, ROTOR_CELLS))


def frozen_signal_bits(
    signals: Mapping[str, Floats],
    times: Ints,
    flags: Bits,
    settings: QualitySettings,
    *,
    rated_power_kw: float,
    period_us: int,
) -> Bits:
    """Return `Flag.FROZEN` and `Flag.OTHER_FROZEN` of all signals; needs the read and clock flags only.

    Power is judged between rest and 97 % of rated power, wind above zero. Rotor speed stands still in order at rest and
    at rated speed, pitch below rated power: see `fleet.runs.stuck_bits`.
    """
    power = signals["power_kw"]
    moving = (_AT_REST, _AT_RATED * rated_power_kw)
    judged = {"power_kw": moving, "wind_speed": (0.0, np.inf)} | dict.fromkeys(_OTHERS, (-np.inf, np.inf))
    bits = np.zeros(times.size, np.uint32)
    for name, between in judged.items():
        bits |= frozen_bits(
            signals[name],
            times,
            flags,
            records=settings.frozen_records,
            period_us=period_us,
            flag=Flag.OTHER_FROZEN if name in _OTHERS else Flag.FROZEN,
            between=between,
        )
    for name, moves, change in (
        ("rotor_speed_rpm", _ROTOR_MOVES, _ROTOR_CHANGE),
        ("pitch_angle_deg", _PITCH_MOVES, 0.0),
    ):
        bits |= stuck_bits(
            signals[name],
            power,
            times,
            flags,
            lowest_power=(moves[0] * rated_power_kw, moves[1] * rated_power_kw),
            power_change=change * rated_power_kw,
            flag=Flag.OTHER_FROZEN,
            records=settings.frozen_records,
            period_us=period_us,
        )
    return bits


def rule_bits(
    signals: Mapping[str, Floats],
    times: Ints,
    flags: Bits,
    context: RuleContext,
    settings: QualitySettings,
    *,
    rated_power_kw: float,
    period_us: int,
) -> Bits:
    """Return the flags of the second pass's rules for one partition, halo included.

    Parameters
    ----------
    signals : mapping of name to array, shape (n,)
        `schema.SIGNALS` without impossible values, in time order.
    times : array of int64, shape (n,)
        Begin of each record [us since 1970 UTC].
    flags : array of uint32, shape (n,)
        The basic flags.
    context : RuleContext
        Of the turbine.
    settings : QualitySettings
        Thresholds; `halo_records` neighbours on either side make the borders of partitions invisible.
    rated_power_kw : float
        Rated power [kW].
    period_us : int
        Averaging period [us].
    """
    wind, power, pitch = signals["wind_speed"], signals["power_kw"], signals["pitch_angle_deg"]
    curve, rated, bits = context.curve, rated_power_kw, np.zeros(times.size, np.uint32)
    if settings.curtailed:
        bits |= curtailed_bits(wind, power, signals["power_setpoint_kw"], flags, curve, settings, rated_power_kw=rated)
    if settings.derated:
        bits |= derated_bits(
            wind,
            power,
            pitch,
            times,
            flags | bits,
            curve,
            context.pitch,
            settings,
            rated_power_kw=rated,
            period_us=period_us,
        )
    if settings.icing:
        temperature = signals["ambient_temperature_degc"]
        classes = icing_classes(
            wind, power, temperature, times, flags | bits, curve, settings, rated_power_kw=rated, period_us=period_us
        )
        bits |= icing_bits(classes)
    if settings.rate:
        bits |= rate_bits(wind, power, times, flags, curve, settings, rated_power_kw=rated, period_us=period_us)
    if settings.pitch_power:
        bits |= point_bits(
            power,
            pitch,
            flags,
            USES["energy"],
            context.pitch,
            Flag.PITCH_POWER,
            rated_power_kw=rated,
            spread=settings.pitch_power_spread,
            floor=settings.pitch_power_floor,
            relative=False,
        )
    if settings.rotor_power:
        bits |= point_bits(
            power,
            signals["rotor_speed_rpm"],
            flags,
            USES["energy"],
            context.rotor,
            Flag.ROTOR_POWER,
            rated_power_kw=rated,
            spread=settings.rotor_power_spread,
            floor=settings.rotor_power_floor,
            relative=True,
        )
    return bits
