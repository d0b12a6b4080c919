"""Production, expected production, losses with an explicit residual, and the comparison with the plant meter."""

from __future__ import annotations

import pandas as pd

from fleet.config import Farm
from fleet.results import Energy
from fleet.schema import FLEET
from fleet.sums import POWER, Summary, month_name

__all__ = ["LOSS_STEPS", "energy_result"]

#: Steps of the waterfall from potential to measured energy; signed, they add up.
LOSS_STEPS = ("potential", "availability", "partial performance", "residual", "wind unknown", "measured")


def energy_result(
    summary: Summary, lost_mwh: pd.Series, meter: pd.DataFrame | None, farm: Farm, hours: float
) -> Energy:
    """Return production, losses and reconciliation from merged sums.

    Parameters
    ----------
    summary : Summary
        With "monthly" and "unrecorded".
    lost_mwh : Series
        Availability loss per turbine [MWh], operational view.
    meter : DataFrame or None
        `schema.METER`.
    farm : Farm
        Ratings and settings.
    hours : float
        Length of the period [h].
    """
    rated = {turbine.name: turbine.rated_power_kw for turbine in farm.turbines}
    scale = POWER * farm.averaging_period_s / 3600.0 / 1000.0
    monthly = _monthly(summary["monthly"].reset_index(), summary["unrecorded"].reset_index(), rated, farm)
    totals = _totals(monthly, len(rated), hours)
    losses = _losses(summary["monthly"].groupby(level="turbine", sort=True).sum(), lost_mwh, scale)
    by_month = monthly[monthly["turbine"] == FLEET].set_index("month")["energy_mwh"]
    reconciliation, publisher = _meter(by_month, losses, meter)
    avoided = None
    if farm.energy.emission_factor is not None:
        total = float(totals.loc[totals["turbine"] == FLEET, "energy_mwh"].iloc[0])
        avoided = total * (farm.energy.emission_factor - farm.energy.wind_emission_factor) / 1000.0
    return Energy(
        monthly=monthly.drop(columns=["hours", "covered_h", "rated_mwh"]),
        totals=totals,
        losses=losses,
        reconciliation=reconciliation,
        publisher=publisher,
        avoided_t=avoided,
        notes=_notes(summary["unrecorded"].sum(), scale),
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
            "hours": (both["n"] + both["n_missing"]) * period_h,
            "rated_mwh": both["n"] * period_h * both["turbine"].map(rated) / 1000.0,
        }
    )
    farm_rows = one.groupby("month", sort=True).sum(numeric_only=True).reset_index().assign(turbine=FLEET)
    table = pd.concat([one, farm_rows], ignore_index=True)
    table["capacity_factor"] = table["energy_mwh"] / table["rated_mwh"].where(table["rated_mwh"] > 0)
    table["coverage"] = table["covered_h"] / table["hours"]
    return table


def _totals(monthly: pd.DataFrame, turbines: int, period_h: float) -> pd.DataFrame:
    added = ["energy_mwh", "expected_mwh", "covered_h", "hours", "rated_mwh"]
    sums = monthly.groupby("turbine", sort=False)[added].sum().reset_index()
    return sums.assign(
        capacity_factor=sums["energy_mwh"] / sums["rated_mwh"].where(sums["rated_mwh"] > 0),
        period_h=period_h * (1 + sums["turbine"].eq(FLEET) * (turbines - 1)),
        coverage=sums["covered_h"] / sums["hours"],
    ).drop(columns=["hours", "rated_mwh"])


def _losses(sums: pd.DataFrame, lost_mwh: pd.Series, scale: float) -> pd.DataFrame:
    """Waterfall over the records with power and wind; the residual is what the named losses leave unexplained."""
    sums = sums * scale
    lost = lost_mwh.reindex(sums.index).fillna(0.0)
    partial = sums["expected_degraded"] - sums["energy_degraded"]
    running = (sums["expected"] - sums["expected_down"]) - (sums["energy_present"] - sums["energy_down"])
    steps = pd.DataFrame(
        {
            "potential": sums["expected"] - sums["expected_down"] + sums["energy_down"] + lost,
            "availability": -lost,
            "partial performance": -partial,
            "residual": -(running - partial),
            "wind unknown": sums["energy"] - sums["energy_present"],
            "measured": sums["energy"],
        }
    )
    steps.loc[FLEET] = steps.sum()
    order = pd.MultiIndex.from_product([steps.index, list(LOSS_STEPS)], names=["turbine", "step"])
    return pd.DataFrame({"energy_mwh": steps[list(LOSS_STEPS)].to_numpy().ravel()}, index=order).reset_index()


def _meter(by_month: pd.Series, losses: pd.DataFrame, meter: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    fleet_losses = losses[losses["turbine"] == FLEET].set_index("step")["energy_mwh"]
    if meter is None or not len(meter):
        empty = pd.DataFrame({"month": [], "turbines_mwh": [], "meter_mwh": [], "ratio": []})
        return empty, pd.DataFrame({"item": [], "ours_mwh": [], "publisher_mwh": [], "note": []})
    months = meter["time"].dt.strftime("%Y-%m")
    net = meter["energy_kwh"].groupby(months, sort=True).sum() / 1000.0
    table = pd.DataFrame({"turbines_mwh": by_month, "meter_mwh": net}).dropna().rename_axis("month")
    table.loc["all"] = table.sum()
    table["ratio"] = table["meter_mwh"] / table["turbines_mwh"].where(table["turbines_mwh"] > 0)

    def published(column: str) -> float:
        return float(meter[column].sum(min_count=1)) / 1000.0

    lines: list[tuple[str, float, float, str]] = [
        (
            "net energy",
            float(table["turbines_mwh"]["all"]),
            float(table["meter_mwh"]["all"]),
            "ours: sum of the turbines",
        ),
        (
            "availability loss",
            -float(fleet_losses["availability"]),
            published("availability_loss_kwh"),
            "operational view",
        ),
        (
            "curtailment loss",
            -float(fleet_losses["partial performance"]),
            published("curtailment_loss_kwh"),
            "ours: all partial performance; without a set-point curtailment cannot be told apart",
        ),
    ]
    publisher = pd.DataFrame(lines, columns=["item", "ours_mwh", "publisher_mwh", "note"])
    return table.reset_index(), publisher[publisher["publisher_mwh"].notna()].reset_index(drop=True)


def _notes(unrecorded: pd.Series, scale: float) -> tuple[str, ...]:
    intervals, estimated = int(unrecorded["n"]), int(unrecorded["estimated"])
    return (
        "Expected energy is the turbine's own smooth curve at its own nacelle wind, over records with power and wind.",
        f"{intervals} intervals hold no usable power. By the neighbours that ran meanwhile, {estimated} of them made "
        f"about {int(unrecorded['estimate']) * scale:.1f} MWh; this energy is not in any sum.",
    )
