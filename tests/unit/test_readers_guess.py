"""Guesses about unknown tables, against tables that were written in a known way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from fleet.readers.guess import (
    guess_decimal,
    guess_signals,
    guess_time_column,
    guess_time_format,
    guess_turbine_column,
)


def _written(time_format: str, days: int = 3) -> list[str]:
    return [(datetime(2014, 3, 1) + timedelta(minutes=10 * i)).strftime(time_format) for i in range(144 * days)]


@pytest.mark.parametrize(
    "time_format",
    [
        "%d.%m.%Y %H:%M",
        "%d.%m.%Y %H:%M:%S",
        "%d/%m/%Y %H:%M",
        "%m/%d/%Y %H:%M",
        "%m/%d/%Y %I:%M:%S %p",
        "%d-%m-%Y %H:%M:%S",
        "%Y/%m/%d %H:%M",
        "%Y%m%d%H%M",
        "%Y%m%d%H%M%S",
        "%Y%m%d %H:%M",
        "%d.%m.%y %H:%M",
        "%d-%b-%Y %H:%M",
    ],
)
def test_the_format_that_stamps_were_written_with_is_found(time_format: str) -> None:
    # The first three days of March could as well be the third of January, February and March: the steps tell.
    assert guess_time_format(_written(time_format)) == time_format


@pytest.mark.parametrize("time_format", ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S+01:00"])
def test_iso_stamps_need_no_format(time_format: str) -> None:
    assert guess_time_format(_written(time_format)) == ""


def test_an_offset_at_the_end_is_seen() -> None:
    assert guess_time_format(_written("%d.%m.%Y %H:%M+01:00")) == "%d.%m.%Y %H:%M%z"


@pytest.mark.parametrize("cells", [[], ["3.5", "4.25"], ["01.02.2014", "02.02.2014"], ["a", "b"], ["NaN", "-"]])
def test_what_is_no_time_has_no_format(cells: list[str]) -> None:
    assert guess_time_format(cells) is None


def test_single_bad_stamps_do_not_hide_the_format() -> None:
    assert guess_time_format([*_written("%d.%m.%Y %H:%M"), "Summe", ""]) == "%d.%m.%Y %H:%M"


@pytest.mark.parametrize(
    ("cells", "mark"),
    [(["1,5", "-0,25", "3"], ","), (["1.5", "2,5", "3.5"], "."), (["1", "2"], "."), (["WEA 1", "1,5e3", "x,y"], ",")],
)
def test_the_decimal_mark_of_most_numbers(cells: list[str], mark: str) -> None:
    assert guess_decimal(cells) == mark


def test_the_time_column_is_found_by_name_and_by_content() -> None:
    cells = {"a": ["1"], "Erstellt": _written("%d.%m.%Y %H:%M"), "Zeit": _written("%Y-%m-%d %H:%M")}
    assert guess_time_column(list(cells), cells) == ("Zeit", "")
    del cells["Zeit"]
    assert guess_time_column(list(cells), cells) == ("Erstellt", "%d.%m.%Y %H:%M")
    assert guess_time_column(["a", "Datum"], {"a": ["1"], "Datum": ["gestern"]}) == ("", "")


@pytest.mark.parametrize(
    "name",
    ["Anlage", "WEA", "WTG", "Turbine", "Wind_turbine_name", "TurbID", "Éolienne", "Aerogenerador", "Anlagenname"],
)
def test_columns_that_name_turbines(name: str) -> None:
    assert guess_turbine_column(["Wind", name, "Power"]) == name


POWER = ("power_kw", "wind_speed", "wind_direction_deg", "ambient_temperature_degc", "rotor_speed_rpm")


@pytest.mark.parametrize(
    ("names", "units"),
    [
        (
            (
                "Wirkleistung (MW)",
                "Windgeschw. [km/h]",
                "Windrichtung (Grad)",
                "Außentemperatur (°C)",
                "Rotordrehzahl (U/min)",
            ),
            ("MW", "km/h", "deg", "°C", "rpm"),
        ),
        (
            (
                "Puissance active moyenne (kW)",
                "Vitesse du vent (m/s)",
                "Direction du vent",
                "Température ext.",
                "Vitesse rotor",
            ),
            ("kW", "m/s", "", "", ""),
        ),
        (
            (
                "Potencia activa (kW)",
                "Velocidad del viento",
                "Dirección del viento",
                "Temperatura ambiente",
                "Velocidad del rotor",
            ),
            ("kW", "", "", "", ""),
        ),
        (
            ("Active power_kW", "Wind speed, m/s", "Wind direction", "Ambient temperature", "Rotor speed (rpm)"),
            ("kW", "m/s", "", "", "rpm"),
        ),
    ],
)
def test_signals_by_name_in_four_languages(names: tuple[str, ...], units: tuple[str, ...]) -> None:
    found = guess_signals(["Zeit", *names, "Bemerkung"])
    assert {key: value[:2] for key, value in found.items()} == dict(
        zip(POWER, zip(names, units, strict=True), strict=True)
    )


@pytest.mark.parametrize(
    "name",
    [
        "Power max",
        "Leistung Standardabweichung",
        "Blindleistung",
        "Puissance réactive",
        "Power setpoint",
        "Potential power",
    ],
)
def test_what_is_no_mean_active_power_is_left_alone(name: str) -> None:
    assert guess_signals([name]) == {}


def test_a_mean_comes_before_an_instantaneous_value() -> None:
    assert guess_signals(["Leistung", "Leistung Mittel", "Leistung max"])["power_kw"][0] == "Leistung Mittel"


def test_a_unit_that_is_not_known_is_said_and_not_guessed() -> None:
    assert guess_signals(["Power (PS)"])["power_kw"] == ("Power (PS)", "", "PS")
