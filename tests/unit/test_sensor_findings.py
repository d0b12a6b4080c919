"""Findings on sensors and held power, against tables made by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from fleet.config import QualitySettings
from fleet.flags import Flag
from fleet.months import months_of_records
from fleet.partial_sums import merge_partials, tables
from fleet.potential import PotentialSource
from fleet.recorded import Recorded
from fleet.records import Records
from fleet.report.rules import RULES, rules_table
from fleet.report.sections_data import quality
from fleet.report.sections_sensors import sensors
from fleet.results import FleetResults
from fleet.rule_losses import held_losses, held_sums
from fleet.rule_settings import RuleSettings
from fleet.sensor_findings import episodes, sensor_findings
from fleet.yaw import LIMITS
from tests.report_fixture import synthetic_results

MONTHS = [f"2020-{month:02d}" for month in range(1, 8)]


def _table(sizes: list[float], limit: float, turbine: str = "T1") -> pd.DataFrame:
    size = np.array(sizes)
    flagged = np.abs(size) > limit
    return pd.DataFrame({"turbine": turbine, "month": MONTHS, "drift": size, "u_drift": 0.05, "flagged": flagged})


def _with(table: pd.DataFrame, **parts: Any) -> FleetResults:
    """Return results with other tables of sensors; those not given hold nothing of note."""
    results = synthetic_results(2, 1)
    assert results.sensors is not None
    north = pd.DataFrame({"signal": [], "turbine": [], "month": [], "offset_deg": [], "flagged": []})
    quiet = {"temperature": table.iloc[:0], "north": north, "yaw": results.sensors.yaw.iloc[:0]}
    return replace(results, quality=None, sensors=replace(results.sensors, drift=table, **{**quiet, **parts}))


def test_months_of_one_sign_are_one_episode_and_a_month_without_a_value_ends_none() -> None:
    nan = float("nan")
    found = episodes(_table([0.5, 0.7, -0.6, 0.0, 0.4, nan, 0.4], 0.3), "drift", "u_drift")
    assert [(one.first, one.last, one.lasting) for one in found] == [
        ("2020-01", "2020-02", False),
        ("2020-03", "2020-03", False),
        ("2020-05", "2020-07", True),
    ]
    assert [one.size for one in found] == pytest.approx([0.6, -0.6, 0.4])
    assert [one.when for one in found] == ["from 2020-01 to 2020-02", "in 2020-03", "since 2020-05"]


def test_drift_is_told_with_turbine_size_uncertainty_and_since_when() -> None:
    (finding,) = sensor_findings(_with(_table([0.0, 0.0, -0.3, -0.4, -0.5, -0.4, -0.4], 0.25)))
    assert finding.severity == "warning"
    assert finding.section == "sensors"
    assert finding.text == (
        "T1: the anemometer reads 0.40 m/s (u 0.05 m/s) too low since 2020-03, compared with the neighbours'."
    )


def test_more_than_ten_turbines_are_counted() -> None:
    table = pd.concat([_table([0.5 + i / 100] * 7, 0.25, f"T{i:02d}") for i in range(14)])
    found = sensor_findings(_with(table))
    assert len(found) == 11
    assert found[0].text.startswith("T13: the anemometer reads 0.63 m/s")
    assert "Further turbines whose anemometer has drifted: 4" in found[-1].text


def _north(sizes: dict[str, list[float]], signal: str = "nacelle_direction_deg") -> pd.DataFrame:
    parts = [
        pd.DataFrame({"signal": signal, "turbine": name, "month": MONTHS, "offset_deg": values})
        for name, values in sizes.items()
    ]
    north = pd.concat(parts, ignore_index=True)
    return north.assign(flagged=north["offset_deg"].abs() > 8.0)


def test_a_turned_north_is_told_with_both_of_its_offsets() -> None:
    north = _north({"T1": [-9.0, -10.0, -11.0, 12.0, 12.0, 12.5, 12.0], "T2": [0.0] * 7, "T3": [1.0] * 7})
    (finding,) = sensor_findings(_with(_table([0.0] * 7, 1.0), north=north))
    assert finding.text == (
        "T1: north is off by -10.0 deg from 2020-01 to 2020-03, by +12.0 deg since 2020-04, compared with the "
        "neighbours' (nacelle direction)."
    )


def test_a_signal_without_a_common_north_is_told_once() -> None:
    north = _north({"T1": [100.0] * 7, "T2": [-60.0] * 7, "T3": [0.0] * 7})
    (finding,) = sensor_findings(_with(_table([0.0] * 7, 1.0), north=north))
    assert "nacelle direction of 2 of 3 turbines is off the fleet's" in finding.text


def test_yaw_is_a_note_with_its_limits() -> None:
    yaw = synthetic_results(2, 1).sensors.yaw  # type: ignore[union-attr]
    (finding,) = sensor_findings(_with(_table([0.0] * 7, 1.0), yaw=yaw))
    assert finding.severity == "note"
    assert "T01 +5.0 deg (u 0.7 deg)" in finding.text
    assert "T02" not in finding.text
    assert LIMITS in finding.text


def test_held_power_is_a_note_with_hours_and_energy() -> None:
    results = synthetic_results(2, 1)
    assert results.quality is not None
    held = pd.DataFrame(
        {
            "turbine": ["T01", "T02", "T02"],
            "flag": ["icing", "icing", "derated"],
            "hours": [10.0, 30.0, 5.0],
            "known_h": [10.0, 20.0, 0.0],
            "lost_mwh": [1.5, 4.0, np.nan],
        }
    )
    found = sensor_findings(replace(results, sensors=None, quality=replace(results.quality, held=held)))
    assert [(finding.severity, finding.text) for finding in found] == [
        ("note", "Derated without a known set-point: 5.0 h at T02."),
        (
            "note",
            "Icing suspected: 40.0 h, about 5.5 MWh below the turbines' own curves (of 30.0 h; for the others nothing "
            "is known); longest at T02 (30.0 h, 4.0 MWh).",
        ),
    ]


def _records(power: list[float], expected: list[float], flags: list[int], has_energy: list[bool]) -> Records:
    n = len(power)
    times = 1_577_836_800_000_000 + 600_000_000 * np.arange(n, dtype=np.int64)
    bits = np.array(flags, np.uint32)
    signals = {"power_kw": np.array(power)}
    recorded = Recorded("T1", times, times, bits, signals, slice(0, n), int(times[0]), int(times[-1]) + 600_000_000)
    yes = np.ones(n, bool)
    return Records(
        recorded, bits, months_of_records(times), np.array(has_energy), yes, ~yes, yes,
        {PotentialSource.OWN_CURVE: np.array(expected)},
    )  # fmt: skip


def test_energy_of_held_records_by_hand_and_in_parts() -> None:
    """Icing lacks 600 kW once, more power than expected costs nothing; curtailed goes before icing; one is unknown."""
    ice, held, level = int(Flag.ICING), int(Flag.CURTAILED), int(Flag.DERATED)
    rows = [
        (400.0, 1000.0, ice, True),
        (1200.0, 1000.0, ice, True),
        (500.0, 800.0, held | ice, True),
        (500.0, float("nan"), level, True),
        (500.0, 900.0, int(Flag.INCONSISTENT), True),
        (float("nan"), 900.0, ice, False),
    ]
    whole = held_sums(_records(*(list(column) for column in zip(*rows, strict=True))), "T1")
    halves = [
        {"held": held_sums(_records(*(list(column) for column in zip(*part, strict=True))), "T1")}
        for part in (rows[:3], rows[3:])
    ]
    pd.testing.assert_frame_equal(tables(merge_partials(halves))["held"], tables({"held": whole})["held"])
    found = held_losses(tables({"held": whole}), synthetic_results(1, 1).farm).set_index("flag")
    assert found["hours"].to_dict() == pytest.approx({"curtailed": 1 / 6, "derated": 1 / 6, "icing": 2 / 6})
    assert found["lost_mwh"].dropna().to_dict() == pytest.approx({"curtailed": 0.05, "icing": 0.1})
    assert found["known_h"]["derated"] == 0.0


def test_no_held_record_gives_no_row() -> None:
    sums = held_sums(_records([1.0], [1.0], [0], [True]), "T1")
    assert len(held_losses(tables({"held": sums}), synthetic_results(1, 1).farm)) == 0


def test_every_rule_and_every_setting_stands_in_the_table() -> None:
    named = {key for keys in RULES.values() for key in keys}
    assert set(RuleSettings.model_fields) <= named
    assert set(QualitySettings.model_fields) == named - {""}
    flags = pd.DataFrame({"turbine": ["T1", "T2"], "flag": "icing", "rows": [3, 4]})
    found = rules_table(QualitySettings.model_validate({"rate": False, "icing_records": 5}), flags).set_index("rule")
    assert found.loc["icing suspected", "rows"] == 7
    assert "icing_records = 5" in found.loc["icing suspected", "settings"]
    assert found.loc["icing suspected", "left_out"] == "power curve"
    assert found.loc["power or wind speed jumps there and back", "settings"] == "turned off"
    assert found.loc["pitch angle does not fit the power", "left_out"] == "none"


def test_section_shows_plots_flagged_months_and_limits() -> None:
    results = synthetic_results(3, 4)
    assert results.sensors is not None
    blocks = list(sensors(results, results.sensors))
    drawn = [block.name for block in blocks if block.kind == "figure"]
    assert drawn == ["drift_anemometer", "drift_thermometer", "north_offset", "yaw_misalignment"]
    shown = {block.caption: block for block in blocks if block.kind == "table"}
    assert [len(block.rows) for block in shown.values()] == [4, 4, 3]
    assert LIMITS in shown["Hint of yaw misalignment"].note
    texts = [block.text for block in blocks if block.kind == "text"]
    assert "Months in which the thermometer has drifted: none." in texts


def test_section_of_nothing_is_empty_and_says_notes_where_there_are_any() -> None:
    results = synthetic_results(1, 1)
    assert results.sensors is not None
    bare = {name: getattr(results.sensors, name).iloc[:0] for name in ("drift", "temperature", "north", "yaw")}
    assert list(sensors(results, replace(results.sensors, **bare))) == []
    (block,) = sensors(results, replace(results.sensors, **bare, notes=("too few turbines",)))
    assert block.items == ("too few turbines",)  # type: ignore[union-attr]


def test_quality_section_lists_rules_and_held_power() -> None:
    results = synthetic_results(2, 1)
    assert results.quality is not None
    captions = [block.caption for block in quality(results, results.quality) if block.kind == "table"]
    assert captions[-2:] == ["Rules and their settings", "Held below what was possible"]
