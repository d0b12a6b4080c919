"""Design load cases: mean wind speeds x seeds x control settings, run in parallel, and the loads of a life.

>>> import turbine
>>> from turbine.control import controller
>>> from turbine.energy import rayleigh
>>> from turbine.load_cases import design_load_cases, run_load_cases
>>> machine = turbine.load("nrel_5mw")
>>> cases = design_load_cases([8.0, 12.0, 16.0], "IB", seeds=2, duration=60.0)
>>> table = run_load_cases(machine, cases, {"default": controller(machine)})
>>> life = table.lifetime(rayleigh(8.5))["default"]
>>> sorted(life.equivalent_loads["shaft_torque"])
[4.0]
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

import numpy as np

from turbine.checks import ascending, check_positive, check_range
from turbine.control import ControlSettings, controller
from turbine.control_step import PRODUCTION
from turbine.errors import LoadError, TrimError, WindformError, nearest
from turbine.load_table import TURBULENCE, CaseResult, Lifetime, LoadCase, LoadTable, Turbulence
from turbine.loads import COMPOSITE, STEEL, load_summary, motion
from turbine.machine import Machine
from turbine.model import Model, Options, Records, build
from turbine.simulation import simulate_model
from turbine.step import CHANNELS
from turbine.trim import steady_state
from turbine.wind import WindClass, WindSeries, etm, ntm, wind_class

__all__ = [
    "LOADS",
    "CaseResult",
    "Lifetime",
    "LoadCase",
    "LoadTable",
    "case_wind",
    "design_load_cases",
    "run_load_cases",
]

Progress = bool | Callable[[int, int], None]
_MODELS = {"NTM": ntm, "ETM": etm}

#: Channels that are evaluated, with the exponents of their equivalent loads. Thrust stands for the blades' flapwise
#: moment, which the model does not have: steel and composite.
LOADS: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "shaft_torque": (STEEL,),
        "tower_base_fore_aft_moment": (STEEL,),
        "tower_base_side_side_moment": (STEEL,),
        "thrust": (STEEL, COMPOSITE),
        "tower_acceleration": (),
        "rotor_speed": (),
        "electrical_power": (),
        "pitch_angle": (),
    }
)
SETTLE = 60.0  #: what a run takes to settle, not evaluated [s]
WIND_STEP = 0.1  #: between samples of the wind [s]
_KEY = "load-case-"  # begins the keys of Dask's tasks
_START_SHIFTS = (0.0, 0.25, 0.5, 1.0)  # tried in turn above a mean wind speed at which nothing comes to rest [m/s]


def design_load_cases(
    wind_speeds: Iterable[float],
    condition: WindClass | str,
    *,
    seeds: int = 6,
    settings: Iterable[str] = ("default",),
    turbulence: Sequence[Turbulence] = ("NTM",),
    duration: float = 600.0,
    base_seed: int = 0,
) -> tuple[LoadCase, ...]:
    """Return load cases in power production: mean wind speeds x seeds x control settings.

    Parameters
    ----------
    wind_speeds : iterable of float
        Means at hub height, ascending [m/s]; IEC 61400-1 wants bins of 2 m/s at most, cut-in to cut-out.
    condition : WindClass or str
        Such as "IIB".
    seeds : int
        Realisations per mean wind speed; the standard wants six at least.
    settings : iterable of str
        Names of control settings, such as the keys of what `run_load_cases` is given.
    turbulence : sequence of "NTM", "ETM"
        Normal: DLC 1.1 and 1.2; extreme: DLC 1.3, which has no part in the fatigue life (weight 0).
    duration : float
        What is evaluated of each [s].
    base_seed : int
        Another one gives other winds throughout.

    Returns
    -------
    tuple of LoadCase
        A case's seed comes from base seed, turbulence, mean wind speed and number of the realisation only: every
        control setting meets the same winds, and more wind speeds or seeds leave the others' as they are.

    Raises
    ------
    LoadError
        No wind speed, seed or setting, or one out of range.
    """
    speeds = ascending("wind_speeds", list(wind_speeds), low=0.0, unit="m/s", error=LoadError)
    of_class = wind_class(condition) if isinstance(condition, str) else condition
    for what, count in (("seeds", seeds), ("base_seed", base_seed)):
        if isinstance(count, bool) or not isinstance(count, int) or count < (1 if what == "seeds" else 0):
            raise LoadError(
                f"{what}: found {count!r}, expected a whole number of {1 if what == 'seeds' else 0} or more"
            )
    names = [settings] if isinstance(settings, str) else list(settings)
    models = list(turbulence)
    for what, given in (("settings", names), ("turbulence", list[str](models))):
        if not given or len(set(given)) < len(given):
            raise LoadError(f"{what}: found {given}, expected one name at least and each once")
    return tuple(
        LoadCase(
            name=f"{model} {speed:g} m/s seed {k} {name}",
            wind_speed=speed,
            condition=of_class,
            turbulence=model,
            seed=_seed(base_seed, model, speed, k),
            settings=name,
            duration=duration,
            weight=0.0 if model == "ETM" else 1.0,
        )
        for name in names
        for model in models
        for speed in speeds.tolist()
        for k in range(1, seeds + 1)
    )


def _seed(base: int, model: str, wind_speed: float, number: int) -> int:
    known = list(TURBULENCE)
    entropy = [base, known.index(model) if model in known else len(known), round(1e6 * wind_speed), number]
    return int(np.random.SeedSequence(entropy).generate_state(1)[0])


def case_wind(machine: Machine, case: LoadCase, *, settle: float = SETTLE, time_step: float = WIND_STEP) -> WindSeries:
    """Return the wind of a load case: the mean over the rotor, which is what one effective wind speed can hold.

    Parameters
    ----------
    machine : Machine
        Gives hub height and rotor diameter.
    case : LoadCase
        The case.
    settle : float
        Time before what is evaluated [s], brought to a multiple of the step. Turbulence repeats after its duration; its
        end stands before its beginning here, growing from nothing, so that a run begins at rest in the mean wind and
        what is evaluated has exactly the mean and scatter that the standard states.
    time_step : float
        Between samples [s].

    Returns
    -------
    WindSeries
        Of settling time and duration.

    Raises
    ------
    WindformError
        The machine lacks hub height or radius, or a time is out of range.
    """
    check_range("settle", settle, 0.0, unit="s", error=LoadError)
    check_positive("wind_step", time_step, unit="s", error=LoadError)
    blown = _MODELS[case.turbulence](
        case.wind_speed,
        case.condition,
        hub_height=machine.require("tower.hub_height"),
        rotor_diameter=2.0 * machine.require("rotor.radius"),
        duration=case.duration,
        time_step=time_step,
        seed=case.seed,
    )
    n = math.ceil(settle / time_step - 1e-6)
    growth = 0.5 - 0.5 * np.cos(np.pi * np.arange(n) / max(n, 1))
    before = np.take(blown.wind_speed, np.arange(-n, 0), mode="wrap")
    speed = np.concatenate([case.wind_speed + growth * (before - case.wind_speed), blown.wind_speed])
    return WindSeries(time_step=time_step, wind_speed=speed, name=blown.name, seed=blown.seed)


def run_load_cases(
    machine: Machine,
    cases: Iterable[LoadCase],
    settings: Mapping[str, ControlSettings] | None = None,
    *,
    scheduler: Any = "threads",
    workers: int | None = None,
    progress: Progress = False,
    settle: float = SETTLE,
    wind_step: float = WIND_STEP,
    output_step: float | None = None,
    loads: Mapping[str, Sequence[float]] = LOADS,
    **options: Any,
) -> LoadTable:
    """Run load cases in parallel.

    Parameters
    ----------
    machine : Machine
        From `turbine.load`.
    cases : iterable of LoadCase
        From `design_load_cases`, or of one's own.
    settings : mapping of str to ControlSettings, optional
        Control settings by the names that the cases have; the machine's own as "default" unless given.
    scheduler : "threads", "processes", "synchronous", an active client of Dask's distributed, or None
        Who runs them; None: Dask's own choice. Threads suffice on one computer: the compiled step runs beside others.
    workers : int, optional
        Threads or processes; as many as processors unless given.
    progress : bool or function
        A bar on standard error, or what is called with cases done and all cases. On a cluster: once at the end.
    settle : float
        Time before what is evaluated [s]; see `case_wind`.
    wind_step : float
        Between samples of the wind [s].
    output_step : float, optional
        Between evaluated values, a multiple of the controller's period [s]; each period unless given.
    loads : mapping of str to sequence of float
        Channels to evaluate, with the exponents of their equivalent loads [-].
    **options
        Of `turbine.model.Options`: drive_train, tower, shear_exponent, tower_shadow, ...

    Returns
    -------
    LoadTable
        Each case stands there with its loads, or with the reason why it failed.

    Raises
    ------
    WindformError
        Before anything runs: a machine that lacks a value, unknown settings or channels, cases of equal name.
    """
    from dask import compute, delayed

    ordered = tuple(sorted(cases, key=lambda c: (c.settings, c.turbulence, c.wind_speed, c.seed, c.name)))
    given = {"default": controller(machine)} if settings is None else dict(settings)
    evaluated = _check(ordered, given, loads)
    check_range("settle", settle, 0.0, unit="s", error=LoadError)
    check_positive("wind_step", wind_step, unit="s", error=LoadError)
    models = {
        name: build(machine, given[name], Options.of(**options)) for name in sorted({c.settings for c in ordered})
    }
    shared = {name: delayed(model, traverse=False) for name, model in models.items()}
    # Seeds of one mean wind speed begin at the same rest.
    starts = {
        key: delayed(_start, traverse=False, pure=False)(shared[key[0]], key[1])
        for key in sorted({(case.settings, case.wind_speed) for case in ordered})
    }
    run = uuid.uuid4().hex
    run_one = delayed(_run_case, traverse=False, pure=False)
    how = {"settle": settle, "wind_step": wind_step, "output_step": output_step, "loads": evaluated}
    tasks = [
        run_one(
            shared[case.settings], starts[case.settings, case.wind_speed], case, how, dask_key_name=f"{_KEY}{run}-{k}"
        )
        for k, case in enumerate(ordered)
    ]
    chosen: dict[str, Any] = {} if scheduler is None else {"scheduler": scheduler}
    if workers is not None:
        chosen["num_workers"] = workers
    with _reported(progress, len(tasks)):
        found = compute(*tasks, **chosen)
    done = {case.name: r for case, r in zip(ordered, found, strict=True) if isinstance(r, CaseResult)}
    failed = {case.name: r for case, r in zip(ordered, found, strict=True) if isinstance(r, str)}
    return LoadTable(machine.name, ordered, MappingProxyType(done), MappingProxyType(failed))


def _check(
    cases: Sequence[LoadCase], settings: Mapping[str, ControlSettings], loads: Mapping[str, Sequence[float]]
) -> dict[str, tuple[float, ...]]:
    """Refuse what cannot be run; return the loads in plain types."""
    if not cases:
        raise LoadError("cases: found none, expected one load case at least")
    names: set[str] = set()
    for case in cases:
        if case.name in names:
            raise LoadError(f'two load cases have the name "{case.name}", expected each name once')
        names.add(case.name)
        if case.settings not in settings:
            raise LoadError(
                f'load case "{case.name}": no control settings "{case.settings}"{nearest(case.settings, settings)}; '
                f"given: {', '.join(settings)}"
            )
    channels = [name for name, _, _ in CHANNELS]
    for name in loads:
        if name not in channels:
            raise LoadError(f'loads: no channel "{name}"{nearest(name, channels)}; known: {", ".join(channels)}')
        for exponent in loads[name]:
            check_range(f"exponent of {name}", exponent, 1.0, error=LoadError)
    return {name: tuple(float(m) for m in exponents) for name, exponents in loads.items()}


def _start(model: Model, wind_speed: float) -> tuple[float, Records] | str:
    """Return the wind speed and the records of a rest near a mean wind speed, or why there is none."""
    reason = ""
    for shift in _START_SHIFTS:
        try:
            return wind_speed + shift, steady_state(model, wind_speed + shift).records
        except TrimError as error:
            reason = reason or str(error)
        except WindformError as error:
            return reason or str(error)
        except Exception as error:
            return f"{type(error).__name__}: {error}"
    return reason


def _run_case(
    model: Model, start: tuple[float, Records] | str, case: LoadCase, how: Mapping[str, Any]
) -> CaseResult | str:
    """Return the loads of a case, or why it failed: the others go on."""
    if isinstance(start, str):
        return start
    try:
        wind = case_wind(model.machine, case, settle=how["settle"], time_step=how["wind_step"])
        result = simulate_model(model, wind, start=start[1], output_step=how["output_step"])
        step = result.time_step
        settled = how["wind_step"] * math.ceil(how["settle"] / how["wind_step"] - 1e-6)
        first = math.ceil(settled / step - 1e-6)
        loads = {name: load_summary(result[name][first:], step, exponents=m) for name, m in how["loads"].items()}
        return CaseResult(
            case,
            MappingProxyType(loads),
            motion(result["pitch_angle"][first:], step),
            float(result["electrical_power"][first:].mean()),
            float((result["mode"][first:] == PRODUCTION).mean()),
            start[0],
        )
    except WindformError as error:
        return str(error)
    except Exception as error:  # an error of ours, which may not cost the other cases
        return f"{type(error).__name__}: {error}"


@contextmanager
def _reported(progress: Progress, total: int) -> Iterator[None]:
    """Report cases as they come to their end."""
    if progress is False:
        yield
        return
    import sys

    from dask.callbacks import Callback
    from dask.diagnostics.progress import ProgressBar

    if progress is True:
        with ProgressBar(out=sys.stderr):
            yield
        return
    done: set[str] = set()

    def after(key: Any, *_: Any) -> None:
        if isinstance(key, str) and key.startswith(_KEY) and key not in done:
            done.add(key)
            progress(len(done), total)

    with Callback(posttask=after):
        yield
    if len(done) < total:
        progress(total, total)
