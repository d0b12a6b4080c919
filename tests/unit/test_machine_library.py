"""The shipped machines, and machine files of one's own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import turbine
from turbine.errors import MachineError
from turbine.library import FOLDER, UNITS, read_surface
from turbine.machine_parts import known_keys

NAMES = ("iea_15mw", "iea_3p4mw", "nrel_2p8mw", "nrel_5mw", "senvion_mm82", "senvion_mm92")
WITH_SURFACE = NAMES[:4]


def test_names_are_the_six_machines() -> None:
    assert turbine.names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_value_says_where_it_comes_from(name: str) -> None:
    machine = turbine.load(name)
    assert machine.name == name
    given = [key for key in known_keys() if machine.provenance.get(key)]
    assert len(given) == len(machine.provenance) > 10
    for key, origin in machine.provenance.items():
        assert origin.source, key
        assert origin.status in ("read", "derived", "recalled"), key
        if origin.status == "derived" and not origin.note:
            assert key in ("rotor.radius", "rotor.inertia", "operation.fine_pitch"), f"{key}: derived, but not how"


@pytest.mark.parametrize("name", WITH_SURFACE)
def test_reference_machines_have_what_a_simulation_needs(name: str) -> None:
    machine = turbine.load(name)
    for key in (
        "rotor.radius",
        "rotor.inertia",
        "drive_train.gear_ratio",
        "drive_train.shaft_stiffness",
        "generator.inertia",
        "generator.efficiency",
        "generator.rated_power",
        "generator.rated_torque",
        "operation.rated_rotor_speed",
        "operation.min_rotor_speed",
        "operation.optimal_tip_speed_ratio",
        "controller.torque_gain",
        "pitch_actuator.max_rate",
    ):
        assert np.isfinite(machine.require(key)), key
    assert machine.require_surface().optimum().cp > 0.46


@pytest.mark.parametrize("name", WITH_SURFACE)
def test_rated_torque_speed_and_efficiency_give_rated_power(name: str) -> None:
    machine = turbine.load(name)
    speed = machine.require("operation.rated_rotor_speed") * machine.require("drive_train.gear_ratio")
    power = machine.require("generator.rated_torque") * speed * machine.require("generator.efficiency")
    assert power == pytest.approx(machine.require("generator.rated_power"), rel=2e-5)


def test_traps_of_the_sources_are_avoided() -> None:
    nrel, small = turbine.load("nrel_5mw"), turbine.load("nrel_2p8mw")
    assert nrel.require("tower.fore_aft_frequency_hz") == pytest.approx(0.3242, abs=1e-3)  # not 0.45 rad/s
    assert nrel.require("tower.fore_aft_damping") < 0.5 * nrel.require("tower.deck_damping")
    slow_side = small.require("generator.inertia") * small.require("drive_train.gear_ratio") ** 2
    assert slow_side < 0.3 * small.require("rotor.inertia")
    assert small.provenance["generator.inertia"].status == "derived"
    assert 2.0 * turbine.load("senvion_mm92").require("rotor.radius") == 92.5


def test_known_free_free_frequencies_follow() -> None:
    """Rigid two-mass values of the same data: 2.2229, 31.10 and 1.1988 Hz; with the blades 1.70 Hz."""

    def hertz(name: str, stiffness: str) -> float:
        machine = turbine.load(name)
        rotor = machine.require("rotor.inertia")
        generator = machine.require("generator.inertia") * machine.require("drive_train.gear_ratio") ** 2
        return float(np.sqrt(machine.require(stiffness) * (1.0 / rotor + 1.0 / generator)) / (2.0 * np.pi))

    assert hertz("nrel_5mw", "drive_train.shaft_stiffness") == pytest.approx(2.22293, rel=1e-5)
    assert hertz("iea_15mw", "drive_train.shaft_stiffness") == pytest.approx(31.1032, rel=1e-5)
    assert hertz("iea_3p4mw", "drive_train.shaft_stiffness") == pytest.approx(1.19882, rel=1e-5)
    assert hertz("nrel_5mw", "drive_train.effective_shaft_stiffness") == pytest.approx(1.698, abs=0.005)


@pytest.mark.parametrize("name", ["nrel_5mw", "iea_15mw"])
def test_minimum_pitch_holds_four_fifths_of_the_thrust_without_it(name: str) -> None:
    """Thrust from the surface along the schedule against the peak at rated wind speed and fine pitch."""
    machine = turbine.load(name)
    wind = np.array(machine.require_series("controller.minimum_pitch_wind_speed"))
    pitch = np.array(machine.require_series("controller.minimum_pitch"))
    tip = machine.require("operation.rated_rotor_speed") * machine.require("rotor.radius")
    ratio = np.minimum(machine.require("operation.optimal_tip_speed_ratio"), tip / wind)
    thrust = wind**2 * machine.require_surface().ct(pitch, ratio)
    free = wind**2 * machine.require_surface().ct(0.0, ratio)
    limit = 0.8 * np.interp(machine.require("operation.rated_wind_speed"), wind, free)
    held = (wind > 9.0) & (pitch > 0.0)
    assert held.sum() > 30
    assert thrust[held] == pytest.approx(limit, rel=2e-3)
    assert thrust.max() <= 1.002 * limit


@pytest.mark.parametrize("name", ["nrel_5mw", "iea_15mw"])
def test_estimator_poles_are_the_slope_of_torque_over_inertia(name: str) -> None:
    """Below rated wind speed dQ/dw / J = rho/2 pi R^4 V / J d(Cp/lambda)/dlambda, from the surface, to 1 %."""
    machine = turbine.load(name)
    wind = np.array(machine.require_series("controller.estimator_wind_speed"))
    pole = np.array(machine.require_series("controller.estimator_pole"))
    surface, at = machine.require_surface(), machine.require("operation.optimal_tip_speed_ratio")
    slope = np.diff(surface.cp(0.0, np.array([at - 1e-3, at + 1e-3])) / [at - 1e-3, at + 1e-3])[0] / 2e-3
    gear = machine.require("drive_train.gear_ratio")
    inertia = machine.require("rotor.inertia") + gear**2 * machine.require("generator.inertia")
    below = wind < 10.0
    expected = 0.5 * 1.225 * np.pi * machine.require("rotor.radius") ** 4 * wind * slope / inertia
    assert pole[below] == pytest.approx(expected[below], rel=0.01)
    with pytest.raises(MachineError, match="poles were computed with a generator inertia ten times too large"):
        turbine.load("nrel_2p8mw").require_series("controller.estimator_pole")


def test_towers_taper() -> None:
    for name in WITH_SURFACE:
        machine = turbine.load(name)
        assert machine.require("tower.base_diameter") > machine.require("tower.top_diameter"), name
        assert -machine.require("rotor.overhang") > 0.5 * machine.require("tower.base_diameter"), name


def test_hub_heights_follow_from_the_geometry() -> None:
    assert turbine.load("nrel_5mw").require("tower.hub_height") == pytest.approx(90.0, abs=0.01)
    assert turbine.load("iea_15mw").require("tower.hub_height") == pytest.approx(150.0, abs=0.01)


def test_what_is_unknown_says_which_and_why() -> None:
    machine = turbine.load("senvion_mm82")
    with pytest.raises(
        MachineError, match=r'"senvion_mm82" has no value for rotor\.inertia \[kg m2\]: no published value'
    ):
        machine.require("rotor.inertia")
    with pytest.raises(MachineError, match='"senvion_mm82" has no rotor surface'):
        machine.require_surface()
    assert machine.power_curve is not None
    assert machine.power_curve.power.max() == pytest.approx(2.05e6, rel=0.01)
    assert machine.power_curve.ct is not None


def test_unknown_names_tell_the_nearest() -> None:
    with pytest.raises(
        MachineError, match=r'unknown machine "iea_15" \(did you mean "iea_15mw"\?\); known: iea_15mw, '
    ):
        turbine.load("iea_15")


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_interpolation_can_be_chosen(interpolation: str) -> None:
    machine = turbine.load("nrel_5mw", interpolation=interpolation)  # type: ignore[arg-type]
    assert machine.require_surface().interpolation == interpolation


def test_importing_turbine_loads_no_numpy() -> None:
    code = "import sys, turbine; sys.exit(bool({'numpy', 'scipy', 'yaml', 'numba'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SURFACE = "pitch_deg,tsr,cp,ct\n" + "".join(f"{p},{t},0.4,0.7\n" for p in (0, 5, 10, 15) for t in (2, 5, 8, 11))
OWN = """
name = "mine"
surface = "s.csv"
[sources]
A = "a data sheet"
[rotor]
radius = 50
inertia = { value = 9.1, unit = "kg m2", source = "A", status = "read", note = "small" }
tilt = { value = -5.0, unit = "deg" }
[generator]
rated_power = { value = 2.3, unit = "MW" }
efficiency = { value = 95.0, unit = "%" }
[operation]
rated_rotor_speed = { value = 14.0, unit = "rpm" }
[controller]
pitch_schedule = { value = [0.0, 9.0], unit = "deg" }
[tower]
fore_aft_frequency_hz = { value = 2.0, unit = "rad/s" }
"""


def _own(folder: Path, text: str, surface: str = SURFACE) -> Path:
    (folder / "s.csv").write_text(surface, encoding="utf-8")
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_machine_of_ones_own_with_units_of_ones_own(tmp_path: Path) -> None:
    machine = turbine.load(_own(tmp_path, OWN))
    assert (machine.name, machine.title) == ("mine", "mine")
    assert machine.require("rotor.radius") == 50.0
    assert machine.require("rotor.tilt") == pytest.approx(np.radians(-5.0))
    assert machine.require("generator.rated_power") == 2.3e6
    assert machine.require("generator.efficiency") == pytest.approx(0.95)
    assert machine.require("operation.rated_rotor_speed") == pytest.approx(14.0 * np.pi / 30.0)
    assert machine.require("tower.fore_aft_frequency_hz") == pytest.approx(1.0 / np.pi)
    assert machine.require_series("controller.pitch_schedule") == pytest.approx((0.0, np.pi / 20.0))
    origin = machine.provenance["rotor.inertia"]
    assert (origin.source, origin.status, origin.note, origin.as_found) == (
        "a data sheet",
        "read",
        "small",
        "9.1 kg m2",
    )
    assert machine.provenance["rotor.radius"].status == "user"
    assert machine.require_surface().cp_table.shape == (4, 4)


@pytest.mark.parametrize(
    ("key", "given", "unit", "expected"),
    [
        ("rotor.tilt", 9.0, "deg", np.pi / 20.0),
        ("pitch_actuator.max_rate", 9.0, "deg/s", np.pi / 20.0),
        ("operation.rated_rotor_speed", 30.0, "rpm", np.pi),
        ("rotor.edge_frequency", 0.5, "Hz", np.pi),
        ("tower.side_side_frequency_hz", np.pi, "rad/s", 0.5),
        ("generator.efficiency", 95.0, "%", 0.95),
        ("generator.rated_power", 2050.0, "kW", 2.05e6),
        ("generator.rated_power", 2.05, "MW", 2.05e6),
        ("generator.rated_torque", 43.0, "kN m", 43e3),
        ("tower.nacelle_mass", 240.0, "t", 240e3),
    ],
)
def test_each_unit_by_hand(tmp_path: Path, key: str, given: float, unit: str, expected: float) -> None:
    group, _, name = key.partition(".")
    machine = turbine.load(_own(tmp_path, f'[{group}]\n{name} = {{ value = {given!r}, unit = "{unit}" }}'))
    assert machine.require(key) == pytest.approx(expected, rel=1e-12)


def test_units_lead_to_units_of_fields() -> None:
    fields = {limits["unit"] for limits in known_keys().values()}
    assert {there for _, there in UNITS} <= fields


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[rotr]\nradius = 1", ('unknown key "rotr"', 'did you mean "rotor"')),
        ("[rotor]\nradus = 1", ('unknown key "rotor.radus"', 'did you mean "radius"')),
        ("[rotor]\nradius = { valu = 1 }", ('unknown key "rotor.radius.valu"', 'did you mean "value"')),
        ("[rotor]\nradius = { unit = 'm' }", ('"rotor.radius"', '"value" is missing')),
        ("[rotor]\nradius = { value = 1, unit = 'ft' }", ('"rotor.radius"', "unit 'ft'", "expected 'm'")),
        ("[rotor]\nradius = { value = 'x', unit = 'm' }", ("rotor.radius", "'x'")),
        ("[rotor]\ntilt = { value = 'x', unit = 'deg' }", ("rotor.tilt", "'x'")),
        ("[rotor]\ninertia = { value = 1, status = 'red' }", ("rotor.inertia", "status 'red'", "read")),
        ("[rotor]\ninertia = -5.0", ("rotor.inertia", "-5 kg m2", "above 0")),
        ("rotor = 5", ('"rotor"', "expected a table")),
        ("name = 5", ('"name"', "expected a text")),
        ("surface = 'other.csv'", ("other.csv", "cannot be read")),
        ("[missing]\n'rotor.inertai' = 'x'", ("rotor.inertai", 'did you mean "rotor.inertia"')),
        ("[missing]\n'rotor.inertia' = 5", ('"missing"', "texts")),
        ("= 5", ("not valid TOML",)),
    ],
)
def test_bad_machine_files_are_refused(tmp_path: Path, text: str, parts: tuple[str, ...]) -> None:
    with pytest.raises(MachineError) as caught:
        turbine.load(_own(tmp_path, text))
    assert "mine.toml" in str(caught.value) or "other.csv" in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def test_absent_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(MachineError, match=r"none\.toml: cannot be read: No such file"):
        turbine.load(tmp_path / "none.toml")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (SURFACE.replace("5,8,0.4,0.7\n", "", 1), ("cp has a hole at pitch 5 deg, tip-speed ratio 8",)),
        (SURFACE.replace("5,8,0.4,0.7\n", "5,8,,0.7\n", 1), ("cp has a hole at pitch 5 deg, tip-speed ratio 8",)),
        (SURFACE.replace("0,2,0.4", "0,2,O.4", 1), ("line 2", "cp is 'O.4'")),
        (SURFACE + "15,11,0.4,0.7\n", ("lines 17 and 18", "same pitch and tip-speed ratio")),
        (SURFACE.replace("0,2,0.4,0.7", "0,2,0.4", 1), ("line 2", "3 fields", "expected 4")),
        (SURFACE.replace("tsr", "lambda"), ("expected columns pitch_deg, tsr, cp, ct", "lambda")),
        ("", ("expected columns", "found nothing")),
    ],
)
def test_bad_surface_files_are_refused(tmp_path: Path, text: str, parts: tuple[str, ...]) -> None:
    path = tmp_path / "s.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(MachineError) as caught:
        read_surface(path)
    assert str(caught.value).startswith("s.csv")
    for part in parts:
        assert part in str(caught.value)


def test_rows_of_a_surface_come_in_any_order(tmp_path: Path) -> None:
    shipped = (FOLDER / "iea_3p4mw_surface.csv").read_text(encoding="utf-8").splitlines()
    head = [line for line in shipped if line.startswith("#") or line.startswith("pitch")]
    rows = [line for line in shipped if line not in head]
    path = tmp_path / "s.csv"
    path.write_text("\n".join(head + rows[::-1]), encoding="utf-8")
    turned, straight = read_surface(path), read_surface(FOLDER / "iea_3p4mw_surface.csv")
    np.testing.assert_array_equal(turned.cp_table, straight.cp_table)
    np.testing.assert_array_equal(turned.ct_table, straight.ct_table)
    assert turned.source == straight.source != ""
