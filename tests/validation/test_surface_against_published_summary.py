"""The shipped surfaces and their optimum against the published tables' highest figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import turbine

SUMMARY: dict[str, Any] = json.loads(
    (Path(__file__).parent / "data" / "turbine" / "surface" / "cp_summary.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", sorted(SUMMARY))
def test_tables_are_the_published_ones(name: str) -> None:
    surface, published = turbine.load(name).require_surface(), SUMMARY[name]
    assert surface.cp_table.shape == (published["n_pitch"], published["n_tsr"])
    assert np.degrees(surface.pitch[[0, -1]]) == pytest.approx(published["pitch_range"])
    assert list(surface.tip_speed_ratio[[0, -1]]) == published["tsr_range"]
    assert (surface.cp_table.max(), surface.cp_table.min()) == (published["cp_max"], published["cp_min"])
    assert surface.ct_table.max() == published["ct_max"]
    i, j = np.unravel_index(surface.cp_table.argmax(), surface.cp_table.shape)
    assert surface.ct_table[i, j] == published["ct_at_cp_max"]


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("name", sorted(SUMMARY))
def test_optimum_is_beside_the_best_grid_point(name: str, interpolation: Any) -> None:
    surface, published = turbine.load(name, interpolation=interpolation).require_surface(), SUMMARY[name]
    best = surface.optimum()
    pitch_step, tsr_step = np.diff(surface.pitch).max(), np.diff(surface.tip_speed_ratio).max()
    assert abs(best.pitch - np.radians(published["pitch_at_cp_max_deg"])) < pitch_step
    assert abs(best.tip_speed_ratio - published["tsr_at_cp_max"]) < tsr_step
    if interpolation == "bilinear":  # a bilinear surface peaks at a grid point
        assert best.cp == pytest.approx(published["cp_max"], rel=1e-12)
        assert best.tip_speed_ratio == pytest.approx(published["tsr_at_cp_max"], abs=1e-6)
    else:  # a spline may rise above its points, by what a parabola over one cell can
        assert published["cp_max"] <= best.cp < 1.006 * published["cp_max"]
        at = surface.at(best.pitch, best.tip_speed_ratio)
        assert abs(at.cp_pitch) < 1e-6
        assert abs(at.cp_tsr) < 1e-6


def test_optimum_at_one_pitch_against_a_search() -> None:
    surface = turbine.load("iea_15mw").require_surface()
    best = surface.optimum((0.0, 0.0))
    tsr = np.linspace(2.0, 14.5, 12501)
    line = surface.cp(0.0, tsr)
    assert best.pitch == 0.0
    assert best.tip_speed_ratio == pytest.approx(tsr[line.argmax()], abs=1e-3)
    assert best.cp == pytest.approx(line.max(), rel=1e-7)


@pytest.mark.parametrize(("name", "factor"), [("nrel_5mw", 1.0), ("iea_15mw", 1.02)])
def test_torque_gain_of_rosco_is_made_with_the_tables_highest_cp(name: str, factor: float) -> None:
    """K = rho pi R^5 Cp / (2 tsr^3 N^3), printed with six digits; the IEA 15 MW's is 2.0 % above its own table."""
    machine = turbine.load(name)
    tsr, radius = machine.require("operation.optimal_tip_speed_ratio"), machine.require("rotor.radius")
    ratio = machine.require("drive_train.gear_ratio")
    cp = machine.require_surface().cp_table.max()
    gain = 0.5 * machine.require("operation.air_density") * np.pi * radius**5 * cp / (tsr * ratio) ** 3
    assert factor * gain == pytest.approx(machine.require("controller.torque_gain"), rel=2e-5)
