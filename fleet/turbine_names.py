"""What sentences call a turbine, so that a name of digits is not read as a figure."""

from __future__ import annotations

__all__ = ["called"]


def called(name: object, *, first: bool = False) -> str:
    """Return a turbine's name as a sentence among figures has it: "T2", but "turbine 34" for "34".

    Parameters
    ----------
    name : object
        The name.
    first : bool
        Whether the sentence begins with it.
    """
    text = str(name)
    if not text.isdecimal():
        return text
    return f"{'Turbine' if first else 'turbine'} {text}"
