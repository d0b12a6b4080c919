"""Measured power curves against a reference: a published or warranted curve at the same air density.

The measured curve stands on the nacelle's wind, so that the comparison is a hint and no test of a warranty
(IEC 61400-12-1 asks for a mast, IEC 61400-12-2 for a transfer function).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fleet.config import Farm
from fleet.curve_pair import AEP_COLUMNS, BIN_COLUMNS, MEASURED, CurvePair, usable_bins
from fleet.power_curve import normalised_wind
from fleet.reference_curve import ReferenceCurve
from fleet.results import Finding, FleetResults, PowerCurves, Reference
from fleet.schema import FLEET
from fleet.turbine_names import called
from fleet.wording import listed

__all__ = ["NO_TEST", "reference_findings", "reference_pair", "reference_result"]

NO_TEST = (
    "The measured curve stands on the nacelle anemometer's wind, which the rotor disturbs, without a transfer function "
    "(IEC 61400-12-2): no certified power performance test, and no proof for or against a warranty."
)
_ANOTHER_MACHINE = 0.1  # of rated power
_TABLE_COLUMNS = (
    "turbine", "reference", "source", "density", "density_basis", "bins_compared", "bins_outside", "greatest_kw",
    "rated_kw",
)  # fmt: skip


def reference_pair(bins: pd.DataFrame, reference: ReferenceCurve, density: float) -> CurvePair:
    """Return a reference (first) and a measured curve (second) at the measured bins' mean wind speeds.

    Parameters
    ----------
    bins : DataFrame
        Result of `fleet.curve_pair.usable_bins`.
    reference : ReferenceCurve
        Read linearly between its points; bins beyond them are left out.
    density : float
        Air density that the measured curve is normalised to [kg/m3]. The reference's wind speeds are brought to it by
        (rho / rho0)^(1/3), as the standard does for pitch-controlled turbines.
    """
    points = normalised_wind(reference.wind_speed, reference.density, density)
    wind = bins["wind_speed"].to_numpy(np.float64)
    inside = (wind >= points[0]) & (wind <= points[-1])
    kept = bins[inside]
    exact = np.zeros(len(kept))
    return CurvePair(
        bins=kept["bin"].to_numpy(np.int64),
        wind_speed=wind[inside],
        records=kept["n"].to_numpy(np.int64),
        first=np.asarray(np.interp(wind[inside], points, reference.power_kw), np.float64),
        second=kept["power_kw"].to_numpy(np.float64),
        u_a=(exact, kept["u_a_kw"].to_numpy(np.float64)),
        u_b=(exact, kept["u_b_kw"].to_numpy(np.float64)),
        correlated=False,
    )


def reference_result(curves: PowerCurves, farm: Farm, references: Mapping[str, ReferenceCurve]) -> Reference:
    """Compare every turbine that has a reference, and the fleet where all have the same.

    Parameters
    ----------
    curves : PowerCurves
        Measured curves.
    farm : Farm
        Ratings and settings.
    references : mapping of turbine's name to ReferenceCurve
        From `fleet.reference_curve.reference_curves`.
    """
    settings = farm.power_curve
    rated = {turbine.name: turbine.rated_power_kw for turbine in farm.turbines}
    chosen = {name: references[name] for name in rated if name in references}
    if len(chosen) == len(rated) and len({curve.name for curve in chosen.values()}) == 1:
        chosen[FLEET] = next(iter(chosen.values()))
        rated[FLEET] = float(np.mean(sorted(rated.values())))
    rows, points, bins, aep = [], [], [], []
    for name, reference in chosen.items():
        measured = usable_bins(curves.bins, name)
        pair = reference_pair(measured, reference, settings.reference_density)
        outside = len(measured) - pair.bins.size
        top = float(reference.power_kw.max())
        rows.append(
            (name, reference.name, reference.source, reference.density, settings.reference_density, pair.bins.size,
             outside, top, rated[name])
        )  # fmt: skip
        wind = normalised_wind(reference.wind_speed, reference.density, settings.reference_density)
        points.append(pd.DataFrame({"turbine": name, "wind_speed": wind, "power_kw": reference.power_kw}))
        bins.append(pair.table().assign(turbine=name))
        aep.append(pair.energies(settings).assign(turbine=name))
    return Reference(
        table=pd.DataFrame(rows, columns=list(_TABLE_COLUMNS)).astype({"turbine": "str"}),
        curve=pd.concat(points, ignore_index=True),
        bins=pd.concat(bins, ignore_index=True)[["turbine", *BIN_COLUMNS]],
        aep=pd.concat(aep, ignore_index=True)[["turbine", *AEP_COLUMNS]],
        notes=_notes(farm, rows),
    )


def reference_findings(results: FleetResults) -> list[Finding]:
    """Return which turbines differ from their reference, and references of other machines."""
    if results.reference is None:
        return []
    found = []
    table = results.reference.table
    for row in table[table["turbine"] != FLEET].drop_duplicates(["reference", "rated_kw"]).to_dict("records"):
        if abs(row["greatest_kw"] / row["rated_kw"] - 1.0) > _ANOTHER_MACHINE:
            text = (
                f"The reference curve {row['reference']} reaches {row['greatest_kw']:,.0f} kW, "
                f"{called(row['turbine'])} is rated {row['rated_kw']:,.0f} kW: it is another machine's."
            )
            found.append(Finding(severity="warning", text=text, section="reference"))
    aep = results.reference.aep
    here = aep[(aep["wind"] == MEASURED) & (aep["turbine"] != FLEET) & aep["ratio"].notna()]
    for row in here[(here["ratio"] - 1.0).abs() > 2.0 * here["u_ratio"]].to_dict("records"):
        text = (
            f"{called(row['turbine'], first=True)}: on nacelle wind {100 * row['ratio']:.1f} % of the reference "
            f"curve's energy (standard uncertainty {100 * row['u_ratio']:.1f} %); no certified test."
        )
        severity = "warning" if row["ratio"] < 1.0 else "note"
        found.append(Finding(severity=severity, text=text, section="reference"))
    return found


def _notes(farm: Farm, rows: list[tuple[str, str, str, float, float, int, int, float, float]]) -> tuple[str, ...]:
    settings, notes = farm.power_curve, [NO_TEST]
    moved = sorted({(row[1], row[3]) for row in rows if abs(row[3] - row[4]) > 1e-9})
    for reference, density in moved:
        notes.append(
            f"{reference} is for an air density of {density:g} kg/m3; its wind speeds were brought to "
            f"{settings.reference_density:g} kg/m3 by (rho / rho0)^(1/3)."
        )
    if settings.density == "none":
        notes.append(
            "The measured wind speeds are not corrected for air density (density = none): at another density than the "
            "reference's the curves differ for that reason alone."
        )
    without = [turbine.name for turbine in farm.turbines if turbine.name not in {row[0] for row in rows}]
    if without:
        notes.append(f"No reference for the model of {listed(without)}.")
    return tuple(notes)
