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
# # A first grid-forming converter
#
# One converter at a grid: steps, waveforms, modes; then following against forming control where the grid gets weak, and
# an island. Open the notebook with `jupytext --to notebook examples/gridforming_first_converter.py`; as a plain script
# it shows nothing. The first run after an installation compiles the model, which takes up to a minute.

# %%
# %matplotlib inline
import numpy as np
import pandas as pd

import gridforming as gf
from gridforming import plots


def unit(control, bus="pcc", active=0.5):
    return gf.Converter(name="unit", bus=bus, rated_power=1e6, control=control, active=active)


def at_grid(control, strength=3.0, active=0.5):
    grid = gf.Grid.of_strength("grid", "pcc", strength, x_over_r=10.0)
    network = gf.Network(buses=("pcc",), elements=(grid,), power=1e6)
    return gf.System(network=network, converters=(unit(control, active=active),))


system = at_grid(gf.Forming(law=gf.Droop(droop=0.02)))

# %% [markdown]
# ## A step of power, a jump of the grid's phase
# A run begins at rest. The network is solved in a frame that turns with it, so that nothing moves until something
# happens. Powers are in per unit of the converter's rating, voltages of the nominal peak.

# %%
events = [
    gf.SetReference(time=0.1, converter="unit", active=0.8),
    gf.SetGrid(time=0.5, grid="grid", phase_jump=np.radians(-5.0)),
]
run = gf.simulate(system, 1.0, events=events)
plots.plot_run(run)

# %% [markdown]
# ## The same as waveforms
# With `waveforms=True` the network stands in a frame at rest. The control is the same compiled code; here the network
# takes four steps for each of its samples.

# %%
waves = gf.simulate(system, 1.0, events=events, waveforms=True, time_step=125e-6 / 4, output_step=125e-6)
plots.plot_waveforms(waves, "unit.bridge", span=(0.48, 0.56))

# %%
difference = np.abs(waves.converter("unit", "active_power") - run.converter("unit", "active_power"))
f"largest difference of active power between both: {difference.max():.1e} pu"

# %% [markdown]
# ## Modes
# Derivatives of the step that ran above, at its operating point; each mode has the name of the state that takes most
# part in it.

# %%
linear = gf.linearise(gf.operating_point(system))
plots.plot_modes(linear)

# %%
pd.DataFrame(
    {
        "decay [1/s]": [-mode.s.real for mode in linear.modes()],
        "frequency [Hz]": [mode.frequency_hz for mode in linear.modes()],
        "damping": [mode.damping for mode in linear.modes()],
        "state": [next(iter(mode.participation)) for mode in linear.modes()],
    }
).round(3)

# %%
machine = gf.linearise(gf.operating_point(at_grid(gf.Forming(law=gf.VirtualMachine()))))
plots.plot_response({"droop": linear, "virtual machine": machine}, "active_power of unit", "active of unit")

# %% [markdown]
# ## Following and forming where the grid gets weak
# Both give 0.8 pu while the short-circuit ratio falls from 8 to 1. The following converter synchronises by a
# phase-locked loop of 20 Hz and holds the voltage by its reactive power. Its loop gets slow and loses damping, and a
# second mode, of grid and loop together, begins to grow.

# %%
strengths = np.geomspace(8.0, 1.0, 25)


def over_strength(control):
    return [gf.linearise(gf.operating_point(at_grid(control, strength, 0.8))) for strength in strengths]


following = gf.Following(pll_bandwidth_hz=20.0, voltage_rate=20.0)
plots.plot_loci(strengths, over_strength(following), parameter="short-circuit ratio")

# %% [markdown]
# The forming converter likes the weak grid: what oscillates at the strong one comes to rest, and nothing grows. Its
# slowest mode is the angle, which a weak grid holds less firmly.

# %%
plots.plot_loci(strengths, over_strength(gf.Forming(law=gf.Droop())), parameter="short-circuit ratio", fastest=60.0)

# %% [markdown]
# ## Islanding
# A breaker leaves a converter with droop alone with a load. The load takes 0.418 pu at the island's voltage, and the
# frequency rises by droop times what is missing from the reference: 50 Hz (1 + 0.02 (0.6 - 0.418)) = 50.18 Hz.

# %%
network = gf.Network(
    buses=("pcc", "plant"),
    elements=(
        gf.Grid.of_strength("grid", "pcc", 3.0, x_over_r=10.0),
        gf.Breaker(name="breaker", start="pcc", end="plant"),
        gf.Load(name="load", bus="plant", active=0.4, reactive=0.1),
    ),
    power=1e6,
)
forming = unit(gf.Forming(law=gf.Droop(droop=0.02)), bus="plant", active=0.6)
opened = [gf.Switch(time=0.2, breaker="breaker", closed=False)]
island = gf.simulate(gf.System(network=network, converters=(forming,)), 1.0, events=opened)
plots.plot_run(island)

# %%
island.notes, 50.0 * island.converter("unit", "speed")[-1]
