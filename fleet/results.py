"""What the pipeline produces: frozen records of labelled tables. Report, commands and notebooks read only these.

Every table is a plain DataFrame with the columns listed here, sorted by its leading columns. Turbine "fleet" stands for
all of them together. Months are text "2014-01" in UTC. NaN means "not determinable"; the `note` column says why.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from fleet.config import Farm as FarmConfig

__all__ = [
    "Alarms",
    "Availability",
    "Clock",
    "Energy",
    "Failure",
    "Finding",
    "FleetResults",
    "PowerCurves",
    "Quality",
    "Reference",
    "Sensors",
    "Wind",
]


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A turbine that was left out because a step of the work on it failed again and again."""

    turbine: str
    step: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that needs the reader's attention."""

    severity: str  #: "alarm", "warning" or "note"
    text: str  #: one sentence with the figure in it
    section: str  #: id of the report's section that shows it


@dataclass(frozen=True, kw_only=True)
class Clock:
    """What the clock check found."""

    #: turbine, records, expected_records, first, last, exact_duplicates, conflicting_pairs, missing_stamps, true_holes,
    #: verdict, clock, shifted_rows, holes_after, duplicates_after
    table: pd.DataFrame
    #: stamps ("as written", "corrected"), season ("standard time", "daylight saving" or "all"; of the written offset),
    #: lag_min, correlation, u_lag_min, blocks, method: by how much stamps run ahead of reanalysis
    reanalysis_lag: pd.DataFrame
    notes: tuple[str, ...] = ()  #: the evidence in sentences
    offset_hint: str = ""  #: what speaks against the offset of the stamps, and what to set


@dataclass(frozen=True, kw_only=True)
class Quality:
    """Row accounting, overlapping flags and coverage."""

    #: turbine, use, reason (a `Flag` name in lower case, or "used"), rows; sums to rows in per turbine and use
    accounting: pd.DataFrame
    #: turbine, flag, rows: overlapping, does not add up; of the rows not selected only their number
    flags: pd.DataFrame
    #: turbine, date (datetime64), expected, used, rejected, missing: intervals, for the use "availability"
    coverage: pd.DataFrame
    #: turbine, rows_in, expected, missing: missing are grid intervals without any row
    rows: pd.DataFrame
    #: turbine, flag ("curtailed", "derated", "icing"; a row of several counts for the first), hours, known_h (of these
    #: with an expected power), lost_mwh (below the turbine's own curve, NaN where none is known); None: not determined
    held: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()  #: rows that were set aside for their stamps


@dataclass(frozen=True, kw_only=True)
class PowerCurves:
    """Measured power curves by the method of bins on nacelle wind, and what follows from them."""

    #: turbine, bin, wind_speed, power_kw, power_std_kw, n, hours, complete, interpolated, cp, u_a_kw, u_b_kw, u_c_kw
    bins: pd.DataFrame
    #: turbine, wind_speed_avg, aep_measured_mwh, aep_extrapolated_mwh, u_aep_mwh, incomplete (the curve begins above
    #: cut-in, or measured is below 95 % of extrapolated); NaN where it begins more than one bin above cut-in
    aep: pd.DataFrame
    #: turbine, hours, required_hours, bins_complete, bins_in_range, range_low, range_high, complete, density
    #: (mean air density), density_source
    completeness: pd.DataFrame
    #: turbine, wind_speed, power_kw: smooth monotone curve of expected power, NaN where nothing was measured
    expected: pd.DataFrame
    #: turbine, common_hours, energy_mwh, expected_mwh, index, u_index, rank: against the fleet's curve, common periods;
    #: without two turbines to compare index and u_index are NaN, the rank is 0
    ranking: pd.DataFrame
    #: turbine, wind_speed, power_kw (lower edges), used, rejected: counts of records, cells with any
    scatter: pd.DataFrame
    scatter_steps: tuple[float, float] = (0.25, 25.0)  #: width [m/s] and height [kW] of a scatter cell
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Measured curves against the reference curve of `farm.toml`, which itself carries no uncertainty."""

    #: turbine, reference, source, density (that it is for), density_basis (that it is shown at), bins_compared,
    #: bins_outside (measured, but beyond the reference's wind speeds), greatest_kw (of the reference), rated_kw
    table: pd.DataFrame
    #: turbine, wind_speed, power_kw: points of the reference at the density of the measured curves
    curve: pd.DataFrame
    #: turbine, bin, wind_speed, first_kw (reference), second_kw (measured), difference_kw, u_kw, in_u (difference / u)
    bins: pd.DataFrame
    #: turbine, wind ("measured" or "Rayleigh"), wind_speed_avg, aep_first_mwh (reference), aep_second_mwh (measured),
    #: change_mwh, u_change_mwh, ratio, u_ratio, incomplete
    aep: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Availability:
    """Availability after IEC 61400-26-1 with its evidence."""

    #: turbine, view ("operational", "technical", "contractual"), evidence ("status log", "state timers",
    #: "inferred", "none"),
    #: time_based, production_based, available_h, unavailable_h, excluded_h, unallocated_h, coverage, produced_mwh,
    #: lost_mwh, potential_source, u_potential_mwh, note
    table: pd.DataFrame
    #: turbine, month, time_based, production_based, coverage (operational view)
    monthly: pd.DataFrame
    #: turbine, month, category, hours, lost_mwh
    categories: pd.DataFrame
    #: turbine, start, end, hours, category, code, message, lost_mwh, open_end
    stops: pd.DataFrame
    #: turbine, failures, brief_stops (of state timers: short, without an alarm, no failures), operating_h, repair_h,
    #: mtbf_h, mttr_h, note
    reliability: pd.DataFrame
    #: turbine, figure (what the operator calls it), operator_time_based, time_based (ours, operational view),
    #: difference (theirs less ours), coverage (of theirs); None where the data hold no figure of the operator's
    operator: pd.DataFrame | None = None
    #: turbine, month, figure, operator_time_based, time_based, difference; None as above
    operator_monthly: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Alarms:
    """Events of the status and alarm logs in the analysed period by status, code and message."""

    #: status, code, message, events, open (events without an end), hours (union per turbine, NaN where no event has an
    #: end), turbines, ranked_by ("hours", or "events" where most events of the status have no end), share and
    #: cumulative [1] of the status' hours or events, the largest first within each status; informational rows are no
    #: alarms: they come last, without a rank ("") and a share
    fleet: pd.DataFrame
    #: turbine, status, code, message, events, open, hours; in the fleet's order
    by_turbine: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Energy:
    """Production, expected production, losses and the meter."""

    #: turbine, month, energy_mwh, expected_mwh (of the records with an expected power), capacity_factor (of the
    #: covered hours), coverage
    monthly: pd.DataFrame
    #: turbine, energy_mwh, expected_mwh, capacity_factor, covered_h, period_h, coverage
    totals: pd.DataFrame
    #: turbine, step, energy_mwh: a waterfall; steps add up from "potential" to "measured"
    losses: pd.DataFrame
    #: month, turbines_mwh, meter_mwh, ratio, intervals (that were compared: both have them), of (intervals that the
    #: meter has); the last row is "all"
    reconciliation: pd.DataFrame
    #: item, ours_mwh, publisher_mwh, note
    publisher: pd.DataFrame
    #: kind, hours, energy_mwh: what the fleet's step "partial performance" consists of; None: not determined
    partial: pd.DataFrame | None = None
    unlogged_h: float = 0.0  #: time that turbines stood still in wind while their status logs say in service [h]
    compared: str = ""  #: which intervals of the meter were compared, and which were left out; empty without a meter
    meter_note: str = ""  #: what speaks against the meter as a measurement of its own, where something does
    avoided_t: float | None = None  #: avoided emissions [t CO2e], only with a factor that the user gives
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Wind:
    """Wind statistics of the nacelle anemometers."""

    #: turbine, mean, std, weibull_k, weibull_a, turbulence_15 (NaN without a standard deviation), hours
    stats: pd.DataFrame
    #: turbine, sector_deg (centre), bin_low (m/s), n
    rose: pd.DataFrame
    #: turbine, month, mean
    monthly: pd.DataFrame
    sector_width_deg: float = 30.0


@dataclass(frozen=True, kw_only=True)
class Sensors:
    """Anemometers, thermometers and directions against the other turbines', and the vane angle of most power."""

    #: turbine, month, records, drift [m/s], u_drift [m/s], flagged
    drift: pd.DataFrame
    #: turbine, month, records, drift [K], u_drift [K], flagged: of the outdoor temperature, for which no row has a flag
    temperature: pd.DataFrame
    #: signal (column of the schema), turbine, month, records, offset_deg, step_deg, flagged
    north: pd.DataFrame
    #: turbine, misalignment_deg, u_deg, exponent, records, significant, note
    yaw: pd.DataFrame
    notes: tuple[str, ...] = ()  #: what cannot be told, and why


@dataclass(frozen=True, kw_only=True)
class FleetResults:
    """Everything that one run found out about a farm."""

    farm: FarmConfig  #: its turbines are those with data
    start: pd.Timestamp
    end: pd.Timestamp
    #: file, format, kind, rows, turbines, first, last, stamps, note
    sources: pd.DataFrame
    #: clock to sensors: the reasons why a part is absent stand in `absent`
    clock: Clock | None = None
    quality: Quality | None = None
    curves: PowerCurves | None = None
    reference: Reference | None = None  #: None also where no reference curve is set
    availability: Availability | None = None
    alarms: Alarms | None = None
    energy: Energy | None = None
    wind: Wind | None = None
    sensors: Sensors | None = None
    absent: dict[str, str] = field(default_factory=dict)  #: section id -> why it has no data
    without_data: tuple[str, ...] = ()  #: listed turbines that no file holds anything of
    failed: tuple[Failure, ...] = ()  #: turbines that were left out because the work on them failed
    not_read: tuple[str, ...] = ()  #: tables of no known format, which nothing was taken of
    findings: tuple[Finding, ...] = ()

    def why_absent(self, *sections: str) -> str:
        """Return why the first of some sections that lacks data does, without a full stop; empty where none does."""
        return next((self.absent[name].rstrip(".") for name in sections if name in self.absent), "")
