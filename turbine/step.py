"""Controller and machine together: the compiled step that everything shares, and the loop that runs it.

`run` is the one map from the states at one sample to the states at a later one. Simulation takes many samples at a
time, trim looks for the fixed point of one sample, linearisation differentiates it. A converter that is simulated
elsewhere calls `control_step` and `plant_step` itself and gives the air-gap torque that it really makes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from turbine.compiled import inlined_kernel, kernel
from turbine.control_step import ControlParameters, control_step
from turbine.plant import PlantParameters, plant_step

__all__ = ["CHANNELS", "CONTROLLED", "POWER", "TORQUE", "generator_speed", "run"]

Floats = npt.NDArray[np.float64]
Record = Any

_SLOW = 0.25  # of rated speed, below which given power fades [-]

CONTROLLED, TORQUE, POWER = range(3)  # who gives the air-gap torque: the controller, a series of torque, one of power

#: Columns of a result: name, unit, meaning. States and forces are those of the row's time; power is a sample's mean.
CHANNELS: tuple[tuple[str, str, str], ...] = (
    ("time", "s", "since the start"),
    ("wind_speed", "m/s", "at the rotor, shear and tower shadow included"),
    ("wind_estimate", "m/s", "of the controller"),
    ("rotor_speed", "rad/s", "blades, slow side"),
    ("generator_speed", "rad/s", "against the nacelle"),
    ("pitch_angle", "rad", "of the blades"),
    ("pitch_command", "rad", "of the controller"),
    ("generator_torque", "N m", "air gap, generator's side"),
    ("electrical_power", "W", "at the generator's terminals"),
    ("aero_torque", "N m", "about the slow shaft"),
    ("thrust", "N", "along the wind"),
    ("shaft_torque", "N m", "slow side, at the gearbox or generator"),
    ("tower_fore_aft", "m", "displacement of the tower top, downwind"),
    ("tower_side_side", "m", "displacement of the tower top"),
    ("tower_base_fore_aft_moment", "N m", "without gravity"),
    ("tower_base_side_side_moment", "N m", "without gravity"),
    ("tower_acceleration", "m/s2", "fore-aft, tower top"),
    ("azimuth", "rad", "of blade 1, up is 0"),
    ("mode", "1", "0 parked, 1 run-up, 2 production, 3 shutdown, 4 emergency"),
    ("region", "1", "of the torque controller"),
    ("limited", "1", "sum of 1 torque or power limit, 2 least pitch, 4 pitch rate, 8 torque rate"),
)


@kernel
def generator_speed(x: Record, p: PlantParameters):  # type: ignore[no-untyped-def]
    """Return the generator's speed against the nacelle [rad/s]."""
    z = x.z
    return p.mechanics.gear_ratio * (z[5] - z[6] - z[7] - p.mechanics.slope * z[9])


@inlined_kernel
def _commands(x: Record, c: Record, f: Record, m: Record, p: PlantParameters, q: ControlParameters, wind: float):  # type: ignore[no-untyped-def]
    """Measure, and return the controller's torque, pitch and brake torque of a sample."""
    m.generator_speed = generator_speed(x, p)
    m.pitch = x.pitch
    m.torque = f.airgap_torque
    m.fore_aft_acceleration = f.fore_aft_acceleration
    m.wind_speed = wind
    return control_step(c, q, m)


@kernel
def _airgap_torque(x: Record, p: PlantParameters, q: ControlParameters, source: int, given: float, torque: float):  # type: ignore[no-untyped-def]
    """Return the air-gap torque of one step of the machine [N m]: the controller's, or what is given in its place."""
    if source == TORQUE:
        return given
    if source == POWER:
        # A rotor that stands or turns backwards makes no power: torque fades with the last of the speed.
        slow = _SLOW * q.rated_speed
        speed = max(generator_speed(x, p), 0.0)
        shaft = given / p.generator_efficiency if given > 0.0 else given * p.generator_efficiency
        torque = shaft / max(speed, slow) * min(speed / slow, 1.0)
        return min(max(torque, -q.maximum_torque), q.maximum_torque)
    return torque


@kernel
def run(  # type: ignore[no-untyped-def]
    x: Record,
    c: Record,
    f: Record,
    e: Record,
    m: Record,
    p: PlantParameters,
    q: ControlParameters,
    wind: Floats,
    inputs: Floats,
    source: int,
    every: int,
    stride: int,
    table: Floats,
):
    """Advance controller and machine by a series of the controller's samples.

    Parameters
    ----------
    x, c, f, e, m : records of PLANT, CONTROL, FLOW, ENERGY, MEASUREMENT
        States (changed), flows, energies, and the measurements.
    p, q : PlantParameters, ControlParameters
        The machine and its controller.
    wind : array, shape (n,)
        Wind speed of each sample [m/s].
    inputs : array, shape (n, 5) or (1, 5)
        Request, power limit [W], reserve [-], reserve power [W], torque or power given [N m or W]; one row: constant.
    source : int
        Who gives the air-gap torque: CONTROLLED, TORQUE or POWER.
    every : int
        Steps of the machine in one sample.
    stride : int
        Samples between rows of the result; 0: no rows.
    table : array, shape (ceil(n / stride), len(CHANNELS))
        Result; written.

    Returns
    -------
    int
        Sample at which something stopped being a number, -1 if none did.
    """
    last = inputs.shape[0] - 1
    for k in range(wind.size):
        i = min(k, last)
        m.request, m.power_limit, m.reserve, m.reserve_power = inputs[i, 0], inputs[i, 1], inputs[i, 2], inputs[i, 3]
        kept = stride > 0 and k % stride == 0
        r = k // stride if kept else 0
        # Element by element: a view of the row held across the call costs more than the step itself.
        if kept:
            table[r, 0] = k * every * p.mechanics.time_step
            table[r, 3] = x.z[5]
            table[r, 4] = generator_speed(x, p)
            table[r, 5] = x.pitch
            table[r, 12], table[r, 13] = x.z[3], x.z[4]
            table[r, 17] = x.z[0]
        torque, pitch, brake = _commands(x, c, f, m, p, q, wind[k])
        power = 0.0
        for s in range(every):
            plant_step(x, f, e, p, wind[k], pitch, _airgap_torque(x, p, q, source, inputs[i, 4], torque), brake)
            power += f.electrical_power
            if kept and s == 0:
                table[r, 1], table[r, 2] = f.wind_speed, c.wind_estimate
                table[r, 6], table[r, 7] = c.pitch, f.airgap_torque
                table[r, 9], table[r, 10], table[r, 11] = f.aero_torque, f.thrust, f.shaft_torque
                table[r, 14], table[r, 15] = f.fore_aft_moment, f.side_side_moment
                table[r, 16] = f.fore_aft_acceleration
                table[r, 18], table[r, 19], table[r, 20] = c.mode, c.region, c.limited
        if kept:
            table[r, 8] = power / every
        if not (abs(x.z[5]) < 1e6 and abs(x.z[8]) < 1e6):
            return k
    return -1
