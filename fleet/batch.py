"""Several analyses in one go: two periods of a farm, farms side by side, a report of every farm with an index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from fleet.dataset import farms_inside
from fleet.errors import ConfigError, FleetError, InputError, OutputError, RunError, WindformError
from fleet.farm import Farm, moment, open_farm
from fleet.places import is_remote, place, reading

if TYPE_CHECKING:
    from fleet.compare import PeriodComparison
    from fleet.pipeline import RunOptions
    from fleet.report.index_page import FarmEntry
    from fleet.results import FleetResults
    from fleet.side_by_side import FarmComparison

__all__ = ["compare_farms", "compare_periods", "farm_folders", "parse_period", "report_farms"]

Moment = datetime | str
_A_FARM = "where the next run would take it for a farm; name another with --out"
PERIOD_FORM = "BEGIN..END such as 2014-01-01..2014-07-01"


def compare_periods(
    folder: str | Path,
    first: tuple[Moment, Moment],
    second: tuple[Moment, Moment],
    *,
    turbines: tuple[str, ...] = (),
    options: RunOptions | None = None,
) -> PeriodComparison:
    """Compare two periods of one farm; see `fleet.compare_periods`."""
    from fleet.compare import compare_period_results
    from fleet.compare_findings import period_findings

    farms = [open_farm(folder, turbines=turbines, start=start, end=end) for start, end in (first, second)]
    results = [_whole((farm.with_options(options) if options else farm).results) for farm in farms]
    comparison = compare_period_results(results[0], results[1])
    notes = tuple(
        f"Of the {which} period asked for there are data from {one.start:%Y-%m-%d %H:%M} to "
        f"{one.end:%Y-%m-%d %H:%M} only."
        for which, farm, one in zip(("first", "second"), farms, results, strict=True)
        if (farm.start is not None and one.start > farm.start) or (farm.end is not None and one.end < farm.end)
    )
    return replace(comparison, findings=period_findings(comparison), notes=(*comparison.notes, *notes))


def compare_farms(
    folders: Sequence[str | Path],
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    options: RunOptions | None = None,
) -> FarmComparison:
    """Set two farms or more side by side; see `fleet.compare_farms`."""
    from fleet.compare_findings import farm_findings
    from fleet.side_by_side import compare_farm_results, farm_labels

    if len(folders) < 2:
        raise ConfigError(f"a comparison takes two farms or more, found {len(folders)}")
    farms = [open_farm(folder, start=start, end=end) for folder in folders]
    results = [_whole((farm.with_options(options) if options else farm).results) for farm in farms]
    labels = farm_labels([one.farm.name for one in results], [farm.dataset.folder for farm in farms])
    comparison = compare_farm_results(results, labels)
    return replace(comparison, findings=farm_findings(comparison))


def _whole(results: FleetResults) -> FleetResults:
    """Refuse results in which turbines are missing because the work on them failed: sums of unequal fleets mislead."""
    if results.failed:
        first = results.failed[0]
        raise RunError(
            f"{results.farm.name}: a comparison takes every turbine; {first.turbine}, {first.step}: {first.reason}. "
            "Run it again."
        )
    return results


def parse_period(text: str) -> tuple[str, str]:
    """Return begin and end of a period written as "2014-01-01..2014-07-01"; what they are is checked when it is used.

    Raises
    ------
    ConfigError
        The text is not of that form.
    """
    begin, dots, end = (part.strip() for part in text.partition(".."))
    if not (begin and dots and end) or "." in (begin[-1], end[0]) or ".." in end:
        raise ConfigError(f"--period: found {text!r}, expected {PERIOD_FORM}")
    return begin, end


def farm_folders(given: Sequence[str | Path]) -> list[str | Path]:
    """Return the farms' folders: those given, or the subfolders of one that holds farms.

    A folder without `farm.toml` holds farms where a subfolder has one, or where there are no files beside subfolders.
    Hidden subfolders are left out. What is no folder may be a packaged sample, and like a folder that cannot be read it
    is kept for its own message. A folder meant twice counts once.
    """
    found: dict[str, str | Path] = {}
    for folder in given:
        farms: Sequence[str | Path] = ()
        with suppress(InputError):
            root = place(folder)
            with reading(root):
                farms = farms_inside(root, without_settings=True) if root.is_dir() else ()
        for farm in farms or [folder]:
            found.setdefault(str(farm) if is_remote(farm) else str(Path(farm).resolve()), farm)
    return list(found.values())


def report_farms(
    folders: Sequence[str | Path],
    out: str | Path,
    *,
    start: Moment | None = None,
    end: Moment | None = None,
    options: RunOptions | None = None,
    told: Callable[[FarmEntry, str], None] = lambda *_: None,
) -> list[FarmEntry]:
    """Write a report of every farm and an index page; see `fleet.report_farms`.

    Parameters
    ----------
    told : callable
        Is called with each farm's entry as soon as it is done, and with the whole message where it has no report: the
        entry's own reason says nothing of where the command ran, as the page may be read anywhere.
    """
    from fleet.places import check_outside
    from fleet.report.index_page import INDEX_KIND, INDEX_LAYOUT, REPORTS, folder_names, write_index
    from fleet.report.write import AMONG_EXPORTS
    from turbine.folder import replaced_folder

    for name, value in (("from", start), ("to", end)):
        moment(name, value)  # a wrong option is no farm's fault
    farms = farm_folders(folders)
    for root in folders:
        if root not in farms and Path(root).is_dir():
            check_outside(Path(out), Path(root), _A_FARM, what="the folder of farms")
    local = [Path(farm) for farm in farms if not is_remote(farm)]
    for farm in local:
        if farm.is_dir():  # a packaged sample lies where nobody writes
            check_outside(Path(out), farm, AMONG_EXPORTS)
    entries: list[FarmEntry] = []
    with replaced_folder(Path(out), INDEX_KIND, INDEX_LAYOUT) as work:
        (work / REPORTS).mkdir()
        for given, name in zip(farms, folder_names([Path(str(farm)).name for farm in farms]), strict=True):
            entry, message = _report_one(given, work / REPORTS / name, start, end, options)
            entries.append(entry)
            told(entry, message)
        write_index(entries, work)
    return entries


def _report_one(
    given: str | Path, target: Path, start: Moment | None, end: Moment | None, options: RunOptions | None
) -> tuple[FarmEntry, str]:
    """Write one farm's report; return its entry, and the message of what is wrong with that farm or nothing."""
    from fleet.report.index_page import failed_entry, farm_entry

    try:
        farm: Farm = open_farm(given, start=start, end=end)
        if options:
            farm = farm.with_options(options)
        farm.report(target)
        return farm_entry(farm.results, str(given), target.name), ""
    except OutputError:
        raise
    except WindformError as error:
        reason, message = error.text if isinstance(error, FleetError) else str(error), str(error)
    except Exception as error:  # a defect that one farm's data bring to light must not cost the others their reports
        reason = message = f"unexpected {type(error).__name__}: {error}"
    return failed_entry(str(given), target.name, reason), message
