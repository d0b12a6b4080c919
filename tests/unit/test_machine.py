"""Machines as data: ranges, what is missing, copies with other values."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from turbine.errors import MachineError
from turbine.machine import Machine, Provenance
from turbine.machine_parts import GROUPS, Controller, DriveTrain, Generator, Operation, Rotor, Tower, known_keys
from turbine.power_curve import PowerCurve

BARE = Machine(name="bare")


@pytest.mark.parametrize(
    ("kind", "values", "parts"),
    [
        (Rotor, {"inertia": -1.0}, ("rotor.inertia", "-1 kg m2", "above 0")),
        (Rotor, {"inertia": 0.0}, ("rotor.inertia", "above 0")),
        (Rotor, {"radius": float("nan")}, ("rotor.radius", "nan")),
        (Rotor, {"radius": float("inf")}, ("rotor.radius", "inf")),
        (Rotor, {"radius": 6300.0}, ("rotor.radius", "6300 m", "at most 200 m")),
        (Rotor, {"radius": "63"}, ("rotor.radius", "'63'", "number [m]")),
        (Rotor, {"radius": True}, ("rotor.radius", "True")),
        (Rotor, {"radius": [63.0]}, ("rotor.radius", "one number", "[63.0]")),
        (Rotor, {"tilt": 5.0}, ("rotor.tilt", "5 rad", "degrees")),
        (DriveTrain, {"gear_ratio": 0.5}, ("drive_train.gear_ratio", "0.5", "at least 1")),
        (DriveTrain, {"shaft_stiffness": -8e8}, ("drive_train.shaft_stiffness", "-8e+08 N m/rad")),
        (Generator, {"inertia": -534.0}, ("generator.inertia", "-534 kg m2", "above 0")),
        (Generator, {"efficiency": 94.4}, ("generator.efficiency", "94.4", "percent")),
        (Tower, {"fore_aft_damping": 1.5}, ("tower.fore_aft_damping", "1.5", "percent")),
        (Operation, {"rated_rotor_speed": 121.0}, ("operation.rated_rotor_speed", "121 rad/s", "rpm")),
        (Controller, {"pitch_schedule": 0.1}, ("controller.pitch_schedule", "list of numbers", "0.1")),
        (Controller, {"pitch_schedule": [0.1, 0.1]}, ("controller.pitch_schedule", "row 1")),
        (
            Controller,
            {"pitch_schedule": [0.1, 0.2], "pitch_integral": [1.0]},
            ("controller.pitch_integral", "1 values", "expected 2"),
        ),
        (Tower, {"top_diameter": 3870.0}, ("tower.top_diameter", "3870 m", "at most 30 m")),
        (Controller, {"pitch_switch": 1.0}, ("controller.pitch_switch", "1 rad", "degrees")),
        (Controller, {"smoothing_filter_frequency": 0.0}, ("controller.smoothing_filter_frequency", "above 0 rad/s")),
        (Controller, {"minimum_pitch_wind_speed": [4.0, 3.0]}, ("minimum_pitch_wind_speed", "row 1 is 3 m/s")),
        (
            Controller,
            {"minimum_pitch_wind_speed": [3.0, 4.0], "minimum_pitch": [0.1]},
            ("controller.minimum_pitch:", "1 values", "expected 2 as controller.minimum_pitch_wind_speed"),
        ),
        (Controller, {"minimum_pitch": [3.0]}, ("controller.minimum_pitch:", "3 rad", "degrees")),
        (Controller, {"estimator_wind_speed": [3.0, 3.0]}, ("estimator_wind_speed", "row 1 is 3 m/s")),
        (
            Controller,
            {"estimator_wind_speed": [3.0], "estimator_pole": [-0.1, -0.2]},
            ("controller.estimator_pole", "2 values", "expected 1 as controller.estimator_wind_speed"),
        ),
    ],
)
def test_bad_values_are_refused_by_name_value_and_range(
    kind: type[Any], values: dict[str, Any], parts: tuple[str, ...]
) -> None:
    with pytest.raises(MachineError) as caught:
        kind(**values)
    for part in parts:
        assert part in str(caught.value)


@pytest.mark.parametrize("key", sorted(known_keys()))
def test_every_key_is_absent_until_given_and_says_so(key: str) -> None:
    with pytest.raises(MachineError) as caught:
        BARE.require_series(key)
    unit = known_keys()[key]["unit"]
    assert f'machine "bare" has no value for {key} [{unit}]' in str(caught.value)
    assert "with_values" in str(caught.value)


def test_every_key_has_a_unit_and_a_meaning() -> None:
    for group, kind in GROUPS.items():
        assert group == kind().KEY
        for spec in dataclasses.fields(kind):
            assert spec.metadata["unit"], spec.name
            assert spec.default is None


def test_the_reason_for_a_missing_value_is_told() -> None:
    machine = Machine(name="m", missing={"rotor.inertia": "the maker is silent", "surface": "none published"})
    with pytest.raises(MachineError, match=r"rotor\.inertia \[kg m2\]: the maker is silent;"):
        machine.require("rotor.inertia")
    with pytest.raises(MachineError, match=r"no rotor surface \(none published\)"):
        machine.require_surface()


def test_unknown_keys_name_the_nearest() -> None:
    with pytest.raises(MachineError, match=r'unknown key "rotor\.inertai" \(did you mean "rotor\.inertia"'):
        BARE.require("rotor.inertai")


def test_lists_are_asked_for_as_lists() -> None:
    machine = Machine(name="m", controller=Controller(pitch_schedule=(0.0, 0.1)))
    assert machine.require_series("controller.pitch_schedule") == (0.0, 0.1)
    with pytest.raises(MachineError, match="holds 2 values"):
        machine.get("controller.pitch_schedule")


def test_a_copy_with_other_values_leaves_the_first_alone() -> None:
    first = Machine(name="m", rotor=Rotor(radius=40.0), missing={"rotor.inertia": "unknown"})
    second = first.with_values({"rotor.inertia": 3e6, "generator.inertia": 100.0})
    assert (first.get("rotor.inertia"), second.require("rotor.inertia")) == (None, 3e6)
    assert second.require("rotor.radius") == 40.0
    assert second.provenance["rotor.inertia"].status == "user"
    assert "rotor.inertia" not in second.missing
    with pytest.raises(MachineError, match=r"rotor\.inertia: found -3e\+06"):
        first.with_values({"rotor.inertia": -3e6})


def test_a_value_that_is_dropped_is_unknown_and_has_no_source() -> None:
    first = Machine(name="m", missing={"rotor.inertia": "the maker is silent"}).with_values({"rotor.radius": 40.0})
    second = first.with_values({"rotor.radius": None, "rotor.inertia": None})
    assert (first.get("rotor.radius"), second.get("rotor.radius")) == (40.0, None)
    assert not second.provenance
    assert second.missing == {"rotor.inertia": "the maker is silent"}  # it was unknown before


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rotor.radius": 40.0, "rotor.hub_radius": 19.0}, None),
        ({"rotor.radius": 10.0, "rotor.hub_radius": 19.0}, "rotor.hub_radius is 19, expected at most rotor.radius"),
        (
            {"operation.min_rotor_speed": 2.0, "operation.rated_rotor_speed": 1.0},
            "operation.min_rotor_speed is 2, expected at most",
        ),
        (
            {"operation.rated_wind_speed": 12.0, "operation.cut_out_wind_speed": 11.0},
            "operation.rated_wind_speed is 12, expected at most",
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused(values: dict[str, float], words: str | None) -> None:
    if words is None:
        assert BARE.with_values(values).get("rotor.radius") == 40.0
    else:
        with pytest.raises(MachineError, match=words):
            BARE.with_values(values)


def test_machines_cannot_be_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        BARE.rotor.radius = 5.0  # type: ignore[misc]
    with pytest.raises(TypeError):
        BARE.provenance["rotor.radius"] = Provenance("x", "read")  # type: ignore[index]


def test_machines_compare_by_value() -> None:
    assert Machine(name="m", rotor=Rotor(radius=40)) == Machine(name="m", rotor=Rotor(radius=40.0))
    assert Machine(name="m", rotor=Rotor(radius=40)) != Machine(name="m", rotor=Rotor(radius=41))


def test_status_is_one_of_the_known() -> None:
    with pytest.raises(MachineError, match="status 'recaled' \\(did you mean \"recalled\""):
        Provenance("x", "recaled")


@pytest.mark.parametrize(
    ("wind", "power", "ct", "words"),
    [
        ([3, 5, 4], [0, 1, 2], None, "wind_speed: row 2 is 4 m/s after 5"),
        ([3, 4, 5], [0, 1], None, "power has 2 values, expected 3"),
        ([3, 4, 5], [0, np.nan, 1], None, "power: row 1 is nan"),
        ([3, 4, 5], [0, 1, 2], [1.0], "ct has 1 values"),
        ([-3, 4, 5], [0, 1, 2], None, "wind_speed: row 0 is -3"),
    ],
)
def test_bad_power_curves_are_refused(wind: Any, power: Any, ct: Any, words: str) -> None:
    with pytest.raises(MachineError, match=words):
        PowerCurve(wind, power, ct)
