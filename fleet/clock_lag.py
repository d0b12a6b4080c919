"""Reanalysis as an independent witness of the clock: by how much do written stamps run ahead of the weather?

Reanalysis knows the weather in UTC. Where the lag between it and the wind differs by an hour between records written
with the standard and with the daylight-saving offset, the clock did not follow daylight saving, whatever was written.
The same lag of corrected stamps tests the offset that they were given.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.clock_evidence import offset_text
from fleet.intervals import SECOND
from fleet.schema import WIND_SPEED_MAX

__all__ = ["AS_WRITTEN", "CORRECTED", "LAG_COLUMNS", "clock_lags", "lag_notes", "offset_hint", "reanalysis_lag"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LAG_COLUMNS = ("stamps", "season", "lag_min", "correlation", "u_lag_min", "blocks", "method")
_LONGEST_LAG_S, _LAG_STEP_S = 240 * 60, 600  #: lags that are tried; the maximum is interpolated between them
_TOGETHER = 16  #: series that are added up at once
STANDARD, DAYLIGHT, ALL = "standard time", "daylight saving", "all"
AS_WRITTEN, CORRECTED = "as written", "corrected"


def clock_lags(frames: Iterable[pd.DataFrame], reanalysis: pd.DataFrame | None, period_s: int) -> pd.DataFrame:
    """Return the lags of the stamps as written and, where the clock was put right, of the corrected ones.

    Parameters
    ----------
    frames : iterable of DataFrame
        As `reanalysis_lag` takes them, and corrected: the time that the results use.
    reanalysis : DataFrame or None
    period_s : int
        Averaging period of the wind [s].

    Returns
    -------
    DataFrame
        As of `reanalysis_lag`; seasons are those of the written offset in both.
    """
    if reanalysis is None:
        return pd.DataFrame(columns=list(LAG_COLUMNS))
    written, corrected, moved = _Winds(), _Winds(), False
    for frame in frames:
        written.add(frame)
        corrected.add(frame.drop(columns="time").rename(columns={"corrected": "time"}))
        moved = moved or bool((frame["time"] != frame["corrected"]).any())
    found = _lags(written.table(), reanalysis, period_s)
    if not moved:
        return found
    tables = (found, _lags(corrected.table(), reanalysis, period_s).assign(stamps=CORRECTED))
    return pd.concat([table for table in tables if len(table)] or [found], ignore_index=True)


def reanalysis_lag(frames: Iterable[pd.DataFrame], reanalysis: pd.DataFrame | None, period_s: int) -> pd.DataFrame:
    """Return how many minutes stamps run ahead of reanalysis, per season of the written offset.

    The lag is where hourly means of wind, centred on the reanalysis instants, correlate best with reanalysis. Both the
    level and its hourly change are tried and the steadier one is taken for all seasons: the level has the higher
    correlation, but a flat maximum that slow weather and the daily cycle can move; the change has a sharp one but more
    noise. Which is steadier follows from the data: the standard uncertainty is a jackknife over calendar months. It
    holds the scatter only, not a timing error of the reanalysis itself, which is common to both seasons and so drops
    out of their difference, unless it follows the season.

    Parameters
    ----------
    frames : iterable of DataFrame
        time (interval start, UTC), utc_offset_s (as written), wind_speed [m/s]: any turbines and periods in any order.
        Their mean over turbines is compared.
    reanalysis : DataFrame or None
        time (instants, UTC), wind_speed [m/s]; None: there is none, and the table is empty.
    period_s : int
        Averaging period of the wind [s].

    Returns
    -------
    DataFrame
        stamps ("as written"), season ("standard time", "daylight saving", or "all" with one offset), lag_min (positive:
        the stamp is earlier than the weather it holds), correlation, u_lag_min (standard uncertainty), blocks (months),
        method. Seasons with fewer than three usable months, or a maximum at the edge of the range, are left out.
    """
    winds = _Winds()
    for frame in frames:
        winds.add(frame)
    return _lags(winds.table(), reanalysis, period_s)


class _Winds:
    """Sums of the wind of many series by stamp and written offset; few of them are held at a time."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []

    def add(self, frame: pd.DataFrame) -> None:
        self._parts.append(_wind_sums(frame))
        if len(self._parts) >= _TOGETHER:
            self._parts = [self.table()]

    def table(self) -> pd.DataFrame:
        """Return time, utc_offset_s, n and wind_mm_s, sorted."""
        filled = [part for part in self._parts if len(part)] or self._parts[:1]
        if not filled:
            return pd.DataFrame({"time": [], "utc_offset_s": [], "n": [], "wind_mm_s": []})
        return pd.concat(filled).groupby(["time", "utc_offset_s"], as_index=False, sort=True).sum()


def _lags(wind: pd.DataFrame, reanalysis: pd.DataFrame | None, period_s: int) -> pd.DataFrame:
    if reanalysis is None or not len(wind):
        return pd.DataFrame(columns=list(LAG_COLUMNS))
    offsets = sorted(set(wind["utc_offset_s"].tolist()))
    titles = {offsets[0]: STANDARD, offsets[-1]: DAYLIGHT} if len(offsets) == 2 else {None: ALL}
    step = max(_LAG_STEP_S, period_s)
    lags = np.arange(-_LONGEST_LAG_S // step, _LONGEST_LAG_S // step + 1, dtype=np.int64) * step * SECOND
    found: dict[str, list[dict[str, object]]] = {"level": [], "hourly change": []}
    for offset, title in titles.items():
        part = wind if offset is None else wind[wind["utc_offset_s"] == offset]
        time, shifted, modelled = _aligned(part, reanalysis, lags, period_s * SECOND)
        for method, rows in found.items():
            t, x, y = (time, shifted, modelled) if method == "level" else _changes(time, shifted, modelled)
            row = _best_lag(t, x, y, lags)
            if row is not None:
                rows.append({"stamps": AS_WRITTEN, "season": title, **row, "method": method})
    complete = [rows for rows in found.values() if rows and len(rows) == max(map(len, found.values()))]
    best = min(complete, key=lambda rows: sum(float(str(row["u_lag_min"])) ** 2 for row in rows), default=[])
    return pd.DataFrame(best, columns=list(LAG_COLUMNS))


def lag_notes(lag: pd.DataFrame, *, offsets_given: bool = False) -> tuple[str, ...]:
    """Return what the lags say about the clock, in sentences.

    Parameters
    ----------
    lag : DataFrame
        From `clock_lags`.
    offsets_given : bool
        Whether the stamps came without offsets and were given them.
    """
    written, corrected = _rows(lag, AS_WRITTEN), _rows(lag, CORRECTED)
    notes = []
    if {STANDARD, DAYLIGHT} <= set(written):
        notes.append(_seasons(written[STANDARD], written[DAYLIGHT], "given" if offsets_given else "written"))
    if corrected:
        found = " and ".join(
            f"{row['lag_min']:.0f} min (u = {row['u_lag_min']:.0f} min) in {season if season != ALL else 'all seasons'}"
            for season, row in corrected.items()
        )
        notes.append(
            f"On the corrected stamps {found} remain. The uncertainty is the scatter between months; a timing error of "
            "the reanalysis itself is not in it."
            + (" Zero is the nearest whole hour: reanalysis agrees with the offset." if _hours(corrected) == 0 else "")
        )
    return tuple(notes)


def offset_hint(lag: pd.DataFrame, fixed_offset_s: int | None) -> str:
    """Return what speaks against the offset that the stamps have now, or nothing.

    Whole hours are tried, as offsets differ by them. The lag in standard time counts where there is one: in summer the
    daily cycle of the wind at the nacelle moves it more.

    Parameters
    ----------
    lag : DataFrame
        From `clock_lags`.
    fixed_offset_s : int or None
        Offset of the fixed clock that was corrected [s].
    """
    corrected = _rows(lag, CORRECTED)
    rows = corrected or _rows(lag, AS_WRITTEN)
    if not rows or (not corrected and ALL not in rows):
        return ""
    row, hours = _telling(rows), _hours(rows)
    remaining, u = row["lag_min"], max(row["u_lag_min"], 1.0)  # no scatter of few months is believed below a minute
    if not hours or abs(remaining) <= 2 * u:
        return ""
    season = "" if row["season"] == ALL else f" in {row['season']}"
    text = (
        f"of {remaining:.0f} min (u = {u:.0f} min) remains{season}: {abs(remaining) / u:.1f} u from zero, "
        f"{abs(remaining - 60 * hours) / u:.1f} u from {60 * hours} min"
    )
    off = f"all times may be {'an hour' if abs(hours) == 1 else f'{abs(hours)} hours'} off"
    if not corrected or fixed_offset_s is None:
        return (
            f"The offset of the stamps is uncertain: against reanalysis a lag {text}, so {off}. Check time_zone of the "
            "source; reanalysis has a timing error of its own, which u does not hold, so nothing is changed."
        )
    other = offset_text(fixed_offset_s - 3600 * hours)
    return (
        f"The fixed clock's offset itself is uncertain: reanalysis hints at UTC{other} instead of "
        f"UTC{offset_text(fixed_offset_s)}, so {off}. On the corrected stamps a lag {text}. Where UTC{other} is right, "
        f'set fixed_offset = "{other}" under [clock]; reanalysis has a timing error of its own, which u does not hold, '
        "so it is not applied by itself."
    )


def _telling(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the row of standard time or, without one, the only season's."""
    return next(iter(rows.values()))


def _hours(rows: dict[str, dict[str, Any]]) -> int:
    """Return the whole hours that the remaining lag is nearest to."""
    return round(float(_telling(rows)["lag_min"]) / 60.0)


def _rows(lag: pd.DataFrame, stamps: str) -> dict[str, dict[str, Any]]:
    """Return the rows of one kind of stamps by season, standard time first."""
    rows = lag[lag["stamps"] == stamps].to_dict("records") if len(lag) else []
    order = (STANDARD, DAYLIGHT, ALL)
    rows = sorted(rows, key=lambda row: order.index(row["season"]))
    return {str(row["season"]): {str(name): value for name, value in row.items()} for row in rows}


def _seasons(winter: dict[str, Any], summer: dict[str, Any], word: str) -> str:
    """Return what the difference between the seasons says."""
    extra, spread = summer["lag_min"] - winter["lag_min"], float(np.hypot(summer["u_lag_min"], winter["u_lag_min"]))
    text = (
        f"Against reanalysis, stamps run ahead of the wind by {winter['lag_min']:.0f} min (u = "
        f"{winter['u_lag_min']:.0f} min) where the standard offset was {word} and by {summer['lag_min']:.0f} min (u = "
        f"{summer['u_lag_min']:.0f} min) where the daylight-saving offset was; the difference is {extra:.0f} min (u = "
        f"{spread:.0f} min)"
    )
    if abs(extra - 60) <= 2 * spread < abs(extra):
        return text + ": an hour within twice its uncertainty, as a clock that did not follow daylight saving gives."
    if abs(extra) <= 2 * spread < abs(extra - 60):
        return text + ": none within twice its uncertainty, as stamps in true UTC give."
    return text + ": it decides nothing."


def _wind_sums(frame: pd.DataFrame) -> pd.DataFrame:
    """Return sums in whole mm/s, so that the order of turbines and parts does not matter."""
    wind = frame["wind_speed"].to_numpy(np.float64)
    usable = frame["time"].notna().to_numpy() & (wind >= 0) & (wind <= WIND_SPEED_MAX)
    part = frame.loc[usable, ["time", "utc_offset_s"]].assign(
        n=np.int64(1), wind_mm_s=np.rint(wind[usable] * 1000).astype(np.int64)
    )
    sums: pd.DataFrame = part.groupby(["time", "utc_offset_s"], as_index=False, sort=True).sum()
    return sums


def _aligned(wind: pd.DataFrame, reanalysis: pd.DataFrame, lags: Ints, period: int) -> tuple[Ints, Floats, Floats]:
    """Return reanalysis instants, the centred hourly mean wind that each lag puts there, and the reanalysis wind.

    Only instants with all records of the hour at every lag count, so that all lags are compared on the same weather.
    """
    stamps = _us(wind["time"]) // period
    instants, modelled = _us(reanalysis["time"]), reanalysis["wind_speed"].to_numpy(np.float64)
    inside = np.isfinite(modelled)
    if not len(stamps) or not inside.any():
        return np.empty(0, np.int64), np.empty((0, len(lags))), np.empty(0)
    low, high = int(stamps.min()), int(stamps.max())
    sums, count = np.zeros(high - low + 2, np.int64), np.zeros(high - low + 2, np.int64)
    np.add.at(sums, stamps - low + 1, wind["wind_mm_s"].to_numpy(np.int64))
    np.add.at(count, stamps - low + 1, wind["n"].to_numpy(np.int64))
    filled = np.r_[0, np.cumsum(count[1:] > 0)]
    means = np.where(count > 0, sums // np.maximum(count, 1), 0).cumsum()
    half = 1800 * SECOND // period

    centre = (instants[inside, None] - lags[None, :]) // period - low
    begin, end = centre - half, centre + max(half, 1)
    covered = ((begin >= 0) & (end <= high - low + 1)).all(axis=1)
    begin, end = begin[covered], end[covered]
    complete = (filled[end] - filled[begin] == end - begin).all(axis=1)
    mean = (means[end] - means[begin])[complete] / (1000.0 * (end - begin)[complete])
    return instants[inside][covered][complete], mean, modelled[inside][covered][complete]


def _changes(time: Ints, shifted: Floats, modelled: Floats) -> tuple[Ints, Floats, Floats]:
    order = np.argsort(time, kind="stable")
    time, shifted, modelled = time[order], shifted[order], modelled[order]
    hourly = np.diff(time) == 3600 * SECOND
    return time[1:][hourly], np.diff(shifted, axis=0)[hourly], np.diff(modelled)[hourly]


def _best_lag(time: Ints, shifted: Floats, modelled: Floats, lags: Ints) -> dict[str, object] | None:
    """Return the lag of the highest correlation within months, with its jackknife uncertainty over months."""
    months = time.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    moments = []
    for month in np.unique(months):
        x, y = shifted[months == month], modelled[months == month]
        if len(y) < 48:
            continue
        dx, dy = x - x.mean(axis=0), y - y.mean()
        power = np.full(len(lags), (dy**2).sum())
        moments.append(np.stack([(dx * dy[:, None]).sum(axis=0), (dx**2).sum(axis=0), power]))
    if len(moments) < 3:
        return None
    every = np.stack(moments)
    peak = _peak(every.sum(axis=0), lags)
    left_out = [_peak(np.delete(every, i, axis=0).sum(axis=0), lags) for i in range(len(every))]
    if peak is None or any(other is None for other in left_out):
        return None
    others = np.array([other[0] for other in left_out if other is not None])
    spread = float(np.sqrt((len(others) - 1) / len(others) * ((others - others.mean()) ** 2).sum()))
    return {"lag_min": peak[0], "correlation": peak[1], "u_lag_min": spread, "blocks": len(moments)}


def _peak(moments: Floats, lags: Ints) -> tuple[float, float] | None:
    scale = np.sqrt(moments[1] * moments[2])
    correlation = np.divide(moments[0], scale, out=np.zeros(len(lags)), where=scale > 0)
    i = int(correlation.argmax())
    if i in (0, len(lags) - 1):
        return None
    left, top, right = correlation[i - 1 : i + 2]
    bend = left - 2 * top + right
    offset = 0.5 * (left - right) / bend if bend < 0 else 0.0
    return float((lags[i] + offset * (lags[1] - lags[0])) / (60 * SECOND)), float(top)


def _us(time: pd.Series) -> Ints:
    return np.asarray(time.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[us]").astype(np.int64))
