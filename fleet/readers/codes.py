"""Codes that are written as numbers: stations, turbines and alarms by their number, as text."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from fleet.readers.text import texts

__all__ = ["whole_codes"]


def whole_codes(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return codes as trimmed text, empty where missing; 1005.0, which a table program made of 1005, is 1005 again."""
    return pc.replace_substring_regex(texts(column), r"^(\d+)\.0*$", r"\1")
