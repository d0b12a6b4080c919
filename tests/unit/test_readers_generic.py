"""The generic reader: mapping, units, time zones, end labels, CSV and Parquet alike."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fleet.config import Signal, Source
from fleet.errors import ConfigError, InputError
from fleet.farm_file import parse_farm
from fleet.flags import Flag
from fleet.readers import Batch, read
from fleet.readers.units import converter, known_units
from fleet.schema import SCADA, SIGNALS, dtypes

COLUMNS = {"power_kw": {"column": "P", "unit": "MW"}, "wind_speed": {"column": "V", "unit": "km/h"}}
SETTINGS: dict[str, Any] = {
    "format": "generic",
    "time_column": "T",
    "turbine_column": "WT",
    "stamps": "start",
    "columns": COLUMNS,
}


def _source(**changes: Any) -> Source:
    return Source.model_validate({**SETTINGS, **changes})


def _csv(folder: Path, text: str, source: Source) -> Batch:
    path = folder / "export.csv"
    path.write_text(text, encoding="utf-8")
    return read(path, source)


def test_mapping_and_units(tmp_path: Path) -> None:
    frame = _csv(tmp_path, "WT,T,P,V\nA,2020-01-01 00:00,1.5,36\n", _source()).frame
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(SCADA)
    assert frame.loc[0, ["power_kw", "wind_speed"]].tolist() == pytest.approx([1500.0, 10.0])


@pytest.mark.parametrize(
    ("column", "unit", "value", "expected"),
    [
        ("power_kw", "W", 1000.0, 1.0),
        ("wind_speed", "mph", 10.0, 4.4704),
        ("wind_speed", "kn", 36.0, 18.52),
        ("ambient_temperature_degc", "K", 273.15, 0.0),
        ("ambient_temperature_degc", "degF", 212.0, 100.0),
        ("vane_deg", "rad", 3.141592653589793, 180.0),
        ("rotor_speed_rpm", "rad/s", 6.283185307179586, 60.0),
        ("air_pressure_pa", "hPa", 1013.25, 101_325.0),
        ("air_pressure_pa", "kPa", 101.325, 101_325.0),
        ("relative_humidity", "%", 55.0, 0.55),
    ],
)
def test_units_against_their_definitions(column: str, unit: str, value: float, expected: float) -> None:
    convert = converter(column, unit, "here")
    assert convert is not None
    assert float(convert(value)) == pytest.approx(expected, abs=1e-9)  # type: ignore[arg-type]


def test_every_signal_knows_its_own_unit() -> None:
    assert all(signal.unit in known_units(signal.name) for signal in SIGNALS)
    assert all(converter(signal.name, signal.unit, "here") is None for signal in SIGNALS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"columns": {"power_kw": {"column": "P", "unit": "hp"}}}, r'unit "hp" of power_kw is not known.*kW, W, MW'),
        ({"columns": {"power": {"column": "P"}}}, r'columns.power is not a canonical column \(did you mean "power_kw"'),
        ({"columns": {}}, "no columns are mapped"),
        ({"time_column": ""}, '"time_column" is missing'),
        ({"turbine_column": ""}, 'neither "turbine_column" nor "turbine"'),
        ({"time_zone": "Europe/Parish"}, r"unknown time zone .*did you mean"),
    ],
)
def test_wrong_settings_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        _csv(tmp_path, "WT,T,P,V\nA,2020-01-01 00:00,1.5,36\n", _source(**changes))


def test_semicolons_decimal_comma_own_format_one_turbine(tmp_path: Path) -> None:
    source = _source(delimiter=";", decimal=",", time_format="%d.%m.%Y %H:%M", turbine_column="", turbine="T1")
    frame = _csv(tmp_path, "T;P;V\n31.12.2020 23:50;1,5;36,0\n", source).frame
    assert frame.loc[0, "power_kw"] == 1500.0
    assert frame.loc[0, "turbine"] == "T1"
    assert frame.loc[0, "time"] == pd.Timestamp("2020-12-31 23:50", tz="UTC")


def test_wrong_delimiter_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"separated by semicolon .*expected comma"):
        _csv(tmp_path, "WT;T;P;V\nA;2020-01-01 00:00;1;1\n", _source())


def test_wrong_delimiter_is_answered_with_the_key(tmp_path: Path) -> None:
    for header in ("WT;T;P;V", "WT;T;Power;V"):  # a wrong name of a column does not hide it
        with pytest.raises(InputError, match=r'export.csv: .*; set delimiter = ";" in its \[\[sources\]\]'):
            _csv(tmp_path, f"{header}\nA;2020-01-01 00:00;1;1\n", _source())


def test_rows_that_do_not_fit_the_header_are_refused_where_they_are_most(tmp_path: Path) -> None:
    good, cut = "A,2020-01-01 00:00,1,1\n", "A,2020-01-01 00:10,1\n"
    assert len(_csv(tmp_path, f"WT,T,P,V\n{good}{cut}", _source()).frame) == 2
    decimals = "A,2020-01-01 00:00,1,5,3,6\n"
    with pytest.raises(InputError, match=r"1 of 1 rows .* export.csv:2: found 6 fields, expected 4.*decimal mark"):
        _csv(tmp_path, f"WT,T,P,V\n{decimals}", _source())


def test_forgotten_decimal_mark_is_answered_with_the_key(tmp_path: Path) -> None:
    text = "WT;T;P;V\nA;2020-01-01 00:00;1,5;3,6\nA;2020-01-01 00:10;0;3,6\n"
    message = r"export.csv:2: column V, found '3,6', expected a number .*2 of 2 cells.*set decimal = \",\""
    with pytest.raises(InputError, match=message):
        _csv(tmp_path, text, _source(delimiter=";"))
    frame = _csv(tmp_path, text, _source(delimiter=";", decimal=",")).frame
    assert frame["power_kw"].tolist() == [1500.0, 0.0]


def test_single_decimal_commas_are_counted(tmp_path: Path) -> None:
    rows = "".join(f"A;2020-01-01 00:{m}0;1.5;{cell}\n" for m, cell in enumerate(("3.6", "3,6", "5.4")))
    batch = _csv(tmp_path, f"WT;T;P;V\n{rows}", _source(delimiter=";"))
    assert batch.frame["read_flags"].tolist() == [0, Flag.BAD_VALUE, 0]


@pytest.mark.parametrize(
    ("time_format", "stamps", "parts"),
    [
        (
            "",
            ("31.12.2020 23:50",),
            ("export.csv:2: column T, found '31.12.2020 23:50'", 'time_format = "%d.%m.%Y %H:%M"'),
        ),
        ("%d.%m.%Y", ("2020-01-01 00:00",), ("found '2020-01-01 00:00'", '"%d.%m.%Y"', "leave time_format out")),
        ("", ("first of March",), ("found 'first of March'", "ISO 8601", "set time_format")),
        # Days and months the wrong way round: some stamps can be read, as something else.
        ("%m/%d/%Y %H:%M", ("12/01/2020 00:00", "13/01/2020 00:00", "14/01/2020 00:00"), ("export.csv:3", "2 of 3")),
    ],
)
def test_stamps_that_do_not_fit_are_refused_with_an_example_and_the_key(
    tmp_path: Path, time_format: str, stamps: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    text = "WT,T,P,V\n" + "".join(f"A,{stamp},1,1\n" for stamp in stamps)
    with pytest.raises(InputError) as caught:
        _csv(tmp_path, text, _source(time_format=time_format))
    assert [part for part in parts if part not in str(caught.value)] == [], str(caught.value)


def test_a_few_bad_stamps_are_counted(tmp_path: Path) -> None:
    text = "WT,T,P,V\nA,2020-01-01 00:00,1,1\nA,soon,1,1\nA,,1,1\n"
    assert _csv(tmp_path, text, _source()).frame["read_flags"].tolist() == [0, Flag.UNREADABLE, Flag.UNREADABLE]


def test_begins_of_events_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    source = Source(format="generic_events", turbine="A", columns={"start": Signal(column="on")})
    with pytest.raises(InputError, match=r"export.csv:2: column on, found '1.2.2020 03:00'.*time_format = "):
        _csv(tmp_path, "on,code\n1.2.2020 03:00,7\n", source)


def test_the_example_of_the_documentation_reads_what_it_describes(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "index.md").read_text(encoding="utf-8")
    example = next(block for block in page.split("```toml\n")[1:] if "generic" in block).split("```")[0]
    farm = parse_farm(tomllib.loads(example), "docs/index.md")
    text = "Zeit;Anlage;Wirkleistung (MW);Windgeschw. (m/s)\n31.12.2020 23:50;WEA 1;1,5;9,25\n"
    (row,) = _csv(tmp_path, text, farm.sources[0]).frame.to_dict("records")
    assert (row["turbine"], row["power_kw"], row["wind_speed"]) == (farm.turbines[0].name, 1500.0, 9.25)
    assert row["time"] == pd.Timestamp("2020-12-31 22:40", tz="UTC")  # the interval's begin


def test_missing_column_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'column "P" is missing'):
        _csv(tmp_path, "WT,T,Power,V\nA,2020-01-01 00:00,1,1\n", _source())


def test_end_labels_use_the_sampling_of_the_file(tmp_path: Path) -> None:
    text = "WT,T,P,V\n" + "".join(f"A,2020-01-01 {hour:02d}:00,1,1\n" for hour in range(1, 4))
    frame = _csv(tmp_path, text, _source(stamps="end")).frame
    assert frame["time"].tolist() == [pd.Timestamp(f"2020-01-01 0{hour}:00", tz="UTC") for hour in range(3)]


def test_stamps_that_are_not_configured_are_said_to_be_assumed(tmp_path: Path) -> None:
    batch = _csv(tmp_path, "WT,T,P,V\nA,2020-01-01 00:00,1,1\n", _source(stamps=None))
    assert batch.examples == ('export.csv: "stamps" is not given; assumed start',)


def test_civil_time_in_autumn_by_record_order(tmp_path: Path) -> None:
    readings = ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    text = "WT,T,P,V\n" + "".join(f"A,2014-10-26 {reading},1,1\n" for reading in readings)
    batch = _csv(tmp_path, text, _source(time_zone="Europe/Paris"))
    assert batch.frame["time"].diff().dropna().unique().tolist() == [pd.Timedelta("30min")]
    assert batch.frame["utc_offset_s"].tolist() == [7200, 7200, 7200, 3600, 3600, 3600]
    assert "passes twice" in batch.examples[0]


@pytest.mark.parametrize(("stamp", "given"), [("2020-01-01 00:00", True), ("2020-01-01T00:00+01:00", False)])
def test_offsets_that_the_file_does_not_hold_are_given_and_said_so(tmp_path: Path, stamp: str, given: bool) -> None:
    batch = _csv(tmp_path, f"WT,T,P,V\nA,{stamp},1.5,36\nA,nonsense,1,1\n", _source())
    assert batch.offsets_given is given


def test_parquet_and_csv_give_the_same(tmp_path: Path) -> None:
    text = "WT,T,P,V\nA,2020-01-01 00:00,1.5,36\nB,2020-01-01 00:00,,18\n"
    table = pd.DataFrame(
        {"WT": ["A", "B"], "T": pd.to_datetime(["2020-01-01"] * 2), "P": [1.5, None], "V": [36, 18], "more": 0}
    )
    table.to_parquet(tmp_path / "export.parquet")
    pd.testing.assert_frame_equal(
        read(tmp_path / "export.parquet", _source()).frame, _csv(tmp_path, text, _source()).frame
    )


def test_truncated_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "export.parquet"
    pd.DataFrame({"T": [1, 2]}).to_parquet(path)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InputError, match="not a readable Parquet file"):
        read(path, _source())


def test_bad_cell_is_flagged(tmp_path: Path) -> None:
    batch = _csv(tmp_path, "WT,T,P,V\nA,2020-01-01 00:00,fault,36\n", _source())
    assert batch.frame["read_flags"].tolist() == [Flag.BAD_VALUE]


def test_generic_events(tmp_path: Path) -> None:
    source = Source.model_validate(
        {
            "format": "generic_events",
            "turbine_column": "WT",
            "time_zone": "+01:00",
            "columns": {"start": {"column": "on"}, "end": {"column": "off"}, "code": {"column": "alarm"}},
        }
    )
    batch = _csv(tmp_path, "WT,on,off,alarm\nA,2020-01-01 01:00,2020-01-01 02:00,7\nA,2020-01-01 03:00,,8\n", source)
    assert batch.frame["start"].tolist() == [pd.Timestamp(f"2020-01-01 0{h}:00", tz="UTC") for h in (0, 2)]
    assert batch.frame["end"].isna().tolist() == [False, True]
    assert batch.frame["status"].tolist() == ["stop", "stop"]
    assert batch.frame["code"].tolist() == ["7", "8"]
