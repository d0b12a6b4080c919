"""CPU time of every scenario that comes with the product, and how much faster than real time it runs.

Run on a quiet machine: `python benchmarks/gridforming_scenarios.py`. Medians of three runs after one that is not
counted, which compiles; a run goes from the operating point, or from dark, to its rows, without loading of the file.
Goal: the black start over 60 s (`run.duration` 60) at least 30 x real time.
"""

from __future__ import annotations

import sys

from cpu_time import median_cpu_s

RUNS = 3
GOAL = 30.0  # x real time, of the black start over a minute
MINUTE: dict[str, object] = {"run.duration": 60.0}


def timed(name: str, values: dict[str, object], alternative: str = "") -> tuple[float, float, float]:
    """Return simulated time [s], median CPU time over all threads [s] and the network step [us]."""
    from gridforming.scenario import load_scenario, run_scenario

    scenario = load_scenario(name, values, alternative=alternative)
    step = 1e6 * run_scenario(scenario).model.time_step
    return scenario.run.duration, median_cpu_s(lambda: run_scenario(scenario), runs=RUNS), step


def main() -> None:
    """Print one line for each scenario and alternative, and one for the black start over a minute."""
    from gridforming.scenario import load_scenario, scenario_names

    jobs: list[tuple[str, str, dict[str, object]]] = []
    for name in scenario_names():
        jobs += [(name, other, {}) for other in ("", *(o.name for o in load_scenario(name).alternatives))]
    jobs.append(("black_start", "", MINUTE))
    sys.stdout.write(f"{'':<44}{'simulated s':>12}{'step us':>9}{'CPU s':>8}{'x real time':>13}\n")
    reached = 0.0
    for name, alternative, values in jobs:
        duration, cpu, step = timed(name, values, alternative)
        label = name + (f"@{alternative}" if alternative else "") + (", one minute" if values else "")
        sys.stdout.write(f"{label:<44}{duration:12g}{step:9.4g}{cpu:8.3f}{duration / cpu:13.1f}\n")
        sys.stdout.flush()
        reached = duration / cpu
    sys.stdout.write(f"\nBlack start over a minute: {reached:.0f} x real time, goal {GOAL:g} x\n")
    if reached < GOAL:
        sys.exit("the goal is missed")


if __name__ == "__main__":
    main()
