"""Files of a run, read back by pandas and by the package `comtrade`, which is not ours."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import comtrade
import numpy as np
import pandas as pd
import pytest

from gridforming.converter import Converter, Droop, Filter, Forming
from gridforming.events import SetFault
from gridforming.export import write_comtrade, write_csv
from gridforming.machine import SynchronousMachine
from gridforming.network import Fault, Grid, Line, Network
from gridforming.result import Result
from gridforming.simulation import simulate
from gridforming.system import System
from turbine.errors import SimulationError
from turbine.folder import OutputError

LARGEST = {"BINARY32": 2**31 - 1, "ASCII": 99_998}
START = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


@pytest.fixture(scope="module", params=[False, True], ids=["turning", "rest"])
def run(request: pytest.FixtureRequest) -> Result:
    network = Network(
        buses=("a", "b"),
        elements=(
            Grid(name="g", bus="a", reactance=0.1, resistance=0.01),
            Line(name="l", start="a", end="b", reactance=0.1),
            Fault(name="f", bus="b", resistance=0.2),
        ),
        power=10e6,
    )
    control = Forming(law=Droop(droop=0.02))
    unit = Converter(name="unit", bus="b", rated_power=5e6, control=control, active=0.5, filter=Filter())
    events = [SetFault(time=0.1, fault="f", on=True), SetFault(time=0.15, fault="f", on=False)]
    system = System(network=network, converters=(unit,))
    return simulate(system, 0.2, events=events, waveforms=request.param, time_step=62.5e-6)


def _read(folder: Path, name: str = "event") -> Any:
    record = comtrade.Comtrade(use_numpy_arrays=True, use_double_precision=True)
    record.load(str(folder / f"{name}.cfg"), str(folder / f"{name}.dat"))
    return record


@pytest.mark.parametrize("kind", ["BINARY32", "ASCII"])
def test_phases_come_back_to_the_resolution_of_the_format(tmp_path: Path, run: Result, kind: Any) -> None:
    write_comtrade(tmp_path, "event", run, buses=["b"], branches=["l", "unit.bridge"], kind=kind)
    record = _read(tmp_path)
    assert record.ft == kind
    assert record.analog_channel_ids == [
        *("b.va", "b.vb", "b.vc"),
        *("l.ia", "l.ib", "l.ic"),
        *("unit.bridge.ia", "unit.bridge.ib", "unit.bridge.ic"),
    ]
    assert record.analog_phases == list("ABC") * 3
    vectors = [run.voltage("b"), run.current("l"), run.current("unit.bridge")]
    expected = np.concatenate([run.phases(v) for v in vectors], axis=1)
    for k, values in enumerate(record.analog):
        peak = np.abs(expected[:, 3 * (k // 3) : 3 * (k // 3) + 3]).max()
        assert np.abs(values - expected[:, k]).max() <= 0.5001 * peak / LARGEST[kind]
    assert {c.uu for c in record.cfg.analog_channels} == {"pu"}
    np.testing.assert_allclose(record.time, run.time - run.time[0], rtol=0.0, atol=1e-12)


def test_primary_units_are_those_of_the_base_voltage(tmp_path: Path, run: Result) -> None:
    write_comtrade(tmp_path, "event", run, buses=["b"], branches=["unit.bridge"], base_voltage_kv=33.0)
    record = _read(tmp_path)
    channels = record.cfg.analog_channels
    assert [c.uu for c in channels] == ["kV"] * 3 + ["kA"] * 3
    assert {(c.primary, c.secondary, c.pors) for c in channels} == {(1.0, 1.0, "P")}
    assert [c.ccbm for c in channels] == ["b"] * 3 + ["unit.bridge"] * 3
    v, i = np.array(record.analog[:3]), np.array(record.analog[3:])
    before = record.time < 0.08  # four cycles
    size = abs(run.voltage("b")[0])
    rms = np.sqrt((v[:, before] ** 2).mean(axis=1))
    np.testing.assert_allclose(rms, size * 33.0 / math.sqrt(3.0), rtol=1e-3)
    # kV times kA is MW: what the three phases carry together is the space vectors' power.
    power = 10.0 * (run.voltage("b") * run.current("unit.bridge").conjugate()).real
    np.testing.assert_allclose((v * i).sum(axis=0), power, atol=1e-6)
    assert power[0] == pytest.approx(2.5, rel=5e-3)
    # Phase b follows phase a by a third of a cycle.
    third = round(0.02 / 3.0 / 62.5e-6)
    assert np.abs(v[1, third:1000] - v[0, : 1000 - third]).max() < 0.01 * v.max()


def test_voltage_levels_have_bases_of_their_own(tmp_path: Path, run: Result) -> None:
    bases = {"a": 33.0, "b": 0.69, "unit.bridge": 0.69}
    write_comtrade(tmp_path, "event", run, buses=["a", "b"], branches=["unit.bridge"], base_voltage_kv=bases)
    record = _read(tmp_path)
    a, b, i = (np.array(record.analog[k : k + 3]) for k in (0, 3, 6))
    scale = math.sqrt(2.0 / 3.0)
    np.testing.assert_allclose(a.T / (33.0 * scale), run.phases(run.voltage("a")), atol=1e-8)
    np.testing.assert_allclose(b.T / (0.69 * scale), run.phases(run.voltage("b")), atol=1e-8)
    base = math.sqrt(2.0) * 10.0 / (math.sqrt(3.0) * 0.69)  # peak of the nominal current
    np.testing.assert_allclose(i.T / base, run.phases(run.current("unit.bridge")), atol=1e-8)
    with pytest.raises(SimulationError, match='base_voltage_kv: found none for "l"'):
        write_comtrade(tmp_path, "event", run, branches=["l"], base_voltage_kv=bases)


def test_configuration_says_rate_and_times(tmp_path: Path, run: Result) -> None:
    write_comtrade(tmp_path, "event", run, buses=["a"], start=START, trigger=0.1)
    record = _read(tmp_path)
    assert (record.station_name, record.rec_dev_id, record.rev_year) == ("event", "windform", "2013")
    assert record.frequency == 50.0
    assert record.cfg.sample_rates == [[16000.0, run.time.size]]
    assert record.start_timestamp == START.replace(tzinfo=None)
    assert record.trigger_timestamp == START.replace(tzinfo=None) + timedelta(seconds=0.1)
    assert record.trigger_time == pytest.approx(0.1)
    lines = (tmp_path / "event.cfg").read_bytes().split(b"\r\n")
    assert lines[-4:] == [b"62.5", b"0,0", b"0,3", b""]
    raw = np.fromfile(tmp_path / "event.dat", [("number", "<u4"), ("stamp", "<u4"), ("samples", "<i4", (3,))])
    np.testing.assert_array_equal(raw["number"], np.arange(run.time.size) + 1)
    np.testing.assert_allclose(raw["stamp"] * record.cfg.timemult * 1e-6, run.time, rtol=0.0, atol=1e-12)
    assert np.abs(raw["samples"]).max() == 2**31 - 1


@pytest.mark.parametrize(
    ("minutes", "code"), [(0, "0"), (60, "+1"), (-240, "-4"), (330, "+5h30"), (-435, "-7h15"), (630, "+10h30")]
)
def test_time_code_is_the_distance_from_utc(tmp_path: Path, run: Result, minutes: int, code: str) -> None:
    start = datetime(2026, 3, 4, tzinfo=timezone(timedelta(minutes=minutes)))
    write_comtrade(tmp_path, "event", run, buses=["a"], start=start)
    cfg = _read(tmp_path).cfg
    assert (cfg._time_code, cfg._local_code) == (code, code)
    assert cfg.start_timestamp == start.replace(tzinfo=None)


def test_run_that_goes_on_has_stamps_that_go_on(tmp_path: Path, run: Result) -> None:
    more = simulate(
        run.model.system,
        0.04,
        start=run.end,
        waveforms=run.model.frame_speed == 0.0,
        time_step=62.5e-6,
    )
    write_comtrade(tmp_path, "event", more, buses=["a"], start=datetime(2026, 1, 1))
    record = _read(tmp_path)
    assert record.start_timestamp == datetime(2026, 1, 1) + timedelta(seconds=0.2)
    assert record.trigger_time == 0.0
    assert record.time[-1] == pytest.approx(0.04 - 62.5e-6)


@pytest.mark.parametrize("kind", ["BINARY32", "ASCII"])
@pytest.mark.parametrize("count", [1, 16, 17])
def test_status_channels_come_back(tmp_path: Path, run: Result, kind: Any, count: int) -> None:
    states = {f"CB{k}": run.time > 0.01 * (k + 1) for k in range(count)}
    write_comtrade(tmp_path, "event", run, buses=["a"], kind=kind, status=states)
    record = _read(tmp_path)
    assert record.status_channel_ids == list(states)
    for found, expected in zip(record.status, states.values(), strict=True):
        np.testing.assert_array_equal(found, expected)
    assert len(record.analog) == 3


def test_channel_of_zeros_and_nodes_of_devices_are_written(tmp_path: Path) -> None:
    network = Network(buses=("a",), elements=(Grid(name="g", bus="a", reactance=0.2),), power=100e6)
    machine = SynchronousMachine(name="G1", bus="a", rated_power=100e6)
    dead = simulate(System(network=Network(buses=("z",))), 0.02, start="dead")
    write_comtrade(tmp_path, "dead", dead, buses=["z"])
    assert np.abs(np.array(_read(tmp_path, "dead").analog)).max() == 0.0
    run = simulate(System(network=network, machines=(machine,)), 0.02)
    write_comtrade(tmp_path, "G1", run, branches=["G1.stator", "g"])
    assert _read(tmp_path, "G1").analog_count == 6


def test_header_tells_bases_and_notes(tmp_path: Path, run: Result) -> None:
    write_comtrade(tmp_path, "event", run, buses=["a"], base_voltage_kv=33.0, header="Fault at b\nsecond line")
    text = (tmp_path / "event.hdr").read_bytes().decode()
    assert text.startswith("Fault at b\r\nsecond line\r\nSimulated by windform: 0 to 0.1999375 s")
    assert "Base power: 10 MVA\r\n" in text
    assert "[kV]: 33\r\n" in text


def test_same_run_gives_the_same_bytes(tmp_path: Path, run: Result) -> None:
    for folder in ("one", "two"):
        write_comtrade(tmp_path / folder, "event", run, buses=["a"])
        write_csv(tmp_path / folder / "table.csv", run)
    names = sorted(p.name for p in (tmp_path / "one").iterdir())
    assert names == ["event.cfg", "event.dat", "event.hdr", "table.csv"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_rows_too_coarse_for_waveforms_are_refused(tmp_path: Path, run: Result) -> None:
    coarse = simulate(run.model.system, 0.1, output_step=2e-3)
    with pytest.raises(SimulationError, match=r"found 0\.002 s between rows, expected at most 0\.001 s"):
        write_comtrade(tmp_path / "new", "event", coarse, buses=["a"])
    with pytest.raises(SimulationError, match="found 1 rows, expected 2"):
        write_comtrade(tmp_path / "new", "event", simulate(run.model.system, 1e-5), buses=["a"])
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "buses, branches: found none"),
        ({"buses": ["c"]}, 'no bus "c"'),
        ({"branches": ["unit.bridg"]}, r'no branch "unit.bridg" \(did you mean "unit.bridge"\?\)'),
        ({"buses": ["a"], "kind": "BINARY"}, "kind: found 'BINARY', expected one of BINARY32, ASCII"),
        ({"buses": ["a"], "trigger": 0.3}, "trigger: found 0.3 s, expected at least 0 and at most 0.1999"),
        ({"buses": ["a"], "base_voltage_kv": 0.0}, "base_voltage_kv: found 0 kV, expected above 0"),
        ({"buses": ["a"], "base_voltage_kv": -33.0}, "base_voltage_kv: found -33 kV"),
        ({"buses": ["a"], "status": {"CB": [True]}}, r'status "CB": found shape \(1,\), expected \(3200,\)'),
        ({"buses": ["a"], "status": {"C,B": np.ones(3200)}}, "found the name 'C,B', expected 1 to 64 printable"),
    ],
)
def test_what_cannot_be_written_is_refused(tmp_path: Path, run: Result, settings: Any, message: str) -> None:
    with pytest.raises(SimulationError, match=message):
        write_comtrade(tmp_path / "new", "event", run, **settings)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["", "a/b", "a,b", "x" * 65, "a\nb", "../event", "a\\b"])
def test_name_that_no_file_or_field_can_have_is_refused(tmp_path: Path, run: Result, name: str) -> None:
    with pytest.raises(SimulationError, match="found"):
        write_comtrade(tmp_path / "new", name, run, buses=["a"])
    assert not (tmp_path / "new").exists()


def test_failure_leaves_the_files_of_before(tmp_path: Path, run: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    write_comtrade(tmp_path, "event", run, buses=["a"])
    write_csv(tmp_path / "table.csv", run)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    real = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.suffix == ".cfg":
            real(self, data[:10])
            raise OSError(28, "No space left on device")
        return real(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OutputError, match=r"event\.dat: cannot be written \(No space left on device\)"):
        write_comtrade(tmp_path, "event", run, buses=["b"])

    def broken(self: pd.DataFrame, path: Path, **settings: Any) -> None:
        path.write_text("half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", broken)
    with pytest.raises(OutputError, match=r"table\.csv: cannot be written"):
        write_csv(tmp_path / "table.csv", run)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_folder_in_the_way_is_refused(tmp_path: Path, run: Result) -> None:
    (tmp_path / "event.cfg").mkdir()
    with pytest.raises(OutputError, match=r"event\.cfg: cannot be written \(it is a folder\)"):
        write_comtrade(tmp_path, "event", run, buses=["a"])
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_csv(tmp_path / "file" / "table.csv", run)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["event.cfg", "file"]


def test_table_comes_back_with_units(tmp_path: Path, run: Result) -> None:
    write_csv(tmp_path / "new" / "table.csv", run)
    found = pd.read_csv(tmp_path / "new" / "table.csv")
    columns = [
        f"unit.{name}" for name in ("active_power_pu", "reactive_power_pu", "speed_pu", "angle_rad", "dc_voltage_pu")
    ]
    assert set(columns) | {"time_s", "a.voltage_pu", "b.voltage_pu"} <= set(found.columns)
    np.testing.assert_allclose(found["time_s"], run.time, rtol=1e-9)
    np.testing.assert_allclose(found["b.voltage_pu"], np.abs(run.voltage("b")), rtol=1e-9)
    np.testing.assert_allclose(found["unit.active_power_pu"], run.converter("unit", "active_power"), rtol=1e-9)
    assert len(found) == run.time.size
