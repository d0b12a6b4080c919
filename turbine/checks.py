"""Checks that parameters and series share: one clear error with the name, what was found and what was expected."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from numbers import Real

import numpy as np
import numpy.typing as npt

from turbine.errors import ParameterError, WindformError, nearest

__all__ = ["ascending", "check_known", "check_positive", "check_range", "is_number", "series"]

Floats = npt.NDArray[np.float64]


def check_known(given: Iterable[str], known: Sequence[str], what: str, where: str = "") -> None:
    """Refuse a name that is not known, with the nearest that is.

    Parameters
    ----------
    given, known : iterable of str
        Names given, names known.
    what, where : str
        What a name is, and of what: "setting", " of the controller".

    Raises
    ------
    ParameterError
        The first unknown name.
    """
    for name in given:
        if name not in known:
            raise ParameterError(f'unknown {what} "{name}"{where}{nearest(name, known)}; known: {", ".join(known)}')


def is_number(value: object) -> bool:
    """Return whether a value is a real number, which truth values are not."""
    return isinstance(value, Real) and not isinstance(value, bool)


def check_range(
    name: str,
    value: object,
    low: float = -math.inf,
    high: float = math.inf,
    *,
    above: bool = False,
    unit: str = "",
    hint: str = "",
    error: type[WindformError] = ParameterError,
) -> None:
    """Refuse a number that is not finite or lies outside a range.

    Parameters
    ----------
    name : str
        Name of the parameter as the user knows it.
    value : float
        The number to check; text and truth values are refused.
    low, high : float
        Allowed range, both ends included; infinite: no limit on that side.
    above : bool
        `low` itself is not allowed.
    unit : str
        Unit that the message prints behind the numbers.
    hint : str
        What to look at next.
    error : type of WindformError
        What to raise.

    Raises
    ------
    WindformError
        Of the given type, with name, value, allowed range and hint.
    """
    number = float(value) if isinstance(value, Real) and is_number(value) else math.nan
    if math.isfinite(number) and (low < number if above else low <= number) and number <= high:
        return
    limits = []
    if low > -math.inf:
        limits.append(f"above {low:g}" if above else f"at least {low:g}")
    if high < math.inf:
        limits.append(f"at most {high:g}")
    expected = " and ".join(limits) or "a finite number"
    space = f" {unit}" if unit else ""
    found = f"{number:g}{space}" if math.isfinite(number) else repr(value)
    raise error(f"{name}: found {found}, expected {expected}{space if limits else ''}{f'; {hint}' if hint else ''}")


def check_positive(
    name: str, value: object, *, unit: str = "", hint: str = "", error: type[WindformError] = ParameterError
) -> None:
    """Refuse a number that is not finite and above zero; parameters as in `check_range`."""
    check_range(name, value, 0.0, above=True, unit=unit, hint=hint, error=error)


def series(
    name: str,
    values: npt.ArrayLike,
    *,
    least: int = 1,
    low: float = -math.inf,
    unit: str = "",
    error: type[WindformError] = ParameterError,
) -> Floats:
    """Return values as a read-only array of one dimension, all of them finite.

    Parameters
    ----------
    name : str
        Name of the series as the user knows it.
    values : array, shape (n,)
        The values; they are copied.
    least : int
        Least number of values.
    low : float
        Least allowed value.
    unit : str
        Unit that the message prints behind the numbers.
    error : type of WindformError
        What to raise.

    Returns
    -------
    array of float64, shape (n,)
        A copy that cannot be written to.

    Raises
    ------
    WindformError
        Of the given type: no numbers, another shape, too short, or with the row (from 0) of the first bad value.
    """
    try:
        given = np.asarray(values)
        array = np.array(given, np.float64) if given.dtype.kind in "biufO" or not given.size else None
    except (TypeError, ValueError):  # ragged, or objects that are no numbers
        array = None
    if array is None:
        raise error(f"{name}: expected numbers, found {type(values).__name__} that holds something else")
    if array.ndim != 1 or array.size < least:
        raise error(f"{name}: expected one dimension of {least} values or more, found shape {array.shape}")
    bad = np.flatnonzero(~(np.isfinite(array) & (array >= low)))
    if bad.size:
        row, space = int(bad[0]), f" {unit}" if unit else ""
        expected = "finite numbers" if low == -math.inf else f"finite numbers of at least {low:g}{space}"
        more = f" ({bad.size} such values)" if bad.size > 1 else ""
        raise error(f"{name}: row {row} is {array[row]:g}{space}{more}, expected {expected}")
    array.setflags(write=False)
    return array


def ascending(
    name: str,
    values: npt.ArrayLike,
    *,
    least: int = 1,
    low: float = -math.inf,
    unit: str = "",
    error: type[WindformError] = ParameterError,
) -> Floats:
    """Return values as `series` does, and refuse those that do not rise from each row to the next."""
    array = series(name, values, least=least, low=low, unit=unit, error=error)
    falls = np.flatnonzero(np.diff(array) <= 0.0)
    if falls.size:
        row, space = int(falls[0]) + 1, f" {unit}" if unit else ""
        raise error(
            f"{name}: row {row} is {array[row]:g}{space} after {array[row - 1]:g}{space}, expected ascending values: "
            "sort them and keep one row of each"
        )
    return array
