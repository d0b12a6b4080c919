"""Properties: the compiled loops of the fleet do what plain Python and numpy do, record by record."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.months import months_of_records
from fleet.row_kernels import look_up, mark_beside_curve
from fleet.states import PARTS, divide_power
from fleet.sum_kernels import add_curve, add_parts, mean_of_others, overlaps

Floats = npt.NDArray[np.float64]

_NAN = float("nan")
_POWER = st.one_of(st.just(_NAN), st.integers(-10_000, 250_000).map(lambda n: n / 100.0))
_WIND = st.one_of(st.just(_NAN), st.integers(0, 40_000).map(lambda n: n / 1000.0))
_YEAR_1, _YEAR_9999 = -62_135_596_800_000_000, 253_402_300_799_999_999
_NO_TIME = int(np.iinfo(np.int64).min)


def _array(values: list[float]) -> Floats:
    return np.array(values, np.float64)


@given(
    records=st.lists(st.tuples(_WIND, _POWER), max_size=30),
    levels=st.lists(st.tuples(st.integers(-50, 2500), st.integers(1, 400)), min_size=2, max_size=12),
    first=st.integers(0, 20),
    step=st.sampled_from([0.25, 0.5, 1.0]),
    known=st.tuples(st.integers(0, 10), st.integers(0, 20)),
)
def test_power_beside_the_curve_is_what_interpolation_says(
    records: list[tuple[float, float]],
    levels: list[tuple[int, int]],
    first: int,
    step: float,
    known: tuple[int, int],
) -> None:
    wind, power = (_array([record[k] for record in records]) for k in (0, 1))
    level, sigma = (_array([float(pair[k]) for pair in levels]) for k in (0, 1))
    start, spread, floor, running, cut_in = first / 4.0, 4.0, 50.0, 30.0, 3.0
    low, high = float(known[0]), float(known[0] + known[1])
    odd = np.zeros(wind.size, bool)
    mark_beside_curve(wind, power, level, sigma, start, step, spread, floor, running, low, high, cut_in, odd)

    grid = start + step * np.arange(level.size)
    expected, width = np.interp(wind, grid, level), np.interp(wind, grid, sigma)
    for i, (v, p) in enumerate(zip(wind, power, strict=True)):
        if math.isnan(v) or math.isnan(p):
            assert not odd[i]
            continue
        distance, limit = abs(p - expected[i]), max(spread * width[i], floor)
        # Two ways to interpolate may differ in the last digit: what lies that near a border says nothing.
        if abs(distance - limit) < 1e-6 or abs(expected[i] - running) < 1e-6 or abs(p - expected[i]) < 1e-6:
            continue
        off = distance > limit and v >= low and (v < high or p < expected[i])
        standing = p <= 0.0 and expected[i] > running and (v >= low or v > cut_in + 1.0)
        assert odd[i] == (off or standing), (v, p, expected[i], limit)


@given(
    steps=st.lists(st.integers(1, 8), min_size=1, max_size=12),
    origin=st.integers(-20, 20),
    data=st.data(),
    right=st.sampled_from([0.0, -1.0, 2000.0]),
)
def test_looked_up_values_are_those_of_numpy_bit_for_bit(
    steps: list[int], origin: int, data: st.DataObject, right: float
) -> None:
    grid = origin / 3.0 + np.r_[0.0, np.cumsum(np.array(steps) / 7.0)]
    number = st.floats(-1e6, 1e6, allow_nan=False)
    values = _array(data.draw(st.lists(number, min_size=grid.size, max_size=grid.size)))
    near = st.tuples(st.integers(0, grid.size - 1), st.sampled_from([-1, 0, 1]))
    at = data.draw(st.lists(st.floats(float(grid[0]) - 2.0, float(grid[-1]) + 2.0), max_size=30))
    # Points of the grid and the numbers beside them.
    for k, side in data.draw(st.lists(near, max_size=10)):
        at.append(float(grid[k] if side == 0 else np.nextafter(grid[k], side * np.inf)))
    where = _array([*at, _NAN])
    found = np.zeros(where.size)
    look_up(where, grid, values, right, found)
    expected = np.interp(where, grid, values, right=right)
    assert found.tobytes() == expected.tobytes() or np.array_equal(found, expected, equal_nan=True)
    assert math.isnan(found[-1])


@given(
    lengths=st.lists(st.tuples(st.integers(0, 900), st.integers(1, 900), st.integers(0, 2)), max_size=12),
    gaps=st.lists(st.integers(0, 700), max_size=20),
    origin=st.integers(-500, 500),
)
def test_overlaps_are_those_of_every_pair(lengths: list[tuple[int, int, int]], gaps: list[int], origin: int) -> None:
    period = 600
    starts, ends, labels, at = [], [], [], 0
    for gap, length, label in lengths:  # exclusive segments, ascending
        starts.append(at + gap)
        at += gap + length
        ends.append(at)
        labels.append(label)
    time = origin + np.cumsum(np.array(gaps, np.int64)) if gaps else np.zeros(0, np.int64)
    shares = np.zeros((time.size, 3), np.int64)
    overlaps(*(np.array(values, np.int64) for values in (starts, ends, labels)), time, period, shares)
    expected = np.zeros_like(shares)
    for i, begin in enumerate(time.tolist()):
        for start, end, label in zip(starts, ends, labels, strict=True):
            expected[i, label] += max(0, min(begin + period, end) - max(begin, start))
    assert shares.tolist() == expected.tolist()
    assert (shares.sum(axis=1) <= period).all()


@given(
    times=st.one_of(
        st.lists(st.integers(_YEAR_1, _YEAR_9999), max_size=4).filter(lambda t: not t or max(t) - min(t) < 10**18),
        st.lists(st.integers(1_388_534_400_000_000 - 10**13, 1_388_534_400_000_000 + 10**13), max_size=30),
    ),
    unknown=st.integers(0, 3),
    on_borders=st.booleans(),
)
@settings(max_examples=60)
def test_months_are_those_of_the_calendar(times: list[int], unknown: int, on_borders: bool) -> None:
    if on_borders:  # the first microsecond of a month and the last one before it
        edges = np.array(times, "datetime64[us]").astype("datetime64[M]").astype("datetime64[us]").astype(np.int64)
        times = [max(edge - i % 2, _YEAR_1) for i, edge in enumerate(edges.tolist())]
    known = np.sort(np.array(times, np.int64))
    found = months_of_records(np.r_[np.full(unknown, _NO_TIME), known])
    assert found.place.size == unknown + known.size
    assert (found.place[:unknown] == 0).all()
    months = known.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    if known.size:
        assert (found.place[unknown:] + found.first).tolist() == months.tolist()
        assert (found.first, found.count) == (months[0], months[-1] - months[0] + 1)
    else:
        assert found.count == 1


@given(st.lists(st.tuples(_WIND, _POWER, st.booleans()), max_size=40), st.sampled_from([0.5, 1.0]))
def test_curve_sums_are_those_of_exact_arithmetic(records: list[tuple[float, float, bool]], width: float) -> None:
    used = np.array([use and v == v and p == p for v, p, use in records], bool)
    wind, power = (_array([record[k] for record in records]) for k in (0, 1))
    sums = np.zeros((5, int(40 / width) + 2), np.int64)
    add_curve(wind, power, used, width, 0, 0.001, 0.01, sums)
    expected: dict[int, list[int]] = {}
    for v, p, use in zip(wind.tolist(), power.tolist(), used.tolist(), strict=True):
        if use:
            # The cells are whole quanta as they are drawn.
            k = math.floor(Fraction(round(v * 1000), 1000) / Fraction(width) + Fraction(1, 2))
            n, sum_v, sum_p, squares = expected.setdefault(k, [0, 0, 0, 0])
            whole_p = round(p * 100)
            expected[k] = [n + 1, sum_v + round(v * 1000), sum_p + whole_p, squares + whole_p**2]
    for k in range(sums.shape[1]):
        n, sum_v, sum_p, high, low = (int(value) for value in sums[:, k])
        assert [n, sum_v, sum_p, (high << 32) + low] == expected.get(k, [0, 0, 0, 0])


@given(
    records=st.lists(st.tuples(st.integers(-3, 12), _POWER, st.booleans()), max_size=20),
    fleet=st.lists(st.tuples(st.integers(1, 4), st.integers(0, 4_000_000)), max_size=8),
)
def test_the_mean_of_the_others_is_the_fleets_less_ones_own(
    records: list[tuple[int, float, bool]], fleet: list[tuple[int, int]]
) -> None:
    start, period, rated, micro = 7_000, 600, 2000.0, 1e-6
    places = [place for place, _, _ in records]
    power = _array([p for _, p, _ in records])
    # A turbine that runs is counted among those that run.
    runs = np.array([run and p > 0.0 and 0 <= k < len(fleet) for k, p, run in records], bool)
    running, share = (np.array([pair[k] for pair in fleet], np.int64) for k in (0, 1))
    time = np.array([start + period * k for k in places], np.int64)
    found = np.zeros(time.size)
    mean_of_others(time, power, runs, start, period, running, share, rated, micro, found)
    for i, k in enumerate(places):
        count, total = fleet[k] if 0 <= k < len(fleet) else (0, 0)
        if runs[i]:
            count, total = count - 1, total - round(Fraction(round(power[i] * 100), 100) / 2000 * 1_000_000)
        if count < 1:
            assert math.isnan(found[i])
        else:
            assert math.isclose(found[i], total / count / 1e6, rel_tol=1e-12, abs_tol=1e-18)


_SHARE = st.integers(0, 8).map(lambda n: n / 8.0)
_PARTS_OF = st.fixed_dictionaries(
    {
        "power": st.integers(-4, 250).map(lambda n: n * 8.0),
        "possible": st.one_of(st.just(_NAN), st.integers(0, 250).map(lambda n: n * 8.0)),
        "own": st.one_of(st.just(_NAN), st.integers(0, 250).map(lambda n: n * 8.0)),
        "source": st.integers(0, 3),
        "stopped": _SHARE,
        "partial": _SHARE,
        "has_energy": st.booleans(),
        "counted": st.booleans(),
        "present": st.booleans(),
        "down": st.booleans(),
        "odd": st.booleans(),
    }
)


@given(records=st.lists(_PARTS_OF, max_size=20), inferred=st.booleans())
def test_every_record_is_divided_once_among_the_parts(records: list[dict[str, float]], inferred: bool) -> None:
    # What does not stand still may run below what was possible.
    for record in records:
        record["partial"] = min(record["partial"], 1.0 - record["stopped"])
    names = ("power", "possible", "own", "stopped", "partial")
    floats = {name: _array([record[name] for record in records]) for name in names}
    names = ("has_energy", "counted", "present", "down", "odd")
    masks = {name: np.array([record[name] for record in records], bool) for name in names}
    source = np.array([record["source"] for record in records], np.int64)
    standing, running = divide_power(floats["power"], floats["possible"], floats["stopped"])
    period, none, quantum = 600_000_000, 3, 0.01
    sums = np.zeros((3, len(PARTS), 4), np.int64)
    add_parts(
        masks["has_energy"], masks["counted"], masks["present"], masks["down"], masks["odd"], floats["stopped"],
        floats["partial"], floats["power"], standing, running, floats["possible"], source, floats["own"],
        inferred, none, period, quantum, sums,
    )  # fmt: skip

    expected = np.zeros_like(sums)
    for i, record in enumerate(records):
        if not record["has_energy"]:
            continue
        still, below = (record["stopped"], record["partial"]) if record["counted"] else (0.0, 0.0)
        # What neither stands still nor is reduced belongs to one of the four other parts.
        own = record["own"]
        if not record["present"] or math.isnan(own):
            part, possible = "without expectation", 0.0
        elif record["down"] and not inferred:
            part, possible = "unlogged", own
        elif record["odd"]:
            part, possible = "degraded", own
        else:
            part, possible = "normal", own
        rest_power = running[i] if record["counted"] or part != "without expectation" else record["power"]
        by, potential = int(record["source"]), record["possible"]
        for name, share, could, made, kind in (
            ("stopped", still, potential, standing[i], by),
            ("partial", below, potential, running[i], by),
            (part, 1.0 - still - below, possible, rest_power, none),
        ):
            if share > 0.0:
                could = 0.0 if math.isnan(could) else could
                expected[:, PARTS.index(name), kind] += np.array(
                    [round(share * period), np.rint(could * share / quantum), np.rint(made * share / quantum)], np.int64
                )
    assert sums.tolist() == expected.tolist()
    # Nothing is lost: the time of every record with energy, and its energy where its state is known.
    assert sums[0].sum() == period * int(masks["has_energy"].sum())
    whole = masks["has_energy"] & masks["counted"]
    if (whole == masks["has_energy"]).all():
        assert abs(sums[2].sum() - 100.0 * floats["power"][whole].sum()) <= 1.5 * whole.sum()
