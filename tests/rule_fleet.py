"""A small synthetic fleet for the quality rules: healthy records from a seed, and troubles whose records are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

from fleet.config import QualitySettings
from fleet.expected import ExpectedCurve, expected_curve, power_histogram, robust_bins
from fleet.flags import Flag
from fleet.rules import NORMAL, RuleContext, frozen_signal_bits, rule_bits, rule_context, rule_sums
from fleet.schema import SIGNALS

RATED_KW = 2000.0
PERIOD_US = 600_000_000
START_US = 1_577_836_800_000_000  # 2020-01-01
FIRST_MONTH = 600  # January 2020
NAMES = ("T1", "T2", "T3", "T4", "T5")

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


def possible_kw(wind: Floats) -> Floats:
    """Return the true curve: cubic from 3 m/s to rated power at 12 m/s."""
    return RATED_KW * np.clip((wind**3 - 27.0) / (12.0**3 - 27.0), 0.0, 1.0)


@dataclass
class Series:
    """One turbine's signals, by the names of the schema, with the records of each trouble."""

    signals: dict[str, Floats]
    times: npt.NDArray[np.int64]
    months: npt.NDArray[np.int64]
    true_wind: Floats
    truth: dict[Flag, Mask] = field(default_factory=dict)  #: records that a rule must find
    touched: dict[Flag, Mask] = field(default_factory=dict)  #: and all that the trouble changed, which it may find

    @property
    def flags(self) -> npt.NDArray[np.uint32]:
        """The basic flags that the rules rest on: missing power or wind, nothing else."""
        missing = np.isnan(self.signals["power_kw"]) * np.uint32(Flag.NO_POWER)
        return np.asarray(missing | np.isnan(self.signals["wind_speed"]) * np.uint32(Flag.NO_WIND), np.uint32)


def _coloured(rng: np.random.Generator, n: int, memory: float) -> Floats:
    """Return noise of variance one that remembers itself for some records."""
    a = np.exp(-1.0 / memory)
    return np.asarray(lfilter([np.sqrt(1 - a * a)], [1.0, -a], rng.normal(size=n + 1000))[1000:], np.float64)


def healthy(days: int = 360, seed: int = 1, names: tuple[str, ...] = NAMES) -> dict[str, Series]:
    """Return healthy turbines in a common wind with stops, starts, gusts, frost and turbulence."""
    rng = np.random.default_rng(seed)
    n = days * 144
    times = START_US + PERIOD_US * np.arange(n, dtype=np.int64)
    months = (times // 1_000_000).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    common = 8.0 + 3.0 * _coloured(rng, n, 100.0)
    turning = 250.0 + 60.0 * _coloured(rng, n, 200.0)
    season = np.cos(2.0 * np.pi * np.arange(n) / (365 * 144))
    air = 8.0 - 9.0 * season + 4.0 * _coloured(rng, n, 150.0)
    fleet = {}
    for name in names:
        wind = np.abs(common + 0.4 * _coloured(rng, n, 20.0) + 0.4 * rng.normal(size=n)) + 0.2
        vane = 5.0 * rng.normal(size=n)
        density = 1.0 - (air - 8.0) / 281.0
        power = possible_kw(wind * density ** (1 / 3) * (1.0 + 0.02 * rng.normal(size=n))) + 8.0 * rng.normal(size=n)
        power = np.minimum(power, RATED_KW * (1.0 + 0.003 * rng.normal(size=n)))
        share = np.clip(power / RATED_KW, 0.0, 1.0)
        pitch = -1.0 + np.maximum(0.0, 2.2 * (wind - 11.5)) + 0.1 * rng.normal(size=n)
        rotor = 17.0 * np.clip(np.cbrt(np.maximum(share, 0.03) / 0.6), 0.0, 1.0) * (1.0 + 0.01 * rng.normal(size=n))
        for at in rng.integers(10, n - 60, days // 6):  # stops, with the records in which they begin and end
            length = int(rng.integers(1, 40))
            power[at : at + length], rotor[at : at + length], pitch[at : at + length] = -5.0, 0.1, 88.0
            for edge in (at - 1, at + length):
                part = rng.random()
                power[edge] *= part
                pitch[edge] = part * pitch[edge] + (1.0 - part) * 88.0
                rotor[edge] *= part
        for at in rng.integers(10, n - 10, days // 12):  # real gusts of ten minutes
            wind[at] += 5.5
            power[at] = min(float(possible_kw(wind[at : at + 1])[0]), RATED_KW * 1.002)
            pitch[at] = max(pitch[at], 2.2 * (wind[at] - 11.5) - 1.0)
            rotor[at] = 17.0
        idle = wind < 3.2
        power[idle], rotor[idle] = -5.0 - rng.random(int(idle.sum())), 0.5
        signals = {column.name: np.full(n, np.nan) for column in SIGNALS}
        signals |= {
            "power_kw": np.round(power, 2),
            "wind_speed": np.round(wind, 2),
            "vane_deg": np.round(vane, 2),
            "wind_direction_deg": np.round((turning + 4.0 * rng.normal(size=n)) % 360.0, 2) % 360.0,
            "ambient_temperature_degc": np.round(air + 0.2 * rng.normal(size=n), 2),
            "pitch_angle_deg": np.round(pitch, 2),
            "rotor_speed_rpm": np.round(rotor, 3),
        }
        fleet[name] = Series(signals, times, months, wind)
    return fleet


def judge(series: Series, settings: QualitySettings | None = None) -> npt.NDArray[np.uint32]:
    """Return all flags of the rules for one turbine, as the two passes set them."""
    settings = settings or QualitySettings()
    flags = series.flags
    flags |= frozen_bits_of(series, settings)
    context, _ = learn(series, flags, settings)
    bits = rule_bits(
        series.signals, series.times, flags, context, settings, rated_power_kw=RATED_KW, period_us=PERIOD_US
    )
    return np.asarray(flags | bits, np.uint32)


def frozen_bits_of(series: Series, settings: QualitySettings) -> npt.NDArray[np.uint32]:
    """Return the flags of frozen signals of one turbine."""
    return frozen_signal_bits(
        series.signals, series.times, series.flags, settings, rated_power_kw=RATED_KW, period_us=PERIOD_US
    )


def learn(
    series: Series, flags: npt.NDArray[np.uint32], settings: QualitySettings
) -> tuple[RuleContext, ExpectedCurve]:
    """Return what the first pass knows of a turbine, and its expected curve."""
    good = (flags & np.uint32(NORMAL)) == 0
    histogram = power_histogram(series.signals["wind_speed"], series.signals["power_kw"], good, rated_power_kw=RATED_KW)
    curve = expected_curve(robust_bins(histogram, rated_power_kw=RATED_KW), rated_power_kw=RATED_KW)
    sums = rule_sums(series.signals, flags, rated_power_kw=RATED_KW)
    return rule_context(sums, curve, histogram, settings, rated_power_kw=RATED_KW), curve


def scores(series: Series, flags: npt.NDArray[np.uint32], flag: Flag) -> tuple[float, float]:
    """Return the recall of the records that must be found, and the precision by those that may."""
    found = (flags & np.uint32(flag)) > 0
    truth, touched = series.truth[flag], series.touched[flag]
    return float(found[truth].mean()), float(touched[found].mean())


def _episodes(rng: np.random.Generator, n: int, number: int, shortest: int, longest: int) -> list[slice]:
    """Return periods that do not touch."""
    room = n // number
    starts = np.arange(number) * room + rng.integers(2, max(room - longest - 4, 3), number)
    return [slice(int(s), int(s) + int(rng.integers(shortest, longest + 1))) for s in starts]


def with_spikes(series: Series, seed: int = 2) -> None:
    """Put single wrong readings into wind and power: up by far more than nature, or power far below a standstill's."""
    rng = np.random.default_rng(seed)
    wind, power = series.signals["wind_speed"], series.signals["power_kw"]
    truth, touched = np.zeros(wind.size, bool), np.zeros(wind.size, bool)
    for number, span in enumerate(_episodes(rng, wind.size, 120, 1, 1)):
        at = span.start
        touched[at] = True
        calm = max(wind[at - 1], wind[at + 1])
        if number % 3 == 0:
            wind[at] = calm * 1.7 + 5.5 + 6.0 * rng.random()
        elif number % 3 == 1:
            power[at] = possible_kw(np.array([calm + 1.0]))[0] + RATED_KW * (0.35 + 0.3 * rng.random())
        else:
            power[at] = -RATED_KW * (0.09 - 0.02 * rng.random())
            if min(power[at - 1], power[at + 1]) < 0.3 * RATED_KW:
                continue  # too small a jump to tell
        truth[at] = True
    series.truth[Flag.RATE], series.touched[Flag.RATE] = truth, touched


def with_curtailment(series: Series, seed: int = 3) -> None:
    """Give the turbine a set-point that holds it in a hundred periods, down to zero in some."""
    rng = np.random.default_rng(seed)
    power, n = series.signals["power_kw"], series.times.size
    setpoint, truth, touched = np.full(n, RATED_KW), np.zeros(n, bool), np.zeros(n, bool)
    for number, span in enumerate(_episodes(rng, n, 100, 6, 60)):
        level = 0.0 if number % 5 == 0 else RATED_KW * (0.2 + 0.5 * rng.random())
        setpoint[span] = level
        binds = power[span] > level
        power[span][binds] = level + (4.0 * rng.normal(size=int(binds.sum())) if level else -5.0)
        touched[span] = binds
        truth[span] = binds & (possible_kw(series.true_wind[span]) > level + 0.1 * RATED_KW)
    series.signals["power_setpoint_kw"] = setpoint
    series.truth[Flag.CURTAILED], series.touched[Flag.CURTAILED] = truth, touched


def with_derating(series: Series, seed: int = 4) -> None:
    """Hold power on a level in sixty periods without telling anybody; pitch throws away what is too much."""
    rng = np.random.default_rng(seed)
    power, pitch = series.signals["power_kw"], series.signals["pitch_angle_deg"]
    truth, touched = np.zeros(power.size, bool), np.zeros(power.size, bool)
    for span in _episodes(rng, power.size, 60, 12, 144):
        level = RATED_KW * (0.3 + 0.4 * rng.random())
        binds = power[span] > level
        pitch[span][binds] += 1.0 + 6.0 * (power[span][binds] - level) / RATED_KW
        power[span][binds] = level + 4.0 * rng.normal(size=int(binds.sum()))
        touched[span] = binds
        truth[span] = binds & (possible_kw(series.true_wind[span]) > level + 0.15 * RATED_KW)
    series.truth[Flag.DERATED], series.touched[Flag.DERATED] = truth, touched


def with_ice(series: Series, seed: int = 5) -> None:
    """Let ice grow in periods of frost: losses of a quarter to a half, some of which end in a standstill."""
    rng = np.random.default_rng(seed)
    power, air = series.signals["power_kw"], series.signals["ambient_temperature_degc"]
    rotor, pitch = series.signals["rotor_speed_rpm"], series.signals["pitch_angle_deg"]
    truth = np.zeros(power.size, bool)
    frost = np.flatnonzero(air < -2.0)
    for number, at in enumerate(rng.choice(frost[frost < power.size - 200], 40, replace=False)):
        span = slice(int(at), int(at) + int(rng.integers(12, 60)))
        power[span] = np.where(power[span] > 0, power[span] * (0.5 + 0.25 * rng.random()), power[span])
        rotor[span] *= 0.95
        end = span.stop
        if number % 4 == 0:
            end = span.stop + int(rng.integers(6, 30))
            power[span.stop : end], rotor[span.stop : end], pitch[span.stop : end] = -5.0, 0.1, 88.0
        truth[span.start : end] = True
    worth = possible_kw(series.true_wind) > 0.15 * RATED_KW
    series.truth[Flag.ICING], series.touched[Flag.ICING] = truth & worth & (air < -0.5), truth


def with_wrong_points(series: Series, seed: int = 6) -> None:
    """Give the pitch angle and the rotor speed values that no operating point has, some records long."""
    rng = np.random.default_rng(seed)
    power, pitch = series.signals["power_kw"], series.signals["pitch_angle_deg"]
    rotor = series.signals["rotor_speed_rpm"]
    runs = (power > 0.1 * RATED_KW) & (power < 0.9 * RATED_KW)
    for flag, values in ((Flag.PITCH_POWER, pitch), (Flag.ROTOR_POWER, rotor)):
        truth, touched = np.zeros(power.size, bool), np.zeros(power.size, bool)
        for span in _episodes(rng, power.size, 80, 1, 12):
            truth[span], touched[span] = runs[span], True
            if flag is Flag.PITCH_POWER:
                values[span] += 4.0 + 8.0 * rng.random()
            else:
                values[span] *= 0.6 + 0.2 * rng.random()
        series.truth[flag], series.touched[flag] = truth, touched


@cache
def troubled() -> dict[str, Series]:
    """Return the fleet with one kind of trouble per turbine."""
    fleet = healthy()
    troubles = (with_spikes, with_curtailment, with_derating, with_ice, with_wrong_points)
    for trouble, name in zip(troubles, NAMES, strict=True):
        trouble(fleet[name])
    return fleet
