"""How long turbines were held below what was possible, by the rules that find it, and the energy that it cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fleet.config import Farm
from fleet.flags import Flag, first_of
from fleet.partial_sums import PartialSums, record_sums
from fleet.potential import PotentialSource
from fleet.records import Records
from fleet.sums import POWER, Summary, quanta

__all__ = ["HELD", "held_losses", "held_sums"]

#: Rules that find records below what was possible; a record of several counts for the first.
HELD = (Flag.CURTAILED, Flag.DERATED, Flag.ICING)


def held_sums(records: Records, turbine: str) -> PartialSums:
    """Return records and missing energy of one partition by rule.

    Parameters
    ----------
    records : Records
        One partition's own records.
    turbine : str
        Name of the turbine.

    Returns
    -------
    PartialSums
        turbine, flag -> n, n_known, lost [0.01 kW]: what the power lacked to the turbine's own curve, where that knows
        one; power above the curve costs nothing, since in icing it says that the anemometer reads low.
    """
    held = first_of(records.flags, HELD[0] | HELD[1] | HELD[2])
    some = (held > 0) & records.has_energy
    gap = records.potential[PotentialSource.OWN_CURVE][some] - records.power[some]
    return record_sums(
        {"turbine": turbine, "flag": held[some].astype(np.int64)},
        {"n": np.ones(gap.size, np.int64), "n_known": np.isfinite(gap), "lost": quanta(np.maximum(gap, 0.0), POWER)},
    )


def held_losses(summary: Summary, farm: Farm) -> pd.DataFrame:
    """Return the rows of `fleet.results.Quality.held` from the merged table "held"."""
    table = summary["held"].reset_index()
    hours = farm.averaging_period_s / 3600.0
    names = {int(flag): str(flag.name).lower() for flag in HELD}
    return pd.DataFrame(
        {
            "turbine": table["turbine"],
            "flag": table["flag"].map(names).astype("str"),
            "hours": table["n"] * hours,
            "known_h": table["n_known"] * hours,
            "lost_mwh": (table["lost"] * (POWER * hours / 1000.0)).where(table["n_known"] > 0),
        }
    )
