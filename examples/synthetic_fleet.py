# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # A fleet with known truth
#
# A synthetic farm is written as a vendor would export it, analysed as any other, and the answer compared with what is
# true.

# %%
# %matplotlib inline
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd

import fleet
from fleet.synthetic import FleetSpec, expected_curve, read_truth, synthesise

spec = FleetSpec(turbines=4, days=180, seed=2)
synthesise(Path("made_up"), spec, format="greenbyte", truth=Path("truth.parquet"))
truth = read_truth(Path("truth.parquet"))
farm = fleet.open("made_up")

# %% [markdown]
# ## Availability
# Time-based availability from the status log is exact. Production-based availability needs the power that was possible,
# which the analysis has to estimate.

# %%
found = farm.availability().table.query("view == 'operational' and turbine != 'fleet'").set_index("turbine")
known = truth.availability()
names = ["time_based", "production_based"]
pd.concat({"found": found[names], "true": known[names]}, axis=1).round(4)

# %% [markdown]
# ## Power curve
# The measured curve of one turbine, and the one that an endless healthy run with the same sensors would show. Without
# the sensors' biases it would be the dotted one: that far can a nacelle anemometer mislead.

# %%
bins = farm.power_curves().bins.query("turbine == 'T0001' and complete")
with_bias, without = (expected_curve(spec, turbine, size=1_000_000).loc[8:36] for turbine in (0, None))
axes = plt.figure(figsize=(7, 4)).add_subplot()
axes.errorbar(bins["wind_speed"], bins["power_kw"], 2 * bins["u_c_kw"], fmt=".", label="measured, with 2 u")
axes.plot(with_bias["wind_speed"], with_bias["power_kw"], label="true, sensors of T0001")
axes.plot(without["wind_speed"], without["power_kw"], ":", label="true, sensors without bias")
axes.set(xlabel="wind speed [m/s]", ylabel="power [kW]", xlim=(2, 18))
axes.legend()
axes.figure
