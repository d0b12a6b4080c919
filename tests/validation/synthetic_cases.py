"""Validation cases of fleets that nobody has built, whose truth the generator keeps (`docs/synthetic.md`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from fleet.flags import FLAG_TITLES, Flag
from tests.validation import synthetic_runs as runs
from tests.validation.case import COUNT, Case

__all__ = ["SYNTHETIC_CASES", "SYNTHETIC_DOUBTS", "SYNTHETIC_SETTINGS", "SYNTHETIC_SLOW"]

_AVAILABILITY = "synthetic fleets, availability"
_ENERGY = "synthetic fleets, energy and rows"
_CURVES = "synthetic fleets, intervals of power curves"
_RULES = "synthetic fleets, quality rules"
_TRUTH = "the generator's truth"

_ACCEPTED = "90 to 99 % are accepted"


def _availability() -> Iterator[Case]:
    case = partial(Case, case=_AVAILABILITY, source=_TRUTH, unit="points", reference=0.0, digits=2)
    production = partial(case, tolerance=None, reason="potential power is an estimate")
    for title, format, column in (
        ("status log (Greenbyte)", "greenbyte", "time"),
        ("state timers (Hill of Towie), of the records that there are", "hill_of_towie", "recorded"),
        ("state timers (Hill of Towie), of all time", "hill_of_towie", "time"),
    ):
        yield case(
            quantity=f"time-based, {title}",
            tolerance=0.1,
            reason="what is logged to the second is counted to the second; holes in the timers remain",
            compute=partial(runs.largest_error, format, column),
        )
    yield case(
        quantity="time-based, inferred (ENGIE), beside stops in wind of 4 m/s and above",
        tolerance=1.0,
        reason="records in which a turbine stands for a part of the time count as running",
        compute=partial(runs.largest_error, "engie", "windy"),
    )
    yield case(
        quantity="time-based, inferred (ENGIE), beside all stops",
        tolerance=None,
        reason="stops in calm wind cannot be inferred",
        compute=partial(runs.largest_error, "engie", "time"),
    )
    for title, format in (
        ("status log (Greenbyte)", "greenbyte"),
        ("state timers (Hill of Towie)", "hill_of_towie"),
        ("inferred (ENGIE)", "engie"),
    ):
        yield production(
            quantity=f"production-based, {title}", compute=partial(runs.largest_error, format, "production")
        )


def _energy() -> Iterator[Case]:
    case = partial(Case, case=_ENERGY, source=_TRUTH)
    ratio = partial(case, unit="1", reference=1.0, digits=3)
    yield ratio(
        quantity="energy over that of the recorded intervals",
        tolerance=0.001,
        reason="noise of the power measurement, cells without a value",
        compute=runs.energy_ratio,
    )
    yield ratio(
        quantity="lost energy over what was lost, without stops by storm",
        tolerance=0.03,
        reason="the potential comes from neighbours and the turbine's own curve",
        compute=runs.lost_ratio,
    )
    for mark in ("missing", "duplicated", "frozen"):
        yield case(
            quantity=f"rows {mark}",
            unit="rows",
            reference=runs.ROWS[mark],
            tolerance=0.0,
            reason=COUNT,
            compute=partial(runs.rows_counted, mark),
        )


def _curves() -> Iterator[Case]:
    case = partial(Case, case=_CURVES, unit="% of bins", digits=1)
    for title, biased, uncertainty in (
        ("category A alone, sensors without bias", False, "u_a_kw"),
        ("A and B, biases drawn from category B", True, "u_c_kw"),
    ):
        covered = partial(runs.coverage, biased, uncertainty)
        yield case(
            source=f"nominal 95 %; {_ACCEPTED}",
            quantity=title,
            reference=94.5,
            tolerance=4.5,
            reason=_ACCEPTED,
            compute=covered,
        )
        yield case(
            source="normal distribution within 0.98 of its standard deviation",
            quantity=f"{title}: with half of the uncertainty",
            reference=67.3,
            tolerance=5.0,
            reason="outside what is accepted: the case above can fail",
            compute=partial(covered, factor=0.5),
        )
        yield case(
            source="normal distribution within 3.92 of its standard deviation",
            quantity=f"{title}: with twice the uncertainty",
            reference=100.0,
            tolerance=0.95,
            reason="outside what is accepted: the case above can fail",
            compute=partial(covered, factor=2.0),
        )
        for within in runs.WIND_RANGES:
            yield case(
                source="nominal 95 %",
                quantity=f"{title}: {within}",
                reference=95.0,
                tolerance=None,
                reason="where the curve bends see below",
                compute=partial(covered, within=within),
            )


#: Floors of recall and precision: a little below what was measured.
_FLOORS: dict[Flag, tuple[float, float]] = {
    Flag.RATE: (0.96, 0.99),
    Flag.FROZEN: (0.99, 0.99),
    Flag.CURTAILED: (0.98, 0.99),
    Flag.DERATED: (0.85, 0.99),
    Flag.ICING: (0.92, 0.95),
    Flag.PITCH_POWER: (0.98, 0.97),
    Flag.ROTOR_POWER: (0.94, 0.99),
}
_MONTHS: dict[str, tuple[Callable[[], tuple[float, float]], tuple[float, float]]] = {
    "months with an anemometer drifted from the neighbours'": (runs.drift_scores, (0.9, 0.9)),
    "months with a wind direction off north": (runs.north_scores, (0.9, 0.9)),
}


def _first(scores: Callable[[], tuple[float, ...]]) -> float:
    return scores()[0]


def _second(scores: Callable[[], tuple[float, ...]]) -> float:
    return scores()[1]


def _rules() -> Iterator[Case]:
    case = partial(Case, case=_RULES, source=_TRUTH)
    every: list[tuple[str, Callable[[], tuple[float, ...]], tuple[float, float]]] = [
        (FLAG_TITLES[flag], partial(runs.rule_scores, flag), floors) for flag, floors in _FLOORS.items()
    ]
    every += [(title, scores, floors) for title, (scores, floors) in _MONTHS.items()]
    for title, scores, floors in every:
        for word, pick, floor in zip(("recall", "precision"), (_first, _second), floors, strict=True):
            yield case(
                quantity=f"{title}: {word}",
                unit="1",
                reference=1.0,
                digits=3,
                tolerance=round(1.0 - floor, 3),
                reason=f"at least {floor:g}",
                compute=partial(pick, scores),
            )
    for flag, most, reason in (
        (Flag.ICING, 0.0002, "three records below the tenth of their wind bin come by chance"),
        (Flag.PITCH_POWER, 0.004, "near rated power the pitch angle does not follow from the power"),
    ):
        yield case(
            quantity=f"{FLAG_TITLES[flag]}: share of a healthy fleet's records",
            unit="1",
            reference=0.0,
            digits=4,
            tolerance=most,
            reason=reason,
            compute=partial(runs.healthy_share, flag),
        )
    yield case(
        quantity="turbines named as askew that face the wind",
        unit="turbines",
        reference=0,
        tolerance=0.0,
        reason=COUNT,
        compute=runs.yaw_names,
    )


SYNTHETIC_CASES: tuple[Case, ...] = (*_availability(), *_energy(), *_curves(), *_rules())
SYNTHETIC_SLOW = frozenset({_AVAILABILITY, _CURVES, _RULES})  #: runs of more than a few seconds

SYNTHETIC_SETTINGS: dict[str, str] = {
    _AVAILABILITY: (
        f"{runs.AVAILABILITY_FLEETS} fleets per format of 3 turbines and 120 days with every trouble of the generator, "
        "written as the vendor would export them. Ours is the largest error of all turbines in points of operational "
        "availability. The log is declared to cover the period (`status_period`): of one that is silent for weeks the "
        "report would not believe it."
    ),
    _ENERGY: (
        "3 turbines, 150 days, every trouble but spikes, derating and frozen power; power is measured without bias. "
        "Stops by storm are left out of the lost energy, because the truth defines that a healthy turbine would have "
        "made nothing."
    ),
    _CURVES: (
        f"{runs.CURVE_SEEDS} turbines of as many seeds, 90 days each, no stops; both passes with every default. "
        "Covered "
        "is a complete bin whose power plus and minus 1.96 standard uncertainties holds E[P | measured wind] at the "
        "bin's mean wind, for an anemometer with noise but without bias."
    ),
    _RULES: (
        "4 turbines and a year for each rule, with its trouble and no other; 10 turbines and a year for the months. "
        "Recall counts records in which the trouble is plain (10 or 15 % of rated power lost, in frost for ice; pitch "
        "and rotor between 10 and 90 % of rated power; an anemometer off by 0.75 m/s), precision accepts every record "
        "that the trouble changed."
    ),
}

SYNTHETIC_DOUBTS = """\
## What synthetic fleets do not show

- **They are as simple as their model**: the truth of a fleet that was made up tests whether the analysis finds what is
  there, not whether turbines behave so. The generator shares the formulas of category B and of air density with the
  report: whether those are right is compared elsewhere.
- **Intervals cover less where the curve bends.** From 2.75 to 3.75 m/s and from 14.75 to 20.25 m/s the rule "power does
  not fit the wind" takes the outermost records of a skewed distribution, which moves the mean by some 0.03 % of rated
  power: little beside category B, but as much as category A of some hundred records. Where the curve rises more and
  more steeply, the slope between a bin and the one before it, as the standard takes it, is up to a tenth too small.
- **Ice is found in frost only**; what remains of it in thaw is not. Half of an ice episode in strong wind looks like
  derating.
- **The hint of yaw misalignment** has no truth here: the generator's power does not depend on the vane angle of the
  record. That no turbine is named wrongly is all that is shown.
"""
