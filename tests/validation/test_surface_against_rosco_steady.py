"""Torque and thrust from the surfaces against steady states that ROSCO's plant reached on the same tables."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

import turbine
from turbine.rotor import rotor_state

DATA = Path(__file__).parent / "data" / "turbine" / "surface"
RPM = np.pi / 30.0


def _columns(name: str) -> dict[str, npt.NDArray[np.float64]]:
    lines = [line for line in (DATA / name).read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    return {key: np.array([float(row[key]) for row in rows]) for key in rows[0]}


@pytest.mark.parametrize(("name", "file"), [("nrel_5mw", "nrel5"), ("iea_15mw", "iea15")])
def test_power_and_thrust_against_rosco_komega2(name: str, file: str) -> None:
    machine = turbine.load(name)
    steady = _columns(f"rosco_steady_{file}_komega2.csv")
    state = rotor_state(
        machine.require_surface(),
        pitch=np.radians(steady["pitch_deg"]),
        rotor_speed=steady["rotor_speed_rpm"] * RPM,
        wind_speed=steady["wind_m_s"],
        radius=machine.require("rotor.radius"),
    )
    efficiency = machine.require("generator.efficiency") * machine.require("drive_train.gearbox_efficiency")
    np.testing.assert_allclose(state.tip_speed_ratio, steady["tsr"], rtol=1e-6)
    # The levels below 8 m/s have not settled fully within their 100 s: 0.064 % at 5 m/s on the IEA 15 MW.
    settled = steady["wind_m_s"] >= 8.0
    electrical = state.power * efficiency / 1e3
    np.testing.assert_allclose(electrical, steady["gen_power_kw"], rtol=1e-3)
    np.testing.assert_allclose(electrical[settled], steady["gen_power_kw"][settled], rtol=2e-5)
    np.testing.assert_allclose(state.thrust / 1e3, steady["thrust_kn_from_ct_table"], rtol=2e-6)


def test_bilinear_misses_rosco_above_rated_by_what_its_cells_bend() -> None:
    """The plant of the reference is bicubic; a bilinear surface is up to 5 % off between grid points, not more."""
    machine = turbine.load("nrel_5mw", interpolation="bilinear")
    steady = _columns("rosco_steady_nrel5_komega2.csv")
    state = rotor_state(
        machine.require_surface(),
        pitch=np.radians(steady["pitch_deg"]),
        rotor_speed=steady["rotor_speed_rpm"] * RPM,
        wind_speed=steady["wind_m_s"],
        radius=machine.require("rotor.radius"),
    )
    gap = state.power * machine.require("generator.efficiency") / 1e3 / steady["gen_power_kw"] - 1.0
    assert 0.01 < np.abs(gap).max() < 0.05


def test_power_and_thrust_against_ccblade_of_the_iea_3p4() -> None:
    """Table and steady states are two runs of CCBlade, 1 % apart at constant tip-speed ratio."""
    machine = turbine.load("iea_3p4mw")
    steady = _columns("steady_iea3p4_130_ccblade.csv")
    partial = (steady["wind_speed_m_s"] > 5.0) & (steady["wind_speed_m_s"] < 9.0)
    state = rotor_state(
        machine.require_surface(),
        pitch=np.radians(steady["pitch_deg"][partial]),
        rotor_speed=steady["rotor_speed_rpm"][partial] * RPM,
        wind_speed=steady["wind_speed_m_s"][partial],
        radius=machine.require("rotor.radius"),
    )
    assert partial.sum() > 5
    np.testing.assert_allclose(state.power, steady["power_aero_w"][partial], rtol=0.01)
    np.testing.assert_allclose(state.thrust, steady["thrust_n"][partial], rtol=0.01)
