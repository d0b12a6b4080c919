"""Sparse LU of complex matrices of symmetric pattern, against dense solution, in any order of the nodes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from gridforming.sparse import factorise, pattern, solve

Complexes = npt.NDArray[np.complex128]
CLOSE = 1e-11  # of the largest entry; matrices are dominated by their diagonal


class Case(NamedTuple):
    """A matrix, its off-diagonal places, a right side, and an order of its nodes."""

    matrix: Complexes
    pairs: list[tuple[int, int]]
    right: Complexes
    order: list[int]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    size = draw(st.integers(1, 24))
    node = st.integers(0, size - 1)
    pairs = draw(st.lists(st.tuples(node, node), max_size=3 * size))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    matrix = np.zeros((size, size), np.complex128)
    for a, b in pairs:
        for here, there in ((a, b), (b, a)):
            if a != b:
                matrix[here, there] = complex(*rng.normal(size=2)) * 10.0 ** rng.uniform(-3.0, 3.0)
    turn = np.exp(2j * np.pi * rng.random(size))
    matrix[np.arange(size), np.arange(size)] = turn * (1.2 * np.abs(matrix).sum(axis=1) + rng.uniform(1e-3, 1.0, size))
    right = rng.normal(size=(size, 2)).view(np.complex128)[:, 0].copy()
    return Case(matrix, pairs, right, draw(st.permutations(range(size))))


def _solved(matrix: Complexes, pairs: list[tuple[int, int]], right: Complexes, *, times: int = 1) -> Complexes:
    size = right.size
    factors, slots = pattern(size, pairs)
    for _ in range(times):
        factors.values[:] = 0.0
        for (a, b), slot in slots.items():
            factors.values[slot] += matrix[a, b]
        factorise(factors)
    out = np.zeros(size + 2, np.complex128)
    out[size:] = 7.0
    solve(factors, right, out)
    assert (out[size:] == 7.0).all()  # sources and ground stand behind the nodes
    return out[:size]


@given(cases())
def test_solution_against_numpy(case: Case) -> None:
    expected = np.linalg.solve(case.matrix, case.right)
    found = _solved(case.matrix, case.pairs, case.right)
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=CLOSE * np.abs(expected).max())


@given(cases())
def test_order_of_nodes_does_not_matter(case: Case) -> None:
    place = np.array(case.order)  # node k of the one is node place[k] of the other
    moved = np.zeros_like(case.matrix)
    moved[np.ix_(place, place)] = case.matrix
    right = np.zeros_like(case.right)
    right[place] = case.right
    pairs = [(int(place[b]), int(place[a])) for a, b in reversed(case.pairs)]
    one, other = _solved(case.matrix, case.pairs, case.right), _solved(moved, pairs, right)
    np.testing.assert_allclose(other[place], one, rtol=0.0, atol=CLOSE * np.abs(one).max())


@given(cases())
def test_pattern_is_symmetric_and_holds_every_place_and_the_fill_in(case: Case) -> None:
    factors, slots = pattern(case.right.size, case.pairs)
    assert set(case.pairs) <= set(slots)
    assert {(b, a) for a, b in slots} == set(slots)
    assert sorted(factors.order) == list(range(case.right.size))
    assert sorted(slots.values()) == list(range(factors.values.size))


@given(cases())
def test_same_factors_whatever_stood_in_them_before(case: Case) -> None:
    np.testing.assert_array_equal(
        _solved(case.matrix, case.pairs, case.right, times=3), _solved(case.matrix, case.pairs, case.right)
    )


@given(cases())
def test_right_side_may_be_overwritten_by_the_solution(case: Case) -> None:
    factors, slots = pattern(case.right.size, case.pairs)
    for (a, b), slot in slots.items():
        factors.values[slot] = case.matrix[a, b]
    factorise(factors)
    both = case.right.copy()
    solve(factors, both, both)
    np.testing.assert_array_equal(both, _solved(case.matrix, case.pairs, case.right))


def test_chain_and_star_fill_nothing_in() -> None:
    chain = [(k, k + 1) for k in range(9)]
    star = [(0, k) for k in range(1, 10)]
    for pairs in (chain, star):
        assert pattern(10, pairs)[0].values.size == 10 + 2 * 9


def test_large_meshed_matrix_against_numpy() -> None:
    size = 60
    rng = np.random.default_rng(4)
    pairs = [(k, k + 1) for k in range(size - 1)] + [(int(a), int(b)) for a, b in rng.integers(0, size, (size // 2, 2))]
    matrix = np.zeros((size, size), np.complex128)
    for a, b in pairs:
        if a != b:
            y = 1.0 / complex(rng.uniform(0.0, 0.1), rng.uniform(0.05, 0.5))
            matrix[[a, b], [a, b]] += y
            matrix[[a, b], [b, a]] -= y
    matrix[np.arange(size), np.arange(size)] += 1e-6  # a leak on every node
    matrix[0, 0] += 5.0
    right = rng.normal(size=size).astype(np.complex128)
    expected = np.linalg.solve(matrix, right)
    np.testing.assert_allclose(_solved(matrix, pairs, right), expected, rtol=0.0, atol=1e-10 * np.abs(expected).max())
