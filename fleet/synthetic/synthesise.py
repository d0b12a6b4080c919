"""Write a synthetic fleet to a folder, turbine by turbine, with its truth beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path

from fleet.errors import ConfigError, OutputError, nearest
from fleet.places import check_outside
from fleet.synthetic.spec import FleetSpec
from fleet.synthetic.steady import steady_machine
from fleet.synthetic.truth import truth_files, truth_writer
from fleet.synthetic.turbine_run import TurbineRun, fleet_runs
from fleet.synthetic.writers import WRITERS
from fleet.synthetic.writers.base import compress
from fleet.synthetic.writers.meter import PlantMeter
from turbine.folder import Layout, replaced_folder, write_json

__all__ = ["FORMATS", "KIND", "MARKER", "synthesise"]

FORMATS: tuple[str, ...] = tuple(WRITERS)
KIND = "windform synthetic fleet"
MARKER = ".synthetic.json"  #: says what the folder is; hidden, so that no reader takes it for an export


def synthesise(
    out: Path,
    spec: FleetSpec,
    *,
    format: str = "greenbyte",
    packed: bool = False,
    meter: bool = False,
    truth: Path | None = None,
    progress: Callable[[int], None] | None = None,
) -> Path:
    """Write a synthetic fleet as a vendor would export it.

    Memory holds the weather and one turbine at a time. The same arguments give the same bytes.

    Parameters
    ----------
    out : Path
        The farm's folder. It may be missing, empty, or hold an earlier synthetic fleet, which is replaced in whole.
    spec : FleetSpec
        The fleet.
    format : str
        One of `FORMATS`.
    packed : bool
        CSV files are written as gzip.
    meter : bool
        A plant meter is written as well.
    truth : Path, optional
        Parquet file for the truth of each record, outside the farm's folder; events and constants of the turbines
        stand beside it as NAME_events and NAME_turbines.
    progress : function, optional
        Called with 1 after each turbine.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    ConfigError
        The format or the machine is unknown, or the format cannot hold the period.
    OutputError
        The folder holds something else, the truth lies in it or is there already, or nothing can be written.
    """
    if format not in WRITERS:
        raise ConfigError(f'unknown format "{format}"{nearest(format, FORMATS)}; known: {", ".join(FORMATS)}')
    machine = steady_machine(spec.machine)
    _check_truth(truth, out)
    with ExitStack() as stack:
        folder = stack.enter_context(replaced_folder(out, KIND, _layout(out)))
        writer = WRITERS[format](folder, spec, machine)
        plant = PlantMeter(spec, machine.rated_kw) if meter else None
        takers: list[Callable[[TurbineRun], None]] = [writer.add]
        if plant is not None:
            takers.append(plant.add)
        if truth is not None:
            takers.append(stack.enter_context(truth_writer(truth)))
        for run in fleet_runs(spec):
            for take in takers:
                take(run)
            if progress is not None:
                progress(1)
        if plant is not None:
            plant.write(folder)
        writer.close()
        if packed:
            compress(folder)
        names = sorted(entry.name for entry in folder.iterdir())
        settings = json.loads(json.dumps(asdict(spec), default=_plain))
        write_json({"kind": KIND, "format": format, "names": names, "spec": settings}, folder / MARKER)
    return out


def _plain(value: object) -> object:
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if dump is not None else str(value)


def _layout(out: Path) -> Layout:
    """Return what an earlier fleet in the folder consists of, as its marker says; a file added since is not ours."""
    try:
        names = json.loads((out / MARKER).read_text(encoding="utf-8")).get("names", [])
    except (OSError, ValueError, AttributeError):
        names = []
    return Layout(MARKER, frozenset({MARKER, *map(str, names)}), "synthetic fleet", OutputError, option="")


def _check_truth(truth: Path | None, out: Path) -> None:
    if truth is None:
        return
    if truth.suffix != ".parquet":
        raise OutputError(f"{truth}: expected a file that ends in .parquet")
    check_outside(truth, out, "where it would be read as an export; name another place")
    for file in truth_files(truth):
        if file.exists():
            raise OutputError(f"{file}: is there already; it was not overwritten")
    if not truth.resolve().parent.is_dir():
        raise OutputError(f"{truth}: there is no folder {truth.parent}")
