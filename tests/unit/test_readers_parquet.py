"""Damaged Parquet: refused, or with checksums what was written; no other error, and no other number."""

from __future__ import annotations

import functools
import io

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.errors import InputError
from fleet.readers.parquet import first_rows, parquet_table

NAMES = ("turbine", "power")


@functools.cache
def _sound() -> bytes:
    table = pd.DataFrame({"turbine": ["T1", "T2"] * 50, "power": [float(i) for i in range(100)]})
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pandas(table), buffer, write_page_checksum=True)
    return buffer.getvalue()


@settings(max_examples=200)
@given(damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=3))
def test_damaged_bytes_are_refused_or_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, damage: list[tuple[float, int]]
) -> None:
    data = bytearray(_sound())
    for where, value in damage:
        data[4 + int(where * (len(data) - 4))] = value
    path = tmp_path_factory.getbasetemp() / "file.parquet"
    path.write_bytes(bytes(data))
    first_rows(path, 10)
    try:
        raw = parquet_table(path, NAMES)
    except InputError:
        return
    assert raw.cells["turbine"].to_pylist() == ["T1", "T2"] * 50
    assert raw.cells["power"].to_pylist() == [float(i) for i in range(100)]


def test_a_column_of_one_value_repeated_beyond_memory_is_refused(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path_factory.getbasetemp() / "many.parquet"
    path.write_bytes(_sound())
    monkeypatch.setattr("fleet.readers.parquet.MOST_UNPACKED", 1500)
    with pytest.raises(InputError, match=r"many\.parquet: 100 rows take 1,600 bytes or more"):
        parquet_table(path, NAMES)
