"""Figures of runs whose answers are known: in closed form, or by the network's own law."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from gridforming.converter import Converter, Droop, Following, Forming, Protection
from gridforming.events import SetFault, SetGrid, SetReference
from gridforming.machine import SynchronousMachine
from gridforming.metrics import metrics
from gridforming.network import Fault, Grid, Line, Load, Network
from gridforming.simulation import simulate
from gridforming.system import System
from turbine.errors import SimulationError


@dataclass
class Known:
    """A result whose signals are given."""

    time: Any
    v: Any = None
    p: Any = None
    i: Any = None
    notes: tuple[str, ...] = ()

    @property
    def model(self) -> Any:
        unit = Converter(name="unit", bus="a", rated_power=2e6, control=Following())
        network = Network(buses=("a",), elements=(Grid(name="g", bus="a", reactance=0.1),), power=10e6)
        return SimpleNamespace(system=System(network=network, converters=(unit,)), frame_speed=1.0)

    def voltage(self, bus: str) -> Any:
        return np.ones(self.time.size, np.complex128) if self.v is None else self.v

    def current(self, branch: str) -> Any:
        assert branch == "unit.bridge"
        return np.zeros(self.time.size, np.complex128) if self.i is None else self.i

    def converter(self, name: str, column: str) -> Any:
        assert name == "unit"
        assert column in ("active_power", "limited")
        return np.zeros(self.time.size) if self.p is None or column == "limited" else self.p


def _bus(result: Any, **settings: Any) -> dict[str, Any]:
    return metrics(result, **settings)["buses"]["a"]


def _unit(result: Any, **settings: Any) -> dict[str, Any]:
    return metrics(result, **settings)["converters"]["unit"]


def _grid(load: float = 0.5) -> System:
    network = Network(
        buses=("a",),
        elements=(Grid(name="g", bus="a", reactance=0.1, resistance=0.01), Load(name="x", bus="a", active=load)),
    )
    return System(network=network)


@pytest.mark.parametrize("waveforms", [False, True])
def test_ramp_of_a_grid_gives_its_nadir_and_rate(waveforms: bool) -> None:
    events = [SetGrid(time=0.4, grid="g", ramp=-0.01), SetGrid(time=1.4, grid="g", ramp=0.0)]
    run = simulate(_grid(), 2.0, start="dead", events=events, output_step=1e-3, waveforms=waveforms)
    found = _bus(run, since=0.2)
    assert found["frequency_nadir_hz"] == pytest.approx(49.5, abs=1e-5)
    assert 1.4 < found["frequency_nadir_time_s"] <= 2.0
    assert found["frequency_zenith_hz"] == pytest.approx(50.0, abs=1e-5)
    assert found["frequency_zenith_time_s"] <= 0.42
    assert found["frequency_end_hz"] == pytest.approx(49.5, abs=1e-5)
    assert found["rocof_500ms_hz_per_s"] == pytest.approx(-0.5, abs=1e-5)
    assert found["rocof_100ms_hz_per_s"] == pytest.approx(-0.5, abs=1e-3)  # corners of the ramp shake the current


def test_swing_gives_nadir_zenith_and_rate_in_closed_form() -> None:
    # Phase of a frequency 50 + 0.2 sin(2 pi t): windows of 20 ms see its middle.
    time = 1e-3 * np.arange(2001)
    phase = 0.2 * (1.0 - np.cos(2.0 * math.pi * time))
    found = _bus(Known(time, v=np.exp(1j * phase)))
    assert found["frequency_zenith_hz"] == pytest.approx(50.2, abs=2e-4)
    assert found["frequency_zenith_time_s"] % 1.0 == pytest.approx(0.26, abs=2e-3)
    assert found["frequency_nadir_hz"] == pytest.approx(49.8, abs=2e-4)
    assert found["frequency_nadir_time_s"] % 1.0 == pytest.approx(0.76, abs=2e-3)
    # A line through a window w of a sine, angular frequency k, has 3 (sin a - a cos a) / a^3 of its slope, a = k w / 2.
    for key, width in (("rocof_500ms_hz_per_s", 0.5), ("rocof_100ms_hz_per_s", 0.1)):
        a = math.pi * width
        share = 3.0 * (math.sin(a) - a * math.cos(a)) / a**3
        assert abs(found[key]) == pytest.approx(share * 0.2 * 2.0 * math.pi, rel=2e-3)


def test_first_order_response_settles_and_gives_its_energy() -> None:
    tau, time = 0.2, 1e-3 * np.arange(-500, 4001)
    p = np.where(time > 0.0, 1.0 - np.exp(-np.maximum(time, 0.0) / tau), 0.0)
    found = _unit(Known(time, p=p), since=0.0)
    assert found["active_power_start_pu"] == 0.0
    assert found["active_power_end_pu"] == pytest.approx(1.0, abs=1e-8)
    assert found["active_power_overshoot_percent"] == 0.0
    assert found["active_power_settling_s"] == pytest.approx(tau * math.log(200.0), abs=1e-3)
    energy = 4.0 - tau * (1.0 - math.exp(-20.0))
    assert found["energy_pu_s"] == pytest.approx(energy, rel=1e-5)
    assert found["energy_kwh"] == pytest.approx(energy * 2000.0 / 3600.0, rel=1e-5)
    wide = _unit(Known(time, p=p), since=0.0, settling_band=0.05)
    assert wide["active_power_settling_s"] == pytest.approx(tau * math.log(20.0), abs=1e-3)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_second_order_response_overshoots_as_its_damping_says(sign: float) -> None:
    damping, w, time = 0.3, 20.0, 1e-4 * np.arange(30001)
    wd = w * math.sqrt(1.0 - damping**2)
    p = 1.0 - np.exp(-damping * w * time) * (np.cos(wd * time) + damping * w / wd * np.sin(wd * time))
    found = _unit(Known(time, p=0.3 + sign * 0.4 * p))
    expected = 100.0 * math.exp(-math.pi * damping / math.sqrt(1.0 - damping**2))
    assert found["active_power_overshoot_percent"] == pytest.approx(expected, rel=1e-4)


def test_power_that_moves_to_the_end_has_not_settled_and_one_at_rest_has_no_step() -> None:
    time = 1e-3 * np.arange(1001)
    moving = _unit(Known(time, p=time))
    assert moving["active_power_settling_s"] is None
    assert moving["active_power_overshoot_percent"] == 0.0
    still = _unit(Known(time, p=np.full(1001, 0.4)))
    assert still["active_power_settling_s"] is None
    assert still["active_power_overshoot_percent"] is None


def test_current_is_in_per_unit_of_the_rating() -> None:
    time = 1e-3 * np.arange(100)
    current = np.where(time == 0.05, 0.3 + 0.4j, 0.1)
    assert _unit(Known(time, i=current))["current_peak_pu"] == pytest.approx(0.5 * 10.0 / 2.0)
    assert _unit(Known(time, i=current), since=0.06)["current_peak_pu"] == pytest.approx(0.1 * 10.0 / 2.0)


def test_sag_gives_its_depth_and_its_length_in_the_mean() -> None:
    time = 1e-3 * np.arange(1000)
    size = np.where((time > 0.2995) & (time < 0.4495), 0.5, 1.0)
    size[600:610] = 2.0  # half a window
    found = _bus(Known(time, v=size.astype(np.complex128)))
    assert found["voltage_lowest_pu"] == pytest.approx(0.5)
    assert found["voltage_highest_pu"] == pytest.approx(1.5)
    # The mean falls below 0.9 with the fifth row of twenty and is back at it when four are left.
    assert found["voltage_outside_longest_s"] == pytest.approx(0.150 + 0.020 - 2 * 0.004 - 0.001)
    later = _bus(Known(time, v=size.astype(np.complex128)), since=0.7)
    assert later["voltage_lowest_pu"] == later["voltage_highest_pu"] == pytest.approx(1.0)
    assert later["voltage_outside_longest_s"] == 0.0


def test_mean_of_voltage_hides_the_ripple_of_an_unbalance() -> None:
    time = 1e-3 * np.arange(500)
    vector = 0.9 + 0.2 * np.exp(-2j * 2.0 * math.pi * 50.0 * time)
    found = _bus(Known(time, v=vector))
    assert found["voltage_highest_pu"] - found["voltage_lowest_pu"] < 1e-12


def test_dead_bus_has_a_voltage_and_no_frequency() -> None:
    time = 1e-3 * np.arange(500)
    dead = _bus(Known(time, v=np.full(500, 0.01 + 0j)))
    assert dead["frequency_nadir_hz"] is dead["frequency_end_hz"] is dead["rocof_100ms_hz_per_s"] is None
    assert dead["voltage_highest_pu"] == pytest.approx(0.01)
    dies = _bus(Known(time, v=np.where(time < 0.4, 1.0, 0.0).astype(np.complex128)))
    assert dies["frequency_nadir_hz"] == pytest.approx(50.0)
    assert dies["frequency_end_hz"] is None
    assert dies["rocof_100ms_hz_per_s"] == pytest.approx(0.0, abs=1e-9)
    assert dies["rocof_500ms_hz_per_s"] is None


@pytest.mark.parametrize("waveforms", [False, True])
@pytest.mark.parametrize("output_step", [None, 2e-3, 5e-3, 0.025, 0.2])
@pytest.mark.parametrize("duration", [1e-4, 0.01, 0.15, 0.7])
def test_runs_that_are_short_or_coarse_have_figures_that_json_takes(
    duration: float, output_step: float | None, waveforms: bool
) -> None:
    run = simulate(_grid(), duration, start="dead", output_step=output_step, waveforms=waveforms)
    text = json.dumps(metrics(run), allow_nan=False)
    assert json.loads(text) == metrics(run)


def test_coarse_rows_give_the_frequency_from_row_to_row() -> None:
    time = 0.05 * np.arange(100)
    found = metrics(Known(time, v=np.exp(2j * math.pi * 0.3 * time)))  # type: ignore[arg-type]
    assert found["frequency_window_s"] == pytest.approx(0.05)
    assert found["buses"]["a"]["frequency_nadir_hz"] == pytest.approx(50.3)
    too_coarse = metrics(Known(2.0 * time, v=np.ones(100) + 0j))  # type: ignore[arg-type]
    assert too_coarse["buses"]["a"]["frequency_nadir_hz"] is None


def test_windows_lie_after_since() -> None:
    time = 1e-3 * np.arange(3000)
    jump = np.exp(1j * np.where(time < 1.0, 0.0, 0.5))
    assert abs(_bus(Known(time, v=jump))["rocof_500ms_hz_per_s"]) > 1.0
    calm = _bus(Known(time, v=jump), since=1.0)
    assert calm["rocof_500ms_hz_per_s"] == pytest.approx(0.0, abs=1e-9)
    assert calm["frequency_zenith_hz"] == pytest.approx(50.0)


def _island() -> System:
    network = Network(
        buses=("a", "b"),
        elements=(Line(name="l", start="a", end="b", reactance=0.1), Load(name="x", bus="b", active=0.5)),
    )
    control = Forming(law=Droop(droop=0.02))
    unit = Converter(name="unit", bus="a", rated_power=1e6, control=control, active=0.5)
    return System(network=network, converters=(unit,))


def test_droop_of_an_island_gives_its_frequency() -> None:
    run = simulate(_island(), 1.5, events=[SetReference(time=0.2, converter="unit", active=0.3)])
    found = metrics(run, since=0.2, buses=["b"])
    assert list(found["buses"]) == ["b"]
    unit, bus = found["converters"]["unit"], found["buses"]["b"]
    expected = 50.0 * (1.0 + 0.02 * (0.3 - unit["active_power_end_pu"]))
    assert bus["frequency_end_hz"] == pytest.approx(expected, abs=2e-3)
    assert expected - 0.05 < bus["frequency_nadir_hz"] < expected + 2e-3
    assert unit["trips"] == []


def test_droop_against_a_grid_gives_the_power_of_its_frequency() -> None:
    network = Network(buses=("a",), elements=(Grid.of_strength("g", "a", 5.0, x_over_r=10.0),), power=2e6)
    unit = Converter(name="unit", bus="a", rated_power=1e6, control=Forming(law=Droop(droop=0.02)), active=0.5)
    system = System(network=network, converters=(unit,))
    run = simulate(system, 3.0, events=[SetGrid(time=0.5, grid="g", frequency=0.996)])
    found = _unit(run, since=0.5)
    assert found["active_power_start_pu"] == pytest.approx(0.5, rel=5e-3)
    assert found["active_power_end_pu"] == pytest.approx(0.7, rel=5e-3)
    assert 0.0 < found["active_power_settling_s"] < 1.5
    power = np.hypot(run.converter("unit", "active_power"), run.converter("unit", "reactive_power"))
    assert found["current_peak_pu"] == pytest.approx((power / np.abs(run.voltage("a"))).max(), rel=1e-3)
    assert found["energy_kwh"] == pytest.approx(found["energy_pu_s"] * 1000.0 / 3600.0)
    assert _bus(run, since=0.5)["frequency_end_hz"] == pytest.approx(49.8, abs=1e-4)


def test_machine_has_the_current_of_its_power() -> None:
    network = Network(buses=("a",), elements=(Grid(name="g", bus="a", reactance=0.2),), power=50e6)
    machine = SynchronousMachine(name="G1", bus="a", rated_power=100e6, active=0.4)
    run = simulate(System(network=network, machines=(machine,)), 0.2)
    found = metrics(run)["machines"]["G1"]
    power = np.hypot(run.machine("G1", "active_power")[-1], run.machine("G1", "reactive_power")[-1])
    assert found["active_power_end_pu"] == pytest.approx(0.4, abs=1e-6)
    assert found["current_peak_pu"] == pytest.approx(power / abs(run.voltage("a")[-1]), rel=1e-3)
    assert found["energy_pu_s"] == pytest.approx(0.4 * (run.time[-1] - run.time[0]), rel=1e-5)


def test_trip_stands_with_its_time_and_reason() -> None:
    network = Network(buses=("a",), elements=(Grid.of_strength("g", "a", 5.0, x_over_r=10.0), Fault(name="f", bus="a")))
    unit = Converter(
        name="unit",
        bus="a",
        rated_power=1e6,
        control=Following(),
        active=0.5,
        protection=Protection(voltage_low=0.5, voltage_time=0.03),
    )
    run = simulate(System(network=network, converters=(unit,)), 0.3, events=[SetFault(time=0.1, fault="f", on=True)])
    (trip,) = _unit(run)["trips"]
    assert trip["reason"] == "undervoltage"
    assert trip["time_s"] == pytest.approx(0.13, abs=5e-3)


def test_time_that_current_is_limited() -> None:
    network = Network(buses=("a",), elements=(Grid.of_strength("g", "a", 5.0, x_over_r=10.0),))
    unit = Converter(name="unit", bus="a", rated_power=1e6, control=Following(i_max=1.0), active=0.5)
    events = [SetReference(time=0.1, converter="unit", active=1.5)]
    run = simulate(System(network=network, converters=(unit,)), 0.5, events=events)
    assert _unit(run)["limited_s"] == pytest.approx(0.4, abs=5e-3)
    assert _unit(run, since=0.3)["limited_s"] == pytest.approx(0.2, abs=1e-9)


def test_what_is_not_there_is_refused() -> None:
    run = simulate(_grid(), 0.3, start="dead", output_step=0.02, waveforms=True)
    with pytest.raises(SimulationError, match='no bus "b"'):
        metrics(run, buses=["b"])
    with pytest.raises(SimulationError, match=r"since: found 5 s, expected at most the last row's 0\.28 s"):
        metrics(run, since=5.0)
    with pytest.raises(SimulationError, match="since: found nan"):
        metrics(run, since=math.nan)
    with pytest.raises(SimulationError, match="settling_band: found 0"):
        metrics(run, settling_band=0.0)
