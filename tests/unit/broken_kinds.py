"""Kinds of broken input, one row each: how the farm is broken, and what the program does about it.

`tests/unit/test_broken_kinds.py` runs them through the command line; `docs/broken_input.md` is written from this table.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import pandas as pd
import pyarrow as pa

from tests.farms import RATED_KW, turbine_toml
from tests.unit.broken_farms import (
    ALL,
    SIGNALS,
    Make,
    as_parquet_too,
    cells,
    civil,
    column,
    cut_gzip,
    database,
    encrypted,
    farm,
    farms_in_a_folder,
    folder_named_csv,
    hostile,
    instead,
    line,
    locked,
    mixed_sampling,
    named,
    packed,
    parquet,
    pictures,
    scaled,
    settings_folder,
    stamps,
    twins_in_a_folder,
    watts_at_first,
)


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of broken input."""

    make: Make  #: writes the farm
    does: str  #: what the program does, for the documentation
    code: int = 0  #: exit code of `wind-fleet report`
    says: tuple[str, ...] = ()  #: parts of the message, or of what the report prints
    notes: str = ""  #: part of what the list of sources notes
    rejected: Mapping[str, int] = field(default_factory=dict)  #: reason -> rows that are not counted as energy
    lost: Iterable[int] | None = ()  #: records whose energy is not counted; None: an alarm says the figures are none
    inspect: int = 0  #: exit code of `wind-fleet inspect`
    times: int = 1  #: so many rows in the files stand for one of `ROWS`
    more: int = 0  #: rows in the files beyond those


KINDS: dict[str, Kind] = {
    # The table as text
    "wrong delimiter": Kind(
        make=farm(text=lambda text: text.replace(",", ";")),
        code=3,
        says=("data_000.csv", "semicolon", "expected comma", 'set delimiter = ";"'),
        does="refused, with the delimiter that was found and the key to set",
    ),
    "trailing delimiter in every row": Kind(
        make=farm(text=lambda text: text.replace("\n", ",\n").replace(",\n", "\n", 1)),
        code=3,
        says=("288 of 288 rows do not fit the header", "data_000.csv:2", "found 8 fields, expected 7"),
        does="refused: most rows do not fit the header",
    ),
    "ragged rows": Kind(
        make=farm(text=lambda text: line(5, lambda line: line + ",1")(line(12, lambda line: line[:25])(text))),
        rejected={"unreadable": 2},
        lost=(3, 10),
        says=("Rows that cannot be read: 2. First: data_000.csv:5: found 8 fields, expected 7",),
        does="these rows are rejected as unreadable, the first is quoted",
    ),
    "unclosed quote": Kind(
        make=farm(text=line(7, lambda line: line.replace("T1,", '"T1,'))),
        rejected={"unlisted": 1},
        lost=(5,),
        says=("1 rows belong to turbines that are not listed: 'T1",),
        does="the quote is taken for an apostrophe, so it swallows no rows; that row is rejected",
    ),
    "delimiters within quotes": Kind(
        make=farm(lambda table: table.assign(turbine="T,1"), toml=('name = "T1"', 'name = "T,1"')),
        does="read as it is meant",
    ),
    "duplicated header": Kind(
        make=farm(text=lambda text: text.replace("power,wind", "power,power", 1)),
        code=3,
        says=("data_000.csv", '"power" stands twice'),
        does="refused, with the column that stands twice",
    ),
    "header repeated within the file": Kind(
        make=farm(text=lambda text: line(100, lambda line: text.split("\n")[0] + "\n" + line)(text)),
        rejected={"unreadable": 1},
        more=1,
        does="the repeated header is a rejected row",
    ),
    "later header with columns in another order": Kind(
        make=farm(
            text=lambda text: line(100, lambda line: "turbine,time,wind,power,direction,vane,temperature\n" + line)(
                text
            )
        ),
        code=3,
        says=("data_000.csv:100: column power, found 'wind' in a line that looks like a header", "files of their own"),
        does="refused: below it, columns would change places",
    ),
    "missing column": Kind(
        make=farm(text=lambda text: text.replace("power", "powr", 1)),
        code=3,
        says=("data_000.csv", 'column "power" is missing (did you mean "powr"?)', "found: turbine, time"),
        does="refused, with the nearest column and those there are",
    ),
    "file of one column": Kind(
        make=farm(text=lambda text: "\n".join(line.split(",")[2] for line in text.splitlines())),
        code=3,
        says=("data_000.csv", "is missing"),
        does="refused: the other columns are missing",
    ),
    "empty file": Kind(
        make=instead(b""),
        code=3,
        says=("data_000.csv", "the file is empty"),
        does="refused",
    ),
    "header without rows": Kind(
        make=farm(lambda table: table.iloc[:0]),
        code=3,
        says=("no row below the header of data_000.csv",),
        does="refused",
    ),
    "one row": Kind(
        make=farm(lambda table: table.iloc[:1]), lost=range(1, 288), more=-287, does="analysed as far as one row goes"
    ),
    "line ends of three systems": Kind(
        make=farm(text=lambda text: text.replace("\n", "\r", 90).replace("\n", "\r\n", 90).encode()),
        does="read",
    ),
    "rows in reverse order": Kind(make=farm(lambda table: table[::-1]), does="read: records are sorted by time"),
    # Encodings
    "UTF-16, as spreadsheets save it": Kind(
        make=farm(text=lambda text: text.encode("utf-16")),
        notes="data_000.csv: UTF-16, read as such",
        does="read, and said so",
    ),
    "Windows-1252 or Latin-1": Kind(
        make=farm(
            lambda table: table.assign(turbine="Mühle „1“"),
            toml=('name = "T1"', 'name = "Mühle „1“"'),
            text=lambda text: text.encode("cp1252"),
        ),
        notes="288 lines read as Windows-1252 (Latin-1)",
        does="lines that are not UTF-8 are read as Windows-1252, and said so",
    ),
    "byte order marks inside the file": Kind(
        make=farm(text=lambda text: "\ufeff" + line(100, lambda line: "\ufeff" + line)(text)),
        notes="1 byte order marks inside the file",
        does="taken out, and said so",
    ),
    "NUL bytes in a cell": Kind(
        make=farm(cells("power", {20: "12\0.5"})),
        rejected={"no_power": 1},
        lost=(20,),
        says=("text for a number: 1", "data_000.csv:22: column power"),
        does="the cell is no number: the row is rejected",
    ),
    "binary junk named .csv": Kind(
        make=instead(bytes(range(256)) * 40),
        code=3,
        says=("data_000.csv",),
        does="refused: no text, or no column of the settings",
    ),
    "bytes of no encoding": Kind(
        make=farm(text=lambda text: text.encode().replace(b"T1", b"T\x81", 1)),
        code=3,
        says=("data_000.csv:2: byte 0x81 is neither UTF-8 nor Latin-1",),
        does="refused, with the line and the byte",
    ),
    # Numbers
    "text in numbers": Kind(
        make=farm(cells("power", {3: "n.b.", 40: "#REF!"})),
        rejected={"no_power": 2},
        lost=(3, 40),
        says=("Rows with text for a number: 2. First: data_000.csv:5: column power, found 'n.b.', expected a number",),
        does="these rows are rejected, the first is quoted",
    ),
    "numbers with their unit in the cell": Kind(
        make=farm(cells("power", {3: "120.0 kW"})),
        rejected={"no_power": 1},
        lost=(3,),
        says=("data_000.csv:5: column power, found '120.0 kW'",),
        does="such rows are rejected, the first is quoted",
    ),
    "infinite values": Kind(
        make=farm(cells("power", {3: "inf", 4: "-Infinity", 5: "1e999"})),
        rejected={"no_power": 3},
        lost=(3, 4, 5),
        says=("Rows with text for a number: 3",),
        does="such rows are rejected",
    ),
    "nothing but NaN": Kind(
        make=farm(lambda table: table.assign(**dict.fromkeys(SIGNALS, "NaN"))),
        rejected={"empty": 288},
        lost=ALL,
        does="all rows are rejected as empty; energy is not determinable",
    ),
    "decimal commas where points are set": Kind(
        make=farm(
            text=lambda text: text.replace(",", ";").replace(".", ","),
            toml=('stamps = "start"', 'stamps = "start"\ndelimiter = ";"'),
        ),
        code=3,
        says=("data_000.csv:2: column power", 'set decimal = ","'),
        does="refused, with the key to set",
    ),
    "decimal marks of both kinds in one column": Kind(
        make=farm(lambda table: cells("power", {i: table["power"][i].replace(".", ",") for i in (7, 8)})(table)),
        rejected={"no_power": 2},
        lost=(7, 8),
        says=("Rows with text for a number: 2",),
        does="where the fewer have the other mark, these rows are rejected",
    ),
    "decimal points where commas are set": Kind(
        make=farm(toml=('stamps = "start"', 'stamps = "start"\ndecimal = ","')),
        code=3,
        says=("data_000.csv:2: column power", "expected a number with a decimal comma", 'set decimal = "."'),
        does="refused, with the key to set",
    ),
    "numbers that may be thousands or fractions": Kind(
        make=farm(cells("power", {7: "1,234", 8: "1,23"})),
        rejected={"no_power": 2},
        lost=(7, 8),
        says=("data_000.csv:9: column power, found '1,234', expected a number",),
        does="such rows are rejected, the first is quoted",
    ),
    "thousands separators": Kind(
        make=farm(lambda table: table.assign(power=table["power"].astype(float).map("{:,.2f}".format))),
        does="read where a decimal mark follows, as in 1,234.50",
    ),
    # Units and columns
    "power and wind exchanged": Kind(
        make=farm(lambda table: table.assign(power=table["wind"], wind=table["power"])),
        says=("alarm: The columns of power and wind speed of T1 look exchanged",),
        lost=None,
        does="an alarm: the columns look exchanged; most rows are rejected for their wind speed",
    ),
    "power in W though kW is said": Kind(
        make=farm(scaled("power", 1000.0)),
        rejected={"power_range": 288},
        lost=ALL,
        says=("warning: Power out of range: 100.0 % of the rows of T1",),
        does="rejected as beyond rated power, and a warning of the unit",
    ),
    "power in MW though kW is said": Kind(
        make=farm(scaled("power", 0.001)),
        says=("alarm: Power of T1 is positive and stays below 1 % of rated power",),
        lost=None,
        does="an alarm: power is next to nothing in all winds",
    ),
    "wind in km/h though m/s is said": Kind(
        make=farm(scaled("wind", 3.6)),
        says=("alarm: The power coefficient of T1 is 0.008 at its best",),
        does="an alarm: no turbine has so low a power coefficient",
    ),
    "units mixed within a column": Kind(
        make=farm(watts_at_first),
        rejected={"power_range": 60},
        lost=range(60),
        says=("warning: Power out of range: 20.8 % of the rows of T1",),
        does="the rows beyond rated power are rejected; a warning where they are many",
    ),
    # Time stamps
    "epoch seconds as stamps": Kind(
        make=farm(lambda table: table.assign(time=[str(1_425_168_000 + 600 * i) for i in range(288)])),
        code=3,
        says=("data_000.csv:2: column time, found '1425168000'", "seconds since 1970"),
        does="refused, and said what they are",
    ),
    "Excel serial dates as stamps": Kind(
        make=farm(lambda table: table.assign(time=[f"{42064 + i / 144:.5f}" for i in range(288)])),
        code=3,
        says=("data_000.csv:2: column time, found '42064.00000'", "days since 1900"),
        does="refused, and said what they are",
    ),
    "two-digit years": Kind(
        make=farm(stamps("%d.%m.%y %H:%M")),
        code=3,
        says=("found '01.03.15 00:00'", 'set time_format = "%d.%m.%y %H:%M"'),
        does="refused, with the format to set",
    ),
    "days and months in the other order": Kind(
        make=farm(
            stamps("%m/%d/%Y %H:%M"), toml=('stamps = "start"', 'stamps = "start"\ntime_format = "%d/%m/%Y %H:%M"')
        ),
        code=3,
        says=("data_000.csv: column time", "its days lie a month apart", '"%m/%d/%Y %H:%M"'),
        does="refused where the days then lie a month apart, or most stamps cannot be read",
    ),
    "stamps at 24:00": Kind(
        make=farm(cells("time", {144: "2015-03-01T24:00:00Z"})),
        rejected={"unreadable": 1},
        lost=(144,),
        says=("data_000.csv:146: column time, found '2015-03-01T24:00:00Z'",),
        does="such rows are rejected, the first is quoted",
    ),
    "leap seconds": Kind(
        make=farm(cells("time", {144: "2015-03-01T23:59:60Z"})),
        rejected={"unreadable": 1},
        lost=(144,),
        says=("found '2015-03-01T23:59:60Z'",),
        does="such rows are rejected, the first is quoted",
    ),
    "dates that do not exist": Kind(
        make=farm(cells("time", {9: "2015-02-30T01:30:00Z"})),
        rejected={"unreadable": 1},
        lost=(9,),
        says=("data_000.csv:11: column time, found '2015-02-30T01:30:00Z'",),
        does="such rows are rejected, the first is quoted",
    ),
    "stamps of the years 1900, 2300 and 9999": Kind(
        make=farm(cells("time", {9: "1900-01-01T00:00:00Z", 10: "2300-01-01T00:00:00Z", 11: "9999-12-31T23:50:00Z"})),
        rejected={"far_stamp": 3},
        lost=(9, 10, 11),
        says=("more than 366 days from nearly all others, not used: 3",),
        does="rows more than a year from nearly all others are rejected, so they do not stretch the period",
    ),
    "offsets of three kinds in one file": Kind(
        make=farm(
            lambda table: cells("time", {5: "2015-03-01T01:50:00+01:00", 6: "2015-03-01T02:00:00+01:00"})(
                table.assign(time=table["time"].where(table.index < 200, table["time"].str.removesuffix("Z")))
            ),
            toml=('stamps = "start"', 'stamps = "start"\ntime_zone = "UTC"'),
        ),
        does="each stamp by its own offset; those without one in the time zone of the settings",
    ),
    "an hour that the clock passes twice, without offsets": Kind(
        make=farm(civil(238), toml=('stamps = "start"', 'stamps = "start"\ntime_zone = "Europe/Paris"')),
        notes="12 stamps in an hour that Europe/Paris passes twice: the first record counts as summer time",
        does="the first record of a stamp is summer time, the second is not; said so",
    ),
    "an hour that the clock skips, without offsets": Kind(
        make=farm(civil(28), toml=('stamps = "start"', 'stamps = "start"\ntime_zone = "Europe/Paris"')),
        does="read by the rules of the time zone",
    ),
    "records of 10 minutes declared as 1 minute": Kind(
        make=farm(toml=('name = "made up"', 'name = "made up"\naveraging_period_s = 60')),
        code=2,
        says=('"averaging_period_s": found 60 s', "600 s apart", "set averaging_period_s = 600"),
        does="refused, with the key to set",
    ),
    "sampling of two kinds": Kind(
        make=farm(mixed_sampling),
        rejected={"off_grid": 50},
        more=50,
        says=("Rows with stamps off the sampling grid: 50",),
        does="rows off the sampling grid are rejected",
    ),
    # Turbines
    "two turbines of one name": Kind(
        make=farm(toml=("[[turbines]]", f"{turbine_toml('T1')}\n[[turbines]]")),
        code=2,
        inspect=2,
        says=("farm.toml", "two turbines are named 'T1'"),
        does="refused",
    ),
    "turbines that the settings do not list": Kind(
        make=farm(cells("turbine", {3: "T9"})),
        rejected={"unlisted": 1},
        lost=(3,),
        says=("alarm: 1 rows belong to turbines that are not listed: T9",),
        does="rejected as not listed, and an alarm",
    ),
    "names that are HTML, formulas, paths": Kind(
        make=hostile, does="shown as the text they are; no name of a turbine becomes a path"
    ),
    "negative rated power": Kind(
        make=farm(toml=(f"rated_power_kw = {RATED_KW}", "rated_power_kw = -2000.0")),
        code=2,
        inspect=2,
        says=("farm.toml", "turbines.0.rated_power_kw", "-2000.0"),
        does="refused",
    ),
    # Files
    "same file in two formats": Kind(
        make=farm(
            toml=("data_*.csv", "data_*"),
            then=as_parquet_too,
        ),
        rejected={"duplicate": 288},
        times=2,
        does="each record counts once; the others are rejected as duplicates",
    ),
    "same file under two names": Kind(
        make=farm(then=lambda folder: (folder / "data_001.csv").write_bytes((folder / "data_000.csv").read_bytes())),
        rejected={"duplicate": 288},
        times=2,
        does="each record counts once; the others are rejected as duplicates",
    ),
    "one stamp with two values": Kind(
        make=farm(lambda table: pd.concat([table, table.iloc[[50]].assign(power="1.00")])),
        rejected={"conflict": 2},
        lost=(50,),
        more=1,
        says=("Rows with the same stamp and different values: 2",),
        does="both are rejected, unless the settings say which counts",
    ),
    "cut gzip": Kind(
        make=farm(
            toml=("data_*.csv", "data_*"),
            then=cut_gzip,
        ),
        code=3,
        says=("data_001.csv.gz", "ends early"),
        does="refused",
    ),
    "gzip bomb": Kind(
        make=instead(gzip.compress(b"0" * (17 << 20)), "data_000.csv.gz"),
        code=3,
        says=("data_000.csv.gz: would unpack from",),
        does="refused before it fills memory",
    ),
    "zip bomb": Kind(
        make=instead(packed({"a.csv": b"0" * (17 << 20)}), "data_000.zip"),
        code=3,
        says=("data_000.zip: would unpack from",),
        does="refused by the sizes it states, nothing is unpacked",
    ),
    "zip archive with names that lead outside": Kind(
        make=instead(packed({"../../a.csv": b"a,b\n1,2\n"}), "data_000.zip"),
        code=3,
        says=("data_000.zip: holds a file named '../../a.csv'",),
        does="refused; nothing is ever unpacked to disk",
    ),
    "zip archive that is damaged": Kind(
        make=instead(packed({"a.csv": b"a,b\n1,2\n"})[:-30], "data_000.zip"),
        code=3,
        says=("data_000.zip: the zip archive is damaged", "copy it again"),
        does="refused",
    ),
    "zip archive with a password": Kind(
        make=instead(encrypted(), "data_000.zip"),
        code=3,
        says=("data_000.zip/a.csv: is encrypted; expected an archive without a password",),
        does="refused",
    ),
    "archive within an archive": Kind(
        make=instead(packed({"a.zip": packed({"a.csv": b"a,b\n"})}), "data_000.zip"),
        code=3,
        says=("data_000.zip/a.zip: a zip archive within an archive",),
        does="refused",
    ),
    "cut Parquet": Kind(
        make=parquet(lambda table: table, lambda data: data[: len(data) // 2]),
        code=3,
        says=("data_000.parquet: not a readable Parquet file",),
        does="refused",
    ),
    "Parquet with nested columns": Kind(
        make=parquet(column("power", pa.array([[1.0]] * 288))),
        code=3,
        says=('data_000.parquet: column "power" holds list', "expected numbers, text or time stamps"),
        does="refused, with the column and its type",
    ),
    "Parquet with columns of other types": Kind(
        make=parquet(column("power", pa.array([True] * 288))),
        code=3,
        says=('data_000.parquet: column "power" holds bool',),
        does="refused, with the column and its type",
    ),
    "spreadsheet": Kind(
        make=instead(packed({"[Content_Types].xml": b"", "xl/workbook.xml": b""}), "data_000.xlsx"),
        code=3,
        says=("data_000.xlsx", "a spreadsheet or document: save the sheet as CSV"),
        does="refused, with what to do",
    ),
    "SQLite database": Kind(
        make=instead(database(), "data_000.db"),
        code=3,
        says=("data_000.db", "a database (SQLite)"),
        does="refused, with what to do",
    ),
    "folder of pictures": Kind(make=pictures, code=3, inspect=3, says=("no file of a known format",), does="refused"),
    "folder with a file's name": Kind(make=farm(then=folder_named_csv), does="looked into like any folder"),
    "link that leads in a circle": Kind(
        make=farm(then=lambda folder: (folder / "data_001.csv").symlink_to(folder / "data_001.csv")),
        code=3,
        says=("data_001.csv: cannot be read", "symbolic link"),
        does="refused",
    ),
    "link that leads nowhere": Kind(
        make=farm(then=lambda folder: (folder / "data_001.csv").symlink_to(folder / "gone.csv")),
        code=3,
        says=("data_001.csv: cannot be read: No such file",),
        does="refused",
    ),
    "file without permission": Kind(
        make=farm(then=locked),
        code=3,
        says=("data_000.csv: cannot be read: Permission denied",),
        does="refused",
    ),
    "very long file name": Kind(
        make=farm(then=named(f"data_{'0' * 240}.csv")),
        does="read",
    ),
    "file name with HTML and a formula": Kind(
        make=farm(
            toml=("data_*.csv", "*"),
            then=named("=1+1<script>alert(1)<|script>.csv"),
        ),
        does="shown as the text it is",
    ),
    # Settings
    "farm.toml that is no TOML": Kind(
        make=farm(toml=("[[sources]]", "[[sources]")),
        code=2,
        inspect=2,
        says=("farm.toml: not valid TOML", "line 2"),
        does="refused, with the line",
    ),
    "farm.toml that is a folder": Kind(
        make=settings_folder,
        code=2,
        inspect=2,
        says=("farm.toml: cannot be read: Is a directory",),
        does="refused",
    ),
    "folder of farms": Kind(
        make=farms_in_a_folder,
        code=3,
        inspect=3,
        says=("found a folder of farms (east, west), expected one farm", "`wind-fleet reports "),
        does="refused, as the settings of the farms would go unread, with the command for it",
    ),
    "folder of farms of like names, without settings": Kind(
        make=twins_in_a_folder,
        code=3,
        says=("two turbines are named 'T1'", "if its subfolders are farms: `wind-fleet reports "),
        does="refused, with the command for it",
    ),
}
