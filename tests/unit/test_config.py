"""`farm.toml`: defaults, limits, and messages that name file, key, value and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fleet.categories import DEFAULT_PRIORITY
from fleet.config import AvailabilitySettings, Farm, Source, load_farm, parse_farm
from fleet.errors import ConfigError

TURBINE = {"name": "T1", "rated_power_kw": 2000.0}


def _refused(**raw: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_farm({"name": "x", **raw}, "farm.toml")
    message = str(caught.value)
    assert message.startswith("farm.toml: ")
    return message


def test_three_lines_are_enough(tmp_path: Path) -> None:
    path = tmp_path / "farm.toml"
    path.write_text('name = "La Haute Borne"\ntime_zone = "Europe/Paris"\n', encoding="utf-8")
    farm = load_farm(path)
    assert farm == Farm.model_validate({"name": "La Haute Borne", "time_zone": "Europe/Paris"})
    assert (farm.averaging_period_s, farm.clock.duplicates, farm.turbines) == (600, "correct", ())


def test_settings_cannot_be_changed_afterwards() -> None:
    farm = Farm.model_validate({"name": "x"})
    with pytest.raises(ValueError, match="frozen"):
        farm.name = "y"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ({"trubines": []}, ('unknown key "trubines"', 'did you mean "turbines"')),
        ({"quality": {"frozen_record": 3}}, ('"quality.frozen_record"', 'did you mean "frozen_records"')),
        ({"turbines": [TURBINE | {"hub_hight": 80}]}, ('"turbines.0.hub_hight"', 'did you mean "hub_height"')),
        ({"turbines": [{"name": "T1"}]}, ('key "turbines.0.rated_power_kw" is missing',)),
        ({"turbines": [TURBINE | {"rated_power_kw": 0}]}, ("greater than 0", "found 0")),
        ({"turbines": [TURBINE | {"latitude": 91}]}, ("turbines.0.latitude", "90", "found 91")),
        ({"turbines": [TURBINE, TURBINE]}, ("two turbines are named 'T1'",)),
        ({"turbines": [TURBINE | {"name": ""}]}, ("turbines.0.name", "at least 1 character")),
        ({"averaging_period_s": 0}, ("averaging_period_s", "greater than 0")),
        ({"averaging_period_s": 7200}, ("averaging_period_s", "3600")),
        ({"averaging_period_s": "ten minutes"}, ("averaging_period_s", "'ten minutes'")),
        ({"clock": {"duplicates": "frist"}}, ("clock.duplicates", "'correct', 'first', 'last' or 'reject'", "'frist'")),
        ({"quality": {"power_low": 0.1}}, ("quality.power_low", "less than or equal to 0")),
        ({"quality": {"frozen_records": 1}}, ("quality.frozen_records", "greater than or equal to 2")),
        ({"power_curve": {"bin_width": -0.5}}, ("power_curve.bin_width", "greater than 0")),
        ({"power_curve": {"window": {"wind_speed": [5]}}}, ("power_curve.window",)),
        ({"availability": {"contract": {"full_performance": "yes"}}}, ("availability.contract", "'yes'")),
        ({"availability": {"priority": ["full_performance"]}}, ("availability", "each category once", "missing")),
        ({"energy": {"emission_factor": 0}}, ("energy.emission_factor", "greater than 0")),
        ({"sources": [{"format": "generic", "delimiter": ";;"}]}, ("sources.0.delimiter", "at most 1 character")),
        ({"sources": [{"files": "*.csv"}]}, ('key "sources.0.format" is missing',)),
        ({"sources": [{"format": "generic", "columns": {"power_kw": {"colum": "P"}}}]}, ('did you mean "column"',)),
    ],
)
def test_each_mistake_is_named_with_its_key(raw: dict[str, Any], parts: tuple[str, ...]) -> None:
    message = _refused(**raw)
    assert [part for part in parts if part not in message] == [], message


def test_all_mistakes_are_reported_at_once() -> None:
    assert len(_refused(averaging_period_s=0, trubines=[]).splitlines()) == 2


def test_a_status_period_that_ends_before_it_begins() -> None:
    message = _refused(availability={"status_period": ["2023-02-01", "2023-01-01"]})
    assert "must begin before it ends" in message


@pytest.mark.parametrize("files", ["", "/abs/*.csv", "../other/*.csv", "a/../../b.csv", "**.csv", "..\\x.csv"])
def test_patterns_that_leave_the_folder_or_mean_nothing(files: str) -> None:
    message = _refused(sources=[{"format": "generic", "files": files}])
    assert "pattern inside the farm's folder" in message
    assert repr(files) in message


@pytest.mark.parametrize("files", ["*", "*.csv", "data/*.csv", "**/*.csv", "a..b.csv", "data[0-9].csv.gz"])
def test_patterns_inside_the_folder(files: str) -> None:
    assert Source(format="generic", files=files).files == files


def test_default_priority_names_each_category_once() -> None:
    assert AvailabilitySettings().priority == DEFAULT_PRIORITY


@pytest.mark.parametrize("content", [b'name = "x', b"\xff\xfe", b"name = x\n"])
def test_no_toml(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "farm.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="not valid TOML"):
        load_farm(path)


def test_a_settings_file_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "farm.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load_farm(tmp_path / "farm.toml")
