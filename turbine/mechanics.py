"""Drive train and tower as one linear mechanical system, discretised exactly.

Five coordinates: `azimuth` of the blades, in-plane `blade_twist` (blades before hub), `shaft_twist` (hub before
generator, slow side), `fore_aft` and `side_side` displacement of the tower top. The nacelle rolls by `slope` times the
side-side displacement. With the gear ratio N, and a generator that turns with the shaft,

    generator angle against the nacelle = N (azimuth - blade_twist - shaft_twist - roll),

the principle of virtual work gives both load paths: the moment that rolls the nacelle is the shaft torque times
(1 - 1/N) plus the air-gap torque. A geared machine twists its shaft, and the tower feels what the shaft lets through; a
direct-drive machine passes a step of air-gap torque straight into the tower.

Left-out coordinates (`rigid`, no tower) keep their place and stay zero. Over a step torques and thrust are held, so
that the matrix exponential solves the step without error whatever its length: a stiff shaft neither explodes nor is
damped by the method. Work of the held forces and energy lost in the dampers are exact integrals as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from turbine.errors import MachineError
from turbine.machine import Machine
from turbine.plant import MechanicsArrays

__all__ = ["COORDINATES", "DriveTrainModel", "Mechanics", "discretise", "mechanics", "modes"]

Floats = npt.NDArray[np.float64]
DriveTrainModel = Literal["auto", "rigid", "two_mass", "three_mass"]

COORDINATES = ("azimuth", "blade_twist", "shaft_twist", "fore_aft", "side_side")
SIZE = len(COORDINATES)

#: What the tower's modes need of a machine.
TOWER_VALUES = (
    "height",
    "hub_height",
    "modal_mass",
    "fore_aft_frequency_hz",
    "fore_aft_damping",
    "side_side_frequency_hz",
    "side_side_damping",
)

#: Rotation over displacement of a cantilever's loaded tip, times its length [-]; Euler-Bernoulli beam, load at the tip.
TIP_ROTATION = 1.5


@dataclass(frozen=True, eq=False)
class Mechanics:
    """Matrices of M q'' + C q' + K q = B u over `COORDINATES`.

    Parameters
    ----------
    mass, damping, stiffness : array, shape (5, 5)
        In kg m2, kg m and kg, and likewise.
    inputs : array, shape (5, 3)
        Of aerodynamic torque, thrust and the torque that holds the generator (its own side) [N m, N, N m].
    active : tuple of int
        Coordinates that move.
    gear_ratio : float
        N [-].
    generator_inertia : float
        Referred to the slow side [kg m2].
    slope : float
        Roll of the nacelle over side-side displacement [rad/m].
    modal_mass : float
        Of a tower mode, 0 without tower [kg].
    tower_height, hub_height : float
        [m].
    kind : str
        Drive train: "rigid", "two_mass" or "three_mass".
    """

    mass: Floats
    damping: Floats
    stiffness: Floats
    inputs: Floats
    active: tuple[int, ...]
    gear_ratio: float
    generator_inertia: float
    slope: float
    modal_mass: float
    tower_height: float
    hub_height: float
    kind: str

    def state_space(self) -> tuple[Floats, Floats]:
        """Return A and B of the first-order form, states (q, q'), shape (10, 10) and (10, 3); left-out rows: zero."""
        free = np.ix_(self.active, self.active)
        inverse = np.zeros((SIZE, SIZE))
        inverse[free] = np.linalg.inv(self.mass[free])
        a, b = np.zeros((2 * SIZE, 2 * SIZE)), np.zeros((2 * SIZE, 3))
        for i in self.active:
            a[i, SIZE + i] = 1.0
        a[SIZE:, :SIZE] = -inverse @ self.stiffness
        a[SIZE:, SIZE:] = -inverse @ self.damping
        b[SIZE:] = inverse @ self.inputs
        return a, b


def mechanics(machine: Machine, *, drive_train: DriveTrainModel = "auto", tower: bool = True) -> Mechanics:
    """Return the mechanical system of a machine.

    Parameters
    ----------
    machine : Machine
        Gives inertias, stiffness, damping and modes.
    drive_train : str
        "rigid": one mass. "two_mass": rotor and generator with `drive_train.effective_shaft_stiffness` (blades
        included), or else the shaft's own stiffness. "three_mass": blades, hub and generator with the shaft's own
        stiffness; the blades' part of the inertia is such that the lowest mode keeps the frequency of the effective
        stiffness. "auto": two masses where a stiffness is known, else rigid.
    tower : bool
        With the first fore-aft and side-side mode.

    Returns
    -------
    Mechanics
        Matrices with the coordinates that move.

    Raises
    ------
    MachineError
        A value that the model needs is unknown, or values contradict each other.
    """
    choices = ("auto", "rigid", "two_mass", "three_mass")
    if drive_train not in choices:
        raise MachineError(f"drive_train: found {drive_train!r}, expected one of {', '.join(choices)}")
    gear = machine.require("drive_train.gear_ratio")
    rotor = machine.require("rotor.inertia")
    generator = machine.require("generator.inertia") * gear**2
    shaft = machine.get("drive_train.shaft_stiffness")
    effective = machine.get("drive_train.effective_shaft_stiffness")
    if drive_train == "auto":
        drive_train = "rigid" if shaft is None and effective is None else "two_mass"
    active, blades = [0], 0.0
    blade = np.zeros(2)  # stiffness and damping between blades and hub
    shaft_k, shaft_c = 0.0, 0.0
    if drive_train == "two_mass":
        active.append(2)
        shaft_k = effective if effective is not None else machine.require("drive_train.shaft_stiffness")
        reduced = 1.0 / (1.0 / rotor + 1.0 / generator)
        ratio = machine.get("drive_train.effective_damping_ratio")
        if effective is not None and ratio is not None:
            shaft_c = 2.0 * ratio * math.sqrt(shaft_k * reduced)
        else:
            shaft_c = machine.require("drive_train.shaft_damping")
    elif drive_train == "three_mass":
        active += [1, 2]
        shaft_k, shaft_c = machine.require("drive_train.shaft_stiffness"), machine.require("drive_train.shaft_damping")
        blades, *blade[:] = _blades(machine, rotor, generator, shaft_k, shaft_c)
    hub = rotor - blades if drive_train == "three_mass" else rotor
    height = machine.get("tower.height") or 0.0
    hub_height = machine.require("tower.hub_height")
    modal, tower_k, tower_c, slope = 0.0, np.zeros(2), np.zeros(2), 0.0
    if tower:
        active += [3, 4]
        height, modal = machine.require("tower.height"), machine.require("tower.modal_mass")
        slope = TIP_ROTATION / height
        for k, name in enumerate(("fore_aft", "side_side")):
            omega = 2.0 * math.pi * machine.require(f"tower.{name}_frequency_hz")
            tower_k[k] = modal * omega**2
            tower_c[k] = 2.0 * modal * omega * machine.require(f"tower.{name}_damping")
    # Absolute motions of blades, hub, generator (slow side), tower top fore-aft and side-side by the coordinates.
    roll = slope * (1.0 - 1.0 / gear)
    motion = np.array(
        [
            [1.0, 0.0, 0.0, 0.0, 0.0],
            [1.0, -1.0, 0.0, 0.0, 0.0],
            [1.0, -1.0, -1.0, 0.0, -roll],
            [0.0, 0.0, 0.0, 1.0, 0.0],
            [0.0, 0.0, 0.0, 0.0, 1.0],
        ]
    )
    masses = np.diag([blades, hub, generator, modal, modal])
    inputs = np.zeros((SIZE, 3))
    inputs[0, 0] = 1.0
    inputs[3, 1] = 1.0
    inputs[:, 2] = -gear * np.array([1.0, -1.0, -1.0, 0.0, -slope])
    keep = np.zeros(SIZE)
    keep[active] = 1.0
    return Mechanics(
        mass=motion.T @ masses @ motion,
        damping=np.diag([0.0, blade[1], shaft_c, *tower_c]),
        stiffness=np.diag([0.0, blade[0], shaft_k, *tower_k]),
        inputs=inputs * keep[:, None],
        active=tuple(sorted(active)),
        gear_ratio=gear,
        generator_inertia=generator,
        slope=slope,
        modal_mass=modal,
        tower_height=height,
        hub_height=hub_height,
        kind=drive_train,
    )


def _blades(
    machine: Machine, rotor: float, generator: float, shaft_k: float, shaft_c: float
) -> tuple[float, float, float]:
    """Return inertia, stiffness and damping of the blades' in-plane motion against the hub.

    The lowest free mode is that of the effective stiffness; with a given inertia of the blades, their stiffness follows
    from the edgewise frequency of a blade on a fixed hub. Damping: what the shaft leaves of the effective ratio.
    """
    from scipy.optimize import brentq

    edge = machine.require("rotor.edge_frequency")
    effective = machine.require("drive_train.effective_shaft_stiffness")
    target = math.sqrt(effective * (1.0 / rotor + 1.0 / generator))

    def lowest(share: float) -> float:
        return float(_torsion(rotor, generator, share * rotor, edge, shaft_k)[0][0])

    low, high = 0.01, 0.999
    if not lowest(low) < target < lowest(high):
        raise MachineError(
            f'machine "{machine.name}": no in-plane inertia of the blades gives the effective drive-train frequency of '
            f"{target / (2.0 * math.pi):.3g} Hz with an edgewise frequency of {edge / (2.0 * math.pi):.3g} Hz; use "
            'drive_train="two_mass"'
        )
    share = brentq(lambda s: lowest(s) - target, low, high, xtol=1e-12)
    blades = share * rotor
    stiffness = blades * edge**2
    omegas, shapes = _torsion(rotor, generator, blades, edge, shaft_k)
    twist_b, twist_s = shapes[0, 0] - shapes[1, 0], shapes[1, 0] - shapes[2, 0]
    ratio = machine.get("drive_train.effective_damping_ratio") or 0.0
    # Shapes are scaled to unit modal mass: the mode's damping is 2 ratio omega.
    missing = 2.0 * ratio * omegas[0] - shaft_c * twist_s**2
    return blades, stiffness, max(missing, 0.0) / twist_b**2


def _torsion(rotor: float, generator: float, blades: float, edge: float, shaft_k: float) -> tuple[Floats, Floats]:
    """Return angular frequencies and shapes (unit modal mass) of the two free torsional modes of three masses."""
    from scipy.linalg import eigh

    k = blades * edge**2
    stiffness = np.array([[k, -k, 0.0], [-k, k + shaft_k, -shaft_k], [0.0, -shaft_k, shaft_k]])
    squares, shapes = eigh(stiffness, np.diag([blades, rotor - blades, generator]))
    return np.sqrt(np.maximum(squares[1:], 0.0)), shapes[:, 1:]


def modes(system: Mechanics) -> list[tuple[float, float]]:
    """Return frequency [Hz] and damping ratio [-] of each oscillating mode without wind, ascending."""
    a, _ = system.state_space()
    keep = [*system.active, *(SIZE + i for i in system.active)]
    values = np.linalg.eigvals(a[np.ix_(keep, keep)])
    upper = sorted((v for v in values if v.imag > 1e-6), key=abs)
    return [(abs(v) / (2.0 * math.pi), float(-v.real / abs(v))) for v in upper]


def discretise(system: Mechanics, time_step: float) -> MechanicsArrays:
    """Return the exact step of a system whose inputs are held.

    Parameters
    ----------
    system : Mechanics
        What moves.
    time_step : float
        [s].

    Returns
    -------
    MechanicsArrays
        Matrices of the step.

    Raises
    ------
    MachineError
        The step is too long to show the stiffest mode (Nyquist frequency).

    Notes
    -----
    Van Loan 1978, doi:10.1109/TAC.1978.1101743: integrals of the matrix exponential.
    """
    from scipy.linalg import expm

    found = modes(system)
    if found and found[-1][0] >= 0.5 / time_step:
        hint = 'drive_train="rigid"' if system.kind != "rigid" else "tower=False"
        raise MachineError(
            f"time_step is {time_step:g} s, expected less than {0.5 / found[-1][0]:.3g} s: the stiffest mode has "
            f"{found[-1][0]:.3g} Hz; shorten the step, or leave that mode out with {hint}"
        )
    a, b = system.state_space()
    n, m = b.shape
    whole = np.zeros((n + m, n + m))
    whole[:n, :n], whole[:n, n:] = a, b
    moved = expm(whole * time_step)
    for k in set(range(SIZE)) - set(system.active):  # left out: zero, whatever stood there
        moved[:, [k, SIZE + k]] = 0.0
    rate = np.zeros((n + m, n + m))
    rate[SIZE:n, SIZE:n] = system.damping
    block = np.zeros((2 * (n + m), 2 * (n + m)))
    block[: n + m, : n + m], block[: n + m, n + m :], block[n + m :, n + m :] = -whole.T, rate, whole
    # Energy per joule: balanced by sub-steps, since -A' grows where A decays.
    parts = max(1, math.ceil(np.abs(np.linalg.eigvals(a)).max() * time_step))
    small = expm(block * (time_step / parts))
    f, g = small[n + m :, n + m :], small[n + m :, n + m :].T @ small[: n + m, n + m :]
    loss, power = np.zeros_like(g), np.eye(n + m)
    for _ in range(parts):
        loss += power.T @ g @ power
        power = f @ power
    return MechanicsArrays(
        step=np.ascontiguousarray(moved[:n, :n]),
        push=np.ascontiguousarray(moved[:n, n:]),
        rates=np.ascontiguousarray(a[SIZE:]),
        forces=np.ascontiguousarray(b[SIZE:]),
        mass=system.mass,
        stiffness=system.stiffness,
        loss=np.ascontiguousarray(0.5 * (loss + loss.T)),
        gear_ratio=system.gear_ratio,
        generator_inertia=system.generator_inertia,
        slope=system.slope,
        tower_height=system.tower_height,
        hub_height=system.hub_height,
        modal_mass=system.modal_mass,
        time_step=float(time_step),
    )
