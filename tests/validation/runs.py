"""Runs of the whole pipeline that validation cases look into: each is computed once per process, the public way."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import fleet
from fleet import samples
from fleet.config import ClockSettings, Farm, PowerCurveSettings, PowerWindow, QualitySettings

if TYPE_CHECKING:
    import pandas as pd

    from fleet.farm import Farm as OpenFarm
    from fleet.results import Availability, FleetResults

__all__ = [
    "EMERGENCY_STOP",
    "emergency_stop_repeated",
    "hill_of_towie",
    "kelmarsh_1",
    "la_haute_borne_as_written",
    "la_haute_borne_corrected",
    "la_haute_borne_plant",
    "penmanshiel",
    "penmanshiel_events",
    "penmanshiel_without_open_rows",
    "with_settings",
]

EMERGENCY_STOP = "Emergency stop nacelle"


def with_settings(farm: OpenFarm, **sections: object) -> OpenFarm:
    """Return the farm with whole sections of its settings replaced, such as `clock=ClockSettings(...)`."""
    unknown = set(sections) - set(Farm.model_fields)
    if unknown:
        raise KeyError(f"no settings named {sorted(unknown)}")
    changed = farm.settings.model_copy(update=sections)
    return replace(farm, dataset=replace(farm.dataset, farm=changed))


@cache
def la_haute_borne_corrected() -> FleetResults:
    """Every default; the clock is corrected."""
    return fleet.open("la_haute_borne").results


@cache
def la_haute_borne_as_written() -> FleetResults:
    """Time stamps as written, the first of two records in file order, and the conditions of the reference AEP.

    Those conditions concern the power curve alone: production and availability do not depend on them.
    """
    farm = with_settings(
        fleet.open("la_haute_borne"),
        clock=ClockSettings(duplicates="first"),
        quality=QualitySettings(
            frozen=False, rate=False, curtailed=False, derated=False, icing=False, inconsistent=False
        ),
        power_curve=PowerCurveSettings(
            density="none", window=PowerWindow(wind_speed=(5.0, 40.0), power_kw=(20.0, 2100.0))
        ),
    )
    return farm.results


@cache
def hill_of_towie() -> Availability:
    """State timers of July 2024, with every default."""
    return fleet.open("hill_of_towie").availability()


@cache
def la_haute_borne_plant() -> pd.DataFrame:
    """Energy of the plant file and of the turbines [kWh] by stamps as written, the first record of each."""
    dataset = fleet.open("la_haute_borne").dataset
    (scada,), (meter,) = dataset.of_kind("scada"), dataset.of_kind("meter")
    first = scada.read().frame.drop_duplicates(["turbine", "time"])
    turbines = first.groupby("time")["power_kw"].sum() / 6.0
    plant = meter.read().frame.set_index("time")["energy_kwh"]
    return turbines.to_frame("turbines").join(plant.rename("plant"), how="inner")


@cache
def penmanshiel() -> Availability:
    """One month of one turbine's status log, every default."""
    return fleet.open("penmanshiel").availability()


@cache
def penmanshiel_events() -> pd.DataFrame:
    """The log's rows as the product reads them."""
    (log,) = fleet.open("penmanshiel").dataset.of_kind("events")
    return log.read().frame


@cache
def penmanshiel_without_open_rows() -> Availability:
    """The same log after its rows without an end have been cut out of the file."""
    (log,) = samples.path("penmanshiel").glob("Status_*.csv")
    rows = log.read_text(encoding="utf-8").splitlines(keepends=True)
    closed = [row for row in rows if row.startswith("#") or row.split(",")[1:2] != ["-"]]
    return _of_files("penmanshiel", ("farm.toml", "Penmanshiel_WT_static.csv"), {log.name: "".join(closed)})


@cache
def kelmarsh_1() -> Availability:
    """The status log of turbine 1 by itself."""
    return _kelmarsh()


@cache
def emergency_stop_repeated() -> Availability:
    """The same log with the emergency stop logged four times: again after 1, 40 and 200 hours, to the same end."""
    return _kelmarsh("2016-01-14 20:28:03", "2016-01-16 11:28:03", "2016-01-23 03:28:03")


def _kelmarsh(*again: str) -> Availability:
    log = samples.path("kelmarsh") / "Status_Kelmarsh_1_sample.csv"
    text = log.read_text(encoding="utf-8")
    (row,) = (line for line in text.splitlines() if EMERGENCY_STOP in line)
    start, end, _, rest = row.split(",", 3)
    assert (start, end) == ("2016-01-14 19:28:03", "2016-01-23 14:36:32")
    more = [f"{begin},{end},-,{rest}\n" for begin in again]
    return _of_files("kelmarsh", ("farm.toml", "Kelmarsh_WT_static.csv"), {log.name: text + "".join(more)})


def _of_files(sample: str, copied: tuple[str, ...], written: dict[str, str]) -> Availability:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file in copied:
            shutil.copy(samples.path(sample) / file, folder / file)
        for file, text in written.items():
            (folder / file).write_text(text, encoding="utf-8", newline="\n")
        return fleet.open(folder).availability()
