"""What power reads at rest: quantiles counted by hand, and a stop that such a reading would hide."""

from __future__ import annotations

import numpy as np
import pytest

from fleet.expected import power_histogram
from fleet.standstill import reading_at_rest
from fleet.synthetic import FleetSpec, fleet_runs
from tests.synthetic_fleet import farm_of, judge

RATED = 2000.0  # cells of 10 kW


def _reading(power: list[float], wind: float = 1.0) -> float:
    winds = np.full(len(power), wind)
    return reading_at_rest(
        power_histogram(winds, np.array(power), np.ones(len(power), bool), rated_power_kw=RATED), rated_power_kw=RATED
    )


def test_the_upper_edge_of_the_cell_with_the_95_percent_quantile() -> None:
    assert _reading([4.0] * 100) == pytest.approx(10.0)
    assert _reading([-3.0] * 5 + [12.0] * 95) == pytest.approx(20.0)
    assert _reading([-3.0] * 95 + [12.0] * 5) == 0.0, "5 % may be running out"
    assert _reading([-3.0] * 94 + [12.0] * 6) == pytest.approx(20.0)


def test_rest_that_reads_as_no_power_and_what_is_no_rest() -> None:
    assert _reading([0.0] * 100) == 0.0
    assert _reading([4.0] * 71) == 0.0, "too few records"
    assert _reading([4.0] * 100, wind=2.1) == 0.0, "not calm"
    assert _reading([40.0] * 100) == pytest.approx(40.0), "2 % of rated power"
    assert _reading([41.0] * 100) == 0.0, "the anemometer is dead"


@pytest.mark.parametrize("offset_kw", [9.5, -9.5])
def test_an_offset_of_the_power_measurement_is_learned(offset_kw: float) -> None:
    """The machine of 2,050 kW consumes 6 kW at rest, which then reads as 3.5 or -15.5 kW, with 2 kW of noise."""
    spec = FleetSpec.healthy(turbines=1, days=60, power_bias=False)
    (run,) = fleet_runs(spec)
    run.signals["power_kw"] += offset_kw
    judged = judge(run, farm_of(spec))
    assert judged.context.at_rest_kw == pytest.approx(10.25 if offset_kw > 0 else 0.0)
