"""Validation cases of converters against closed forms: the laws of grid-forming control, limits, DC link, support."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.validation import gridforming_law_runs as runs
from tests.validation.case import Case

__all__ = ["GRIDFORMING_LAW_CASES", "GRIDFORMING_LAW_SETTINGS"]

_JUMP = "phase jump against a virtual machine"
_PUBLIC = "public generic models in an island"
_LIMITS = "limits of a grid-forming converter's current"
_DC = "DC link"
_FOLLOWING = "support by grid-following control"
_BEFOREHAND = "limit set beforehand"

GRIDFORMING_LAW_SETTINGS = {
    _JUMP: (
        "A virtual machine, damped by its droop D to nominal speed and by nothing else, its voltage behind 0.25 pu, "
        "without power at a grid of 1 pu. Direct: the filter's reactance; cascade: virtual and outlet reactance behind "
        "a capacitor whose voltage is controlled. Sampled at 20 kHz. The grid's phase jumps by 0.3 pu times the "
        "reactance between both voltages, so that P_peak = 0.3 pu; percentages are of it, over each sample from 0.1 s "
        "to 1 s. Resistance stands in the grid: the whole reactance over 6, and none for the modes. Equations with R "
        "and L are compared at P_peak = 0.01 pu, where they are linear, from 1 ms on."
    ),
    _PUBLIC: (
        "`gridforming.presets` with their defaults, 8 kHz, references 0.5 pu of active and 0.02 pu of reactive power; "
        "the load grows from 0.5 + j0.1 to 0.7 + j0.15 pu at 0.1 s. Powers are those that the loads draw. The rate at "
        "once is that of the first sample that sees the load, when inertia alone answers (A1: the power's filter)."
    ),
    _LIMITS: (
        "Limit 1.2 pu, 20 kHz, grid of short-circuit ratio 3 with X/R 6, fault of 0.05 pu at the bus, power reference "
        "0.05 pu, at rest in the fault after 8 s; largest difference over the last two cycles. Virtual impedance: "
        "droop alone on a load and a fault of 0.2 + j0.1 pu, 0.3 + j1.0 pu per pu of current beyond 1 pu."
    ),
    _DC: (
        "Grid-following converter with a DC link of 20 ms and a source given from outside, 20 kHz. Energy: the source "
        "goes to 0.9 and 0.2 pu, the chopper works; what the bridge takes is what arrives at the grid's source, what "
        "resistances burn and inductances store. Poles: DC voltage control of 5 Hz, current control of 400 Hz."
    ),
    _FOLLOWING: (
        "20 kHz, 0.5 pu. Frequency: gain 20, deadband 0.001 pu, the grid's frequency falls to 0.995 pu. Voltage: gain "
        "2 below 0.9 pu, a fault of j0.3 pu at a grid of short-circuit ratio 3."
    ),
}

_MACHINES = (
    (10.0, 2.0, 20.0),
    (2.0, 2.0, 20.0),
    (10.0, 2.0, 60.0),
    (2.0, 2.0, 60.0),
    (10.0, 5.0, 100.0),
    (2.0, 5.0, 100.0),
)
_LIGHT = (
    "eps below 0.25: the formulas leave out the resistance, which lowers w_n by 1.4 % at X/R 6 and D by up to 1; from "
    "the linear equations with R and L they are off by as much, 3.7 % and 2.8 %"
)


def _jump() -> Iterator[Case]:
    case = partial(Case, case=_JUMP, unit="%", reference=0.0)
    for kind in ("direct", "cascade"):
        for machine in _MACHINES:
            ratio, inertia, damping = machine
            eps, _ = runs.second_order(*machine)
            light = eps < 0.25
            yield case(
                source="second-order response of the envelope's formulas",
                quantity=f"{kind}, SCR {ratio:g}, H {inertia:g} s, D {damping:g} (eps {eps:.2f}): power, over P_peak",
                digits=1,
                tolerance=None if light else 2.0,
                reason=_LIGHT if light else "what the formulas are good for, stated with them",
                compute=partial(runs.oracle_gap, kind, *machine),
            )
    for machine in _MACHINES:
        ratio, inertia, damping = machine
        title = f"direct, SCR {ratio:g}, H {inertia:g} s, D {damping:g}"
        yield case(
            source="linear equations of angle, speed and current",
            quantity=f"{title}: power with R and L, over P_peak",
            digits=1,
            tolerance=0.8,
            reason="half a sample at 314 rad/s, with which the current oscillates",
            compute=partial(runs.swing_gap, *machine),
        )
        share = 100.0 * (runs.second_order(*machine)[1] / runs.SPEED) ** 2
        for quantity, compute in (("w_n", runs.frequency_gap), ("eps", runs.damping_gap)):
            yield case(
                source="eps and w_n of the envelope's formulas",
                quantity=f"{title}: {quantity} of the mode",
                digits=2,
                tolerance=share,
                reason="square of w_n over nominal speed: the current's own motion",
                compute=partial(compute, "direct", *machine),
            )


def _public() -> Iterator[Case]:
    case = partial(Case, case=_PUBLIC)
    at_once = {
        "REGFM_A1": ("-mp over the filter's time constant", -runs.DROOP["REGFM_A1"] / runs.FILTER),
        "REGFM_B1": ("-1/(2 H): damping D2 answers nothing yet", -0.5 / runs.INERTIA),
    }
    pole = {"REGFM_A1": 1.0 / runs.FILTER, "REGFM_B1": (1.0 / runs.DROOP["REGFM_B1"] + runs.D2) * 0.5 / runs.INERTIA}
    for name in runs.MODELS:
        source, reference = at_once[name]
        yield case(
            source=source,
            quantity=f"{name}, dw/dt at once over the load",
            unit="1/s",
            reference=reference,
            digits=3,
            tolerance=1e-4,
            reason="the leak of nodes",
            compute=partial(runs.rate_at_once, name),
        )
        linear = partial(case, source="the law's linear equations for the power drawn", unit="%", reference=0.0)
        yield linear(
            quantity=f"{name}, RoCoF over 0.1 s",
            digits=2,
            tolerance=0.1,
            reason=_BEFOREHAND,
            compute=partial(runs.rate_gap, name),
        )
        yield linear(
            quantity=f"{name}, speed at each sample, over its largest deviation",
            digits=1,
            tolerance=100.0 * pole[name] * runs.SAMPLE,
            reason="the law's fastest pole times a sample: power is sampled, and Euler's forward rule",
            compute=partial(runs.trace_gap, name),
        )
        static = partial(case, unit="pu", reference=0.0, digits=4, tolerance=1e-5, reason=_BEFOREHAND)
        yield static(
            source="w = 1 + mp (P_set - P)", quantity=f"{name}, steady speed", compute=partial(runs.droop_gap, name)
        )
        yield static(
            source="V = V_set + mq (Q_set - Q)",
            quantity=f"{name}, steady voltage",
            compute=partial(runs.reactive_gap, name),
        )


def _limits() -> Iterator[Case]:
    case = partial(Case, case=_LIMITS, unit="%", reference=0.0, digits=2, tolerance=0.1, reason=_BEFOREHAND)
    for kind in ("circular", "d_priority"):
        for law in runs.LAWS:
            for inner in runs.INNER:
                yield case(
                    source="the limit",
                    quantity=f"{kind.replace('_', '-')}, {law}, {inner} voltage: current",
                    compute=partial(runs.limit_gap, kind, law, inner),
                )
    yield case(
        source="abs(j w x + Z + (i - i_th)(r_v + j x_v)) i = 1",
        quantity="virtual impedance: current",
        compute=runs.virtual_impedance_gap,
    )


def _dc() -> Iterator[Case]:
    case = partial(Case, case=_DC)
    yield case(
        source="W0 + integral of source - bridge - chopper",
        quantity="energy at each step, over that at nominal voltage",
        unit="%",
        reference=0.0,
        digits=2,
        tolerance=0.05,
        reason="trapezoidal sums of what the figure is compared with, in steps of 6 us",
        compute=runs.energy_gap,
    )
    size, damping = runs.dc_expected()
    lag = "s^2 (1 + s/w_c) + 2 w s + w^2 = 0, w_c of the current control"
    yield case(
        source="design: a double pole at 5 Hz",
        quantity="natural frequency of the voltage control's poles",
        unit="rad/s",
        reference=31.416,
        digits=3,
        tolerance=0.02 * 31.416,
        reason="2 %: the current control's lag alone is 1.25 %, the ratio of both bandwidths",
        compute=runs.dc_frequency,
    )
    behind = partial(case, source=lag, digits=3, reason="1e-3: the sample's delay, 75 us at 31 rad/s")
    yield behind(
        quantity="the same behind the current control",
        unit="rad/s",
        reference=size,
        tolerance=1e-3 * size,
        compute=runs.dc_frequency,
    )
    yield behind(
        quantity="their damping ratio",
        unit="1",
        reference=damping,
        tolerance=1e-3 * damping,
        compute=runs.dc_damping,
    )


def _following() -> Iterator[Case]:
    case = partial(Case, case=_FOLLOWING, unit="%", reference=0.0, digits=2, tolerance=0.1, reason=_BEFOREHAND)
    yield case(
        source="gain (1 - w - deadband)",
        quantity="active power that a fall of frequency adds",
        compute=runs.frequency_response_gap,
    )
    yield case(
        source="gain (0.9 - v)", quantity="reactive current in a fault, as firmware sees it", compute=runs.support_gap
    )


GRIDFORMING_LAW_CASES: tuple[Case, ...] = (*_jump(), *_public(), *_limits(), *_dc(), *_following())
