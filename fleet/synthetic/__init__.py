"""Synthetic fleets with known truth: an oracle for tests, a load for benchmarks, and a way to try the product.

>>> from fleet.synthetic import FleetSpec, fleet_truth
>>> truth = fleet_truth(FleetSpec.healthy(turbines=2, days=2))
>>> round(float(truth.availability()["time_based"].min()), 3)
1.0
"""

from __future__ import annotations

from fleet.synthetic.curve_truth import expected_curve
from fleet.synthetic.spec import FleetSpec
from fleet.synthetic.stop_kinds import STOPS, StopKind
from fleet.synthetic.synthesise import FORMATS, synthesise
from fleet.synthetic.truth import FleetTruth, fleet_truth, read_truth
from fleet.synthetic.turbine_run import TurbineRun, fleet_runs, turbine_frames

__all__ = [
    "FORMATS",
    "STOPS",
    "FleetSpec",
    "FleetTruth",
    "StopKind",
    "TurbineRun",
    "expected_curve",
    "fleet_runs",
    "fleet_truth",
    "read_truth",
    "synthesise",
    "turbine_frames",
]
