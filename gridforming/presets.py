"""Ready parameter sets of public generic models."""

from __future__ import annotations

import math
from typing import Any

from gridforming.converter import (
    Converter,
    CurrentLimit,
    Droop,
    Filter,
    Forming,
    TerminalVoltage,
    VirtualMachine,
)

__all__ = ["regfm_a1", "regfm_b1"]


def regfm_a1(name: str, bus: str, rated_power: float, **values: Any) -> Converter:
    """Return a droop-controlled grid-forming converter with the defaults of REGFM_A1.

    Parameters
    ----------
    name, bus : str
        Where it stands.
    rated_power : float
        [VA].
    **values
        Any field of `Converter`, in place of the default.

    Notes
    -----
    WECC generic model REGFM_A1 (2023): XL 0.15, RL 0.03, mp 0.01, mq 0.05, kpv/kiv 0/5.86, filters 0.01 s, I_max 2.
    """
    corner = 1.0 / 0.01 / (2.0 * math.pi)
    control = Forming(
        law=Droop(droop=0.01, filter_hz=corner, reactive_droop=0.05, reactive_filter_hz=corner),
        inner=TerminalVoltage(proportional=0.0, integral=5.86, filter_time=0.01, highest=1.15),
        limit=CurrentLimit(kind="circular", i_max=2.0),
    )
    given: dict[str, Any] = {"filter": Filter(reactance=0.15, resistance=0.03), "control": control} | values
    return Converter(name=name, bus=bus, rated_power=rated_power, **given)


def regfm_b1(name: str, bus: str, rated_power: float, **values: Any) -> Converter:
    """Return a virtual synchronous machine with the defaults of REGFM_B1; parameters as `regfm_a1`.

    Notes
    -----
    WECC generic model REGFM_B1 (2024): XL 0.1, mp 0.02, H 0.5 s, D1 0, D2 100, w_D 50 rad/s, speed band 0.05, mq 0.05,
    kpv/kiv 0/5, I_max 1.5 fast, filters 0.02 s.
    """
    corner = 1.0 / 0.02 / (2.0 * math.pi)
    control = Forming(
        law=VirtualMachine(
            acceleration_time=2.0 * 0.5,
            speed_droop=1.0 / 0.02,
            damping=0.0,
            transient_damping=100.0,
            washout=50.0,
            speed_band=0.05,
            reactive_droop=0.05,
            reactive_filter_hz=corner,
        ),
        inner=TerminalVoltage(proportional=0.0, integral=5.0, filter_time=0.02, highest=1.15),
        limit=CurrentLimit(kind="circular", i_max=1.5),
    )
    given: dict[str, Any] = {"filter": Filter(reactance=0.1, resistance=0.005), "control": control} | values
    return Converter(name=name, bus=bus, rated_power=rated_power, **given)
