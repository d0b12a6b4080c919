"""The quality rules as rows: what each one flags, with which settings, and where its rows are left out."""

from __future__ import annotations

from typing import Any

import pandas as pd

from fleet.config import QualitySettings
from fleet.flags import FLAG_TITLES, USES, Flag

__all__ = ["RULES", "rules_table"]

#: Rule -> its title where it sets no flag, and its keys of `[quality]`, the switch first; "": it cannot be turned off.
RULES: dict[Flag | str, tuple[str, ...]] = {
    Flag.POWER_RANGE: ("", "power_low", "power_high"),
    Flag.FROZEN: ("frozen", "frozen_records"),
    Flag.RATE: ("rate", "rate_power", "rate_wind", "rate_turbulence", "rate_return"),
    Flag.CURTAILED: ("curtailed", "curtailed_margin", "curtailed_follow"),
    Flag.DERATED: (
        "derated", "derated_records", "derated_deficit", "derated_spread", "derated_wind", "derated_pitch",
        "derated_pitch_spread",
    ),
    Flag.ICING: (
        "icing", "icing_temperature", "icing_quantile", "icing_margin", "icing_floor", "icing_records",
        "icing_standstill",
    ),
    Flag.INCONSISTENT: ("inconsistent", "inconsistent_spread", "inconsistent_floor"),
    Flag.PITCH_POWER: ("pitch_power", "pitch_power_spread", "pitch_power_floor"),
    Flag.ROTOR_POWER: ("rotor_power", "rotor_power_spread", "rotor_power_floor"),
    Flag.WIND_DRIFT: ("wind_drift", "wind_drift_floor", "wind_drift_spread"),
    "thermometer drifted from the neighbours'": (
        "temperature_drift", "temperature_drift_floor", "temperature_drift_spread",
    ),
    Flag.NORTH_OFFSET: ("north_offset", "north_offset_limit"),
    "vane angle of most power away from zero": ("yaw_misalignment", "yaw_misalignment_spread"),
}  # fmt: skip


def rules_table(settings: QualitySettings, flags: pd.DataFrame) -> pd.DataFrame:
    """Return rule, settings, left_out (uses whose rows it leaves out) and rows (missing where it flags none).

    Parameters
    ----------
    settings : QualitySettings
        As used.
    flags : DataFrame
        `Quality.flags`: turbine, flag, rows.
    """
    counts = flags.groupby("flag")["rows"].sum()
    rows: list[dict[str, Any]] = []
    for rule, (switch, *keys) in RULES.items():
        on = not switch or bool(getattr(settings, switch))
        flag = rule if isinstance(rule, Flag) else None
        rows.append(
            {
                "rule": rule if flag is None else FLAG_TITLES[flag],
                "settings": ", ".join(f"{key} = {getattr(settings, key):g}" for key in keys) if on else "turned off",
                "left_out": _left_out(flag),
                "rows": pd.NA if flag is None else int(counts.get(str(flag.name).lower(), 0)),
            }
        )
    return pd.DataFrame(rows).astype({"rows": "Int64"})


def _left_out(flag: Flag | None) -> str:
    uses = [use.replace("_", " ") for use, honoured in USES.items() if flag is not None and flag & honoured]
    return ", ".join(uses) or "none"
