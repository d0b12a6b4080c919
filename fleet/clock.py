"""The clock check, a step before everything else: true duplicates, true holes, or a clock that was localised wrongly?

A data logger often runs on a fixed clock. Where its readings were given a zone's daylight-saving offsets later, the
hour that the zone skips in spring was pushed onto the next one (two different records per stamp), an hour is missing in
autumn, and all stamps in between are an hour off. The check reads this from the records alone, claims it only where a
spring and an autumn change both show it and none speaks against it, and puts the clock right. One of the two alone is
a possibility: nothing is moved, and no hole is called true that the signals do not show.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fleet.clock_correction import Correction, corrected_time, find_correction, stamp
from fleet.clock_evidence import Change, Sign, Witness, clock_changes, hear, offset_text
from fleet.clock_holes import HoleSteps, Opinion, autumn_steps
from fleet.clock_lag import LAG_COLUMNS, lag_notes, offset_hint, reanalysis_lag
from fleet.clock_rows import Rows, Tally, repeat_flags, tally
from fleet.config import offset_s
from fleet.flags import Flag
from fleet.intervals import SECOND
from fleet.results import Clock

if TYPE_CHECKING:
    from fleet.config import ClockSettings

__all__ = [
    "ClockFinding",
    "Correction",
    "Verdict",
    "apply_clock",
    "check_clock",
    "merge_clock",
    "reanalysis_lag",
]

_TABLE = (
    "turbine", "records", "expected_records", "first", "last", "exact_duplicates", "conflicting_pairs",
    "missing_stamps", "true_holes", "verdict", "clock", "shifted_rows", "holes_after", "duplicates_after",
)  # fmt: skip


class Verdict(StrEnum):
    """What the clock check concludes; a series may earn several, joined by "; "."""

    FIXED_CLOCK = "fixed clock given daylight-saving offsets"
    POSSIBLY_FIXED = "possibly a fixed clock given daylight-saving offsets"
    LOST_OFFSET = "local clock whose repeated autumn hour lost its offset"
    TRUE_DUPLICATES = "true duplicates"
    CONFLICTS = "conflicting duplicates"
    TRUE_HOLES = "true holes"
    REGULAR = "regular"
    NO_RECORDS = "no records"


@dataclass(frozen=True, kw_only=True)
class ClockFinding:
    """What the clock check found for one turbine. Counts "as written" unless they say otherwise."""

    turbine: str
    records: int  #: rows with a readable stamp
    expected_records: int  #: stamps from `first` to `last`
    first: pd.Timestamp | None  #: on the time axis that is used, UTC; None without records
    last: pd.Timestamp | None
    exact_duplicates: int  #: rows that repeat a stamp with the same values or with none
    conflicting_pairs: int  #: rows that repeat a stamp with different values
    missing_stamps: int  #: stamps of the sampling grid without a row
    true_holes: int  #: missing stamps that the clock does not explain
    off_grid: int  #: rows off the sampling grid
    verdicts: tuple[Verdict, ...]
    clock: str  #: the clock that the records ran on
    shifted_rows: int  #: rows whose time the correction changes; 0 where the settings want none
    holes_after: int  #: stamps without a row on the time axis that is used
    duplicates_after: int  #: rows that repeat a stamp on the time axis that is used
    correction: Correction | None  #: what `apply_clock` does under the policy "correct"
    notes: tuple[str, ...]  #: the evidence in sentences
    remedy: str = ""  #: what to set where the clock is only possibly fixed
    offsets_given: bool = False  #: the stamps came without offsets; the settings' time zone gave them theirs

    @property
    def verdict(self) -> str:
        """The verdicts as text."""
        return "; ".join(self.verdicts)


def check_clock(
    frame: pd.DataFrame, *, period_s: int, time_zone: str, settings: ClockSettings, offsets_given: bool = False
) -> ClockFinding:
    """Decide what the repeated and missing stamps of one turbine are.

    Parameters
    ----------
    frame : DataFrame
        One turbine's canonical SCADA rows in any order, all of its period; missing times are left aside.
    period_s : int
        Averaging period [s].
    time_zone : str
        IANA name of the site's civil time.
    settings : ClockSettings
        Policy, and the fixed clock's offset where it is known. A given offset also confirms a clock that only one kind
        of clock change points to.
    offsets_given : bool
        Whether the stamps came without offsets and were given those of the settings' time zone. It changes words only.

    Returns
    -------
    ClockFinding

    Raises
    ------
    ConfigError
        If the zone cannot be read.
    """
    given_offset = offset_s(settings.fixed_offset) if settings.fixed_offset else None
    rows, period = Rows.of(frame), period_s * SECOND
    if not len(rows):
        return _without_records(frame)
    as_found = "as given" if offsets_given else "as written"
    written = tally(rows, rows.time, period)
    changes = clock_changes(rows.time, rows.reading, rows.offset_s, time_zone)
    copy = rows.copies()
    witnesses = [hear(change, rows.time, rows.reading, copy, period) for change in changes or ()]
    notes = [_describe(witness) for witness in witnesses if witness.sign is not Sign.SILENT]
    if changes is None:
        notes.append(f"The offsets {as_found} follow no daylight-saving rule; the clock is taken {as_found}.")
    holes = autumn_steps(rows, witnesses, period)

    claim = _claim(witnesses, written, holes, given_offset is not None)
    correction, corrected, time = None, written, rows.time
    if claim is Verdict.FIXED_CLOCK:
        candidate, order_notes = find_correction(rows, witnesses, period, given_offset)
        time = corrected_time(rows, candidate)
        corrected = tally(rows, time, period)
        if corrected.conflicting + corrected.missing < written.conflicting + written.missing:
            correction = candidate
            notes += [*order_notes, *([f"{holes}."] if holes else [])]
            notes.append(
                f"Read as a fixed clock at UTC{offset_text(candidate.fixed_offset_s)}: {_trouble(corrected)}, "
                f"against {_trouble(written)} {as_found}."
            )
        else:
            claim, corrected, time = None, written, rows.time
            notes.append(f"Dropping the offsets would not mend the series: the clock is taken {as_found}.")
    if correction is None and holes:
        notes.append(f"{holes}: {holes.opinion}.")
    remedy = _remedy(witnesses[0].change, offsets_given) if claim is Verdict.POSSIBLY_FIXED else ""
    if remedy:
        notes += [_possibly(witnesses), remedy]
    if given_offset is not None and correction is None:
        notes.append("The settings give the offset of a fixed clock; the records do not show one, so it is not used.")
    if written.off_grid:
        notes.append(f"{written.off_grid} rows lie off the sampling grid of {period_s} s.")

    explained = sum(w.missing for w in witnesses if w.sign is Sign.LOST_OFFSET)
    if claim is Verdict.POSSIBLY_FIXED:
        explained += sum(w.missing for w in witnesses if w.sign is Sign.FIXED and not w.change.spring)
    true_holes = corrected.missing if correction else max(written.missing - explained, 0)
    verdicts = _verdicts(claim, witnesses, corrected, true_holes)
    used = corrected if settings.duplicates == "correct" else written
    shifted = int((time != rows.time).sum()) if settings.duplicates == "correct" else 0
    return ClockFinding(
        turbine=_turbine(frame),
        records=len(rows),
        expected_records=corrected.expected,
        first=stamp(used.first),
        last=stamp(used.last),
        exact_duplicates=written.exact,
        conflicting_pairs=written.conflicting,
        missing_stamps=written.missing,
        true_holes=true_holes,
        off_grid=written.off_grid,
        verdicts=verdicts,
        clock=_clock_text(rows, changes, correction, as_found),
        shifted_rows=shifted,
        holes_after=used.missing,
        duplicates_after=used.exact + used.conflicting,
        correction=correction,
        notes=tuple(notes),
        offsets_given=offsets_given,
        remedy=remedy,
    )


def apply_clock(frame: pd.DataFrame, finding: ClockFinding, settings: ClockSettings, period_s: int) -> pd.DataFrame:
    """Return one turbine's rows in order of time, with the clock put right and repeated stamps flagged.

    Parameters
    ----------
    frame : DataFrame
        Canonical SCADA rows of the finding's turbine, all or a part of its period, in any order.
    finding : ClockFinding
        From `check_clock` on the turbine's whole period.
    settings : ClockSettings
        Policy for repeated stamps; the clock is corrected only under "correct".
    period_s : int
        Averaging period [s].

    Returns
    -------
    DataFrame
        Every row, sorted by (time, source_row), missing times last and unflagged; `time` as corrected; `clock_flags`
        (uint32) holds OFF_GRID, DUPLICATE and CONFLICT of `fleet.flags.Flag`.
    """
    rows = Rows.of(frame)
    time = rows.time
    if settings.duplicates == "correct" and finding.correction is not None:
        time = corrected_time(rows, finding.correction)
    order = np.lexsort((rows.source_row, time))
    flags = np.where(rows.off_grid(period_s * SECOND), np.uint32(Flag.OFF_GRID), np.uint32(0))[order]
    flags |= repeat_flags(time[order], rows.values[order], settings.duplicates)

    unread = np.flatnonzero(frame["time"].isna().to_numpy())
    unread = unread[np.argsort(frame["source_row"].to_numpy()[unread], kind="stable")]
    result = frame.take(np.r_[rows.position[order], unread]).reset_index(drop=True)
    stamps = np.r_[time[order].astype("datetime64[us]"), np.full(len(unread), np.datetime64("NaT", "us"))]
    result["time"] = pd.DatetimeIndex(stamps).tz_localize("UTC")
    result["clock_flags"] = np.r_[flags, np.zeros(len(unread), np.uint32)].astype(np.uint32)
    return result


def merge_clock(findings: Iterable[ClockFinding], lag: pd.DataFrame | None = None) -> Clock:
    """Return all turbines' findings as one table, sorted by turbine.

    Parameters
    ----------
    findings : iterable of ClockFinding
        One per turbine, in any order.
    lag : DataFrame, optional
        From `clock_lags`.
    """
    ordered = sorted(findings, key=lambda finding: finding.turbine)
    table = pd.DataFrame({name: [getattr(finding, name) for finding in ordered] for name in _TABLE})
    for name in ("first", "last"):
        table[name] = pd.to_datetime(table[name], utc=True).astype("datetime64[us, UTC]")
    lag = pd.DataFrame(columns=list(LAG_COLUMNS)) if lag is None else lag
    fixed = any(finding.correction is not None for finding in ordered)
    given = any(finding.offsets_given for finding in ordered)
    hint = offset_hint(lag, _common_offset(ordered))
    remedy = next((finding.remedy for finding in ordered if finding.remedy), "")
    notes = [*_shared_notes(ordered), *lag_notes(lag, offsets_given=given), *([hint] if hint else [])]
    left = [finding.turbine for finding in ordered if finding.correction is None and finding.records]
    if fixed and left:
        found = "as given" if given else "as written"
        notes.append(
            f"The clock of {', '.join(left)} is taken {found}, as these records do not prove a fixed clock, while "
            "other turbines' clocks are fixed: compare them before using results that join turbines."
        )
    return Clock(
        table=table, reanalysis_lag=lag, notes=tuple(notes), offset_hint=" ".join(filter(None, (hint, remedy)))
    )


def _common_offset(findings: list[ClockFinding]) -> int | None:
    """Return the offset of all fixed clocks, None where there is none or several."""
    offsets = {finding.correction.fixed_offset_s for finding in findings if finding.correction is not None}
    return offsets.pop() if len(offsets) == 1 else None


def _shared_notes(ordered: list[ClockFinding]) -> list[str]:
    """Return every turbine's evidence, each sentence once with the turbines that it holds for."""
    holders: dict[str, list[str]] = {}
    for finding in ordered:
        for note in finding.notes:
            holders.setdefault(note, []).append(finding.turbine)
    whole = len(ordered) if len(ordered) > 1 else 0
    return [f"{'All turbines' if len(who) == whole else ', '.join(who)}: {note}" for note, who in holders.items()]


def _turbine(frame: pd.DataFrame) -> str:
    return str(frame["turbine"].iloc[0]) if len(frame) and "turbine" in frame else ""


def _without_records(frame: pd.DataFrame) -> ClockFinding:
    return ClockFinding(
        turbine=_turbine(frame), records=0, expected_records=0, first=None, last=None, exact_duplicates=0,
        conflicting_pairs=0, missing_stamps=0, true_holes=0, off_grid=0, verdicts=(Verdict.NO_RECORDS,), clock="",
        shifted_rows=0, holes_after=0, duplicates_after=0, correction=None, notes=("No row has a readable stamp.",),
    )  # fmt: skip


def _claim(witnesses: list[Witness], written: Tally, holes: HoleSteps | None, given_offset: bool) -> Verdict | None:
    """Return what the clock changes together carry: one voice against a fixed clock is enough to drop it."""
    signs = {(w.change.spring, w.sign) for w in witnesses}
    against = any(sign in (Sign.LOCAL, Sign.LOST_OFFSET) for _, sign in signs)
    one_shift = len({w.change.shift for w in witnesses}) == 1
    in_hour = sum(w.doubled for w in witnesses if w.change.spring)
    skipped = any(w.skipped for w in witnesses)
    # Repeats all over the series have another cause, and would double the hours in question by chance.
    focused = 2 * in_hour >= (written.conflicting or written.exact) or (skipped and not written.conflicting)
    spring, autumn = (True, Sign.FIXED) in signs, (False, Sign.FIXED) in signs
    if against or not one_shift or (spring and not focused):
        return None
    if spring and autumn:
        return Verdict.FIXED_CLOCK
    if given_offset and (spring or autumn):
        return Verdict.FIXED_CLOCK
    if autumn and holes is not None and holes.opinion is Opinion.SKIPPED:
        return Verdict.POSSIBLY_FIXED
    return Verdict.POSSIBLY_FIXED if spring and (skipped or written.conflicting) else None


def _possibly(witnesses: list[Witness]) -> str:
    spring = any(w.change.spring and w.sign is Sign.FIXED for w in witnesses)
    seen, other = ("a spring", "autumn") if spring else ("an autumn", "spring")
    text = f"Only {seen} change points to a fixed clock and no {other} change confirms it: nothing is corrected."
    missing = sum(w.missing for w in witnesses if w.sign is Sign.FIXED and not w.change.spring)
    if missing:
        text += (
            f" {missing} missing stamps are not counted as true holes, as it stays open what they are; one hole of one "
            "turbine is weak evidence, so see whether the turbines agree."
        )
    return text


def _remedy(change: Change, offsets_given: bool) -> str:
    offset = offset_text(min(change.before_s, change.after_s))
    source = f' (or time_zone = "{offset}" in the source, as its stamps carry no offset)' if offsets_given else ""
    return f'If the clock is known to be fixed, give its offset: fixed_offset = "{offset}" under [clock]{source}.'


def _verdicts(
    claim: Verdict | None, witnesses: list[Witness], corrected: Tally, true_holes: int
) -> tuple[Verdict, ...]:
    found = [claim] if claim else []
    if any(w.sign is Sign.LOST_OFFSET for w in witnesses):
        found.append(Verdict.LOST_OFFSET)
    if corrected.exact:
        found.append(Verdict.TRUE_DUPLICATES)
    if corrected.conflicting:
        found.append(Verdict.CONFLICTS)
    if true_holes:
        found.append(Verdict.TRUE_HOLES)
    return tuple(found) or (Verdict.REGULAR,)


def _describe(witness: Witness) -> str:
    change = witness.change
    season = "spring" if change.spring else "autumn"
    text = f"{stamp(change.at):%Y-%m-%d %H:%M} UTC, {season} change: the clock {witness.sign}"
    if change.spring:
        what = f"{witness.doubled} of {witness.stamps} stamps in the hour after it hold more than one record"
        if witness.skipped:
            what += f", {witness.skipped} readings lie in the hour that a local clock skips"
    else:
        what = f"{witness.missing} of {witness.stamps} stamps of the hour that a local clock repeats are missing"
    return f"{text}: {what}."


def _trouble(counts: Tally) -> str:
    return f"{counts.conflicting} conflicting and {counts.exact} exact duplicates, {counts.missing} missing stamps"


def _clock_text(rows: Rows, changes: tuple[Change, ...] | None, correction: Correction | None, as_found: str) -> str:
    if correction is not None:
        return f"fixed, UTC{offset_text(correction.fixed_offset_s)}"
    offsets = sorted(set(rows.offset_s.tolist()))
    if len(offsets) == 1:
        return f"{as_found}, UTC{offset_text(offsets[0])}"
    text = " and ".join(f"UTC{offset_text(offset)}" for offset in offsets[:3])
    return f"{as_found}, {text}{'' if changes is not None else ', no rule'}"
