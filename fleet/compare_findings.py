"""What a comparison shows that needs attention, as sentences with their figures."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from fleet.categories import Category
from fleet.compare import PeriodComparison
from fleet.curve_pair import MEASURED
from fleet.results import Finding
from fleet.schema import FLEET
from fleet.side_by_side import FarmComparison
from fleet.turbine_names import called
from fleet.wording import listed

__all__ = ["farm_findings", "period_findings"]

_COVERAGE_FACTOR = 2.0  # differences within so many standard uncertainties are no finding
_POINT = 0.01  # changes below a percentage point are no finding: seasons and drifting sensors alone make as much
_FEW_BINS = 0.2  # of the bins: one in twenty lies beyond twice its uncertainty by chance

_BY_WIND = (Category.FULL_PERFORMANCE.value, Category.READY_STANDBY.value)  # the wind decides between these two

_warning = partial(Finding, severity="warning")
_note = partial(Finding, severity="note")


def period_findings(comparison: PeriodComparison) -> tuple[Finding, ...]:
    """Return what changed between two periods, the gravest first."""
    found = [
        *_performance(comparison),
        *_availability(comparison),
        *_categories(comparison),
        *_losses(comparison),
        *_ranks(comparison),
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity != "warning"))


def _performance(comparison: PeriodComparison) -> list[Finding]:
    here = comparison.aep[(comparison.aep["wind"] == MEASURED) & comparison.aep["ratio"].notna()]
    if here.empty:
        return []
    found = []
    change = (here["ratio"] - 1.0).abs()
    far = (change > _COVERAGE_FACTOR * here["u_ratio"]) & (change >= _POINT)
    for row in here[far].to_dict("records"):
        own = comparison.bins[comparison.bins["turbine"] == row["turbine"]]
        beyond = int((own["in_u"].abs() > _COVERAGE_FACTOR).sum())
        text = (
            f"{_who(row['turbine'])}: at equal wind the second period makes {100 * row['ratio']:.1f} % of the first's "
            f"energy (standard uncertainty {100 * row['u_ratio']:.1f} %, of the scatter alone); {beyond} of {len(own)} "
            "bins differ by more than twice their uncertainty."
        )
        found.append((_warning if row["ratio"] < 1.0 else _note)(text=text, section="curves"))
    same = here.loc[~far & (here["turbine"] != FLEET), "turbine"]
    if len(same):
        text = (
            f"No change of the energy at equal wind beyond {100 * _POINT:g} % and twice its standard uncertainty at "
            f"{listed(same)}."
        )
        found.append(_note(text=text, section="curves"))
    return found


def _availability(comparison: PeriodComparison) -> list[Finding]:
    found = []
    table = comparison.availability
    for row in table.to_dict("records"):
        who = _who(row["turbine"])
        if row["evidence_first"] != row["evidence_second"] and row["turbine"] != FLEET:
            text = (
                f"{who}: the availability rests on different evidence ({row['evidence_first'] or 'none'}, then "
                f"{row['evidence_second'] or 'none'}) and cannot be compared."
            )
            found.append(_warning(text=text, section="availability"))
        elif abs(row["time_based_change"]) >= _POINT:
            text = (
                f"{who}: time-based availability {100 * row['time_based_first']:.2f} %, then "
                f"{100 * row['time_based_second']:.2f} %."
            )
            both = ("First period", row["availability_note_first"]), ("Second period", row["availability_note_second"])
            text += _cautions(both)
            found.append((_warning if row["time_based_change"] < 0.0 else _note)(text=text, section="availability"))
    return found


def _categories(comparison: PeriodComparison) -> list[Finding]:
    fleet = comparison.categories[comparison.categories["turbine"] == FLEET]
    moved = fleet[(fleet["share_change"].abs() >= _POINT) & ~fleet["category"].isin(_BY_WIND)]
    return [
        _note(
            text=f"Time in {str(row['category']).replace('_', ' ')}: {100 * row['share_first']:.2f} %, then "
            f"{100 * row['share_second']:.2f} %.",
            section="availability",
        )
        for row in moved.to_dict("records")
    ]


def _losses(comparison: PeriodComparison) -> list[Finding]:
    fleet = comparison.losses[comparison.losses["turbine"] == FLEET]
    moved = fleet[(fleet["share_change"].abs() >= _POINT) & ~fleet["step"].isin(["potential", "measured"])]
    return [
        _note(
            text=f"{str(row['step']).capitalize()}: {100 * row['share_first']:.1f} % of the potential, then "
            f"{100 * row['share_second']:.1f} %.",
            section="losses",
        )
        for row in moved.to_dict("records")
    ]


def _ranks(comparison: PeriodComparison) -> list[Finding]:
    moved = comparison.ranking[comparison.ranking["rank_change"].fillna(0.0) != 0.0]
    if moved.empty:
        return []
    words = "; ".join(
        f"{called(row['turbine'])} {row['rank_first']:.0f} to {row['rank_second']:.0f}"
        for row in moved.to_dict("records")
    )
    return [_note(text=f"Ranks against the fleet's curve changed: {words}.", section="ranking")]


def farm_findings(comparison: FarmComparison) -> tuple[Finding, ...]:
    """Return what sets the farms apart, the gravest first."""
    found = []
    table = comparison.headline
    evidence = {str(word) for word in table["evidence"]} - {""}
    if len(evidence) > 1:
        text = f"The availabilities rest on different evidence ({listed(evidence)}) and cannot be compared."
        found.append(_warning(text=text, section="headline"))
    elif table["availability_time"].max() - table["availability_time"].min() >= _POINT:
        ordered = table.sort_values("availability_time")
        low, high = ordered.iloc[0], ordered.dropna(subset=["availability_time"]).iloc[-1]
        text = (
            f"Time-based availability: {low['farm']} {100 * low['availability_time']:.2f} %, {high['farm']} "
            f"{100 * high['availability_time']:.2f} %."
        )
        text += _cautions((row["farm"], row["availability_note"]) for row in (low, high))
        found.append(_note(text=text, section="headline"))
    for farm, own in comparison.differences.groupby("farm", sort=False):
        beyond = int((own["in_u"].abs() > _COVERAGE_FACTOR).sum())
        far = beyond > _FEW_BINS * len(own)
        text = (
            f"{farm} against {comparison.farms[0]}: {beyond} of {len(own)} bins of the curve over rated power differ "
            "by more than twice their standard uncertainty."
        )
        found.append((_warning if far else _note)(text=text, section="curves"))
    return tuple(sorted(found, key=lambda finding: finding.severity != "warning"))


def _cautions(noted: Iterable[tuple[str, str]]) -> str:
    """Return a sentence for each availability that has a note."""
    return "".join(f" {name}: {note}." for name, note in noted if note)


def _who(turbine: object) -> str:
    return "The fleet" if turbine == FLEET else called(turbine, first=True)
