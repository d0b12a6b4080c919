"""Random streams: one for each idea of each turbine, all from one seed.

A stream is `numpy.random.SeedSequence` with the key that `spawn` would give it. So what is drawn for one turbine does
not depend on how many others there are or on their order, and what is drawn for one idea does not depend on whether
another is switched on.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np

__all__ = ["Idea", "farm_stream", "turbine_stream"]

_FARM, _TURBINE = 0, 1


class Idea(IntEnum):
    """What a stream is for. Numbers are never reused: a seed must keep its fleet."""

    WIND = 0
    FIELD = 1
    DIRECTION = 2
    TEMPERATURE = 3
    PRESSURE = 4
    TURBULENCE = 5
    POWER = 6
    STOPS = 7
    WARNINGS = 8
    CURTAILMENT = 9
    DERATING = 10
    ZERO_COMMAND = 11
    ICING = 12
    WIND_SENSOR = 13
    POWER_SENSOR = 14
    OTHER_SENSORS = 15
    FROZEN_WIND = 16
    FROZEN_POWER = 17
    FROZEN_DIRECTION = 18
    FROZEN_TEMPERATURE = 19
    SPIKES = 20
    DRIFT = 21
    NORTH = 22
    YAW = 23
    PITCH_FAULT = 24
    ROTOR_FAULT = 25
    GAPS = 26
    MISSING = 27
    DUPLICATES = 28
    NAN = 29
    SAMPLE = 30
    OVERLAP = 31
    COMMUNICATION = 32


def farm_stream(seed: int, idea: Idea) -> np.random.Generator:
    """Return the stream of something that all turbines share."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_FARM, int(idea))))


def turbine_stream(seed: int, turbine: int, idea: Idea) -> np.random.Generator:
    """Return the stream of one idea for one turbine, counted from 0."""
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_TURBINE, turbine, int(idea))))
