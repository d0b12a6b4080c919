"""Figures against physics and experience: each finding appears beyond its limit, and only there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet.config import Farm, Turbine
from fleet.plausibility import plausibility
from fleet.results import Availability, Energy, FleetResults, PowerCurves, Quality
from tests.farms import farm_rows, write_generic

RATED = 2000.0
START = pd.Timestamp("2015-01-01", tz="UTC")
NONE = pd.DataFrame()
TURBINES = tuple(Turbine(name=name, rated_power_kw=RATED, rotor_diameter=82.0) for name in ("T1", "T2"))
FARM = FleetResults(
    farm=Farm(name="x", turbines=TURBINES), start=START, end=START + pd.Timedelta(days=90), sources=NONE
)


def _said(results: FleetResults) -> list[tuple[str, str]]:
    return [(finding.severity, finding.text) for finding in plausibility(results)]


def _curves(bins: pd.DataFrame = NONE, scatter: pd.DataFrame = NONE) -> PowerCurves:
    columns = ["turbine", "complete", "interpolated", "cp", "u_a_kw", "power_kw", "wind_speed"]
    bins = bins if len(bins) else pd.DataFrame(columns=columns)
    scatter = (
        scatter if len(scatter) else pd.DataFrame(columns=["turbine", "wind_speed", "power_kw", "used", "rejected"])
    )
    return PowerCurves(bins=bins, aep=NONE, completeness=NONE, expected=NONE, ranking=NONE, scatter=scatter)


def _cp(cp: float, *, complete: bool = True, u_a_kw: float = 0.0, turbine: str = "T1") -> FleetResults:
    bins = pd.DataFrame({"turbine": [turbine, "T2"], "complete": [complete, True], "interpolated": False})
    bins = bins.assign(cp=[cp, 0.45], u_a_kw=[u_a_kw, 0.0], power_kw=1000.0, wind_speed=8.0)
    return replace(FARM, curves=_curves(bins))


def test_a_power_coefficient_above_the_betz_limit_is_an_alarm() -> None:
    """16/27 = 0.5926 (Betz 1919)."""
    ((severity, text),) = _said(_cp(0.5927))
    assert severity == "alarm"
    assert "T1 reaches 0.593, above the Betz limit of 0.593" in text
    ((severity, text),) = _said(_cp(0.5925))
    assert severity == "note"


def test_a_power_coefficient_of_a_nacelle_anemometer_that_reads_low_is_a_note() -> None:
    ((severity, text),) = _said(_cp(0.576))
    assert severity == "note"
    assert "T1 reaches 0.576" in text
    assert "the nacelle anemometer reads low" in text
    assert _said(_cp(0.5)) == []


def test_bins_without_enough_records_and_chance_say_nothing() -> None:
    assert _said(_cp(0.9, complete=False)) == []
    assert _said(_cp(0.55, u_a_kw=50.0)) == [], "0.55 less two standard deviations of 5 % is 0.495"
    assert _said(_cp(0.9, turbine="fleet")) == []


def test_a_standing_turbine_whose_power_reads_above_zero_has_no_power_coefficient() -> None:
    """An offset of 8 kW at 0.5 m/s makes 20 times what the wind holds; 5 % of rated power are no offset."""
    assert _said(_curve([8.0, 8.0, 8.0, 200.0], 20.0))[0][0] == "alarm", "200 kW of 2,000 kW count"
    assert _said(_curve([8.0, 8.0, 8.0, 99.0], 20.0)) == []


def _curve(power: list[float], cp: float) -> FleetResults:
    bins = pd.DataFrame({"turbine": "T1", "power_kw": power, "wind_speed": 6.0 + 0.5 * np.arange(len(power))})
    return replace(FARM, curves=_curves(bins.assign(complete=True, interpolated=False, cp=cp, u_a_kw=0.0)))


def test_a_power_coefficient_far_below_that_of_turbines_is_an_alarm() -> None:
    ((severity, text),) = _said(_curve([300.0, 600.0, 1200.0], 0.149))
    assert severity == "alarm"
    assert "T1 is 0.149 at its best" in text
    assert _said(_curve([300.0, 600.0, 1200.0], 0.151)) == []
    assert _said(_curve([300.0, 600.0], 0.1)) == [], "two bins are no curve"
    assert _said(_curve([1900.0, 2000.0, 2000.0, 2000.0], 0.1)) == [], "at rated power in strong wind it is low"


def test_power_next_to_nothing_in_all_winds_is_an_alarm() -> None:
    ((severity, text),) = _said(_curve([0.3, 1.2, 2.0], 0.0004))
    assert severity == "alarm"
    assert "below 1 % of rated power in all winds" in text
    assert _said(_curve([-4.0, -4.0, -4.0, -4.0], -0.001)) == [], "it stands"
    assert _said(_curve([-4.0, 2.0, 2.0, 2.0, 300.0], 0.2)) == []


@pytest.mark.parametrize(("rows", "factor", "said"), [(201, 0.049, 2), (201, 0.051, 1), (200, 0.001, 0)])
def test_columns_that_look_exchanged_are_an_alarm(rows: int, factor: float, said: int) -> None:
    found = _said(replace(_rejected("wind_range", rows), energy=_energy(factor, 100.0)))
    assert len(found) == said
    assert [severity for severity, text in found if "look exchanged" in text] == ["alarm"] * (said == 2)


def _rejected(reason: str, rows: int, not_selected: int = 0) -> FleetResults:
    table = pd.DataFrame({"turbine": "T1", "use": "power_curve", "reason": ["used", reason, "not_selected"]})
    table = table.assign(rows=[1000 - rows, rows, not_selected])
    return replace(FARM, quality=Quality(accounting=table, flags=NONE, coverage=NONE, rows=NONE))


@pytest.mark.parametrize(
    ("reason", "title"),
    [
        ("power_range", "Power out of range"),
        ("wind_range", "Wind speed out of range"),
        ("inconsistent", "Power does not fit the wind"),
    ],
)
def test_many_rows_rejected_for_one_reason(reason: str, title: str) -> None:
    ((severity, text),) = _said(_rejected(reason, 201))
    assert severity == "warning"
    assert text.startswith(f"{title}: 20.1 % of the rows of T1 are rejected for that (rated power 2,000 kW)")
    assert _said(_rejected(reason, 200)) == []
    assert len(_said(_rejected(reason, 201, not_selected=9000))) == 1, "rows that nobody asked for do not dilute it"


def test_empty_rows_are_no_matter_of_units() -> None:
    assert _said(_rejected("empty", 900)) == []


def _energy(factor: float, hours: float) -> Energy:
    totals = pd.DataFrame({"turbine": ["T1", "fleet"], "capacity_factor": factor, "covered_h": hours})
    return Energy(monthly=NONE, totals=totals, losses=NONE, reconciliation=NONE, publisher=NONE)


@pytest.mark.parametrize(
    ("factor", "hours", "said"),
    [
        (0.0049, 721.0, "below 0.5 %"),
        (0.0051, 721.0, ""),
        (0.799, 721.0, ""),
        (0.801, 721.0, "above 80 %"),
        (0.801, 720.0, ""),
        (0.0, 100.0, ""),
    ],
)
def test_capacity_factors_over_more_than_thirty_days(factor: float, hours: float, said: str) -> None:
    found = _said(replace(FARM, energy=_energy(factor, hours)))
    assert [severity for severity, _ in found] == ["warning"] * bool(said)
    assert all(f"Capacity factor {said} over more than 30 days: T1;" in text for _, text in found)


def _peak(power_kw: float, *, wind: float = 12.0, records: int = 6, hours: float = 2000.0) -> FleetResults:
    scatter = pd.DataFrame({"turbine": "T1", "wind_speed": [wind, 5.0], "power_kw": [power_kw, 0.0]})
    scatter = scatter.assign(used=[records, 100], rejected=0)
    return replace(FARM, curves=_curves(scatter=scatter), energy=_energy(0.3, hours))


def test_power_far_above_rated_for_an_hour() -> None:
    ((severity, text),) = _said(_peak(2300.0))
    assert severity == "warning"
    assert "more than 115 % of rated power for an hour or longer: T1 (rated power 2,000 kW)" in text
    assert _said(_peak(2300.0, records=5)) == [], "a spike"
    assert _said(_peak(2275.0)) == []


def test_power_that_never_comes_near_rated_in_strong_wind() -> None:
    ((severity, text),) = _said(_peak(950.0))
    assert severity == "warning"
    assert "Never more than 50 % of rated power" in text
    assert _said(_peak(975.0)) == [], "the cell reaches up to 1000 kW"
    assert _said(_peak(950.0, wind=11.75)) == [], "no wind for rated power"
    assert _said(_peak(950.0, hours=700.0)) == [], "fewer than 30 days"


@pytest.mark.parametrize(
    ("share", "said"), [(-0.001, True), (0.0, False), (1.009, False), (1.011, True), (np.nan, False)]
)
def test_production_based_availability_outside_its_range(share: float, said: bool) -> None:
    table = pd.DataFrame(
        {"turbine": ["T1", "T2", "fleet"], "view": "operational", "production_based": [share, 0.97, 5.0]}
    )
    part = Availability(table=table, monthly=NONE, categories=NONE, stops=NONE, reliability=NONE)
    found = _said(replace(FARM, availability=part))
    assert [severity for severity, _ in found] == ["alarm"] * said
    assert all("availability of T1 lies outside 0 to 100 %" in text for _, text in found)


def test_parts_that_are_absent_say_nothing() -> None:
    assert plausibility(FARM) == []


def test_a_wrong_rotor_and_a_wrong_rated_power_are_found_in_a_whole_run(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The made-up farm's cubic curve with 82 m has a Cp of 0.36; with 50 m it is 0.96."""
    rows = farm_rows(1, 6.0, seed=8)
    healthy = write_generic(tmp_path_factory.mktemp("healthy"), rows, turbines=1)
    assert plausibility(fleet.open(healthy).results) == []
    toml = (healthy / "farm.toml").read_text(encoding="utf-8")
    small = write_generic(tmp_path_factory.mktemp("small"), rows, turbines=1)
    (small / "farm.toml").write_text(toml.replace("rotor_diameter = 82.0", "rotor_diameter = 50.0"), encoding="utf-8")
    assert any(f.severity == "alarm" and "Betz" in f.text for f in plausibility(fleet.open(small).results))
    weak = write_generic(tmp_path_factory.mktemp("weak"), rows, turbines=1)
    (weak / "farm.toml").write_text(toml.replace("rated_power_kw = 2000.0", "rated_power_kw = 500.0"), encoding="utf-8")
    assert any("Power out of range" in f.text for f in plausibility(fleet.open(weak).results))
