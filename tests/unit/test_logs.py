"""Status logs of several exports: what the same event looks like in each of them, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from fleet.dataset import open_dataset
from fleet.logs import log_period, log_states
from fleet.times import to_us
from tests.farms import logs_of

MARCH, APRIL, MAY = "2024-03-01", "2024-04-01", "2024-05-01"
HEADER = "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category"
STOP = "2024-03-30 10:00:00"


def _row(start: str, end: str, category: str = "Forced outage", status: str = "Stop", code: int = 7) -> str:
    seconds = 0 if end == "-" else int((pd.Timestamp(end) - pd.Timestamp(start)).total_seconds())
    duration = "-" if end == "-" else f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{start},{end},{duration},{status},{code},Broken,,,{category}"


def _export(folder: Path, start: str, end: str, *rows: str) -> None:
    text = (
        "# This file was exported by Greenbyte\n#\n# Turbine: T1\n# Time zone: UTC\n"
        f"# Time interval: {start} 00:00:00 - {end} 00:00:00\n#\n{HEADER}\n"
    )
    (folder / f"Status_T1_{start}.csv").write_text(text + "\n".join(rows) + "\n", encoding="utf-8")


def _read(folder: Path) -> tuple[pd.DataFrame, list[str], pd.DataFrame]:
    """Return the events, the notes of the sources and the stops."""
    silence = "[availability]\nmax_silence_days = 60.0\n"
    turbine = '[[turbines]]\nname = "T1"\nrated_power_kw = 2000.0\n'
    (folder / "farm.toml").write_text(f'name = "made up"\n{turbine}{silence}', encoding="utf-8")
    dataset = open_dataset(folder)
    logs, sources = logs_of(dataset)
    states = log_states(logs["T1"], dataset.farm, (to_us(MARCH), to_us(MAY)))
    assert states.segments is not None
    stops = states.segments[~states.segments["in_service"]]
    return logs["T1"].events, sources["note"].tolist(), stops


@pytest.mark.parametrize("later", ["Forced outage", "Scheduled Maintenance"])
def test_a_stop_that_the_next_export_closes_ends_there(tmp_path: Path, later: str) -> None:
    """By hand: open in March's file, closed in April's, perhaps in a category given since: 30 March 10:00 to 13:00."""
    _export(tmp_path, MARCH, APRIL, _row(STOP, "-"))
    _export(tmp_path, APRIL, MAY, _row(STOP, "2024-03-30 13:00:00", later))
    events, notes, stops = _read(tmp_path)
    assert len(events) == 1
    assert stops["end"].tolist() == [pd.Timestamp("2024-03-30 13:00", tz="UTC")]
    assert stops["category"].tolist() == [later.lower().replace(" ", "_")]
    assert not stops["open_end"].any()
    assert notes == [
        "rows by what they count as: open stop 1; "
        "rows not used, as the same event stands elsewhere with its end or a later one: 1",
        "rows by what they count as: stop 1",
    ]


def test_of_two_ends_the_later_counts(tmp_path: Path) -> None:
    _export(tmp_path, MARCH, APRIL, _row(STOP, "2024-03-31 23:59:59"))
    _export(tmp_path, APRIL, MAY, _row(STOP, "2024-04-02 08:00:00"), _row(STOP, "2024-03-31 23:59:59"))
    events, notes, stops = _read(tmp_path)
    assert len(events) == 1
    assert stops["end"].tolist() == [pd.Timestamp("2024-04-02 08:00", tz="UTC")]
    assert notes[0].endswith("with its end or a later one: 1")
    assert notes[1] == "rows by what they count as: stop 2; rows that stand before with the same content: 1"


def test_other_events_of_the_same_moment_stay(tmp_path: Path) -> None:
    end = "2024-03-30 13:00:00"
    _export(tmp_path, MARCH, APRIL, _row(STOP, "-"), _row(STOP, end, code=8), _row(STOP, end, status="Warning"))
    _export(tmp_path, APRIL, MAY, _row("2024-04-02 08:00:00", end.replace("03-30", "04-02")))
    events, notes, _ = _read(tmp_path)
    assert len(events) == 4
    assert not any("not used" in note for note in notes)


def test_a_stray_stamp_does_not_stretch_the_period_of_the_logs(tmp_path: Path) -> None:
    """By hand: twelve events of March and one of 1970; the last one heard is the end on the 12th, 11:00."""
    days = [f"2024-03-{day:02d}" for day in range(1, 13)]
    rows = [_row(f"{day} 10:00:00", f"{day} 11:00:00") for day in days]
    text = "\n".join([HEADER, _row("1970-01-01 00:00:00", "1970-01-01 00:00:01"), *rows])
    about = "# This file was exported by Greenbyte\n#\n# Turbine: T1\n# Time zone: UTC\n#\n"
    (tmp_path / "Status_T1.csv").write_text(about + text + "\n", encoding="utf-8")
    (tmp_path / "farm.toml").write_text(
        'name = "made up"\n[[turbines]]\nname = "T1"\nrated_power_kw = 2000.0\n', encoding="utf-8"
    )
    dataset = open_dataset(tmp_path)
    logs, _ = logs_of(dataset)
    assert log_period(logs, dataset.farm) == (to_us("2024-03-01T10:00"), to_us("2024-03-12T11:00") + 1)
