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
# # A turbine in turbulence
#
# The NREL 5 MW turbine with its controller: steady operation, two minutes of turbulent wind, a step in power for the
# grid and what its shaft feels of it. Open the notebook with
# `jupytext --to notebook examples/turbine_in_turbulence.py`; as a plain script it shows nothing. The first run after an
# installation compiles the model, which takes up to half a minute.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd

import turbine
from turbine import plots
from turbine.control import controller
from turbine.design import design_drive_train_damper
from turbine.linear import linearise
from turbine.loads import load_summary
from turbine.model import build
from turbine.simulation import Schedule
from turbine.steady import steady_table
from turbine.trim import References
from turbine.wind import ntm, wind_class

machine = turbine.load("nrel_5mw")

# %% [markdown]
# ## Steady operation
# Where machine and controller settle, by wind speed: power and thrust curve follow.

# %%
steady = steady_table(machine, np.arange(3.0, 25.5, 1.0))
plots.plot_steady(steady)

# %% [markdown]
# ## Turbulence
# Normal turbulence of class IB, averaged over the rotor; shear and tower shadow add what comes three times a turn.
# A seed stands for one wind, the same on every machine.

# %%
wind = ntm(15.0, wind_class("IB"), hub_height=90.0, rotor_diameter=126.0, duration=120.0, time_step=0.1, seed=3)
result = turbine.simulate(machine, wind, shear_exponent=0.2, tower_shadow=True)
plots.plot_overview(result)

# %%
result.energy, result.energy.residual / result.energy.passed

# %% [markdown]
# ## A step in power for the grid
# The machine is held at 4.5 MW; after 60 s the grid asks for 5 MW. Three ways to make that step: the turbine's
# controller, the same with a damper of the drive train, and a converter that holds electrical power exactly.

# %%
held, free = References(power_limit=4.5e6), References(power_limit=5.0e6)
grid = Schedule(references={0.0: held, 60.0: free})
gain, frequency = design_drive_train_damper(machine, 0.05)
damped = controller(machine, drive_train_damper=gain, drive_train_frequency=frequency)
exact = np.where(np.arange(12_000) < 6_000, 4.5e6, 5.0e6)  # one value for each 0.01 s

runs = {
    "controller": turbine.simulate(machine, wind, schedule=grid),
    "controller with damper": turbine.simulate(machine, wind, schedule=grid, settings=damped),
    "power held exactly": turbine.simulate(machine, wind, schedule=grid, power=exact),
}

# %%
window = {name: run.table().loc[58.0:68.0] for name, run in runs.items()}
power = pd.DataFrame({name: table["electrical_power"] / 1e6 for name, table in window.items()})
torque = pd.DataFrame({name: table["shaft_torque"] / 1e6 for name, table in window.items()})
ax = power.plot(xlabel="time [s]", ylabel="electrical power [MW]", figsize=(9, 3))

# %%
ax = torque.plot(xlabel="time [s]", ylabel="shaft torque [MN m]", figsize=(9, 3))

# %% [markdown]
# The step rings the shaft at 1.7 Hz. Power that is held exactly means less torque where the generator turns faster.
# That takes away more damping than the shaft has, so the oscillation grew before the step already and goes on growing.
# A converter needs an answer to that.
#
# Damage-equivalent loads (1 Hz, Woehler exponent 4, steel) tell the price. The third says no more than that no shaft
# would bear it.

# %%
equivalent = {
    name: load_summary(run["shaft_torque"], run.time_step, exponents=(4.0,)).equivalent_loads[4.0] / 1e3
    for name, run in runs.items()
}
pd.Series(equivalent, name="shaft torque, equivalent load [kN m]").round(0)

# %% [markdown]
# ## Linear modes
# Derivatives of the very step that simulates, at 15 m/s. Of all modes these belong to the machine, not to filters and
# estimator: tower, rotor speed with its controller, shaft, pitch drive.

# %%
modes = linearise(build(machine), 15.0).table().round(4)
modes[modes["state"].str.startswith("plant")]

# %% [markdown]
# With the damper, what oscillates faster than 1 Hz is the shaft together with the damper's band pass:

# %%
modes = linearise(build(machine, damped), 15.0).table().round(4)
modes[modes["frequency [Hz]"] > 1.0]
