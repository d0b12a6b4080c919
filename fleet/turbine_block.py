"""A turbine as text of `farm.toml`: what is known of it, and placeholders for the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from fleet.config import Turbine

__all__ = ["toml_text", "turbine_block", "turbine_blocks"]

_SHOWN = 20  #: turbines of a message


def toml_text(value: str) -> str:
    """Return a TOML basic string."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def turbine_block(name: str, known: Mapping[str, Any] | None = None) -> list[str]:
    """Return the lines of a `[[turbines]]` block.

    Parameters
    ----------
    name : str
        The turbine's name as the data files have it.
    known : mapping of str to str or float, optional
        Fields of `fleet.config.Turbine`. A rated power that is not known stands as 0, which `farm.toml` refuses until
        it is filled in; what else is not known is a comment.
    """
    lines = ["[[turbines]]", f"name = {toml_text(name)}"]
    for key, field in Turbine.model_fields.items():
        value = (known or {}).get(key)
        if key == "name":
            continue
        meaning = field.description or key
        if value is not None and value != "":
            lines.append(f"{key} = {toml_text(value) if isinstance(value, str) else repr(float(value))}")
        elif key == "rated_power_kw":
            lines.append(f"{key} = 0.0  # {meaning}: fill in")
        else:
            placeholder = '""' if key in ("manufacturer", "model") else "0.0"
            lines.append(f"# {key} = {placeholder}  # {meaning}")
    return lines


def turbine_blocks(names: Sequence[str]) -> str:
    """Return blocks for a message, with the rated power to be filled in; of many turbines the first ones."""
    blocks = ["\n".join(turbine_block(name)[:3]) for name in names[:_SHOWN]]
    more = len(names) - _SHOWN
    return "\n\n".join([*blocks, f"# and {more} more turbines"] if more > 0 else blocks)
