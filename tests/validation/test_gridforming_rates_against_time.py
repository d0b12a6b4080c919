"""Linear models of converters that are sampled at different rates against runs in time: decay and frequency fitted."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pytest

from gridforming.converter import Converter, CurrentLimit, Droop, Forming, VirtualMachine
from gridforming.events import SetReference
from gridforming.fixed_point import OperatingPoint, operating_point
from gridforming.linear import linearise
from gridforming.network import Grid, Line, Load, Network
from gridforming.simulation import simulate
from gridforming.system import System

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

STEP = 50e-6  #: of the network, beside sampling periods of 200 and 100 us [s]
ROW = 1e-3  #: between rows [s]
SIZE = 1e-5  #: of a perturbation [pu]
SEEN = [(name, column) for name in ("slow", "fast") for column in ("speed", "active_power", "reactive_power")]


def _system(place: str) -> System:
    """Return a droop at 5 kHz and a virtual machine at 10 kHz, at a grid or alone with more load than references."""
    free = CurrentLimit(kind="none")
    machine = VirtualMachine(acceleration_time=2.0, speed_droop=20.0, damping=50.0)
    units = (
        Converter(
            name="slow",
            bus="a",
            rated_power=1e6,
            sampling_hz=5e3,
            control=Forming(law=Droop(droop=0.02), limit=free),
            active=0.4,
        ),
        Converter(
            name="fast",
            bus="b",
            rated_power=2e6,
            sampling_hz=10e3,
            control=Forming(law=machine, limit=free),
            active=0.3,
        ),
    )
    line = Line(name="line", start="a", end="b", reactance=0.15, resistance=0.02)
    more = {
        "grid": Grid(name="grid", bus="a", reactance=0.3, resistance=0.05),
        "island": Load(name="load", bus="b", active=1.6, reactive=0.2),
    }[place]
    return System(network=Network(buses=("a", "b"), elements=(line, more)), converters=units)


@cache
def _rest(place: str) -> OperatingPoint:
    return operating_point(_system(place), time_step=STEP)


def _free_response(point: OperatingPoint) -> Floats:
    """Return how powers and speeds come back after a pulse of references, shape (rows, columns)."""
    system = point.model.system
    events = [
        SetReference(time=0.0, converter="slow", active=0.4 + SIZE, reactive=SIZE),
        SetReference(time=0.01, converter="slow", active=0.4, reactive=0.0),
    ]
    moved = simulate(system, 0.7, events=events, start=point, output_step=ROW)
    still = simulate(system, ROW, start=point, output_step=ROW)
    return np.stack([moved.converter(*c) - still.converter(*c)[0] for c in SEEN], axis=1)[12:]


def _matrix_pencil(rows: Floats) -> Complexes:
    """Return the exponents of a free response [1/s].

    Hua and Sarkar 1990, doi:10.1109/29.56027, with the windows of all columns above each other.
    """
    scaled = rows.T / np.abs(rows).max(axis=0)[:, None]
    windows = np.concatenate([np.lib.stride_tricks.sliding_window_view(c, rows.shape[0] // 2) for c in scaled])
    left, sizes, right = np.linalg.svd(windows[:, :-1], full_matrices=False)
    order = int((sizes > 1e-7 * sizes[0]).sum())  # what lies below is the response that is not linear
    turned = left[:, :order].T @ windows[:, 1:] @ right[:order].T / sizes[:order, None]
    found: Complexes = np.log(np.linalg.eigvals(turned).astype(np.complex128)) / ROW
    return found


@pytest.mark.parametrize("place", ["grid", "island"])
def test_dominating_modes_of_two_sampling_rates(place: str) -> None:
    """1e-3 was asked for beforehand; only swings, which no other mode lies next to, can be fitted as closely."""
    point = _rest(place)
    swings = [m.s for m in linearise(point).modes() if m.s.imag > 0.0 and abs(m.s) < 40.0 and m.damping < 0.9]
    assert len(swings) >= 2
    fitted = _matrix_pencil(_free_response(point))
    for s in swings:
        assert np.abs(fitted - s).min() < 1e-3 * abs(s)


def test_island_off_nominal_rests_where_a_run_comes_to_rest() -> None:
    """In the frame of nominal frequency a step errs by the square of what it turns against the island, 1e-8."""
    point = _rest("island")
    assert point.frequency < 0.996
    run = simulate(point.model.system, 4.0, start="dead", time_step=STEP, output_step=ROW)
    for name in ("slow", "fast"):
        assert run.converter(name, "speed")[-1] == pytest.approx(point.frequency, abs=1e-8)
    a, b = run.voltage("a")[-1], run.voltage("b")[-1]
    assert abs(a) == pytest.approx(abs(point.state.v[0]), abs=1e-6)
    assert a / b == pytest.approx(point.state.v[0] / point.state.v[1], abs=1e-6)
