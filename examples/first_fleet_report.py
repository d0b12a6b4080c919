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
# # A first look at a wind farm
#
# La Haute Borne: four Senvion MM82, two years of 10-minute records as the publisher exported them. Open the notebook
# with `jupytext --to notebook examples/first_fleet_report.py`, or run it as a script.

# %%
# %matplotlib inline
import fleet
from fleet import plots

farm = fleet.open("la_haute_borne")
farm.headline()

# %% [markdown]
# ## What needs attention
# The clock check comes before everything else. Here it finds a fixed clock that was given daylight-saving offsets, and
# puts it right; the evidence is listed, and the reanalysis, which knows nothing of the stamps, agrees.

# %%
for finding in farm.results.findings:
    print(f"{finding.severity:8}{finding.text}")

# %%
clock = farm.clock()
print("\n".join(clock.notes))
plots.plot_clock(clock.reanalysis_lag).figure

# %% [markdown]
# ## Power curves
# Method of bins after IEC 61400-12-1, on nacelle wind: without a transfer function it compares turbines and periods, it
# does not prove a warranty.

# %%
curves = farm.power_curves()
complete = curves.bins.query("turbine == 'R80711' and complete")
complete[["wind_speed", "power_kw", "n", "cp", "u_a_kw", "u_b_kw"]].head(12)

# %%
plots.plot_power_curves(curves)

# %%
curves.ranking

# %% [markdown]
# ## Availability
# La Haute Borne comes without a status log: only the operational view can be inferred from wind and power. With a log
# (try `fleet.open("penmanshiel")`) the categories of IEC 61400-26-1 stand in its place.

# %%
availability = farm.availability()
availability.table[["turbine", "view", "evidence", "time_based", "production_based", "coverage", "lost_mwh", "note"]]

# %%
plots.plot_availability_months(availability.monthly).figure

# %%
fleet.open("penmanshiel").availability().stops.head(8)

# %% [markdown]
# ## Energy and losses

# %%
plots.plot_losses(farm.energy().losses).figure

# %%
farm.energy().publisher

# %% [markdown]
# ## The whole report
# One HTML page with its tables and figures, as `wind-fleet report la_haute_borne --out build/notebook` writes it.

# %%
farm.report("build/notebook")
