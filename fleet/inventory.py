"""What is in a folder: formats, turbines, period, sampling, columns, gaps, duplicates; what is unusable and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fleet.config import Farm, Source
from fleet.dataset import CONFIG_NAME, check_one_farm, data_files, source_format
from fleet.errors import FleetError, InputError
from fleet.farm_file import load_farm
from fleet.places import matches, name_below, reading
from fleet.readers import format_named, read, recognise
from fleet.readers.stamps import step_s
from fleet.readers.unknown import Proposal, propose, why_unknown
from fleet.reference_curve import reference_files
from fleet.schema import SIGNALS, columns
from fleet.wording import natural

if TYPE_CHECKING:
    import pandas as pd

    from fleet.readers.base import Batch, Format

__all__ = ["FileEntry", "Inventory", "TurbineEntry", "inspect_folder"]


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file of the folder."""

    path: str  #: relative to the folder, with forward slashes
    format: str = ""  #: name of the format; empty: not a known one
    title: str = ""
    kind: str = ""
    stamps: str = ""  #: which end of the interval the stamps label
    turbines: tuple[str, ...] = ()
    rows: int = 0  #: rows of the file, readable or not
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None
    sampling_s: int | None = None  #: most frequent step [s]
    columns: tuple[str, ...] = ()  #: canonical signals that hold values
    without_values: tuple[str, ...] = ()  #: canonical signals that the file lacks or that are missing throughout
    empty: int = 0  #: rows without any value
    duplicates: int = 0  #: rows with a turbine and time that an earlier row has
    gaps: int = 0  #: holes in the series of a turbine
    missing: int = 0  #: intervals in these holes
    open_events: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)  #: reason -> rows that cannot be used
    offsets_s: tuple[int, ...] = ()  #: UTC offsets of the stamps [s]
    why: str = ""  #: why the file cannot be used; empty: it can
    notes: tuple[str, ...] = ()  #: first bad cells and rows
    proposal: Proposal | None = None  #: a guess at how a table of no known format can be read


@dataclass(frozen=True, kw_only=True)
class TurbineEntry:
    """One turbine over all files: of its SCADA, its status log, its state timers and the asset tables."""

    name: str
    rows: int = 0
    first: pd.Timestamp | None = None
    last: pd.Timestamp | None = None
    empty: int = 0
    duplicates: int = 0
    gaps: int = 0
    missing: int = 0
    events: int = 0
    timers: int = 0  #: rows of state timers
    asset: Mapping[str, Any] = field(default_factory=dict)  #: fields of `fleet.config.Turbine`, where a table has them


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """What was found in a folder."""

    folder: str  #: its name
    files: tuple[FileEntry, ...]
    turbines: tuple[TurbineEntry, ...]  #: turbines with data, or of the asset table where no file has data
    listed: frozenset[str] = frozenset()  #: turbines that `farm.toml` lists, else those of the asset tables

    def table(self) -> pd.DataFrame:
        """Return one row per file: what it is, its period, its counts and why it cannot be used."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "file": f.path,
                    "format": f.format or "unknown",
                    "kind": f.kind,
                    "turbines": ", ".join(f.turbines),
                    "rows": f.rows,
                    "first": f.first,
                    "last": f.last,
                    "sampling_s": f.sampling_s,
                    "stamps": f.stamps,
                    "columns": ", ".join(f.columns),
                    "without_values": ", ".join(f.without_values),
                    "empty": f.empty,
                    "duplicates": f.duplicates,
                    "gaps": f.gaps,
                    "missing": f.missing,
                    "rejected": sum(f.rejected.values()),
                    "note": f.why or "; ".join(f"{reason}: {rows}" for reason, rows in f.rejected.items()),
                }
                for f in self.files
            ]
        )

    def turbine_table(self) -> pd.DataFrame:
        """Return one row per turbine: its period, its counts and its rated power [kW] where it is known."""
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "turbine": t.name,
                    "rows": t.rows,
                    "first": t.first,
                    "last": t.last,
                    "empty": t.empty,
                    "duplicates": t.duplicates,
                    "gaps": t.gaps,
                    "missing": t.missing,
                    "events": t.events,
                    "timers": t.timers,
                    "rated_power_kw": t.asset.get("rated_power_kw"),
                }
                for t in self.turbines
            ]
        )


@dataclass
class _Series:
    """What the files say about one turbine, collected."""

    times: list[npt.NDArray[np.datetime64]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    rows: int = 0
    empty: int = 0
    events: int = 0
    timers: int = 0
    spans: list[tuple[Any, Any]] = field(default_factory=list)


def inspect_folder(folder: Path) -> Inventory:
    """Look at every file of a folder.

    Parameters
    ----------
    folder : Path
        A farm's folder. Where it has a `farm.toml`, the sources in it say how its files are read.

    Returns
    -------
    Inventory
        Files that cannot be used are listed with the reason.

    Raises
    ------
    InputError
        If there is no such folder, it is empty, none of its files is a table, or it holds farms instead of being one.
    ConfigError
        If there is a `farm.toml` and it is wrong.
    """
    paths = data_files(folder)
    with reading(folder):
        given = (folder / CONFIG_NAME).exists()
    if not given:
        check_one_farm(folder)
    settings = load_farm(folder / CONFIG_NAME) if given else Farm(name=folder.name or "farm")
    chosen: dict[Path, list[Source]] = {path: [] for path in paths}
    for number, source in enumerate(settings.sources):
        source_format(source, number, folder / CONFIG_NAME)  # an error of the settings, not of a file
        for path in paths:
            if matches(folder, path, source.files):
                chosen[path].append(settings.read_with(source))
    series: dict[str, _Series] = {}
    assets: dict[str, dict[str, Any]] = {}
    curves = reference_files(settings, folder)
    files = tuple(
        FileEntry(path=name_below(folder, path), why=f"the reference curve that {CONFIG_NAME} names")
        if path in curves
        else _look_at(path, name_below(folder, path), chosen[path], series, assets)
        for path in paths
    )
    if not any(entry.format or entry.proposal for entry in files):
        listed = "\n".join(f"  {entry.path}: {entry.why}" for entry in files[:20])
        raise InputError(f"{folder}: none of its {len(files)} files is a table that can be read:\n{listed}")
    if settings.rated_power_kw is not None:
        for asset in assets.values():
            asset.setdefault("rated_power_kw", settings.rated_power_kw)
    names = sorted(series or assets, key=natural)
    turbines = tuple(_turbine(name, series.get(name, _Series()), assets.get(name, {})) for name in names)
    named = frozenset(turbine.name for turbine in settings.turbines) or frozenset(assets)
    return Inventory(folder=folder.resolve().name or "farm", files=files, turbines=turbines, listed=named)


def _look_at(
    path: Path,
    name: str,
    sources: Sequence[Source],
    series: dict[str, _Series],
    assets: dict[str, dict[str, Any]],
) -> FileEntry:
    known: Format | None = None
    try:
        source = next((source for source in sources if source.format.startswith("generic")), None)
        known = format_named(source.format) if source else recognise(path)
        if known is None:
            guess = propose(path)
            return FileEntry(path=name, why=why_unknown(path), proposal=guess, notes=_about(guess))
        if source is None:
            source = next((given for given in sources if given.format == known.name), Source(format=known.name))
        batch = read(path, source)
    except FleetError as error:
        why = str(error).removeprefix(f"{path}: ").removeprefix(str(path))
        if known is None:
            return FileEntry(path=name, why=why)
        return FileEntry(path=name, format=known.name, title=known.title, kind=known.kind, stamps=known.stamps, why=why)
    facts = {
        "scada": _scada_facts,
        "companion": _companion_facts,
        "events": _event_facts,
        "timers": _timer_facts,
        "operator": _operator_facts,
        "assets": _asset_facts,
        "meter": _time_facts,
        "reanalysis": _time_facts,
    }[known.kind](batch, series, assets)
    return FileEntry(
        path=name,
        format=known.name,
        title=known.title,
        kind=known.kind,
        stamps=known.label(source),
        rows=batch.rows_in,
        rejected=batch.rejected,
        notes=batch.examples,
        **facts,
    )


def _about(guess: Proposal | None) -> tuple[str, ...]:
    if guess is None or not guess.works:
        return ()
    return (f"looks like SCADA of {', '.join(guess.turbines)}, every {guess.sampling_s} s, for the format generic",)


def _scada_facts(batch: Batch, series: dict[str, _Series], assets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    frame = batch.frame
    signals = columns(SIGNALS)
    values = {name: bool(frame[name].notna().any()) for name in signals}
    readable = frame["time"].notna().to_numpy()
    empty = frame[signals].isna().all(axis=1).to_numpy() & readable
    instants = frame["time"].dt.tz_localize(None).to_numpy()
    step = step_s(instants, frame["turbine"].to_numpy())
    duplicates = gaps = missing = 0
    turbines = sorted(set(frame["turbine"].unique()) - {""}, key=natural)
    for turbine in turbines:
        mine = (frame["turbine"] == turbine).to_numpy()
        times = instants[mine & readable]
        twice, holes, without = _continuity(times, step)
        duplicates, gaps, missing = duplicates + twice, gaps + holes, missing + without
        entry = series.setdefault(turbine, _Series())
        entry.times.append(times)
        entry.steps.append(step)
        entry.rows += int(mine.sum())
        entry.empty += int((mine & empty).sum())
    return {
        "turbines": tuple(turbines),
        **_period(frame["time"]),
        "sampling_s": step,
        "columns": tuple(name for name in signals if values[name]),
        "without_values": tuple(name for name in signals if not values[name]),
        "empty": int(empty.sum()),
        "duplicates": duplicates,
        "gaps": gaps,
        "missing": missing,
        "offsets_s": tuple(int(offset) for offset in np.unique(frame["utc_offset_s"].to_numpy()[readable])),
    }


def _companion_facts(batch: Batch, series: dict[str, _Series], assets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what a table of signals holds; its rows are those of the SCADA file that takes it in, and count there."""
    return _scada_facts(batch, {}, assets) if "time" in batch.frame else {}


def _timer_facts(batch: Batch, series: dict[str, _Series], assets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    facts = _interval_facts(batch.frame)
    for turbine, mine in batch.frame.groupby("turbine", sort=True)["time"]:
        entry = series.setdefault(str(turbine), _Series())
        entry.timers += len(mine)
        entry.spans.append((mine.min(), mine.max()))
    return facts


def _operator_facts(batch: Batch, series: dict[str, _Series], assets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return _interval_facts(batch.frame)


def _interval_facts(frame: pd.DataFrame) -> dict[str, Any]:
    """Return turbines, period and continuity of a table with one row per turbine and interval."""
    instants = frame["time"].dt.tz_localize(None).to_numpy()
    turbines = frame["turbine"].to_numpy()
    step = step_s(instants, turbines)
    found = [_continuity(instants[turbines == turbine], step) for turbine in sorted(set(turbines))]
    duplicates, gaps, missing = (sum(counts) for counts in zip(*found, strict=True)) if found else (0, 0, 0)
    values = [str(name) for name in frame.columns if name not in ("turbine", "time", "source_row", "figure")]
    there = [name for name in values if (frame[name].notna() & (frame[name] != "")).any()]
    return {
        "turbines": tuple(sorted(set(turbines), key=natural)),
        **_period(frame["time"]),
        "sampling_s": step,
        "columns": tuple(there),
        "without_values": tuple(name for name in values if name not in there),
        "duplicates": duplicates,
        "gaps": gaps,
        "missing": missing,
    }


def _continuity(times: npt.NDArray[np.datetime64], step: int) -> tuple[int, int, int]:
    """Return rows with a stamp that an earlier row has, holes, and intervals in the holes, of one turbine."""
    unique = np.unique(times)
    steps = np.diff(unique) // np.timedelta64(step, "s")
    holes = steps > 1
    return len(times) - len(unique), int(holes.sum()), int((steps[holes] - 1).sum())


def _event_facts(batch: Batch, series: dict[str, _Series], assets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    frame = batch.frame
    counts = frame["turbine"].value_counts()
    for turbine, count in counts.items():
        entry = series.setdefault(str(turbine), _Series())
        entry.events += int(count)
        mine = frame.loc[frame["turbine"] == turbine, "start"]
        entry.spans.append((mine.min(), mine.max()))
    return {
        "turbines": tuple(sorted((str(turbine) for turbine in counts.index), key=natural)),
        **_period(frame["start"]),
        "open_events": int(frame["end"].isna().sum()),
    }


def _asset_facts(batch: Batch, series: dict[str, _Series], assets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    for row in batch.frame.to_dict("records"):
        assets.setdefault(str(row["name"]), {str(key): value for key, value in row.items() if value == value})
    return {"turbines": tuple(batch.frame["name"])}


def _time_facts(batch: Batch, series: dict[str, _Series], assets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    frame = batch.frame
    instants = frame["time"].dt.tz_localize(None).to_numpy()
    step = step_s(instants)
    duplicates, gaps, missing = _continuity(instants, step)
    values = [str(name) for name in frame.columns if name != "time"]
    return {
        **_period(frame["time"]),
        "sampling_s": step,
        "columns": tuple(name for name in values if frame[name].notna().any()),
        "without_values": tuple(name for name in values if frame[name].isna().all()),
        "empty": int(frame[values].isna().all(axis=1).sum()),
        "duplicates": duplicates,
        "gaps": gaps,
        "missing": missing,
    }


def _period(times: pd.Series) -> dict[str, Any]:
    there = times.dropna()
    return {"first": there.min(), "last": there.max()} if len(there) else {}


def _turbine(name: str, found: _Series, asset: dict[str, Any]) -> TurbineEntry:
    import pandas as pd

    duplicates = gaps = missing = 0
    spans = list(found.spans)
    times = np.concatenate(found.times) if found.times else np.empty(0, "datetime64[us]")
    if len(times):
        duplicates, gaps, missing = _continuity(times, min(found.steps))
        spans.append((pd.Timestamp(times.min(), tz="UTC"), pd.Timestamp(times.max(), tz="UTC")))
    return TurbineEntry(
        name=name,
        rows=found.rows,
        first=min((span[0] for span in spans), default=None),
        last=max((span[1] for span in spans), default=None),
        empty=found.empty,
        duplicates=duplicates,
        gaps=gaps,
        missing=missing,
        events=found.events,
        timers=found.timers,
        asset=asset,
    )
