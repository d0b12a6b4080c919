"""What is true of a synthetic fleet: per record, its events, and the figures that a report should find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from fleet.categories import IN_SERVICE, Category
from fleet.errors import InputError
from fleet.synthetic.spec import PERIOD_S, FleetSpec
from fleet.synthetic.turbine_run import TurbineRun, fleet_runs

__all__ = [
    "MARKS",
    "SECONDS",
    "FleetTruth",
    "fleet_truth",
    "read_truth",
    "truth_files",
    "truth_records",
    "truth_writer",
]

#: Troubles of a record, as columns of booleans.
MARKS: dict[str, str] = {
    "frozen_wind": "wind speed holds its value",
    "frozen_power": "power holds its value",
    "frozen_other": "direction or temperature holds its value",
    "spike": "wind speed or power jumps there and back",
    "curtailed": "a set-point below rated power is in force",
    "limited": "and it holds power back",
    "derated": "held below a level without a set-point",
    "commanded_zero": "stopped by a set-point of zero",
    "icing": "ice on the blades while running",
    "drift": "the anemometer has drifted or stepped",
    "north_offset": "directions are off north",
    "yaw_misaligned": "the turbine stands askew to the wind",
    "pitch_fault": "the pitch angle is off while running",
    "rotor_fault": "the rotor's speed sensor reads too little",
    "empty_cell": "a cell has no value",
    "missing": "not in the export",
    "duplicated": "twice in the export",
}
#: Seconds of a record by category, as columns.
SECONDS: dict[Category, str] = {
    category: f"{category.value}_s" for category in Category if category != Category.UNALLOCATED
}
_HOURS = PERIOD_S / 3600.0


def truth_records(run: TurbineRun) -> pd.DataFrame:
    """Return what is true of each record of a turbine.

    Returns
    -------
    DataFrame
        turbine; time (UTC, true start); free_wind [m/s], sigma [m/s], density [kg/m3]; measured_wind [m/s], as the
        sensor gave it, whether exported or not; unimpeded_kw, what a healthy turbine would have made; power_kw, what
        was made; the losses lost_unavailable_kw, lost_partial_kw and lost_degraded_kw, which add up to the difference
        (means over the record); seconds by category (`SECONDS`); troubles (`MARKS`).
    """
    n, truth = run.times.size, run.truth
    zero = np.zeros(n, np.uint16)
    data = {
        "turbine": pd.Series(run.name, index=range(n), dtype="str"),
        "time": pd.DatetimeIndex(run.times.astype("datetime64[us]")).tz_localize("UTC"),
        "free_wind": truth.site.wind,
        "sigma": truth.site.sigma,
        "density": truth.site.density,
        "measured_wind": run.signals["wind_speed"],
        "unimpeded_kw": truth.unimpeded_kw,
        "power_kw": truth.power_kw,
        "lost_unavailable_kw": truth.lost_unavailable_kw,
        "lost_partial_kw": truth.lost_partial_kw,
        "lost_degraded_kw": truth.lost_degraded_kw,
    }
    seconds = {name: truth.seconds.get(category, zero).astype(np.uint16) for category, name in SECONDS.items()}
    return pd.DataFrame({**data, **seconds, **{name: run.marks[name] for name in MARKS}}, copy=False)


@dataclass(frozen=True)
class FleetTruth:
    """The truth of a fleet.

    Parameters
    ----------
    records : DataFrame
        `truth_records` of all turbines.
    events : DataFrame
        Their logs, see `fleet.synthetic.events.event_table`.
    turbines : DataFrame
        Constants of each turbine, indexed by name: biases, misalignment, dates [us since 1970 UTC].
    """

    records: pd.DataFrame
    events: pd.DataFrame
    turbines: pd.DataFrame

    def category_hours(self) -> pd.DataFrame:
        """Return the hours of each turbine (rows) in each category (columns)."""
        sums = self.records.groupby("turbine", sort=True)[list(SECONDS.values())].sum() / 3600.0
        return sums.rename(columns={name: category.value for category, name in SECONDS.items()})

    def availability(self, *, least_wind: float | None = None) -> pd.DataFrame:
        """Return operational availability by turbine: out of service is unavailable, whatever the cause.

        Time without information leaves all sums, with its share of the records' energy.

        Parameters
        ----------
        least_wind : float, optional
            Only records whose measured wind is at least this count [m/s].

        Returns
        -------
        DataFrame
            Index turbine; available_h, unavailable_h, time_based; produced_mwh, lost_mwh (while unavailable or in
            Partial Performance) and production_based = 1 - lost / (produced + lost).
        """
        records = self.records
        if least_wind is not None:
            records = records[records["measured_wind"] >= least_wind]
        hidden = SECONDS[Category.INFORMATION_UNAVAILABLE]
        records = records.assign(**records[list(_POWERS)].mul(1.0 - records[hidden] / PERIOD_S, axis=0))
        counted = [name for name in SECONDS.values() if name != hidden]
        out = [name for category, name in SECONDS.items() if category not in IN_SERVICE and name != hidden]
        grouped = records.groupby("turbine", sort=True)
        seconds, powers = grouped[counted].sum(), grouped[list(_POWERS)].sum() * _HOURS / 1000.0
        unavailable = seconds[out].sum(axis=1) / 3600.0
        available = seconds.sum(axis=1) / 3600.0 - unavailable
        lost = powers["lost_unavailable_kw"] + powers["lost_partial_kw"]
        produced = powers["power_kw"]
        return pd.DataFrame(
            {
                "available_h": available,
                "unavailable_h": unavailable,
                "time_based": 1.0 - unavailable / (available + unavailable),
                "produced_mwh": produced,
                "lost_mwh": lost,
                "production_based": 1.0 - lost / (produced + lost),
            }
        )

    def energy(self) -> pd.DataFrame:
        """Return energy by turbine [MWh]: unimpeded, produced and the three losses, which add up."""
        sums = self.records.groupby("turbine", sort=True)[list(_POWERS)].sum() * _HOURS / 1000.0
        return sums.rename(columns={name: f"{name.removesuffix('_kw')}_mwh" for name in _POWERS})


_POWERS = ("unimpeded_kw", "power_kw", "lost_unavailable_kw", "lost_partial_kw", "lost_degraded_kw")


def fleet_truth(spec_or_runs: FleetSpec | Iterable[TurbineRun]) -> FleetTruth:
    """Return the truth of a whole fleet in memory: some 150 bytes per record."""
    runs = fleet_runs(spec_or_runs) if isinstance(spec_or_runs, FleetSpec) else spec_or_runs
    records, events, facts = [], [], {}
    for run in runs:
        records.append(truth_records(run))
        events.append(run.log())
        facts[run.name] = run.facts
    return FleetTruth(
        pd.concat(records, ignore_index=True),
        pd.concat(events, ignore_index=True),
        pd.DataFrame.from_dict(facts, orient="index").rename_axis("turbine"),
    )


def truth_files(path: Path) -> tuple[Path, Path, Path]:
    """Return the files of a truth: records, events, constants of the turbines."""
    events, turbines = (path.with_name(f"{path.stem}_{part}{path.suffix}") for part in ("events", "turbines"))
    return path, events, turbines


@contextmanager
def truth_writer(path: Path) -> Iterator[Callable[[TurbineRun], None]]:
    """Write the truth turbine by turbine as Parquet, in whole or not at all.

    Parameters
    ----------
    path : Path
        The file of the records; `truth_files` names the others.

    Yields
    ------
    function
        Takes each turbine.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    targets = truth_files(path)
    partial = [target.with_name(target.name + ".partial") for target in targets]
    writers: dict[Path, Any] = {}
    facts: dict[str, dict[str, float]] = {}

    def append(file: Path, frame: pd.DataFrame) -> None:
        table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
        if file not in writers:
            writers[file] = pq.ParquetWriter(file, table.schema, compression="zstd")
        writers[file].write_table(table)

    def add(run: TurbineRun) -> None:
        append(partial[0], truth_records(run))
        append(partial[1], run.log())
        facts[run.name] = run.facts

    try:
        yield add
        append(partial[2], pd.DataFrame.from_dict(facts, orient="index").rename_axis("turbine").reset_index())
        for writer in writers.values():
            writer.close()
        for file, target in zip(partial, targets, strict=True):
            file.replace(target)
    finally:
        for writer in writers.values():
            writer.close()
        for file in partial:
            file.unlink(missing_ok=True)


def read_truth(path: Path) -> FleetTruth:
    """Read a truth that `wind-fleet synthesise --truth` wrote.

    Raises
    ------
    InputError
        If one of its three files is missing.
    """
    for file in truth_files(path):
        if not file.is_file():
            raise InputError(f"{file}: no such file; expected the truth as wind-fleet synthesise --truth writes it")
    records, events, turbines = (pd.read_parquet(file) for file in truth_files(path))
    return FleetTruth(records, events, turbines.set_index("turbine"))
