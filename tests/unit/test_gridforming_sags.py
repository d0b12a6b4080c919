"""Unbalanced sags through the source, and the phase-locked loop that sees the positive sequence alone."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest

import gridforming as gf
from gridforming.events import SAGS
from gridforming.result import Result
from turbine.errors import SimulationError

REACTANCE = 0.1  # of the grid [pu]
A = cmath.exp(2j * math.pi / 3.0)
#: Phase voltages of each type by its characteristic voltage, as Zhang and Bollen 2000 have them.
PHASORS = {
    "A": lambda v: (v, v * A**2, v * A),
    "B": lambda v: (v, A**2, A),
    "C": lambda v: (1.0, -0.5 - 0.5j * math.sqrt(3.0) * v, -0.5 + 0.5j * math.sqrt(3.0) * v),
    "D": lambda v: (v, -0.5 * v - 0.5j * math.sqrt(3.0), -0.5 * v + 0.5j * math.sqrt(3.0)),
    "E": lambda v: (1.0, v * A**2, v * A),
    "F": lambda v: (v, -0.5 * v - 1j * (2.0 + v) / math.sqrt(12.0), -0.5 * v + 1j * (2.0 + v) / math.sqrt(12.0)),
    "G": lambda v: (
        (2.0 + v) / 3.0,
        -(2.0 + v) / 6.0 - 0.5j * math.sqrt(3.0) * v,
        -(2.0 + v) / 6.0 + 0.5j * math.sqrt(3.0) * v,
    ),
}


def _run(kind: str, *, waveforms: bool = False, pll: str = "srf", phase: float = 0.4) -> Result:
    grid = gf.Grid(name="grid", bus="pcc", resistance=0.005, reactance=0.05, phase=phase)
    control = gf.Following(pll=pll, pll_bandwidth_hz=20.0)  # type: ignore[arg-type]
    unit = gf.Converter(name="unit", bus="pcc", rated_power=1e6, control=control, active=0.5)
    network = gf.Network(buses=("pcc",), elements=(grid,), power=1e6)
    system = gf.System(network=network, converters=(unit,))
    sag = gf.Sag(time=0.0131, grid="grid", kind=kind, remaining=0.5)
    return gf.simulate(system, 0.6, events=[sag], waveforms=waveforms, time_step=25e-6)


def _source(kind: str, *, waveforms: bool) -> Result:
    grid = gf.Grid(name="grid", bus="a", reactance=REACTANCE, phase=0.4)
    network = gf.Network(buses=("a",), elements=(grid, gf.Load(name="load", bus="a", active=1.0)))
    sag = gf.Sag(time=0.0131, grid="grid", kind=kind, remaining=0.3)
    return gf.simulate(gf.System(network=network), 0.05, events=[sag], waveforms=waveforms, time_step=5e-5)


@pytest.mark.parametrize("waveforms", [False, True])
@pytest.mark.parametrize("kind", list(SAGS))
def test_phases_of_a_sag_are_those_of_its_type(kind: str, waveforms: bool) -> None:
    run = _source(kind, waveforms=waveforms)
    after = run.time > 0.02
    phases = run.phases(run.voltage("a"))[after]
    wanted = np.array(PHASORS[kind](0.3))
    wanted = (wanted - wanted.mean()) / (1.0 + 1j * REACTANCE)  # zero sequence is absent; behind the grid's reactance
    turning = np.exp(1j * (2.0 * math.pi * 50.0 * run.time[after] + 0.4))
    np.testing.assert_allclose(phases, (turning[:, None] * wanted[None, :]).real, atol=2e-4)


def test_sag_ends_with_remaining_voltage_one() -> None:
    network = gf.Network(
        buses=("a",), elements=(gf.Grid(name="grid", bus="a", reactance=0.1), gf.Load(name="l", bus="a", active=0.1))
    )
    sags = [
        gf.Sag(time=0.01, grid="grid", kind="C", remaining=0.2),
        gf.Sag(time=0.05, grid="grid", kind="C", remaining=1.0),
    ]
    run = gf.simulate(gf.System(network=network), 0.3, events=sags, time_step=1e-4)
    assert abs(run.voltage("a")[-1] - run.voltage("a")[0]) < 1e-6


def test_sags_and_other_voltages_of_a_grid_go_together() -> None:
    grid = gf.Grid(name="grid", bus="a", reactance=0.1)
    network = gf.Network(buses=("a",), elements=(grid, gf.Load(name="load", bus="a", active=1.0)))
    events = [
        gf.SetGrid(time=0.02, grid="grid", voltage=0.9),
        gf.Sag(time=0.04, grid="grid", kind="A", remaining=0.5),
        gf.Sag(time=0.08, grid="grid", kind="A", remaining=1.0),
    ]
    run = gf.simulate(gf.System(network=network), 0.12, events=events, time_step=5e-5)
    first, lowered, sagging, after = (np.abs(run.voltage("a"))[round(t / 5e-5)] for t in (0.0, 0.039, 0.079, 0.119))
    np.testing.assert_allclose([lowered, sagging, after], np.array([0.9, 0.45, 0.9]) * first, rtol=1e-5)


@pytest.mark.parametrize("delay", [0, 1])
def test_positive_and_negative_current_whatever_the_delay(delay: int) -> None:
    grid = gf.Grid(name="grid", bus="pcc", resistance=0.005, reactance=0.05)
    unit = gf.Converter(
        name="unit", bus="pcc", rated_power=1e6, control=gf.Following(pll="dual"), active=0.5,
        delay=delay,  # type: ignore[arg-type]
    )  # fmt: skip
    system = gf.System(network=gf.Network(buses=("pcc",), elements=(grid,), power=1e6), converters=(unit,))
    run = gf.simulate(system, 0.5, events=[gf.Sag(time=0.02, grid="grid", kind="C", remaining=0.5)])
    rest = run.current("unit.bridge")[-800:]  # five cycles: their mean is the positive sequence
    assert abs(rest.mean()) == pytest.approx(0.5 / 0.75, rel=0.01)
    assert np.abs(rest - rest.mean()).max() < 5e-3


def _ripple(values: np.ndarray) -> float:
    """Return half the swing over the last two cycles."""
    return 0.5 * float(np.ptp(values[-1600:]))


def test_dual_loop_is_blind_to_negative_sequence() -> None:
    swing = {pll: _ripple(_run("C", pll=pll).converter("unit", "speed")) for pll in ("srf", "dual")}
    # v_q of 0.25 pu at twice the frequency through 2 * bandwidth / 0.75 pu: closed form of the plain loop.
    plain = 2.0 * 2.0 * math.pi * 20.0 / (2.0 * math.pi * 50.0) * 0.25 / 0.75
    assert swing["srf"] == pytest.approx(plain, rel=0.15)
    assert swing["dual"] < 1e-3


def test_dual_loop_lets_no_negative_current_flow() -> None:
    runs = {pll: _run("C", pll=pll) for pll in ("srf", "dual")}
    swing = {pll: _ripple(np.abs(run.current("unit.bridge"))) for pll, run in runs.items()}
    assert swing["srf"] > 1e-2
    assert swing["dual"] < 1e-3  # of rated current
    # Active power of the positive sequence is held.
    v, i = runs["dual"].voltage("pcc")[-1600:], runs["dual"].current("unit.bridge")[-1600:]
    positive = v.mean() * i.mean().conjugate()
    assert positive.real == pytest.approx(0.5, rel=0.01)


def test_loops_are_the_same_at_rest_and_modes_show_the_filters() -> None:
    grid = gf.Grid.of_strength("grid", "pcc", 3.0, x_over_r=10.0)
    for pll in ("srf", "dual"):
        control = gf.Following(pll=pll)  # type: ignore[arg-type]
        unit = gf.Converter(name="unit", bus="pcc", rated_power=1e6, control=control, active=0.7)
        point = gf.operating_point(
            gf.System(network=gf.Network(buses=("pcc",), elements=(grid,), power=1e6), converters=(unit,))
        )
        model = gf.linearise(point)
        assert point.residual < 1e-10
        assert model.stable()
        assert any("positive_d of unit" in mode.participation for mode in model.modes()) == (pll == "dual")


def test_unknown_sag_is_refused() -> None:
    with pytest.raises(SimulationError, match=r"sag of grid \"g\" at 0.1 s: found kind 'H', expected one of A, B"):
        gf.Sag(time=0.1, grid="g", kind="H", remaining=0.5)
    with pytest.raises(SimulationError, match="remaining"):
        gf.Sag(time=0.1, grid="g", kind="A", remaining=1.5)
