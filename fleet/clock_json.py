"""A clock finding as JSON and back, for the cache of converted data."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pandas as pd

from fleet.clock import ClockFinding, Verdict
from fleet.clock_correction import Correction
from fleet.times import from_us, to_us

__all__ = ["finding_from_json", "finding_to_json"]


def finding_to_json(finding: ClockFinding) -> dict[str, Any]:
    """Return a finding as JSON values; times as microseconds since 1970 UTC."""
    found = {field.name: getattr(finding, field.name) for field in fields(ClockFinding)}
    correction = finding.correction
    return found | {
        "first": _to_json(finding.first),
        "last": _to_json(finding.last),
        "verdicts": [verdict.value for verdict in finding.verdicts],
        "correction": None
        if correction is None
        else {
            "fixed_offset_s": correction.fixed_offset_s,
            "shift_s": correction.shift_s,
            "pushed_rows": sorted(correction.pushed_rows),
        },
        "notes": list(finding.notes),
    }


def finding_from_json(found: dict[str, Any]) -> ClockFinding:
    """Return the finding that `finding_to_json` described."""
    correction = found["correction"]
    return ClockFinding(
        **found
        | {
            "first": _from_json(found["first"]),
            "last": _from_json(found["last"]),
            "verdicts": tuple(Verdict(value) for value in found["verdicts"]),
            "correction": None
            if correction is None
            else Correction(**correction | {"pushed_rows": frozenset(correction["pushed_rows"])}),
            "notes": tuple(found["notes"]),
        }
    )


def _to_json(moment: pd.Timestamp | None) -> int | None:
    return None if moment is None else to_us(moment)


def _from_json(value: int | None) -> pd.Timestamp | None:
    return None if value is None else from_us(value)
