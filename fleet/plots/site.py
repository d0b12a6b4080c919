"""Plots of the site, of the row accounting and of the clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from fleet.config import Turbine
from fleet.flags import FLAG_TITLES, NOT_SELECTED, USED
from fleet.plots.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    canvas,
    empty,
    label,
    label_ticks,
    style,
    title,
    turbines_of,
)
from fleet.schema import FLEET

__all__ = ["local_km", "plot_accounting", "plot_clock", "plot_map", "reason_title"]

_EARTH_RADIUS = 6371.0088  # km, mean
_MOST_ROWS = 30
_REASON_COLOURS = (VERMILLION, ORANGE, PURPLE, BLUE, GREEN, SKY, "#8b3a00", "#5b5b5b", "#b0b0b0", "#F0E442")
_TITLES = {str(flag.name).lower(): words for flag, words in FLAG_TITLES.items()}


def reason_title(reason: object) -> str:
    """Return what a row's reason means, in words."""
    return _TITLES.get(str(reason), str(reason))


def local_km(turbines: Sequence[Turbine]) -> pd.DataFrame:
    """Return turbine, east and north [km] from the farm's middle; turbines without coordinates are left out.

    Equirectangular projection about the mean position: within 0.1 % over 50 km. Where no turbine has latitude and
    longitude, local coordinates (`x_m`, `y_m`) count.
    """
    placed = [t for t in turbines if t.latitude is not None and t.longitude is not None]
    if not placed:
        return _local_km([t for t in turbines if t.x_m is not None and t.y_m is not None])
    latitude = np.radians([float(t.latitude or 0.0) for t in placed])
    longitude = np.radians([float(t.longitude or 0.0) for t in placed])
    # Differences first: a farm on the date line stays together.
    turn = np.angle(np.exp(1j * (longitude - longitude[0])))
    middle = latitude.mean()
    east = _EARTH_RADIUS * np.cos(middle) * (turn - turn.mean())
    north = _EARTH_RADIUS * (latitude - middle)
    return pd.DataFrame({"turbine": [t.name for t in placed], "east": east, "north": north})


def _local_km(placed: Sequence[Turbine]) -> pd.DataFrame:
    names = pd.Series([t.name for t in placed], dtype="str")
    east, north = (
        np.array(values, np.float64) / 1000.0 for values in ([t.x_m for t in placed], [t.y_m for t in placed])
    )
    if not placed:
        return pd.DataFrame({"turbine": names, "east": east, "north": north})
    return pd.DataFrame({"turbine": names, "east": east - east.mean(), "north": north - north.mean()})


def plot_map(
    turbines: Sequence[Turbine], values: Mapping[str, float] | None = None, what: str = "", ax: Axes | None = None
) -> Axes:
    """Draw the turbines' places in local kilometres, named and coloured by a figure.

    Parameters
    ----------
    turbines : sequence of Turbine
        With latitude and longitude [deg], or with local coordinates [m].
    values : mapping of str to float, optional
        Figure per turbine; those without one are drawn empty.
    what : str
        Name and unit of the figure.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    with style():
        place = local_km(turbines)
        if place.empty:
            return empty(canvas(ax, 2.0), "no coordinates")
        wide = float(np.ptp(place["east"])) + 0.4
        high = float(np.ptp(place["north"])) + 0.4
        ax = canvas(ax, float(np.clip(4.5 * high / wide + 0.8, 2.6, 4.0)), 5.4)
        colour = place["turbine"].map(dict(values or {})).to_numpy(float)
        known = np.isfinite(colour)
        ax.scatter(place["east"][~known], place["north"][~known], s=42, c="white", ec=INK, lw=0.8, zorder=3)
        if known.any():
            low, top = float(colour[known].min()), float(colour[known].max())
            norm = Normalize(low, top if top > low else low + 1e-9)
            shown = ax.scatter(
                place["east"][known], place["north"][known], s=52, c=colour[known], cmap="cividis", norm=norm,
                ec=INK, lw=0.6, zorder=3,
            )  # fmt: skip
            if top > low:
                bar = ax.figure.colorbar(shown, ax=ax, label=what, fraction=0.04, pad=0.02)
                bar.outline.set_visible(False)
        size = 7.5 if len(place) <= 30 else 5.0
        for _, row in place.iterrows():
            ax.annotate(
                label(row["turbine"]), (row["east"], row["north"]), xytext=(5, 4), textcoords="offset points",
                fontsize=size, parse_math=False,
            )  # fmt: skip
        if np.ptp(place["east"]) + np.ptp(place["north"]) == 0.0:
            ax.set(xlim=(-0.5, 0.5), ylim=(-0.5, 0.5), aspect="equal")
        else:
            ax.set_aspect("equal", adjustable="datalim")
            ax.margins(0.2)
        ax.grid()
        ax.set_xlabel("east [km]")
        ax.set_ylabel("north [km]")
        return ax


def plot_accounting(
    accounting: pd.DataFrame, use: str = "power_curve", ax: Axes | None = None, order: Sequence[str] | None = None
) -> Axes:
    """Draw the rejected rows of each turbine by their first reason, with the share of rows used beside.

    Rows that were not selected count in neither.

    Parameters
    ----------
    accounting : DataFrame
        `Quality.accounting`: turbine, use, reason, rows.
    use : str
        "energy", "availability" or "power_curve".
    ax : Axes, optional
        Where to draw; a new figure without it. Beyond 30 turbines those with most rejected rows are drawn.
    order : sequence of str, optional
        Turbines from top to bottom.
    """
    with style():
        own = accounting[(accounting["use"] == use) & (accounting["turbine"] != FLEET)]
        own = own[(own["reason"] != NOT_SELECTED) & (own["rows"] > 0)]
        names = turbines_of(own, order)
        wide = own.pivot_table(index="turbine", columns="reason", values="rows", aggfunc="sum").fillna(0)
        total = {str(name): int(rows) for name, rows in wide.sum(axis=1).items()}
        used = {str(name): int(rows) for name, rows in wide[USED].items()} if USED in wide else dict.fromkeys(total, 0)
        rejected = {name: total[name] - used[name] for name in total}
        left_out = len(names) - _MOST_ROWS
        if left_out > 0:
            worst = set(sorted(names, key=lambda name: (-rejected[name], name))[:_MOST_ROWS])
            names = [name for name in names if name in worst]
        ax = canvas(ax, float(np.clip(0.9 + 0.26 * len(names), 1.9, 8.5)))
        if not names:
            return empty(ax, "no rows")
        at = np.arange(len(names))
        base = np.zeros(len(names))
        reasons = [
            r for r in [*_TITLES, *sorted({str(reason) for reason in wide} - set(_TITLES) - {USED})] if r in wide
        ]
        for number, reason in enumerate(r for r in reasons if wide[r].sum() > 0):
            rows = wide[reason].reindex(names).to_numpy(float)
            colour = _REASON_COLOURS[number % len(_REASON_COLOURS)]
            ax.barh(at, rows, 0.66, base, color=colour, label=reason_title(reason))
            base = base + rows
        top = float(max(base.max(), 1.0))
        ax.set_xlim(0.0, 1.55 * top)
        for row, name in enumerate(names):
            share = 100.0 * used[name] / total[name] if total[name] else np.nan
            words = f" {share:.2f} % of {total[name]:,} used"
            ax.text(base[row], row, words, va="center", fontsize=7, color=GREY)
        ax.set_ylim(len(names) - 0.5, -0.5)
        label_ticks(ax, "y", at, names)
        ax.tick_params(axis="y", length=0)
        ax.xaxis.set_major_formatter("{x:,.0f}")
        ax.set_xlabel("rejected rows, by first reason")
        if base.any():
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handlelength=1.0)
        words = f"For the use: {use.replace('_', ' ')}"
        title(ax, words + (f" ({left_out} turbines with fewer rejected rows left out)" if left_out > 0 else ""))
        return ax


def plot_clock(reanalysis_lag: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how well the reanalysis fits the wind, shifted by a lag, in both seasons, as written and as corrected.

    A clock that is right peaks at the same lag in winter and summer; one that was given daylight-saving offsets
    although it never changed peaks an hour apart.

    Parameters
    ----------
    reanalysis_lag : DataFrame
        `Clock.reanalysis_lag`: season, lag_min [min], correlation [1], perhaps stamps ("as written", "corrected"); with
        one row per season, its best lag, perhaps with u_lag_min [min]; with several, the correlation is drawn over the
        lag.
    ax : Axes, optional
        Where to draw; a new figure without it.
    """
    with style():
        ax = canvas(ax, 2.6, 5.4)
        known = reanalysis_lag[reanalysis_lag["correlation"].notna()]
        if known.empty:
            return empty(ax, "no reanalysis")
        several = "stamps" in known and len(set(known["stamps"])) > 1
        if several:
            known = known.assign(season=known["stamps"].astype(str) + ", " + known["season"].astype(str))
        if not known["season"].duplicated().any():
            return _best_lags(ax, known.sort_values("season", ignore_index=True))
        colours = dict(zip(sorted(known["season"].unique()), (ORANGE, BLUE, VERMILLION, SKY), strict=False))
        for season, rows in known.groupby("season", sort=True):
            line = rows.sort_values("lag_min")
            colour = colours.get(str(season), GREY)
            ax.plot(line["lag_min"], line["correlation"], "o-", ms=2.5, lw=1.0, color=colour)
            best = line.iloc[int(line["correlation"].to_numpy().argmax())]
            ax.axvline(best["lag_min"], color=colour, lw=0.7, ls=":")
            ax.annotate(
                f"{season}: {best['lag_min']:+.0f} min",
                (best["lag_min"], best["correlation"]),
                xytext=(4, 4 if colour == BLUE else -10),
                textcoords="offset points",
                color=colour,
                fontsize=7.5,
            )
        ax.margins(y=0.15)
        ax.set_xlabel("lag of the reanalysis [min]")
        ax.set_ylabel("correlation")
        ax.grid(color=LIGHT)
        return ax


def _best_lags(ax: Axes, best: pd.DataFrame) -> Axes:
    """Draw the best lag of each season with its standard uncertainty."""
    owner = ax.get_figure(root=True)
    if owner is not None and len(owner.axes) == 1:
        owner.set_size_inches(5.4, 0.8 + 0.35 * len(best))
    at = np.arange(len(best))
    spread = best["u_lag_min"].fillna(0.0) if "u_lag_min" in best else None
    ax.errorbar(best["lag_min"], at, xerr=spread, fmt="none", ecolor=GREY, elinewidth=0.9)
    corrected = best["season"].str.startswith("corrected").to_numpy(bool)
    for where, colour in ((~corrected, BLUE), (corrected, GREEN)):
        ax.plot(best.loc[where, "lag_min"], at[where], ls="", marker="o", ms=4, color=colour)
    for row, (lag, correlation) in enumerate(zip(best["lag_min"], best["correlation"], strict=True)):
        words = f"{lag:+.0f} min, correlation {correlation:.3f}".replace("-", "\u2212")
        ax.annotate(words, (lag, row), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=7.5)
    ax.axvline(0.0, color=INK, lw=0.8, ls="--")
    ax.set_ylim(len(best) - 0.5, -0.7)
    ax.margins(x=0.25)
    ax.set_yticks(at, labels=[label(season, 40) for season in best["season"]], parse_math=False)
    ax.grid(axis="x")
    ax.set_xlabel("stamps ahead of the reanalysis [min], \u00b1 1 u")
    return ax
