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
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from fleet.compare import PeriodComparison
    from fleet.farm import Farm
    from fleet.report.index_page import FarmEntry
    from fleet.side_by_side import FarmComparison

__all__ = [
    "ConfigError",
    "FleetError",
    "InputError",
    "OutputError",
    "compare_farms",
    "compare_periods",
    "open",
    "report_farms",
]


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
        The folder holds no usable file, names no turbine, or holds farms instead of being one.
    ConfigError
        `farm.toml`, a turbine or the period is wrong.
    """
    from fleet.farm import open_farm

    return open_farm(folder, turbines=turbines, start=start, end=end)


def compare_periods(
    folder: str | Path,
    first: tuple[datetime | str, datetime | str],
    second: tuple[datetime | str, datetime | str],
    *,
    turbines: tuple[str, ...] = (),
) -> PeriodComparison:
    """Compare two periods of one farm by the same method; `fleet.report.write_comparison` writes its page.

    Parameters
    ----------
    folder : str or Path
        As for `open`.
    first, second : (begin, end)
        The periods, UTC, half-open; changes are second less first.
    turbines : tuple of str
        Restrict the farm to these; empty: all.

    Raises
    ------
    InputError
        The folder holds no usable file, or no record lies in a period.
    ConfigError
        `farm.toml`, a turbine or a period is wrong.
    """
    from fleet.batch import compare_periods

    return compare_periods(folder, first, second, turbines=turbines)


def compare_farms(
    folders: Sequence[str | Path], *, start: datetime | str | None = None, end: datetime | str | None = None
) -> FarmComparison:
    """Set two farms or more side by side; `fleet.report.write_comparison` writes the page.

    Parameters
    ----------
    folders : sequence of str or Path
        As for `open`; differences of curves are against the first.
    start, end : datetime or str, optional
        Period to analyse, UTC, half-open; by default all records of each farm.

    Raises
    ------
    InputError, ConfigError
        As `compare_periods`; fewer than two farms.
    """
    from fleet.batch import compare_farms

    return compare_farms(folders, start=start, end=end)


def report_farms(
    folders: Sequence[str | Path],
    out: str | Path,
    *,
    start: datetime | str | None = None,
    end: datetime | str | None = None,
) -> list[FarmEntry]:
    """Write a report of every farm and an index page of all of them; one that fails does not stop the others.

    Parameters
    ----------
    folders : sequence of str or Path
        Farms as for `open`, or folders of farms: of one without `farm.toml` every subfolder is a farm, where one of
        them has a `farm.toml` or nothing but folders lie there.
    out : str or Path
        The folder of `index.html`, `summary.json` and the reports: missing, empty, or earlier reports, which are
        replaced in whole; outside the farms and the folders of farms.
    start, end : datetime or str, optional
        Period to analyse, UTC, half-open; by default all records of each farm.

    Returns
    -------
    list of FarmEntry
        In the order of the index; a farm that failed has its `reason`.

    Raises
    ------
    OutputError
        When the folder holds something else or cannot be written; nothing has changed then.
    """
    from fleet.batch import report_farms

    return report_farms(folders, out, start=start, end=end)
