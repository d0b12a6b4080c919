"""Property: of random farms with random troubles every row is accounted for, by counts that the test keeps itself."""

from __future__ import annotations

import itertools
from collections import Counter
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from fleet.analysis import analyse
from fleet.dataset import open_dataset
from fleet.flags import PRIORITY, USES, Flag
from fleet.pipeline import RunOptions
from fleet.quality import accounting
from fleet.results import FleetResults
from tests.farms import START, farm_rows, generic_toml, names_of

_NUMBER = itertools.count()
#: A case takes about a second: what hypothesis found is shown as found, without a search for a smaller one.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
TURBINES, DAYS = 2, 2
SIGNALS = ["power", "wind", "direction", "vane", "temperature"]

#: Trouble -> reason that the three uses give for it ("used" where they do not mind).
REASONS: dict[str, dict[str, str]] = {
    "healthy": {"energy": "used", "availability": "used"},
    "unreadable": dict.fromkeys(("energy", "availability"), "unreadable"),
    "unlisted": dict.fromkeys(("energy", "availability"), "unlisted"),
    "off_grid": dict.fromkeys(("energy", "availability"), "off_grid"),
    "duplicate": dict.fromkeys(("energy", "availability"), "duplicate"),
    "conflict": dict.fromkeys(("energy", "availability"), "conflict"),
    "empty": dict.fromkeys(("energy", "availability"), "empty"),
    "no_power": dict.fromkeys(("energy", "availability"), "no_power"),
    "text": dict.fromkeys(("energy", "availability"), "no_power"),
    "power_range": dict.fromkeys(("energy", "availability"), "power_range"),
    "no_wind": {"energy": "used", "availability": "no_wind"},
    "wind_range": {"energy": "used", "availability": "wind_range"},
    "other_range": {"energy": "used", "availability": "used"},
    "short": dict.fromkeys(("energy", "availability"), "unreadable"),
}
troubles = st.lists(st.sampled_from([*REASONS, "gap"]), max_size=30)


def _make(seed: int, wanted: list[str]) -> pd.DataFrame:
    """Return rows of text with a column "trouble"; each trouble hits a row of its own."""
    rng = np.random.default_rng(seed)
    rows = farm_rows(TURBINES, DAYS, seed=seed)
    rows["trouble"] = "healthy"
    # First and last stamps stay healthy: the period is then the same whatever happens between them.
    n = len(rows) // TURBINES
    free = rng.permutation([i for i in range(len(rows)) if 0 < i % n < n - 1])
    # Frozen before any row is copied or emptied: a copy stays a copy, and an empty row empty.
    frozen = int(rng.integers(1, n - 12))
    rows.loc[rows.index.isin(range(frozen, frozen + 8)), "vane"] = "1.000"
    added, gone = [], []
    for at, trouble in zip(free.tolist(), wanted, strict=False):
        row = rows.loc[[at]].assign(trouble=trouble)
        if trouble == "gap":
            gone.append(at)
        elif trouble == "duplicate":
            added.append(row)
        elif trouble == "conflict":
            rows.loc[at, "trouble"] = trouble
            added.append(row.assign(power="1234.56"))
        elif trouble in ("unlisted", "short"):
            added.append(row.assign(turbine="X9") if trouble == "unlisted" else row)
        else:
            for cell, text in _cells(trouble, str(rows.loc[at, "time"])).items():
                rows.loc[at, cell] = text
            rows.loc[at, "trouble"] = trouble
    rows = pd.concat([rows.drop(index=gone), *added], ignore_index=True)
    return rows.sample(frac=1.0, random_state=seed, ignore_index=True) if seed % 2 else rows


def _cells(trouble: str, time: str) -> dict[str, str]:
    return {
        "unreadable": {"time": "31/31/2015 25:00"},
        "off_grid": {"time": time.replace(":00Z", ":37Z")},
        "empty": dict.fromkeys(SIGNALS, ""),
        "no_power": {"power": "NaN"},
        "text": {"power": "n.b."},
        "power_range": {"power": "99999.00"},
        "no_wind": {"wind": ""},
        "wind_range": {"wind": "-1.5"},
        "other_range": {"temperature": "-273.2"},
    }.get(trouble, {})


def _write(folder: Path, rows: pd.DataFrame, parts: int) -> Path:
    folder.mkdir(exist_ok=True)
    cells = rows.drop(columns="trouble")
    lines = cells.to_csv(index=False, header=False).splitlines()
    lines = [
        line if trouble != "short" else ",".join(line.split(",")[:3])
        for line, trouble in zip(lines, rows["trouble"], strict=True)
    ]
    head = ",".join(cells.columns)
    for number in range(parts):
        (folder / f"data_{number}.csv").write_text("\n".join([head, *lines[number::parts]]) + "\n", encoding="utf-8")
    (folder / "farm.toml").write_text(generic_toml(TURBINES), encoding="utf-8")
    return folder


def _analyse(folder: Path, start: str | None = None, end: str | None = None, days: int = 1) -> FleetResults:
    period = [None if text is None else pd.Timestamp(text, tz="UTC") for text in (start, end)]
    options = RunOptions(scheduler="synchronous", partition_days=days)
    return analyse(open_dataset(folder), start=period[0], end=period[1], options=options)


@example(  # the last duplicate repeats a row whose vane is frozen
    seed=761,
    wanted=["healthy", "duplicate", "conflict", "wind_range", "duplicate", "empty", "power_range", "duplicate"],
    parts=2,
    period=("2015-03-01T05:55", "2015-03-02T11:00"),
)
@settings(phases=PHASES, max_examples=8)
@given(
    seed=st.integers(0, 10_000),
    wanted=troubles,
    parts=st.integers(1, 3),
    period=st.sampled_from([(None, None), ("2015-03-01T06:00", None), ("2015-03-01T05:55", "2015-03-02T11:00")]),
)
def test_every_row_has_one_reason_and_every_interval_one_state(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    wanted: list[str],
    parts: int,
    period: tuple[str | None, str | None],
) -> None:
    rows = _make(seed, wanted)
    folder = tmp_path_factory.mktemp(f"farm{next(_NUMBER)}")
    results = _analyse(_write(folder, rows, parts), *period)
    assert results.quality is not None
    assert results.energy is not None
    quality = results.quality
    stamps = pd.to_datetime(rows["time"], errors="coerce", utc=True)
    begin = pd.Timestamp(period[0] or START, tz="UTC")
    end = pd.Timestamp(period[1], tz="UTC") if period[1] else pd.Timestamp(START, tz="UTC") + pd.Timedelta(days=DAYS)
    inside = (stamps >= begin) & (stamps < end)

    # Reasons: kept by the test line by line.
    expected: dict[str, Counter[tuple[str, str]]] = {use: Counter() for use in ("energy", "availability")}
    for turbine, trouble, within in zip(rows["turbine"], rows["trouble"], inside, strict=True):
        for use, counts in expected.items():
            reason = REASONS[trouble][use]
            selected = within or reason in ("unreadable", "unlisted")
            counts[turbine, reason if selected else "not_selected"] += 1
    for use, counts in expected.items():
        table = quality.accounting[quality.accounting["use"] == use]
        found = {(t, reason): n for t, reason, n in table[["turbine", "reason", "rows"]].itertuples(index=False) if n}
        assert found == dict(counts)

    # Whatever the use, the reasons add up to the rows in, and these to the lines of the files.
    rows_in = quality.rows.set_index("turbine")["rows_in"]
    assert rows_in.to_dict() == rows["turbine"].value_counts().to_dict()
    assert int(rows_in.sum()) == len(rows) == int(results.sources["rows"].sum())
    sums = quality.accounting.groupby(["use", "turbine"])["rows"].sum()
    assert set(sums.index.get_level_values("use")) == set(USES)
    for use in USES:
        assert sums[use].to_dict() == rows_in.to_dict()
    flags = quality.flags.merge(quality.rows, on="turbine")
    assert (flags["rows"] <= flags["rows_in"]).all()

    # Coverage: every interval of the period is used, rejected or missing.
    coverage = quality.coverage
    assert (coverage["expected"] == coverage[["used", "rejected", "missing"]].sum(axis=1)).all()
    assert (coverage[["used", "rejected", "missing"]] >= 0).all().all()
    grid = pd.date_range(begin.ceil("10min"), end, freq="10min", inclusive="left")
    on_grid = inside & ~rows["trouble"].isin(["short", "unlisted", "unreadable", "off_grid"])
    for turbine in names_of(TURBINES):
        own = coverage[coverage["turbine"] == turbine]
        mine = on_grid & (rows["turbine"] == turbine)
        good = mine & rows["trouble"].isin([t for t, r in REASONS.items() if r["availability"] == "used"])
        assert int(own["expected"].sum()) == len(grid)
        assert int(own["missing"].sum()) == len(grid) - stamps[mine].nunique()
        assert int(own["used"].sum()) == stamps[good].nunique()

    # Energy: exact decimals of the cells, ten minutes each.
    counted = inside & rows["trouble"].isin([t for t, r in REASONS.items() if r["energy"] == "used"])
    totals = results.energy.totals.set_index("turbine")
    for turbine in names_of(TURBINES):
        cells = rows.loc[counted & (rows["turbine"] == turbine), "power"]
        energy = sum((Decimal(text) for text in cells), Decimal()) / 6 / 1000
        assert totals.loc[turbine, "energy_mwh"] == pytest.approx(float(energy), rel=1e-12, abs=1e-12)
        assert totals.loc[turbine, "covered_h"] == pytest.approx(len(cells) / 6, rel=1e-12)

    # Losses: the waterfall ends at the energy that was counted.
    losses = results.energy.losses.pivot(index="turbine", columns="step", values="energy_mwh")
    steps = losses.drop(columns="measured").sum(axis=1)
    np.testing.assert_allclose(steps, losses["measured"], rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(losses["measured"], totals.loc[losses.index, "energy_mwh"], rtol=1e-12, atol=1e-12)
    assert totals.loc["fleet", "energy_mwh"] == pytest.approx(
        sum(totals.loc[name, "energy_mwh"] for name in names_of(TURBINES)), rel=1e-12, abs=1e-12
    )


@settings(phases=PHASES, max_examples=25)
@given(
    st.dictionaries(
        st.tuples(st.sampled_from(["T1", "T2"]), st.integers(0, (1 << len(PRIORITY)) - 1)),
        st.integers(1, 10**6),
        min_size=1,
    )
)
def test_accounting_of_any_combination_of_flags_adds_up(counts: dict[tuple[str, int], int]) -> None:
    index = pd.MultiIndex.from_tuples(sorted(counts), names=["turbine", "flags"])
    table = pd.DataFrame({"rows": [counts[key] for key in sorted(counts)]}, index=index)
    exclusive, overlapping = accounting({"flags": table})
    rows_in = table["rows"].groupby(level="turbine").sum()
    sums = exclusive.groupby(["use", "turbine"])["rows"].sum()
    for use in USES:
        assert sums[use].to_dict() == rows_in.to_dict()
    assert not exclusive.duplicated(["turbine", "use", "reason"]).any()
    for turbine, flag, rows in overlapping.itertuples(index=False):
        bit = 1 << list(overlapping["flag"].unique()).index(flag)
        mine = {bits: n for (name, bits), n in counts.items() if name == turbine}
        shown = {bits: n for bits, n in mine.items() if bit == Flag.NOT_SELECTED or not bits & Flag.NOT_SELECTED}
        assert rows == sum(n for bits, n in shown.items() if bits & bit)
