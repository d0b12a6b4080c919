"""The operator's own figures beside ours: availability as the export or the files give it, and potential power."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from fleet.config import Farm
from fleet.flags import NO_ROW
from fleet.partial_sums import Partial, dense_sums
from fleet.potential import PotentialSource
from fleet.records import Records
from fleet.results import Availability
from fleet.schema import FLEET
from fleet.sums import MICRO, POWER, Summary, month_keys, month_name, quanta
from fleet.times import series_us

__all__ = ["EXPORTED", "exported_sums", "with_operator"]

Period = tuple[int, int]

EXPORTED = "the export's availability per record"  #: name of the figure; a note of its file says which column it is
_COLUMNS = ["turbine", "month", "figure", "time_us", "unavailable_us"]


def exported_sums(records: Records, turbine: str) -> Partial:
    """Return the sums of what the export itself says of each record.

    Parameters
    ----------
    records : Records
        One partition's own records.
    turbine : str
        Name of the turbine.

    Returns
    -------
    Partial
        "exported" (turbine, month -> n, available [1e-6], n_potential, potential, expected [0.01 kW]): the exported
        availability of all records of the turbine, and the exported potential power and the expected one of our own
        curve over the records that have power and both of them.
    """
    recorded, months = records.recorded, records.months
    available = recorded.signal("exported_availability")
    exported = recorded.signal("potential_power_kw")
    expected = records.potential[PotentialSource.OWN_CURVE]
    known = np.isfinite(available) & ((records.flags & np.uint32(NO_ROW)) == 0)
    both = records.has_energy & np.isfinite(exported) & np.isfinite(expected)
    sums = np.zeros((5, months.count), np.int64)
    for row, where, values in (
        (0, known, np.ones(len(recorded), np.int64)),
        (1, known, quanta(available, MICRO)),
        (2, both, np.ones(len(recorded), np.int64)),
        (3, both, quanta(exported, POWER)),
        (4, both, quanta(expected, POWER)),
    ):
        np.add.at(sums[row], months.place[where], values[where])
    names = ("n", "available", "n_potential", "potential", "expected")
    return {"exported": dense_sums({"turbine": turbine}, {"month": months.first}, dict(zip(names, sums, strict=True)))}


def with_operator(
    availability: Availability, farm: Farm, period: Period, summary: Summary | None, operator: pd.DataFrame | None
) -> Availability:
    """Return availability with the operator's figures beside ours, where the data hold any.

    Parameters
    ----------
    availability : Availability
        Ours.
    farm : Farm
        Turbines and settings.
    period : (int, int)
        The analysed period [us since 1970 UTC].
    summary : Summary or None
        Merged sums of the second pass with "exported"; None without SCADA records.
    operator : DataFrame or None
        `schema.OPERATOR`, each interval once.
    """
    listed = {turbine.name for turbine in farm.turbines}
    parts = [_of_export(summary, farm), _of_files(operator, period)]
    times = pd.concat([part[part["turbine"].isin(listed)] for part in parts], ignore_index=True)
    notes = availability.notes + _potential_note(summary, farm)
    if not len(times):
        return replace(availability, notes=notes)
    table = availability.table
    ours = table[table["view"] == "operational"].set_index("turbine")["time_based"]
    length = period[1] - period[0]
    sums = _figures(times, ["turbine", "figure"])
    whole = np.where(sums["turbine"] == FLEET, length * len(listed), length)
    sums = sums.assign(coverage=sums["time_us"] / whole, time_based=sums["turbine"].map(ours))
    monthly = _figures(times, ["turbine", "month", "figure"])
    by_month = availability.monthly.set_index(["turbine", "month"])["time_based"]
    keys = pd.MultiIndex.from_frame(monthly[["turbine", "month"]])
    monthly = monthly.assign(time_based=by_month.reindex(keys).to_numpy(float))
    shown = ["operator_time_based", "time_based", "difference"]
    return replace(
        availability,
        operator=_difference(sums)[["turbine", "figure", *shown, "coverage"]],
        operator_monthly=_difference(monthly)[["turbine", "month", "figure", *shown]],
        notes=notes,
    )


def _of_export(summary: Summary | None, farm: Farm) -> pd.DataFrame:
    """Return time and unavailable time by turbine and month from the exported signal."""
    if summary is None or "exported" not in summary:
        return pd.DataFrame(columns=_COLUMNS)
    table = summary["exported"].reset_index()
    table = table[table["n"] > 0]
    width = farm.averaging_period_us
    available = np.rint(table["available"].to_numpy() * (MICRO * width)).astype(np.int64)
    return pd.DataFrame(
        {
            "turbine": table["turbine"],
            "month": [month_name(int(key)) for key in table["month"]],
            "figure": EXPORTED,
            "time_us": table["n"] * width,
            "unavailable_us": table["n"] * width - available,
        }
    )


def _of_files(operator: pd.DataFrame | None, period: Period) -> pd.DataFrame:
    """Return time and unavailable time by turbine, month and figure of the intervals that begin in the period."""
    if operator is None:
        return pd.DataFrame(columns=_COLUMNS)
    begin = series_us(operator["time"])
    own = operator[(begin >= period[0]) & (begin < period[1])]
    table = pd.DataFrame(
        {
            "turbine": own["turbine"],
            "month": month_keys(own["time"]),
            "figure": own["figure"],
            "time_us": quanta(own["duration_s"], MICRO),
            "unavailable_us": quanta(own["unavailable_s"], MICRO),
        }
    )
    sums = table.groupby(_COLUMNS[:3], sort=True).sum().reset_index()
    return sums.assign(month=[month_name(int(key)) for key in sums["month"]])


def _figures(times: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the availability per key, and of the fleet."""
    values = ["time_us", "unavailable_us"]
    both = pd.concat([times, times.assign(turbine=FLEET)], ignore_index=True)
    sums = both.astype(dict.fromkeys(values, "int64")).groupby(keys, sort=True)[values].sum().reset_index()
    whole = sums["time_us"].where(sums["time_us"] > 0)
    sums = sums.assign(operator_time_based=1.0 - sums["unavailable_us"] / whole, last=sums["turbine"] == FLEET)
    return sums.sort_values(["last", *keys], ignore_index=True)


def _difference(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(difference=table["operator_time_based"] - table["time_based"])


def _potential_note(summary: Summary | None, farm: Farm) -> tuple[str, ...]:
    """Compare the energies of the exported potential power and of our own curves over the same records."""
    if summary is None or "exported" not in summary:
        return ()
    sums = summary["exported"].sum()
    if not sums["n_potential"]:
        return ()
    scale = POWER * farm.averaging_period_s / 3600.0 / 1000.0
    exported, expected = int(sums["potential"]) * scale, int(sums["expected"]) * scale
    hours = int(sums["n_potential"]) * farm.averaging_period_s / 3600.0
    share = f": {100.0 * exported / expected:.2f} % of ours" if expected > 0 else ""
    return (
        f"Over the {hours:,.1f} h of records that have both, the export's potential power comes to {exported:,.1f} MWh "
        f"and our expected energy, by the turbines' own curves, to {expected:,.1f} MWh{share}.",
    )
