"""One writer per vendor format; see `fleet.synthetic.synthesise`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from fleet.synthetic.spec import FleetSpec
from fleet.synthetic.steady import SteadyMachine
from fleet.synthetic.writers.base import FarmWriter
from fleet.synthetic.writers.engie import EngieWriter
from fleet.synthetic.writers.generic import GenericWriter
from fleet.synthetic.writers.greenbyte import GreenbyteWriter
from fleet.synthetic.writers.hill_of_towie import HillOfTowieWriter
from fleet.synthetic.writers.sdwpf import SdwpfWriter

__all__ = ["WRITERS", "FarmWriter"]

#: By the name of the format on the command line.
WRITERS: dict[str, Callable[[Path, FleetSpec, SteadyMachine], FarmWriter]] = {
    "engie": EngieWriter,
    "greenbyte": GreenbyteWriter,
    "hill_of_towie": HillOfTowieWriter,
    "sdwpf": SdwpfWriter,
    "generic": GenericWriter,
    "generic_parquet": partial(GenericWriter, parquet=True),
}
