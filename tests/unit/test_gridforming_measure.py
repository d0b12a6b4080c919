"""Frequency, its rate of change, and saved states."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from gridforming.checkpoint import load_state, save_state
from gridforming.converter import Converter, Droop, Forming
from gridforming.events import SetGrid, SetReference
from gridforming.measure import frequency, rate_of_change, settling_time
from gridforming.network import Grid, Line, Load, Network
from gridforming.simulation import simulate
from gridforming.system import System
from turbine.errors import SimulationError


def _alone() -> System:
    network = Network(
        buses=("a", "b"),
        elements=(
            Grid(name="g", bus="a", reactance=0.1, resistance=0.01),
            Line(name="l", start="a", end="b", reactance=0.1),
            Load(name="x", bus="b", active=0.5),
        ),
    )
    return System(network=network)


def test_frequency_follows_a_ramp_of_the_grid() -> None:
    events = [SetGrid(time=0.2, grid="g", ramp=0.01), SetGrid(time=1.2, grid="g", ramp=0.0)]
    run = simulate(_alone(), 1.6, start="dead", events=events, output_step=1e-3)
    seen = frequency(run, "b", window=0.02)
    assert np.isnan(seen[:20]).all()
    # The line through the phase over 20 ms sees the middle of its window.
    expected = 50.0 * (1.0 + 0.01 * np.clip(run.time - 0.01 - 0.2, 0.0, 1.0))
    steady = (run.time > 0.25) & (run.time < 1.18)
    # Line and load lag by their time constant, about 0.2 / (2 * 314) s.
    assert np.abs(seen - expected)[steady].max() < 0.5 * 0.4e-3
    assert np.ptp((seen - expected)[steady]) < 1e-6
    assert seen[-1] == pytest.approx(50.5, abs=1e-6)
    slope = rate_of_change(run, "b", window=0.1)
    assert slope[run.time.searchsorted(0.8)] == pytest.approx(0.5, rel=1e-6)


def test_dead_bus_has_no_frequency() -> None:
    run = simulate(_alone(), 0.1, start="dead", output_step=1e-3)
    assert np.isnan(frequency(run, "b")[:21]).all()
    assert np.isfinite(frequency(run, "b")[25:]).all()


def test_window_shorter_than_a_row_is_refused() -> None:
    run = simulate(_alone(), 0.1, start="dead", output_step=1e-3)
    with pytest.raises(SimulationError, match=r"window: found 0\.0001 s"):
        frequency(run, "b", window=1e-4)


def test_settling_time_is_the_last_exit_from_the_band() -> None:
    time = np.linspace(0.0, 10.0, 1001)
    values = np.exp(-np.maximum(time - 1.0, 0.0))
    found = settling_time(time, values, since=1.0, band=0.05)
    assert found == pytest.approx(-math.log(0.05), abs=0.02)
    assert settling_time(time, np.ones(1001), since=1.0, band=0.05) == 0.0


def _island(load: str = "power") -> System:
    network = Network(
        buses=("a", "b"),
        elements=(
            Line(name="l", start="a", end="b", reactance=0.1, resistance=0.01),
            Load(name="x", bus="b", active=0.5, kind=load),  # type: ignore[arg-type]
        ),
    )
    control = Forming(law=Droop(droop=0.02))
    return System(network=network, converters=(Converter(name="c", bus="a", rated_power=1e6, control=control),))


def test_saved_state_goes_on_bit_for_bit(tmp_path: Path) -> None:
    change = SetReference(time=0.05, converter="c", active=0.4)
    whole = simulate(_island(), 0.3, events=[change], waveforms=True, time_step=62.5e-6)
    first = simulate(_island(), 0.1, events=[change], waveforms=True, time_step=62.5e-6)
    save_state(tmp_path / "state.npz", first.end)
    restored = load_state(tmp_path / "state.npz", first.model)
    second = simulate(_island(), 0.2, start=restored, waveforms=True, time_step=62.5e-6)
    np.testing.assert_array_equal(second.end.v, whole.end.v)
    assert second.end.converters.tobytes() == whole.end.converters.tobytes()
    assert second.time[0] == pytest.approx(0.1)


def test_state_of_another_system_or_no_state_is_refused(tmp_path: Path) -> None:
    run = simulate(_island(), 0.01)
    save_state(tmp_path / "state.npz", run.end)
    other = simulate(_alone(), 0.01, start="dead")
    with pytest.raises(SimulationError, match="belongs to another system"):
        load_state(tmp_path / "state.npz", other.model)
    (tmp_path / "text.npz").write_text("no state")
    with pytest.raises(SimulationError, match="not a saved state"):
        load_state(tmp_path / "text.npz", run.model)
    with pytest.raises(SimulationError, match="not a saved state"):
        load_state(tmp_path / "missing.npz", run.model)
