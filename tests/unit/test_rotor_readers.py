"""ROSCO rotor tables and windIO turbines: round trips, and damage that is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import turbine
from turbine.errors import MachineError
from turbine.readers import read_rosco_surface, read_windio
from turbine.surface import RotorSurface


def _rosco_text(surface: RotorSurface, *, cq_factor: float = 1.0) -> str:
    def row(values: Any) -> str:
        return "   ".join(f"{value:.6f}" for value in values)

    def matrix(values: Any) -> str:
        return "\n".join(row(line) for line in values)

    cq = cq_factor * surface.cp_table.T / surface.tip_speed_ratio[:, None]
    return f"""# ----- Rotor performance tables for the test wind turbine -----
# ------------ Written in a test ------------

# Pitch angle vector, {surface.pitch.size} entries - x axis (matrix columns) (deg)
{row(np.degrees(surface.pitch))}
# TSR vector, {surface.tip_speed_ratio.size} entries - y axis (matrix rows) (-)
{row(surface.tip_speed_ratio)}
# Wind speed vector - z axis (m/s)
9.8

# Power coefficient

{matrix(surface.cp_table.T)}


#  Thrust coefficient

{matrix(surface.ct_table.T)}


# Torque coefficient

{matrix(cq)}

"""


@pytest.fixture(scope="module")
def surface() -> RotorSurface:
    return turbine.load("iea_3p4mw").require_surface()


def _write(folder: Path, text: str, name: str = "Cp_Ct_Cq.Test.txt") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_rosco_round_trip(tmp_path: Path, surface: RotorSurface) -> None:
    found = read_rosco_surface(_write(tmp_path, _rosco_text(surface)))
    np.testing.assert_allclose(found.pitch, surface.pitch, rtol=0, atol=1e-8)
    np.testing.assert_allclose(found.tip_speed_ratio, surface.tip_speed_ratio, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found.cp_table, surface.cp_table)  # six digits in both
    np.testing.assert_array_equal(found.ct_table, surface.ct_table)
    assert found.source == "Cp_Ct_Cq.Test.txt"


def test_rosco_in_radians_without_torque_and_bilinear(tmp_path: Path, surface: RotorSurface) -> None:
    text = _rosco_text(surface)
    degrees = text.splitlines()[4]
    radians = "  ".join(f"{np.radians(float(v)):.9f}" for v in degrees.split())
    text = text.replace(degrees, radians).replace("(deg)", "(rad)").partition("# Torque")[0]
    found = read_rosco_surface(_write(tmp_path, text), interpolation="bilinear")
    np.testing.assert_allclose(found.pitch, surface.pitch, rtol=0, atol=1e-8)
    assert found.interpolation == "bilinear"


def test_rosco_torque_of_a_coned_radius_is_accepted(tmp_path: Path, surface: RotorSurface) -> None:
    read_rosco_surface(_write(tmp_path, _rosco_text(surface, cq_factor=1.004)))


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("# TSR vector", "# Tip vector", ("numbers",)),
        ("# Power coefficient", "# Power", ()),
        ("# Wind speed vector", "# TSR vector", ("line 8", "second section")),
        ("-5.000000   -3.158000", "-5.000000   x", ("line 5", "expected numbers")),
        ("-5.000000   -3.158000", "-3.158000", ("cp: row 1 has 20 numbers", "of 19")),
        ("-5.000000   -3.158000", "-5.000000   -6.000000", ("pitch must ascend", "-6 deg after -5 deg")),
        ("0.002520", "nan", ("hole at pitch -5 deg, tip-speed ratio 2",)),
    ],
)
def test_rosco_damage_is_told(
    tmp_path: Path, surface: RotorSurface, old: str, new: str, parts: tuple[str, ...]
) -> None:
    text = _rosco_text(surface)
    assert old in text
    with pytest.raises(MachineError) as caught:
        read_rosco_surface(_write(tmp_path, text.replace(old, new, 1)))
    assert "Cp_Ct_Cq.Test.txt" in str(caught.value)
    for part in parts:
        assert part in str(caught.value)


def test_rosco_missing_section_and_foreign_torque_are_told(tmp_path: Path, surface: RotorSurface) -> None:
    text = _rosco_text(surface)
    with pytest.raises(MachineError, match='no section "thrust coefficient"'):
        read_rosco_surface(_write(tmp_path, text[: text.index("#  Thrust")]))
    with pytest.raises(MachineError, match=r"expected cp / tsr = .* within 2 %"):
        read_rosco_surface(_write(tmp_path, _rosco_text(surface, cq_factor=1.1)))
    with pytest.raises(MachineError, match="no section"):
        read_rosco_surface(_write(tmp_path, ""))
    with pytest.raises(MachineError, match=r"none\.txt: cannot be read: No such file"):
        read_rosco_surface(tmp_path / "none.txt")


PLANT = """
name: Plant 3 MW
hub_height: 90.0
rotor_diameter: 100.0
performance:
  rated_power: 3.0e+6
  rated_wind_speed: 11.5
  cutin_wind_speed: 3.0
  cutout_wind_speed: 25.0
  power_curve:
    power_values: [0.0, 1.0e+6, 3.0e+6, 3e6]
    power_wind_speeds: [3.0, 8.0, 12.0, 25.0]
  Ct_curve:
    Ct_values: [0.9, 0.8, 0.1]
    Ct_wind_speeds: [3.0, 10.0, 25.0]
"""


def test_windio_plant_turbine(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    machine = read_windio(_write(tmp_path, PLANT, "plant.yaml"))
    assert (machine.name, machine.title) == ("plant", "Plant 3 MW")
    assert machine.require("rotor.radius") == 50.0
    assert machine.require("generator.rated_power") == 3e6
    assert machine.require("operation.cut_out_wind_speed") == 25.0
    curve = machine.power_curve
    assert curve is not None
    assert curve.power.tolist() == [0.0, 1e6, 3e6, 3e6]
    assert curve.ct is not None
    assert curve.ct == pytest.approx([0.9, 0.8 + 2 * 0.1 / 7, 0.8 - 2 * 0.7 / 15, 0.1])
    assert machine.provenance["rotor.radius"].as_found == "rotor_diameter: 100.0"
    with pytest.raises(MachineError, match=r"no value for rotor\.inertia"):
        machine.require("rotor.inertia")


def test_windio_cp_curve_becomes_power(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    text = PLANT.replace("power_curve", "Cp_curve").replace(
        "power_values: [0.0, 1.0e+6, 3.0e+6, 3e6]", "Cp_values: [0.1, 0.4, 0.3, 0.03]"
    )
    machine = read_windio(
        _write(tmp_path, text.replace("power_wind_speeds", "Cp_wind_speeds"), "cp.yaml"), air_density=1.0
    )
    assert machine.power_curve is not None
    assert machine.power_curve.power[1] == pytest.approx(0.5 * np.pi * 50.0**2 * 8.0**3 * 0.4)
    assert "1 kg/m3" in machine.power_curve.source


def test_windio_ontology(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    text = """
name: Ontology
assembly: {rotor_diameter: 240.0, hub_height: 150.0, number_of_blades: 3, rated_power: 15.0e+6}
components: {blade: {}}
control:
  supervisory: {Vin: 3.0, Vout: 25.0}
  pitch: {min_pitch: 0.0, max_pitch: 1.57, max_pitch_rate: 0.0349}
  torque: {tsr: 9.0, VS_minspd: 0.5236, VS_maxspd: 0.7917, max_torque_rate: 4.5e+6}
"""
    machine = read_windio(_write(tmp_path, text, "o.yaml"))
    for key, value in {
        "rotor.radius": 120.0,
        "rotor.blade_count": 3.0,
        "tower.hub_height": 150.0,
        "generator.rated_power": 15e6,
        "generator.max_torque_rate": 4.5e6,
        "operation.cut_in_wind_speed": 3.0,
        "operation.cut_out_wind_speed": 25.0,
        "operation.optimal_tip_speed_ratio": 9.0,
        "operation.min_rotor_speed": 0.5236,
        "pitch_actuator.min_angle": 0.0,
        "pitch_actuator.max_angle": 1.57,
    }.items():
        assert machine.require(key) == value, key
    assert machine.require("operation.rated_rotor_speed") == 0.7917
    assert machine.require("pitch_actuator.max_rate") == 0.0349
    assert machine.power_curve is None


@pytest.mark.parametrize(
    ("old", "new", "parts"),
    [
        ("rotor_diameter: 100.0", "diameter: 100.0", ("no rotor_diameter",)),
        ("rotor_diameter: 100.0", "rotor_diameter: wide", ("rotor_diameter is 'wide'",)),
        ("rotor_diameter: 100.0", "rotor_diameter: -100.0", ("rotor.radius", "-50 m")),
        ("power_wind_speeds: [3.0, 8.0, 12.0, 25.0]", "power_wind_speeds: [3.0, 8.0]", ("2 wind speeds and 4 values",)),
        ("power_wind_speeds: [3.0, 8.0, 12.0, 25.0]", "power_wind_speeds: [3.0, 8.0, 7.0, 25.0]", ("row 2 is 7 m/s",)),
        ("power_wind_speeds: [3.0, 8.0, 12.0, 25.0]", "x: []", ("power_wind_speeds", "list of numbers")),
        ("[3.0, 10.0, 25.0]", "[3.0, 10.0, 20.0]", ("Ct_curve covers 3 to 20 m/s", "25 m/s")),
        ("name: Plant 3 MW", "name: !!python/object/apply:os.getcwd []", ("not plain YAML",)),
        ("name: Plant 3 MW", "name: [", ("not plain YAML",)),
        ("name: Plant 3 MW", "blade: !include blade.yaml", ("not plain YAML",)),
    ],
)
def test_windio_damage_is_told(tmp_path: Path, old: str, new: str, parts: tuple[str, ...]) -> None:
    pytest.importorskip("yaml")
    assert old in PLANT
    with pytest.raises(MachineError) as caught:
        read_windio(_write(tmp_path, PLANT.replace(old, new, 1), "plant.yaml"))
    assert str(caught.value).startswith("plant.yaml")
    for part in parts:
        assert part in str(caught.value)


def test_windio_that_is_no_mapping_is_told(tmp_path: Path) -> None:
    pytest.importorskip("yaml")
    with pytest.raises(MachineError, match="expected a mapping"):
        read_windio(_write(tmp_path, "- 1\n- 2\n", "list.yaml"))
