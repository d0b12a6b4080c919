"""Figures of OpenFAST that validation cases print, against its time series."""

from __future__ import annotations

import numpy as np
import pytest

from tests.validation.turbine_runs import STEP_TORQUE, TOWER_STEP_TORQUE, table


@pytest.mark.parametrize(("file", "overshoot", "lowest"), [("step", 1.527, 7.92), ("ramp1s", 1.01, 7.94)])
def test_torque_step_of_the_nrel_5mw(file: str, overshoot: float, lowest: float) -> None:
    rows = table(f"simulation/openfast_nrel5_torque_{file}.csv.gz")
    time, shaft = rows["Time"], rows["RotTorq"]
    before = shaft[(time >= 45.0) & (time < 50.0)].mean()
    peak = (shaft[(time >= 50.0) & (time < 60.0)].max() - before) / (97.0 * STEP_TORQUE / 1e3)
    assert peak == pytest.approx(overshoot, abs=0.005)
    assert rows["RotSpeed"].min() == pytest.approx(lowest, abs=0.005)
    assert rows["RotSpeed"][(time >= 45.0) & (time < 50.0)].mean() == pytest.approx(9.03, abs=0.005)


def test_torque_step_of_the_iea_15mw() -> None:
    rows = table("simulation/openfast_iea15_torque_step.csv.gz")
    before, during = ((rows["Time"] >= start) & (rows["Time"] < start + 10.0) for start in (40.0, 50.0))
    assert np.ptp(rows["TwrBsMxt"][before]) == pytest.approx(39_207.0, abs=0.5)
    assert np.ptp(rows["TwrBsMxt"][during]) == pytest.approx(50_793.0, abs=0.5)
    assert rows["GenTq"][during].max() - rows["GenTq"][before].min() == pytest.approx(TOWER_STEP_TORQUE / 1e3, abs=0.05)
