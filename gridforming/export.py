"""Runs as files that other tools read: tables as CSV, waveforms as COMTRADE, IEEE C37.111-2013 / IEC 60255-24.

A COMTRADE record is three files of one name: `.cfg` says what the channels are, `.dat` holds their samples as integers
that a factor per channel scales, `.hdr` is text for people. Files appear whole or not at all.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from gridforming.result import COLUMNS, MACHINE_COLUMNS
from turbine.checks import check_positive, check_range
from turbine.errors import SimulationError, nearest
from turbine.folder import OutputError

if TYPE_CHECKING:
    from gridforming.result import Result

__all__ = ["write_comtrade", "write_csv"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

#: Largest integer of a sample by kind of file. ASCII: 99999 marks what is missing in the editions before.
_LARGEST = {"BINARY32": 2**31 - 1, "ASCII": 99_998}
_ROWS = 20  # rows in a cycle that waveforms need
_LONGEST = 64  # characters of a name
_MOST = 2**32 - 1  # samples that a file can number
_START = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class _Channel:
    """Three phases of a voltage or current: what they are called, their unit, integers and their factor."""

    name: str
    letter: str
    unit: str
    samples: Integers  #: shape (n, 3)
    factor: str


def write_csv(path: Path, result: Result) -> None:
    """Write the table of a run: magnitudes of bus voltages and all columns of devices, with units in their names.

    Parameters
    ----------
    path : Path
        The file; another one of its name is replaced.
    result : Result
        A run.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    units = {"voltage": "pu", **{title: unit for title, _, unit in (*COLUMNS, *MACHINE_COLUMNS)}}
    table = result.table()
    table.columns = [f"{name}_{units[str(name).rpartition('.')[2]]}".removesuffix("_-") for name in table.columns]
    with _replaced(path) as (file,):
        table.to_csv(file, index_label="time_s", float_format="%.10g", lineterminator="\n")


def write_comtrade(
    folder: Path,
    name: str,
    result: Result,
    *,
    buses: Sequence[str] = (),
    branches: Sequence[str] = (),
    start: datetime = _START,
    trigger: float | None = None,
    base_voltage_kv: float | Mapping[str, float] | None = None,
    kind: Literal["BINARY32", "ASCII"] = "BINARY32",
    status: Mapping[str, npt.ArrayLike] | None = None,
    header: str = "",
) -> None:
    """Write waveforms of bus voltages and branch currents as a COMTRADE record.

    Parameters
    ----------
    folder : Path
        Made if it is missing.
    name : str
        Of the files, without ending, and of the station.
    result : Result
        A run in either frame, with 20 rows in a cycle at least.
    buses, branches : sequence of str
        Nodes for their three phase-to-ground voltages, branches for their three currents from start to end.
    start : datetime
        Of time zero of the run; UTC unless it has a time zone.
    trigger : float, optional
        Time of the run that the record is about, such as that of a fault [s]; the first row unless given.
    base_voltage_kv : float or mapping of str to float, optional
        Nominal voltage, line to line, rms [kV], by which channels are in kV and kA; in pu without it. Where voltage
        levels differ, by bus and branch.
    kind : "BINARY32" or "ASCII"
        Samples of 32 bits, or text with five digits.
    status : mapping of str to array, shape (n,), optional
        Status channels, such as breakers that are closed.
    header : str
        What the `.hdr` file says first.

    Raises
    ------
    SimulationError, OutputError
        No such bus or branch, rows too far apart, a name that the format cannot hold; a file that cannot be written.

    Notes
    -----
    Values are peak values at an instant: 1 pu of voltage is sqrt(2/3) of the nominal voltage in each phase. Stamps of
    samples count steps, whose length in microseconds is the record's time multiplier.
    """
    if kind not in _LARGEST:
        raise SimulationError(f"kind: found {kind!r}, expected one of {', '.join(_LARGEST)}")
    if Path(name).name != name or "\\" in name:
        raise SimulationError(f"name: found {name!r}, expected a file name without folder")
    step = _sampling(result)
    channels = _channels(result, buses, branches, base_voltage_kv, _LARGEST[kind])
    states = _states(status or {}, result.time.size)
    at = float(result.time[0]) if trigger is None else trigger
    check_range("trigger", at, float(result.time[0]), float(result.time[-1]), unit="s", error=SimulationError)
    start = start if start.tzinfo else start.replace(tzinfo=UTC)
    zone = _zone(start)
    count = len(channels) * 3
    lines = [
        f"{_field(name)},windform,2013",
        f"{count + len(states)},{count}A,{len(states)}D",
        *_analog_lines(channels, _LARGEST[kind]),
        *(f"{k},{_field(key)},,,0" for k, key in enumerate(states, start=1)),
        f"{result.model.system.network.frequency:.12g}",
        "1",
        f"{1.0 / step:.12g},{result.time.size}",
        _stamp(start, float(result.time[0])),
        _stamp(start, at),
        kind,
        f"{1e6 * step:.12g}",
        f"{zone},{zone}",
        "0,3",  # a clock that holds, which knows no leap seconds
    ]
    data = _data(channels, list(states.values()), result.time.size, kind)
    paths = [folder / f"{name}.{ending}" for ending in ("dat", "hdr", "cfg")]
    with _replaced(*paths) as (dat, hdr, cfg):
        dat.write_bytes(data)
        hdr.write_bytes(_header(result, header, base_voltage_kv).encode())
        cfg.write_bytes("".join(f"{line}\r\n" for line in lines).encode())


def _sampling(result: Result) -> float:
    """Return the time between rows [s]; refuse rows that make no waveform."""
    time, cycle = result.time, 1.0 / result.model.system.network.frequency
    if not 2 <= time.size <= _MOST:
        raise SimulationError(f"found {time.size} rows, expected 2 to {_MOST}")
    step = float(time[-1] - time[0]) / (time.size - 1)
    if step > cycle / _ROWS * (1.0 + 1e-9):
        raise SimulationError(
            f"found {step:g} s between rows, expected at most {cycle / _ROWS:g} s for waveforms: give a shorter "
            "output_step"
        )
    return step


def _channels(
    result: Result,
    buses: Sequence[str],
    branches: Sequence[str],
    base: float | Mapping[str, float] | None,
    largest: int,
) -> list[_Channel]:
    if not buses and not branches:
        raise SimulationError("buses, branches: found none, expected one at least")
    power = result.model.system.network.power
    found = []
    vectors = [(name, "v", "kV", result.voltage(name)) for name in buses]
    vectors += [(name, "i", "kA", result.current(name)) for name in branches]
    for name, letter, unit, vector in vectors:
        size = 1.0
        if base is not None:
            peak = math.sqrt(2.0 / 3.0) * _base(name, base)
            size = peak if letter == "v" else 2.0 / 3.0 * power / 1e6 / peak
        phases = size * result.phases(vector)
        factor = f"{(float(np.abs(phases).max()) or 1.0) / largest:.14e}"
        if not math.isfinite(float(factor)):
            raise SimulationError(f'"{name}": found values that are not finite, expected finite ones')
        samples = np.rint(phases / float(factor)).astype(np.int64)
        found.append(_Channel(_field(name), letter, "pu" if base is None else unit, samples, factor))
    return found


def _base(name: str, base: float | Mapping[str, float]) -> float:
    if isinstance(base, Mapping):
        if name not in base:
            raise SimulationError(f'base_voltage_kv: found none for "{name}"{nearest(name, base)}')
        base = base[name]
    check_positive("base_voltage_kv", base, unit="kV", error=SimulationError)
    return base


def _states(status: Mapping[str, npt.ArrayLike], count: int) -> dict[str, npt.NDArray[np.bool_]]:
    states = {key: np.asarray(values, np.bool_) for key, values in status.items()}
    for key, values in states.items():
        if values.shape != (count,):
            raise SimulationError(f'status "{key}": found shape {values.shape}, expected ({count},) as of the run')
    return states


def _analog_lines(channels: list[_Channel], largest: int) -> Iterator[str]:
    number = 0
    for c in channels:
        for phase in "ABC":
            number += 1
            identifier = f"{c.name}.{c.letter}{phase.lower()}"
            yield f"{number},{identifier},{phase},{c.name},{c.unit},{c.factor},0,0,{-largest},{largest},1,1,P"


def _data(channels: list[_Channel], states: list[npt.NDArray[np.bool_]], count: int, kind: str) -> bytes:
    """Return the samples with their numbers, from 1, and stamps, from 0."""
    number = np.arange(count)
    samples = np.concatenate([c.samples for c in channels], axis=1)
    if kind == "ASCII":
        rows = np.column_stack([number + 1, number, samples, *states])
        return "".join(",".join(map(str, row)) + "\r\n" for row in rows.tolist()).encode()
    words = -(-len(states) // 16)
    made = np.zeros(
        count, [("number", "<u4"), ("stamp", "<u4"), ("samples", "<i4", samples.shape[1:]), ("status", "<u2", (words,))]
    )
    made["number"], made["stamp"], made["samples"] = number + 1, number, samples
    for k, state in enumerate(states):
        made["status"][:, k // 16] |= state.astype(np.uint16) << np.uint16(k % 16)
    return made.tobytes()


def _header(result: Result, text: str, base: float | Mapping[str, float] | None) -> str:
    network = result.model.system.network
    volts = (
        ", ".join(f"{k}: {v:g}" for k, v in base.items()) if isinstance(base, Mapping) else f"{base:g}" if base else ""
    )
    lines = [
        *text.splitlines(),
        f"Simulated by windform: {result.time[0]:.9g} to {result.time[-1]:.9g} s of the run.",
        f"Base power: {network.power / 1e6:g} MVA",
        f"Base voltage, line to line, rms [kV]: {volts or 'none, channels are in pu of peak phase values'}",
        *result.notes,
    ]
    return "".join(f"{line}\r\n" for line in lines)


def _field(text: str) -> str:
    """Return a text as a field of the configuration; refuse what would break its line."""
    if not text.strip() or len(text) > _LONGEST or "," in text or not text.isprintable():
        raise SimulationError(
            f"found the name {text!r}, expected 1 to {_LONGEST} printable characters without a comma: COMTRADE cannot "
            "hold it"
        )
    return text


def _stamp(start: datetime, time: float) -> str:
    return (start + timedelta(seconds=time)).strftime("%d/%m/%Y,%H:%M:%S.%f")


def _zone(start: datetime) -> str:
    """Return the distance from UTC as the format writes it: 0, +1, -7h15."""
    minutes = round((start.utcoffset() or timedelta()).total_seconds() / 60.0)
    hours, rest = divmod(abs(minutes), 60)
    sign = "-" if minutes < 0 else "+" if minutes else ""
    return f"{sign}{hours}" + (f"h{rest:02d}" if rest else "")


@contextmanager
def _replaced(*paths: Path) -> Iterator[tuple[Path, ...]]:
    """Give files to write to, which take their places when the block ends, and only then."""
    folder = paths[0].parent
    work = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            if path.is_dir():
                raise OutputError(f"{path}: cannot be written (it is a folder)")
        # In the same folder, hence on the same file system.
        work = Path(tempfile.mkdtemp(prefix=f".{paths[0].name}.", dir=folder))
        made = tuple(work / path.name for path in paths)
        yield made
        for new, path in zip(made, paths, strict=True):
            new.replace(path)
    except OSError as error:
        raise OutputError(f"{paths[0]}: cannot be written ({error.strerror})") from None
    finally:
        if work is not None:
            shutil.rmtree(work, ignore_errors=True)
