"""Whether the averaging period of the settings is the one that the records show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Farm
from fleet.errors import ConfigError

__all__ = ["Step", "check_sampling", "most_frequent_step"]

_LEAST_STEPS = 10  #: fewer steps show nothing
_TOLERANCE = 0.01  #: stamps that jitter are no other averaging period [fraction of it]
_DAY_S, _LONGEST_S = 86_400, 3600


@dataclass(frozen=True)
class Step:
    """The most frequent step between neighbouring distinct stamps of a series."""

    step_us: int
    count: int  #: how often it occurs
    steps: int  #: all steps


def most_frequent_step(times: npt.NDArray[np.int64]) -> Step | None:
    """Return the most frequent step of stamps in any order [us]; None where there are too few.

    Parameters
    ----------
    times : array of int64, shape (n,)
        Stamps [us since 1970 UTC].
    """
    steps = np.diff(np.unique(times))
    if steps.size < _LEAST_STEPS:
        return None
    values, counts = np.unique(steps, return_counts=True)
    at = int(np.argmax(counts))
    return Step(int(values[at]), int(counts[at]), int(steps.size))


def check_sampling(steps: Mapping[str, Step | None], farm: Farm, sources: pd.DataFrame, config: Path) -> None:
    """Refuse an averaging period that is not the step of the records: every energy would be wrong by that factor.

    Steps are those of a turbine's merged series, so it does not matter how its rows are spread over files.

    Parameters
    ----------
    steps : mapping of turbine to Step or None
        From `most_frequent_step`.
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
    period = farm.averaging_period_us
    for turbine, found in steps.items():
        if found is None or 2 * found.count <= found.steps or abs(found.step_us - period) <= _TOLERANCE * period:
            continue
        step = found.step_us / 1e6
        given = "" if "averaging_period_s" in farm.model_fields_set else " (the default)"
        raise ConfigError(
            f'{config}: key "averaging_period_s": found {farm.averaging_period_s} s{given}, but in '
            f"{_file_of(turbine, sources)} the records of {turbine} are {step:g} s apart ({found.count:,} of "
            f"{found.steps:,} steps); {_advice(step)}"
        )


def _file_of(turbine: str, sources: pd.DataFrame) -> str:
    holds = [turbine in str(names).split(", ") for names in sources["turbines"]]
    return str(sources.loc[holds, "file"].iloc[0]) if any(holds) else "the files"


def _advice(step: float) -> str:
    if step.is_integer() and step <= _LONGEST_S and _DAY_S % int(step) == 0:
        return f"set averaging_period_s = {int(step)}"
    return f"give records of an averaging period that divides a day and is at most {_LONGEST_S} s"
