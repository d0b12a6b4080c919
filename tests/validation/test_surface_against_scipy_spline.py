"""Bicubic surfaces against FITPACK's interpolating tensor spline, an independent implementation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.interpolate import RectBivariateSpline

import turbine


@pytest.mark.parametrize("name", ["nrel_5mw", "iea_15mw", "iea_3p4mw", "nrel_2p8mw"])
def test_values_and_derivatives_against_fitpack(name: str) -> None:
    surface = turbine.load(name).require_surface()
    pitch, tsr = surface.pitch, surface.tip_speed_ratio
    rng = np.random.default_rng(3)
    p, t = rng.uniform(pitch[0], pitch[-1], 400), rng.uniform(tsr[0], tsr[-1], 400)
    at = surface.at(p, t)
    for table, value, by_pitch, by_tsr in (
        (surface.cp_table, at.cp, at.cp_pitch, at.cp_tsr),
        (surface.ct_table, at.ct, at.ct_pitch, at.ct_tsr),
    ):
        spline = RectBivariateSpline(pitch, tsr, table)
        np.testing.assert_allclose(value, spline.ev(p, t), rtol=0, atol=1e-11)
        np.testing.assert_allclose(by_pitch, spline.ev(p, t, dx=1), rtol=0, atol=1e-9)
        np.testing.assert_allclose(by_tsr, spline.ev(p, t, dy=1), rtol=0, atol=1e-10)
