"""Sections on the data themselves: quality, clock, coverage, sources and the settings used."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from fleet.flags import NOT_SELECTED, USED, USES
from fleet.report.blocks import Col, Figure, List, Table, Text, draw, table
from fleet.report.formats import program_version
from fleet.report.headline import in_order, turbine_order, turbines_in
from fleet.report.rules import rules_table
from fleet.report.settings import settings_table, source_table
from fleet.results import Clock, FleetResults, Quality
from fleet.schema import FLEET

__all__ = ["clock", "coverage", "method", "quality", "sources"]

Block = Text | List | Table | Figure


def quality(results: FleetResults, part: Quality) -> Iterator[Block]:
    """Row accounting per use, and overlapping flags."""
    if part.accounting.empty:
        return
    from fleet import plots

    order = turbine_order(results)
    yield Text(
        text="Each row has one first reason for being left out of a use, by a fixed priority: rows in = rows used + "
        "rows rejected, exactly"
        + (", besides rows outside the period or the turbines asked for: not selected." if _leaves_out(part) else ".")
        + " Nothing is deleted."
    )
    uses = {str(use) for use in part.accounting["use"]}
    for use in [*(use for use in USES if use in uses), *sorted(uses - set(USES))]:
        yield _accounting(part, use, order)
        words = f"Rejected rows by first reason, for the use: {use.replace('_', ' ')}."
        yield draw(f"accounting_{use}", words, plots.plot_accounting(part.accounting, use, order=order))
    if not part.flags.empty:
        wide = part.flags.pivot_table(index="turbine", columns="flag", values="rows", aggfunc="sum", fill_value=0)
        reasons = [flag for flag in _ordered([str(flag) for flag in wide.columns]) if wide[flag].sum() > 0]
        there = turbines_in(part.flags, order)
        columns = [Col("turbine", "turbine"), *(Col(flag, _title(flag), "count") for flag in reasons)]
        note = "A row can carry several flags: these do not add up. Flags that no row carries are left out."
        yield table(wide.reindex(there).reset_index(), columns, "Flags, overlapping", note=note)
        yield from _rules(results, part)


def _rules(results: FleetResults, part: Quality) -> Iterator[Block]:
    """The rules with their settings, and what rows held below the possible power cost."""
    columns = [
        Col("rule", "rule"),
        Col("settings", "settings of [quality]"),
        Col("left_out", "its rows are left out of the use"),
        Col("rows", "rows", "count"),
    ]
    note = (
        "Power and speeds in fractions of rated power, m/s and deg; every key: Method and settings. n/d: the rule sets "
        "no flag. Pitch and rotor speed against power and the sensors' months leave no row out."
    )
    yield table(rules_table(results.farm.quality, part.flags), columns, "Rules and their settings", note=note)
    if part.held is None or part.held.empty:
        return
    shown = part.held.assign(flag=part.held["flag"].map(_title))
    columns = [
        Col("turbine", "turbine"),
        Col("flag", "rule"),
        Col("hours", "hours [h]", "1"),
        Col("known_h", "of these with an expected power [h]", "1"),
        Col("lost_mwh", "below the own curve [MWh]", "1"),
    ]
    note = (
        "A row of several rules counts for the first. Power above the curve costs nothing: in icing it says that the "
        "anemometer reads low. This energy is part of partial performance or of stops in Losses, not besides them."
    )
    yield table(shown, columns, "Held below what was possible", note=note)


def _accounting(part: Quality, use: str, order: list[str]) -> Table:
    own = part.accounting[part.accounting["use"] == use]
    wide = own.pivot_table(index="turbine", columns="reason", values="rows", aggfunc="sum", fill_value=0)
    wide = wide.reindex(turbines_in(own, order))
    counted = _ordered([str(reason) for reason in wide.columns])
    reasons = [reason for reason in counted if reason not in (USED, NOT_SELECTED) and wide[reason].sum() > 0]
    if FLEET not in wide.index and len(wide) > 1:
        wide.loc[FLEET] = wide.sum()
    known = dict(zip(part.rows["turbine"], part.rows["rows_in"], strict=True))
    total = sum(rows for name, rows in known.items() if name != FLEET)
    rows_in = pd.Series([{FLEET: total, **known}.get(name, pd.NA) for name in wide.index], wide.index, dtype="Int64")
    used = wide[USED] if USED in wide else pd.Series(0, wide.index)
    frame = wide.assign(
        rows_in=rows_in, used=used, rejected=wide[reasons].sum(axis=1), gap=rows_in - wide.sum(axis=1)
    ).reset_index()
    apart = [Col(NOT_SELECTED, "not selected", "count")] if _leaves_out(part) else []
    terms = ["rows in", *(column.title for column in apart), "used", "rejected"]
    columns = [
        Col("turbine", "turbine"),
        Col("rows_in", "rows in", "count"),
        *apart,
        Col("used", "used", "count"),
        Col("rejected", "rejected", "count"),
        *(Col(reason, _title(reason), "count") for reason in reasons),
        Col("gap", " \u2212 ".join(terms), "count"),
    ]
    return table(frame, columns, f"Rows for the use: {use.replace('_', ' ')}")


def clock(results: FleetResults, part: Clock) -> Iterator[Block]:
    """What the clock check found, with its evidence in words."""
    if part.table.empty:
        return
    from fleet import plots

    yield Text(
        text="Before anything else the stamps are checked: true duplicates, true holes, or a clock that was given the "
        "wrong offsets."
    )
    names = tuple(f"{name}: " for name in turbine_order(results))
    own = tuple(note for note in part.notes if note.startswith(names))
    general = tuple(note for note in part.notes if note not in own)
    if general:
        yield List(items=general)
    columns = [
        Col("turbine", "turbine"),
        Col("records", "records", "count"),
        Col("expected_records", "expected", "count"),
        Col("exact_duplicates", "exact duplicates", "count"),
        Col("conflicting_pairs", "conflicting pairs", "count"),
        Col("missing_stamps", "missing stamps", "count"),
        Col("true_holes", "true holes", "count"),
        Col("verdict", "verdict"),
        Col("clock", "clock"),
        Col("shifted_rows", "rows shifted", "count"),
        Col("duplicates_after", "duplicates after", "count"),
        Col("holes_after", "holes after", "count"),
        Col("first", "first, UTC", "stamp"),
        Col("last", "last, UTC", "stamp"),
    ]
    yield table(in_order(part.table, turbine_order(results)), columns, "Stamps per turbine", fold=True)
    if not part.reanalysis_lag.empty and part.reanalysis_lag["correlation"].notna().any():
        lag = part.reanalysis_lag
        both = "stamps" in lag and len(set(lag["stamps"])) > 1
        words = (
            f"Reanalysis against the wind {'as written and as corrected' if both else 'as written'}: the lag that fits "
            "best, by season of the written offset."
        )
        yield draw("clock", words, plots.plot_clock(lag))
        if "u_lag_min" in lag:
            columns = [
                Col("season", "season"),
                Col("stamps", "stamps"),
                Col("lag_min", "ahead of the reanalysis [min]", "1"),
                Col("u_lag_min", "u [min]", "1"),
                Col("correlation", "correlation [1]", "3"),
                Col("blocks", "months", "count"),
                Col("method", "found by the wind's"),
            ]
            yield table(lag, columns, "Lag of the stamps against the reanalysis", fold=True)
    if own:
        yield Text(text="The evidence, turbine by turbine:")
        yield List(items=own, small=True)


def coverage(results: FleetResults, part: Quality) -> Iterator[Block]:
    """Used intervals per turbine and day."""
    if part.coverage.empty:
        return
    from fleet import plots

    order = turbine_order(results)
    words = "Share of the intervals used per turbine and day, for the use: availability. Grey: no interval expected."
    yield draw("coverage", words, plots.plot_coverage(part.coverage, order=order))
    sums = part.coverage.groupby("turbine")[["expected", "used", "rejected", "missing"]].sum()
    sums = sums.reindex(turbines_in(part.coverage, order)).reset_index()
    sums["share"] = sums["used"] / sums["expected"].where(sums["expected"] > 0)
    columns = [
        Col("turbine", "turbine"),
        Col("expected", "intervals expected", "count"),
        Col("used", "used", "count"),
        Col("rejected", "rejected", "count"),
        Col("missing", "missing", "count"),
        Col("share", "used [%]", "percent", 2),
    ]
    yield table(sums, columns, "Intervals over the period")


def sources(results: FleetResults) -> Iterator[Block]:
    """Files read."""
    if results.sources.empty:
        return
    columns = [
        Col("file", "file"),
        Col("format", "format"),
        Col("kind", "kind"),
        Col("rows", "rows", "count"),
        Col("turbines", "turbines"),
        Col("first", "first, UTC", "stamp"),
        Col("last", "last, UTC", "stamp"),
        Col("stamps", "stamps label"),
        Col("note", "note"),
    ]
    note = "All stamps in this report are UTC and label the start of an interval, whatever the source labels."
    yield table(results.sources, columns, "Files", note=note)


def method(results: FleetResults) -> Iterator[Block]:
    """Standards and settings."""
    yield List(
        items=(
            f"Made with windform {program_version()}.",
            "Power curves: IEC 61400-12-1, method of bins, on nacelle wind. Combined uncertainty: indicative.",
            "Availability: IEC 61400-26-1:2019. The technical view follows an informative annex: indicative.",
            "u stands for a standard uncertainty (coverage factor 1). n/d: not determinable.",
            "Sums of energy and wind are sums of quantised values (0.01 kW, 0.001 m/s), so that they do not depend on "
            "the order of files or workers.",
        )
    )
    settings = settings_table(results.farm)
    settings["default"] = settings["default"].where(settings["changed"], "")
    settings["changed"] = settings["changed"].map({True: "changed", False: ""})
    columns = [
        Col("key", "key"),
        Col("value", "value used"),
        Col("default", "default, where another"),
        Col("changed", ""),
        Col("meaning", "meaning"),
    ]
    changed = set(settings.loc[settings["changed"] != "", "key"])
    yield table(settings, columns, "Settings of farm.toml", strong=lambda key: key in changed)
    named = source_table(results.farm)
    if not named.empty:
        columns = [
            Col("source", "source", "count"),
            Col("key", "key"),
            Col("value", "value"),
            Col("meaning", "meaning"),
        ]
        yield table(named, columns, "Sources named in farm.toml (keys that differ from the default)")


def _leaves_out(part: Quality) -> bool:
    """Return whether the data hold rows that were not asked for."""
    return bool((part.accounting.loc[part.accounting["reason"] == NOT_SELECTED, "rows"] > 0).any())


def _title(reason: str) -> str:
    from fleet.plots.site import reason_title

    return reason_title(reason)


def _ordered(reasons: list[str]) -> list[str]:
    """Return reasons in the priority of the flags."""
    from fleet.flags import Flag

    known = [str(flag.name).lower() for flag in Flag]
    return [r for r in known if r in reasons] + sorted(set(reasons) - set(known))
