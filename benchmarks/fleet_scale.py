"""The passes over 400 turbines and two years (42 million rows) from the cache, beside duckdb, polars and OpenOA.

Run on a quiet machine: `python benchmarks/fleet_scale.py FOLDER` with `pip install duckdb polars`; the load of some
6 GB is made there once. `--openoa PYTHON` names the interpreter of an environment with OpenOA, which pins older
releases. Every job runs in a process of its own, several times; the median of wall time, CPU time and peak memory after
the imports is printed.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

JOBS = ("overview", "everything", "duckdb", "polars", "read csv", "convert csv", "openoa")
#: What a job leaves out is stated beside its figure.
CSV_TURBINES = 4


def main() -> None:
    """Make the load, run the jobs and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--turbines", type=int, default=400)
    parser.add_argument("--days", type=int, default=731)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--openoa", default="", help="interpreter of an environment with OpenOA")
    parser.add_argument("--job", choices=JOBS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        sys.stdout.write(json.dumps(_timed(_work(given.job, given.folder))))
        return
    half = given.turbines // 2
    whole, part = (_load(given.folder / f"{n}", n, given.days) for n in (given.turbines, half))
    csv = _csv_load(given.folder / "csv", given.days)
    rows = given.turbines * given.days * 144
    sys.stdout.write(f"{given.turbines} turbines, {given.days} days, {rows:,} rows\n\n")
    for folder in (whole, part):
        first = _run("overview", folder, 1, sys.executable)
        sys.stdout.write(f"converted or found: {folder.name} turbines in {first['wall']:.1f} s\n")
    jobs = {
        ("overview: curve sums, monthly energy, availability", "overview"): (whole, sys.executable),
        ("the same of half the turbines", "overview"): (part, sys.executable),
        ("everything with every flag, no page", "everything"): (whole, sys.executable),
        ("everything of half the turbines", "everything"): (part, sys.executable),
        ("duckdb: curve sums, monthly energy, availability", "duckdb"): (whole, sys.executable),
        ("polars: the same", "polars"): (whole, sys.executable),
        (f"pyarrow reads the CSV of {CSV_TURBINES} turbines", "read csv"): (csv, sys.executable),
        (f"conversion of the CSV of {CSV_TURBINES} turbines", "convert csv"): (csv, sys.executable),
    }
    if given.openoa:
        jobs[("OpenOA: filters and curve of one turbine", "openoa")] = (whole, given.openoa)
    sys.stdout.write(f"\n{'job':<54}{'wall [s]':>10}{'CPU [s]':>10}{'peak [MB]':>11}\n")
    measured = {}
    for (title, job), (folder, python) in jobs.items():
        found = measured[job, folder == part] = _run(job, folder, given.repeat, python)
        sys.stdout.write(f"{title:<54}{found['wall']:>10.2f}{found['cpu']:>10.2f}{found['peak']:>11.0f}\n")
        sys.stdout.flush()
    _write_ratios(measured, given.turbines, CSV_TURBINES * given.days * 144)


def _write_ratios(measured: dict[tuple[str, bool], dict[str, float]], turbines: int, csv_rows: int) -> None:
    """Print what the jobs are in terms of each other: of medians of this run."""

    def of(job: str, half: bool = False) -> dict[str, float]:
        return measured[job, half]

    lines = []
    for job in ("overview", "everything"):
        growth = of(job)["peak"] - of(job, half=True)["peak"]
        times = of(job)["wall"] / of(job, half=True)["wall"]
        lines.append(f"{job}: twice the turbines take {times:.2f} times the time and {growth:+.0f} MB")
    for peer in ("duckdb", "polars"):
        wall, cpu, peak = (of(peer)[what] / of("overview")[what] for what in ("wall", "cpu", "peak"))
        lines.append(f"{peer} over overview: wall {wall:.2f}, CPU {cpu:.2f}, memory {peak:.2f}")
    ours = of("everything")["cpu"] / turbines
    if ("openoa", False) in measured:
        theirs = of("openoa")["cpu"]
        lines.append(
            f"OpenOA's filters and one curve over everything, CPU per turbine: {theirs:.3f} s / {ours:.3f} s = "
            f"{theirs / ours:.2f}"
        )
    read, convert = (csv_rows / of(job)["wall"] / 1e6 for job in ("read csv", "convert csv"))
    lines.append(
        f"conversion {convert:.2f} million rows/s, a bare pyarrow read {read:.2f}: {convert / read:.3f} of its rate"
    )
    sys.stdout.write("\n" + "\n".join(lines) + "\n")


def _run(job: str, folder: Path, repeat: int, python: str) -> dict[str, float]:
    """Return the medians of a job in fresh processes."""
    found = []
    for _ in range(repeat):
        environment = {**os.environ, "WINDFORM_FLEET_CACHE": str(folder.parent / "cache")}
        done = subprocess.run(
            [python, __file__, str(folder), "--job", job], env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.stderr.write(done.stderr)
            raise SystemExit(f"{job} failed")
        found.append(json.loads(done.stdout.splitlines()[-1]))
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def _timed(work: Callable[[], object]) -> dict[str, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6  # Linux counts KiB
    return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak": peak}


def _work(job: str, folder: Path) -> Callable[[], object]:
    """Return a job with what it needs imported."""
    if job == "openoa":
        return _openoa(folder)
    if job in ("duckdb", "polars"):
        files = sorted((folder.parent / "cache" / "series").glob("*/*/records.parquet"))
        wanted = _series_of(folder)
        files = [path for path in files if path.parent.name in wanted]
        return _duckdb(files) if job == "duckdb" else _polars(files)
    if job == "read csv":
        import pyarrow.csv

        return lambda: [pyarrow.csv.read_csv(path) for path in sorted(folder.glob("data/*.csv"))]
    from fleet.analysis import analyse, overview
    from fleet.dataset import open_dataset
    from fleet.pipeline import RunOptions

    if job == "convert csv":
        return lambda: overview(open_dataset(folder), options=RunOptions(keep=False))
    function = overview if job == "overview" else analyse
    return lambda: function(open_dataset(folder), options=RunOptions())


def _series_of(folder: Path) -> set[str]:
    """Return the keys of the cached series of a farm."""
    from fleet.dataset import open_dataset
    from fleet.manifest import manifest_key, read_manifest
    from fleet.store import Store

    dataset = open_dataset(folder)
    found = read_manifest(Store(folder.parent / "cache"), manifest_key(dataset))
    if found is None:
        raise SystemExit(f"{folder}: not converted")
    return {one.path.parent.name for one in found[1] if one.path is not None}


_BIN = "cast(floor(wind_speed / 0.5 + 0.5) as integer)"


def _duckdb(files: list[Path]) -> Callable[[], object]:
    import duckdb

    listed = ", ".join(f"'{path}'" for path in files)
    source = f"read_parquet([{listed}], filename = true)"
    good = "flags = 0 and power_kw between -205 and 2460"

    def work() -> object:
        base = duckdb.connect()
        base.execute("set threads to 2")
        curve = base.execute(
            f"select filename, {_BIN} as bin, count(*), sum(wind_speed), sum(power_kw), sum(power_kw * power_kw) "
            f"from {source} where {good} and power_kw > 0 and wind_speed between 0 and 40 group by all"
        ).fetchnumpy()
        monthly = base.execute(
            f"select filename, date_trunc('month', make_timestamp(time)) as month, count(*), sum(power_kw), "
            f"count(*) filter (wind_speed between 0 and 40), count(*) filter (wind_speed >= 4 and power_kw <= 0) "
            f"from {source} where {good} group by all"
        ).fetchnumpy()
        return curve, monthly

    return work


def _polars(files: list[Path]) -> Callable[[], object]:
    os.environ["POLARS_MAX_THREADS"] = "2"
    import polars as pl

    def work() -> object:
        rows = pl.scan_parquet(files, include_file_paths="file").filter(
            (pl.col("flags") == 0) & pl.col("power_kw").is_between(-205, 2460)
        )
        wind, power = pl.col("wind_speed"), pl.col("power_kw")
        curve = (
            rows.filter((power > 0) & wind.is_between(0, 40))
            .group_by("file", (wind / 0.5 + 0.5).floor().cast(pl.Int32).alias("bin"))
            .agg(pl.len(), wind.sum().alias("v"), power.sum().alias("p"), (power**2).sum().alias("p2"))
        )
        monthly = rows.group_by("file", pl.from_epoch("time", time_unit="us").dt.truncate("1mo").alias("month")).agg(
            pl.len(),
            power.sum().alias("energy"),
            wind.is_between(0, 40).sum().alias("windy"),
            ((wind >= 4) & (power <= 0)).sum().alias("down"),
        )
        return pl.collect_all([curve, monthly], engine="streaming")

    return work


def _openoa(folder: Path) -> Callable[[], object]:
    """OpenOA's filters (range, unresponsive sensor, window, bins) and binned curve, as its examples chain them."""
    import pandas as pd
    from openoa.utils import filters, power_curve

    frame = pd.read_parquet(min((folder / "data").glob("*.parquet"))).drop_duplicates("time").set_index("time")

    def work() -> object:
        wind, power = frame["wind_speed"], frame["power_kw"]
        rated = float(power.max())
        out = filters.range_flag(wind, lower=0, upper=40) | filters.range_flag(power, lower=-205, upper=2460)
        out |= filters.unresponsive_flag(wind, threshold=3)
        out |= filters.window_range_flag(wind, 5.0, 40, power, 0.01 * rated, 1.02 * rated)
        good = ~out & wind.notna() & power.notna()
        out = filters.bin_filter(power[good], wind[good], 100, 1.5, "median", 20, 0.97 * rated, "scalar", "all")
        kept = good[good].index[~out.to_numpy()]
        return power_curve.IEC(wind.loc[kept], power.loc[kept])

    return work


def _load(folder: Path, turbines: int, days: int) -> Path:
    """Make a farm of canonical Parquet files, one per turbine, unless it is there."""
    if (folder / "farm.toml").exists():
        return folder
    import pyarrow as pa
    import pyarrow.parquet as pq

    from fleet.schema import SIGNALS
    from fleet.synthetic import FleetSpec, turbine_frames

    (folder / "data").mkdir(parents=True, exist_ok=True)
    names, held = [], set()
    for frame in turbine_frames(FleetSpec(turbines=turbines, days=days, seed=7)):
        names.append(str(frame["turbine"].iloc[0]))
        known = [column.name for column in SIGNALS if frame[column.name].notna().any()]
        held.update(known)
        table = pa.Table.from_pandas(frame[["turbine", "time", *known]], preserve_index=False)
        pq.write_table(table, folder / "data" / f"{names[-1]}.parquet", compression="zstd")
    columns = [f'columns.{name} = {{ column = "{name}" }}' for name in sorted(held)]
    lines = [
        'name = "scale"\n[[sources]]\nformat = "generic"\nfiles = "data/*"\ntime_column = "time"',
        'turbine_column = "turbine"\nstamps = "start"',
        *columns,
        *(
            f'[[turbines]]\nname = "{name}"\nrated_power_kw = 2050.0\nhub_height = 80.0\nelevation = 100.0'
            for name in names
        ),
    ]
    (folder / "farm.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _csv_load(folder: Path, days: int) -> Path:
    """Make a farm of CSV files with the same columns, unless it is there."""
    if (folder / "farm.toml").exists():
        return folder
    import pyarrow.csv
    import pyarrow.parquet as pq

    parquet = _load(folder.with_name("csv_source"), CSV_TURBINES, days)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for path in sorted((parquet / "data").glob("*.parquet")):
        pyarrow.csv.write_csv(pq.read_table(path), folder / "data" / f"{path.stem}.csv")
    settings = (parquet / "farm.toml").read_text(encoding="utf-8")
    (folder / "farm.toml").write_text(settings, encoding="utf-8")
    return folder


if __name__ == "__main__":
    main()
