"""What each record's time and energy were: standing still, running below what was possible, or running normally.

Every record with power is divided once, and availability, the list of stops and the losses all come from that division.
Its states come from the status log or the state timers, else from wind, power and set-point. A mean power over a record
in which the turbine stood for a part of the time belongs to the running part first, up to what that part could have
produced.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.categories import IN_SERVICE, Category
from fleet.category_sums import RUNNING_UNALLOCATED, join_rows
from fleet.config import Farm, Turbine
from fleet.flags import IDENTITY, Flag
from fleet.held_power import COMMANDED_ZERO
from fleet.logs import contract_segments
from fleet.partial_sums import Partial, PartialSums, dense_sums, merge_partials
from fleet.potential import PotentialSource, choose, normal_sums
from fleet.records import Records
from fleet.stops import down_runs, stop_energy, stop_fragments
from fleet.sum_kernels import add_category_states, add_parts, mark_inferred_states
from fleet.sums import POWER
from fleet.times import series_us

__all__ = ["PARTS", "STOPPED", "divide_power", "state_tables"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

#: Labels of time in which a turbine is stopped.
STOPPED = frozenset(category.value for category in Category) - {
    *(category.value for category in IN_SERVICE),
    Category.INFORMATION_UNAVAILABLE.value,
}


#: Labels of the states that `fleet.sum_kernels.mark_inferred_states` tells apart, by their number.
_INFERRED = (
    Category.UNALLOCATED.value,
    Category.REQUESTED_SHUTDOWN.value,
    Category.INFORMATION_UNAVAILABLE.value,
    Category.READY_STANDBY.value,
    Category.PARTIAL_PERFORMANCE.value,
    RUNNING_UNALLOCATED,
    Category.FULL_PERFORMANCE.value,
)

#: What a record's time is divided into for the losses; the position is the key in the merged table "parts".
PARTS = ("stopped", "partial", "unlogged", "degraded", "normal", "without expectation")


@dataclass(frozen=True)
class _States:
    """Each record's time by label, and its power while stopped and while running."""

    labels: tuple[str, ...]
    shares: Ints  #: shape (n, labels) [us]
    #: start, end [us since 1970 UTC] of the stops, by category where it is inferred; "": their list has it
    stops: Mapping[str, pd.DataFrame]
    counted: Mask  #: records whose state and energy are known
    stopped: Floats  #: share of the time that the turbine stood still
    power_stopped: Floats  #: mean power in that time [kW]
    power_running: Floats  #: mean power in the rest [kW]


def divide_power(power: Floats, possible: Floats, stopped: Floats) -> tuple[Floats, Floats]:
    """Divide a record's mean power between the part of its time that the turbine stood still and the rest.

    Parameters
    ----------
    power : array, shape (n,)
        Mean power of the records [kW].
    possible : array, shape (n,)
        Power that the turbine could have produced; missing where nothing says [kW].
    stopped : array, shape (n,)
        Share of the time that it stood still, 0 to 1.

    Returns
    -------
    stopped, running : array, shape (n,)
        Mean power in each part [kW], 0 in a part without length; weighted with the shares they add up to `power`. The
        running part comes first: it has all the energy, as far as it could have produced it.
    """
    running = 1.0 - stopped
    limit = np.where(np.isfinite(possible), np.maximum(possible, 0.0) * running, np.inf)
    made = np.where(stopped > 0.0, np.clip(power, 0.0, limit), power)
    made = np.where(running > 0.0, made, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        while_stopped = np.where(stopped > 0.0, (power - made) / stopped, 0.0)
        while_running = np.where(running > 0.0, made / running, 0.0)
    return while_stopped, while_running


def state_tables(records: Records, turbine: Turbine, farm: Farm, segments: pd.DataFrame | None) -> Partial:
    """Return energy by category, by stop and by kind of loss, and the test of the potential's sources.

    Parameters
    ----------
    records : Records
        One partition's own records.
    turbine : Turbine
        The turbine.
    farm : Farm
        Settings.
    segments : DataFrame or None
        States from a status log with known coverage or from state timers; None: they are inferred from wind and power.

    Returns
    -------
    Partial
        "states" (turbine, month, category, source -> time [us], potential, produced), "contract_states" where the
        contract has a priority of its own, "stops" (turbine, category, start, end, source -> potential,
        produced), "parts"
        (turbine, part, source -> time, potential, produced), "sources" (turbine, source, month -> n, potential, own);
        energies in 0.01 kW times records.
    """
    period = farm.averaging_period_us
    potential, source = choose(records.potential)
    possible = records.potential[PotentialSource.OWN_CURVE]
    possible = np.where(np.isfinite(possible), possible, potential)
    name = turbine.name
    if segments is None:
        states = _inferred(records, turbine, farm, period)
        # What the publisher's rules call unknown has no potential either.
        unknown = _unknown(records)
        potential = np.where(unknown, np.nan, potential)
        source = np.where(unknown, int(PotentialSource.NONE), source)
    else:
        states = _logged(records, segments, period, possible)
    normal = records.curve_ok & (records.power > 0.0) & (states.stopped == 0.0)
    some = states.counted
    counted = (records.times[some], states.power_stopped[some], potential[some], source[some])
    tables: Partial = {
        "states": _category_energy(records, name, states, potential, source, period),
        "sources": normal_sums(name, records.months, records.power, records.potential, normal),
        **merge_partials(
            {"stops": stop_energy(name, stops, *counted, period, category=category)}
            for category, stops in states.stops.items()
        ),
        "parts": _loss_parts(records, name, states, potential, source, period, inferred=segments is None),
    }
    contract = contract_segments(segments) if segments is not None else None
    if contract is not None:
        other = _logged(records, contract, period, possible)
        tables["contract_states"] = _category_energy(records, name, other, potential, source, period)
    return tables


def _logged(records: Records, segments: pd.DataFrame, period: int, possible: Floats) -> _States:
    labels, shares = join_rows(segments, records.times, period)
    stopped = _share(labels, shares, STOPPED, period)
    logged = stop_fragments("", segments)
    stops = pd.DataFrame({"start": series_us(logged["start"]), "end": series_us(logged["end"])})
    divided = divide_power(records.power, possible, stopped)
    return _States(labels, shares, {"": stops}, records.has_energy, stopped, *divided)


def _inferred(records: Records, turbine: Turbine, farm: Farm, period: int) -> _States:
    """What the records alone can tell: running as the curve says or below it, waiting for wind, down, or nothing."""
    down, unknown = records.down, _unknown(records)
    state, shares = np.empty(down.size, np.int64), np.zeros((down.size, len(_INFERRED)), np.int64)
    mark_inferred_states(
        down, unknown, records.present, records.wind, records.power, records.recorded.signal("power_setpoint_kw"),
        records.flags, farm.availability.down_wind_speed, max(records.least_kw, 0.0),
        COMMANDED_ZERO * turbine.rated_power_kw, int(Flag.DERATED | Flag.CURTAILED), int(Flag.INCONSISTENT), period,
        state, shares,
    )  # fmt: skip
    stops = {_INFERRED[kind]: down_runs(records.times, state == kind, period) for kind in (0, 1)}
    power = np.where(unknown, 0.0, records.power)
    return _States(_INFERRED, shares, stops, records.present | unknown, down.astype(np.float64), power, power)


def _unknown(records: Records) -> Mask:
    """Return which intervals have a record that the publisher's rules call unknown or abnormal."""
    return _any_of(records, Flag.PUBLISHER) & ~_any_of(records, IDENTITY)


def _any_of(records: Records, flags: Flag) -> Mask:
    return np.asarray((records.flags & np.uint32(flags)) > 0, np.bool_)


def _category_energy(
    records: Records, turbine: str, states: _States, potential: Floats, source: Ints, period: int
) -> PartialSums:
    months, stopped = records.months, np.array([label in STOPPED for label in states.labels], bool)
    sums = np.zeros((3, months.count, len(states.labels), len(PotentialSource)), np.int64)
    add_category_states(
        states.shares, stopped, states.counted, months.place, potential, source, states.power_stopped,
        states.power_running, period, POWER, sums,
    )  # fmt: skip
    axes = {"month": months.first, "source": 0}
    keys = ("turbine", "month", "category", "source")
    columns = ("time", "potential", "produced")
    groups = {}
    for k, label in enumerate(states.labels):
        own = dict(zip(columns, sums[:, :, k], strict=True))
        found = dense_sums({"turbine": turbine, "category": label}, axes, own, where=sums[0, :, k] > 0)
        groups.update({texts: rows for texts, rows in found.groups.items() if len(rows[0])})
    return PartialSums(keys, ("turbine", "category"), columns, groups)


def _loss_parts(
    records: Records, turbine: str, states: _States, potential: Floats, source: Ints, period: int, *, inferred: bool
) -> PartialSums:
    """Divide every record with power once: what stands still, what runs, and how well."""
    partial = _share(states.labels, states.shares, {Category.PARTIAL_PERFORMANCE.value}, period)
    odd = _any_of(records, Flag.INCONSISTENT)
    sums = np.zeros((3, len(PARTS), len(PotentialSource)), np.int64)
    add_parts(
        records.has_energy, states.counted, records.present, records.down, odd, states.stopped, partial, records.power,
        states.power_stopped, states.power_running, potential, source, records.potential[PotentialSource.OWN_CURVE],
        inferred, int(PotentialSource.NONE), period, POWER, sums,
    )  # fmt: skip
    time, possible, produced = sums
    columns = {"time": time, "potential": possible, "produced": produced}
    return dense_sums({"turbine": turbine}, {"part": 0, "source": 0}, columns, where=time > 0)


def _share(labels: tuple[str, ...], shares: Ints, wanted: Collection[str], period: int) -> Floats:
    """Return the share of each record's time that is in one of the wanted labels, 0 to 1."""
    total = np.zeros(len(shares), np.int64)
    for k, label in enumerate(labels):
        if label in wanted:
            total += shares[:, k]
    return np.asarray(total / period, np.float64)
