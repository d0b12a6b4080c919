"""Reading a `farm.toml`, and what is wrong with one in words: the key, what was found, what was expected."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from fleet.config import Farm, Turbine
from fleet.errors import ConfigError, InputError, nearest, nearest_word

__all__ = ["entry_number", "load_farm", "parse_farm", "parse_turbine"]


def load_farm(path: Path) -> Farm:
    """Read and validate a `farm.toml`.

    Raises
    ------
    ConfigError
        With the file, the key, what was found and what was expected; unknown keys with the nearest known one.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    return parse_farm(raw, str(path))


def parse_farm(raw: dict[str, Any], where: str) -> Farm:
    """Validate a farm's settings given as a mapping; `where` names their origin in errors."""
    try:
        return Farm.model_validate(raw)
    except ValidationError as error:
        problems = error.errors()
        misspelt = {_meant(problem) for problem in problems}
        lines = [
            f"{where}: {_explain(problem)}{entry_number(problem['loc'])}"
            for problem in problems
            if not (problem["type"] == "missing" and problem["loc"] in misspelt)
        ]
        raise ConfigError("\n".join(lines)) from None


def parse_turbine(raw: dict[str, Any], where: str) -> Turbine:
    """Validate one turbine of an asset table; `where` names the file in errors.

    Raises
    ------
    InputError
        With the file, the turbine, the field, what was found and what was expected.
    """
    try:
        return Turbine.model_validate(raw)
    except ValidationError as error:
        lines = [
            f"{where}: turbine {raw.get('name')!r}, {problem['loc'][-1]}: {problem['msg'].lower()}, "
            f"found {problem['input']!r}{_allowed(('turbines', *problem['loc']))}"
            for problem in error.errors()
        ]
        raise InputError("\n".join(lines)) from None


def entry_number(place: Sequence[int | str]) -> str:
    """Return which entry of a list a place of the tree means, counted from 1 as a reader of the file does."""
    if len(place) < 2 or not isinstance(place[1], int):
        return ""
    return f" (in [[{place[0]}]] number {place[1] + 1})"


def _meant(problem: Any) -> tuple[int | str, ...] | None:
    """Return the place of the key that an unknown one stands for; None where none is near."""
    if problem["type"] != "extra_forbidden":
        return None
    *parent, word = problem["loc"]
    key = nearest_word(str(word), _known_keys(tuple(parent)))
    return (*parent, key) if key else None


def _explain(problem: Any) -> str:
    place = ".".join(str(part) for part in problem["loc"]) or "farm"
    if problem["type"] == "extra_forbidden":
        known = _known_keys(problem["loc"][:-1])
        return f'unknown key "{place}"{nearest(str(problem["loc"][-1]), known)}; known here: {", ".join(known)}'
    if problem["type"] == "missing":
        return f'key "{place}" is missing'
    message = str(problem["msg"]).removeprefix("Value error, ")
    tables = isinstance(problem["input"], dict) or problem["loc"] == ("turbines",)
    found = "" if tables else f", found {problem['input']!r}"
    return f'key "{place}": {message[0].lower()}{message[1:]}{found}{_allowed(problem["loc"])}'


def _allowed(place: tuple[int | str, ...]) -> str:
    """Return the range that a key's number must lie in, an empty string where it has none."""
    model, metadata = _model_at(place[:-1]), []
    if place and place[-1] in model.model_fields:
        metadata = model.model_fields[place[-1]].metadata
    limits = {
        name: getattr(item, name) for item in metadata for name in ("ge", "gt", "le", "lt") if hasattr(item, name)
    }
    words = {"ge": "from {:g}", "gt": "above {:g}", "le": "to {:g}", "lt": "below {:g}"}
    text = " ".join(words[name].format(limits[name]) for name in words if name in limits)
    return f" (allowed: {text})" if text else ""


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that the model at a place of the tree knows."""
    return sorted(_model_at(place).model_fields)


def _model_at(place: tuple[int | str, ...]) -> Any:
    model: Any = Farm
    for part in place:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        found = _models_in(annotation)
        if not found:
            continue  # the key of a mapping: its values' model is already in `model`
        model = found[0]
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in getattr(annotation, "__args__", ()) for model in _models_in(argument)]
