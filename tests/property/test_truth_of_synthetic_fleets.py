"""What the report says of any synthetic fleet against what is true of it: formats, seeds and troubles are drawn.

Largest errors found over 450 drawn turbines of 20 to 120 days: time-based availability from a status log 1e-13 points
and from state timers 1e-13 points of the records that there are (0.09 of all time); inferred 0.71 points beside stops
in wind of 4 m/s and above, 2.1 beside all stops. Production-based: 1.0 points from a log, 5.9 from timers, which tell
nothing of curtailment, 5.1 inferred.
"""

from __future__ import annotations

import tempfile
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.synthetic import FleetSpec
from tests.validation.synthetic_runs import availability_of, opened

#: Troubles that are drawn on or off; clocks have tests of their own.
TROUBLES = {item.name: item.metadata["off"] for item in fields(FleetSpec) if "off" in item.metadata}
del TROUBLES["clock"]


@st.composite
def specs(draw: st.DrawFn) -> FleetSpec:
    off: dict[str, Any] = {name: off for name, off in sorted(TROUBLES.items()) if draw(st.booleans())}
    spec = FleetSpec(
        turbines=draw(st.integers(2, 5)), days=draw(st.integers(60, 120)), seed=draw(st.integers(0, 2**40))
    )
    return replace(spec, **off)


@pytest.mark.slow
@settings(max_examples=2)
@given(spec=specs())
@pytest.mark.parametrize(
    ("format", "evidence", "column", "largest"),
    [
        ("greenbyte", "status log", "time", 0.1),
        ("hill_of_towie", "state timers", "recorded", 0.1),
        ("engie", "inferred", "windy", 1.0),
    ],
)
def test_the_report_recovers_availability_energy_and_rows(
    spec: FleetSpec, format: str, evidence: str, column: str, largest: float
) -> None:
    with tempfile.TemporaryDirectory() as name:
        farm, truth = opened(Path(name), spec, format)
        errors = availability_of(farm, truth, spec)
        results = farm.results
    assert (errors["evidence"] == evidence).all()
    assert errors[column].abs().max() <= largest
    assert results.quality is not None
    assert results.energy is not None
    records = truth.records
    marks = records.groupby("turbine")[["missing", "duplicated"]].sum()
    rows = results.quality.rows.set_index("turbine").loc[marks.index]
    assert rows["missing"].tolist() == marks["missing"].tolist()
    written = 1 - records["missing"].astype(int) + records["duplicated"]
    end = records["time"] + pd.Timedelta(minutes=10)
    if format == "hill_of_towie":  # a stamp, there of the interval's end, at the border of two months is in both files
        written += written.where((end.dt.day == 1) & (end == end.dt.normalize()), 0)
    assert rows["rows_in"].tolist() == written.groupby(records["turbine"]).sum().tolist()
    # A measurement of power has a bias; frozen and doubtful values are few, and cells without one count as nothing.
    good = records[~(records["missing"] | records["empty_cell"] | records["frozen_power"] | records["spike"])]
    known = good.groupby("turbine")["power_kw"].sum() / 6000.0
    hours = good.groupby("turbine").size() / 6.0
    constants = truth.turbines
    biased = (1.0 + constants["power_gain"]) * known + constants["power_offset_kw"] * hours / 1000.0
    doubtful = (records.groupby("turbine").size() / 6.0 - marks["missing"] / 6.0 - hours) * 2.05 * 1.1
    energy = results.energy.totals.set_index("turbine")["energy_mwh"].loc[biased.index]
    assert np.all(np.abs(energy - biased) <= doubtful + 0.001 * biased.abs())
