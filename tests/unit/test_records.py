"""Arrays of records as numbers: places of fields, and copies that share nothing."""

from __future__ import annotations

import numpy as np
import pytest

from turbine.records import copied, field_places

KIND = np.dtype([("a", np.float64), ("z", np.complex128), ("s", np.float64, (3,)), ("y", np.complex128)])


def _records(count: int) -> np.ndarray:
    return np.arange(8.0 * count).view(KIND)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_places_are_those_of_the_fields(count: int) -> None:
    records = _records(count)
    found = records.view(np.float64)[field_places(KIND, ("y", "s", "a"), count)]
    fields = [records["y"].copy().view(np.float64), records["s"].ravel(), records["a"]]
    np.testing.assert_array_equal(found, np.concatenate(fields))


def test_kept_places_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="read-only"):
        field_places(KIND, ("a",), 2)[0] = 1


def test_a_copy_shares_nothing() -> None:
    records = _records(2)
    other = copied(records)
    other["s"][1] = -1.0
    np.testing.assert_array_equal(records, _records(2))
    assert other.dtype == KIND
    assert (other["s"][1] == -1.0).all()
