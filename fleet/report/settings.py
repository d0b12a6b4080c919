"""The settings of a run as rows: generated from the models of `farm.toml`, changed ones marked."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pandas as pd
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from fleet.config import Farm

__all__ = ["settings_table", "source_table"]

_LISTED_APART = {"turbines", "sources"}


def settings_table(farm: Farm) -> pd.DataFrame:
    """Return key, value, default, changed and meaning of every setting, in the order of the models."""
    return pd.DataFrame(_rows(farm, ""), columns=["key", "value", "default", "changed", "meaning"])


def source_table(farm: Farm) -> pd.DataFrame:
    """Return the settings of each source that `farm.toml` names: source, key, value, meaning."""
    rows = [
        {"source": number, **row}
        for number, source in enumerate(farm.sources, 1)
        for row in _rows(source, "")
        if row["changed"]
    ]
    return pd.DataFrame(rows, columns=["source", "key", "value", "meaning"])


def _rows(model: BaseModel, prefix: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for name, field in type(model).model_fields.items():
        value = getattr(model, name)
        if not prefix and isinstance(model, Farm) and name in _LISTED_APART:
            continue
        default = field.get_default(call_default_factory=True)
        if isinstance(value, BaseModel) and isinstance(default, BaseModel):
            rows += _rows(value, f"{prefix}{name}.")
            continue
        required = default is PydanticUndefined
        rows.append(
            {
                "key": f"{prefix}{name}",
                "value": _words(value),
                "default": "required" if required else _words(default),
                "changed": bool(required or value != default),
                "meaning": (field.description or "").replace("`", ""),
            }
        )
    return rows


def _words(value: Any) -> str:
    """Return a setting's value as text."""
    if value is None:
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, BaseModel):
        return "; ".join(f"{name} {_words(part)}" for name, part in value)
    if isinstance(value, dict):
        return "; ".join(f"{_words(key)} = {_words(part)}" for key, part in value.items()) or "none"
    if isinstance(value, tuple | list):
        return ", ".join(_words(part) for part in value) or "none"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if value != "" else "not set"
