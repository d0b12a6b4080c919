"""Production, losses, meter and emissions, against sums made by hand."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from fleet.config import Farm
from fleet.energy import LOGGED_PARTIAL, LOSS_STEPS, energy_result
from fleet.potential import PotentialSource
from fleet.reconciliation import RECONCILED
from fleet.results import Energy
from fleet.states import PARTS
from fleet.sums import Summary

JANUARY = 45 * 12  # 2015, counted from 1970
RATED = {"A": 2000.0, "B": 3000.0}

#: turbine, month -> records, with expected power, then quanta of 0.01 kW: energy, expected
_COLUMNS = ("n", "n_expected", "energy", "expected")
_MONTHLY = {
    ("A", JANUARY): (600, 500, 60_000_000, 56_000_000),
    ("A", JANUARY + 1): (300, 300, 45_000_000, 46_000_000),
    ("B", JANUARY): (600, 600, 120_000_000, 130_000_000),
}
#: turbine, part, source -> time, potential, produced; B's export is right by 5 % less (see "sources")
_PARTS = {
    ("A", PARTS.index("stopped"), int(PotentialSource.OWN_CURVE)): (1, 1_500_000, -5_000),
    ("A", PARTS.index("degraded"), int(PotentialSource.NONE)): (1, 700_000, 300_000),
    ("A", PARTS.index("normal"), int(PotentialSource.NONE)): (1, 99_000_000, 98_705_000),
    ("A", PARTS.index("without expectation"), int(PotentialSource.NONE)): (1, 0, 6_000_000),
    ("B", PARTS.index("stopped"), int(PotentialSource.EXPORT)): (1, 6_000_000, -10_000),
    ("B", PARTS.index("normal"), int(PotentialSource.NONE)): (1, 121_000_000, 120_010_000),
}
_SOURCES = {
    ("A", int(PotentialSource.OWN_CURVE), JANUARY): (10, 1_000, 1_000),
    ("B", int(PotentialSource.EXPORT), JANUARY): (10, 1_000, 950),
}
_UNRECORDED = {("A", JANUARY): (12, 10, 900_000), ("B", JANUARY + 1): (300, 0, 0)}


def _table(rows: dict[Any, tuple[int, ...]], keys: tuple[str, ...], columns: tuple[str, ...]) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(list(rows), names=list(keys))
    return pd.DataFrame(list(rows.values()), index=index, columns=list(columns))


def _energy(
    meter: pd.DataFrame | None = None,
    parts: dict[Any, tuple[int, ...]] = _PARTS,
    unrecorded: dict[Any, tuple[int, ...]] = _UNRECORDED,
    **factors: float,
) -> Energy:
    by_month = ("turbine", "month")
    summary: Summary = {
        "monthly": _table(_MONTHLY, by_month, _COLUMNS),
        "unrecorded": _table(unrecorded, by_month, ("n", "estimated", "estimate")),
        "parts": _table(parts, ("turbine", "part", "source"), ("time", "potential", "produced")),
        "sources": _table(_SOURCES, ("turbine", "source", "month"), ("n", "potential", "own")),
    }
    turbines = [{"name": name, "rated_power_kw": power} for name, power in RATED.items()]
    farm = Farm.model_validate({"name": "x", "turbines": turbines, "energy": factors})
    rows = [] if meter is None else [("2015-01", 300.0, 294.0, 0.98, 9, 9), ("all", 300.0, 294.0, 0.98, 9, 9)]
    return energy_result(summary, meter, pd.DataFrame(rows, columns=list(RECONCILED)), farm, 200.0)


def _mwh(quanta: float) -> float:
    """Ten minutes at so many quanta of 0.01 kW."""
    return quanta * 0.01 / 6.0 / 1000.0


def test_monthly_and_total_energy() -> None:
    energy = _energy()
    monthly = energy.monthly.set_index(["turbine", "month"])
    assert monthly.loc[("A", "2015-01"), "energy_mwh"] == pytest.approx(_mwh(60_000_000), rel=1e-12)
    assert monthly.loc[("A", "2015-01"), "coverage"] == pytest.approx(600 / 612, rel=1e-12)
    assert monthly.loc[("B", "2015-02"), "coverage"] == 0.0
    assert monthly.loc[("fleet", "2015-01"), "energy_mwh"] == pytest.approx(_mwh(180_000_000), rel=1e-12)
    totals = energy.totals.set_index("turbine")
    assert totals.loc["A", "energy_mwh"] == pytest.approx(_mwh(105_000_000), rel=1e-12)
    assert totals.loc["fleet", "energy_mwh"] == pytest.approx(_mwh(225_000_000), rel=1e-12)
    assert totals["covered_h"].tolist() == [150.0, 100.0, 250.0]
    assert totals["period_h"].tolist() == [200.0, 200.0, 400.0]
    assert totals.loc["A", "coverage"] == pytest.approx(900 / 912, rel=1e-12)
    assert totals.loc["fleet", "coverage"] == pytest.approx(1500 / 1812, rel=1e-12)


def test_capacity_factor_is_of_the_covered_hours_of_each_turbine() -> None:
    totals = _energy().totals.set_index("turbine")["capacity_factor"]
    assert totals["A"] == pytest.approx(_mwh(105_000_000) / (2.0 * 150.0), rel=1e-12)
    assert totals["B"] == pytest.approx(_mwh(120_000_000) / (3.0 * 100.0), rel=1e-12)
    # Turbines of unlike rating and coverage: rated energy adds up turbine by turbine.
    assert totals["fleet"] == pytest.approx(_mwh(225_000_000) / (2.0 * 150.0 + 3.0 * 100.0), rel=1e-12)
    monthly = _energy().monthly.set_index(["turbine", "month"])["capacity_factor"]
    assert pd.isna(monthly["B", "2015-02"])  # no covered hour, no factor


def test_the_waterfall_adds_up_to_measured_energy() -> None:
    losses = _energy().losses.pivot(index="turbine", columns="step", values="energy_mwh")
    assert list(losses.index) == ["A", "B", "fleet"]
    steps = [step for step in LOSS_STEPS if step != "measured"]
    for turbine, row in losses.iterrows():
        assert row[steps].sum() == pytest.approx(row["measured"], rel=1e-12), turbine
    assert losses.loc["A", "measured"] == pytest.approx(_mwh(105_000_000), rel=1e-12)
    assert losses.loc["A", "availability"] == pytest.approx(-_mwh(1_505_000), rel=1e-12)
    assert losses.loc["A", "partial performance"] == pytest.approx(-_mwh(400_000), rel=1e-12)
    assert losses.loc["A", "without expectation"] == pytest.approx(_mwh(6_000_000), rel=1e-12)
    assert losses.loc["A", "residual"] == pytest.approx(-_mwh(295_000), rel=1e-9)
    assert losses.loc["B", "availability"] == pytest.approx(-_mwh(0.95 * 6_000_000 + 10_000), rel=1e-12)
    assert losses.loc["fleet"].to_numpy() == pytest.approx((losses.loc["A"] + losses.loc["B"]).to_numpy(), rel=1e-12)


def test_what_partial_performance_consists_of_adds_up_to_its_step() -> None:
    """By hand: 700,000 quanta expected and 300,000 made while degraded; an hour logged, 50,000 of 80,000 made."""
    own = ("A", PARTS.index("partial"), int(PotentialSource.OWN_CURVE))
    unknown = ("B", PARTS.index("partial"), int(PotentialSource.NONE))
    energy = _energy(parts={**_PARTS, own: (3_600_000_000, 80_000, 50_000), unknown: (3_600_000_000, 0, 70_000)})
    assert energy.partial is not None
    kinds = energy.partial.set_index("kind")
    assert kinds["energy_mwh"].tolist() == pytest.approx([-_mwh(30_000), 0.0, -_mwh(400_000)], rel=1e-12)
    assert kinds.loc[LOGGED_PARTIAL, "hours"] == 1.0  # energy without a potential is no loss
    steps = energy.losses[energy.losses["turbine"] == "fleet"].set_index("step")["energy_mwh"]
    assert energy.partial["energy_mwh"].sum() == pytest.approx(steps["partial performance"], rel=1e-12)


def test_steps_stand_in_the_order_of_the_waterfall() -> None:
    losses = _energy().losses
    assert losses["step"].tolist() == list(LOSS_STEPS) * 3


@pytest.mark.parametrize(("factors", "expected"), [({}, None), ({"emission_factor": 400.0}, 150.0)])
def test_avoided_emissions_need_a_factor(factors: dict[str, float], expected: float | None) -> None:
    # 375 MWh at 400 g/kWh
    assert _energy(**factors).avoided_t == (None if expected is None else pytest.approx(expected, rel=1e-12))


def test_avoided_emissions_are_net_of_the_farm_s_own() -> None:
    net = _energy(emission_factor=400.0, wind_emission_factor=12.0).avoided_t
    assert net == pytest.approx(375.0 * 388.0 / 1000.0, rel=1e-12)
    assert _energy(wind_emission_factor=12.0).avoided_t is None


def _meter(**losses: list[float]) -> pd.DataFrame:
    times = pd.to_datetime(["2015-01-05", "2015-01-06", "2015-02-01", "2015-03-01"], utc=True)
    nothing = [float("nan")] * 4
    columns = {"availability_loss_kwh": nothing, "curtailment_loss_kwh": nothing, **losses}
    return pd.DataFrame({"time": times, "energy_kwh": [150_000.0, 144_000.0, 73_500.0, 9e9], **columns})


def test_publisher_columns_stand_beside_ours_where_there_are_any() -> None:
    only_net = _energy(_meter()).publisher
    assert only_net[["item", "ours_mwh", "publisher_mwh"]].to_numpy().tolist() == [["net energy", 300.0, 294.0]]
    both = _energy(_meter(availability_loss_kwh=[100.0, 20.0, 0.0, 0.0], curtailment_loss_kwh=[5.0] * 4)).publisher
    table = both.set_index("item")
    assert table.loc["availability loss", "publisher_mwh"] == pytest.approx(0.12)
    assert table.loc["availability loss", "ours_mwh"] == pytest.approx(_mwh(1_505_000 + 0.95 * 6_000_000 + 10_000))
    assert table.loc["curtailment loss", "publisher_mwh"] == pytest.approx(0.02)
    assert "set-point" in table.loc["curtailment loss", "note"]


def test_without_a_meter_both_tables_are_empty() -> None:
    energy = _energy()
    assert len(energy.reconciliation) == 0
    assert len(energy.publisher) == 0
    assert energy.notes[-1] == (
        "Intervals that hold no usable power: 312. By the neighbours that ran meanwhile, 10 of them made about 1.5 "
        "MWh; this energy is not in any sum."
    )


@pytest.mark.parametrize(
    ("unrecorded", "words"),
    [
        (
            (51_000, 0, 0),
            " 51,000. No neighbour ran meanwhile: what they made cannot be estimated, and is not in any sum.",
        ),
        (
            (51_000, 49_000, 900_000_000),
            " 51,000. By the neighbours that ran meanwhile, 49,000 of them made about 1,50",
        ),
        ((0, 0, 0), " 0."),
    ],
)
def test_what_no_neighbour_tells_is_no_estimate_of_nothing(unrecorded: tuple[int, ...], words: str) -> None:
    assert (
        _energy(unrecorded={("A", JANUARY): unrecorded})
        .notes[-1]
        .startswith(f"Intervals that hold no usable power:{words}")
    )
