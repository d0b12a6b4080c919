"""Reader of the ROSCO rotor performance table, `Cp_Ct_Cq.*.txt`.

The file holds, each under a comment that names it, a vector of pitch angles (the matrices' columns), one of tip-speed
ratios (their rows), the wind speed it was computed at, and the matrices of power, thrust and torque coefficient.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from turbine.errors import MachineError
from turbine.surface import RotorSurface

__all__ = ["read_rosco_surface"]

Floats = npt.NDArray[np.float64]

#: words of a comment, in lower case -> what follows it
_SECTIONS = {
    "pitch angle vector": "pitch",
    "tsr vector": "tsr",
    "wind speed vector": "wind",
    "power coefficient": "cp",
    "thrust coefficient": "ct",
    "torque coefficient": "cq",
}
_NEEDED = ("pitch", "tsr", "cp", "ct")
_TORQUE_GAP = 0.02  # torque coefficients are often made with the coned radius


def read_rosco_surface(path: str | Path, *, interpolation: Literal["bicubic", "bilinear"] = "bicubic") -> RotorSurface:
    """Read a rotor surface in ROSCO's text format.

    Parameters
    ----------
    path : str or Path
        The file, of one wind speed.
    interpolation : "bicubic" or "bilinear"
        See `RotorSurface`.

    Returns
    -------
    RotorSurface
        From the matrices of power and thrust coefficient.

    Raises
    ------
    MachineError
        File and line, or the section that is missing or has another shape; a torque coefficient that does not belong to
        the power coefficient (more than 2 % from Cp / tsr).

    Notes
    -----
    Format: ROSCO documentation, rosco.readthedocs.io, "Rotor performance tables".
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise MachineError(f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    sections, degrees = _sections(path.name, lines)
    absent = [words for words, key in _SECTIONS.items() if key in _NEEDED and not sections.get(key)]
    if absent:
        raise MachineError(
            f'{path.name}: no section "{absent[0]}", expected a comment with these words and numbers below'
        )
    pitch = np.concatenate(sections["pitch"])
    tsr = np.concatenate(sections["tsr"])
    tables = {
        key: _matrix(path.name, key, sections[key], tsr.size, pitch.size)
        for key in ("cp", "ct", "cq")
        if sections.get(key)
    }
    if "cq" in tables:
        _check_torque(path.name, pitch, tsr, tables["cp"], tables["cq"])
    angles = np.radians(pitch) if degrees else pitch
    return RotorSurface(angles, tsr, tables["cp"].T, tables["ct"].T, interpolation, path.name)


def _sections(name: str, lines: list[str]) -> tuple[dict[str, list[Floats]], bool]:
    """Return the rows of numbers of each section, and whether pitch is in degrees."""
    sections: dict[str, list[Floats]] = {}
    current, degrees = "", True
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if text.startswith("#"):
            key = next((key for words, key in _SECTIONS.items() if words in text.lower()), "")
            if key:
                if key in sections:
                    raise MachineError(f"{name}, line {number}: a second section {text!r}, expected one of each")
                current, sections[key] = key, []
                if key == "pitch":
                    degrees = "(rad)" not in text.lower()
        elif text:
            if not current:
                raise MachineError(f"{name}, line {number}: numbers before any section's comment: {text[:40]!r}")
            try:
                sections[current].append(np.array(text.split(), np.float64))
            except ValueError:
                raise MachineError(f"{name}, line {number}: expected numbers, found {text[:40]!r}") from None
    return sections, degrees


def _matrix(name: str, key: str, rows: list[Floats], n_tsr: int, n_pitch: int) -> Floats:
    shape = (len(rows), len(rows[0]))
    uneven = [k for k, row in enumerate(rows, start=1) if row.size != n_pitch]
    if len(rows) != n_tsr or uneven:
        found = (
            f"row {uneven[0]} has {rows[uneven[0] - 1].size} numbers" if uneven else f"{shape[0]} rows of {shape[1]}"
        )
        raise MachineError(
            f"{name}: {key}: {found}, expected {n_tsr} rows (tip-speed ratios) of {n_pitch} (pitch angles) of one "
            "wind speed"
        )
    return np.stack(rows)


def _check_torque(name: str, pitch: Floats, tsr: Floats, cp: Floats, cq: Floats) -> None:
    gap = np.abs(cq * tsr[:, None] - cp) - _TORQUE_GAP * (np.abs(cp) + 0.02)
    j, i = np.unravel_index(int(np.argmax(gap)), gap.shape)
    if gap[j, i] > 0.0:
        raise MachineError(
            f"{name}: cq is {cq[j, i]:g} at pitch {pitch[i]:g}, tip-speed ratio {tsr[j]:g}, expected cp / tsr = "
            f"{cp[j, i] / tsr[j]:g} within 2 %: do the matrices belong together?"
        )
