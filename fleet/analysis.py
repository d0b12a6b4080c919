"""From an opened farm to its results: the order of the steps, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pandas as pd

from fleet.alarms import alarms_result
from fleet.clock import merge_clock
from fleet.clock_lag import clock_lags
from fleet.config import Farm
from fleet.curves import lacking, power_curves
from fleet.dataset import CONFIG_NAME, Dataset
from fleet.energy import energy_result
from fleet.errors import ConfigError, InputError, OutputError, RunError, nearest
from fleet.far_stamps import FAR_DAYS
from fleet.findings import findings
from fleet.flags import Flag
from fleet.logs import LogStates, StatusLog, log_period, read_logs
from fleet.memory import give_back
from fleet.operation import availability_result
from fleet.operator_figures import with_operator
from fleet.overview import Overview, overview_result
from fleet.pipeline import Readings, RunOptions, convert_files, read_all, run_overview, run_passes
from fleet.prepare import Series, wind_by_stamps
from fleet.quality import quality_result
from fleet.reconciliation import reconcile
from fleet.reference import reference_result
from fleet.reference_curve import reference_curves
from fleet.results import Energy, Failure, FleetResults
from fleet.rule_losses import held_losses
from fleet.sampling import check_sampling
from fleet.schedule import cache_of, workers_of
from fleet.sensors import sensors_of, with_sensor_flags
from fleet.site import SiteData, asset_sources, companion_sources, read_meter, read_operator, read_reanalysis
from fleet.store import DamagedEntry, Store
from fleet.sums import Summary, keyed_sums, merge
from fleet.timers import Timers, read_timers, timer_period, turbine_states
from fleet.times import from_us, to_us
from fleet.turbine_names import called
from fleet.wind import wind_result
from fleet.wording import natural

__all__ = ["analyse", "overview", "select"]

Period = tuple[int, int]
Found = TypeVar("Found")


def select(dataset: Dataset, turbines: Sequence[str]) -> Dataset:
    """Return the farm restricted to some of its turbines; neighbours and fleet curves then come from these alone.

    Raises
    ------
    ConfigError
        A turbine is not part of the farm; with the nearest name.
    """
    known = [turbine.name for turbine in dataset.farm.turbines]
    for name in turbines:
        if name not in known:
            raise ConfigError(f'no turbine "{name}"{nearest(name, known)}; the farm has {", ".join(known)}')
    left_out = dataset.set_aside | (set(known) - set(turbines))
    return replace(dataset, farm=_restricted(dataset.farm, set(turbines)), set_aside=left_out)


def analyse(
    dataset: Dataset,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    options: RunOptions | None = None,
) -> FleetResults:
    """Run the whole analysis of a farm.

    Parameters
    ----------
    dataset : Dataset
        From `fleet.dataset.open_dataset`, perhaps restricted by `select`.
    start, end : Timestamp, optional
        Period to analyse, UTC, half-open; by default all records.
    options : RunOptions, optional
        How to run; none of it changes the results.

    Raises
    ------
    InputError
        A file cannot be used, or no record lies in the period.
    """
    options = options or RunOptions()
    with cache_of(options) as store, workers_of(options):
        return _mended(lambda: _analysed(dataset, start, end, options, store))


def overview(
    dataset: Dataset,
    *,
    start: pd.Timestamp | None = None,
    end: pd.Timestamp | None = None,
    options: RunOptions | None = None,
) -> Overview:
    """Return a quick look at a farm's records: monthly energy, inferred availability and plain power curves.

    Parameters
    ----------
    dataset, start, end, options
        As of `analyse`.

    Raises
    ------
    InputError
        A file cannot be used, there is no SCADA record, or none lies in the period.
    """
    options = options or RunOptions()
    with cache_of(options) as store, workers_of(options):
        return _mended(lambda: _looked_over(dataset, start, end, options, store))


def _mended(work: Callable[[], Found]) -> Found:
    """Do the work; where an entry of the cache turns out to be damaged, drop it and begin again from the others.

    Raises
    ------
    OutputError
        If an entry that was made again cannot be read either.
    """
    dropped: set[Path] = set()
    while True:
        try:
            return work()
        except DamagedEntry as error:
            entry = error.path.parent
            if entry in dropped:
                raise OutputError(str(error)) from error
            dropped.add(entry)
            shutil.rmtree(entry, ignore_errors=True)


def _looked_over(
    dataset: Dataset, start: pd.Timestamp | None, end: pd.Timestamp | None, options: RunOptions, store: Store
) -> Overview:
    readings = read_all(dataset, options, store)
    recorded = {name for name, series in readings.series.items() if series.rows}
    _check_left(recorded, readings.failures)
    if not recorded:
        if readings.series:
            raise InputError(_nothing_known(dataset, readings))
        raise InputError(f"{dataset.folder}: {_no_records(dataset)}")
    farm = _restricted(dataset.farm, recorded)
    summary, failures = run_overview(readings, farm, _period(dataset, readings, {}, {}, start, end), options)
    failed = (*readings.failures, *failures)
    _check_left(recorded - {failure.turbine for failure in failed}, failed)
    return replace(overview_result(summary, farm.turbines, farm), failed=failed)


def _check_left(left: Collection[str], failed: Sequence[Failure]) -> None:
    """Raise `RunError` where the work on turbines failed and no turbine is left."""
    if failed and not left:
        first = failed[0]
        raise RunError(f"no turbine could be worked on; {first.turbine}, {first.step}: {first.reason}")


def _analysed(
    dataset: Dataset, start: pd.Timestamp | None, end: pd.Timestamp | None, options: RunOptions, store: Store
) -> FleetResults:
    logs, log_sources = read_logs(dataset, convert_files(dataset, "events", options, store), store)
    timers, timer_sources = read_timers(dataset, convert_files(dataset, "timers", options, store), store)
    reanalysis, meter, operator = read_reanalysis(dataset), read_meter(dataset), read_operator(dataset)
    absent: dict[str, str] = {}
    if dataset.set_aside and meter.frame is not None:
        # The meter counts the whole farm.
        meter = replace(meter, frame=None)
        reason = "only some of the farm's turbines are selected, and the plant meter counts all of them"
        absent = dict.fromkeys(("reconciliation", "publisher"), reason)
    readings = read_all(dataset, options, store)
    recorded = [name for name, series in readings.series.items() if series.rows]
    _check_left(recorded, readings.failures)
    for steps, files in (
        ({name: readings.series[name].step for name in recorded}, readings.sources),
        ({name: one.step for name, one in timers.items()}, timer_sources),
    ):
        check_sampling(steps, dataset.farm, files, dataset.folder / CONFIG_NAME)
    names = [turbine.name for turbine in dataset.farm.turbines]
    lost = {failure.turbine for failure in readings.failures}
    farm = _restricted(dataset.farm, {*recorded, *logs, *timers})
    period = _period(dataset, readings, logs, timers, start, end)
    states = turbine_states(logs, timers, farm, period)
    tables = [asset_sources(dataset), companion_sources(dataset), readings.sources, log_sources]
    tables += [timer_sources, reanalysis.sources, meter.sources, operator.sources]
    sources = pd.concat([table for table in tables if len(table)], ignore_index=True)
    results = FleetResults(
        farm=farm,
        start=from_us(period[0]),
        end=from_us(period[1]),
        sources=sources.sort_values(["kind", "file"], ignore_index=True),
        absent=absent,
        without_data=tuple(name for name in names if name not in {*recorded, *logs, *timers, *lost}),
        failed=readings.failures,
        not_read=dataset.not_read,
    )
    if recorded:
        results = _with_records(results, set(recorded), readings, states, period, reanalysis, meter, operator, options)
        results = _with_reference(results, dataset.folder)
    else:
        results = replace(
            results,
            availability=with_operator(
                availability_result(farm, period, states, None), farm, period, None, operator.frame
            ),
            absent=dict.fromkeys(("clock", "quality", "curves", "energy", "wind", "sensors"), _no_records(dataset)),
        )
    results = _with_alarms(results, logs, period)
    return replace(results, findings=findings(results))


def _with_alarms(results: FleetResults, logs: dict[str, StatusLog], period: Period) -> FleetResults:
    kept = {turbine.name for turbine in results.farm.turbines}
    events = {name: log.events for name, log in logs.items() if name in kept}
    if not events:
        return replace(results, absent={**results.absent, "alarms": "no status log or alarm log"})
    alarms = alarms_result(events, period)
    if not len(alarms.fleet):
        reason = "no event of the status logs lies in the analysed period"
        return replace(results, absent={**results.absent, "alarms": reason})
    return replace(results, alarms=alarms)


def _with_records(
    results: FleetResults,
    recorded: set[str],
    readings: Readings,
    states: dict[str, LogStates],
    period: Period,
    reanalysis: SiteData,
    meter: SiteData,
    operator: SiteData,
    options: RunOptions,
) -> FleetResults:
    farm = _restricted(results.farm, recorded)
    segments = {name: state.segments for name, state in states.items() if state.segments is not None}
    metered = meter.frame is not None
    failed = results.failed
    while True:
        # Neighbours, ranking and the fleet's curve know the turbines that are in the report, and no others.
        if failed:
            results, farm, meter = _without_failed(results, farm, meter, failed)
        merged = run_passes(readings, farm, period, segments, reanalysis.frame, options, metered=metered)
        if not merged.failures:
            break
        failed = (*failed, *merged.failures)
    give_back()  # the sums of which tables were made
    series = [readings.series[turbine.name] for turbine in farm.turbines]
    lag = clock_lags((wind_by_stamps(one) for one in series), reanalysis.frame, farm.averaging_period_s)
    availability = availability_result(results.farm, period, states, merged.summary, merged.at_rest_kw)
    availability = with_operator(availability, results.farm, period, merged.summary, operator.frame)
    sensors = sensors_of(merged.months, merged.yaw, farm.quality)
    by_month = with_sensor_flags(merged.summary["flags"], sensors)
    counts = by_month.groupby(level=["turbine", "flags"], sort=True).sum()
    lost = [
        keyed_sums({"turbine": failure.turbine, "flags": int(Flag.FAILED)}, {"rows": [readings.rows[failure.turbine]]})
        for failure in failed
    ]
    flags = merge([{"flags": table} for table in (counts, readings.leftovers, *lost)])["flags"]
    curves = power_curves(merged, farm)
    quality = quality_result({**merged.summary, "flags": flags}, _far_stamps(series))
    return replace(
        results,
        clock=merge_clock([one.finding for one in series], lag),
        quality=replace(quality, held=held_losses(merged.summary, farm)),
        curves=curves,
        absent={**results.absent, **lacking(curves)},
        availability=availability,
        energy=_energy(merged.summary, meter.frame, farm, period),
        wind=wind_result(merged.summary, farm.averaging_period_s),
        sensors=sensors,
    )


def _with_reference(results: FleetResults, folder: Path) -> FleetResults:
    if results.curves is None or not results.farm.power_curve.reference:
        return results
    references = reference_curves(results.farm, folder)
    return replace(results, reference=reference_result(results.curves, results.farm, references))


def _without_failed(
    results: FleetResults, farm: Farm, meter: SiteData, failed: tuple[Failure, ...]
) -> tuple[FleetResults, Farm, SiteData]:
    """Leave the turbines out whose work failed, and the plant meter, which counts them.

    Raises
    ------
    RunError
        If no turbine is left.
    """
    lost = {failure.turbine for failure in failed}
    left = {turbine.name for turbine in farm.turbines} - lost
    _check_left(left, failed)
    whole = _restricted(results.farm, {turbine.name for turbine in results.farm.turbines} - lost)
    results = replace(results, farm=whole, failed=failed)
    if meter.frame is not None:
        reason = "some turbines failed, and the plant meter counts all of them"
        absent = {**results.absent, **dict.fromkeys(("reconciliation", "publisher"), reason)}
        results, meter = replace(results, absent=absent), replace(meter, frame=None)
    return results, _restricted(farm, left), meter


def _energy(summary: Summary, meter: pd.DataFrame | None, farm: Farm, period: Period) -> Energy:
    rated_kw, own = [turbine.rated_power_kw for turbine in farm.turbines], _clip(meter, period)
    table, compared, note = reconcile(summary, meter, period, rated_kw, farm.averaging_period_s)
    energy = energy_result(summary, own, table, farm, (period[1] - period[0]) / 3.6e9)
    return replace(energy, compared=compared, meter_note=note, notes=(*energy.notes, *([note] if note else [])))


def _restricted(farm: Farm, names: set[str]) -> Farm:
    return farm.model_copy(update={"turbines": tuple(turbine for turbine in farm.turbines if turbine.name in names)})


def _far_stamps(series: Sequence[Series]) -> tuple[str, ...]:
    """Say which turbines have records that were set aside for their stamps, and where the first one is."""
    return tuple(
        f"{called(one.turbine, first=True)}: rows with a stamp more than {FAR_DAYS} days from nearly all others, not "
        f"used: {one.far.rows:,}; the first is {one.far.first:%Y-%m-%d %H:%M} UTC in {one.far_file}."
        for one in series
        if one.far is not None
    )


def _clip(frame: pd.DataFrame | None, period: Period) -> pd.DataFrame | None:
    if frame is None:
        return None
    return frame[(frame["time"] >= from_us(period[0])) & (frame["time"] < from_us(period[1]))]


def _no_records(dataset: Dataset) -> str:
    """Return why there are no figures of records, with the files that tell something all the same."""
    there = [words for kind, words in (("events", "status logs"), ("timers", "state timers")) if dataset.of_kind(kind)]
    return f"no SCADA records in this folder, only {' and '.join(there)}"


def _nothing_known(dataset: Dataset, readings: Readings) -> str:
    listed = ", ".join(turbine.name for turbine in dataset.farm.turbines)
    if not readings.series:
        none = "neither status logs nor state timers tell the state of a listed turbine (warnings tell none)"
        return f"{dataset.folder}: {none}; listed: {listed}"
    if not readings.sources["rows"].any():
        files = ", ".join(readings.sources["file"])
        return f"{dataset.folder}: no row below the header of {files}; expected records"
    others = ", ".join(sorted(set(readings.leftovers.index.get_level_values("turbine")), key=natural)) or "none"
    return (
        f"{dataset.folder}: no row with a readable time stamp belongs to a listed turbine; in the files: {others}; "
        f"listed: {listed}"
    )


def _period(
    dataset: Dataset,
    readings: Readings,
    logs: dict[str, StatusLog],
    timers: dict[str, Timers],
    start: pd.Timestamp | None,
    end: pd.Timestamp | None,
) -> Period:
    """Return the analysed period: what was asked for, limited to what there is."""
    width = dataset.farm.averaging_period_us
    known = [one.finding for one in readings.series.values() if one.finding.records]
    if known:
        begin = min(to_us(finding.first) for finding in known if finding.first is not None)
        last_begin = max(to_us(finding.last) for finding in known if finding.last is not None)
        found, phase = (begin, last_begin + width), begin % width
    else:
        spans = [timer_period(timers, width), log_period(logs, dataset.farm, scattered=not timers)]
        known_spans = [span for span in spans if span is not None]
        if not known_spans:
            raise InputError(_nothing_known(dataset, readings))
        found = (min(span[0] for span in known_spans), max(span[1] for span in known_spans))
        phase, width = (0, width) if timers else (0, 1)
    if start is not None and end is not None and start >= end:
        raise ConfigError(f"the period must begin before it ends: found from {start} to {end}")
    # Whole intervals: a record belongs to the period where its interval begins in it.
    first, last = [None if moment is None else _up(to_us(moment), width, phase) for moment in (start, end)]
    period = (found[0] if first is None else max(first, found[0]), found[1] if last is None else min(last, found[1]))
    if period[0] >= period[1]:
        asked = " ".join(f"{word} {moment}" for word, moment in (("from", start), ("to", end)) if moment is not None)
        raise InputError(
            f"{dataset.folder}: no data {asked}; there are data from {from_us(found[0])} to {from_us(found[1])}"
        )
    return period


def _up(moment: int, width: int, phase: int) -> int:
    """Return the first interval's begin at or after a moment."""
    return -(-(moment - phase) // width) * width + phase
