"""The operator's own figures beside ours, on farms whose sums are made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import fleet
from fleet.operator_figures import EXPORTED
from fleet.pipeline import RunOptions
from fleet.readers.greenbyte import signal_columns
from fleet.results import FleetResults
from tests.farms import differing, farm_rows, fingerprint, write_greenbyte

AVAILABLE = "Time-based IEC B.2.2 (Users View)"
POTENTIAL = "Potential power default PC (kW)"
START = "2015-03-30"  # two days of March, two of April


def _farm(folder: Path, *, exported: bool = True, shutdown: str = "") -> FleetResults:
    """Write two turbines of 576 records each; T1 is called half available in 72 records of April, T2 always in full."""
    rows = farm_rows(2, 4, seed=5, start=START)
    if exported:
        number = np.arange(len(rows)) % 576
        april = (rows["turbine"] == "T1").to_numpy() & (number >= 300) & (number < 372)
        rows[AVAILABLE] = np.where(april, "0.5", "1")
        rows.loc[[7, 8, 9], AVAILABLE] = "NaN"
        rows.loc[10, AVAILABLE] = "1.7"  # impossible
        rows[POTENTIAL] = rows["power"]
    write_greenbyte(folder, rows)
    if shutdown:
        (folder / "ShutdownDuration.csv").write_text(shutdown, encoding="utf-8")
    return fleet.open(folder).results


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> FleetResults:
    return _farm(tmp_path_factory.mktemp("exported"))


def test_exported_availability_stands_beside_ours(results: FleetResults) -> None:
    """By hand: T1 has 576 - 4 records with a figure, of which 72 lose a half; the fleet has both turbines' records."""
    assert results.availability is not None
    found = results.availability.operator
    assert found is not None
    assert found["turbine"].tolist() == ["T1", "T2", "fleet"]
    assert set(found["figure"]) == {EXPORTED}
    assert found["operator_time_based"].tolist() == pytest.approx([1 - 36 / 572, 1.0, 1 - 36 / 1148], abs=1e-12)
    assert found["coverage"].tolist() == pytest.approx([572 / 576, 1.0, 1148 / 1152], abs=1e-12)
    table = results.availability.table
    ours = table[table["view"] == "operational"].set_index("turbine")["time_based"]
    assert found["time_based"].tolist() == ours[found["turbine"]].tolist()
    assert found["difference"].tolist() == pytest.approx((found["operator_time_based"] - found["time_based"]).tolist())
    assert ours.lt(1).any()


def test_the_difference_of_the_fleet_is_a_finding(results: FleetResults) -> None:
    (text,) = [finding.text for finding in results.findings if "The operator's availability" in finding.text]
    assert f"is {100 * (1 - 36 / 1148):.2f} %" in text


def test_partitions_change_nothing(results: FleetResults, tmp_path: Path) -> None:
    _farm(tmp_path)
    options = RunOptions(partition_days=1, scheduler="synchronous")
    parts = fleet.open(tmp_path).with_options(options).results
    for name in ("availability", "quality"):
        assert differing(fingerprint(getattr(results, name)), fingerprint(getattr(parts, name))) == []


def test_by_month_the_loss_lies_in_april(results: FleetResults) -> None:
    assert results.availability is not None
    found = results.availability.operator_monthly
    assert found is not None
    months = found.set_index(["turbine", "month"])["operator_time_based"]
    assert months["T1", "2015-03"] == 1.0
    assert months["T1", "2015-04"] == pytest.approx(1 - 36 / 288, abs=1e-12)
    assert months["fleet", "2015-04"] == pytest.approx(1 - 36 / 576, abs=1e-12)
    assert found["time_based"].notna().all()


def test_the_source_says_which_column_it_is_and_the_impossible_value_is_flagged(results: FleetResults) -> None:
    assert (
        results.sources["note"].str.contains(f"the export's availability is the column {AVAILABLE}", regex=False).any()
    )
    assert results.quality is not None
    flags = results.quality.flags.set_index(["turbine", "flag"])["rows"]
    assert flags["T1", "other_range"] == 1


def test_energies_of_both_potentials_are_one_line(results: FleetResults) -> None:
    """The exported potential is the measured power here, so its energy is the turbines' over the same records."""
    assert results.availability is not None
    (line,) = [note for note in results.availability.notes if "potential power comes to" in note]
    assert results.energy is not None
    totals = results.energy.totals.set_index("turbine")
    assert f"our expected energy, by the turbines' own curves, to {totals['expected_mwh']['fleet']:,.1f} MWh" in line


def test_without_the_columns_nothing_is_added(tmp_path: Path) -> None:
    availability = _farm(tmp_path, exported=False).availability
    assert availability is not None
    assert availability.operator is None
    assert availability.operator_monthly is None
    assert not any("potential power comes to" in note for note in availability.notes)


def test_the_operator_s_files_stand_beside_ours(tmp_path: Path) -> None:
    """By hand: T1 is given for three intervals of ten minutes with 150 s down, T2 for one; two rows are not used."""
    rows = ["03-30 00:00:00+00:00,T1,150", "03-31 00:00:00+00:00,T1,0", "04-01 00:10:00+00:00,T1,0"]
    rows += ["04-01 00:00:00+00:00,T2,600", "04-01 00:00:00+00:00,T2,0", "04-01 00:00:00+00:00,T9,0"]
    rows += ["05-01 00:00:00+00:00,T1,600"]  # after the analysed period
    text = "TimeStamp_StartFormat,TurbineName,ShutdownDuration\n" + "\n".join(f"2015-{row}" for row in rows) + "\n"
    results = _farm(tmp_path, exported=False, shutdown=text)
    assert results.availability is not None
    found = results.availability.operator
    assert found is not None
    assert found[["turbine", "figure"]].to_numpy().tolist() == [[t, "ShutdownDuration"] for t in ("T1", "T2", "fleet")]
    assert found["operator_time_based"].tolist() == pytest.approx([1 - 150 / 1800, 0.0, 1 - 750 / 2400])
    assert found["coverage"].tolist() == pytest.approx([3 / 576, 1 / 576, 4 / 1152])
    note = results.sources.set_index("kind")["note"]["operator"]
    assert "rows not used, as an earlier one is of the same interval: 1" in note
    assert "rows of turbines that are not listed: 1" in note


@pytest.mark.parametrize(
    ("names", "column", "value"),
    [
        ([AVAILABLE, "Time-based IEC B.2.3 (Users View)"], AVAILABLE, 1.0),
        (["Time-based IEC B.2.4 (Users View)"], "Time-based IEC B.2.4 (Users View)", 1.0),
        (["Time-based IEC B.2.2 (Users View) (%)"], "Time-based IEC B.2.2 (Users View) (%)", 0.01),
        (["Time-based IEC B.3.2 (Manufacturers View)", "Power (kW)"], None, None),
    ],
)
def test_columns_of_greenbyte_exports(names: list[str], column: str | None, value: float | None) -> None:
    found = signal_columns(names, "export.csv").get("exported_availability")
    assert (found is None) == (column is None)
    if found is not None:
        assert found.columns == (column,)
        converted = np.ones(1) if found.convert is None else found.convert(np.ones(1))
        assert converted.tolist() == [value]
