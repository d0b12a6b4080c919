"""Synthetic results for tests of plots and report: made up by formula, not measured, complete in every section."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from fleet.categories import Category
from fleet.config import Farm
from fleet.results import (
    Alarms,
    Availability,
    Clock,
    Energy,
    Finding,
    FleetResults,
    PowerCurves,
    Quality,
    Sensors,
    Wind,
)
from fleet.yaw import LIMITS

START = pd.Timestamp("2020-01-01", tz="UTC")
RATED_KW = 2000.0


def inferred_too_high(results: FleetResults) -> FleetResults:
    """Return results whose availability is inferred without rows that the publisher's rules took out at T01."""
    assert results.availability is not None
    assert results.quality is not None
    taken = pd.DataFrame([("T01", "publisher", 250), ("gone", "publisher", 9)], columns=["turbine", "flag", "rows"])
    inferred = replace(results.availability, table=results.availability.table.assign(evidence="inferred"))
    return replace(results, availability=inferred, quality=replace(results.quality, flags=taken))


def synthetic_results(turbines: int = 4, months: int = 6, names: tuple[str, ...] = ()) -> FleetResults:
    """Return results with every section filled; `names` replaces the first turbines' names."""
    labels = [*names, *(f"T{i + 1:02d}" for i in range(len(names), turbines))]
    end = START + pd.DateOffset(months=months)
    return FleetResults(
        farm=_farm(labels),
        start=START,
        end=end,
        sources=pd.DataFrame(
            {
                "file": ["synthetic.csv", "synthetic_status.csv"],
                "format": ["generic", "generic_events"],
                "kind": ["scada", "events"],
                "rows": [1000 * turbines, 40 * turbines],
                "turbines": [turbines, turbines],
                "first": [START, START],
                "last": [end, end],
                "stamps": ["assumed start", "start"],
                "note": ["made up for tests", ""],
            }
        ),
        clock=_clock(labels, end),
        quality=_quality(labels, end),
        curves=_curves(labels),
        availability=_availability(labels, months),
        alarms=_alarms(labels),
        sensors=_sensors(labels, months),
        energy=_energy(labels, months),
        wind=_wind(labels, months),
        findings=(
            Finding(severity="warning", text=f"{labels[0]} lies 3.0 % below the fleet.", section="ranking"),
            Finding(severity="alarm", text="The meter differs by 5.0 %.", section="reconciliation"),
            Finding(severity="note", text="Stamps are assumed to label the start.", section="sources"),
        ),
    )


def logs_only() -> FleetResults:
    """Return results of a folder that holds one status log and nothing else."""
    end = START + pd.DateOffset(months=1)
    full = _availability(["T01"], 1)
    table = full.table.assign(production_based=np.nan, produced_mwh=np.nan, lost_mwh=np.nan)
    return FleetResults(
        farm=_farm(["T01"]),
        start=START,
        end=end,
        sources=pd.DataFrame(
            {
                "file": ["status.csv"],
                "format": ["greenbyte_status"],
                "kind": ["events"],
                "rows": [40],
                "turbines": [1],
                "first": [START],
                "last": [end],
                "stamps": ["start"],
                "note": [""],
            }
        ),
        availability=Availability(
            table=table,
            monthly=full.monthly.assign(production_based=np.nan),
            categories=full.categories.assign(lost_mwh=np.nan),
            stops=full.stops.assign(lost_mwh=np.nan),
            reliability=full.reliability,
        ),
        absent={
            name: "The folder holds status logs only: no power and no wind speed."
            for name in ("energy", "curves", "wind", "quality", "clock")
        },
    )


def month_names(months: int) -> list[str]:
    """Return the fixture's months."""
    return [str(month) for month in pd.period_range("2020-01", periods=months, freq="M")]


def _farm(labels: list[str]) -> Farm:
    return Farm.model_validate(
        {
            "name": "Synthetic farm",
            "turbines": [
                {
                    "name": name,
                    "rated_power_kw": RATED_KW,
                    "hub_height": 80.0,
                    "rotor_diameter": 82.0,
                    "latitude": 50.0 + 0.004 * (i % 7),
                    "longitude": 8.0 + 0.006 * (i // 7) + 0.001 * (i % 3),
                }
                for i, name in enumerate(labels)
            ],
            "quality": {"frozen_records": 9},
        }
    )


def _clock(labels: list[str], end: pd.Timestamp) -> Clock:
    n = len(labels)
    lags = np.arange(-180, 181, 30)
    return Clock(
        table=pd.DataFrame(
            {
                "turbine": labels,
                "records": [26208] * n,
                "expected_records": [26208] * n,
                "first": [START] * n,
                "last": [end] * n,
                "exact_duplicates": [0] * n,
                "conflicting_pairs": [6] * n,
                "missing_stamps": [6] * n,
                "true_holes": [0] * n,
                "verdict": ["fixed clock with daylight-saving offsets"] * n,
                "clock": ["+01:00"] * n,
                "shifted_rows": [13000] * n,
                "holes_after": [0] * n,
                "duplicates_after": [0] * n,
            }
        ),
        reanalysis_lag=pd.DataFrame(
            {
                "season": ["daylight saving"] * len(lags) + ["standard time"] * len(lags),
                "lag_min": np.r_[lags, lags],
                "correlation": np.r_[0.8 - ((lags + 60) / 500.0) ** 2, 0.82 - (lags / 500.0) ** 2],
            }
        ),
        notes=("Six stamps per turbine are written twice, with different values.",),
    )


def _quality(labels: list[str], end: pd.Timestamp) -> Quality:
    reasons = {"energy": ["empty"], "availability": ["empty", "wind_range"], "power_curve": ["empty", "frozen"]}
    rows = [
        {"turbine": name, "use": use, "reason": reason, "rows": 26208 - 150 * len(bad) if reason == "used" else 150}
        for name in labels
        for use, bad in reasons.items()
        for reason in ["used", *bad]
    ]
    dates = pd.date_range(START.tz_localize(None), end.tz_localize(None), freq="D", inclusive="left")
    coverage = pd.DataFrame(
        {
            "turbine": np.repeat(labels, len(dates)),
            "date": np.tile(dates, len(labels)),
            "expected": 144,
            "used": np.tile(np.where(np.arange(len(dates)) % 29 == 3, 80, 144), len(labels)),
        }
    )
    coverage["rejected"] = (144 - coverage["used"]) // 2
    coverage["missing"] = 144 - coverage["used"] - coverage["rejected"]
    return Quality(
        accounting=pd.DataFrame(rows),
        flags=pd.DataFrame({"turbine": labels, "flag": ["frozen"] * len(labels), "rows": [170] * len(labels)}),
        coverage=coverage,
        rows=pd.DataFrame({"turbine": labels, "rows_in": 26208, "expected": 26208, "missing": 0}),
        held=pd.DataFrame({"turbine": labels, "flag": "icing", "hours": 12.5, "known_h": 12.5, "lost_mwh": 3.25}),
    )


def _power(speed: Any, factor: float) -> Any:
    return factor * RATED_KW / (1.0 + np.exp(-(speed - 9.0) / 1.25))


def _curves(labels: list[str]) -> PowerCurves:
    speed = np.arange(3.0, 20.5, 0.5)
    names = [*labels, "fleet"]
    factors = {name: 1.0 + 0.03 * np.sin(3.0 * i) for i, name in enumerate(labels)} | {"fleet": 1.0}
    bins = pd.concat(
        pd.DataFrame(
            {
                "turbine": name,
                "bin": np.rint(speed / 0.5).astype(int),
                "wind_speed": speed,
                "power_kw": _power(speed, factors[name]),
                "power_std_kw": 60.0,
                "n": 200,
                "hours": 33.3,
                "complete": speed < 18.0,
                "interpolated": False,
                "cp": _power(speed, factors[name]) * 1e3 / (0.5 * 1.225 * 5281.0 * speed**3),
                "u_a_kw": 4.0,
                "u_b_kw": 30.0,
                "u_c_kw": 30.3,
            }
        )
        for name in names
    )
    averages = np.arange(4.0, 12.0)
    aep = pd.concat(
        pd.DataFrame(
            {
                "turbine": name,
                "wind_speed_avg": averages,
                "aep_measured_mwh": 900.0 * (averages - 2.0) * factors[name],
                "aep_extrapolated_mwh": 910.0 * (averages - 2.0) * factors[name],
                "u_aep_mwh": 120.0,
                "incomplete": averages > 9.0,
            }
        )
        for name in names
    )
    fine = np.arange(0.0, 25.1, 0.1)
    expected = pd.concat(
        pd.DataFrame({"turbine": name, "wind_speed": fine, "power_kw": _power(fine, factors[name])}) for name in names
    )
    ranked = sorted(labels, key=lambda name: -factors[name])
    ranking = pd.DataFrame(
        {
            "turbine": ranked,
            "common_hours": 3000.0,
            "energy_mwh": [2000.0 * factors[name] for name in ranked],
            "expected_mwh": 2000.0,
            "index": [factors[name] for name in ranked],
            "u_index": 0.008,
            "rank": np.arange(1, len(ranked) + 1),
        }
    )
    cells = [
        (name, v, p, 1 + int(40 * np.exp(-(((v - 7.0) / 4.0) ** 2))), 0)
        for name in labels
        for v in np.arange(3.0, 18.0, 0.25)
        for p in 25.0 * (np.floor(_power(v, factors[name]) / 25.0) + np.arange(-3, 4))
    ]
    cells += [(name, v, 0.0, 0, 3) for name in labels for v in np.arange(8.0, 12.0, 0.25)]
    return PowerCurves(
        bins=bins.reset_index(drop=True),
        aep=aep.reset_index(drop=True),
        completeness=pd.DataFrame(
            {
                "turbine": names,
                "hours": 4000.0,
                "required_hours": 180.0,
                "bins_complete": 30,
                "bins_in_range": 31,
                "range_low": 3.0,
                "range_high": 18.5,
                "complete": False,
                "density": 1.19,
                "density_source": "reanalysis",
            }
        ),
        expected=expected.reset_index(drop=True),
        ranking=ranking,
        scatter=pd.DataFrame(cells, columns=["turbine", "wind_speed", "power_kw", "used", "rejected"]),
    )


def _availability(labels: list[str], months: int) -> Availability:
    table = pd.DataFrame(
        [
            {
                "turbine": name,
                "view": view,
                "evidence": "status log" if view != "contractual" else "none",
                "time_based": np.nan if view == "contractual" else 0.97,
                "production_based": np.nan if view == "contractual" else 0.965,
                "available_h": 4200.0,
                "unavailable_h": 130.0,
                "excluded_h": 30.0,
                "unallocated_h": 8.0,
                "coverage": 0.992,
                "produced_mwh": 1900.0,
                "lost_mwh": 69.0,
                "potential_source": "neighbours",
                "u_potential_mwh": 12.0,
                "note": "no contract map in farm.toml" if view == "contractual" else "",
            }
            for name in [*labels, "fleet"]
            for view in ("operational", "technical", "contractual")
        ]
    )
    calendar = month_names(months)
    monthly = pd.DataFrame(
        {
            "turbine": np.repeat(labels, months),
            "month": np.tile(calendar, len(labels)),
            "time_based": 0.99 - 0.04 * np.abs(np.sin(np.arange(len(labels) * months))),
            "production_based": 0.98 - 0.04 * np.abs(np.sin(np.arange(len(labels) * months))),
            "coverage": 0.99,
        }
    )
    if len(monthly) > 3:
        monthly.loc[3, ["time_based", "production_based"]] = np.nan
    hours = {category.value: 2.0 + 3.0 * i for i, category in enumerate(Category)} | {"full_performance": 600.0}
    categories = pd.DataFrame(
        [
            {"turbine": name, "month": month, "category": category, "hours": value, "lost_mwh": 0.4 * value}
            for name in labels
            for month in calendar
            for category, value in hours.items()
        ]
    )
    kinds = ["forced_outage", "scheduled_maintenance", "technical_standby", "out_of_environmental_specification"]
    stops = pd.DataFrame(
        [
            {
                "turbine": name,
                "start": START + pd.Timedelta(hours=37 * j + 5 * i),
                "hours": 1.5 + j,
                "category": kinds[(i + j) % 4],
                "code": str(100 + j),
                "message": f"Synthetic stop {j}",
                "lost_mwh": 0.7 * (1.5 + j),
                "open_end": j == 17,
            }
            for i, name in enumerate(labels)
            for j in range(18)
        ]
    )
    stops.insert(2, "end", stops["start"] + pd.to_timedelta(stops["hours"], unit="h"))
    operator = pd.DataFrame(
        {
            "turbine": [*labels, "fleet"],
            "figure": "a made-up figure",
            "operator_time_based": 0.975,
            "time_based": 0.97,
            "difference": 0.005,
            "coverage": 0.98,
        }
    )
    return Availability(
        operator=operator,
        table=table,
        monthly=monthly,
        categories=categories,
        stops=stops,
        reliability=pd.DataFrame(
            {
                "turbine": [*labels, "fleet"],
                "failures": 5,
                "brief_stops": 0,
                "operating_h": 4200.0,
                "repair_h": 40.0,
                "mtbf_h": 840.0,
                "mttr_h": 8.0,
                "note": "",
            }
        ),
    )


def _energy(labels: list[str], months: int) -> Energy:
    calendar, n = month_names(months), len(labels)
    each = 300.0 + 80.0 * np.cos(np.arange(months))
    monthly = pd.DataFrame(
        {
            "turbine": np.repeat([*labels, "fleet"], months),
            "month": np.tile(calendar, n + 1),
            "energy_mwh": np.r_[np.tile(each, n), n * each],
            "expected_mwh": np.r_[np.tile(1.03 * each, n), 1.03 * n * each],
            "capacity_factor": np.tile(each / 1460.0, n + 1),
            "coverage": 0.99,
        }
    )
    total = float(each.sum())
    totals = pd.DataFrame(
        {
            "turbine": [*labels, "fleet"],
            "energy_mwh": [total] * n + [n * total],
            "expected_mwh": [1.03 * total] * n + [1.03 * n * total],
            "capacity_factor": 0.22,
            "covered_h": 4300.0,
            "period_h": 4368.0,
            "coverage": 0.984,
        }
    )
    steps = [("potential", 1.05), ("availability loss", -0.03), ("curtailment", -0.005), ("residual", -0.015)]
    losses = pd.DataFrame(
        [
            {"turbine": name, "step": step, "energy_mwh": share * total * (n if name == "fleet" else 1)}
            for name in [*labels, "fleet"]
            for step, share in [*steps, ("measured", 1.0)]
        ]
    )
    meter = 0.98 * n * each
    return Energy(
        monthly=monthly,
        totals=totals,
        losses=losses,
        reconciliation=pd.DataFrame(
            {
                "month": [*calendar, "all"],
                "turbines_mwh": [*(n * each), n * total],
                "meter_mwh": [*meter, 0.98 * n * total],
                "ratio": 0.98,
                "intervals": [*[4000] * months, 4000 * months],
                "of": [*[4300] * months, 4300 * months],
            }
        ),
        publisher=pd.DataFrame(
            {
                "item": ["availability loss", "curtailment loss"],
                "ours_mwh": [60.0, np.nan],
                "publisher_mwh": [65.0, 12.0],
                "note": ["", "no set-point in the data"],
            }
        ),
    )


def _wind(labels: list[str], months: int) -> Wind:
    names = [*labels, "fleet"]
    speeds, sectors = np.arange(0.0, 21.0), np.arange(0.0, 360.0, 30.0)
    counts = [
        {"turbine": name, "sector_deg": s, "bin_low": v, "n": int(300 * v * np.exp(-((v / 8) ** 2)) * (2 + np.cos(s)))}
        for name in labels
        for s in sectors
        for v in speeds
    ]
    return Wind(
        stats=pd.DataFrame(
            {
                "turbine": names,
                "mean": 6.4,
                "std": 3.1,
                "weibull_k": 2.1,
                "weibull_a": 7.2,
                "turbulence_15": np.nan,
                "hours": 4300.0,
            }
        ),
        rose=pd.DataFrame(counts),
        monthly=pd.DataFrame(
            {"turbine": np.repeat(labels, months), "month": np.tile(month_names(months), len(labels)), "mean": 6.4}
        ),
    )


def _alarms(labels: list[str]) -> Alarms:
    hours = np.array([40.0, 20.0, 10.0, 10.0])
    fleet = pd.DataFrame(
        {
            "status": ["stop"] * 4 + ["warning"] * 2 + ["informational"],
            "code": [str(100 + i) for i in range(7)],
            "message": [f"Synthetic event {i}" for i in range(7)],
            "events": [7, 5, 3, 2, 6, 2, 90],
            "open": [0, 1, 0, 0, 6, 2, 90],
            "hours": [*hours, np.nan, np.nan, np.nan],
            "turbines": len(labels),
            "ranked_by": ["hours"] * 4 + ["events"] * 2 + [""],
            "share": [*hours / 80.0, 0.75, 0.25, np.nan],
            "cumulative": [*np.cumsum(hours) / 80.0, 0.75, 1.0, np.nan],
        }
    )
    own = fleet[["status", "code", "message", "events", "open", "hours"]]
    return Alarms(
        fleet=fleet,
        by_turbine=pd.concat([own.assign(turbine=name)[["turbine", *own.columns]] for name in labels]),
        notes=("Not ranked: 90 informational rows.",),
    )


def _sensors(labels: list[str], months: int) -> Sensors:
    keys = {"turbine": np.repeat(labels, months), "month": np.tile(month_names(months), len(labels)), "records": 4000}
    first = np.arange(len(labels) * months) < months
    drift = pd.DataFrame({**keys, "drift": np.where(first, 0.4, 0.02), "u_drift": 0.03, "flagged": first})
    north = pd.DataFrame({**keys, "offset_deg": np.where(first, 12.0, -1.0), "step_deg": 0.1, "flagged": first})
    return Sensors(
        drift=drift,
        temperature=drift.assign(drift=0.1, flagged=False),
        north=north.assign(signal="nacelle_direction_deg")[["signal", *north.columns]],
        yaw=pd.DataFrame(
            {
                "turbine": labels,
                "misalignment_deg": np.where(np.arange(len(labels)) == 0, 5.0, 0.4),
                "u_deg": 0.7,
                "exponent": 2.4,
                "records": 20_000,
                "significant": np.arange(len(labels)) == 0,
                "note": np.where(np.arange(len(labels)) == 0, LIMITS, "not significant"),
            }
        ),
    )
