"""Production, expected production, losses with an explicit residual, and the comparison with the plant meter."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Farm
from fleet.potential import corrected, source_quality
from fleet.results import Energy
from fleet.schema import FLEET
from fleet.states import PARTS
from fleet.sums import POWER, Summary, month_name

__all__ = ["LOGGED_PARTIAL", "LOSS_STEPS", "energy_result"]

#: Steps of the waterfall from potential to measured energy; signed, they add up.
LOSS_STEPS = ("potential", "availability", "partial performance", "residual", "without expectation", "measured")

_STOPPED, _NORMAL, _UNEXPECTED = (PARTS.index(part) for part in ("stopped", "normal", "without expectation"))
_LOGGED = (PARTS.index("partial"),)
#: Time whose shortfall is partial performance: logged as such, standing still though the log says in service, or
#: running well below the curve.
_PARTIAL = (*_LOGGED, PARTS.index("unlogged"), PARTS.index("degraded"))

#: What the step "partial performance" consists of. Only the first has the category, and counts in the availability.
LOGGED_PARTIAL = "in the category partial performance"
_PARTIAL_WORDS = (
    LOGGED_PARTIAL,
    "standing still in wind while the log says in service",
    "running well below the curve, without that category",
)


def energy_result(
    summary: Summary, meter: pd.DataFrame | None, reconciliation: pd.DataFrame, farm: Farm, hours: float
) -> Energy:
    """Return production, losses and reconciliation from merged sums.

    Parameters
    ----------
    summary : Summary
        With "monthly", "unrecorded", "parts" and "sources".
    meter : DataFrame or None
        `schema.METER`, of the analysed period.
    reconciliation : DataFrame
        From `fleet.reconciliation.reconcile`.
    farm : Farm
        Ratings and settings.
    hours : float
        Length of the period [h].
    """
    rated = {turbine.name: turbine.rated_power_kw for turbine in farm.turbines}
    scale = POWER * farm.averaging_period_s / 3600.0 / 1000.0
    monthly = _monthly(summary["monthly"].reset_index(), summary["unrecorded"].reset_index(), rated, farm)
    totals = _totals(monthly, len(rated), hours)
    parts = corrected(summary["parts"], source_quality(summary))
    losses = _losses(parts, list(rated), scale)
    avoided = None
    if farm.energy.emission_factor is not None:
        total = float(totals.loc[totals["turbine"] == FLEET, "energy_mwh"].iloc[0])
        avoided = total * (farm.energy.emission_factor - farm.energy.wind_emission_factor) / 1000.0
    return Energy(
        monthly=monthly.drop(columns=["hours", "covered_h", "expected_h", "rated_mwh"]),
        totals=totals,
        losses=losses,
        partial=_partial(parts, scale),
        reconciliation=reconciliation,
        publisher=_publisher(reconciliation, losses, meter),
        unlogged_h=int(parts.loc[parts["part"] == PARTS.index("unlogged"), "time"].sum()) / 3.6e9,
        avoided_t=avoided,
        notes=_notes(summary, scale),
    )


def _monthly(table: pd.DataFrame, unrecorded: pd.DataFrame, rated: dict[str, float], farm: Farm) -> pd.DataFrame:
    period_h = farm.averaging_period_s / 3600.0
    missing = unrecorded.set_index(["turbine", "month"])["n"]
    both = table.set_index(["turbine", "month"]).join(missing.rename("n_missing"), how="outer").fillna(0).reset_index()
    one = pd.DataFrame(
        {
            "turbine": both["turbine"],
            "month": [month_name(int(key)) for key in both["month"]],
            "energy_mwh": both["energy"] * POWER * period_h / 1000.0,
            "expected_mwh": both["expected"] * POWER * period_h / 1000.0,
            "covered_h": both["n"] * period_h,
            "expected_h": both["n_expected"] * period_h,
            "hours": (both["n"] + both["n_missing"]) * period_h,
            "rated_mwh": both["n"] * period_h * both["turbine"].map(rated) / 1000.0,
        }
    )
    farm_rows = one.groupby("month", sort=True).sum(numeric_only=True).reset_index().assign(turbine=FLEET)
    table = pd.concat([one, farm_rows], ignore_index=True)
    table["capacity_factor"] = table["energy_mwh"] / table["rated_mwh"].where(table["rated_mwh"] > 0)
    table["coverage"] = table["covered_h"] / table["hours"]
    without = table["covered_h"] == 0
    return table.assign(
        energy_mwh=table["energy_mwh"].mask(without),
        expected_mwh=table["expected_mwh"].mask(without | (table["expected_h"] == 0)),
    )


def _totals(monthly: pd.DataFrame, turbines: int, period_h: float) -> pd.DataFrame:
    added = ["energy_mwh", "expected_mwh", "covered_h", "hours", "rated_mwh"]
    sums = monthly.groupby("turbine", sort=False)[added].sum(min_count=1).reset_index()
    return sums.assign(
        capacity_factor=sums["energy_mwh"] / sums["rated_mwh"].where(sums["rated_mwh"] > 0),
        period_h=period_h * (1 + sums["turbine"].eq(FLEET) * (turbines - 1)),
        coverage=sums["covered_h"] / sums["hours"],
    ).drop(columns=["hours", "rated_mwh"])


def _losses(parts: pd.DataFrame, turbines: list[str], scale: float) -> pd.DataFrame:
    """Return the waterfall over all records with power; the residual is what the named losses leave unexplained."""
    by_turbine = dict(iter(parts.groupby("turbine", sort=False)))
    steps = {turbine: _steps(by_turbine.get(turbine, parts.iloc[:0]), scale) for turbine in turbines}
    steps[FLEET] = {step: sum(own[step] for own in steps.values()) for step in LOSS_STEPS}
    rows = [(turbine, step, own[step]) for turbine, own in steps.items() for step in LOSS_STEPS]
    return pd.DataFrame(rows, columns=["turbine", "step", "energy_mwh"])


def _partial(parts: pd.DataFrame, scale: float) -> pd.DataFrame:
    """Return what the fleet's partial performance consists of: kind, hours, energy_mwh, signed as the steps are."""
    rows = []
    for part, words in zip(_PARTIAL, _PARTIAL_WORDS, strict=True):
        own = parts[(parts["part"] == part) & (parts["known"] if part in _LOGGED else True)]
        possible = own["potential" if part in _LOGGED else "plain"]
        rows.append((words, int(own["time"].sum()) / 3.6e9, int((own["produced"] - possible).sum()) * scale))
    return pd.DataFrame(rows, columns=["kind", "hours", "energy_mwh"])


def _steps(parts: pd.DataFrame, scale: float) -> dict[str, float]:
    """Return one turbine's steps [MWh]; NaN where a stop's potential, or all expected power, is unknown.

    Parameters
    ----------
    parts : DataFrame
        The turbine's rows of `fleet.potential.corrected`.
    scale : float
        Energy of one unit of the sums [MWh].
    """
    # The potential of stops and logged partial performance comes from a source; running time has its own curve.
    part, produced, time = (parts[name].to_numpy(np.int64) for name in ("part", "produced", "time"))
    sourced = np.isin(part, [_STOPPED, *_LOGGED])
    unpriced = sourced & ~parts["known"].to_numpy(bool)
    possible = np.where(sourced, parts["potential"].to_numpy(np.int64), parts["plain"].to_numpy(np.int64))
    unpriced_stops = bool((unpriced & (part == _STOPPED)).any())
    part = np.where(unpriced, _UNEXPECTED, part)

    def total(values: npt.NDArray[np.int64], of: Sequence[int]) -> float:
        return int(values[np.isin(part, of)].sum()) * scale

    def gap(*of: int) -> float:
        return total(produced, of) - total(possible, of)

    potential = total(possible, (_STOPPED, *_PARTIAL, _NORMAL))
    unknown = potential <= 0.0
    unknown_stops = unknown or (unpriced_stops and time[part == _STOPPED].sum() == 0)
    nan = float("nan")
    return {
        "potential": nan if unknown_stops else potential,
        "availability": nan if unknown_stops else gap(_STOPPED),
        "partial performance": nan if unknown else gap(*_PARTIAL),
        "residual": nan if unknown else gap(_NORMAL),
        "without expectation": total(produced, (_UNEXPECTED,)) if len(parts) else nan,
        "measured": int(produced.sum()) * scale if len(parts) else nan,
    }


def _publisher(reconciliation: pd.DataFrame, losses: pd.DataFrame, meter: pd.DataFrame | None) -> pd.DataFrame:
    """Return the publisher's figures beside ours: net energy of the compared intervals, losses of the period."""
    ours = losses[losses["turbine"] == FLEET].set_index("step")["energy_mwh"]
    lines: list[tuple[str, float, float, str]] = [
        ("net energy", row["turbines_mwh"], row["meter_mwh"], "ours: sum of the turbines; compared intervals only")
        for row in reconciliation[reconciliation["month"] == "all"].to_dict("records")
    ]
    if meter is not None and len(meter):
        lines += [
            (
                "availability loss",
                -float(ours["availability"]),
                float(meter["availability_loss_kwh"].sum(min_count=1)) / 1000.0,
                "operational view",
            ),
            (
                "curtailment loss",
                -float(ours["partial performance"]),
                float(meter["curtailment_loss_kwh"].sum(min_count=1)) / 1000.0,
                "ours: all partial performance; without a set-point curtailment cannot be told apart",
            ),
        ]
    frame = pd.DataFrame(lines, columns=["item", "ours_mwh", "publisher_mwh", "note"])
    return frame[frame["publisher_mwh"].notna()].reset_index(drop=True)


def _notes(summary: Summary, scale: float) -> tuple[str, ...]:
    unrecorded = summary["unrecorded"].sum()
    intervals, estimated = int(unrecorded["n"]), int(unrecorded["estimated"])
    lost = f"Intervals that hold no usable power: {intervals:,}."
    if estimated:
        lost += (
            f" By the neighbours that ran meanwhile, {estimated:,} of them made about "
            f"{int(unrecorded['estimate']) * scale:,.1f} MWh; this energy is not in any sum."
        )
    elif intervals:
        lost += " No neighbour ran meanwhile: what they made cannot be estimated, and is not in any sum."
    return (
        "Expected energy is the turbine's own smooth curve at its own nacelle wind, over records with power and wind, "
        "where that curve was measured.",
        "Losses: the potential of stopped time comes from the best source for it (see availability), that of running "
        "time from the turbine's own curve; expected energy takes the own curve for both, so that the two differ a "
        "little. Partial performance is time running well below the curve, whether a log has that category for it or "
        "not: without a set-point its cause is not known.",
        lost,
    )
