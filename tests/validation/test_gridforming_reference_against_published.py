"""The equations that modes are compared with, against the eigenvalues published for them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from tests.validation.gridforming_reference import derivative, initial, modes
from tests.validation.gridforming_runs import table


@pytest.mark.parametrize("name", ["test08", "test23"])
def test_modes_without_the_line_s_inductance(name: str) -> None:
    rows = table(f"{name}_eigs.csv")
    published = (rows["re_published"] + 1j * rows["im_published"]).to_numpy()
    found = modes(name, line=False)
    gap = np.abs(found[:, None] - published) / np.abs(published)
    assert len(found) == len(published)
    assert gap[linear_sum_assignment(gap)].max() < 1e-6


@pytest.mark.parametrize("line", [False, True])
@pytest.mark.parametrize("name", ["test08", "test23"])
def test_the_initial_state_is_at_rest(name: str, line: bool) -> None:
    """Fastest derivatives are 5,000 1/s times a state, which is given to 1e-7."""
    state, _ = initial(name)
    assert np.abs(derivative(name, state, line=line)).max() < 1e-3


def test_modes_with_the_line_s_inductance() -> None:
    """Against figures of an independent evaluation, five digits, of either sign of the imaginary part."""
    expected = np.array(
        [-7.6912 + 28.803j, -4.5136, -11.190, -33.755 + 259.84j, -1586.3 + 230.75j, -2291.2 + 6818.6j], np.complex128
    )
    gap = np.abs(modes("test08", line=True)[:, None] - expected) / np.abs(expected)
    assert gap.min(axis=0).max() < 5e-5


@pytest.mark.parametrize("name", ["test08", "test23"])
def test_inductance_of_the_line_hardly_changes_slow_modes(name: str) -> None:
    without, found = modes(name, line=False), modes(name, line=True)
    gap = np.abs(found[:, None] - without) / np.abs(without)
    rows, columns = linear_sum_assignment(gap)
    slow = np.abs(found[rows]) < 100.0
    assert gap[rows, columns][slow].max() < 1.5e-4
    assert gap[rows, columns][~slow].max() < 0.01
