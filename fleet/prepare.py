"""From files to one corrected series per turbine: read, split by turbine, check the clock, cut into partitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from fleet.clock import ClockFinding, apply_clock, check_clock
from fleet.config import Farm
from fleet.dataset import DataFile
from fleet.far_stamps import FarStamps, set_aside
from fleet.flags import Flag
from fleet.readers.base import Batch
from fleet.times import series_us

__all__ = ["FILE_STRIDE", "Partition", "Prepared", "cut", "leftover_counts", "prepare", "read_file", "without_rows"]

FILE_STRIDE = 1 << 40  # source rows of a later file come after all rows of an earlier one


@dataclass(frozen=True)
class Prepared:
    """One turbine's records in time order, clock corrected, with `clock_flags`."""

    turbine: str
    frame: pd.DataFrame
    finding: ClockFinding
    #: wind by the stamps as written and corrected, for the comparison with a reanalysis
    as_written: pd.DataFrame
    far: FarStamps | None = None  #: rows that the clock check and the period did not see


@dataclass(frozen=True)
class Partition:
    """One turbine and period, with the neighbouring records that rules looking back and ahead need."""

    turbine: str
    frame: pd.DataFrame
    core: npt.NDArray[np.bool_]  #: records that belong to the partition; the others are the halo
    start: int  #: [us since 1970 UTC]
    end: int


def read_file(file: DataFile, order: int) -> Batch:
    """Read one SCADA file; its rows are numbered in file order."""
    batch = file.read()
    batch.frame["source_row"] += order * FILE_STRIDE
    return batch


def prepare(turbine: str, batches: Sequence[Batch], farm: Farm) -> Prepared:
    """Return one turbine's records from all files, with the clock checked and corrected."""
    parts = [batch.frame[batch.frame["turbine"] == turbine] for batch in batches]
    filled = [part for part in parts if len(part)]
    given = any(batch.offsets_given for batch, part in zip(batches, parts, strict=True) if len(part))
    frame = pd.concat(filled, ignore_index=True) if filled else batches[0].frame.iloc[:0]
    frame, far = set_aside(frame.sort_values("source_row", kind="stable", ignore_index=True))
    period_s = farm.averaging_period_s
    finding = check_clock(frame, period_s=period_s, time_zone=farm.time_zone, settings=farm.clock, offsets_given=given)
    corrected = apply_clock(frame, finding, farm.clock, period_s)
    in_file_order = corrected.sort_values("source_row", kind="stable", ignore_index=True)
    as_written = frame[["time", "utc_offset_s", "wind_speed"]].assign(corrected=in_file_order["time"])
    return Prepared(turbine, corrected, finding, as_written, far)


def without_rows(prepared: Prepared) -> Prepared:
    """Return what is known of a series without its records."""
    return replace(prepared, frame=prepared.frame.iloc[:0])


def leftover_counts(batches: Sequence[Batch], farm: Farm, set_aside: frozenset[str] = frozenset()) -> pd.DataFrame:
    """Return the rows of no analysed turbine, counted by the name they carry and their flags.

    Parameters
    ----------
    batches : sequence of Batch
        All SCADA files.
    farm : Farm
        The analysed turbines.
    set_aside : frozenset of str
        Turbines that are part of the farm but were not selected; all others are not listed.
    """
    listed = {turbine.name for turbine in farm.turbines}
    parts = [batch.frame.loc[~batch.frame["turbine"].isin(listed), ["turbine", "read_flags"]] for batch in batches]
    rows = pd.concat(parts, ignore_index=True)
    unreadable = (rows["read_flags"].to_numpy() & int(Flag.UNREADABLE)) > 0
    why = np.where(rows["turbine"].isin(set_aside), int(Flag.NOT_SELECTED), int(Flag.UNLISTED))
    flags = rows["read_flags"].to_numpy(np.uint32) | np.where(unreadable, 0, why).astype(np.uint32)
    named = rows["turbine"].fillna("").replace("", "(no turbine)")
    counts = pd.DataFrame({"turbine": named, "flags": flags}).groupby(["turbine", "flags"], sort=True).size()
    return counts.astype(np.int64).to_frame("rows")


def cut(prepared: Prepared, edges: Sequence[int], selected: tuple[int, int], farm: Farm) -> list[Partition]:
    """Cut a turbine's series at the edges; records outside the selected period and unreadable ones are kept, flagged.

    Parameters
    ----------
    prepared : Prepared
        One turbine's series.
    edges : sequence of int
        Borders of the partitions, from the period's start to its end [us since 1970 UTC].
    selected : (int, int)
        Period asked for; records outside it get `Flag.NOT_SELECTED` and count in the nearest partition.
    farm : Farm
        For the width of the halo.
    """
    frame = prepared.frame
    known = frame["time"].notna().to_numpy()
    times = series_us(frame["time"])
    out = known & ((times < selected[0]) | (times >= selected[1]))
    if out.any():
        flags = frame["clock_flags"].to_numpy(np.uint32) | np.where(out, int(Flag.NOT_SELECTED), 0).astype(np.uint32)
        frame = frame.assign(clock_flags=flags)
    width = (farm.quality.frozen_records - 1) * farm.averaging_period_s * 1_000_000
    home = np.clip(np.searchsorted(np.asarray(edges), times, side="right") - 1, 0, len(edges) - 2)
    home[~known] = 0
    partitions = []
    for number, (start, end) in enumerate(pairwise(edges)):
        near = known & (times >= start - width) & (times < end + width)
        take = near | (home == number)
        partitions.append(Partition(prepared.turbine, frame[take], (home == number)[take], start, end))
    return partitions
