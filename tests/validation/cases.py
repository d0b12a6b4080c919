"""The list of validation cases: what the product finds, the public way, beside what others found.

`test_cases.py` holds every case to its tolerance; `scripts/write_validation.py` writes them into
`docs/validation.md`. Those of synthetic fleets stand in `synthetic_cases.py`, those of the
turbine simulation in `turbine_cases.py`, those of converters in `gridforming_cases.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from tests.validation import quantities as q
from tests.validation import runs
from tests.validation.case import COUNT, LAST_DIGIT, ROUNDING, Case
from tests.validation.closed_forms import constant_power_mwh, squared_wind_mwh
from tests.validation.gridforming_cases import GRIDFORMING_CASES
from tests.validation.gridforming_machine_cases import MACHINE_CASES
from tests.validation.references import AEP_MWH, ISO_2533, SATURATION_PA
from tests.validation.synthetic_cases import SYNTHETIC_CASES, SYNTHETIC_SLOW
from tests.validation.turbine_cases import TURBINE_CASES

__all__ = ["CASES", "GROUPS", "SLOW", "Case"]

TURBINES = ("R80711", "R80721", "R80736", "R80790")


def _la_haute_borne_corrected() -> Iterator[Case]:
    run = runs.la_haute_borne_corrected
    case = partial(
        Case,
        case="La Haute Borne, clock corrected",
        source="independent count over the publisher's CSV",
        tolerance=0.0,
        reason=COUNT,
    )
    clock = partial(q.clock, run)
    yield case(quantity="rows in", unit="rows", reference=420_480, compute=partial(q.rows_in, run))
    yield case(quantity="empty rows", unit="rows", reference=2_569, compute=partial(q.rejected, run, "empty"))
    for name in TURBINES:
        quantity = f"records of two years, {name}"
        yield case(quantity=quantity, unit="rows", reference=105_120, compute=partial(clock, "records", name))
    for quantity, unit, reference, column in (
        ("stamps with two different records", "pairs", 48, "conflicting_pairs"),
        ("stamps with the same record twice", "pairs", 0, "exact_duplicates"),
        ("stamps missing as written", "stamps", 48, "missing_stamps"),
        ("true holes among them", "stamps", 0, "true_holes"),
        ("duplicates after the correction", "stamps", 0, "duplicates_after"),
        ("holes after the correction", "stamps", 0, "holes_after"),
    ):
        yield case(quantity=quantity, unit=unit, reference=reference, compute=partial(clock, column))
    quantity = "turbines found to have a fixed clock"
    yield case(quantity=quantity, unit="turbines", reference=4, compute=partial(q.on_a_fixed_clock, run))
    yield case(
        quantity="energy of the four turbines",
        unit="MWh",
        reference=24_629.590,
        digits=3,
        tolerance=0.0005,
        reason=LAST_DIGIT,
        compute=partial(q.energy, run, "fleet"),
    )
    meter = partial(
        Case,
        case="La Haute Borne, clock corrected",
        source="plant file as published with OpenOA",
        unit="MWh",
        digits=1,
        tolerance=0.05,
        reason=LAST_DIGIT,
    )
    yield meter(
        quantity="net over gross energy",
        unit="1",
        reference=0.980,
        digits=3,
        tolerance=0.0005,
        compute=partial(q.net_over_gross, run),
    )
    losses = (("availability loss", 307.8), ("curtailment loss", 17.0))
    for item, reference in losses:
        compute = partial(q.publisher, run, item, "publisher_mwh")
        yield meter(quantity=f"the publisher's {item}, read back", reference=reference, compute=compute)
    reported = partial(meter, tolerance=None)
    yield reported(
        quantity="our availability loss beside it",
        reference=307.8,
        reason="both are estimates, by different rules of what is lost",
        compute=partial(q.publisher, run, "availability loss", "ours_mwh"),
    )
    yield reported(
        quantity="our partial performance beside the curtailment loss",
        reference=17.0,
        reason="without a set-point in the export, curtailment cannot be told from other derating",
        compute=partial(q.publisher, run, "curtailment loss", "ours_mwh"),
    )


def _la_haute_borne_as_written() -> Iterator[Case]:
    run = runs.la_haute_borne_as_written
    case = partial(
        Case,
        case="La Haute Borne, clock as written",
        source="independent evaluation of the publisher's CSV",
        reason=LAST_DIGIT,
    )
    yield case(
        quantity="rows rejected as second record of a stamp",
        unit="rows",
        reference=48,
        tolerance=0.0,
        reason=COUNT,
        compute=partial(q.rejected, run, "conflict"),
    )
    energy = partial(case, unit="MWh", digits=3, tolerance=0.0005)
    energies = (6951.748, 5433.968, 5946.673, 6292.288)
    for name, reference in zip(TURBINES, energies, strict=True):
        yield energy(quantity=f"energy, {name}", reference=reference, compute=partial(q.energy, run, name))
    yield energy(quantity="energy of the four turbines", reference=24_624.677, compute=partial(q.energy, run, "fleet"))
    share = partial(case, unit="1", digits=6, tolerance=5e-7)
    shares = (0.990978, 0.993320, 0.993762, 0.985352)
    for name, reference in zip(TURBINES, shares, strict=True):
        compute = partial(q.operational, run, "time_based", name)
        yield share(quantity=f"time-based availability, inferred, {name}", reference=reference, compute=compute)
    coverages = (0.995367, 0.988385, 0.995748, 0.995605)
    for name, reference in zip(TURBINES, coverages, strict=True):
        compute = partial(q.operational, run, "coverage", name)
        yield share(quantity=f"coverage of the period, {name}", reference=reference, compute=compute)
    annual = partial(case, unit="MWh", digits=1, tolerance=0.05)
    for name, reference in AEP_MWH.items():
        compute = partial(q.aep, run, name, 6.0)
        yield annual(quantity=f"AEP in a Rayleigh wind of 6 m/s, {name}", reference=reference, compute=compute)


def _plant_file() -> Iterator[Case]:
    case = partial(Case, case="La Haute Borne, plant file", source="an assumed electrical loss of 2 %", unit="1")
    for quantity, compute, digits, tolerance, reason in (
        ("plant over turbines, two years", q.plant_over_turbines, 5, 5e-6, LAST_DIGIT),
        ("the same, month furthest from 0.98", q.plant_over_turbines_worst_month, 3, 5e-4, LAST_DIGIT),
    ):
        yield case(
            quantity=quantity, reference=0.98, digits=digits, tolerance=tolerance, reason=reason, compute=compute
        )
    lag = partial(case, source="one and the same clock", unit="min", reference=0, tolerance=0.0, reason="whole records")
    for title, months in (("December to February", (12, 1, 2)), ("June to August", (6, 7, 8))):
        yield lag(quantity=f"lag of best correlation, {title}", compute=partial(q.plant_lag, months))


def _penmanshiel() -> Iterator[Case]:
    run = runs.penmanshiel
    case = partial(
        Case,
        case="Penmanshiel 01, February 2023",
        source="Stop rows of the status log, added up by category",
        unit="h",
        digits=3,
        tolerance=0.0005,
        reason=LAST_DIGIT,
    )
    for category, reference in (
        ("forced_outage", 0.203),
        ("scheduled_maintenance", 0.346),
        ("technical_standby", 0.320),
        ("out_of_environmental_specification", 11.512),
    ):
        compute = partial(q.category_hours, run, category)
        yield case(quantity=category.replace("_", " "), reference=reference, compute=compute)
    exact = partial(case, source="the status log itself", digits=0)
    hours = partial(exact, tolerance=1e-9, reason=ROUNDING)
    yield hours(quantity="all categories together", reference=672, compute=partial(q.category_hours, run))
    rows = partial(exact, unit="rows", tolerance=0.0, reason=COUNT)
    yield rows(quantity="rows without an end", reference=494, compute=partial(q.open_rows, None))
    yield rows(quantity="informational rows among them", reference=494, compute=partial(q.open_rows, "informational"))
    yield hours(quantity="downtime less downtime without those rows", reference=0, compute=q.cost_of_open_rows)


def _kelmarsh() -> Iterator[Case]:
    case = partial(Case, case="Kelmarsh 1, windows of 2016", source="the status log itself")
    views = partial(case, unit="views", reference=0, tolerance=0.0, reason=COUNT)
    for quantity, column in (("coverage", "coverage"), ("time-based availability", "time_based")):
        compute = partial(q.views_that_state, runs.kelmarsh_1, column)
        yield views(quantity=f"views that state a {quantity} of scattered windows", compute=compute)
    hours = partial(case, unit="h", digits=4, tolerance=0.00005, reason=LAST_DIGIT)
    for title, run in (
        ("as exported", runs.kelmarsh_1),
        ("that stop logged four times over", runs.emergency_stop_repeated),
    ):
        stop = partial(q.emergency_stop_hours, run)
        yield hours(quantity=f"emergency stop of 211:08:29, {title}", reference=211.1414, compute=stop)
        down = partial(q.down_hours, run)
        yield hours(quantity=f"all Stop rows, each second once, {title}", reference=608.2272, compute=down)


def _hill_of_towie() -> Iterator[Case]:
    run = runs.hill_of_towie
    hours = partial(
        Case,
        case="Hill of Towie, state timers of July 2024",
        source="sums over the publisher's file, 21 turbines, 93,708 rows",
        unit="h",
        digits=2,
        tolerance=0.005,
        reason=LAST_DIGIT,
    )
    out_of_service = partial(q.out_of_service_hours, run)
    yield hours(quantity="not ready to operate", reference=285.87, compute=out_of_service)
    counted = partial(q.said_hours, run, r"timers count ([0-9.]+) h")
    yield hours(quantity="stop timers, overlaps twice", reference=34.11, compute=counted)


def _closed_forms() -> Iterator[Case]:
    case = partial(Case, case="AEP in closed form", unit="MWh", digits=5)
    for mean in (4.0, 7.0, 11.0):
        for kind, reference in zip(("measured", "extrapolated"), constant_power_mwh(mean), strict=True):
            yield case(
                source="integral of 2,000 kW from 4 to 20 m/s, held to 25 m/s where extrapolated",
                quantity=f"AEP {kind}, constant power, mean wind {mean:g} m/s",
                reference=reference,
                tolerance=1e-8,
                reason=ROUNDING,
                compute=partial(q.aep_of_constant_power, mean, kind),
            )
    for mean in (4.0, 7.0, 11.0):
        yield case(
            source="second moment of the Rayleigh distribution, 4/pi of the squared mean",
            quantity=f"AEP, P = V^2 kW, mean wind {mean:g} m/s",
            reference=squared_wind_mwh(mean),
            tolerance=1e-4 * squared_wind_mwh(mean),
            reason="1e-4 of the reference: trapezoids in bins of 0.02 m/s",
            compute=partial(q.aep_of_squared_wind, mean),
        )


def _density() -> Iterator[Case]:
    case = partial(Case, case="air density", unit="kg/m3", digits=4)
    for altitude, _, reference in ISO_2533:
        yield case(
            source="ISO 2533, standard atmosphere",
            quantity=f"dry air at {altitude:,.0f} m",
            reference=reference,
            tolerance=1e-4 * reference,
            reason="1e-4 of the reference: the table's last digit and its gas constant",
            compute=partial(q.standard_density, altitude),
        )
    for temperature, vapour in SATURATION_PA:
        kelvin = temperature + 273.15
        reference = (101_325.0 - vapour) / (287.05 * kelvin) + vapour / (461.5 * kelvin)
        yield case(
            source="steam tables, mixture of ideal gases",
            quantity=f"saturated air at {temperature:g} degC and 101,325 Pa",
            reference=reference,
            tolerance=5e-4 * reference,
            reason="5e-4 of the reference: the standard's exponential is off by up to 5 % in the vapour's pressure",
            compute=partial(q.saturated_density, temperature),
        )


CASES: tuple[Case, ...] = (
    *_la_haute_borne_corrected(),
    *_la_haute_borne_as_written(),
    *_plant_file(),
    *_penmanshiel(),
    *_kelmarsh(),
    *_hill_of_towie(),
    *_closed_forms(),
    *_density(),
    *SYNTHETIC_CASES,
    *TURBINE_CASES,
    *GRIDFORMING_CASES,
    *MACHINE_CASES,
)
GROUPS: tuple[str, ...] = tuple(dict.fromkeys(case.case for case in CASES))
SLOW = SYNTHETIC_SLOW  #: groups whose runs take more than a few seconds
