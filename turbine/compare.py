"""Two machines, or two control settings of one machine, side by side: energy, steady loads, loads of a life, cost.

>>> import turbine
>>> from turbine.compare import Candidate, compare
>>> from turbine.control import controller
>>> from turbine.design import minimum_pitch_schedule
>>> from turbine.energy import rayleigh
>>> machine = turbine.load("nrel_5mw")
>>> wind, pitch = minimum_pitch_schedule(machine, peak_thrust=0.8)
>>> shaved = controller(machine, minimum_pitch_wind=wind, minimum_pitch=pitch)
>>> found = compare(machine, Candidate(machine, shaved, name="peak shaving"), wind_distribution=rayleigh(8.5))
>>> found["peak_thrust"].ratio < 0.9, found["annual_energy"].ratio < 1.0
(True, True)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from turbine.checks import check_range
from turbine.control import ControlSettings, controller
from turbine.costs import Costs, lcoe_per_mwh
from turbine.energy import CurveComparison, WindDistribution, annual_energy_mwh, capacity_factor, compare_curves
from turbine.errors import EnergyError, LoadError, ParameterError, nearest
from turbine.load_cases import Lifetime, LoadCase, LoadTable, run_load_cases
from turbine.loads import Ultimate
from turbine.machine import Machine
from turbine.quantities import Shown, shown
from turbine.steady import SteadyTable, steady_table
from turbine.step import CHANNELS
from turbine.trim import References

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Candidate", "Comparison", "Quantity", "compare"]

_UNITS = {name: unit for name, unit, _ in CHANNELS}
_LEAST_MWH = 0.05  # difference of a band that is told [MWh]


@dataclass(frozen=True, eq=False)
class Candidate:
    """A machine with its control settings.

    Parameters
    ----------
    machine : Machine
        From `turbine.load`.
    settings : ControlSettings, optional
        From `turbine.control.controller`; the machine's own unless given.
    references : References, optional
        What the grid wants in the steady table; load cases run without.
    name : str
        For tables; the machine's unless given.
    """

    machine: Machine
    settings: ControlSettings | None = None
    references: References | None = None
    name: str = ""


@dataclass(frozen=True)
class Quantity:
    """One quantity of both.

    Parameters
    ----------
    name, unit : str
        What it is; the unit holds for both values.
    a, b : float
        The values.
    channel : str
        What it is a figure of, as `turbine.quantities.shown` knows it; the name unless given.
    title : str
        For people, with a place for the title of the channel.
    """

    name: str
    unit: str
    a: float
    b: float
    channel: str = field(default="", kw_only=True)
    title: str = field(default="{}", kw_only=True)

    @property
    def shown(self) -> Shown:
        """How people read it: title, unit and factor from the unit above."""
        found = shown(self.channel or self.name)
        return found._replace(name=self.title.format(found.name))

    @property
    def difference(self) -> float:
        """What b has more than a [unit]."""
        return self.b - self.a

    @property
    def ratio(self) -> float:
        """The value of b as a multiple of a [-]; NaN where a is zero."""
        return self.b / self.a if self.a else math.nan


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two candidates side by side.

    Parameters
    ----------
    names : tuple of str
        Of a and b.
    quantities : mapping of str to Quantity
        By name: annual energy, capacity factor, steady peaks, and equivalent loads, extremes and cost where given.
    steady : tuple of SteadyTable
        Of a and b.
    curves : CurveComparison
        Annual energy of both without losses, and the difference by band of wind speed [MWh].
    lifetimes : tuple of Lifetime, or None
        Of a and b, where there are load tables.
    loads : tuple of LoadTable, or None
        Of a and b, where there are any; a life's `settings` are those that count in them.
    """

    names: tuple[str, str]
    quantities: Mapping[str, Quantity]
    steady: tuple[SteadyTable, SteadyTable] = field(repr=False)
    curves: CurveComparison = field(repr=False)
    lifetimes: tuple[Lifetime, Lifetime] | None = field(repr=False)
    loads: tuple[LoadTable, LoadTable] | None = field(repr=False)

    def __getitem__(self, name: str) -> Quantity:
        """Return a quantity; an unknown name raises with the nearest known one."""
        if name not in self.quantities:
            raise ParameterError(
                f'no quantity "{name}"{nearest(name, self.quantities)}; known: {", ".join(self.quantities)}'
            )
        return self.quantities[name]

    def table(self) -> pd.DataFrame:
        """Return one row per quantity: unit, a, b, difference (b - a) and ratio (b / a); `attrs` holds the names."""
        import pandas as pd

        rows = [(q.unit, q.a, q.b, q.difference, q.ratio) for q in self.quantities.values()]
        index = pd.Index(list(self.quantities), name="quantity")
        frame = pd.DataFrame(rows, index=index, columns=["unit", "a", "b", "difference", "ratio"])
        frame.attrs["names"] = self.names
        return frame

    def band_table(self) -> pd.DataFrame:
        """Return what b yields more than a in a year by band of wind speed [m/s], without losses [MWh]."""
        import pandas as pd

        c = self.curves
        columns = {"from": c.edges[:-1], "to": c.edges[1:], "difference_mwh": c.band_difference_mwh}
        return pd.DataFrame(columns)

    def lines(self) -> list[str]:
        """Return the comparison as text: a line per quantity, where the energy differs, and what failed or stopped."""
        first, second = self.names
        titles = {name: q.shown for name, q in self.quantities.items()}
        width = max(len(title.name) for title in titles.values())
        places = [max(12, len(first)), max(12, len(second))]
        found = [f"{'':{width}}  {first:>{places[0]}}  {second:>{places[1]}}    change  unit"]
        for name, q in self.quantities.items():
            title, unit, factor = titles[name]
            values = f"{_short(factor * q.a):>{places[0]}}  {_short(factor * q.b):>{places[1]}}"
            found.append(f"{title:{width}}  {values}  {_change(q.ratio):>8}  {unit}".rstrip())
        c = self.curves
        bands = zip(c.edges[:-1], c.edges[1:], c.band_difference_mwh, strict=True)
        differences = [
            f"  {low:g} to {high:g} m/s: {difference:+.1f} MWh a year"
            for low, high, difference in bands
            if abs(difference) >= _LEAST_MWH
        ]
        if differences:
            found += [f"energy of {second} less {first} by wind speed, without losses:", *differences]
        for name, table in zip(self.names, self.steady, strict=True):
            for wind, why in table.unsettled.items():
                found.append(f"{name}: not settled at {wind:g} m/s: {why}")
        for name, life, loads in zip(self.names, self.lifetimes or (), self.loads or (), strict=False):
            if note := loads.stop_note(life.settings):
                found.append(f"{name}: {note}")
            for case in life.failed:
                found.append(f'{name}: load case "{case}" failed, the others of its wind speed stand for it')
        return found


def _change(ratio: float) -> str:
    """Return what a ratio is more or less than one in percent; nothing has no sign."""
    text = f"{100.0 * (ratio - 1.0):+.2f} %" if math.isfinite(ratio) else "-"
    return "0.00 %" if text[1:] == "0.00 %" else text


def _short(value: float) -> str:
    """Return a value with five digits and no power of ten."""
    if not (value and math.isfinite(value)):
        return f"{value:g}"
    return f"{value:,.{max(0, 4 - math.floor(math.log10(abs(value))))}f}"


def compare(
    a: Machine | Candidate,
    b: Machine | Candidate,
    *,
    wind_distribution: WindDistribution,
    wind_speed: npt.ArrayLike | None = None,
    band_width: float = 1.0,
    availability: float = 1.0,
    costs_a: Costs | None = None,
    costs_b: Costs | None = None,
    load_cases: Iterable[LoadCase] | None = None,
    loads_a: LoadTable | None = None,
    loads_b: LoadTable | None = None,
    years: float = 20.0,
    reference_cycles: float = 1e7,
    run: Mapping[str, Any] | None = None,
    **options: Any,
) -> Comparison:
    """Compare two machines, or two control settings of one machine.

    Parameters
    ----------
    a, b : Machine or Candidate
        What is compared; a is the base. A machine stands for itself with its own control settings.
    wind_distribution : WindDistribution
        Of `turbine.energy`: `rayleigh(mean)`, `Weibull`, `MeasuredDistribution`.
    wind_speed : array, shape (n,), optional
        Of the steady tables [m/s]; each machine's cut-in to cut-out in steps of 0.5 m/s unless given.
    band_width : float
        Of the bands of wind speed [m/s].
    availability : float
        Share of the energy that is sold [-], in annual energy, capacity factor and cost.
    costs_a, costs_b : Costs, optional
        With both: levelised cost of energy.
    load_cases : iterable of LoadCase, optional
        Of one control setting, whose place the candidates' own take; run for both.
    loads_a, loads_b : LoadTable, optional
        Run already, in place of `load_cases`; of several control settings in a table the candidate's name picks one.
    years, reference_cycles : float
        What equivalent loads of a life refer to [a], [-].
    run : mapping of str to object, optional
        Of `run_load_cases`: scheduler, workers, progress, ...
    **options
        Of `turbine.model.Options`, for steady tables and load cases.

    Returns
    -------
    Comparison
        Quantities of both, energy by band, and the tables behind them.

    Raises
    ------
    WindformError
        Whatever is wrong with what was given; costs or load tables of one candidate only.
    """
    pair = tuple(c if isinstance(c, Candidate) else Candidate(c) for c in (a, b))
    labels = tuple(c.name or c.machine.name for c in pair)
    names = labels if labels[0] != labels[1] else (f"{labels[0]} (a)", f"{labels[1]} (b)")
    check_range("availability", availability, 0.0, 1.0, hint="did you give percent?", error=EnergyError)
    for what, one, other in (("costs", costs_a, costs_b), ("loads", loads_a, loads_b)):
        if (one is None) != (other is None):
            raise ParameterError(f"{what}_a and {what}_b: found one of them, expected both or none")
    if load_cases is not None and loads_a is not None:
        raise ParameterError("load_cases and loads_a: found both, expected cases to run or tables of cases run already")
    steady = [steady_table(c.machine, wind_speed, c.settings, c.references, **options) for c in pair]
    curves = [table.power_curve() for table in steady]
    energy = [annual_energy_mwh(curve, wind_distribution, availability=availability) for curve in curves]
    rated = [table.model.settings.rated_power for table in steady]
    found = [
        Quantity("annual_energy", "MWh", *energy),
        Quantity("capacity_factor", "1", *(capacity_factor(e, power) for e, power in zip(energy, rated, strict=True))),
    ]
    for channel in ("thrust", "tower_base_fore_aft_moment"):
        peaks = [table.peak(channel)[0] for table in steady]
        found.append(Quantity(f"peak_{channel}", _UNITS[channel], *peaks, channel=channel, title="{}, largest steady"))
    lifetimes = loads = None
    if load_cases is not None:
        cases = tuple(load_cases)
        loads_a, loads_b = (_run(c, name, cases, run or {}, options) for c, name in zip(pair, names, strict=True))
    if loads_a is not None and loads_b is not None:
        picked = [_settings(table, name) for table, name in zip((loads_a, loads_b), names, strict=True)]
        life_a = loads_a.lifetime(wind_distribution, years=years, reference_cycles=reference_cycles)[picked[0]]
        life_b = loads_b.lifetime(wind_distribution, years=years, reference_cycles=reference_cycles)[picked[1]]
        lifetimes, loads = (life_a, life_b), (loads_a, loads_b)
        found += _load_quantities(life_a, life_b, loads_a.ultimate()[picked[0]], loads_b.ultimate()[picked[1]])
    if costs_a is not None and costs_b is not None:
        cost = lcoe_per_mwh(costs_a, energy[0]), lcoe_per_mwh(costs_b, energy[1])
        found.append(Quantity("lcoe", "currency/MWh", *cost))
    return Comparison(
        (names[0], names[1]),
        MappingProxyType({q.name: q for q in found}),
        (steady[0], steady[1]),
        compare_curves(curves[0], curves[1], wind_distribution, band_width=band_width),
        lifetimes,
        loads,
    )


def _run(
    candidate: Candidate, name: str, cases: Sequence[LoadCase], run: Mapping[str, Any], options: Mapping[str, Any]
) -> LoadTable:
    """Run the cases with a candidate's control settings."""
    asked = sorted({case.settings for case in cases})
    if len(asked) > 1:
        raise LoadError(
            f"load_cases: found control settings {', '.join(asked)}, expected cases of one, whose place each "
            "candidate's own take"
        )
    settings = {name: candidate.settings or controller(candidate.machine)}
    mine = [replace(case, settings=name) for case in cases]
    return run_load_cases(candidate.machine, mine, settings, **{**options, **run})


def _settings(table: LoadTable, name: str) -> str:
    """Return the control settings of a load table that belong to a candidate."""
    if len(table.settings) == 1:
        return table.settings[0]
    if name not in table.settings:
        raise LoadError(
            f'load table of "{table.machine}": holds control settings {", ".join(table.settings)}, none of which '
            f'is the candidate "{name}"{nearest(name, table.settings)}; name the candidate after its settings'
        )
    return name


def _load_quantities(
    life_a: Lifetime, life_b: Lifetime, most_a: Mapping[str, Ultimate], most_b: Mapping[str, Ultimate]
) -> list[Quantity]:
    """Return what load cases tell of both, for loads and exponents that both have."""
    found = [
        Quantity(
            f"{load}_del_{m:g}",
            _UNITS[load],
            value,
            life_b.equivalent_loads[load][m],
            channel=load,
            title=f"{{}}, equivalent load of m = {m:g}",
        )
        for load, values in life_a.equivalent_loads.items()
        for m, value in values.items()
        if m in life_b.equivalent_loads.get(load, {})
    ]
    found += [
        Quantity(
            f"ultimate_{load}", _UNITS[load], most.absolute, most_b[load].absolute, channel=load, title="{}, largest"
        )
        for load, most in most_a.items()
        if load in most_b and load not in ("electrical_power", "pitch_angle")
    ]
    found.append(Quantity("pitch_travel", "rad/s", life_a.pitch_travel, life_b.pitch_travel))
    powers = life_a.mean_power, life_b.mean_power
    found.append(
        Quantity("mean_power_in_turbulence", "W", *powers, channel="electrical_power", title="{}, mean in turbulence")
    )
    return found
