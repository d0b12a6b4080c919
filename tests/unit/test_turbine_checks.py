"""Messages of the range and series checks: name, what was found, what was expected, what to look at."""

from collections.abc import Callable

import numpy as np
import pytest

from turbine.checks import ascending, check_positive, check_range, series
from turbine.errors import LoadError, ParameterError


@pytest.mark.parametrize("value", [0.0, 1, 0.5, np.float32(0.25), np.int64(1)])
def test_numbers_in_range_pass(value: float) -> None:
    check_range("slope", value, 0.0, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: check_range("slope", 2.0, 0.0, 0.2, hint="percent?"),
            "slope: found 2, expected at least 0 and at most 0.2; percent?",
        ),
        (lambda: check_range("slope", 0.0, 0.0, 0.2, above=True), "slope: found 0, expected above 0 and at most 0.2"),
        (lambda: check_range("speed", 9, high=5.0, unit="rad/s"), "speed: found 9 rad/s, expected at most 5 rad/s"),
        (lambda: check_range("speed", np.inf), "speed: found inf, expected a finite number"),
        (lambda: check_range("speed", "9"), "speed: found '9', expected a finite number"),
        (lambda: check_range("speed", None, 0.0), "speed: found None, expected at least 0"),
        (lambda: check_range("speed", True, 0.0), "speed: found True, expected at least 0"),
        (lambda: check_positive("inertia", -3.0, unit="kg m2"), "inertia: found -3 kg m2, expected above 0 kg m2"),
        (lambda: series("load", ["1", "2"]), "load: expected numbers, found list that holds something else"),
        (lambda: series("load", [1.0, None]), "load: row 1 is nan, expected finite numbers"),
        (lambda: series("load", [[1.0], [1.0, 2.0]]), "load: expected numbers, found list that holds something else"),
        (lambda: series("load", 1.0), "load: expected one dimension of 1 values or more, found shape ()"),
        (
            lambda: ascending("time", [0.0, 2.0, 1.0], unit="s"),
            "time: row 2 is 1 s after 2 s, expected ascending values: sort them and keep one row of each",
        ),
    ],
)
def test_message(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        call()
    assert str(caught.value) == message


def test_the_caller_names_the_error() -> None:
    with pytest.raises(LoadError):
        series("load", [np.nan], error=LoadError)


def test_series_is_a_read_only_copy_of_floats() -> None:
    given = np.array([1, 2])
    found = series("load", given)
    assert found.dtype == np.float64
    assert not found.flags.writeable
    assert given.flags.writeable
    assert series("load", [], least=0).size == 0
