"""What needs attention: each sentence appears when, and only when, its figure passes its limit."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import fleet
from fleet.aep import NO_AEP
from fleet.findings import findings
from fleet.results import FleetResults
from tests.farms import farm_rows, write_generic


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> FleetResults:
    return fleet.open(write_generic(tmp_path_factory.mktemp("farm"), farm_rows(2, 2.0, seed=8))).results


def _texts(results: FleetResults, severity: str = "") -> str:
    return "\n".join(f.text for f in findings(results) if not severity or f.severity == severity)


def _with(results: FleetResults, part: str, table: str, where: dict[str, object], **values: object) -> FleetResults:
    """Return the results with cells of one table replaced."""
    record = getattr(results, part)
    frame = getattr(record, table).copy()
    rows = pd.Series(True, index=frame.index)
    for column, value in where.items():
        rows &= frame[column] == value
    assert rows.any()
    for column, value in values.items():
        frame.loc[rows, column] = value
    return replace(results, **{part: replace(record, **{table: frame})})


def test_a_healthy_farm_raises_no_alarm(healthy: FleetResults) -> None:
    assert _texts(healthy, "alarm") == ""
    assert healthy.findings == findings(healthy)


def test_the_gravest_come_first(healthy: FleetResults) -> None:
    odd = _with(healthy, "quality", "flags", {"turbine": "T1", "flag": "unlisted"}, rows=3)
    odd = _with(odd, "quality", "flags", {"turbine": "T1", "flag": "unreadable"}, rows=2)
    order = {"alarm": 0, "warning": 1, "note": 2}
    found = [order[finding.severity] for finding in findings(odd)]
    assert found == sorted(found)
    assert found[0] == 0
    assert "3 rows belong to turbines that are not listed: T1." in _texts(odd, "alarm")
    assert "Rows that cannot be read: 2." in _texts(odd, "warning")


def test_the_largest_share_is_that_of_the_rows_asked_for(healthy: FleetResults) -> None:
    odd = _with(healthy, "quality", "flags", {"flag": "inconsistent"}, rows=10)
    odd = _with(odd, "quality", "flags", {"flag": "inconsistent", "turbine": "T2"}, rows=9)
    assert "Rows in which power does not fit the wind: 19; the largest share is T1's (10)." in _texts(odd, "note")
    # 9 of the 88 rows that were asked for of T2 are more than 10 of the 288 of T1.
    odd = _with(odd, "quality", "flags", {"flag": "not_selected", "turbine": "T2"}, rows=200)
    assert "Rows in which power does not fit the wind: 19; the largest share is T2's (9)." in _texts(odd, "note")


@pytest.mark.parametrize(
    ("flag", "note", "first"),
    [
        (
            "unreadable",
            "data_000.csv:7: found 3 fields, expected 7: 'T1,a,b'",
            "data_000.csv:7: found 3 fields, expected 7",
        ),
        (
            "unreadable",
            "stamps assumed; data_000.csv:4: column power, found 'x', expected a number; "
            "data_000.csv:5: column time, found 'a; b', expected a time stamp",
            "data_000.csv:5: column time, found 'a; b', expected a time stamp",
        ),
        (
            "bad_value",
            "data_000.csv:5: column time, found 'x', expected a time stamp; "
            "data_000.csv:6: column power, found 'y', expected a number",
            "data_000.csv:6: column power, found 'y', expected a number",
        ),
    ],
)
def test_bad_rows_are_told_with_the_first_that_a_reader_quotes(
    healthy: FleetResults, flag: str, note: str, first: str
) -> None:
    odd = _with(healthy, "quality", "flags", {"turbine": "T1", "flag": flag}, rows=2)
    odd = replace(odd, sources=odd.sources.assign(note=note))
    assert f": 2. First: {first}." in _texts(odd, "warning")


@pytest.mark.parametrize(("used", "said"), [(95, False), (94, True)])
def test_low_coverage(healthy: FleetResults, used: int, said: bool) -> None:
    odd = _with(healthy, "quality", "coverage", {"turbine": "T2"}, expected=100, used=used)
    assert ("T2: only 94.0 % of the period" in _texts(odd, "warning")) is said
    assert "T2: only" not in _texts(_with(odd, "quality", "coverage", {}, expected=100, used=100))


@pytest.mark.parametrize(("share", "said"), [(0.97, False), (0.9699, True)])
def test_low_availability_of_the_operational_view(healthy: FleetResults, share: float, said: bool) -> None:
    quiet = _with(healthy, "availability", "table", {}, time_based=1.0)
    odd = _with(quiet, "availability", "table", {"turbine": "T1", "view": "operational"}, time_based=share)
    assert ("T1: operational availability 96.99 % (inferred)." in _texts(odd, "warning")) is said
    assert "operational availability" not in _texts(quiet)


def test_time_without_a_category_is_that_of_stops_not_of_running(healthy: FleetResults) -> None:
    """Of 4 h out of service 3 h are stops without a category; 22 h in service without one make none of it."""
    assert healthy.availability is not None
    logged = _with(healthy, "availability", "table", {"turbine": "fleet"}, evidence="status log", unallocated_h=25.0)
    logged = _with(logged, "availability", "table", {"turbine": "fleet"}, unavailable_h=4.0)
    rows = [("T1", "unallocated", 3.0), ("T1", "unallocated_in_service", 22.0), ("T1", "forced_outage", 1.0)]
    frame = pd.DataFrame(rows, columns=["turbine", "category", "hours"]).assign(month="2015-03", lost_mwh=0.0)
    assert logged.availability is not None
    said = _texts(replace(logged, availability=replace(logged.availability, categories=frame)), "warning")
    assert "Of 4.0 h out of service 3.0 h have no category" in said
    running = frame[frame["category"] != "unallocated"]
    said = _texts(replace(logged, availability=replace(logged.availability, categories=running)), "warning")
    assert "have no category" not in said


def test_availability_that_is_not_determinable_says_why(healthy: FleetResults) -> None:
    odd = _with(
        healthy,
        "availability",
        "table",
        {"turbine": "T2", "view": "operational"},
        time_based=float("nan"),
        note="no status log and no valid power and wind",
    )
    assert "No availability for T2: no status log and no valid power and wind." in _texts(odd, "note")


def test_the_costliest_stop_and_stops_without_an_end(healthy: FleetResults) -> None:
    assert healthy.availability is not None
    stops = healthy.availability.stops
    assert stops["lost_mwh"].notna().sum() > 1
    worst = stops.loc[stops["lost_mwh"].idxmax()]
    assert f"The costliest stop: {worst['turbine']} from {worst['start']:%Y-%m-%d %H:%M} UTC" in _texts(healthy, "note")
    assert "without a logged end" not in _texts(healthy)
    odd = _with(healthy, "availability", "stops", {"start": worst["start"]}, open_end=True)
    assert "Stops without a logged end: 1." in _texts(odd, "warning")
    none = replace(healthy, availability=replace(healthy.availability, stops=stops.iloc[:0]))
    assert "costliest" not in _texts(none)


@pytest.mark.parametrize(("residual", "said"), [(-30.0, False), (-31.0, True), (31.0, True)])
def test_a_residual_of_more_than_three_percent(healthy: FleetResults, residual: float, said: bool) -> None:
    odd = _with(healthy, "energy", "losses", {"turbine": "fleet", "step": "potential"}, energy_mwh=1000.0)
    odd = _with(odd, "energy", "losses", {"turbine": "fleet", "step": "residual"}, energy_mwh=residual)
    assert (f"The losses leave {residual:.0f} MWh unexplained" in _texts(odd, "warning")) is said


@pytest.mark.parametrize(("ratio", "severity"), [(0.98, "note"), (0.94, "warning"), (1.06, "warning")])
def test_the_plant_meter(healthy: FleetResults, ratio: float, severity: str) -> None:
    assert healthy.energy is not None
    table = pd.DataFrame({"month": ["2015-03", "all"], "turbines_mwh": 1.0, "meter_mwh": ratio, "ratio": ratio})
    table = table.assign(intervals=9_000, of=10_000)
    odd = replace(healthy, energy=replace(healthy.energy, reconciliation=table))
    assert (
        f"The plant meter counts {100 * ratio:.2f} % of the turbines' energy, in 9,000 of its 10,000 intervals."
        in _texts(odd, severity)
    )
    assert "plant meter" not in _texts(healthy)


def test_ranking_speaks_of_a_difference_beyond_twice_its_uncertainty_only(healthy: FleetResults) -> None:
    level = _with(healthy, "curves", "ranking", {}, index=1.0, u_index=0.02)
    assert "within what the nacelle anemometers can tell apart" in _texts(level, "note")
    apart = _with(level, "curves", "ranking", {"turbine": "T1"}, index=0.94)
    assert "T1 makes 94.0 % and T2 100.0 % (standard uncertainty of the difference 2.8 %)" in _texts(apart, "warning")
    assert "a difference beyond" in _texts(apart, "warning")
    assert "within what" in _texts(_with(apart, "curves", "ranking", {"turbine": "T1"}, index=0.944), "note")


def test_names_of_digits_are_turbines_and_no_figures(healthy: FleetResults) -> None:
    odd = _with(healthy, "curves", "ranking", {}, u_index=0.02)
    odd = _with(odd, "curves", "ranking", {"turbine": "T1"}, index=0.724, turbine="2")
    odd = _with(odd, "curves", "ranking", {"turbine": "T2"}, index=1.297, turbine="34")
    assert "curve turbine 2 makes 72.4 % and turbine 34 129.7 % (standard" in _texts(odd, "warning")
    odd = _with(healthy, "availability", "table", {"turbine": "T2"}, turbine="34", time_based=0.5)
    assert "Turbine 34: operational availability 50.00 %" in _texts(odd, "warning")


def test_the_uncertainty_of_a_third_turbine_does_not_hide_a_difference(healthy: FleetResults) -> None:
    assert healthy.curves is not None
    table = pd.concat([healthy.curves.ranking, healthy.curves.ranking.iloc[:1].assign(turbine="T3")], ignore_index=True)
    table = table.assign(index=table["turbine"].map({"T1": 0.94, "T2": 1.0, "T3": 0.98}))
    table = table.assign(u_index=table["turbine"].map({"T1": 0.02, "T2": 0.02, "T3": 0.2}))
    odd = replace(healthy, curves=replace(healthy.curves, ranking=table))
    assert "T1 makes 94.0 % and T2 100.0 %" in _texts(odd, "warning")


def test_a_share_of_negative_energy_is_not_printed(healthy: FleetResults) -> None:
    assert "% of what was possible" in _texts(healthy, "note")
    odd = _with(healthy, "availability", "table", {}, produced_mwh=-100.0)
    assert "of what was possible" not in _texts(odd)
    assert "MWh (share not determinable); most at" in _texts(odd, "note")


@pytest.mark.parametrize("ratio", [0.001, 1000.0])
def test_a_meter_in_another_unit_gets_no_percentage(healthy: FleetResults, ratio: float) -> None:
    assert healthy.energy is not None
    table = pd.DataFrame({"month": ["2015-03", "all"], "turbines_mwh": 1.0, "meter_mwh": ratio, "ratio": ratio})
    table = table.assign(intervals=9_000, of=10_000)
    odd = replace(healthy, energy=replace(healthy.energy, reconciliation=table))
    assert "The plant meter and the turbines cannot be compared" in _texts(odd, "warning")
    assert "The plant meter counts" not in _texts(odd)


def test_a_residual_larger_than_the_potential_gets_no_percentage(healthy: FleetResults) -> None:
    odd = _with(healthy, "energy", "losses", {"turbine": "fleet", "step": "potential"}, energy_mwh=10.0)
    odd = _with(odd, "energy", "losses", {"turbine": "fleet", "step": "residual"}, energy_mwh=-450.0)
    assert "The losses leave -450 MWh unexplained (more than the potential)." in _texts(odd, "warning")


def test_a_turbine_without_annual_energy_is_named(healthy: FleetResults) -> None:
    assert healthy.curves is not None
    note = f"{NO_AEP}the measured power curve does not begin at cut-in, 4 m/s (T1 from 8.1 m/s)."
    odd = replace(healthy, curves=replace(healthy.curves, notes=(*healthy.curves.notes, note)))
    assert note in _texts(odd, "note")
    absent = replace(odd, absent={"aep": note.removeprefix(NO_AEP).rstrip(".")})
    assert "(T1 from 8.1 m/s): no annual energy production." in _texts(absent, "note")
    assert _texts(absent).count("T1 from 8.1 m/s") == 1


def test_clock_verdicts(healthy: FleetResults) -> None:
    assert "Clock of" not in _texts(healthy)
    odd = _with(healthy, "clock", "table", {"turbine": "T1"}, verdict="true holes", missing_stamps=7, true_holes=7)
    assert "Clock of T1: true holes." in _texts(odd, "warning")
    fixed = _with(odd, "clock", "table", {}, verdict="fixed clock given daylight-saving offsets", shifted_rows=50)
    assert "Clock of T1, T2: fixed clock given daylight-saving offsets." in _texts(fixed, "alarm")
    assert "100 records were moved to a fixed clock at" in _texts(fixed, "alarm")
    assert "(the zone's standard offset, taken by default)" in _texts(fixed, "alarm")
    chosen = fixed.farm.clock.model_copy(update={"fixed_offset": "+00:00"})
    given = replace(fixed, farm=fixed.farm.model_copy(update={"clock": chosen}))
    assert "(as set)" in _texts(given, "alarm")
    assert "by default" not in _texts(given, "alarm")


def test_an_uncertain_offset_and_a_meter_that_is_none_stand_by_themselves(healthy: FleetResults) -> None:
    assert healthy.clock is not None
    assert healthy.energy is not None
    clock = replace(healthy.clock, offset_hint="reanalysis hints at UTC+00:00")
    odd = replace(healthy, clock=clock, energy=replace(healthy.energy, meter_note="it looks derived"))
    assert "reanalysis hints at UTC+00:00" in _texts(odd, "warning").splitlines()
    assert "it looks derived" in _texts(odd, "note").splitlines()


def test_what_is_absent_is_said_once_per_reason(healthy: FleetResults) -> None:
    odd = replace(
        healthy,
        clock=None,
        quality=None,
        curves=None,
        energy=None,
        wind=None,
        absent=dict.fromkeys(("clock", "quality"), "no SCADA records in this folder, only status logs"),
        without_data=tuple(f"T{i}" for i in range(10, 18)),
    )
    text = _texts(odd, "note")
    assert "No SCADA records in this folder, only status logs: no clock, quality." in text
    assert "No data of T10, T11, T12, T13, T14 and 3 more" in text
