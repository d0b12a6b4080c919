"""A recorded frequency drives a grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gridforming.measure import frequency
from gridforming.network import Grid, Load, Network
from gridforming.simulation import simulate
from gridforming.system import System
from gridforming.trace import read_frequency_trace
from turbine.errors import SimulationError

TRACE = "time_s,frequency_hz\n0,50.0\n0.2,50.0\n0.6,49.6\n0.8,49.9\n1.2,49.9\n"


def test_bus_follows_a_recorded_frequency(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(TRACE)
    events = read_frequency_trace(path, "g", duration=1.0)
    assert len(events) == 4
    network = Network(
        buses=("a",), elements=(Grid(name="g", bus="a", reactance=0.1), Load(name="x", bus="a", active=0.5))
    )
    run = simulate(System(network=network), 1.0, events=events, start="dead", output_step=1e-3)
    seen = frequency(run, "a", window=0.02)
    expected = np.interp(run.time - 0.01, [0.0, 0.2, 0.6, 0.8, 1.2], [50.0, 50.0, 49.6, 49.9, 49.9])
    calm = run.time > 0.1
    assert np.abs(seen - expected)[calm].max() < 1.5 * 0.01  # a window cut by a corner sees part of both slopes


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("time_s,frequency\n0,50\n1,50\n", 'no column "frequency_hz" .*"frequency".*found time_s, frequency'),
        ("", 'no column "time_s".*found nothing'),
        ("time_s,frequency_hz\n0,50\n1,fifty\n", 'row 3, frequency_hz: found "fifty"'),
        ("time_s,frequency_hz\n0,50\n1\n", 'row 3, frequency_hz: found ""'),
        ("time_s,frequency_hz\n0,50\n0,49\n", "row 3, time_s: found 0 s, expected later than 0 s"),
        ("time_s,frequency_hz\n-1,50\n0,49\n", "row 2, time_s: found -1 s, expected 0 s or later"),
        ("time_s,frequency_hz\n0,50\n1,5000\n", "row 3, frequency_hz: found 5000 Hz, expected 25 to 75 Hz"),
        ("time_s,frequency_hz\n0,50\n", "found 1 rows, expected at least 2"),
    ],
)
def test_file_that_is_no_trace_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "trace.csv"
    path.write_text(text)
    with pytest.raises(SimulationError, match=message):
        read_frequency_trace(path, "g")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="cannot be read"):
        read_frequency_trace(tmp_path / "none.csv", "g")
