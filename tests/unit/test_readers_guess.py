"""Guesses about unknown tables, against tables that were written in a known way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd
import pytest

from fleet.readers.guess import (
    counted_stamps,
    exchanged_days,
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


def test_days_and_months_the_wrong_way_round_are_found_where_both_can_be_read() -> None:
    march = pd.date_range("2015-03-01", periods=4 * 144, freq="10min")
    american = march.strftime("%m/%d/%Y %H:%M").tolist()
    assert exchanged_days(american, "%d/%m/%Y %H:%M") == "%m/%d/%Y %H:%M"
    assert exchanged_days(american, "%m/%d/%Y %H:%M") == ""
    # Past the twelfth only one way can be read, which other checks tell; one day says nothing.
    assert exchanged_days(march.shift(1, "20D").strftime("%m/%d/%Y %H:%M").tolist(), "%d/%m/%Y %H:%M") == ""
    assert exchanged_days(american[:144], "%d/%m/%Y %H:%M") == ""
    assert exchanged_days(["2015-03-01"], "") == ""


@pytest.mark.parametrize(
    ("stamps", "title"),
    [
        (["1425168000", "1425168600"], "seconds since 1970"),
        (["1425168000000"], "milliseconds since 1970"),
        (["42064", "42064.00694"], "days since 1900, as spreadsheets count them"),
        (["42064,00694"], "days since 1900, as spreadsheets count them"),
        (["201503010010", "20150301"], ""),
        (["x"], ""),
    ],
)
def test_what_numbers_that_stand_for_times_count(stamps: list[str], title: str) -> None:
    assert counted_stamps(stamps) == title
