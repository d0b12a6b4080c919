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
# # Availability from state timers
#
# Hill of Towie, July 2024: the controllers of 21 Siemens SWT-2.3 count the seconds of every ten minutes in which they
# were ready, in operation, or stopped for one of four reasons. There is no status log of the month, and power and wind
# are not needed: the timers are the evidence.

# %%
# %matplotlib inline
import pandas as pd

import fleet
from fleet import plots
from fleet.alarms import alarms_result
from fleet.logs import read_logs
from fleet.pipeline import RunOptions, convert_files
from fleet.schedule import cache_of
from fleet.times import to_us

farm = fleet.open("hill_of_towie")
availability = farm.availability()
whole = availability.table.query("turbine == 'fleet'").set_index("view")
whole[["evidence", "time_based", "available_h", "unavailable_h", "excluded_h", "unallocated_h", "coverage"]]

# %% [markdown]
# ## Two figures from the same timers
# The turbines were not ready for 286 h. Their four stop timers explain 31 h of these, so who counts stop timers alone
# finds a tenth of the downtime. Not ready is out of service here, and what no stop timer explains has no category.

# %%
stops = availability.stops
not_ready = stops["hours"].sum()
explained = stops.loc[stops["category"] != "unallocated", "hours"].sum()
known = whole.loc["operational", ["available_h", "unavailable_h"]].sum()
figures = pd.DataFrame({"hours": {"not ready": not_ready, "of these explained by a stop timer": explained}})
figures.assign(availability=1.0 - figures["hours"] / known).round(4)

# %%
print("\n".join(availability.notes))

# %% [markdown]
# ## Where the stops came from
# Forced outages are 139 short stops; out of environmental specification is mostly the untwisting of cables. Nine tenths
# have no category.

# %%
stops.groupby("category")["hours"].agg(["sum", "size", "max"]).round(2)

# %%
plots.plot_categories(availability.categories.query("category != 'ready_standby' and month == '2024-07'")).figure

# %%
start, end = farm.results.start, farm.results.end
worst = stops.groupby("turbine")["hours"].sum().nlargest(10).index
plots.plot_stops(stops[stops["turbine"].isin(worst)], order=list(worst), period=(start, end)).figure

# %% [markdown]
# The timers' file names the alarm that was active in each ten minutes. Of several hundred codes the publisher describes
# twelve; 50 h belong to a code that says low wind.

# %%
described = pd.read_csv(farm.dataset.folder / "Hill_of_Towie_alarms_description.csv", index_col="Alarm Code")
codes = stops[stops["code"] != ""].groupby("code")["hours"].agg(["sum", "size"]).nlargest(8, "sum").round(2)
codes.assign(description=described["Description"].reindex(codes.index.astype(int)).fillna("").to_numpy())

# %% [markdown]
# ## Top alarms of the log
# The sample's alarm log is the begin of January 2019, five years before its timers, so a report of July 2024 shows none
# of it. Its alarms have no end: they are ranked by their number.

# %%
options = RunOptions()
with cache_of(options) as store:
    logs, _ = read_logs(farm.dataset, convert_files(farm.dataset, "events", options, store), store)
days = to_us(pd.Timestamp("2019-01-01", tz="UTC")), to_us(pd.Timestamp("2019-02-01", tz="UTC"))
alarms = alarms_result({turbine: log.events for turbine, log in logs.items()}, days)
alarms.fleet[["status", "code", "message", "events", "turbines", "ranked_by", "cumulative"]].round(3)

# %%
plots.plot_alarms(alarms.fleet)

# %% [markdown]
# ## A publisher's rules: SDWPF
# Two days of 67 turbines. The publisher calls a record unknown where the turbine stands in wind or its blades are
# feathered. These rows keep their place in the accounting and count in no figure, so what is left says nothing of the
# availability: 100 % of four fifths of the time.

# %%
sdwpf = fleet.open("sdwpf")
print(next(finding.text for finding in sdwpf.results.findings if "publisher" in finding.text))
sdwpf.quality().accounting.pivot_table(index="reason", columns="use", values="rows", aggfunc="sum", fill_value=0)

# %%
inferred = sdwpf.availability().table.query("turbine == 'fleet' and view == 'operational'")
inferred[["evidence", "time_based", "excluded_h", "coverage"]].round(4)
