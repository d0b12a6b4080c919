"""CPU time of the fleet report on La Haute Borne (420,480 rows), by stage, beside a bare pyarrow read of the file.

Run on a quiet machine: `python benchmarks/fleet_report.py`. Medians of five runs after one that is not counted.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
from cpu_time import median_cpu_s

from fleet import samples
from fleet.analysis import analyse
from fleet.dataset import open_dataset
from fleet.farm import Farm
from fleet.pipeline import RunOptions

SCADA = "la-haute-borne-data-2014-2015.csv.gz"


def main() -> None:
    """Print a table of CPU times."""
    path = samples.path("la_haute_borne") / SCADA
    dataset = open_dataset("la_haute_borne")
    (scada,) = dataset.of_kind("scada")
    farm = Farm(dataset, options=RunOptions(workers=2))
    _ = farm.results
    with tempfile.TemporaryDirectory() as folder:
        stages = {
            "pyarrow: gunzip and read, nothing else": lambda: pa.csv.read_csv(
                pa.py_buffer(gzip.decompress(path.read_bytes()))
            ),
            "read into canonical form": scada.read,
            "whole analysis": lambda: analyse(dataset, options=RunOptions(workers=2)),
            "report from results": lambda: farm.report(Path(folder) / "report"),
        }
        seconds = {name: median_cpu_s(work) for name, work in stages.items()}
    bare = seconds["pyarrow: gunzip and read, nothing else"]
    for name, value in seconds.items():
        sys.stdout.write(f"{name:<42}{value:8.2f} s CPU   {value / bare:6.1f} x the bare read\n")


if __name__ == "__main__":
    main()
