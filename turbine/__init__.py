"""One wind turbine: rotor, drive train, tower, controller, wind and loads.

>>> import turbine
>>> turbine.names()[:2]
('iea_15mw', 'iea_3p4mw')
>>> machine = turbine.load("iea_15mw")
>>> machine.require("rotor.radius")
120.97
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from turbine.errors import MachineError, WindformError

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from turbine.machine import Machine
    from turbine.simulation import Result
    from turbine.wind import WindSeries

__all__ = ["MachineError", "WindformError", "load", "names", "simulate"]


def load(name: str | Path, *, interpolation: Literal["bicubic", "bilinear"] = "bicubic") -> Machine:
    """Return a machine of the library, or of a file of one's own.

    Parameters
    ----------
    name : str or Path
        One of `names()`, or the path of a machine file (".toml").
    interpolation : "bicubic" or "bilinear"
        Of the rotor surface.

    Returns
    -------
    Machine
        Values in SI units with their sources, rotor surface and power curve where there is one.

    Raises
    ------
    MachineError
        Unknown name (with the nearest known one), or a file that is wrong.
    """
    from turbine.library import load as load_machine

    return load_machine(name, interpolation=interpolation)


def names() -> tuple[str, ...]:
    """Return the names of the machines that `load` knows, sorted."""
    from turbine.library import names as machine_names

    return machine_names()


def simulate(machine: Machine, wind: WindSeries, **settings: Any) -> Result:
    """Run a turbine in a wind: `turbine.simulation.simulate`, which documents the settings."""
    from turbine.simulation import simulate as run

    return run(machine, wind, **settings)
