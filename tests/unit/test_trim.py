"""Steady states: a constant wind leaves them where they are, they match ideal operation, and refusals speak."""

from __future__ import annotations

import math

import numpy as np
import pytest

import turbine
from turbine import design
from turbine.control import ControlSettings, controller
from turbine.errors import ParameterError, TrimError
from turbine.model import Model, Options, build
from turbine.simulation import Schedule, simulate_model
from turbine.trim import (
    References,
    advance,
    parked,
    scales,
    state_names,
    state_vector,
    steady_state,
    with_state,
)
from turbine.wind import constant

MACHINES = ["iea_15mw", "iea_3p4mw", "nrel_2p8mw", "nrel_5mw"]
LAWS = ["k_omega_2", "tip_speed_ratio"]
WINDS = [4.0, 8.0, 11.0, 14.0, 24.0]


def _model(name: str, law: str = "k_omega_2", settings: ControlSettings | None = None, **options: object) -> Model:
    machine = turbine.load(name)
    options = {"tower": machine.get("tower.modal_mass") is not None} | options
    return build(machine, settings or controller(machine, torque_law=law), Options(**options))  # type: ignore[arg-type]


def _moves(model: Model, wind: float, references: References, seconds: float = 20.0) -> dict[str, float]:
    """Return the largest relative change of each channel in a constant wind from the steady state on."""
    steady = steady_state(model, wind, references)
    run = simulate_model(
        model,
        constant(wind, duration=seconds, time_step=seconds),
        start=steady.records,
        schedule=Schedule(references={0.0: references}),
    )
    floor = {"pitch_angle": 0.1, "pitch_command": 0.1, "tower_acceleration": 1.0, "tower_side_side": 0.01}
    torque, power = model.control.rated_torque, model.control.rated_power
    floor |= {"generator_torque": torque, "electrical_power": power, "shaft_torque": torque}
    moved = {}
    for name, values in run.columns.items():
        if name not in ("time", "azimuth"):
            size = max(abs(float(values[0])), floor.get(name, 1e-6))
            moved[name] = float(np.abs(values - values[0]).max()) / size
    return moved


@pytest.mark.parametrize("kind", ["free", "limit", "reserve"])
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", MACHINES)
def test_constant_wind_leaves_the_steady_state_where_it_is(name: str, law: str, kind: str) -> None:
    model = _model(name, law)
    references = {
        "free": References(),
        "limit": References(power_limit=0.4 * model.control.rated_power),
        "reserve": References(reserve=0.1),
    }[kind]
    for wind in WINDS:
        moved = _moves(model, wind, references)
        worst = max(moved, key=moved.__getitem__)
        assert moved[worst] < 1e-8, f"{wind:g} m/s: {worst} moves by {moved[worst]:.2g}"


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", ["iea_15mw", "nrel_5mw"])
def test_shear_and_shadow_count_with_their_mean(name: str, law: str) -> None:
    model = _model(name, law, shear_exponent=0.2, tower_shadow=True).steady()
    for wind in (7.0, 12.0, 20.0):
        moved = _moves(model, wind, References())
        assert max(moved.values()) < 1e-8
    mean = 1.0 + float(model.plant.azimuth_factor.mean())
    without = steady_state(_model(name, law), 7.0 * mean).values["electrical_power"]
    assert steady_state(model, 7.0, None).values["electrical_power"] == pytest.approx(without, rel=1e-9)


@pytest.mark.parametrize("constant_power", [False, True])
@pytest.mark.parametrize(
    "options", [{"drive_train": "rigid"}, {"drive_train": "three_mass"}, {"pitch_dynamics": False}]
)
def test_options_leave_the_steady_state_where_it_is(options: dict[str, object], constant_power: bool) -> None:
    machine = turbine.load("nrel_5mw")
    model = _model("nrel_5mw", "", controller(machine, constant_power=constant_power), **options)
    for wind in (8.0, 14.0):
        assert max(_moves(model, wind, References()).values()) < 1e-8


def test_dampers_leave_the_steady_state_where_it_is() -> None:
    machine = turbine.load("nrel_5mw")
    gain, frequency = design.design_drive_train_damper(machine, 0.05)
    settings = controller(machine, drive_train_damper=gain, drive_train_frequency=frequency, tower_damper=0.02)
    model = _model("nrel_5mw", "", settings)
    for wind in (8.0, 14.0):
        assert max(_moves(model, wind, References()).values()) < 1e-8


@pytest.mark.parametrize("name", MACHINES)
def test_steady_state_against_ideal_operation(name: str) -> None:
    model = _model(name)
    rated = model.control.rated_power
    for wind in (14.0, 20.0):
        at, found = design.ideal_operation(model.machine, wind), steady_state(model, wind).values
        assert found["rotor_speed"] == pytest.approx(float(at.rotor_speed[0]), rel=1e-4)
        assert found["pitch_angle"] == pytest.approx(float(at.pitch[0]), abs=2e-3)
        assert found["electrical_power"] == pytest.approx(rated, rel=2e-3)


@pytest.mark.parametrize("name", MACHINES)
def test_steady_losses_add_up(name: str) -> None:
    model = _model(name)
    for wind in (8.0, 16.0):
        v = steady_state(model, wind).values
        eta = model.plant.generator_efficiency * model.plant.gearbox_efficiency
        assert v["electrical_power"] == pytest.approx(eta * v["aero_torque"] * v["rotor_speed"], rel=1e-9)


@pytest.mark.parametrize("name", MACHINES)
def test_reserve_keeps_a_share_of_the_available_power(name: str) -> None:
    model = _model(name, "tip_speed_ratio")
    for wind in (7.0, 8.0, 10.0, 14.0, 20.0):
        free = steady_state(model, wind).values["electrical_power"]
        for share in (0.1, 0.3):
            kept = steady_state(model, wind, References(reserve=share)).values["electrical_power"]
            assert kept == pytest.approx((1.0 - share) * free, rel=0.01)
        held = steady_state(model, wind, References(reserve_power=0.05 * model.control.rated_power))
        assert free - held.values["electrical_power"] == pytest.approx(0.05 * model.control.rated_power, rel=0.1)


def test_reserve_at_the_least_rotor_speed_keeps_its_share() -> None:
    # Below 7 m/s the IEA 15 MW turns faster than its best tip-speed ratio: less is available than Cp_max gives.
    model = _model("iea_15mw")
    free = steady_state(model, 6.0).values["electrical_power"]
    kept = steady_state(model, 6.0, References(reserve=0.2)).values["electrical_power"]
    assert kept == pytest.approx(0.8 * free, rel=0.02)


@pytest.mark.parametrize("name", MACHINES)
def test_reserve_beyond_what_is_available_still_comes_to_rest(name: str) -> None:
    model = _model(name)
    found = steady_state(model, 6.0, References(reserve_power=0.2 * model.control.rated_power))
    assert 0.0 <= found.values["electrical_power"] < 0.1 * model.control.rated_power


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("name", MACHINES)
def test_absolute_limit_is_held(name: str, law: str) -> None:
    model = _model(name, law)
    for wind in (8.0, 12.0, 20.0):
        free = steady_state(model, wind).values["electrical_power"]
        for share in (0.2, 0.7):
            limit = share * model.control.rated_power
            found = steady_state(model, wind, References(power_limit=limit)).values["electrical_power"]
            assert found == pytest.approx(min(limit, free), rel=1e-3)


def test_limit_holds_in_the_run_as_soon_as_torque_may_follow() -> None:
    model = _model("nrel_5mw")
    for wind in (8.0, 14.0):
        limit = 0.3 * model.control.rated_power
        run = simulate_model(
            model,
            constant(wind, duration=120.0, time_step=120.0),
            schedule=Schedule(references={10.0: References(power_limit=limit)}),
        )
        assert run["electrical_power"][run.time > 20.0].max() < 1.01 * limit


def test_state_vector_round_trip_and_names() -> None:
    model = _model("nrel_5mw")
    records = steady_state(model, 9.0).records
    vector = state_vector(records)
    assert len(state_names()) == vector.size == np.unique(state_names()).size
    changed = vector + np.arange(vector.size)
    np.testing.assert_array_equal(state_vector(with_state(records, changed)), changed)
    np.testing.assert_array_equal(state_vector(records), vector)
    before = state_vector(records)
    advance(model, records, 9.0)
    assert np.abs((state_vector(records) - before) / scales(model, before)).max() < 1e-9


def test_parked_machine_stands_still_and_has_its_brake_set() -> None:
    model = _model("nrel_5mw")
    run = simulate_model(
        model,
        constant(15.0, duration=60.0, time_step=60.0),
        start=parked(model, 15.0),
        schedule=Schedule(requests={0.0: "stop"}),
    )
    assert np.abs(run["rotor_speed"]).max() < 1e-6
    assert set(run.modes()) == {"parked"}


@pytest.mark.parametrize("wind", [0.0, -3.0, math.nan, math.inf, 200.0])
def test_wind_speed_that_is_none_is_refused(wind: float) -> None:
    with pytest.raises(TrimError, match=r"wind_speed: found .* expected above 0 and at most 100 m/s"):
        steady_state(_model("nrel_5mw"), wind)


def test_references_out_of_range_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"reserve: found 10, expected at least 0 .* percent"):
        References(reserve=10.0)
    with pytest.raises(ParameterError, match="reserve_power: found -1 W"):
        References(reserve_power=-1.0)
    with pytest.raises(ParameterError, match=r"power_limit: found -5\.0, expected a number of W, 0 or more"):
        References(power_limit=-5.0)
    with pytest.raises(ParameterError, match="power_limit: found nan"):
        References(power_limit=math.nan)
