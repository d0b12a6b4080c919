"""SCADA rows whose true time is known, and the ways in which a clock can be written down right or wrong."""

from __future__ import annotations

import numpy as np
import pandas as pd

SIGNALS = ("power_kw", "wind_speed", "ambient_temperature_degc", "wind_direction_deg")


def readings(first: str, last: str, period_s: int) -> pd.DatetimeIndex:
    """Return the readings of a fixed clock."""
    return pd.date_range(first, last, freq=f"{period_s}s", inclusive="left", unit="us")


def values(n: int, seed: int) -> dict[str, np.ndarray]:
    """Return signals that rise with every record: their true order is the one order of least total step."""
    rng = np.random.default_rng(seed)
    rise = rng.integers(1, 50, n).cumsum().astype(float)
    return {
        "power_kw": rise,
        "wind_speed": rise / 7,
        "ambient_temperature_degc": rng.integers(1, 9, n).cumsum() / 4,
        "wind_direction_deg": np.full(n, 200.0),
    }


def frame(
    clock: pd.DatetimeIndex, offset_s: np.ndarray, signals: dict[str, np.ndarray], turbine: str = "T1"
) -> pd.DataFrame:
    """Return canonical rows in the given order."""
    offset = np.asarray(offset_s, np.int64)
    instants = clock.to_numpy("datetime64[us]") - offset.astype("timedelta64[s]")
    return pd.DataFrame(
        {
            "turbine": pd.Series([turbine] * len(clock), dtype="str"),
            "time": pd.DatetimeIndex(instants).tz_localize("UTC").astype("datetime64[us, UTC]"),
            "stamp_local": clock.to_numpy("datetime64[us]"),
            "utc_offset_s": offset.astype(np.int32),
            "source_row": np.arange(len(clock), dtype=np.int64),
            "read_flags": np.zeros(len(clock), np.uint32),
            **signals,
        }
    )


def _written(local: pd.DatetimeIndex, signals: dict[str, np.ndarray]) -> pd.DataFrame:
    clock = local.tz_localize(None)
    offset = (clock - local.tz_convert("UTC").tz_localize(None)) // pd.Timedelta(seconds=1)
    return frame(clock, offset.to_numpy(), signals)


def fixed_clock_given_offsets(clock: pd.DatetimeIndex, zone: str, signals: dict[str, np.ndarray]) -> pd.DataFrame:
    """Write a fixed clock's readings with a zone's offsets; skipped readings are pushed forward by an hour."""
    ambiguous = np.zeros(len(clock), bool)
    return _written(clock.tz_localize(zone, nonexistent=pd.Timedelta(hours=1), ambiguous=ambiguous), signals)


def fixed_clock_given_zone(clock: pd.DatetimeIndex, zone: str, signals: dict[str, np.ndarray]) -> pd.DataFrame:
    """Write a fixed clock's bare readings; a reader gives them a zone's offsets, skipped ones the offset before."""
    pushed = fixed_clock_given_offsets(clock, zone, signals)
    offset = pushed["utc_offset_s"].to_numpy(np.int64)
    skipped = pushed["stamp_local"].to_numpy() != clock.to_numpy()
    return frame(clock, offset - 3600 * skipped, signals)


def true_utc(time: pd.DatetimeIndex, zone: str, signals: dict[str, np.ndarray]) -> pd.DataFrame:
    """Write true instants in a zone's civil time with the right offsets."""
    return _written(time.tz_localize("UTC").tz_convert(zone), signals)


def renumbered(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows as a file in the given order has them."""
    return rows.reset_index(drop=True).assign(source_row=np.arange(len(rows), dtype=np.int64))
