"""A machine of one's own: the one in the library's README runs, and what it lacks or contradicts is told at once."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import turbine
from turbine.control import controller
from turbine.errors import MachineError
from turbine.library import FOLDER
from turbine.machine import NEEDED, Machine
from turbine.wind import constant

WIND = constant(8.0, duration=3.0, time_step=0.1)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the machine file of the README, with the surface of a shipped machine beside it."""
    folder = tmp_path_factory.mktemp("own")
    found = re.search(r"```toml\n(.*?)```", (FOLDER / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    shutil.copy(FOLDER / "nrel_5mw_surface.csv", folder / "my_surface.csv")
    path = folder / "my_machine.toml"
    path.write_text(found[1], encoding="utf-8")
    return path


def without(machine: Machine, *keys: str) -> Machine:
    """Return a copy that does not know some values."""
    return machine.with_values(dict.fromkeys(keys))


def test_the_machine_of_the_readme_runs(own: Path) -> None:
    machine = turbine.load(own)
    result = turbine.simulate(machine, WIND)
    assert np.ptp(result["electrical_power"]) < 1.0
    assert 0.9e6 < result["electrical_power"][0] < 1.3e6
    strong = turbine.simulate(machine, constant(15.0, duration=3.0, time_step=0.1))
    assert strong["electrical_power"][-1] == pytest.approx(machine.require("generator.rated_power"))


def test_it_holds_what_every_run_needs_and_nothing_else(own: Path) -> None:
    assert set(turbine.load(own).provenance) == set(NEEDED)


@pytest.mark.parametrize("key", NEEDED)
def test_no_run_without_a_needed_value(own: Path, key: str) -> None:
    with pytest.raises(MachineError, match=rf"has no value for {re.escape(key)} \["):
        turbine.simulate(without(turbine.load(own), key), WIND)


def test_all_that_is_missing_is_named_at_once(own: Path) -> None:
    bare = without(turbine.load(own), *NEEDED)
    with pytest.raises(MachineError) as caught:
        turbine.simulate(bare, WIND)
    assert all(key in str(caught.value) for key in NEEDED)
    assert "surface" not in str(caught.value)
    nothing = Machine(name="nothing")
    with pytest.raises(MachineError, match="and a rotor surface;"):
        nothing.require("rotor.inertia")
    with pytest.raises(MachineError, match="has no rotor surface") as caught:
        nothing.require_surface()
    assert all(key in str(caught.value) for key in NEEDED)


def test_only_what_is_asked_for_is_named_where_runs_do_not_need_it(own: Path) -> None:
    with pytest.raises(MachineError, match=r"no value for tower\.modal_mass \[kg\]: the maker does not say; set it"):
        without(turbine.load(own), "rotor.inertia").require("tower.modal_mass")


def test_a_rated_power_that_the_torque_does_not_give_is_refused(own: Path) -> None:
    text = (FOLDER / "nrel_5mw.toml").read_text(encoding="utf-8")
    shutil.copy(FOLDER / "nrel_5mw_surface.csv", own.parent / "nrel_5mw_surface.csv")
    stronger = own.with_name("stronger.toml")
    changed, count = re.subn(r"(rated_power = \{ value = )\S+,", r"\g<1>6e6,", text)
    assert count == 1
    stronger.write_text(changed, encoding="utf-8")
    with pytest.raises(MachineError) as caught:
        turbine.load(stronger)
    for part in ("stronger.toml", "found 5 MW", "generator.rated_torque", "generator.rated_power, which is 6 MW"):
        assert part in str(caught.value)
    with pytest.raises(MachineError, match="within 1 %"):
        turbine.load("nrel_5mw").with_values({"generator.rated_power": 5.1e6})
    both = {"generator.rated_power": 5.1e6, "generator.rated_torque": 1.02 * 43093.55}
    assert turbine.load("nrel_5mw").with_values(both).require("generator.rated_power") == 5.1e6


def test_the_refusal_of_a_rated_power_names_a_way_out_that_works() -> None:
    machine = turbine.load("nrel_5mw")
    with pytest.raises(MachineError, match=r'with_values\(\{"generator\.rated_torque": None, \.\.\.\}\)'):
        machine.with_values({"generator.rated_power": 5.1e6})
    stronger = machine.with_values({"generator.rated_power": 5.1e6, "generator.rated_torque": None})
    assert controller(stronger).rated_torque == pytest.approx(1.02 * controller(machine).rated_torque, rel=2e-3)


@pytest.mark.parametrize("name", turbine.names())
def test_shipped_machines_agree_by_a_clear_margin(name: str) -> None:
    machine = turbine.load(name)
    if machine.lacking(("generator.rated_torque", "generator.efficiency")):
        return
    speed = machine.require("operation.rated_rotor_speed") * machine.require("drive_train.gear_ratio")
    power = machine.require("generator.rated_torque") * speed * machine.require("generator.efficiency")
    assert power == pytest.approx(machine.require("generator.rated_power"), rel=2e-3)  # a fifth of what is refused


@pytest.mark.parametrize("name", turbine.names())
def test_a_machine_shows_itself_in_one_short_line(name: str) -> None:
    assert len(repr(turbine.load(name))) < 80
    assert repr(turbine.load("nrel_5mw")) == "Machine('nrel_5mw', 5.00 MW, rotor of 126.0 m)"
    assert repr(Machine(name="bare")) == "Machine('bare')"
