"""A plant meter beside the export: the turbines' true energy less electrical losses, in OpenOA's form."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from fleet.synthetic.spec import PERIOD_S, FleetSpec
from fleet.synthetic.turbine_run import TurbineRun
from fleet.synthetic.weather import record_times
from fleet.synthetic.writers.base import append, number_texts, stamp_texts, table_lines

__all__ = ["ELECTRICAL_LOSS", "PlantMeter"]

ELECTRICAL_LOSS = 0.02  #: between turbines and meter at rated power of the plant; it falls with the load squared
_NO_LOAD = 0.002  # of rated power


class PlantMeter:
    """Adds the turbines' energy up and writes `plant_meter.csv`."""

    def __init__(self, spec: FleetSpec, rated_kw: float) -> None:
        self._spec = spec
        self._rated_kw = rated_kw * spec.turbines
        self._power = np.zeros(spec.records)
        self._stopped, self._curtailed = np.zeros(spec.records), np.zeros(spec.records)

    def add(self, run: TurbineRun) -> None:
        self._power += run.truth.power_kw
        self._stopped += run.truth.lost_unavailable_kw
        self._curtailed += run.truth.lost_partial_kw

    def energy_kwh(self) -> npt.NDArray[np.float64]:
        """Return the metered energy of each record [kWh]; copper losses go with the square of the load."""
        load = self._power / self._rated_kw
        lost = self._rated_kw * (ELECTRICAL_LOSS * load**2 + _NO_LOAD)
        return np.asarray(np.round((self._power - lost) * PERIOD_S / 3600.0, 3), np.float64)

    def write(self, folder: Path) -> None:
        times = record_times(self._spec)
        hours = PERIOD_S / 3600.0
        columns = (self.energy_kwh(), np.round(self._stopped * hours, 3), np.round(self._curtailed * hours, 3))
        header = ("time_utc", "net_energy_kwh", "availability_kwh", "curtailment_kwh")
        lines = table_lines([stamp_texts(times), *(number_texts(column) for column in columns)])
        append(folder / "plant_meter.csv", header, lines)
