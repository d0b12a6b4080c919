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
# # A wind turbine's converter in a grid that grows weak
#
# The short-circuit ratio falls from 10 to 1.2, line by line: following control against forming control, in time and by
# eigenvalues. Open with `jupytext --to notebook examples/gridforming_weak_grid.py`.

# %%
# %matplotlib inline
import pandas as pd

import gridforming as gf
from gridforming import plots
from gridforming.metrics import metrics
from gridforming.scenario import load_scenario, run_scenario

# %% [markdown]
# ## In time
#
# One file, two controls: `wind-sim show weak_grid_ramp` prints it.

# %%
scenarios = {
    "following": load_scenario("weak_grid_ramp"),
    "forming": load_scenario("weak_grid_ramp", alternative="forming"),
}
runs = {name: run_scenario(scenario) for name, scenario in scenarios.items()}
plots.plot_comparison(runs, title="Short-circuit ratio from 10 to 1.2")

# %% [markdown]
# The following converter loses its angle where the grid becomes weak. The forming one gives less for some tenths of a
# second each time, since the phase has jumped, and comes back.

# %%
found = {name: metrics(run)["buses"]["pcc"] for name, run in runs.items()}
pd.DataFrame(found).loc[["voltage_lowest_pu", "voltage_highest_pu", "voltage_outside_longest_s", "frequency_zenith_hz"]]

# %% [markdown]
# ## By eigenvalues
#
# The operating point is followed from a strong grid down, each from the one before; the loop has 20 Hz here.

# %%
CONTROLS = {"following": gf.Following(pll_bandwidth_hz=20.0), "forming": gf.Forming(law=gf.Droop(droop=0.02))}
ratios = [10.0, 5.0, 3.0, 2.5, 2.2, 2.0, 1.8, 1.6, 1.4, 1.2]
decay = pd.DataFrame(index=pd.Index(ratios, name="short-circuit ratio"), columns=list(CONTROLS), dtype=float)
for name, control in CONTROLS.items():
    unit = gf.Converter(name="unit", bus="pcc", rated_power=5e6, control=control, active=0.9)
    point = None
    for ratio in ratios:
        grid = gf.Grid.of_strength("grid", "pcc", ratio, x_over_r=10.0)
        network = gf.Network(buses=("pcc",), elements=(grid,), power=5e6)
        try:
            point = gf.operating_point(gf.System(network=network, converters=(unit,)), near=point)
        except gf.InitialisationError:
            break  # no point, no power: weaker grids have none either
        decay.loc[ratio, name] = -gf.linearise(point).modes()[0].s.real
decay.round(2)  # of the slowest mode [1/s]; negative: it grows; nothing: no operating point

# %%
ax = decay.plot(
    marker="o", xlabel="short-circuit ratio", ylabel="decay of the slowest mode [1/s]", grid=True, ylim=(-50, 130)
)
ax.axhline(0.0, color="black", linewidth=0.8)
ax.invert_xaxis()
