"""Broken input through the command line: a clear error that names the place, or a counted rejection; no traceback."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

import fleet
from tests.farms import farm_rows, generic_toml, run_cli, turbine_toml, write_engie, write_generic

ENGIE = "Wind_turbine_name,Date_time,P_avg,Ws_avg\n"
ASSETS = "Wind_turbine_name,Rated_power\nT1,2000\nT2,2000\n"
STATUS = (
    "# This file was exported by Greenbyte\n#\n# Turbine: T1\n# Time zone: UTC\n"
    "# Time interval: 2015-03-01 00:00:00 - 2015-03-02 00:00:00\n#\n"
    "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category\n"
)
LISTED = f'name = "x"\n{turbine_toml("T1")}\n'
PICTURE = b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR"


def _rows() -> pd.DataFrame:
    return farm_rows(2, 0.25, seed=2)


def _put(folder: Path, **files: str | bytes) -> None:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        path = folder / name.replace("__", ".")
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def _engie(folder: Path, data: str | bytes, name: str = "scada__csv") -> None:
    _put(folder, assets__csv=ASSETS, **{name: data})


def _generic(folder: Path, change: tuple[str, str] = ("", ""), extra: str = "") -> None:
    write_generic(folder, _rows(), extra=extra)
    text = (folder / "farm.toml").read_text()
    assert change[0] in text
    (folder / "farm.toml").write_text(text.replace(*change))


def _csv() -> str:
    return ENGIE + "".join(f"T1,2015-03-01T{h:02d}:{m}0:00Z,{100 + h},{5 + m}\n" for h in range(24) for m in range(6))


#: Name of the case -> how the folder is made, exit code, what the message must hold.
REFUSED: dict[str, tuple[Callable[[Path], object], int, tuple[str, ...]]] = {
    "missing column": (
        lambda f: _engie(f, _csv().replace("P_avg", "Power_avg")),
        3,
        ("scada.csv", '"P_avg"', "Power_avg"),
    ),
    "mapped column that the file has not": (
        lambda f: _generic(f, ('"power"', '"pouwer"')),
        3,
        ("data_000.csv", '"pouwer"', 'did you mean "power"'),
    ),
    "wrong delimiter": (
        lambda f: _generic(f, ('stamps = "start"', 'stamps = "start"\ndelimiter = ";"')),
        3,
        ("data_000.csv", "comma", "';'"),
    ),
    "empty file": (
        lambda f: (_generic(f), _put(f, data_000__csv="")),
        3,
        ("data_000.csv", "empty"),
    ),
    "header only": (lambda f: _engie(f, ENGIE), 3, ("no row", "header of scada.csv")),
    "decimal mark forgotten": (
        lambda f: (_generic(f, ('stamps = "start"', 'delimiter = ";"')), _put(f, data_000__csv=_decimal_comma())),
        3,
        ("data_000.csv:2", "column power", 'set decimal = ","'),
    ),
    "stamps of another format": (
        lambda f: _generic(f, ('stamps = "start"', 'time_format = "%d.%m.%Y %H:%M"')),
        3,
        ("data_000.csv:2", "2015-03-01T00:00:00Z", '"%d.%m.%Y %H:%M"', "leave time_format out"),
    ),
    "averaging period that the records have not": (
        lambda f: _generic(f, ('name = "made up"', 'name = "made up"\naveraging_period_s = 60')),
        2,
        ("farm.toml", '"averaging_period_s"', "data_000.csv", "600 s apart", "set averaging_period_s = 600"),
    ),
    "cut gzip": (
        lambda f: _engie(f, gzip.compress(_csv().encode())[:-200], "scada__csv__gz"),
        3,
        ("scada.csv.gz", "ends early"),
    ),
    "picture named csv": (lambda f: (_generic(f), _put(f, data_000__csv=PICTURE)), 3, ("data_000.csv",)),
    "nothing but a picture": (lambda f: _put(f, photo__csv=PICTURE), 3, ("no file of a known format",)),
    "folder missing": (lambda f: None, 3, ("no such folder",)),
    "folder empty": (lambda f: f.mkdir(), 3, ("the folder is empty",)),
    "folder of assets only": (
        lambda f: _put(f, assets__csv=ASSETS),
        3,
        ("no status log and no state timers, only assets",),
    ),
    "no turbine known": (lambda f: _put(f, scada__csv=_csv()), 3, ("no turbine is known", "[[turbines]]")),
    "asset table in other units": (
        lambda f: _put(f, scada__csv=_csv(), assets__csv=ASSETS.replace("T2,2000", "T2,2050000")),
        3,
        ("assets.csv", "turbine 'T2'", "rated_power_kw", "found 2050000.0", "allowed: from 0.001 to 1e+06"),
    ),
    "misspelt key": (
        lambda f: _generic(f, ("rated_power_kw", "rated_powr_kw")),
        2,
        ("farm.toml", "turbines.0.rated_powr_kw", 'did you mean "rated_power_kw"'),
    ),
    "misspelt section": (
        lambda f: _generic(f, extra="[qualty]\nfrozen = false"),
        2,
        ("farm.toml", '"qualty"', 'did you mean "quality"'),
    ),
    "negative rated power": (
        lambda f: _generic(f, ("rated_power_kw = 2000.0", "rated_power_kw = -2000.0")),
        2,
        ("farm.toml", "turbines.0.rated_power_kw", "greater than or equal to 0.001", "-2000.0"),
    ),
    "two turbines of one name": (
        lambda f: _generic(f, ('name = "T2"', 'name = "T1"')),
        2,
        ("farm.toml", "\"turbines\": two turbines are named 'T1'"),
    ),
    "two turbines of one name in the asset table": (
        lambda f: (_engie(f, _csv()), _put(f, assets__csv=ASSETS.replace("T2,2000", "T1,2100"))),
        3,
        ("assets.csv:3", "'T1'", "each turbine once"),
    ),
    "a turbine called fleet": (
        lambda f: _generic(f, ('name = "T2"', 'name = "fleet"')),
        2,
        ("farm.toml", "'fleet'"),
    ),
    "unknown format": (
        lambda f: _generic(f, ('"generic"', '"genric"')),
        2,
        ("farm.toml", '"genric"', 'did you mean "generic"', "in [[sources]] number 1"),
    ),
    "unknown unit": (
        lambda f: _generic(f, ('column = "power"', 'column = "power", unit = "horses"')),
        2,
        ("farm.toml", "columns.power_kw", "horses", "in [[sources]] number 1"),
    ),
    "unknown canonical column": (
        lambda f: _generic(f, ("columns.power_kw", "columns.pover_kw")),
        2,
        ("farm.toml", "columns.pover_kw", 'did you mean "power_kw"', "in [[sources]] number 1"),
    ),
    "unknown time zone of a source": (
        lambda f: _generic(f, ('stamps = "start"', 'stamps = "start"\ntime_zone = "Europe/Pariss"')),
        2,
        ("farm.toml", "time_zone", "Europe/Pariss", '"Europe/Paris"', "in [[sources]] number 1"),
    ),
    "unknown time zone of the farm": (
        lambda f: _generic(f, ('name = "made up"', 'name = "made up"\ntime_zone = "Europe/Pariss"')),
        2,
        ("farm.toml", "time_zone", "Europe/Pariss", '"Europe/Paris"'),
    ),
    "no valid TOML": (lambda f: _generic(f, ("[[sources]]", "[[sources]")), 2, ("farm.toml", "not valid TOML", "line")),
    "farm.toml that is no text": (
        lambda f: (_generic(f), _put(f, farm__toml=b"\xff\xfe")),
        2,
        ("farm.toml", "not valid"),
    ),
    "pattern that matches nothing": (
        lambda f: _generic(f, ("data_*.csv", "dat_*.csv")),
        2,
        ("farm.toml", "sources.0.files", "dat_*.csv"),
    ),
    "pattern outside the folder": (
        lambda f: _generic(f, ("data_*.csv", "/data_*.csv")),
        2,
        ("farm.toml", "sources.0.files", "'/data_*.csv'"),
    ),
    "pattern that Python's glob refuses": (
        lambda f: _generic(f, ("data_*.csv", "**.csv")),
        2,
        ("farm.toml", "sources.0.files", "'**.csv'"),
    ),
    "negative rated power in the asset table": (
        lambda f: (_engie(f, _csv()), _put(f, assets__csv=ASSETS.replace("2000", "-2000"))),
        3,
        ("assets.csv:2", "Rated_power", "'-2000'"),
    ),
    "status log of a turbine that is not listed": (
        lambda f: _put(
            f,
            Status_1__csv=STATUS.replace("Turbine: T1", "Turbine: T7") + "2015-03-01 00:00:00,-,-,Stop,1,a,,,\n",
            farm__toml=LISTED,
        ),
        3,
        ("neither status logs nor state timers tell the state of a listed turbine",),
    ),
    "two sources naming one file": (
        lambda f: _generic(f, extra=_source_again()),
        2,
        ("farm.toml", "data_000.csv", "two sources"),
    ),
    "asset table that is not there": (
        lambda f: _generic(f, ('name = "made up"', 'name = "made up"\nassets = "asset.csv"')),
        2,
        ("farm.toml", '"assets"', "asset.csv"),
    ),
    "unreadable stamps only": (
        lambda f: _engie(f, _csv().replace("2015-03-01T", "first of March ")),
        3,
        ("no row with a readable time stamp", "T1"),
    ),
    "no listed turbine": (
        lambda f: _engie(f, _csv().replace("T1,", "R7,")),
        3,
        ("R7", "T1, T2"),
    ),
    "NUL bytes": (
        lambda f: (_generic(f), _put(f, data_000__csv=b"turbine,time,power\x00\x00,wind\n")),
        3,
        ("data_000.csv",),
    ),
    "UTF-16 text": (
        lambda f: (_generic(f), _put(f, data_000__csv="turbine,time,power,wind\n".encode("utf-16")[:-1])),
        3,
        ("data_000.csv", "UTF-16"),
    ),
    "status log without a readable event": (
        lambda f: _put(f, Status_1__csv=STATUS + "soon,later,-,Stop,1,a,,,\n", farm__toml=LISTED),
        3,
        ("neither status logs nor state timers tell the state",),
    ),
    "a meter that contradicts itself": (
        lambda f: (
            write_engie(f, _rows()),
            _put(f, m1__csv="time_utc,net_energy_kwh\n2015-03-01T00:00:00Z,5\n2015-03-01T00:00:00Z,6\n"),
        ),
        3,
        ("m1.csv", "two different values", "2015-03-01 00:00"),
    ),
}


def _decimal_comma() -> str:
    return "turbine;time;power;wind;direction;vane;temperature\nT1;2015-03-01T00:00:00Z;100,5;5,1;1;1;1\n"


def _source_again() -> str:
    text = generic_toml(0)
    return text[text.index("[[sources]]") :].replace("data_*.csv", "data_000.*")


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_one_message_that_names_the_place(case: str, tmp_path: Path) -> None:
    make, code, parts = REFUSED[case]
    make(tmp_path / "farm")
    out = tmp_path / "report"
    result = run_cli("report", str(tmp_path / "farm"), "--out", str(out), "--quiet")
    assert (result.code, result.out) == (code, ""), result.err
    assert result.err.startswith("wind-fleet: ")
    assert "Traceback" not in result.err
    assert [part for part in parts if part not in result.err] == [], result.err
    assert sorted(path.name for path in tmp_path.iterdir()) == (["farm"] if (tmp_path / "farm").exists() else [])


def _reasons(folder: Path, use: str = "availability") -> dict[str, int]:
    quality = fleet.open(folder).quality()
    table = quality.accounting[quality.accounting["use"] == use]
    return table.groupby("reason")["rows"].sum().to_dict()


def test_text_in_numbers_is_counted_and_quoted(tmp_path: Path) -> None:
    rows = _rows()
    rows.loc[[3, 40], "power"] = "n.b."
    results = fleet.open(write_generic(tmp_path / "farm", rows)).results
    assert _reasons(tmp_path / "farm") == {"used": 70, "no_power": 2}
    assert results.quality is not None
    assert results.quality.flags.groupby("flag")["rows"].sum()["bad_value"] == 2
    assert "data_000.csv:5: column power, found 'n.b.', expected a number" in results.sources["note"].iloc[0]
    assert any("Rows with text for a number: 2." in finding.text for finding in results.findings)


def test_unreadable_stamps_and_cut_rows_are_counted(tmp_path: Path) -> None:
    rows = _rows()
    rows.loc[[3, 40], "time"] = ["2015-02-30T00:00:00Z", "x"]
    folder = write_generic(tmp_path / "farm", rows)
    lines = (folder / "data_000.csv").read_text().splitlines()
    lines[10] = ",".join(lines[10].split(",")[:4])
    (folder / "data_000.csv").write_text("\n".join(lines) + "\n")
    assert _reasons(folder) == {"used": 69, "unreadable": 3}
    inspected = run_cli("inspect", str(folder))
    assert inspected.code == 0
    assert "data_000.csv:5" in inspected.out
    farm = fleet.open(folder)
    (said,) = [finding.text for finding in farm.results.findings if "cannot be read" in finding.text]
    example = "data_000.csv:5: column time, found '2015-02-30T00:00:00Z', expected a time stamp"
    assert said == f"Rows that cannot be read: 3. First: {example}."
    assert "(no turbine)" not in set(farm.headline()["turbine"])
    assert int(farm.headline()["rows_in"].iloc[-1]) == 72


def test_a_cut_row_is_named_with_file_and_line(tmp_path: Path) -> None:
    folder = write_generic(tmp_path / "farm", _rows())
    lines = (folder / "data_000.csv").read_text().splitlines()
    lines[10] = ",".join(lines[10].split(",")[:4])
    (folder / "data_000.csv").write_text("\n".join(lines) + "\n")
    texts = [finding.text for finding in fleet.open(folder).results.findings]
    assert "Rows that cannot be read: 1. First: data_000.csv:11: found 4 fields, expected 7." in texts


@pytest.mark.parametrize(("given", "said"), [("", "assumed start"), ('stamps = "end"', "end")])
def test_the_list_of_sources_says_which_end_was_used(given: str, said: str, tmp_path: Path) -> None:
    folder = write_generic(tmp_path / "farm", _rows())
    text = (folder / "farm.toml").read_text()
    (folder / "farm.toml").write_text(text.replace('stamps = "start"', given))
    assert fleet.open(folder).results.sources["stamps"].tolist() == [said]
    assert f"stamps         {said}" in run_cli("inspect", str(folder)).out


def test_turbine_not_listed_is_counted_and_raised_as_an_alarm(tmp_path: Path) -> None:
    folder = write_generic(tmp_path / "farm", _rows(), turbines=1)
    assert _reasons(folder) == {"used": 36, "unlisted": 36}
    (alarm,) = [finding for finding in fleet.open(folder).results.findings if finding.severity == "alarm"]
    assert alarm.text == "36 rows belong to turbines that are not listed: T2."


def test_time_running_backwards_changes_nothing(tmp_path: Path) -> None:
    forth = fleet.open(write_generic(tmp_path / "forth", _rows())).energy()
    back = fleet.open(write_generic(tmp_path / "back", _rows()[::-1])).energy()
    pd.testing.assert_frame_equal(forth.totals, back.totals, check_exact=True)


def test_values_of_nothing_but_nan_are_counted(tmp_path: Path) -> None:
    rows = _rows()
    rows[["power", "wind", "direction", "vane", "temperature"]] = "NaN"
    folder = write_generic(tmp_path / "farm", rows)
    assert _reasons(folder) == {"empty": 72}
    energy = fleet.open(folder).energy().totals.set_index("turbine")
    assert energy["covered_h"].tolist() == [0.0, 0.0, 0.0]
    assert energy["capacity_factor"].isna().all()
    table = fleet.open(folder).availability().table
    assert table["time_based"].isna().all()


def test_one_row_is_analysed(tmp_path: Path) -> None:
    folder = write_generic(tmp_path / "farm", _rows().iloc[:1], turbines=1)
    assert _reasons(folder) == {"used": 1}
    curves = fleet.open(folder).power_curves()
    assert not curves.completeness["complete"].any()


def test_a_farm_of_which_one_turbine_has_no_row_says_so(tmp_path: Path) -> None:
    folder = write_generic(tmp_path / "farm", _rows(), turbines=3)
    results = fleet.open(folder).results
    assert results.without_data == ("T3",)
    assert any("No data of T3" in finding.text for finding in results.findings)


def test_status_log_that_ends_before_it_starts_is_counted(tmp_path: Path) -> None:
    folder = tmp_path / "farm"
    log = STATUS + (
        "2015-03-01 05:00:00,2015-03-01 04:00:00,01:00:00,Stop,1,backwards,,,Forced outage\n"
        "2015-03-01 06:00:00,2015-03-01 07:00:00,01:00:00,Stop,1,good,,,Forced outage\n"
    )
    _put(folder, Status_1__csv=log, farm__toml=LISTED)
    results = fleet.open(folder).results
    assert results.availability is not None
    assert results.availability.stops["message"].tolist() == ["good"]
    note = results.sources["note"].iloc[0]
    assert "1 rows rejected: end before start" in note
    assert "Status_1.csv:8: column Timestamp end, found '2015-03-01 04:00:00'" in note


HOSTILE = "<script>alert('T')</script>"


def test_hostile_names_and_messages_stay_text_on_the_page(tmp_path: Path) -> None:
    folder = write_engie(tmp_path / "farm", _rows().replace({"turbine": {"T1": HOSTILE}}))
    table = (folder / "assets.csv").read_text()
    (folder / "assets.csv").write_text(table.replace("T1,", f"{HOSTILE},"))
    message = "<img src=x onerror=alert(1)>"
    log = STATUS.replace("Turbine: T1", f"Turbine: {HOSTILE}")
    log += f"2015-03-01 01:00:00,2015-03-01 02:00:00,01:00:00,Stop,1,{message},,,Forced outage\n"
    (folder / "Status_1.csv").write_text(log)
    out = tmp_path / "report"
    result = run_cli("report", str(folder), "--out", str(out), "--quiet")
    assert result.code == 0, result.err
    page = (out / "index.html").read_text(encoding="utf-8")
    assert HOSTILE not in page
    assert message not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    "case", [name for name in REFUSED if name.startswith(("cut", "picture", "empty", "NUL", "UTF"))]
)
def test_inspect_lists_a_damaged_file_instead_of_failing(case: str, tmp_path: Path) -> None:
    REFUSED[case][0](tmp_path / "farm")
    _put(tmp_path / "farm", farm__toml='name = "x"\n', good__csv=_csv())
    result = run_cli("inspect", str(tmp_path / "farm"))
    assert result.code == 0, result.err
    assert result.err == ""
    assert "good.csv" in result.out
    assert REFUSED[case][2][0] in result.out
