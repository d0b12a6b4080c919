"""The continuous equations of the PSCAD cases, written down a second time: their modes, with the line's inductance.

D'Arco, Suul and Fosso, EPSR 122 (2015) 180, as PowerSimulationsDynamics.jl puts them together for its tests. Published
eigenvalues take the line as a reactance without inductance; a simulator of instantaneous values has it as a state.
Nothing of the product is used.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

__all__ = ["derivative", "initial", "modes"]

Floats = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

DATA = Path(__file__).parent / "data" / "gridforming"
WB = 2.0 * np.pi * 60.0
LF, RF, CF, LG, RG = 0.08, 0.003, 0.074, 0.2, 0.01
XG = (0.075 + 5e-6) * 0.0275  # of the line and the source, on the converter's rating
KPV, KIV, KPC, KIC, LV, KAD, WAD = 0.59, 736.0, 1.27, 14.3, 0.2, 0.2, 50.0
TA, KD, KW, KQ, WF = 2.0, 400.0, 20.0, 0.2, 1000.0
WLP, KP, KI = 500.0, 0.084, 4.69
RP, WZ = 0.05, 2.0 * np.pi * 5.0
SOURCE = 1.00001


def initial(name: str) -> tuple[Floats, float]:
    """Return the initial states and the power reference."""
    found = json.loads((DATA / "initial_states.json").read_text(encoding="utf-8"))[name]
    return np.array(found["x0"]), float(found["P0"])


def _pairs(values: Floats) -> list[complex]:
    return [complex(a, b) for a, b in values.reshape(-1, 2)]


def derivative(name: str, x: Floats, *, line: bool) -> Floats:
    """Return dx/dt at a state, its references those of the initial state."""
    x0, p_ref = initial(name)
    v0, i0 = _pairs(x0[-4:])
    q_ref = (v0 * i0.conjugate()).imag
    v_ref = abs(v0 + 1j * LV * i0)  # the axis of the controller stands on it
    ic, vf, ig = _pairs(x[-6:])
    angle, second, q_slow = x[:3]
    xi, ga, ph = _pairs(x[3:9])
    back = np.exp(-1j * angle)
    power = vf * ig.conjugate()
    p, q = power.real, power.imag
    if name == "test08":
        w = second
        seen, integral, loop = complex(*x[9:11]), x[11], x[12]
        a = np.arctan2(seen.imag, seen.real)
        w_pll = 1.0 + KP * a + KI * integral
        law = (p_ref - p - KD * (w - w_pll) - KW * (w - 1.0)) / TA
        moved = WLP * (vf * np.exp(-1j * loop) - seen)
        own = [moved.real, moved.imag, a, WB * (w_pll - 1.0)]
    else:
        w = 1.0 + RP * (p_ref - second)
        law = WZ * (p - second)
        own = []
    v, i, j = vf * back, ic * back, ig * back
    e = v_ref + KQ * (q_ref - q_slow)
    error = e - 1j * w * LV * j - v
    missing = KPV * error + KIV * xi + 1j * w * CF * v - i
    u = (KPC * missing + KIC * ga + 1j * w * LF * i - KAD * (v - ph)) / back
    dph = WAD * (v - ph)
    dic = WB / LF * (u - vf - (RF + 1j * LF) * ic)
    dvf = WB / CF * (ic - ig - 1j * CF * vf)
    dig = WB / (LG + XG if line else LG) * (vf - SOURCE - (RG + 1j * (LG + XG)) * ig)
    tail = np.array([dic, dvf, dig]).view(np.float64)
    inner = np.array([error, missing, dph]).view(np.float64)
    return np.concatenate([[WB * (w - 1.0), law, WF * (q - q_slow)], inner, own, tail])


@cache
def modes(name: str, *, line: bool) -> Complexes:
    """Return the modes at the initial state [1/s], with the line's inductance as a state or without."""
    x0, _ = initial(name)
    slope = np.empty((x0.size, x0.size))
    for k in range(x0.size):
        up, down = x0.copy(), x0.copy()
        up[k] += 1e-6
        down[k] -= 1e-6
        slope[:, k] = (derivative(name, up, line=line) - derivative(name, down, line=line)) / 2e-6
    found: Complexes = np.linalg.eigvals(slope).astype(np.complex128)
    return found
