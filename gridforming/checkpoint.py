"""States of a run in a file: saved at any event, restored bit for bit, without pickle."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from gridforming.records import STATES
from gridforming.step import GRID, LOAD
from gridforming.system import Model, State
from turbine.errors import SimulationError

__all__ = ["load_state", "save_state"]

_FORMAT = 1


def save_state(path: Path, state: State, model: Model) -> None:
    """Write a state and the names of what it belongs to.

    Parameters
    ----------
    path : Path
        A file that ends in .npz.
    state, model : State, Model
        As a `Result` has them in `end` and `model`.
    """
    about = {
        "format": _FORMAT,
        "names": _names(model),
        "frame_speed": model.frame_speed,
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
                converters=state.converters,
                grids=state.grids,
                loads=state.loads,
            )
    except OSError as error:
        raise SimulationError(f"{path}: cannot be written ({error.strerror})") from None


def load_state(path: Path, model: Model) -> State:
    """Return a state from a file for a model of the same system and frame.

    Raises
    ------
    SimulationError
        The file cannot be read, or belongs to another system or frame.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in ("about", "v", "i", "converters", "grids", "loads")}
        about = json.loads(arrays.pop("about").tobytes())
    except (OSError, BadZipFile, KeyError, ValueError) as error:
        raise SimulationError(f"{path}: not a saved state of a run ({error})") from None
    for name, kind in (("converters", STATES), ("grids", GRID), ("loads", LOAD)):
        if arrays[name].dtype != kind:
            raise SimulationError(f"{path}: was saved by another version: its {name} have other states")
    if about["names"] != _names(model):
        raise SimulationError(f"{path}: belongs to another system; found {about['names']}, expected {_names(model)}")
    if about["frame_speed"] != model.frame_speed:
        raise SimulationError(
            f"{path}: was saved in a frame at {about['frame_speed']:g} pu, expected {model.frame_speed:g} pu"
        )
    return State(**arrays, step=about["step"], closed=about["closed"], faults=about["faults"])


def _names(model: Model) -> list[str]:
    made = model.circuit
    return [*made.nodes, *made.sources, *(b.name for b in made.branches), *made.varying]
