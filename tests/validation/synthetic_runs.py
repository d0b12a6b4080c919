"""Synthetic fleets whose truth is known, and how far the report is from it; each run is made once per process."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

import fleet
from fleet.categories import Category
from fleet.config import AvailabilitySettings
from fleet.farm import Farm
from fleet.flags import Flag
from fleet.pipeline import RunOptions
from fleet.results import FleetResults, Sensors
from fleet.synthetic import FleetSpec, FleetTruth, expected_curve, fleet_runs, read_truth, synthesise
from fleet.synthetic.steady import steady_machine
from fleet.synthetic.truth import truth_records
from tests.synthetic_fleet import curve_of, farm_of, judge

__all__ = [
    "AVAILABILITY_FLEETS",
    "CURVE_SEEDS",
    "ROWS",
    "RULES",
    "WIND_RANGES",
    "availability_errors",
    "availability_of",
    "coverage",
    "curve_deviations",
    "drift_scores",
    "energy_ratio",
    "healthy_share",
    "largest_error",
    "lost_ratio",
    "north_scores",
    "opened",
    "rows_counted",
    "rows_marked",
    "rule_scores",
    "yaw_names",
]

CURVE_SEEDS = 200  #: turbines, each a fleet of its own
CURVE_DAYS = 90
#: Ranges of measured wind speed [m/s] by name: where the curve bends, intervals cover less.
WIND_RANGES = {
    "below 2.75 m/s": (0.0, 2.75),
    "2.75 to 3.75 m/s": (2.75, 3.75),
    "3.75 to 14.75 m/s": (3.75, 14.75),
    "14.75 to 20.25 m/s": (14.75, 20.25),
    "above 20.25 m/s": (20.25, 60.0),
}
_TRUTH_RECORDS = 8_000_000


@cache
def curve_deviations(biased: bool) -> pd.DataFrame:
    """Return how far each complete bin of many turbines' curves is from E[P | measured wind], with its uncertainties.

    What is true is the same in both cases: the expectation by the wind that an anemometer with noise, but without bias,
    measures. A curve from turbines whose sensors have no bias is off by chance, which is category A; with biases drawn
    from category B a curve is off by both. (The expectation by the reading of a biased anemometer holds that bias and
    would need no category B.) The turbines never stop: a record in which one stands for a part of the time belongs to
    the measured curve, but not to the expectation. The truth is taken at the bin's own mean wind speed.

    Returns
    -------
    DataFrame
        One row per complete bin and turbine: columns of `fleet.results.PowerCurves.bins`, and deviation_kw.
    """
    bias = {"wind_bias": biased, "power_bias": biased}
    spec = FleetSpec.healthy(turbines=1, days=CURVE_DAYS, seed=CURVE_SEEDS, **bias)
    truth = expected_curve(spec, None, size=_TRUTH_RECORDS)
    found = []
    for seed in range(CURVE_SEEDS):
        one = replace(spec, seed=seed)
        (run,) = fleet_runs(one)
        found.append(curve_of(run, farm_of(one)))
    bins = pd.concat(found)
    bins = bins[bins["complete"]]
    true_kw = np.interp(bins["wind_speed"], truth["wind_speed"], truth["power_kw"])
    return bins.assign(deviation_kw=bins["power_kw"] - true_kw)


def coverage(biased: bool, uncertainty: str, *, factor: float = 1.0, within: str = "") -> float:
    """Return the share of bins [%] whose 95 % interval, of `factor` times the uncertainty, holds what is true."""
    bins = curve_deviations(biased)
    if within:
        low, high = WIND_RANGES[within]
        bins = bins[bins["wind_speed"].between(low, high, inclusive="left")]
    return 100.0 * float((bins["deviation_kw"].abs() <= 1.96 * factor * bins[uncertainty]).mean())


def opened(folder: Path, spec: FleetSpec, format: str) -> tuple[Farm, FleetTruth]:
    """Write a fleet into a folder in a vendor's format and open it, with its truth."""
    synthesise(folder / "farm", spec, format=format, truth=folder / "truth.parquet")
    farm = fleet.open(folder / "farm").with_options(RunOptions(scheduler="synchronous", keep=False))
    return farm, read_truth(folder / "truth.parquet")


def availability_of(farm: Farm, truth: FleetTruth, spec: FleetSpec) -> pd.DataFrame:
    """Return the operational availability of a fleet less what is true.

    The log is declared to cover the period: of a log that is silent for weeks the report would not believe it.

    Returns
    -------
    DataFrame
        Index turbine; evidence; in points of availability (per cent): time, production (less all of the truth),
        recorded (less the truth of the records that the export holds), windy (less the truth's unavailable time in
        measured wind of 4 m/s and above, as a share of all its time) and windy_share (as a share of such time).
    """
    start = pd.Timestamp(spec.start, tz="UTC").to_pydatetime()
    period = (start, start + pd.Timedelta(days=spec.days).to_pytimedelta())
    settings = farm.settings.model_copy(update={"availability": AvailabilitySettings(status_period=period)})
    table = replace(farm, dataset=replace(farm.dataset, farm=settings)).availability().table
    found = table[(table["view"] == "operational") & (table["turbine"] != "fleet")].set_index("turbine")
    known, windy = truth.availability(), truth.availability(least_wind=4.0)
    hours = known["available_h"] + known["unavailable_h"]
    recorded = replace(truth, records=truth.records[~truth.records["missing"]]).availability()
    return pd.DataFrame(
        {
            "evidence": found["evidence"],
            "time": 100.0 * (found["time_based"] - known["time_based"]),
            "recorded": 100.0 * (found["time_based"] - recorded["time_based"]),
            "production": 100.0 * (found["production_based"] - known["production_based"]),
            "windy": 100.0 * (found["time_based"] - (1.0 - windy["unavailable_h"] / hours)),
            "windy_share": 100.0 * (found["time_based"] - windy["time_based"]),
        }
    )


AVAILABILITY_FLEETS = 3  #: per format, of three turbines and 120 days, with every trouble


@cache
def availability_errors(format: str) -> pd.DataFrame:
    """Return `availability_of` for some fleets in a format."""
    found = []
    for seed in range(AVAILABILITY_FLEETS):
        spec = FleetSpec(turbines=3, days=120, seed=500 + seed)
        with tempfile.TemporaryDirectory() as name:
            found.append(availability_of(*opened(Path(name), spec, format), spec))
    return pd.concat(found)


def largest_error(format: str, column: str) -> float:
    """Return the error of the turbine whose error is largest [points]."""
    errors = availability_errors(format)[column].dropna()
    return float(errors.iloc[int(errors.abs().argmax())])


#: A fleet whose power is measured without bias: what is left is what the report does with stops, gaps and doubles.
LEDGER_SPEC = FleetSpec(
    turbines=3, days=150, seed=22, power_bias=False, deratings_per_year=0.0, frozen_power_per_year=0.0, spike_share=0.0
)


@cache
def ledger() -> tuple[FleetResults, FleetTruth]:
    """Return what the report says of production and rows, and what is true."""
    with tempfile.TemporaryDirectory() as name:
        farm, truth = opened(Path(name), LEDGER_SPEC, "generic_parquet")
        return farm.results, truth


def energy_ratio() -> float:
    """Return the fleet's energy over what its recorded power was."""
    results, truth = ledger()
    assert results.energy is not None
    found = results.energy.totals.set_index("turbine")["energy_mwh"]["fleet"]
    records = truth.records
    return float(found / (records["power_kw"][~records["missing"]].sum() / 6000.0))


def lost_ratio() -> float:
    """Return the fleet's lost energy, while stopped or in Partial Performance, over what was lost.

    Stops by storm are left out: their potential is that of the neighbours for the report, nothing for the truth.
    """
    results, truth = ledger()
    assert results.availability is not None
    table = results.availability.categories
    found = table.loc[table["category"] != Category.OUT_OF_ENVIRONMENTAL_SPECIFICATION, "lost_mwh"].sum()
    return float(found / truth.availability()["lost_mwh"].sum())


#: Rows of the fleet with a mark, as its truth counts them.
ROWS: dict[str, int] = {"missing": 298, "duplicated": 12, "frozen": 166}


def rows_counted(mark: str) -> float:
    """Return how many rows of the fleet the report counts as missing, duplicated or frozen."""
    quality = ledger()[0].quality
    assert quality is not None
    if mark == "missing":
        return float(quality.rows["missing"].sum())
    flag = {"duplicated": "duplicate", "frozen": "frozen"}[mark]
    return float(quality.flags.loc[quality.flags["flag"] == flag, "rows"].sum())


def rows_marked(mark: str) -> int:
    """Return how many rows of the fleet have a mark of the truth; a record that is missing is not frozen."""
    records = ledger()[1].records
    marked = records["frozen_wind"] & ~records["missing"] if mark == "frozen" else records[mark]
    return int(marked.sum())


_RATED_KW = steady_machine(FleetSpec().machine).rated_kw
_Rows = Callable[[pd.DataFrame], "pd.Series[bool]"]


def _runs(r: pd.DataFrame) -> pd.Series[bool]:
    return (r["full_performance_s"] + r["partial_performance_s"]) == 600


def _mid_load(r: pd.DataFrame) -> pd.Series[bool]:
    return _runs(r) & r["power_kw"].between(0.1 * _RATED_KW, 0.9 * _RATED_KW)


def _plain_spike(r: pd.DataFrame) -> pd.Series[bool]:
    """Wind, or power upwards and far below standstill; a fall to about nothing is what a stop looks like."""
    in_wind = (r["wind_speed"] - r["free_wind"]).abs() > 6.0
    leap = r["read_kw"] - r["power_kw"]
    return r["spike"] & (in_wind | (leap > 0.3 * _RATED_KW) | (r["read_kw"] < -0.05 * _RATED_KW))


#: Flag: the troubles of a fleet that has no other, the records that must be found, those that may be.
_RULES: dict[Flag, tuple[dict[str, float], _Rows, _Rows]] = {
    Flag.RATE: ({"spike_share": 3e-3}, lambda r: _plain_spike(r) & r["read_kw"].notna(), lambda r: r["spike"]),
    Flag.FROZEN: (
        {"frozen_wind_per_year": 20.0, "frozen_power_per_year": 20.0},
        lambda r: r["frozen_wind"] | (r["frozen_power"] & r["read_kw"].between(0.05 * _RATED_KW, 0.95 * _RATED_KW)),
        lambda r: r["frozen_wind"] | r["frozen_power"],
    ),
    Flag.CURTAILED: (
        {"curtailments_per_year": 60.0, "zero_commands_per_year": 20.0},
        lambda r: r["limited"] & _runs(r) & (r["lost_partial_kw"] >= 0.1 * _RATED_KW),
        lambda r: r["curtailed"] | r["commanded_zero"],
    ),
    Flag.DERATED: (
        {"deratings_per_year": 10.0},
        lambda r: r["derated"] & _runs(r) & (r["lost_partial_kw"] >= 0.15 * _RATED_KW),
        lambda r: r["derated"] & (r["lost_partial_kw"] > 0.0),
    ),
    Flag.ICING: (
        {"icings_per_year": 60.0},
        lambda r: r["icing"] & _runs(r) & (r["lost_degraded_kw"] >= 0.15 * _RATED_KW) & (r["temperature"] < 0.0),
        lambda r: r["icing"],
    ),
    Flag.PITCH_POWER: (
        {"pitch_faults_per_year": 8.0},
        lambda r: r["pitch_fault"] & _mid_load(r),
        lambda r: r["pitch_fault"],
    ),
    Flag.ROTOR_POWER: (
        {"rotor_faults_per_year": 8.0},
        lambda r: r["rotor_fault"] & _mid_load(r),
        lambda r: r["rotor_fault"],
    ),
}
RULES = tuple(_RULES)
_RULE_TURBINES = 4


@cache
def _judged(trouble: tuple[tuple[str, float], ...]) -> pd.DataFrame:
    """Return what is true of each record of a fleet with one trouble, what was read and which flags it has."""
    spec = FleetSpec.healthy(turbines=_RULE_TURBINES, days=365, seed=31, **dict(trouble))
    farm, found = farm_of(spec), []
    for run in fleet_runs(spec):
        judged = judge(run, farm)
        signal = judged.records.signal
        found.append(
            truth_records(run)
            .iloc[judged.at]
            .assign(
                flags=judged.flags,
                read_kw=signal("power_kw"),
                wind_speed=signal("wind_speed"),
                temperature=signal("ambient_temperature_degc"),
            )
        )
    return pd.concat(found, ignore_index=True)


def rule_scores(flag: Flag) -> tuple[float, float, int]:
    """Return recall of the records that a rule must find, precision by those that it may, and how many it must."""
    trouble, must, may = _RULES[flag]
    records = _judged(tuple(trouble.items()))
    found = (records["flags"] & int(flag)) > 0
    wanted = must(records)
    return float(found[wanted].mean()), float(may(records)[found].mean()), int(wanted.sum())


def healthy_share(flag: Flag) -> float:
    """Return the share of a healthy fleet's records that a rule flags."""
    return float(((_judged(())["flags"] & int(flag)) > 0).mean())


SENSOR_SPEC = FleetSpec.healthy(
    turbines=10, days=365, seed=41, drift_share=0.2, drift_per_year=-0.3, north_share=0.4, yaw_share=0.0
)


@cache
def _sensors() -> tuple[Sensors, pd.DataFrame]:
    """Return what the report says of a fleet's sensors, and what is true by turbine and month.

    Columns of the truth: reading_off, the anemometer's error less that of the turbine's median month [m/s], which is
    all that a comparison with the neighbours can see; north_offset, the share of the month's records.
    """
    with tempfile.TemporaryDirectory() as name:
        farm, truth = opened(Path(name), SENSOR_SPEC, "generic_parquet")
        sensors = farm.results.sensors
    assert sensors is not None
    records = truth.records
    month = records["time"].dt.strftime("%Y-%m").rename("month")
    running = records["power_kw"] > 0.0
    off = (records["measured_wind"] - records["free_wind"]).where(running)
    by_month = pd.DataFrame({"off": off, "north_offset": records["north_offset"]}).groupby([records["turbine"], month])
    known = by_month.mean()
    known["reading_off"] = known["off"] - known.groupby("turbine")["off"].transform("median")
    return sensors, known


def drift_scores() -> tuple[float, float]:
    """Return recall of months whose anemometer is off by 0.75 m/s, and precision by those off by 0.25 m/s."""
    sensors, known = _sensors()
    table = sensors.drift.set_index(["turbine", "month"])
    off = known["reading_off"].abs().reindex(table.index)
    return float(table["flagged"][off >= 0.75].mean()), float((off[table["flagged"]] >= 0.25).mean())


def north_scores() -> tuple[float, float]:
    """Return recall of months that are off north in most records, and precision by those that are in any."""
    sensors, known = _sensors()
    table = sensors.north.set_index(["turbine", "month"])
    share = known["north_offset"].reindex(table.index)
    return float(table["flagged"][share > 0.5].mean()), float((share[table["flagged"]] > 0.0).mean())


def yaw_names() -> int:
    """Return how many turbines of a fleet that faces the wind are named as askew."""
    return int(_sensors()[0].yaw["significant"].sum())
