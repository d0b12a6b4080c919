"""Whether the averaging period of the settings is the one that the records show."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from fleet.config import Farm
from fleet.errors import ConfigError
from fleet.times import series_us

__all__ = ["check_sampling"]

_LEAST_STEPS = 10  #: fewer steps show nothing
_TOLERANCE = 0.01  #: stamps that jitter are no other averaging period [fraction of it]
_DAY_S, _LONGEST_S = 86_400, 3600


def check_sampling(times: Mapping[str, pd.Series], farm: Farm, sources: pd.DataFrame, config: Path) -> None:
    """Refuse an averaging period that is not the step of the records: every energy would be wrong by that factor.

    Steps are those of a turbine's merged series, so it does not matter how its rows are spread over files.

    Parameters
    ----------
    times : mapping of turbine to Series
        Stamps, UTC, in any order; missing ones do not count.
    farm : Farm
        With the averaging period.
    sources : DataFrame
        The files that were read (`file`, `turbines`), to name one.
    config : Path
        The settings' file, to name it.

    Raises
    ------
    ConfigError
        If more than half of a turbine's steps are one other step; with what to set.
    """
    period = farm.averaging_period_s * 1_000_000
    for turbine, series in times.items():
        steps = np.diff(np.unique(series_us(series.dropna())))
        if len(steps) < _LEAST_STEPS:
            continue
        values, counts = np.unique(steps, return_counts=True)
        at = int(np.argmax(counts))
        if 2 * counts[at] <= len(steps) or abs(int(values[at]) - period) <= _TOLERANCE * period:
            continue
        step = int(values[at]) / 1e6
        given = "" if "averaging_period_s" in farm.model_fields_set else " (the default)"
        raise ConfigError(
            f'{config}: key "averaging_period_s": found {farm.averaging_period_s} s{given}, but in '
            f"{_file_of(turbine, sources)} the records of {turbine} are {step:g} s apart ({counts[at]:,} of "
            f"{len(steps):,} steps); {_advice(step)}"
        )


def _file_of(turbine: str, sources: pd.DataFrame) -> str:
    holds = [turbine in str(names).split(", ") for names in sources["turbines"]]
    return str(sources.loc[holds, "file"].iloc[0]) if any(holds) else "the files"


def _advice(step: float) -> str:
    if step.is_integer() and step <= _LONGEST_S and _DAY_S % int(step) == 0:
        return f"set averaging_period_s = {int(step)}"
    return f"give records of an averaging period that divides a day and is at most {_LONGEST_S} s"
