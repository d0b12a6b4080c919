"""What records alone tell of a turbine's state, record by record; by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import fleet
from fleet.category_sums import HOUR
from fleet.config import Farm, Turbine
from fleet.flags import USES, Flag
from fleet.months import months_of_records
from fleet.partial_sums import tables
from fleet.potential import PotentialSource
from fleet.recorded import Recorded
from fleet.records import Records
from fleet.states import state_tables
from fleet.times import to_us

PERIOD = 600_000_000
TURBINE = Turbine(name="T1", rated_power_kw=2000.0)
FARM = Farm(name="made up", turbines=(TURBINE,))
NONE, NAN = Flag(0), np.nan

#: wind [m/s], power [kW], set-point [kW], flags -> category
CASES = (
    ((8.0, 900.0, NAN, NONE), "full_performance"),
    ((8.0, 300.0, NAN, Flag.DERATED), "partial_performance"),
    ((8.0, 300.0, 300.0, Flag.CURTAILED), "partial_performance"),
    ((8.0, 300.0, NAN, Flag.DERATED | Flag.INCONSISTENT), "partial_performance"),
    ((8.0, 300.0, NAN, Flag.INCONSISTENT), "unallocated_in_service"),
    ((8.0, -5.0, NAN, NONE), "unallocated"),
    ((8.0, -5.0, 2000.0, NONE), "unallocated"),
    ((8.0, -5.0, 20.0, NONE), "requested_shutdown"),  # 1 % of rated power
    ((8.0, -5.0, 20.1, NONE), "unallocated"),
    ((8.0, -5.0, 0.0, Flag.CURTAILED), "requested_shutdown"),
    ((3.0, 0.0, 0.0, NONE), "ready_standby"),  # too little wind: nothing says that the set-point stopped it
    ((3.0, -5.0, NAN, Flag.DERATED), "ready_standby"),
    ((8.0, 900.0, NAN, Flag.PUBLISHER), "information_unavailable"),
    ((NAN, NAN, NAN, Flag.PUBLISHER | Flag.NO_POWER), "information_unavailable"),
    ((8.0, 900.0, NAN, Flag.PUBLISHER | Flag.DUPLICATE), ""),
    ((8.0, 900.0, NAN, Flag.PUBLISHER | Flag.OFF_GRID), ""),
    ((8.0, 900.0, NAN, Flag.PUBLISHER | Flag.NOT_SELECTED), ""),
    ((NAN, NAN, NAN, Flag.NO_POWER), ""),
)


def found(cases: tuple) -> dict[str, pd.DataFrame]:
    wind, power, setpoint = (np.array([case[0][k] for case in cases]) for k in range(3))
    flags = np.array([int(case[0][3]) for case in cases], np.uint32)
    time = to_us("2024-01-01") + PERIOD * np.arange(len(cases), dtype=np.int64)
    signals = {"wind_speed": wind, "power_kw": power, "power_setpoint_kw": setpoint}
    present = (flags & np.uint32(USES["availability"])) == 0
    records = Records(
        recorded=Recorded("T1", time, time, flags, signals, slice(0, len(time)), 0, 0),
        flags=flags,
        months=months_of_records(time),
        has_energy=(flags & np.uint32(USES["energy"])) == 0,
        present=present,
        down=present & (wind >= 4.0) & (power <= 0.0),
        curve_ok=(flags & np.uint32(USES["power_curve"])) == 0,
        potential={PotentialSource.OWN_CURVE: np.full(len(time), 1000.0)},
    )
    return tables(state_tables(records, TURBINE, FARM, None))


@pytest.mark.parametrize(("case", "category"), CASES)
def test_the_category_of_a_record(case: tuple, category: str) -> None:
    states = found(((case, category),))["states"].reset_index()
    assert states["category"].tolist() == ([category] if category else [])
    assert (states["time"] == PERIOD).all()


def test_all_records_together_with_their_energy() -> None:
    states = found(CASES)["states"].groupby(["category", "source"]).sum()
    own, none = int(PotentialSource.OWN_CURVE), int(PotentialSource.NONE)
    assert (states["time"] // PERIOD).to_dict() == {
        ("full_performance", own): 1,
        ("information_unavailable", none): 2,
        ("partial_performance", own): 3,
        ("ready_standby", own): 2,
        ("requested_shutdown", own): 2,
        ("unallocated", own): 3,
        ("unallocated_in_service", own): 1,
    }
    assert states.loc[("partial_performance", own), ["potential", "produced"]].tolist() == [300_000, 90_000]
    # What the publisher calls unknown is neither produced nor lost.
    assert states.loc[("information_unavailable", none), ["potential", "produced"]].tolist() == [0, 0]


def test_stops_are_apart_by_their_category() -> None:
    stops = found(CASES)["stops"].reset_index()
    first = to_us("2024-01-01")
    spans = {
        (row["category"], (row["start"] - first) // PERIOD, (row["end"] - first) // PERIOD)
        for row in stops.to_dict("records")
    }
    assert spans == {
        ("unallocated", 5, 7),
        ("requested_shutdown", 7, 8),
        ("unallocated", 8, 9),
        ("requested_shutdown", 9, 10),
    }


def test_sdwpf_shows_what_its_publisher_calls_unknown() -> None:
    """Hours of the flagged records of the sample, counted over the file as the reader's test does."""
    farm = fleet.open("sdwpf")
    flags = farm.results.quality.flags
    rows = int(flags.loc[flags["flag"] == "publisher", "rows"].sum())
    hours = farm.availability().categories.groupby("category")["hours"].sum()
    assert hours["information_unavailable"] == pytest.approx(rows / 6)
    table = farm.availability().table.set_index(["turbine", "view"]).loc[("fleet", "operational")]
    assert table["excluded_h"] == pytest.approx(rows / 6)
    known = hours.drop("information_unavailable").sum()
    assert table["coverage"] == pytest.approx(known * HOUR / (67 * 48 * HOUR))
