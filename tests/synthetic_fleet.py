"""The passes of the report on synthetic turbines, straight from the generator's records: no files between."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.config import Farm, Turbine
from fleet.partial_sums import Partial, tables
from fleet.passes import Others, first_pass, second_pass, turbine_context
from fleet.power_curve import bin_table
from fleet.quality import basic_flags
from fleet.recorded import Recorded
from fleet.records import TurbineContext
from fleet.rules import rule_bits
from fleet.sensor_sums import FleetTotals
from fleet.synthetic import FleetSpec, TurbineRun
from fleet.synthetic.steady import steady_machine

__all__ = ["PERIOD_US", "Judged", "curve_of", "farm_of", "judge", "learned_of", "period_of", "recorded_of"]

PERIOD_US = 600_000_000


def farm_of(spec: FleetSpec) -> Farm:
    """Return the settings that a synthetic fleet's folder has, every other one at its default."""
    machine = steady_machine(spec.machine)
    turbines = tuple(
        Turbine(
            name=spec.turbine_name(k),
            rated_power_kw=machine.rated_kw,
            rotor_diameter=machine.rotor_diameter,
            hub_height=machine.hub_height,
            elevation=spec.elevation,
        )
        for k in range(spec.turbines)
    )
    return Farm(name="synthetic", turbines=turbines, power_curve=spec.power_curve)


def period_of(run: TurbineRun) -> tuple[int, int]:
    """Return begin and end of a turbine's period [us since 1970 UTC]."""
    return int(run.times[0]), int(run.times[-1]) + PERIOD_US


def recorded_of(run: TurbineRun) -> Recorded:
    """Return a turbine's export as one partition; of records that stand twice the first counts."""
    frame = run.scada()
    return Recorded.of(frame[~frame["time"].duplicated()], *period_of(run))


def learned_of(records: Recorded, turbine: Turbine, farm: Farm, totals: FleetTotals | None = None) -> TurbineContext:
    """Run the first pass; `totals` take the turbine's part of what the second pass compares with."""
    sums, own, flags = first_pass(records, turbine, farm, metered=False)
    if totals is not None:
        totals.add(own, flags, turbine.rated_power_kw)
    return turbine_context(sums, turbine, farm)


def curve_of(run: TurbineRun, farm: Farm) -> pd.DataFrame:
    """Return a turbine's measured power curve as the report has it, from both passes; indexed by bin."""
    (turbine,) = (one for one in farm.turbines if one.name == run.name)
    records, (start, end) = recorded_of(run), period_of(run)
    totals = FleetTotals.empty(start, end, PERIOD_US)
    context = learned_of(records, turbine, farm, totals)
    found: Partial = second_pass(records, turbine, farm, context, Others.of(totals.sums(), start, PERIOD_US), None)
    sums = tables({"curve": found["curve"]})["curve"].droplevel("turbine")
    return bin_table(sums, turbine, farm.power_curve, farm.averaging_period_s).set_index("bin")


@dataclass(frozen=True)
class Judged:
    """One turbine's records in order of time with all flags of the rules."""

    run: TurbineRun
    records: Recorded  #: without impossible values
    flags: npt.NDArray[np.uint32]
    context: TurbineContext
    at: npt.NDArray[np.int64]  #: place of each record in the truth


def judge(run: TurbineRun, farm: Farm) -> Judged:
    """Return the flags that both passes give the records of a turbine."""
    (turbine,) = (one for one in farm.turbines if one.name == run.name)
    records = recorded_of(run)
    context = learned_of(records, turbine, farm)
    flags, clean = basic_flags(records, turbine, farm.quality, farm.averaging_period_s)
    flags = flags | rule_bits(
        clean.every_signal(), clean.time, flags, context.rules, farm.quality,
        rated_power_kw=turbine.rated_power_kw, period_us=PERIOD_US,
    )  # fmt: skip
    return Judged(run, clean, flags, context, (clean.time - run.times[0]) // PERIOD_US)
