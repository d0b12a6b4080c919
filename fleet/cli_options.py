"""Options that the commands of `wind-fleet` share, and what they mean for a run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fleet.errors import ConfigError
from fleet.turbine_names import called

if TYPE_CHECKING:
    from fleet.farm import Farm
    from fleet.pipeline import RunOptions
    from fleet.results import Failure

__all__ = [
    "SOME_FAILED",
    "Cache",
    "Csv",
    "Folder",
    "Force",
    "From",
    "NoCache",
    "Quiet",
    "Scheduler",
    "To",
    "Turbines",
    "Verify",
    "Workers",
    "how",
    "opened",
    "tell_failures",
]

SOME_FAILED = 5  #: exit code: done, but not for every turbine or farm

Folder = Annotated[
    str,
    typer.Argument(
        help="Folder with the exports (and farm.toml), its URL (s3://bucket/farm), or a packaged sample's name."
    ),
]
Turbines = Annotated[list[str] | None, typer.Option("--turbine", "-t", help="Only this turbine; may be repeated.")]
From = Annotated[
    str | None, typer.Option("--from", help="Begin of the period, ISO 8601, UTC unless an offset is given: 2014-07-01.")
]
To = Annotated[str | None, typer.Option("--to", help="End of the period, not included, written likewise.")]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Worker processes on this machine; by default threads, as many as there are cores."),
]
Scheduler = Annotated[
    str | None,
    typer.Option(help="A Dask cluster's scheduler, tcp://host:port; its workers need the data and the cache at hand."),
]
Cache = Annotated[
    Path | None,
    typer.Option(help="Folder of converted data, which later runs go on from; by default in the user's cache."),
]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Keep no converted data.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Compare the content of files with the cache, not only size and time.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bar.")]
Csv = Annotated[
    Path | None,
    typer.Option(
        help="Also write the whole table to this new CSV file, outside the farm's folder. Text that begins with "
        "= + - @ gets a leading apostrophe, so that no spreadsheet takes it for a formula.",
        dir_okay=False,
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Let --csv replace an existing file.")]


def how(
    workers: int | None, scheduler: str | None, cache: Path | None, no_cache: bool, verify: bool, quiet: bool
) -> RunOptions:
    """Return how to run.

    Raises
    ------
    ConfigError
        If options exclude each other.
    """
    from fleet.pipeline import RunOptions

    if workers is not None and scheduler is not None:
        raise ConfigError("--workers and --scheduler exclude each other: a cluster brings its own workers")
    show = not quiet and sys.stderr.isatty()
    return RunOptions(
        workers=workers, scheduler=scheduler, cache=cache, keep=not no_cache, verify=verify, progress=show
    )


def opened(folder: str, turbines: list[str] | None, start: str | None, end: str | None, options: RunOptions) -> Farm:
    """Return the farm that a command names, to be read as its options say."""
    from fleet.farm import open_farm
    from fleet.places import check_outside

    farm = open_farm(folder, turbines=tuple(turbines or ()), start=start, end=end)
    if options.cache is not None:
        check_outside(options.cache, farm.dataset.folder, "among the exports; name another with --cache")
    return farm.with_options(options)


def tell_failures(failed: Sequence[Failure]) -> None:
    """Name the turbines that are not in the figures because the work on them failed, and leave with `SOME_FAILED`."""
    for failure in failed:
        typer.echo(
            f"\n{called(failure.turbine, first=True)} is not in these figures: {failure.step} failed: {failure.reason}"
        )
    if failed:
        raise typer.Exit(SOME_FAILED)
