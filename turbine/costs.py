"""Levelised cost of energy in its simplest form, for the comparison of machines and of control settings."""

from __future__ import annotations

import math
from dataclasses import dataclass

from turbine.checks import check_positive, check_range
from turbine.errors import EnergyError

__all__ = ["Costs", "fixed_charge_rate", "lcoe_per_mwh"]


@dataclass(frozen=True)
class Costs:
    """What a machine costs, in one currency of one year.

    Parameters
    ----------
    capex : float
        Capital expenditure, once.
    fixed_charge_rate : float
        Share of it that falls on each year [1], from `fixed_charge_rate` or from whoever finances it.
    opex_per_year : float
        Operation and maintenance of a year.
    """

    capex: float
    fixed_charge_rate: float
    opex_per_year: float

    def __post_init__(self) -> None:
        check_range("capex", self.capex, 0.0, error=EnergyError)
        hint = "did you give percent?"
        check_range("fixed_charge_rate", self.fixed_charge_rate, 0.0, 1.0, above=True, hint=hint, error=EnergyError)
        check_range("opex_per_year", self.opex_per_year, 0.0, error=EnergyError)


def fixed_charge_rate(discount_rate: float, years: float) -> float:
    """Return the annuity that repays a sum of 1: i / (1 - (1 + i)^-n); taxes and insurance are not in it.

    Parameters
    ----------
    discount_rate : float
        Weighted average cost of capital i, real or nominal as the costs are [1].
    years : float
        Economic life n [a].

    Returns
    -------
    float
        Share of the capital that falls on each year [1].

    Raises
    ------
    EnergyError
        A rate below 0 or above 1, a life of zero or below.
    """
    check_range("discount_rate", discount_rate, 0.0, 1.0, hint="did you give percent?", error=EnergyError)
    check_positive("years", years, error=EnergyError)
    if discount_rate == 0.0:
        return 1.0 / years
    return -discount_rate / math.expm1(-years * math.log1p(discount_rate))


def lcoe_per_mwh(costs: Costs, energy_mwh: float) -> float:
    """Return the levelised cost of energy (capex * fixed charge rate + opex) / AEP.

    Source: NREL/TP-462-5173 (Short, Packey and Holt 1995), the form of NREL's Cost of Wind Energy Reviews.

    Parameters
    ----------
    costs : Costs
        Of the machine.
    energy_mwh : float
        Net energy of a year [MWh].

    Returns
    -------
    float
        Cost [currency per MWh].

    Raises
    ------
    EnergyError
        Energy of zero or below.
    """
    check_positive("energy_mwh", energy_mwh, unit="MWh", error=EnergyError)
    return (costs.capex * costs.fixed_charge_rate + costs.opex_per_year) / energy_mwh
