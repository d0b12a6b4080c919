"""Findings on sensors and on turbines that were held below what was possible."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from fleet.results import Finding, FleetResults
from fleet.turbine_names import called
from fleet.wording import listed
from fleet.yaw import LIMITS

__all__ = ["Episode", "episodes", "sensor_findings"]

_MOST = 10  # findings of one kind; the others are counted
_HELD = {
    "curtailed": "Curtailed by a set-point",
    "derated": "Derated without a known set-point",
    "icing": "Icing suspected",
}
_warning = partial(Finding, severity="warning", section="sensors")
_note = partial(Finding, severity="note")


@dataclass(frozen=True)
class Episode:
    """Months one after the other in which a sensor of a turbine was off by about as much."""

    turbine: str
    first: str  #: month
    last: str
    lasting: bool  #: whether it goes on in the last month that was judged
    size: float  #: median over its months
    u: float  #: median standard uncertainty, NaN where there is none

    @property
    def when(self) -> str:
        """The time in words."""
        if self.lasting:
            return f"since {self.first}"
        return f"in {self.first}" if self.first == self.last else f"from {self.first} to {self.last}"


def episodes(table: pd.DataFrame, column: str, u: str = "") -> list[Episode]:
    """Return the flagged months of a table of sensors as episodes: neighbouring months, and of one sign.

    Parameters
    ----------
    table : DataFrame
        turbine, month, `column`, flagged; perhaps `u`. A month that could not be judged ends no episode.
    column, u : str
        The size and its standard uncertainty.
    """
    found = []
    for turbine, own in table.dropna(subset=[column]).sort_values("month").groupby("turbine", sort=True):
        sign = np.where(own["flagged"], np.sign(own[column]), 0).astype(np.int64)
        run = np.cumsum(np.r_[True, sign[1:] != sign[:-1]])
        for number in np.unique(run[sign != 0]):
            part = own[run == number]
            spread = float(part[u].median()) if u else float("nan")
            months = part["month"]
            found.append(
                Episode(
                    str(turbine),
                    str(months.iloc[0]),
                    str(months.iloc[-1]),
                    bool(number == run[-1]),
                    float(part[column].median()),
                    spread,
                )
            )
    return found


def sensor_findings(results: FleetResults) -> list[Finding]:
    """Return what the comparisons of sensors and the rules for held power found."""
    return [*_drifts(results), *_north(results), *_yaw(results), *_held(results)]


def _drifts(results: FleetResults) -> Iterator[Finding]:
    if results.sensors is None:
        return
    kinds = (
        (results.sensors.drift, "anemometer", "m/s", 2, ("high", "low")),
        (results.sensors.temperature, "thermometer", "K", 1, ("high", "low")),
    )
    for table, sensor, unit, digits, (high, low) in kinds:
        worst, more = _worst(table, "drift")
        found = episodes(table[table["turbine"].isin(worst)], "drift", "u_drift")
        for turbine in worst:
            words = [
                f"{abs(one.size):.{digits}f} {unit} (u {one.u:.{digits}f} {unit}) too {high if one.size > 0 else low} "
                f"{one.when}"
                for one in found
                if one.turbine == turbine
            ]
            text = (
                f"{called(turbine, first=True)}: the {sensor} reads {', '.join(words)}, compared with the neighbours'."
            )
            yield _warning(text=text)
        yield from _others(more, f"whose {sensor} has drifted")


def _north(results: FleetResults) -> Iterator[Finding]:
    if results.sensors is None:
        return
    north, some = results.sensors.north, []
    for signal, own in north.groupby("signal", sort=True):
        known = own.loc[own["offset_deg"].notna(), "turbine"].nunique()
        off = own.loc[own["flagged"].astype(bool), "turbine"].nunique()
        if 2 * off > known:
            yield _warning(
                text=f"The {_signal(signal)} of {off} of {known} turbines is off the fleet's: the export has no common "
                "north for it, and directions of different turbines cannot be compared."
            )
        else:
            some.append(signal)
    north = north[north["signal"].isin(some)]
    worst, more = _worst(north, "offset_deg")
    north = north[north["turbine"].isin(worst)]
    for turbine in worst:
        own = north[north["turbine"] == turbine]
        # Both signals turn with the nacelle's north: the one that is off for longer speaks for both.
        count = own[own["flagged"].astype(bool)].groupby("signal")["month"].nunique()
        found = episodes(own[own["signal"] == count.idxmax()], "offset_deg")
        words = ", ".join(f"by {one.size:+.1f} deg {one.when}" for one in found)
        names = listed(_signal(name) for name in count.index)
        yield _warning(
            text=f"{called(turbine, first=True)}: north is off {words}, compared with the neighbours' ({names})."
        )
    yield from _others(more, "whose north is off")


def _worst(table: pd.DataFrame, column: str) -> tuple[list[str], int]:
    """Return the turbines with the largest flagged values, ten at most, and how many others have any."""
    flagged = table[table["flagged"].astype(bool)]
    size = flagged[column].abs().groupby(flagged["turbine"]).max()
    names = sorted((str(name) for name in size.index), key=lambda name: (-float(size[name]), name))
    return names[:_MOST], max(len(names) - _MOST, 0)


def _others(number: int, what: str) -> Iterator[Finding]:
    if number:
        yield _warning(text=f"Further turbines {what}: {number}; the report's tables hold them.")


def _signal(name: object) -> str:
    return str(name).removesuffix("_deg").replace("_", " ")


def _yaw(results: FleetResults) -> Iterator[Finding]:
    if results.sensors is None:
        return
    found = results.sensors.yaw[results.sensors.yaw["significant"].astype(bool)]
    if found.empty:
        return
    largest = found.reindex(found["misalignment_deg"].abs().sort_values(ascending=False, kind="stable").index)
    names = [
        f"{called(turbine)} {angle:+.1f} deg (u {u:.1f} deg)"
        for turbine, angle, u in zip(largest["turbine"], largest["misalignment_deg"], largest["u_deg"], strict=True)
    ]
    found_at = f"Power is largest away from vane zero, a hint of yaw misalignment: {_some(names)}."
    yield _note(text=f"{found_at} Limits: {LIMITS}.", section="sensors")


def _some(names: list[str]) -> str:
    """Return texts in their order; of more than ten the number of the others."""
    rest = len(names) - _MOST
    return ", ".join(names[:_MOST]) + (f" and {rest} more" if rest > 0 else "")


def _held(results: FleetResults) -> Iterator[Finding]:
    if results.quality is None or results.quality.held is None:
        return
    for flag, own in results.quality.held.groupby("flag", sort=True):
        hours, lost = float(own["hours"].sum()), own["lost_mwh"].sum(min_count=1)
        if hours <= 0.0:
            continue
        cost = f", about {lost:.1f} MWh below the turbines' own curves" if lost == lost else ""
        if lost == lost and own["known_h"].sum() < hours:
            cost += f" (of {own['known_h'].sum():.1f} h; for the others nothing is known)"
        worst = own.sort_values(["hours", "turbine"], ascending=[False, True]).iloc[0]
        its = f", {worst['lost_mwh']:.1f} MWh" if worst["lost_mwh"] == worst["lost_mwh"] else ""
        where = called(worst["turbine"])
        most = f"; longest at {where} ({worst['hours']:.1f} h{its})" if len(own) > 1 else f" at {where}"
        yield _note(text=f"{_HELD[str(flag)]}: {hours:.1f} h{cost}{most}.", section="quality")
