"""A farm as notebooks see it: one object whose methods are the analyses; the data are read once, when first needed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fleet.dataset import Dataset, open_dataset
from fleet.errors import ConfigError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from fleet.config import Farm as Settings
    from fleet.overview import Overview
    from fleet.pipeline import RunOptions
    from fleet.results import Alarms, Availability, Clock, Energy, FleetResults, PowerCurves, Quality, Sensors, Wind

__all__ = ["Farm", "moment", "open_farm"]

Part = TypeVar("Part")


@dataclass(frozen=True, repr=False)
class Farm:
    """An opened wind farm.

    Every method returns a part of `results`, which is computed once. A part that the data cannot give (a folder of
    status logs has no power curve) raises `InputError` with the reason.
    """

    dataset: Dataset
    start: pd.Timestamp | None = None
    end: pd.Timestamp | None = None
    options: RunOptions | None = None

    def __repr__(self) -> str:
        """Return one line: name, turbines, files and the period asked for."""
        names = [turbine.name for turbine in self.settings.turbines]
        listed = ", ".join(names) if len(names) <= 6 else f"{', '.join(names[:5])} and {len(names) - 5} more"
        files = len(self.dataset.files)
        begin, end = ("" if moment is None else f"{moment:%Y-%m-%d %H:%M}" for moment in (self.start, self.end))
        period = " ".join(f"{word} {moment}" for word, moment in (("from", begin), ("to", end)) if moment)
        return (
            f"<Farm {self.settings.name!r}: {len(names)} {'turbine' if len(names) == 1 else 'turbines'} "
            f"({listed}), {files} {'file' if files == 1 else 'files'}, {period + ' UTC' if period else 'whole period'}>"
        )

    @property
    def settings(self) -> Settings:
        """The farm's turbines and settings."""
        return self.dataset.farm

    @cached_property
    def results(self) -> FleetResults:
        """Everything that the analysis finds, computed on first use."""
        from fleet.analysis import analyse

        return analyse(self.dataset, start=self.start, end=self.end, options=self.options)

    def overview(self) -> Overview:
        """Return monthly energy, inferred availability and plain curves without the rest of the analysis."""
        from fleet.analysis import overview

        return overview(self.dataset, start=self.start, end=self.end, options=self.options)

    def clock(self) -> Clock:
        """Return what the clock check found."""
        return self._part("clock", self.results.clock)

    def quality(self) -> Quality:
        """Return row accounting, flags and coverage."""
        return self._part("quality", self.results.quality)

    def power_curves(self) -> PowerCurves:
        """Return power curves, AEP, expected power and ranking."""
        return self._part("curves", self.results.curves)

    def availability(self) -> Availability:
        """Return availability, stops and reliability."""
        return self._part("availability", self.results.availability)

    def alarms(self) -> Alarms:
        """Return the events of the logs by code."""
        return self._part("alarms", self.results.alarms)

    def sensors(self) -> Sensors:
        """Return what the comparisons of sensors between turbines found."""
        return self._part("sensors", self.results.sensors)

    def energy(self) -> Energy:
        """Return production, losses and reconciliation."""
        return self._part("energy", self.results.energy)

    def wind(self) -> Wind:
        """Return wind statistics."""
        return self._part("wind", self.results.wind)

    def headline(self) -> pd.DataFrame:
        """Return the headline figures, one row per turbine and one for the fleet."""
        from fleet.report import headline

        return headline(self.results)

    def report(self, out: str | Path) -> Path:
        """Write the report's folder and return the path of its page."""
        from fleet.report import write_report

        return write_report(self.results, Path(out))

    def with_options(self, options: RunOptions) -> Farm:
        """Return the same farm with other options of how to run."""
        return replace(self, options=options)

    def _part(self, name: str, part: Part | None) -> Part:
        if part is None:
            raise InputError(f"{self.dataset.folder}: {self.results.absent.get(name, 'no data')}")
        return part


def open_farm(
    folder: str | Path,
    *,
    turbines: tuple[str, ...] = (),
    start: datetime | str | None = None,
    end: datetime | str | None = None,
) -> Farm:
    """Open a farm; see `fleet.open`."""
    dataset = open_dataset(folder)
    if turbines:
        from fleet.analysis import select

        dataset = select(dataset, turbines)
    return Farm(dataset, moment("from", start), moment("to", end))


def moment(name: str, value: datetime | str | None) -> pd.Timestamp | None:
    """Return a begin or end of a period in UTC; `ConfigError` with its name where it is none."""
    if value is None:
        return None
    from fleet.times import utc

    try:
        return utc(value)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"{name}: found {value!r}, expected a date or time such as 2014-07-01 or 2014-07-01T12:00+02:00"
        ) from None
