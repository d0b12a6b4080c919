"""Comparisons against the figures that they are made of; peak shaving must lower thrust and cost energy."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import turbine
from turbine.compare import Candidate, Comparison, _change, compare
from turbine.control import ControlSettings, controller
from turbine.costs import Costs
from turbine.design import minimum_pitch_schedule
from turbine.energy import HOURS_PER_YEAR, annual_energy_mwh, rayleigh
from turbine.errors import LoadError, ParameterError
from turbine.load_cases import LoadTable, design_load_cases, run_load_cases
from turbine.machine import Machine
from turbine.steady import steady_table
from turbine.trim import References

WIND = rayleigh(8.5)
SPEEDS = np.arange(4.0, 25.5, 1.0)
RUN: dict[str, Any] = {"settle": 20.0, "scheduler": "synchronous"}


@pytest.fixture(scope="module")
def machine() -> Machine:
    return turbine.load("nrel_5mw")


@pytest.fixture(scope="module")
def settings(machine: Machine) -> dict[str, ControlSettings]:
    wind, pitch = minimum_pitch_schedule(machine, peak_thrust=0.8)
    return {"normal": controller(machine), "shaved": controller(machine, minimum_pitch_wind=wind, minimum_pitch=pitch)}


@pytest.fixture(scope="module")
def loads(machine: Machine, settings: dict[str, ControlSettings]) -> LoadTable:
    cases = design_load_cases([9.0, 13.0], "IB", seeds=1, settings=settings, duration=60.0)
    return run_load_cases(machine, cases, settings, **RUN)


@pytest.fixture(scope="module")
def found(machine: Machine, settings: dict[str, ControlSettings], loads: LoadTable) -> Comparison:
    return compare(
        Candidate(machine, settings["normal"], name="normal"),
        Candidate(machine, settings["shaved"], name="shaved"),
        wind_distribution=WIND,
        wind_speed=SPEEDS,
        costs_a=Costs(8e6, 0.07, 2e5),
        costs_b=Costs(7.9e6, 0.07, 2e5),
        loads_a=loads,
        loads_b=loads,
    )


def test_peak_shaving_lowers_thrust_and_costs_energy(found: Comparison) -> None:
    assert found["peak_thrust"].ratio < 0.9
    assert found["peak_tower_base_fore_aft_moment"].ratio == pytest.approx(found["peak_thrust"].ratio, rel=1e-6)
    assert 0.95 < found["annual_energy"].ratio < 0.999


def test_energy_is_lost_around_rated_and_bands_add_up(found: Comparison) -> None:
    bands = found.band_table()
    assert bands["difference_mwh"].sum() == pytest.approx(found["annual_energy"].difference, rel=1e-9)
    lost = bands[bands["difference_mwh"] < -0.1]
    assert lost["from"].min() >= 8.0
    assert lost["to"].max() <= 13.0


def test_quantities_are_those_of_the_parts(
    machine: Machine, settings: dict[str, ControlSettings], loads: LoadTable, found: Comparison
) -> None:
    table = steady_table(machine, SPEEDS, settings["shaved"])
    energy = annual_energy_mwh(table.power_curve(), WIND)
    assert found["annual_energy"].b == energy
    assert found["capacity_factor"].b == pytest.approx(energy * 1e6 / (HOURS_PER_YEAR * 5e6), rel=1e-4)
    assert found["peak_thrust"].b == float(np.nanmax(table["thrust"]))
    assert found["lcoe"].b == pytest.approx((7.9e6 * 0.07 + 2e5) / energy, rel=1e-12)
    life = loads.lifetime(WIND)
    assert found["shaft_torque_del_4"].a == life["normal"].equivalent_loads["shaft_torque"][4.0]
    assert found["thrust_del_10"].b == life["shaved"].equivalent_loads["thrust"][10.0]
    assert found["ultimate_thrust"].b == loads.ultimate()["shaved"]["thrust"].absolute
    assert found["mean_power_in_turbulence"].a == life["normal"].mean_power


def test_table_and_lines_hold_every_quantity(found: Comparison) -> None:
    table = found.table()
    assert table.index.tolist() == list(found.quantities)
    assert table.loc["peak_thrust", "ratio"] == found["peak_thrust"].ratio
    assert table.attrs["names"] == ("normal", "shaved")
    lines = found.lines()
    for quantity, line in zip(found.quantities.values(), lines[1:], strict=False):
        assert line.startswith(quantity.shown.name)
        assert line.endswith(quantity.shown.unit)
    assert not any(mark in line for line in lines for mark in ("_", "rad", "deg/s"))
    (speed,) = (line for line in lines if line.startswith("rotor speed, largest"))
    assert speed.endswith("rpm")
    (thrust,) = (line for line in lines if line.startswith("thrust, largest steady"))
    assert f"{100.0 * (found['peak_thrust'].ratio - 1.0):+.2f} %" in thrust
    assert thrust.endswith("kN")
    assert not any("e+" in line for line in lines)
    with pytest.raises(ParameterError, match='did you mean "peak_thrust"'):
        found["peak_trust"]


def test_load_cases_that_are_run_here_give_the_same(
    machine: Machine, settings: dict[str, ControlSettings], found: Comparison
) -> None:
    cases = design_load_cases([9.0, 13.0], "IB", seeds=1, duration=60.0)
    other = compare(
        Candidate(machine, settings["normal"], name="normal"),
        Candidate(machine, settings["shaved"], name="shaved"),
        wind_distribution=WIND,
        wind_speed=SPEEDS,
        load_cases=cases,
        run=RUN,
    )
    assert other["shaft_torque_del_4"] == found["shaft_torque_del_4"]
    assert other["ultimate_thrust"] == found["ultimate_thrust"]
    assert "lcoe" not in other.quantities


def test_stops_in_load_cases_are_told(
    machine: Machine, settings: dict[str, ControlSettings], loads: LoadTable, found: Comparison
) -> None:
    assert not any("stopped by itself" in line for line in found.lines())
    stopped = {
        name: replace(r, production=0.9) if (r.case.settings, r.case.wind_speed) == ("shaved", 13.0) else r
        for name, r in loads.results.items()
    }
    other = compare(
        Candidate(machine, settings["normal"], name="normal"),
        Candidate(machine, settings["shaved"], name="shaved"),
        wind_distribution=WIND,
        wind_speed=SPEEDS,
        loads_a=loads,
        loads_b=replace(loads, results=stopped),
    )
    lines = [line for line in other.lines() if "stopped by itself" in line]
    assert lines == ["shaved: stopped by itself in 1 of 2 load cases (13 m/s)"]


def test_a_machine_is_not_better_than_itself(machine: Machine) -> None:
    same = compare(machine, machine, wind_distribution=WIND, wind_speed=[4.0, 12.0], availability=0.95)
    assert same.names == ("nrel_5mw (a)", "nrel_5mw (b)")
    assert {q.difference for q in same.quantities.values()} == {0.0}
    assert len(repr(same)) < 1000  # no tables in it
    assert len(same.lines()) == 1 + len(same.quantities)  # nothing above nothing
    whole = compare(machine, machine, wind_distribution=WIND, wind_speed=[4.0, 12.0])
    assert same["annual_energy"].a == pytest.approx(0.95 * whole["annual_energy"].a, rel=1e-12)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1.0, "0.00 %"),
        (1.0 - 1e-9, "0.00 %"),
        (1.0 + 1e-9, "0.00 %"),
        (0.99, "-1.00 %"),
        (2.0, "+100.00 %"),
        (np.nan, "-"),
    ],
)
def test_no_change_has_no_sign(ratio: float, text: str) -> None:
    assert _change(ratio) == text


def test_two_machines_and_what_did_not_settle(machine: Machine) -> None:
    limited = Candidate(machine, references=References(power_limit=2e6), name="curtailed")
    found = compare(turbine.load("iea_15mw"), limited, wind_distribution=WIND, wind_speed=[2.0, 5.0, 8.0, 11.0, 14.0])
    assert found.names == ("iea_15mw", "curtailed")
    assert found["annual_energy"].ratio < 0.4
    assert sum("not settled at 2 m/s" in line for line in found.lines()) == 2


def test_half_a_pair_is_refused(machine: Machine, settings: dict[str, ControlSettings], loads: LoadTable) -> None:
    how: dict[str, Any] = {"wind_distribution": WIND, "wind_speed": [4.0, 12.0]}
    with pytest.raises(ParameterError, match="costs_a and costs_b"):
        compare(machine, machine, costs_a=Costs(1.0, 0.1, 0.0), **how)
    with pytest.raises(ParameterError, match="loads_a and loads_b"):
        compare(machine, machine, loads_b=loads, **how)
    with pytest.raises(ParameterError, match="found both"):
        compare(machine, machine, loads_a=loads, loads_b=loads, load_cases=[], **how)
    with pytest.raises(LoadError, match='none of which is the candidate "nrel_5mw'):
        compare(machine, machine, loads_a=loads, loads_b=loads, **how)
    cases = design_load_cases([9.0], "IB", seeds=1, settings=settings, duration=10.0)
    with pytest.raises(LoadError, match="expected cases of one"):
        compare(machine, machine, load_cases=cases, **how)
