"""Load cases and what came out of them: loads by case, extremes with their case, equivalent loads of a life.

`turbine.load_cases` makes and runs them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from turbine.checks import check_positive, check_range
from turbine.energy import HOURS_PER_YEAR, WindDistribution
from turbine.errors import LoadError, nearest
from turbine.loads import LoadSummary, Motion, Statistics, Ultimate, combined_load, ultimate
from turbine.step import CHANNELS
from turbine.wind.iec import WindClass

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BIN_WIDTH", "TURBULENCE", "CaseResult", "Lifetime", "LoadCase", "LoadTable", "Turbulence"]

Turbulence = Literal["NTM", "ETM"]

TURBULENCE: tuple[Turbulence, ...] = ("NTM", "ETM")
BIN_WIDTH = 2.0  #: of the wind-speed bin of a single mean wind speed, the largest that IEC 61400-1 has [m/s]


@dataclass(frozen=True, kw_only=True)
class LoadCase:
    """One run: a wind and the control settings that meet it.

    Parameters
    ----------
    name : str
        Unique among the cases of a table.
    wind_speed : float
        Mean at hub height [m/s].
    condition : WindClass
        Gives the turbulence.
    turbulence : "NTM" or "ETM"
        Normal (DLC 1.1, 1.2) or extreme (DLC 1.3).
    seed : int
        Of the turbulence; cases of equal wind speed, turbulence, seed and duration meet the same wind.
    settings : str
        Name of the control settings.
    duration : float
        What is evaluated [s].
    weight : float
        Share of the time of its mean wind speed, relative to the other cases there [-]; 0: no part of the fatigue life.
    """

    name: str
    wind_speed: float
    condition: WindClass
    turbulence: Turbulence = "NTM"
    seed: int = 0
    settings: str = "default"
    duration: float = 600.0
    weight: float = 1.0

    def __post_init__(self) -> None:
        where = f'load case "{self.name}"'
        check_range(f"{where}: wind_speed", self.wind_speed, 0.0, 100.0, above=True, unit="m/s", error=LoadError)
        check_positive(f"{where}: duration", self.duration, unit="s", error=LoadError)
        check_range(f"{where}: weight", self.weight, 0.0, error=LoadError)
        if self.turbulence not in TURBULENCE:
            raise LoadError(f"{where}: turbulence is {self.turbulence!r}, expected {' or '.join(TURBULENCE)}")
        if isinstance(self.seed, bool) or not isinstance(self.seed, int) or self.seed < 0:
            raise LoadError(f"{where}: seed is {self.seed!r}, expected a whole number of 0 or more")


@dataclass(frozen=True, eq=False)
class CaseResult:
    """Loads of one case, what settles left out.

    Parameters
    ----------
    case : LoadCase
        What was run.
    loads : mapping of str to LoadSummary
        By channel.
    pitch_motion : Motion
        Travel [rad] and rates [rad/s] of the pitch drives.
    mean_power : float
        Electrical [W].
    production : float
        Share of the time in production [-]; below 1 the machine stopped by itself.
    start_wind_speed : float
        In which the machine was at rest when the run began [m/s]: the mean unless nothing comes to rest there.
    """

    case: LoadCase
    loads: Mapping[str, LoadSummary]
    pitch_motion: Motion
    mean_power: float
    production: float
    start_wind_speed: float


@dataclass(frozen=True, eq=False)
class Lifetime:
    """Loads of a life under one control setting.

    Parameters
    ----------
    settings : str
        Name of the control settings.
    equivalent_loads : mapping of str to mapping of float to float
        By load and exponent: range of the equivalent load [unit of the load], `reference_cycles` times in `years`.
    mean_power : float
        Over all of the time, none outside the bins [W].
    pitch_travel : float
        Over all of the time, likewise [rad/s].
    shares : mapping of str to float
        Share of the life by case [-].
    years, reference_cycles : float
        What the equivalent loads refer to [a], [-].
    failed : tuple of str
        Cases that should have had a part and failed; the others of their wind speed stand for them.
    """

    settings: str
    equivalent_loads: Mapping[str, Mapping[float, float]]
    mean_power: float
    pitch_travel: float
    shares: Mapping[str, float]
    years: float
    reference_cycles: float
    failed: tuple[str, ...]

    @property
    def covered(self) -> float:
        """Share of the life that the bins of mean wind speed hold [-]; nothing is damaged in the rest."""
        return math.fsum(self.shares.values())


@dataclass(frozen=True, eq=False)
class LoadTable:
    """Loads of many cases, the same whatever the order in which they were given or run.

    Parameters
    ----------
    machine : str
        Its name.
    cases : tuple of LoadCase
        All that were asked for, sorted by settings, turbulence, wind speed, seed and name.
    results : mapping of str to CaseResult
        By case that came to its end.
    failures : mapping of str to str
        Reason by case that did not.
    """

    machine: str
    cases: tuple[LoadCase, ...]
    results: Mapping[str, CaseResult]
    failures: Mapping[str, str]

    @property
    def settings(self) -> tuple[str, ...]:
        """Names of the control settings, sorted."""
        return tuple(sorted({case.settings for case in self.cases}))

    def __getitem__(self, name: str) -> CaseResult:
        """Return the result of a case; one that failed raises with its reason."""
        if name in self.failures:
            raise LoadError(f'load case "{name}" failed: {self.failures[name]}')
        if name not in self.results:
            raise LoadError(f'no load case "{name}"{nearest(name, self.results)}')
        return self.results[name]

    def table(self) -> pd.DataFrame:
        """Return one row per case and load, in the load's unit, a column del_4 ... by exponent; failures in `attrs`."""
        import pandas as pd

        units = {name: unit for name, unit, _ in CHANNELS}
        rows: list[dict[str, Any]] = []
        for name, result in self.results.items():
            for load, found in result.loads.items():
                s = found.statistics
                row = {"case": name, **_keys(result.case), "load": load, "unit": units[load], "mean": s.mean}
                row |= {"standard_deviation": s.standard_deviation, "minimum": s.minimum, "maximum": s.maximum}
                rows.append(row | {f"del_{m:g}": value for m, value in found.equivalent_loads.items()})
        frame = pd.DataFrame(rows)
        frame.attrs["failures"] = dict(self.failures)
        return frame

    def case_table(self) -> pd.DataFrame:
        """Return one row per case, failed ones with their reason: power [W], pitch travel [rad], production [-]."""
        import pandas as pd

        rows: list[dict[str, Any]] = []
        for case in self.cases:
            result = self.results.get(case.name)
            row = {"case": case.name, **_keys(case), "duration": case.duration, "failure": ""}
            if result is None:
                row["failure"] = self.failures[case.name]
            else:
                moved = result.pitch_motion
                row |= {"mean_power": result.mean_power, "production": result.production}
                row |= {"pitch_travel": moved.travel, "pitch_rate_rms": moved.rms_rate}
                row |= {"start_wind_speed": result.start_wind_speed}
            rows.append(row)
        return pd.DataFrame(rows)

    def ultimate(self, factors: Mapping[str, float] | None = None) -> Mapping[str, Mapping[str, Ultimate]]:
        """Return extremes with the governing case, by control setting and load.

        Parameters
        ----------
        factors : mapping of str to float, optional
            Partial safety factor by turbulence, {"NTM": 1.25, "ETM": 1.35} [-]; 1 unless given.

        Returns
        -------
        mapping of str to mapping of str to Ultimate
            In the unit of each load.

        Raises
        ------
        LoadError
            No case came to its end, or a factor is wrong.
        """
        given = dict(factors or {})
        for name, factor in given.items():
            if name not in TURBULENCE:
                raise LoadError(f'factors: found "{name}", expected {" or ".join(TURBULENCE)}')
            check_positive(f"factor of {name}", factor, error=LoadError)
        self._require_results()
        extremes: dict[str, Mapping[str, Ultimate]] = {}
        for settings in self.settings:
            mine = {name: r for name, r in self.results.items() if r.case.settings == settings}
            scaled = {name: given.get(r.case.turbulence, 1.0) for name, r in mine.items()}
            by_load: dict[str, dict[str, Statistics]] = {}
            for name, result in mine.items():
                for load, found in result.loads.items():
                    by_load.setdefault(load, {})[name] = found.statistics
            extremes[settings] = MappingProxyType({load: ultimate(s, scaled) for load, s in by_load.items()})
        return MappingProxyType(extremes)

    def lifetime(
        self, wind: WindDistribution, *, years: float = 20.0, reference_cycles: float = 1e7
    ) -> Mapping[str, Lifetime]:
        """Combine the equivalent loads of the cases to those of a life, by control setting.

        Parameters
        ----------
        wind : WindDistribution
            `rayleigh(mean)`, `Weibull` or another of `turbine.energy`: of the mean wind speed.
        years : float
            Life [a].
        reference_cycles : float
            Cycles that the equivalent loads stand for in the life [-].

        Returns
        -------
        mapping of str to Lifetime
            Each mean wind speed stands for the time up to halfway to its neighbours (the outermost reach as far to the
            other side, a single one has `BIN_WIDTH`), shared among its cases by their weights.

        Raises
        ------
        LoadError
            No case has a part in the life, or all that should have at some wind speed failed.
        """
        check_positive("years", years, error=LoadError)
        check_positive("reference_cycles", reference_cycles, error=LoadError)
        return MappingProxyType({name: self._life(name, wind, years, reference_cycles) for name in self.settings})

    def _life(self, settings: str, wind: WindDistribution, years: float, reference_cycles: float) -> Lifetime:
        mine = [case for case in self.cases if case.settings == settings and case.weight > 0.0]
        if not mine:
            raise LoadError(f'lifetime: no case of settings "{settings}" has a weight above 0, expected one at least')
        shares: dict[str, float] = {}
        for speed, share in _bin_shares(sorted({case.wind_speed for case in mine}), wind).items():
            here = [case for case in mine if case.wind_speed == speed]
            done = [case for case in here if case.name in self.results]
            if not done:
                raise LoadError(
                    f'lifetime of settings "{settings}": all {len(here)} cases at {speed:g} m/s failed, which leaves '
                    f'a hole in the life; "{here[0].name}": {self.failures[here[0].name]}'
                )
            total = math.fsum(case.weight for case in done)
            shares |= {case.name: share * case.weight / total for case in done}
        seconds = years * HOURS_PER_YEAR * 3600.0
        results = [self.results[name] for name in shares]
        durations = [share * seconds for share in shares.values()]
        loads: dict[str, Mapping[float, float]] = {}
        for load, first in results[0].loads.items():
            per_case = [result.loads[load].equivalent_loads for result in results]
            loads[load] = MappingProxyType(
                {
                    m: combined_load(
                        [found[m] for found in per_case],
                        durations,
                        exponent=m,
                        frequency=first.frequency,
                        reference_cycles=reference_cycles,
                    )
                    for m in first.equivalent_loads
                }
            )
        return Lifetime(
            settings,
            MappingProxyType(loads),
            math.fsum(share * r.mean_power for share, r in zip(shares.values(), results, strict=True)),
            math.fsum(share * r.pitch_motion.mean_rate for share, r in zip(shares.values(), results, strict=True)),
            MappingProxyType(shares),
            years,
            reference_cycles,
            tuple(case.name for case in mine if case.name in self.failures),
        )

    def stop_note(self, settings: str) -> str:
        """Return in how many cases of a control setting the machine stopped by itself, and at which mean wind speeds.

        Parameters
        ----------
        settings : str
            Name of the control settings.

        Returns
        -------
        str
            "stopped by itself in 5 of 11 load cases (16 to 24 m/s)", of cases that came to their end; empty where it
            stopped in none.
        """
        mine = [result for result in self.results.values() if result.case.settings == settings]
        stopped = [result for result in mine if result.production < 1.0]
        if not stopped:
            return ""
        where = {result.case.wind_speed for result in stopped}
        spans: list[list[float]] = [[]]
        for speed in sorted({result.case.wind_speed for result in mine}):
            if speed in where:
                spans[-1].append(speed)
            elif spans[-1]:
                spans.append([])
        told = [f"{s[0]:g}" if len(s) == 1 else f"{s[0]:g} to {s[-1]:g}" for s in spans if s]
        return f"stopped by itself in {len(stopped)} of {len(mine)} load cases ({', '.join(told)} m/s)"

    def _require_results(self) -> None:
        for settings in self.settings:
            if not any(result.case.settings == settings for result in self.results.values()):
                name = next(case.name for case in self.cases if case.settings == settings)
                raise LoadError(f'settings "{settings}": no load case came to its end; "{name}": {self.failures[name]}')


def _keys(case: LoadCase) -> dict[str, Any]:
    return {
        "settings": case.settings,
        "turbulence": case.turbulence,
        "wind_speed": case.wind_speed,
        "seed": case.seed,
        "weight": case.weight,
    }


def _bin_shares(speeds: list[float], wind: WindDistribution) -> dict[float, float]:
    """Return the share of time of each mean wind speed [-]."""
    mean = np.array(speeds)
    half = np.diff(mean) / 2.0 if mean.size > 1 else np.array([BIN_WIDTH / 2.0])
    edges = np.concatenate([[mean[0] - half[0]], mean[:-1] + half[: mean.size - 1], [mean[-1] + half[-1]]])
    return dict(zip(speeds, np.diff(wind.cdf(np.maximum(edges, 0.0))).tolist(), strict=True))
