"""Wind farm data: raw SCADA exports in, power curves, availability, losses and a report out.

>>> import fleet
>>> farm = fleet.open("la_haute_borne")     # a folder, or the name of a packaged sample
>>> farm.power_curves().bins                # doctest: +SKIP
>>> farm.report("report")                   # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fleet.errors import ConfigError, FleetError, InputError, OutputError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from fleet.farm import Farm

__all__ = ["ConfigError", "FleetError", "InputError", "OutputError", "open"]


def open(
    folder: str | Path,
    *,
    turbines: tuple[str, ...] = (),
    start: datetime | str | None = None,
    end: datetime | str | None = None,
) -> Farm:
    """Open a farm: its settings and files are checked now, its data are read when the first result is asked for.

    Parameters
    ----------
    folder : str or Path
        The folder with the exports (and `farm.toml`), or the name of a packaged sample.
    turbines : tuple of str
        Restrict the farm to these; empty: all.
    start, end : datetime or str, optional
        Period to analyse, UTC, half-open; by default all records.

    Raises
    ------
    InputError
        The folder holds no usable file.
    ConfigError
        `farm.toml`, a turbine or the period is wrong.
    """
    from fleet.farm import open_farm

    return open_farm(folder, turbines=turbines, start=start, end=end)
