"""The tables of many turbines at once equal their definition by loops, to the last bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from fleet.availability import Basis, availability_table, monthly_table
from fleet.categories import Category
from fleet.category_sums import RUNNING_UNALLOCATED, merge_sums
from fleet.config import AvailabilitySettings
from tests.availability_by_loops import monthly_by_loops, table_by_loops

MONTHS = ("2023-11", "2023-12", "2024-01")
START, END = pd.Timestamp("2023-11-10", tz="UTC"), pd.Timestamp("2024-01-20", tz="UTC")
LABELS = (*(category.value for category in Category), RUNNING_UNALLOCATED)
CONTRACT = {
    Category.FORCED_OUTAGE: "unavailable",
    Category.SUSPENDED: "not_counted",
    Category.READY_STANDBY: "available",
}


def random_sums(rng: np.random.Generator, turbines: int) -> pd.DataFrame:
    rows = []
    for k in range(turbines):
        powered = rng.random() < 0.8
        for month in MONTHS:
            for label in LABELS:
                if rng.random() < 0.6:
                    continue
                time = int(rng.integers(1, 10**12))
                large = 2**62 if rng.random() < 0.1 else 10**6  # two of them pass 64 bits
                produced, lost = (int(rng.integers(-large, large)) for _ in range(2))
                produced = produced if powered and rng.random() < 0.9 else None
                lost = lost if powered and rng.random() < 0.7 else None
                rows.append((f"T{k:02d}", month, label, time, produced, lost, int(rng.integers(0, time + 1))))
    frame = pd.DataFrame(rows, columns=["turbine", "month", "category", "time_us", "produced", "lost", "unpriced_us"])
    return merge_sums([frame.astype({"produced": "Int64", "lost": "Int64"})])


def random_bases(rng: np.random.Generator, turbines: int) -> list[Basis]:
    return [
        Basis(
            turbine=f"T{k:02d}",
            evidence=str(rng.choice(["status log", "state timers", "inferred", "none"])),  # type: ignore[arg-type]
            start=START,
            end=END,
            declared=bool(rng.random() < 0.8),
            potential_source=str(rng.choice(["", "own power curve"])),
            u_potential=float(rng.choice([np.nan, 0.02, 0.05])),
            note=str(rng.choice(["", "a note"])),
        )
        for k in rng.permutation(turbines)
    ]


@pytest.mark.parametrize("seed", range(12))
def test_both_tables_equal_the_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    turbines = int(rng.integers(1, 9))
    sums, bases = random_sums(rng, turbines), random_bases(rng, turbines)
    given = {"contract": CONTRACT} if seed % 2 else {}
    settings = AvailabilitySettings(maintenance_allowance_h=40.0, **given)
    found = availability_table(sums, bases, settings, quantum_kwh=0.0016)
    pd.testing.assert_frame_equal(found, table_by_loops(sums, bases, settings, 0.0016)[list(found)], check_exact=True)
    monthly = monthly_table(sums, bases, settings, quantum_kwh=0.0016)
    pd.testing.assert_frame_equal(monthly, monthly_by_loops(sums, bases, settings, 0.0016), check_exact=True)
