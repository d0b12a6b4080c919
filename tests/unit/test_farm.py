"""The notebook's farm: what it shows of itself."""

from __future__ import annotations

import fleet


def test_a_farm_shows_itself_in_one_line() -> None:
    assert repr(fleet.open("la_haute_borne")) == (
        "<Farm 'La Haute Borne': 4 turbines (R80711, R80721, R80736, R80790), 3 files, whole period>"
    )
    part = fleet.open("la_haute_borne", turbines=("R80711",), start="2014-07-01", end="2015-01-01T12:00")
    assert repr(part) == (
        "<Farm 'La Haute Borne': 1 turbine (R80711), 3 files, from 2014-07-01 00:00 to 2015-01-01 12:00 UTC>"
    )


def test_many_turbines_are_counted() -> None:
    assert (
        "14 turbines (Penmanshiel 01, Penmanshiel 02, Penmanshiel 04, Penmanshiel 05, Penmanshiel 06 and 9 more)"
        in (repr(fleet.open("penmanshiel")))
    )
