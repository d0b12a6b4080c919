"""States of a run in a file: saved at any event, restored bit for bit, without pickle."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gridforming.records import MACHINE_STATES, STATES
from gridforming.step import GRID, LOAD
from gridforming.system import Model, State
from turbine.errors import SimulationError

__all__ = ["load_state", "save_state"]

_FORMAT = 3


def save_state(path: Path, state: State) -> None:
    """Write a state, with the names of what it belongs to.

    Parameters
    ----------
    path : Path
        A file that ends in .npz.
    state : State
        As a `Result` has it in `end`.
    """
    about = {
        "format": _FORMAT,
        "names": list(state.names),
        "frame_speed": state.frame_speed,
        "time_step": state.time_step,
        "fading": dict(state.fading),
        "next_stage": state.next_stage,
        "step": state.step,
        "closed": dict(state.closed),
        "faults": dict(state.faults),
    }
    try:
        with path.open("wb") as file:
            np.savez(
                file,
                about=np.frombuffer(json.dumps(about).encode(), np.uint8),
                v=state.v,
                i=state.i,
                u=state.u,
                converters=state.converters,
                machines=state.machines,
                grids=state.grids,
                loads=state.loads,
            )
    except OSError as error:
        raise SimulationError(f"{path}: cannot be written ({error.strerror})") from None


def load_state(path: Path, model: Model) -> State:
    """Return a state from a file for a model of the same system.

    Raises
    ------
    SimulationError
        The file cannot be read, or belongs to another system.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(file["about"].tobytes())
            if about["format"] != _FORMAT:
                raise SimulationError(f"{path}: was saved by another version: format {about['format']}")
            arrays = {name: file[name] for name in ("v", "i", "u", "converters", "machines", "grids", "loads")}
    except (OSError, BadZipFile, KeyError, ValueError) as error:
        raise SimulationError(f"{path}: not a saved state of a run ({error})") from None
    for name, kind in (("converters", STATES), ("machines", MACHINE_STATES), ("grids", GRID), ("loads", LOAD)):
        if arrays[name].dtype != kind:
            raise SimulationError(f"{path}: was saved by another version: its {name} have other states")
    names = list(model.names)
    if about["names"] != names:
        raise SimulationError(f"{path}: belongs to another system; found {about['names']}, expected {names}")
    kept = ("step", "closed", "faults", "fading", "next_stage", "frame_speed", "time_step")
    return State(**arrays, **{name: about[name] for name in kept}, names=model.names)
