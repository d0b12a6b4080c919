"""A finished run as a folder of table, metrics and plots: swapped in whole, and the same run gives the same bytes."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from turbine.control_step import MODES
from turbine.fatigue import STEEL
from turbine.folder import METRICS, PLOTS, RESULT, TABLE, Layout, replaced_folder, write_json, write_parquet
from turbine.loads import load_summary, motion, statistics
from turbine.step import CHANNELS

if TYPE_CHECKING:
    from turbine.compare import Comparison
    from turbine.machine import Machine
    from turbine.simulation import Result
    from turbine.steady import SteadyTable

__all__ = [
    "COMPARISON",
    "LOADS",
    "RUN",
    "STEADY",
    "run_metrics",
    "versions",
    "write_comparison",
    "write_files",
    "write_run",
    "write_steady",
]

RUN, STEADY, COMPARISON = (
    f"windform turbine {name}" for name in ("run", "curve", "comparison")
)  #: `kind` in metrics.json, which marks a folder as ours

#: Loads whose damage-equivalent loads stand in the metrics.
LOADS = ("shaft_torque", "tower_base_fore_aft_moment", "tower_base_side_side_moment")
_EXPONENT = STEEL  # S-N slope of shafts and towers
_FREQUENCY = 1.0  # [Hz]
_MAIN = (
    "wind_speed",
    "wind_estimate",
    "rotor_speed",
    "pitch_angle",
    "generator_torque",
    "electrical_power",
    "thrust",
    "tower_fore_aft",
    "tower_side_side",
    *LOADS,
)
_MWH = 1.0 / 3.6e9


def run_metrics(result: Result, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the figures of a run, units in the key names or beside them.

    Parameters
    ----------
    result : Result
        The run.
    settings : mapping of str to value, optional
        What was asked for, such as the options of a command; it is kept as it is.

    Returns
    -------
    dict
        Statistics of the main channels, energy, equivalent loads, pitch travel, and what the run was made of.
    """
    model, step = result.model, result.time_step
    units = result.units
    channels = {}
    for name in _MAIN:
        found = statistics(result[name], step)
        channels[name] = {
            "unit": units[name],
            "mean": found.mean,
            "std": found.standard_deviation,
            "min": found.minimum,
            "min_time_s": found.minimum_time,
            "max": found.maximum,
            "max_time_s": found.maximum_time,
        }
    long = result.time.size > 1
    loads = {}
    if long:
        for name in LOADS:
            summary = load_summary(result[name], step, exponents=(_EXPONENT,), frequency=_FREQUENCY)
            loads[name] = {
                "unit": units[name],
                "damage_equivalent_load": summary.equivalent_loads[_EXPONENT],
                "exponent": _EXPONENT,
                "frequency_hz": _FREQUENCY,
                "largest": summary.statistics.absolute,
            }
    energy = result.energy
    moved = motion(result["pitch_angle"], step) if long else None
    modes = np.bincount(result["mode"].astype(np.int64), minlength=len(MODES))
    return {
        "kind": RUN,
        "versions": versions(),
        "machine": _machine(model.machine),
        "wind": {
            "name": result.wind.name,
            "seed": result.wind.seed,
            "duration_s": result.wind.duration,
            "time_step_s": result.wind.time_step,
            "mean_m_s": result.wind.mean,
            "std_m_s": result.wind.sigma,
            "sha256": _digest(result.wind.wind_speed, result.wind.wind_direction),
        },
        "settings": dict(settings or {}),
        "model": {
            **asdict(model.options),
            "drive_train_used": model.mechanics.kind,
            "tower_used": model.mechanics.modal_mass > 0.0,
            "control_period": model.sample,
        },
        "controller": {
            spec.name: _setting(getattr(model.settings, spec.name))
            for spec in fields(model.settings)
            if spec.name != "estimator_surface"
        },
        "channels": channels,
        "energy": {
            **{f"{spec.name}_mwh": getattr(energy, spec.name) * _MWH for spec in fields(energy)},
            "residual_mwh": energy.residual * _MWH,
            "residual_relative": energy.residual / energy.passed if energy.passed > 0.0 else 0.0,
        },
        "loads": loads,
        "pitch": {
            "travel_rad": moved.travel if moved else 0.0,
            "mean_rate_rad_s": moved.mean_rate if moved else 0.0,
            "largest_rate_rad_s": moved.largest_rate if moved else 0.0,
        },
        "time_in_mode_s": {name: float(count * step) for name, count in zip(MODES, modes, strict=True)},
    }


def write_run(result: Result, out: Path, settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Write a run's folder and return its metrics.

    Parameters
    ----------
    result : Result
        The run.
    out : Path
        The folder; an earlier run in it is replaced, anything else is refused.
    settings : mapping of str to value, optional
        What was asked for; kept in the metrics.

    Raises
    ------
    OutputError
        The folder holds something else or cannot be written; it is then as it was.
    """
    metrics = run_metrics(result, settings)

    def figures() -> dict[str, Any]:
        from turbine import plots

        machine = result.model.machine
        overview = plots.plot_overview(result)
        return {
            "overview": overview,
            "energy": plots.plot_energy(result).figure,
            "cp_surface": plots.plot_cp_surface(machine).figure,
        }

    columns = {name: (result[name], unit, meaning) for name, unit, meaning in CHANNELS}
    write_files(out, RUN, metrics, columns, figures)
    return metrics


def write_steady(steady: SteadyTable, out: Path, settings: Mapping[str, Any] | None = None) -> None:
    """Write the folder of a steady table: the table, figures and what it was made of; parameters as `write_run`."""
    from turbine.steady import COLUMNS

    machine = steady.model.machine
    metrics = {
        "kind": STEADY,
        "versions": versions(),
        "machine": _machine(machine),
        "settings": dict(settings or {}),
        "unsettled": {f"{wind:g}": why for wind, why in steady.unsettled.items()},
        "peaks": {
            name: dict(zip(("value", "wind_speed_m_s"), steady.peak(name), strict=True)) | {"unit": steady.units[name]}
            for name in ("electrical_power", "thrust", "cp", "rotor_speed")
        },
    }

    def figures() -> dict[str, Any]:
        from turbine import plots

        title = f"{machine.title or machine.name}: steady operation"
        path = {name: steady[name][steady.settled] for name in ("wind_speed", "pitch_angle", "tip_speed_ratio")}
        return {
            "overview": plots.plot_steady(steady, title),
            "cp_surface": plots.plot_cp_surface(machine, path=path).figure,
        }

    columns = {name: (steady[name], unit, meaning) for name, unit, meaning in COLUMNS}
    write_files(out, STEADY, metrics, columns, figures)


def write_comparison(found: Comparison, out: Path, settings: Mapping[str, Any] | None = None) -> None:
    """Write the folder of a comparison: quantities, both steady tables, a figure; parameters as `write_run`."""
    from turbine.steady import COLUMNS

    metrics = {
        "kind": COMPARISON,
        "versions": versions(),
        "machines": [_machine(table.model.machine) for table in found.steady],
        "names": list(found.names),
        "settings": dict(settings or {}),
        "quantities": {
            name: {"unit": q.unit, "a": q.a, "b": q.b, "difference": q.difference, "ratio": _setting(q.ratio)}
            for name, q in found.quantities.items()
        },
        "energy_difference_by_band": [
            {"from_m_s": _setting(low), "to_m_s": _setting(high), "difference_mwh": value}
            for low, high, value in zip(
                found.curves.edges[:-1].tolist(),
                found.curves.edges[1:].tolist(),
                found.curves.band_difference_mwh.tolist(),
                strict=True,
            )
        ],
        "unsettled": [{f"{wind:g}": why for wind, why in table.unsettled.items()} for table in found.steady],
    }

    def figures() -> dict[str, Any]:
        from turbine import plots

        return {"overview": plots.plot_comparison(found)}

    sizes = [table.wind_speed.size for table in found.steady]
    which = np.repeat([0.0, 1.0], sizes)
    columns: dict[str, tuple[Any, str, str]] = {"machine": (which, "1", "0 the first, 1 the second")}
    for name, unit, meaning in COLUMNS:
        columns[name] = (np.concatenate([table[name] for table in found.steady]), unit, meaning)
    write_files(out, COMPARISON, metrics, columns, figures)


def write_files(
    out: Path,
    kind: str,
    metrics: Mapping[str, Any],
    columns: Mapping[str, tuple[Any, str, str]],
    figures: Callable[[], Mapping[str, Any]],
    *,
    layout: Layout = RESULT,
    texts: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write table, metrics and plots into a folder that takes the place of `out`.

    Parameters
    ----------
    out : Path
        The folder.
    kind : str
        What marks it as ours; metrics hold it as "kind".
    metrics : mapping
        For metrics.json.
    columns : mapping of str to (array, unit, meaning)
        For result.parquet.
    figures : callable
        Returns the figures by name; "overview" is written as PNG too.
    layout : Layout
        What else belongs to the folder.
    texts : mapping of str to str
        Further files.
    """
    with replaced_folder(out, kind, layout) as folder:
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        write_parquet(columns, folder / TABLE)
        write_json(metrics, folder / METRICS)
        from turbine.plots.style import to_png, to_svg

        (folder / PLOTS).mkdir()
        for name, figure in figures().items():
            (folder / PLOTS / f"{name}.svg").write_bytes(to_svg(figure))
            if name == "overview":
                (folder / PLOTS / f"{name}.png").write_bytes(to_png(figure))


def _machine(machine: Machine) -> dict[str, Any]:
    """Return what identifies a machine: its names, and a digest of its values and its rotor surface."""
    from turbine.machine_parts import known_keys

    values = {}
    for key in known_keys():
        group, _, name = key.partition(".")
        values[key] = getattr(getattr(machine, group), name)
    surface = machine.surface
    arrays: Sequence[Any] = ()
    if surface is not None:
        arrays = (surface.pitch, surface.tip_speed_ratio, surface.cp_table, surface.ct_table)
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    digest.update(_digest(*arrays).encode())
    return {"name": machine.name, "title": machine.title, "sha256": digest.hexdigest()}


def _digest(*arrays: Any) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, "<f8").tobytes())
    return digest.hexdigest()


def _setting(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [_setting(float(number)) for number in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def versions() -> dict[str, str]:
    """Return the versions that a result depends on."""
    return {"python": platform.python_version(), **{name: version(name) for name in ("windform", "numpy", "numba")}}
