"""Load cases against direct runs, the standard's turbulence, and sums by hand; any order and number of workers."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import turbine
from turbine.control import ControlSettings, controller
from turbine.energy import MeasuredDistribution, rayleigh
from turbine.errors import LoadError, MachineError, SimulationError, TrimError
from turbine.load_cases import LOADS, LoadCase, LoadTable, case_wind, design_load_cases, run_load_cases
from turbine.loads import load_summary, motion
from turbine.machine import Machine
from turbine.wind import ntm, wind_class

SETTLE = 20.0
SHORT: dict[str, Any] = {"settle": SETTLE, "time_step": 0.02, "scheduler": "synchronous"}


@pytest.fixture(scope="module")
def machine() -> Machine:
    return turbine.load("nrel_5mw")


@pytest.fixture(scope="module")
def settings(machine: Machine) -> dict[str, ControlSettings]:
    normal = controller(machine)
    return {"normal": normal, "derated": normal.replaced(rated_power=4e6, rated_torque=0.8 * normal.rated_torque)}


@pytest.fixture(scope="module")
def cases(settings: dict[str, ControlSettings]) -> tuple[LoadCase, ...]:
    return design_load_cases(
        [8.0, 12.0, 18.0], "IB", seeds=2, settings=settings, turbulence=("NTM", "ETM"), duration=40.0
    )


@pytest.fixture(scope="module")
def table(machine: Machine, cases: tuple[LoadCase, ...], settings: dict[str, ControlSettings]) -> LoadTable:
    return run_load_cases(machine, cases, settings, **SHORT)


def test_cases_are_the_product_of_what_was_asked(cases: tuple[LoadCase, ...]) -> None:
    assert len(cases) == 3 * 2 * 2 * 2
    assert len({case.name for case in cases}) == len(cases)
    assert {case.weight for case in cases if case.turbulence == "ETM"} == {0.0}
    assert len({case.seed for case in cases}) == 3 * 2 * 2  # the settings share them


def test_seeds_stay_when_others_are_added(cases: tuple[LoadCase, ...]) -> None:
    more = design_load_cases([6.0, 8.0, 12.0, 18.0], "IB", seeds=4, settings=["normal"], duration=40.0)
    seeds = {case.name: case.seed for case in more}
    mine = [case for case in cases if case.settings == "normal" and case.turbulence == "NTM"]
    assert [case.seed for case in mine] == [seeds[case.name] for case in mine]
    other = design_load_cases([8.0], "IB", seeds=1, settings=["normal"], base_seed=1)
    assert other[0].seed != seeds["NTM 8 m/s seed 1 normal"]


def test_settings_meet_the_same_wind_and_seeds_do_not(machine: Machine, cases: tuple[LoadCase, ...]) -> None:
    winds = {case.name: case_wind(machine, case).wind_speed for case in cases}
    one = winds["NTM 12 m/s seed 1 normal"]
    assert np.array_equal(one, winds["NTM 12 m/s seed 1 derated"])
    assert not np.allclose(one, winds["NTM 12 m/s seed 2 normal"])
    assert winds["ETM 12 m/s seed 1 normal"].std() > one.std()


def test_evaluated_wind_is_the_one_of_the_standard(machine: Machine, cases: tuple[LoadCase, ...]) -> None:
    """`turbine.wind.ntm`, continued backwards: it begins at its mean and has no jump."""
    case = cases[0]
    wind = case_wind(machine, case, settle=15.0)
    expected = ntm(
        case.wind_speed,
        wind_class("IB"),
        hub_height=machine.require("tower.hub_height"),
        rotor_diameter=2.0 * machine.require("rotor.radius"),
        duration=40.0,
        time_step=0.1,
        seed=case.seed,
    )
    assert np.array_equal(wind.wind_speed[150:], expected.wind_speed)
    assert wind.wind_speed[0] == case.wind_speed
    steps = np.abs(np.diff(wind.wind_speed))
    assert steps[:151].max() <= 1.5 * steps[151:].max()


def test_settling_may_last_longer_than_the_turbulence(machine: Machine, cases: tuple[LoadCase, ...]) -> None:
    wind = case_wind(machine, replace(cases[0], duration=10.0), settle=25.0)
    assert wind.wind_speed[100:].tolist()[50:150] == pytest.approx(wind.wind_speed[150:250])
    assert len(wind) == 350


def test_loads_are_those_of_a_direct_run(
    machine: Machine, cases: tuple[LoadCase, ...], settings: dict[str, ControlSettings], table: LoadTable
) -> None:
    case = next(c for c in cases if c.name == "NTM 12 m/s seed 2 derated")
    wind = case_wind(machine, case, settle=SETTLE)
    direct = turbine.simulate(machine, wind, settings=settings["derated"], time_step=0.02)
    kept = direct.time > SETTLE - 1e-6
    assert kept.sum() == 40.0 / 0.02
    found = table[case.name]
    for load, exponents in LOADS.items():
        expected = load_summary(direct[load][kept], 0.02, exponents=exponents)
        assert found.loads[load].statistics == expected.statistics
        assert found.loads[load].equivalent_loads == expected.equivalent_loads
    assert found.pitch_motion == motion(direct["pitch_angle"][kept], 0.02)
    assert found.mean_power == float(direct["electrical_power"][kept].mean())
    assert found.production == 1.0
    assert found.start_wind_speed == 12.0


def test_every_case_in_is_done_or_failed(table: LoadTable, cases: tuple[LoadCase, ...]) -> None:
    assert not table.failures
    assert sorted(table.results) == sorted(case.name for case in cases)
    assert len(table.table()) == len(cases) * len(LOADS)
    assert len(table.case_table()) == len(cases)


def test_stops_are_told_with_their_wind_speeds(table: LoadTable) -> None:
    assert table.stop_note("normal") == ""

    def stopped_at(*speeds: float) -> str:
        results = {
            name: replace(r, production=0.5 if r.case.wind_speed in speeds and r.case.turbulence == "ETM" else 1.0)
            for name, r in table.results.items()
        }
        return replace(table, results=results).stop_note("normal")

    assert stopped_at(18.0) == "stopped by itself in 2 of 12 load cases (18 m/s)"
    assert stopped_at(12.0, 18.0) == "stopped by itself in 4 of 12 load cases (12 to 18 m/s)"
    assert stopped_at(8.0, 18.0) == "stopped by itself in 4 of 12 load cases (8, 18 m/s)"


def test_a_machine_that_cuts_out_is_one_that_stopped_by_itself(machine: Machine) -> None:
    early = {"early": controller(machine, cut_out=16.0)}
    cases = design_load_cases([8.0, 18.0], "IB", seeds=1, settings=early, duration=40.0)
    table = run_load_cases(machine, cases, early, **SHORT)
    assert table.stop_note("early") == "stopped by itself in 1 of 2 load cases (18 m/s)"


@pytest.mark.parametrize(
    "how", [{"scheduler": "threads", "workers": 1}, {"scheduler": "threads", "workers": 3}, {"scheduler": None}]
)
def test_order_and_workers_change_no_byte(
    machine: Machine,
    cases: tuple[LoadCase, ...],
    settings: dict[str, ControlSettings],
    table: LoadTable,
    how: dict[str, Any],
) -> None:
    shuffled = [cases[k] for k in np.random.default_rng(3).permutation(len(cases))]
    other = run_load_cases(machine, shuffled, settings, **{**SHORT, **how})
    assert _bytes(other) == _bytes(table)


def test_processes_change_no_byte(
    machine: Machine, cases: tuple[LoadCase, ...], settings: dict[str, ControlSettings], table: LoadTable
) -> None:
    other = run_load_cases(machine, cases, settings, **{**SHORT, "scheduler": "processes", "workers": 2})
    assert _bytes(other) == _bytes(table)


def _bytes(table: LoadTable) -> bytes:
    life = table.lifetime(rayleigh(8.0))
    parts = [table.table().to_csv(), table.case_table().to_csv(), str(table.ultimate())]
    parts += [f"{name}: {one}" for name, one in life.items()]
    return "\n".join(parts).encode()


def test_life_against_a_sum_by_hand(table: LoadTable) -> None:
    """Bins end halfway: 6 to 10, 10 to 15, 15 to 21 m/s; hours by bin stand in the distribution."""
    wind = MeasuredDistribution(np.array([0.0, 6.0, 10.0, 15.0, 21.0, 30.0]), np.array([20.0, 40.0, 25.0, 10.0, 5.0]))
    share = {8.0: 0.4, 12.0: 0.25, 18.0: 0.1}
    for settings in ("normal", "derated"):
        life = table.lifetime(wind, years=25.0, reference_cycles=2e6)[settings]
        assert life.covered == pytest.approx(0.75)
        for load, exponents in LOADS.items():
            for m in exponents:
                damage = 0.0
                for speed, part in share.items():
                    for seed in (1, 2):
                        one = table[f"NTM {speed:g} m/s seed {seed} {settings}"].loads[load].equivalent_loads[m]
                        damage += part / 2.0 * 25.0 * 8760.0 * 3600.0 * one**m
                assert life.equivalent_loads[load][m] == pytest.approx((damage / 2e6) ** (1.0 / m), rel=1e-12)
        power = sum(
            part / 2.0 * table[f"NTM {speed:g} m/s seed {seed} {settings}"].mean_power
            for speed, part in share.items()
            for seed in (1, 2)
        )
        assert life.mean_power == pytest.approx(power, rel=1e-12)


def test_derating_saves_torque_and_costs_energy(table: LoadTable) -> None:
    life = table.lifetime(rayleigh(10.0))
    assert life["derated"].mean_power < 0.95 * life["normal"].mean_power
    most = table.ultimate()
    assert most["derated"]["shaft_torque"].maximum < most["normal"]["shaft_torque"].maximum


def test_weights_share_the_time_of_a_wind_speed(
    machine: Machine, cases: tuple[LoadCase, ...], settings: dict[str, ControlSettings]
) -> None:
    pair = [c for c in cases if c.wind_speed == 12.0 and c.settings == "normal" and c.turbulence == "NTM"]
    uneven = run_load_cases(machine, [replace(pair[0], weight=3.0), pair[1]], settings, **SHORT)
    life = uneven.lifetime(rayleigh(8.0))["normal"]
    whole = float(np.diff(rayleigh(8.0).cdf([11.0, 13.0]))[0])  # a single wind speed: two metres per second
    assert life.shares == {pair[0].name: pytest.approx(0.75 * whole), pair[1].name: pytest.approx(0.25 * whole)}


def test_extreme_turbulence_governs_with_its_factor(table: LoadTable) -> None:
    most = table.ultimate({"NTM": 1.0, "ETM": 10.0})["normal"]
    governing = most["tower_base_fore_aft_moment"]
    values = {
        name: 10.0 * result.loads["tower_base_fore_aft_moment"].statistics.maximum
        for name, result in table.results.items()
        if name.startswith("ETM") and name.endswith("normal")
    }
    assert governing.maximum == max(values.values())
    assert governing.maximum_case == max(values, key=lambda name: values[name])
    with pytest.raises(LoadError, match="EOG"):
        table.ultimate({"EOG": 1.0})


def test_failures_are_kept_with_their_reason(
    machine: Machine, cases: tuple[LoadCase, ...], settings: dict[str, ControlSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = turbine.load_cases.simulate_model  # type: ignore[attr-defined]
    mine = [case for case in cases if case.settings == "normal" and case.turbulence == "NTM"]
    bad = {mine[0].seed: SimulationError("left all bounds"), mine[2].seed: ZeroDivisionError("ours")}

    def fragile(model: Any, wind: Any, **how: Any) -> Any:
        if wind.seed in bad:
            raise bad[wind.seed]
        return real(model, wind, **how)

    monkeypatch.setattr("turbine.load_cases.simulate_model", fragile)
    found = run_load_cases(machine, mine, settings, **SHORT)
    assert dict(found.failures) == {mine[0].name: "left all bounds", mine[2].name: "ZeroDivisionError: ours"}
    assert len(found.results) + len(found.failures) == len(mine)
    listed = found.case_table().set_index("case")["failure"]
    assert listed[mine[0].name] == "left all bounds"
    assert (listed == "").sum() == len(mine) - 2
    with pytest.raises(LoadError, match="left all bounds"):
        found[mine[0].name]
    life = found.lifetime(rayleigh(8.0))["normal"]
    assert life.failed == (mine[0].name, mine[2].name)
    share = float(np.diff(rayleigh(8.0).cdf([6.0, 10.0]))[0])
    assert life.shares[mine[1].name] == pytest.approx(share)  # the other seed stands for the whole bin


def test_a_hole_in_the_life_is_refused(
    machine: Machine, cases: tuple[LoadCase, ...], settings: dict[str, ControlSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def restless(model: Any, wind_speed: float) -> Any:
        raise TrimError(f"no rest at {wind_speed:g} m/s")

    monkeypatch.setattr("turbine.load_cases.steady_state", restless)
    found = run_load_cases(machine, cases[:2], settings, **SHORT)
    assert set(found.failures.values()) == {"no rest at 8 m/s"}
    with pytest.raises(LoadError, match="all 2 cases at 8 m/s failed"):
        found.lifetime(rayleigh(8.0))
    with pytest.raises(LoadError, match="no load case came to its end"):
        found.ultimate()


def test_start_moves_up_where_there_is_no_rest(
    machine: Machine, cases: tuple[LoadCase, ...], settings: dict[str, ControlSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = turbine.load_cases.steady_state  # type: ignore[attr-defined]

    def restless(model: Any, wind_speed: float) -> Any:
        if wind_speed < 8.3:
            raise TrimError("cycles")
        return real(model, wind_speed)

    monkeypatch.setattr("turbine.load_cases.steady_state", restless)
    assert run_load_cases(machine, cases[:1], settings, **SHORT)[cases[0].name].start_wind_speed == 8.5


def test_progress_counts_each_case(
    machine: Machine,
    cases: tuple[LoadCase, ...],
    settings: dict[str, ControlSettings],
    capsys: pytest.CaptureFixture[str],
) -> None:
    seen: list[tuple[int, int]] = []
    few = [replace(case, duration=2.0) for case in cases[:3]]
    run_load_cases(machine, few, settings, progress=lambda done, total: seen.append((done, total)), **SHORT)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    run_load_cases(machine, few, settings, progress=True, **SHORT)
    assert "100%" in capsys.readouterr().err


def test_own_settings_and_channels(machine: Machine) -> None:
    case = LoadCase(name="mine", wind_speed=10.0, condition=wind_class("IIA"), duration=5.0)
    found = run_load_cases(machine, [case], loads={"generator_torque": (3.0, 7.5)}, output_step=0.1, **SHORT)
    (load,) = found["mine"].loads.values()
    assert list(load.equivalent_loads) == [3.0, 7.5]
    assert load.duration == pytest.approx(4.9)
    assert {"del_3", "del_7.5"} <= set(found.table().columns)


def test_what_cannot_be_run_is_refused_before_anything_runs(
    machine: Machine, cases: tuple[LoadCase, ...], settings: dict[str, ControlSettings]
) -> None:
    with pytest.raises(LoadError, match="expected one load case"):
        run_load_cases(machine, [], settings)
    with pytest.raises(LoadError, match="two load cases have the name"):
        run_load_cases(machine, [cases[0], cases[0]], settings)
    with pytest.raises(LoadError, match='did you mean "normal"'):
        run_load_cases(machine, [replace(cases[0], settings="nromal")], settings)
    with pytest.raises(LoadError, match='did you mean "thrust"'):
        run_load_cases(machine, cases, settings, loads={"trust": (4.0,)})
    with pytest.raises(LoadError, match="exponent of thrust"):
        run_load_cases(machine, cases, settings, loads={"thrust": (0.5,)})
    with pytest.raises(LoadError, match="settle"):
        run_load_cases(machine, cases, settings, settle=-1.0)
    with pytest.raises(MachineError, match=r"tower\.modal_mass"):
        run_load_cases(turbine.load("nrel_2p8mw"), [replace(cases[0], settings="default")], tower=True)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wind_speed": 0.0}, "wind_speed"),
        ({"duration": math.nan}, "duration"),
        ({"weight": -1.0}, "weight"),
        ({"turbulence": "EWM"}, "turbulence .* NTM or ETM"),
        ({"seed": 1.5}, "seed"),
    ],
)
def test_bad_cases_are_refused_with_their_name(
    cases: tuple[LoadCase, ...], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(LoadError, match=f'load case "[^"]+ m/s seed 1 [a-z]+": {message}'):
        replace(cases[0], **change)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"wind_speeds": []}, "wind_speeds"),
        ({"wind_speeds": [9.0, 8.0]}, "ascending"),
        ({"seeds": 0}, "seeds"),
        ({"settings": []}, "settings"),
        ({"settings": ["a", "a"]}, "each once"),
        ({"turbulence": ("NTN",)}, "NTM or ETM"),
        ({"base_seed": -1}, "base_seed"),
    ],
)
def test_bad_designs_are_refused(change: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {"wind_speeds": [8.0], "condition": "IB", **change}
    with pytest.raises(LoadError, match=message):
        design_load_cases(given.pop("wind_speeds"), given.pop("condition"), **given)
