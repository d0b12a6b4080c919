"""The quick look: its figures against decimal arithmetic from the text cells, and against the report's."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from fleet.analysis import analyse, overview
from fleet.dataset import open_dataset
from fleet.errors import InputError
from fleet.overview import Overview
from fleet.pipeline import RunOptions
from fleet.schema import FLEET
from tests.farms import RATED_KW, differing, farm_rows, fingerprint, run_cli, turbine_toml, write_generic

DAYS = 6
START = "2015-03-29"  # the third day ends in another month
ROWS = farm_rows(2, DAYS, seed=41, start=START)
OPTIONS = RunOptions(scheduler="synchronous")
DOWN_WIND, DOWN_POWER = Decimal(4), Decimal(0)  # [m/s], [kW]
LOWEST, HIGHEST = Decimal("-0.1") * 2000, Decimal("1.2") * 2000  # [kW]


def _rows() -> pd.DataFrame:
    """Return rows with cells that are missing, out of range or no numbers, and rows that repeat each other."""
    rows = ROWS.copy()
    rows.loc[5:9, "power"] = ""
    rows.loc[20:22, "wind"] = ""
    rows.loc[30, "power"] = "99999.00"
    rows.loc[31, "power"] = "-900.00"
    rows.loc[32, "wind"] = "88.000"
    rows.loc[900, "power"] = "-3.00"
    rows.loc[900, "wind"] = "9.250"  # half way between two bins: belongs to the upper one
    return pd.concat([rows, rows.loc[[40, 41]]], ignore_index=True)  # the same rows again


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_generic(tmp_path_factory.mktemp("overview") / "farm", _rows(), parts=3)


@pytest.fixture(scope="module")
def found(folder: Path) -> Overview:
    return overview(open_dataset(folder), options=OPTIONS)


def _counted(rows: pd.DataFrame) -> dict[tuple[str, str], dict[str, Decimal]]:
    """Return sums by turbine and month from the cells, in decimals."""
    sums: dict[tuple[str, str], dict[str, Decimal]] = {}
    seen = set()
    for row in rows.itertuples():
        key = (row.turbine, row.time)
        if key in seen or row.power == "":
            continue
        seen.add(key)
        power = Decimal(row.power)
        if not LOWEST <= power <= HIGHEST:
            continue
        one = sums.setdefault((row.turbine, row.time[:7]), dict.fromkeys(("n", "energy", "windy", "down"), Decimal()))
        one["n"] += 1
        one["energy"] += power
        if row.wind == "" or not 0 <= Decimal(row.wind) <= 40:
            continue
        one["windy"] += 1
        one["down"] += Decimal(row.wind) >= DOWN_WIND and power <= DOWN_POWER
    return sums


def test_monthly_figures_are_those_of_decimal_arithmetic(found: Overview) -> None:
    counted = _counted(_rows())
    assert sorted(counted) == [(name, month) for name in ("T1", "T2") for month in ("2015-03", "2015-04")]
    for month in ("2015-03", "2015-04"):
        parts = [counted[name, month] for name in ("T1", "T2")]
        counted[FLEET, month] = {name: parts[0][name] + parts[1][name] for name in parts[0]}
    table = found.monthly.set_index(["turbine", "month"])
    assert list(table.index) == [(name, month) for name in ("T1", "T2", FLEET) for month in ("2015-03", "2015-04")]
    for key, sums in counted.items():
        row = table.loc[key]
        assert row["hours"] == pytest.approx(float(sums["n"] / 6), rel=1e-14)
        assert row["energy_mwh"] == pytest.approx(float(sums["energy"] / 6 / 1000), rel=1e-14)
        capacity = sums["energy"] / (sums["n"] * Decimal(int(RATED_KW)))
        assert row["capacity_factor"] == pytest.approx(float(capacity), rel=1e-14)
        assert row["availability"] == pytest.approx(float(1 - sums["down"] / sums["windy"]), rel=1e-14)
    assert counted["T1", "2015-03"]["n"] == 3 * 144 - 7
    assert counted["T2", "2015-04"]["down"] >= 1


def test_curves_hold_every_record_that_produces(found: Overview) -> None:
    bins: dict[tuple[str, int], list[Decimal]] = {}
    rows, seen = _rows(), set()
    for row in rows.itertuples():
        key = (row.turbine, row.time)
        if key in seen or row.power == "" or row.wind == "":
            continue
        seen.add(key)
        power, wind = Decimal(row.power), Decimal(row.wind)
        if 0 < power <= HIGHEST and wind <= 40:
            # Bins of 0.5 m/s around whole multiples of it; the lower border belongs to the bin.
            bins.setdefault((row.turbine, int((wind / Decimal("0.5") + Decimal("0.5")) // 1)), []).append(power)
    table = found.curves.set_index(["turbine", "wind_speed"])
    assert list(table.index) == [(name, k * 0.5) for name, k in sorted(bins)]
    for (name, k), powers in bins.items():
        row = table.loc[name, k * 0.5]
        mean = sum(powers) / len(powers)
        assert row["n"] == len(powers)
        assert row["power_kw"] == pytest.approx(float(mean), rel=1e-13)
        if len(powers) > 1:
            spread = (sum((power - mean) ** 2 for power in powers) / (len(powers) - 1)).sqrt()
            assert row["power_std_kw"] == pytest.approx(float(spread), rel=1e-9, abs=1e-9)


def test_without_rejected_rows_it_is_the_reports_energy(tmp_path: Path) -> None:
    folder = write_generic(tmp_path / "farm", farm_rows(2, DAYS, seed=42, start=START))
    dataset = open_dataset(folder)
    report, quick = analyse(dataset, options=OPTIONS), overview(dataset, options=OPTIONS)
    assert report.energy is not None
    keys = ["turbine", "month"]
    one = report.energy.monthly.set_index(keys)["energy_mwh"].sort_index()
    other = quick.monthly.set_index(keys)["energy_mwh"].sort_index()
    assert one.to_dict() == pytest.approx(other.to_dict(), rel=1e-14)
    assert len(other) == 6


def test_partitions_and_workers_do_not_change_it(folder: Path, found: Overview) -> None:
    for options in (
        RunOptions(scheduler="synchronous", partition_days=1),
        RunOptions(scheduler="threads", workers=3, partition_days=2),
    ):
        assert not differing(fingerprint(overview(open_dataset(folder), options=options)), fingerprint(found))


def test_a_period_holds_its_records_only(folder: Path) -> None:
    start, end = (pd.Timestamp(text, tz="UTC") for text in ("2015-03-31T12:00", "2015-04-01T06:00"))
    quick = overview(open_dataset(folder), start=start, end=end, options=OPTIONS)
    hours = quick.monthly.set_index(["turbine", "month"])["hours"]
    assert hours["T2"].to_dict() == {"2015-03": 12.0, "2015-04": 6.0}
    with pytest.raises(InputError, match="no data from"):
        overview(open_dataset(folder), start=pd.Timestamp("2016-01-01", tz="UTC"), options=OPTIONS)


def test_a_farm_of_logs_alone_has_no_overview(tmp_path: Path) -> None:
    header = "# This file was exported by Greenbyte\n#\n# Turbine: T1\n# Time zone: UTC\n"
    header += "# Time interval: 2015-03-01 00:00:00 - 2015-03-02 00:00:00\n#\n"
    columns = (
        "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category"
    )
    event = "2015-03-01 02:00:00,2015-03-01 03:00:00,01:00:00,Stop,1,Stop,,,Forced outage"
    (tmp_path / "Status_T1.csv").write_text(f"{header}{columns}\n{event}\n")
    (tmp_path / "farm.toml").write_text(f'name = "logs"\n{turbine_toml("T1")}\n')
    with pytest.raises(InputError) as caught:
        overview(open_dataset(tmp_path), options=OPTIONS)
    assert str(caught.value) == f"{tmp_path}: no SCADA records in this folder, only status logs"


def test_a_farm_of_state_timers_is_told_as_what_it_is() -> None:
    """The sample holds an alarm log and state timers; its report says the same of the parts that it lacks."""
    dataset = open_dataset("hill_of_towie")
    with pytest.raises(InputError) as caught:
        overview(dataset, options=OPTIONS)
    assert str(caught.value) == (
        f"{dataset.folder}: no SCADA records in this folder, only status logs and state timers"
    )


def test_the_command_prints_the_farm_and_writes_all_turbines(folder: Path, found: Overview, tmp_path: Path) -> None:
    target = tmp_path / "overview.csv"
    result = run_cli("overview", str(folder), "--quiet", "--csv", str(target))
    assert (result.code, result.err) == (0, "")
    title, table, told = result.out.split("\n\n")
    assert str(target) in told
    assert title.startswith("The farm by month; availability is inferred")
    lines = [line.split() for line in table.strip().split("\n")]
    assert lines[0] == ["month", "energy_mwh", "capacity_factor", "availability", "hours"]
    whole = found.monthly[found.monthly["turbine"] == FLEET]
    assert lines[1:] == [
        [
            row.month,
            f"{row.energy_mwh:,.1f}",
            f"{row.capacity_factor:.2%}",
            f"{row.availability:.2%}",
            f"{row.hours:,.1f}",
        ]
        for row in whole.itertuples()
    ]
    pd.testing.assert_frame_equal(pd.read_csv(target), found.monthly, check_dtype=False, rtol=1e-14)


def test_the_command_takes_a_selection(folder: Path, found: Overview) -> None:
    result = run_cli("overview", str(folder), "--quiet", "--turbine", "T2", "--to", "2015-04-01")
    assert result.code == 0
    (row,) = [line.split() for line in result.out.strip().split("\n")[3:]]
    own = found.monthly.set_index(["turbine", "month"]).loc[("T2", "2015-03")]
    assert row[:2] == ["2015-03", f"{own['energy_mwh']:,.1f}"]
