"""Figures that cannot be, or hardly can: what they say about units, rated power and columns.

A wrong unit or rated power gives results that look finished. What physics or experience rules out is named here, so
that nobody takes such figures for a turbine's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fleet.flags import FLAG_TITLES, Flag
from fleet.results import Finding, FleetResults
from fleet.schema import FLEET
from fleet.wording import listed, span

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plausibility"]

BETZ = 16.0 / 27.0  #: no rotor in free flow takes more out of the wind [1]
GOOD_CP = 0.50  #: about the best that modern machines reach, losses of gearbox and generator included [1]
MANY_REJECTED = 0.20  #: of a turbine's rows for one reason: no sensor fails that often, a wrong setting does [1]
LONG_H = 30 * 24.0  #: from here on a capacity factor is more than one weather situation [h]
LOW_CAPACITY_FACTOR = 0.005  #: a running turbine makes more in any month; 1000 kW read as 1 kW gives a thousandth [1]
HIGH_CAPACITY_FACTOR = 0.80  #: the best sites reach some 0.6 to 0.7 in their windiest months [1]
HIGH_PEAK = 1.15  #: of rated power: controllers hold ten-minute means within a few per cent of it [1]
LOW_PEAK = 0.5  #: of rated power, in strong wind: a derated fleet runs higher [1]
STRONG_WIND = 12.0  #: turbines pass half of rated power by some 9 m/s, behind a disturbed anemometer as well [m/s]
SOME_TIME_H = 1.0  #: what lasts less is a spike of the export, no property of the turbine [h]
LEAST_CP_POWER = 0.05  #: of rated power: below it an offset of the power measurement alone makes any coefficient [1]
LOW_CP = 0.15  #: at the best point; running turbines reach twice that, km/h taken for m/s gives 1/47 of it [1]
CP_POWER = (0.1, 0.9)  #: of rated power: the rising part of the curve, in which that point lies
CP_BINS = 3  #: fewer bins are no curve
RUNNING_WIND = 6.0  #: above it a running turbine makes several per cent of rated power [m/s]
TINY_POWER = 0.01  #: of rated power, and positive: nothing that runs or stands shows it, MW taken for kW does [1]
TINY_CAPACITY_FACTOR = 0.05  #: a wind speed taken for power, some ten of two thousand, stays far below it [1]
AVAILABILITY_SLACK = 0.01  #: negative losses are not clipped: scatter of the potential may pass 1 by this much [1]

#: Reasons of rejection that come from a comparison with rated power, the range of wind speeds or the curve.
_DOUBTFUL = (Flag.POWER_RANGE, Flag.WIND_RANGE, Flag.INCONSISTENT)
_OTHERS_ROWS = tuple(str(flag.name).lower() for flag in (Flag.UNLISTED, Flag.NOT_SELECTED))

_alarm = partial(Finding, severity="alarm")
_warning = partial(Finding, severity="warning")
_note = partial(Finding, severity="note")


def plausibility(results: FleetResults) -> list[Finding]:
    """Return findings about figures that contradict physics or experience."""
    return [
        *_power_coefficient(results),
        *_low_power_coefficient(results),
        *_tiny_power(results),
        *_exchanged_columns(results),
        *_rejected(results),
        *_capacity_factor(results),
        *_peak_power(results),
        *_production_availability(results),
    ]


def _power_coefficient(results: FleetResults) -> list[Finding]:
    if results.curves is None:
        return []
    bins = results.curves.bins
    bins = bins[(bins["complete"] | bins["interpolated"]) & (bins["turbine"] != FLEET) & bins["cp"].notna()]
    bins = bins[_load(bins, results) >= LEAST_CP_POWER]
    # A bin of few records may pass a limit by chance: twice its standard deviation of the mean is granted.
    sure = bins["cp"] * (1.0 - 2.0 * bins["u_a_kw"].fillna(0.0) / bins["power_kw"])
    peak = bins.assign(sure=sure).groupby("turbine", sort=True)[["cp", "sure"]].max()
    found = []
    impossible = peak["sure"] > BETZ
    if impossible.any():
        text = (
            f"The power coefficient of {listed(peak.index[impossible])} reaches {span(peak['cp'][impossible], 3)}, "
            f"above the Betz limit of {BETZ:.3f}: the wind, the unit of power or the rotor diameter is wrong, or the "
            "nacelle anemometer reads low."
        )
        found.append(_alarm(text=text, section="power_curves"))
    high = (peak["sure"] > GOOD_CP) & ~impossible
    if high.any():
        text = (
            f"The power coefficient of {listed(peak.index[high])} reaches {span(peak['cp'][high], 3)}, above the "
            f"{GOOD_CP:.2f} or so of good machines: behind the rotor the nacelle anemometer reads low. Such curves "
            "compare turbines with each other, not with a guaranteed curve."
        )
        found.append(_note(text=text, section="power_curves"))
    return found


def _low_power_coefficient(results: FleetResults) -> list[Finding]:
    if results.curves is None:
        return []
    bins = results.curves.bins
    rising = bins["complete"] & bins["cp"].notna() & _load(bins, results).between(*CP_POWER)
    best = bins[rising].groupby("turbine", sort=True)["cp"].agg(["max", "size"])
    low = best.loc[(best["max"] < LOW_CP) & (best["size"] >= CP_BINS), "max"]
    if low.empty:
        return []
    text = (
        f"The power coefficient of {listed(low.index)} is {span(low, 3)} at its best, where turbines reach 0.3 to 0.5: "
        "the unit of wind speed (km/h, knots, mph) or the rotor diameter is wrong."
    )
    return [_alarm(text=text, section="power_curves")]


def _load(bins: pd.DataFrame, results: FleetResults) -> pd.Series[float]:
    """Return each bin's power as a share of its turbine's rated power; missing for the fleet's curve."""
    rated = bins["turbine"].map({turbine.name: turbine.rated_power_kw for turbine in results.farm.turbines})
    return bins["power_kw"] / rated.astype(float)


def _tiny_power(results: FleetResults) -> list[Finding]:
    if results.curves is None:
        return []
    bins = results.curves.bins
    windy = bins[bins["complete"] & (bins["wind_speed"] >= RUNNING_WIND)].groupby("turbine", sort=True)["power_kw"]
    found = []
    for turbine in results.farm.turbines:
        power = windy.get_group(turbine.name) if turbine.name in windy.groups else None
        if power is not None and power.max() < TINY_POWER * turbine.rated_power_kw and power.gt(0.0).sum() >= CP_BINS:
            found.append(turbine.name)
    if not found:
        return []
    text = (
        f"Power of {listed(found)} is positive and stays below {100 * TINY_POWER:g} % of rated power in all winds: the "
        "unit of power (MW?) or the rated power is wrong."
    )
    return [_alarm(text=text, section="power_curves")]


def _exchanged_columns(results: FleetResults) -> list[Finding]:
    if results.quality is None or results.energy is None:
        return []
    share = _shares(results).get(str(Flag.WIND_RANGE.name).lower())
    if share is None:
        return []
    factor = results.energy.totals.set_index("turbine")["capacity_factor"]
    odd = [str(name) for name in share.index[share > MANY_REJECTED] if factor.get(name, 1.0) < TINY_CAPACITY_FACTOR]
    if not odd:
        return []
    text = (
        f"The columns of power and wind speed of {listed(odd)} look exchanged: many winds are too strong to be true "
        "and power is next to nothing. Energy, and whatever is made of it, is not that of the turbines."
    )
    return [_alarm(text=text, section="quality")]


def _shares(results: FleetResults) -> pd.DataFrame:
    """Return the share of each turbine's rows that each reason keeps out of the power curve, one column per reason."""
    assert results.quality is not None
    accounting = results.quality.accounting
    rows = accounting[(accounting["use"] == "power_curve") & ~accounting["reason"].isin(_OTHERS_ROWS)]
    counts = rows.pivot_table(index="turbine", columns="reason", values="rows", aggfunc="sum", fill_value=0)
    total = counts.sum(axis=1)
    return counts.div(total.where(total > 0), axis=0)


def _rejected(results: FleetResults) -> list[Finding]:
    if results.quality is None:
        return []
    shares = _shares(results)
    rated = {turbine.name: turbine.rated_power_kw for turbine in results.farm.turbines}
    found = []
    for flag in _DOUBTFUL:
        reason = str(flag.name).lower()
        if reason not in shares:
            continue
        share = shares[reason].dropna()
        many = share[(share > MANY_REJECTED) & share.index.isin(list(rated))]
        if len(many):
            rated_kw = span((rated[name] for name in many.index), 0)
            text = (
                f"{FLAG_TITLES[flag].capitalize()}: {span(many, 1, 100.0)} % of the rows of {listed(many.index)} are "
                f"rejected for that (rated power {rated_kw} kW); a unit, a column or the rated power may be wrong."
            )
            found.append(_warning(text=text, section="quality"))
    return found


def _capacity_factor(results: FleetResults) -> list[Finding]:
    if results.energy is None:
        return []
    totals = results.energy.totals
    long = totals[(totals["covered_h"] > LONG_H) & (totals["turbine"] != FLEET)].set_index("turbine")["capacity_factor"]
    found = []
    for odd, word, why in (
        (long < LOW_CAPACITY_FACTOR, "below", "the unit of power or the rated power is wrong, or they hardly ran"),
        (long > HIGH_CAPACITY_FACTOR, "above", "the unit of power or the rated power is wrong"),
    ):
        if odd.any():
            limit = LOW_CAPACITY_FACTOR if word == "below" else HIGH_CAPACITY_FACTOR
            text = f"Capacity factor {word} {100 * limit:g} % over more than 30 days: {listed(long.index[odd])}; {why}."
            found.append(_warning(text=text, section="energy"))
    return found


def _peak_power(results: FleetResults) -> list[Finding]:
    if results.curves is None:
        return []
    curves, farm = results.curves, results.farm
    hour = SOME_TIME_H * 3600.0 / farm.averaging_period_s
    covered = {} if results.energy is None else results.energy.totals.set_index("turbine")["covered_h"].to_dict()
    turbines = {turbine.name: turbine for turbine in farm.turbines}
    high, low = [], []
    for name, cells in curves.scatter.groupby("turbine", sort=False):
        turbine = turbines.get(str(name))
        if turbine is None:
            continue
        records, rated = cells["used"] + cells["rejected"], turbine.rated_power_kw
        top = float(cells["power_kw"].max()) + curves.scatter_steps[1]
        windy = records[cells["wind_speed"] >= STRONG_WIND].sum() >= hour
        if records[cells["power_kw"] >= HIGH_PEAK * rated].sum() >= hour:
            high.append(turbine)
        elif top < LOW_PEAK * rated and windy and covered.get(turbine.name, 0.0) >= LONG_H:
            low.append(turbine)
    found = []
    for odd, words in (
        (high, f"Power of more than {100 * HIGH_PEAK:g} % of rated power for an hour or longer"),
        (low, f"Never more than {100 * LOW_PEAK:g} % of rated power, in wind up to {STRONG_WIND:g} m/s and above"),
    ):
        if odd:
            rated_kw = span((turbine.rated_power_kw for turbine in odd), 0)
            text = (
                f"{words}: {listed(turbine.name for turbine in odd)} (rated power {rated_kw} kW); the rated power or "
                "the unit of power may be wrong."
            )
            found.append(_warning(text=text, section="power_curves"))
    return found


def _production_availability(results: FleetResults) -> list[Finding]:
    if results.availability is None:
        return []
    table = results.availability.table
    share = table["production_based"]
    odd = table[(table["turbine"] != FLEET) & ((share < 0.0) | (share > 1.0 + AVAILABILITY_SLACK))]
    if odd.empty:
        return []
    text = (
        f"Production-based availability of {listed(set(odd['turbine']))} lies outside 0 to 100 %: it is not "
        "determinable from these data; sign or unit of power, rated power or potential power is wrong."
    )
    return [_alarm(text=text, section="availability")]
