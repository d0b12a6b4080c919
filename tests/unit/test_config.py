"""`farm.toml`: defaults, limits, and messages that name file, key, value and what was expected."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fleet.categories import DEFAULT_PRIORITY
from fleet.config import AvailabilitySettings, Farm, Source
from fleet.errors import ConfigError
from fleet.farm_file import load_farm, parse_farm

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
        ({"turbines": [TURBINE | {"rated_power_kw": 0}]}, ("greater than or equal to 0.001", "found 0", "to 1e+06")),
        ({"turbines": [TURBINE | {"latitude": 91}]}, ("turbines.0.latitude", "90", "found 91")),
        ({"turbines": [TURBINE, TURBINE]}, ("two turbines are named 'T1'",)),
        ({"turbines": [TURBINE | {"name": ""}]}, ("turbines.0.name", "at least 1 character")),
        ({"averaging_period_s": 0}, ("averaging_period_s", "greater than 0")),
        ({"averaging_period_s": 7200}, ("averaging_period_s", "3600")),
        ({"averaging_period_s": "ten minutes"}, ("averaging_period_s", "'ten minutes'")),
        ({"clock": {"duplicates": "frist"}}, ("clock.duplicates", "'correct', 'first', 'last' or 'reject'", "'frist'")),
        ({"quality": {"power_low": 0.1}}, ("quality.power_low", "less than or equal to 0")),
        ({"quality": {"frozen_records": 1}}, ("quality.frozen_records", "greater than or equal to 2")),
        (
            {"power_curve": {"bin_width": -0.5}},
            ("power_curve.bin_width", "greater than or equal to 0.1", "from 0.1 to 5"),
        ),
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


@pytest.mark.parametrize(
    ("table", "key", "low", "high"),
    [
        ("power_curve", "bin_width", 0.1, 5),
        ("power_curve", "cut_in", 0.5, 10),
        ("power_curve", "cut_out", 10, 60),
        ("power_curve", "reference_density", 0.5, 1.6),
        ("power_curve", "anemometer_mounting", 0, 1),
        ("availability", "down_power_kw", -1e6, 1e6),
        ("quality", "inconsistent_spread", 1, 100),
        ("turbines", "rated_power_kw", 1e-3, 1e6),
        ("turbines", "hub_height", 1, 500),
        ("turbines", "rotor_diameter", 1, 500),
    ],
)
def test_numbers_stay_in_their_physical_range(table: str, key: str, low: float, high: float) -> None:
    def raw(value: float) -> dict[str, Any]:
        return {table: [TURBINE | {key: value}] if table == "turbines" else {key: value}}

    place = f"turbines.0.{key}" if table == "turbines" else f"{table}.{key}"
    for value in (low, high):
        parse_farm({"name": "x", **raw(value)}, "farm.toml")
    for value in (low - 0.01 * (1 + abs(low)), high * 1.01):
        message = _refused(**raw(value))
        assert f'key "{place}"' in message
        assert f"found {value!r} (allowed: from {low:g} to {high:g})" in message
    for value in (float("nan"), float("inf"), -float("inf")):
        message = _refused(**raw(value))
        assert f'key "{place}"' in message
        assert f"found {value!r}" in message


@pytest.mark.parametrize(
    ("window", "part"),
    [
        ({"wind_speed": [40, 5], "power_kw": [20, 2100]}, "wind_speed must be two rising numbers, found 40 and 5"),
        ({"wind_speed": [5, 40], "power_kw": [20, 20]}, "power_kw must be two rising numbers, found 20 and 20"),
        ({"wind_speed": [-5, 40], "power_kw": [20, 2100]}, "within 0 to 100 m/s, found -5 and 40"),
        ({"wind_speed": [5, float("nan")], "power_kw": [20, 2100]}, "finite number"),
    ],
)
def test_a_power_window_is_ordered(window: dict[str, list[float]], part: str) -> None:
    message = _refused(power_curve={"window": window})
    assert "power_curve.window" in message
    assert part in message


def test_cut_out_lies_above_cut_in() -> None:
    assert "cut_out must lie above cut_in, found 10 and 10" in _refused(power_curve={"cut_in": 10, "cut_out": 10})


@pytest.mark.parametrize("period_s", [420, 700, 3599])
def test_averaging_periods_that_do_not_divide_a_day(period_s: int) -> None:
    message = _refused(averaging_period_s=period_s)
    assert 'key "averaging_period_s"' in message
    assert "divisor of 86,400" in message
    assert f"found {period_s}" in message


@pytest.mark.parametrize("period_s", [1, 60, 300, 600, 900, 1800, 3600])
def test_averaging_periods_that_divide_a_day(period_s: int) -> None:
    assert parse_farm({"name": "x", "averaging_period_s": period_s}, "farm.toml").averaging_period_s == period_s


def test_a_status_period_with_and_without_an_offset_is_put_into_utc() -> None:
    """Compared by hand: 02:00+02:00 is midnight in UTC."""
    raw = {"status_period": ["2023-01-01T00:00:00", "2023-02-01T02:00:00+02:00"]}
    settings = parse_farm({"name": "x", "availability": raw}, "farm.toml").availability
    assert settings.status_period == (datetime(2023, 1, 1, tzinfo=UTC), datetime(2023, 2, 1, tzinfo=UTC))
    raw = {"status_period": ["2023-01-01T00:00:00", "2023-01-01T01:00:00+02:00"]}
    assert "must begin before it ends" in _refused(availability=raw)


def test_a_settings_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "farm.toml"
    path.write_bytes(b'\xef\xbb\xbfname = "La Haute Borne"\r\n')
    assert load_farm(path).name == "La Haute Borne"


def test_a_misspelt_key_is_one_mistake_and_its_entry_is_counted_from_one() -> None:
    message = _refused(turbines=[TURBINE, {"name": "T2", "rated_powr_kw": 2000.0}])
    assert len(message.splitlines()) == 1
    assert 'did you mean "rated_power_kw"?' in message
    assert message.endswith("(in [[turbines]] number 2)")
    assert len(_refused(turbines=[{"name": "T2", "colour": "white"}]).splitlines()) == 2  # that one is missing


def test_names_that_do_not_fit_together_are_told_with_the_key_of_the_list() -> None:
    assert _refused(turbines=[TURBINE, TURBINE]) == "farm.toml: key \"turbines\": two turbines are named 'T1'"


def test_a_time_zone_that_is_none_is_answered_with_the_nearest() -> None:
    message = _refused(time_zone="Europe/Pariss")
    assert 'key "time_zone"' in message
    assert 'did you mean "Europe/Paris"?' in message
    assert "'Europe/Pariss'" in message


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


@pytest.mark.parametrize("time_format", ["%Q", "%d.%m.%Y %", "%d%d", "%G-%V"])
def test_a_time_format_that_is_none_is_refused_before_any_file_is_read(time_format: str) -> None:
    source = {"format": "generic", "time_format": time_format}
    with pytest.raises(ConfigError, match=r'farm\.toml: key "sources\.0\.time_format": .*strptime'):
        parse_farm({"name": "x", "sources": [source]}, "farm.toml")


def test_a_source_cannot_have_an_averaging_period_of_its_own() -> None:
    source = {"format": "generic", "averaging_period_s": 60}
    with pytest.raises(ConfigError, match=r"one averaging period: found 60 s in \[\[sources\]\] beside .* = 600"):
        parse_farm({"name": "x", "sources": [source]}, "farm.toml")
