"""From tables of a TOML file to the dataclasses of the simulator: unknown keys are refused with the nearest known."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from gridforming.converter import (
    Cascade,
    DirectVoltage,
    Droop,
    Following,
    Forming,
    Matching,
    PowerSynchronisation,
    TerminalVoltage,
    VirtualMachine,
    VirtualOscillator,
)
from turbine.checks import is_number
from turbine.errors import SimulationError, WindformError, nearest

__all__ = ["chosen", "from_table", "refuse_unknown"]

T = TypeVar("T")

#: What `kind` says where a field may be one of several dataclasses.
_KINDS: dict[str, type] = {
    "following": Following,
    "forming": Forming,
    "droop": Droop,
    "virtual_machine": VirtualMachine,
    "power_synchronisation": PowerSynchronisation,
    "virtual_oscillator": VirtualOscillator,
    "matching": Matching,
    "direct": DirectVoltage,
    "cascade": Cascade,
    "terminal": TerminalVoltage,
}
_NAMES = {float: "a number", int: "a whole number", str: "text", bool: "true or false"}


def refuse_unknown(given: Mapping[str, Any], known: list[str], where: str) -> None:
    """Refuse the first key that is not known.

    Raises
    ------
    SimulationError
        The key, where it stands, the nearest known one and all that are.
    """
    for key in given:
        if key not in known:
            raise SimulationError(f'{where}: unknown key "{key}"{nearest(key, known)}; known: {", ".join(known)}')


def from_table(cls: type[T], table: object, where: str) -> T:
    """Return a dataclass made of a table.

    Parameters
    ----------
    cls : type
        A frozen dataclass; its fields are numbers, text, tuples of text, or dataclasses, which are tables again. Where
        a field may be one of several dataclasses, `kind` says which.
    table : mapping
        Of the file.
    where : str
        Where the table stands: file and path of keys.

    Raises
    ------
    WindformError
        An unknown or missing key, or a value of the wrong kind; or what the dataclass itself refuses.
    """
    if not isinstance(table, Mapping):
        raise SimulationError(f"{where}: found {table!r}, expected a table")
    hints = get_type_hints(cls)
    known = [f.name for f in fields(cls) if f.init]  # type: ignore[arg-type]
    refuse_unknown(table, known, where)
    values = {}
    for f in fields(cls):  # type: ignore[arg-type]
        if f.name in table:
            values[f.name] = _value(hints[f.name], table[f.name], f"{where}.{f.name}")
        elif f.default is MISSING and f.default_factory is MISSING:
            raise SimulationError(f'{where}: no key "{f.name}", expected one')
    return cls(**values)


def _value(hint: Any, value: object, where: str) -> Any:
    """Return a value as a field's type has it."""
    options = get_args(hint) if get_origin(hint) in (Union, types.UnionType) else (hint,)
    if value is False and type(None) in options and bool not in options:
        return None  # `exciter = false`: none
    classes = [option for option in options if is_dataclass(option)]
    if classes:
        return _one_of(classes, value, where)
    for option in options:
        origin = get_origin(option)
        if origin is Literal and any(type(value) is type(one) and value == one for one in get_args(option)):
            return value
        if origin is Literal:
            raise SimulationError(f"{where}: found {value!r}, expected one of {', '.join(map(str, get_args(option)))}")
        if origin is tuple and isinstance(value, list) and all(isinstance(v, str) for v in value):
            return tuple(value)
        if option is float and is_number(value):
            try:
                return float(value)  # type: ignore[arg-type]
            except OverflowError:
                raise SimulationError(f"{where}: found a number too large for one") from None
        if option in (int, str, bool) and type(value) is option:
            return value
    expected = " or ".join(_NAMES.get(option, "a list of names") for option in options if option is not type(None))
    raise SimulationError(f"{where}: found {value!r}, expected {expected}")


def _one_of(classes: list[Any], value: object, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise SimulationError(f"{where}: found {value!r}, expected a table")
    if len(classes) == 1:
        return _nested(classes[0], value, where)
    kinds = {kind: cls for kind, cls in _KINDS.items() if cls in classes}
    cls = kinds[chosen("kind", value.get("kind"), kinds, where)]
    return _nested(cls, {key: v for key, v in value.items() if key != "kind"}, where)


def _nested(cls: type[T], table: Mapping[str, Any], where: str) -> T:
    """Return a dataclass of a table within another; what it refuses itself says where it stands."""
    try:
        return from_table(cls, table, where)
    except WindformError as error:
        raise SimulationError(str(error) if str(error).startswith(where) else f"{where}: {error}") from None


def chosen(what: str, found: object, known: Iterable[str], where: str) -> str:
    """Return a word that is one of those known.

    Raises
    ------
    SimulationError
        Another one, or none: with the nearest.
    """
    words = list(known)
    if isinstance(found, str) and found in words:
        return found
    said = f"no {what}" if found is None else f"{what} {found!r}"
    near = nearest(found, words) if isinstance(found, str) else ""
    raise SimulationError(f"{where}: found {said}{near}, expected one of {', '.join(words)}")
