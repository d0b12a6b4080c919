"""`scripts/cut_reanalysis.py`: the rows of the wanted years, unchanged, and the same bytes each time."""

from __future__ import annotations

import gzip
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "cut_reanalysis.py"
HEADER = b",datetime,ws_100m\n"
ROWS = [
    b"0,2013-12-31 23:00:00,6.7\n",
    b"1,2014-01-01 00:00:00,6.750\n",
    b"2,2015-12-31 23:00:00,\n",
    b"3,2016-01-01 00:00:00,2014\n",
]


def _cut(source: Path, target: Path) -> str:
    command = [sys.executable, str(SCRIPT), str(source), str(target), "--years", "2014", "2015"]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def test_keeps_the_rows_of_the_years_byte_for_byte(tmp_path: Path) -> None:
    source = tmp_path / "all.csv.gz"
    source.write_bytes(gzip.compress(HEADER + b"".join(ROWS)))
    said = _cut(source, tmp_path / "cut.csv.gz")
    assert gzip.decompress((tmp_path / "cut.csv.gz").read_bytes()) == HEADER + ROWS[1] + ROWS[2]
    assert said == "4 rows read, 2 kept\n"


def test_the_same_rows_give_the_same_file_under_any_name(tmp_path: Path) -> None:
    source = tmp_path / "all.csv.gz"
    source.write_bytes(gzip.compress(HEADER + b"".join(ROWS)))
    _cut(source, tmp_path / "a.csv.gz")
    _cut(source, tmp_path / "other.csv.gz")
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "other.csv.gz").read_bytes()
