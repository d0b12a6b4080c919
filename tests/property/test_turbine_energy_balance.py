"""Energy of a run adds up, whatever the machine, the wind and what is asked of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from hypothesis import event, given, settings
from hypothesis import strategies as st

import turbine
from turbine.control import controller
from turbine.errors import MachineError, TrimError, WindformError
from turbine.machine import Machine
from turbine.model import Options, build
from turbine.simulation import REQUESTS, Result, Schedule, simulate_model
from turbine.trim import References
from turbine.wind import WindSeries, constant, eog, kaimal, ramps, steps, wind_class

NAMES = ["nrel_5mw", "nrel_5mw", "iea_15mw", "iea_3p4mw", "nrel_2p8mw"]
LOADED = {name: turbine.load(name) for name in sorted(set(NAMES))}
RATED = {
    name: machine.require("generator.rated_power")
    / machine.require("generator.efficiency")
    / machine.require("operation.rated_rotor_speed")
    / machine.require("drive_train.gear_ratio")
    for name, machine in LOADED.items()
}  # torque [N m]
DURATION = 30.0
RESIDUAL = 1e-9  # of all energy that passed; rounding leaves about 1e-13
A_JOULE = 1.0  # machines hold many million [J]
NOTHING = 1e-6  # J: what stands still has no energy to compare with
SLIP = 1e-3  # of all energy: a flexible shaft moves the braked generator to and fro within a step

share = st.floats(0.3, 3.0)
speeds = st.floats(0.0, 35.0)


class Case(NamedTuple):
    """A machine by name with other values, and what of it is modelled."""

    name: str
    values: dict[str, float]
    options: dict[str, Any]

    def machine(self) -> Machine:
        return LOADED[self.name].with_values(self.values)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return other inertias, stiffness and efficiencies of a machine, and what of it is modelled."""
    name = draw(st.sampled_from(NAMES))
    machine = LOADED[name]
    scaled = ["rotor.inertia", "generator.inertia", "drive_train.effective_shaft_stiffness", "tower.modal_mass"]
    kinds = ["rigid", "two_mass", "three_mass"] if name == "nrel_5mw" else ["rigid", "two_mass"]
    options: dict[str, Any] = {"drive_train": draw(st.sampled_from(kinds))}
    if options["drive_train"] == "three_mass":
        scaled = ["tower.modal_mass"]  # the blades' inertia has a solution near the machine's own values only
    values = {key: draw(share) * machine.require(key) for key in scaled if machine.get(key) is not None}
    values["drive_train.gearbox_efficiency"] = draw(st.floats(0.8, 1.0))
    values["generator.efficiency"] = draw(st.floats(0.8, 1.0))
    values["generator.rated_power"] = (
        machine.require("generator.rated_power")
        * values["generator.efficiency"]
        / machine.require("generator.efficiency")
    )
    if draw(st.booleans()):
        values["drive_train.brake_torque"] = draw(st.floats(0.05, 1.5)) * RATED[name]
    options["tower"] = machine.get("tower.modal_mass") is not None and draw(st.booleans())
    options["pitch_dynamics"] = draw(st.booleans())
    options["shear_exponent"] = draw(st.sampled_from([0.0, 0.2]))
    options["time_step"] = draw(st.sampled_from([0.005, 0.01]))
    options["control_period"] = draw(st.sampled_from([None, 0.05]))
    return Case(name, values, options)


@st.composite
def winds(draw: st.DrawFn) -> WindSeries:
    kind = draw(st.sampled_from(["constant", "steps", "ramps", "turbulence", "gust", "calm"]))
    event(kind)
    if kind == "calm":
        return constant(0.0, duration=DURATION, time_step=1.0)
    if kind == "constant":
        return constant(draw(speeds), duration=DURATION, time_step=1.0)
    if kind == "turbulence":
        mean = draw(st.floats(3.0, 25.0))
        return kaimal(
            mean,
            draw(st.floats(0.1, 5.0)),
            hub_height=90.0,
            duration=DURATION,
            time_step=0.1,
            seed=draw(st.integers(0, 99)),
        )
    if kind == "gust":
        return eog(
            draw(st.floats(5.0, 25.0)),
            wind_class("IA"),
            rotor_diameter=126.0,
            hub_height=90.0,
            duration=DURATION,
            time_step=0.1,
            start=5.0,
        )
    make = steps if kind == "steps" else ramps
    return make([0.0, 6.0, 15.0], [draw(speeds) for _ in range(3)], duration=DURATION, time_step=0.1)


@st.composite
def requests(draw: st.DrawFn) -> Schedule:
    asked = draw(st.dictionaries(st.floats(0.0, DURATION), st.sampled_from(sorted(REQUESTS)), max_size=3))
    wanted = st.builds(
        References, power_limit=st.floats(0.0, 2e7), reserve=st.floats(0.0, 0.9), reserve_power=st.floats(0.0, 1e6)
    )
    return Schedule(requests=asked, references=draw(st.dictionaries(st.floats(0.0, DURATION), wanted, max_size=3)))


def _run(case: Case, wind: WindSeries, start: str, law: str = "k_omega_2", **given: Any) -> Result | None:
    """Return a run, from standstill where there is no rest to start from; None where the machine makes no sense."""
    machine = case.machine()
    try:
        settings = controller(machine, torque_law=law)  # type: ignore[arg-type]
        model = build(machine, settings, Options(**case.options))
    except WindformError as error:
        event(f"refused: {str(error)[:30]}")
        return None
    try:
        return simulate_model(model, wind, start=start, **given)  # type: ignore[arg-type]
    except (TrimError, MachineError):
        event("no rest")
        return simulate_model(model, wind, start="parked", **given)


def _adds_up(run: Result) -> None:
    energy = run.energy
    assert abs(energy.residual) <= RESIDUAL * energy.passed + NOTHING
    assert min(energy.generator_loss, energy.damping_loss) >= -1e-12 * energy.passed - NOTHING
    # Friction is held over a step: where the generator turns back within one, it gives a little of that step.
    assert min(energy.gearbox_loss, energy.brake_loss) >= -SLIP * energy.passed - A_JOULE
    assert all(np.isfinite(values).all() for values in run.columns.values())


@given(
    cases(),
    winds(),
    requests(),
    st.sampled_from(["steady", "parked"]),
    st.sampled_from(["k_omega_2", "tip_speed_ratio"]),
)
@settings(max_examples=40)
def test_wind_is_electrical_plus_losses_plus_stored(
    case: Case, wind: WindSeries, schedule: Schedule, start: str, law: str
) -> None:
    run = _run(case, wind, start, law, schedule=schedule)
    if run is not None:
        _adds_up(run)


@given(cases(), winds(), st.floats(-0.2, 1.1), st.booleans(), st.sampled_from(["steady", "parked"]))
@settings(max_examples=25)
def test_energy_adds_up_when_torque_or_power_is_given(
    case: Case, wind: WindSeries, part: float, as_power: bool, start: str
) -> None:
    n = round(DURATION / (case.options["control_period"] or case.options["time_step"]))
    fade = np.where(np.arange(n) < 0.7 * n, part, 0.0)  # the grid goes
    if as_power:
        power = {"power": 0.3 * LOADED[case.name].require("generator.rated_power") * fade}
        run = _run(case, wind, start, **power)
    else:
        run = _run(case, wind, start, torque=RATED[case.name] * fade)
    if run is not None:
        _adds_up(run)


@given(st.integers(2, 4), st.sampled_from(sorted(LOADED)))
@settings(max_examples=5)
def test_energy_of_parts_sums_to_that_of_the_whole(parts: int, name: str) -> None:
    machine = LOADED[name]
    tower = machine.get("tower.modal_mass") is not None
    whole_wind = kaimal(9.0, 1.5, hub_height=90.0, duration=10.0 * parts, time_step=0.01, seed=3)
    whole = turbine.simulate(machine, whole_wind, tower=tower)
    n = whole_wind.wind_speed.size // parts
    start: Any = "steady"
    total, columns = 0.0, []
    for k in range(parts):
        piece = WindSeries(time_step=0.01, wind_speed=whole_wind.wind_speed[k * n : (k + 1) * n])
        run = turbine.simulate(machine, piece, start=start, tower=tower)
        start, total = run.end, total + run.energy.electrical
        columns.append(run["rotor_speed"])
    np.testing.assert_array_equal(np.concatenate(columns), whole["rotor_speed"])
    np.testing.assert_allclose(total, whole.energy.electrical, rtol=1e-12)
