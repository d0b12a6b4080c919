"""A fleet from what the command line gives: options, and any other number as NAME=VALUE."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from typing import Any

from fleet.errors import ConfigError, nearest
from fleet.synthetic.spec import FleetSpec

__all__ = ["spec_of"]

_FROM_TEXT: dict[str, Callable[[str], Any]] = {
    "int": int,
    "float": float,
    "str": str,
    "Clock": str,
    "bool": {"true": True, "false": False}.__getitem__,
}


def spec_of(*, healthy: bool, assignments: Iterable[str] = (), **given: Any) -> FleetSpec:
    """Return a fleet.

    Parameters
    ----------
    healthy : bool
        Start from a fleet without troubles.
    assignments : iterable of str
        `NAME=VALUE` for a field of `FleetSpec` that is a number, a text, true or false; they come last.
    **given
        Fields by name.

    Raises
    ------
    ConfigError
        A name is unknown, with the nearest known one, or a value does not fit.
    """
    base = FleetSpec.healthy() if healthy else FleetSpec()
    kinds = {item.name: str(item.type) for item in fields(FleetSpec) if str(item.type) in _FROM_TEXT}
    changes = dict(given)
    for text in assignments:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or name not in kinds:
            raise ConfigError(
                f'--set: found "{text}", expected NAME=VALUE{nearest(name, kinds)}; known: {", ".join(kinds)}'
            )
        try:
            changes[name] = _FROM_TEXT[kinds[name]](value)
        except (ValueError, KeyError):
            raise ConfigError(f'--set: {name}: found "{value}", expected a value of kind {kinds[name]}') from None
    return replace(base, **changes)
