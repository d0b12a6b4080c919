"""Figures of others that several validation tests compare with; each with its source."""

from __future__ import annotations

__all__ = ["AEP_MWH", "ISO_2533", "SATURATION_PA"]

#: La Haute Borne: annual energy [MWh] in a Rayleigh wind of 6 m/s, independent evaluation of the publisher's CSV.
AEP_MWH = {"R80711": 4304.0, "R80721": 4319.0, "R80736": 4386.5, "R80790": 4398.2}

#: ISO 2533, standard atmosphere, dry air: geopotential altitude [m], pressure [Pa], density [kg/m3].
ISO_2533 = ((0.0, 101_325.0, 1.2250), (500.0, 95_461.0, 1.1673), (1000.0, 89_875.0, 1.1116), (2000.0, 79_495.0, 1.0065))

#: Steam tables: temperature [degC] and the saturation pressure of water vapour [Pa].
SATURATION_PA = ((0.0, 611.2), (10.0, 1228.0), (20.0, 2339.0), (30.0, 4247.0))
