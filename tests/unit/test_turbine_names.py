"""Names of digits among figures."""

from __future__ import annotations

import pytest

from fleet.turbine_names import called


@pytest.mark.parametrize(
    ("name", "amid", "first"),
    [("34", "turbine 34", "Turbine 34"), ("T2", "T2", "T2"), ("WEA 5", "WEA 5", "WEA 5"), ("1.5", "1.5", "1.5")],
)
def test_only_a_name_of_digits_gets_the_word(name: str, amid: str, first: str) -> None:
    assert (called(name), called(name, first=True)) == (amid, first)
