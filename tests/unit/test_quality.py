"""Row flags of a partition, on rows made up for one flag each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from fleet.config import PowerWindow, QualitySettings, Turbine
from fleet.flags import FLAG_TITLES, PRIORITY, USES, Flag, first_reason
from fleet.intervals import SECOND
from fleet.months import Months
from fleet.quality import accounting, basic_flags, flag_counts, outside_window
from fleet.recorded import Recorded
from fleet.runs import frozen_bits
from fleet.schema import SCADA, dtypes
from tests.partial_tables import table

TURBINE = Turbine.model_validate({"name": "T1", "rated_power_kw": 2000.0})
GOOD = {"power_kw": 500.0, "wind_speed": 7.0, "ambient_temperature_degc": 9.0}


def _frame(rows: list[dict[str, float]]) -> pd.DataFrame:
    """Return canonical rows ten minutes apart; every signal that a row does not name is missing."""
    n = len(rows)
    times = pd.date_range("2020-01-01", periods=n, freq="10min", tz="UTC", unit="us")
    frame = pd.DataFrame(
        {
            "turbine": ["T1"] * n,
            "time": times,
            "stamp_local": times.tz_localize(None),
            "utc_offset_s": 0,
            "source_row": np.arange(n),
            "read_flags": 0,
        }
    )
    for name in dtypes(SCADA):
        if name not in frame:
            frame[name] = [row.get(name, np.nan) for row in rows]
    return frame.astype(dtypes(SCADA)).assign(clock_flags=np.zeros(n, np.uint32))


def _flags_of(frame: pd.DataFrame, **settings: object) -> npt.NDArray[np.uint32]:
    return basic_flags(Recorded.of(frame), TURBINE, QualitySettings.model_validate(settings), 600)[0]


def _flags(*rows: dict[str, float], **settings: object) -> list[int]:
    return _flags_of(_frame(list(rows)), **settings).tolist()


def _missing(records: Recorded, name: str) -> list[bool]:
    """Return where a signal is missing once impossible values are."""
    return np.isnan(basic_flags(records, TURBINE, QualitySettings(), 600)[1].signal(name)).tolist()


@pytest.mark.parametrize(
    ("values", "flag"),
    [
        ({}, 0),
        ({"power_kw": np.nan}, Flag.NO_POWER),
        ({"wind_speed": np.nan}, Flag.NO_WIND),
        ({"power_kw": np.nan, "wind_speed": np.nan}, Flag.NO_POWER | Flag.NO_WIND),
        ({"power_kw": 2400.01}, Flag.POWER_RANGE),
        ({"power_kw": 2400.0}, 0),
        ({"power_kw": -200.0}, 0),
        ({"power_kw": -200.01}, Flag.POWER_RANGE),
        ({"wind_speed": -0.01}, Flag.WIND_RANGE),
        ({"wind_speed": 0.0}, 0),
        ({"wind_speed": 40.0}, 0),
        ({"wind_speed": 40.01}, Flag.WIND_RANGE),
        ({"ambient_temperature_degc": -273.2}, Flag.OTHER_RANGE),
        ({"pitch_angle_deg": 262.0}, Flag.OTHER_RANGE),
        ({"air_pressure_pa": 970.0}, Flag.OTHER_RANGE),  # hectopascal
    ],
)
def test_limits_of_each_flag(values: dict[str, float], flag: int) -> None:
    assert _flags(GOOD | values) == [flag]


def test_empty_is_not_missing_as_well() -> None:
    assert _flags({}) == [Flag.EMPTY]
    assert _flags({"ambient_temperature_degc": 3.0}) == [Flag.NO_POWER | Flag.NO_WIND]


@pytest.mark.parametrize(
    ("power", "length", "expected"),
    [
        (500.0, 6, Flag.FROZEN),
        (500.0, 5, 0),
        (0.0, 9, 0),  # at rest
        (-4.0, 9, 0),
        (1940.0, 9, 0),  # at rated power
        (1939.9, 9, Flag.FROZEN),
    ],
)
def test_frozen_power_unless_at_rest_or_rated(power: float, length: int, expected: int) -> None:
    rows = [GOOD | {"power_kw": power, "wind_speed": 7.0 + 0.1 * i} for i in range(length)]
    assert [flags & Flag.FROZEN for flags in _flags(*rows)] == [expected] * length


def test_frozen_wind_unless_calm_and_other_signals() -> None:
    moving = [GOOD | {"power_kw": 500.0 + i} for i in range(6)]
    assert _flags(*moving)[0] & Flag.FROZEN
    assert not _flags(*(row | {"wind_speed": 0.0} for row in moving))[0] & Flag.FROZEN
    rows = [{"power_kw": 500.0 + i, "wind_speed": 7.0 + i / 10, "vane_deg": 1.5} for i in range(6)]
    assert _flags(*rows) == [Flag.OTHER_FROZEN] * 6
    assert _flags(*rows, frozen=False) == [0] * 6
    assert _flags(*rows, frozen_records=7) == [0] * 6


def test_a_gap_ends_a_frozen_run() -> None:
    rows = [GOOD | {"wind_speed": 7.0 + i / 10} for i in range(8)]
    frame = _frame(rows).drop(index=4).reset_index(drop=True)
    assert not _flags_of(frame).any()
    whole = _frame(rows)
    whole.loc[4, "clock_flags"] = np.uint32(Flag.CONFLICT)
    assert not (_flags_of(whole) & np.uint32(Flag.FROZEN)).any()


@pytest.mark.parametrize(("values", "expected"), [([], []), ([np.nan] * 6 + [1.0] * 3, [0] * 6 + [1] * 3)])
def test_frozen_of_nothing_and_of_missing_values(values: list[float], expected: list[int]) -> None:
    times, flags = 600 * SECOND * np.arange(len(values)), np.zeros(len(values), np.uint32)
    found = frozen_bits(np.array(values), times, flags, records=3, period_us=600 * SECOND, flag=Flag.UNREADABLE)
    assert found.tolist() == expected


def test_impossible_values_are_missing_and_the_row_stays() -> None:
    records = Recorded.of(_frame([GOOD | {"ambient_temperature_degc": -273.2}, GOOD]))
    _, clean = basic_flags(records, TURBINE, QualitySettings(), 600)
    assert np.isnan(clean.signal("ambient_temperature_degc")).tolist() == [True, False]
    assert clean.signal("power_kw").tolist() == [500.0, 500.0]
    assert records.signal("ambient_temperature_degc").tolist() == [-273.2, 9.0]  # the input stays


@pytest.mark.parametrize("name", ["potential_power_kw", "power_setpoint_kw"])
def test_other_powers_are_possible_within_the_rated_power(name: str) -> None:
    """The limits of `power_kw`: -10 % to 120 % of 2000 kW."""
    values = [-200.1, -200.0, 2400.0, 2400.1, 99_999.0, 1e20]
    rows = [GOOD | {name: value, "wind_speed": 7.0 + i} for i, value in enumerate(values)]
    assert [bool(flags & Flag.OTHER_RANGE) for flags in _flags(*rows)] == [True, False, False, True, True, True]
    assert _missing(Recorded.of(_frame(rows)), name) == [True, False, False, True, True, True]


def test_impossible_power_and_wind_are_missing() -> None:
    records = Recorded.of(_frame([GOOD | {"power_kw": 1e20}, GOOD | {"wind_speed": 1e20}]))
    assert _missing(records, "power_kw") == [True, False]
    assert _missing(records, "wind_speed") == [False, True]


def test_window_holds_between_its_wind_speeds_only() -> None:
    window = PowerWindow(wind_speed=(5.0, 40.0), power_kw=(20.0, 2100.0))
    wind, power = np.array([4.9, 5.0, 5.0, 40.0, np.nan]), np.array([0.0, 19.9, 20.0, 2100.1, 0.0])
    assert outside_window(wind, power, window).tolist() == [False, True, False, True, False]
    assert not outside_window(wind, power, None).any()


def _counts(flags: npt.NDArray[np.uint32], months: list[int] | None = None) -> pd.DataFrame:
    """Return the table of `flag_counts`; a month of -1 is unknown, and so are all where none is given."""
    month = np.array(months or [-1] * flags.size, np.int64)
    known = month >= 0
    first = int(month[known].min()) if known.any() else 0
    of_records = Months(first, int(month.max()) - first + 1, np.where(known, month - first, 0))
    return table(flag_counts("T1", flags, of_records, known))


def test_flag_counts_are_all_rows() -> None:
    flags = np.array([0, 3, 0, 128, 0, 0, 1 << 31], np.uint32)
    counts = _counts(flags, [-1, 540, 540, 540, 541, 541, -1])
    assert counts["rows"].to_dict() == {
        ("T1", -1, 0): 1,
        ("T1", -1, 1 << 31): 1,
        ("T1", 540, 0): 1,
        ("T1", 540, 3): 1,
        ("T1", 540, 128): 1,
        ("T1", 541, 0): 2,
    }


def test_flags_are_those_of_the_rows_asked_for() -> None:
    out = int(Flag.NOT_SELECTED)
    bits = np.array([0, Flag.FROZEN, out | Flag.FROZEN, out | Flag.BAD_VALUE, out, Flag.BAD_VALUE], np.uint32)
    exclusive, flags = accounting({"flags": _counts(bits)})
    found = flags.set_index("flag")["rows"]
    assert found[found > 0].to_dict() == {"not_selected": 3, "frozen": 1, "bad_value": 1}
    energy = exclusive[exclusive["use"] == "energy"].set_index("reason")["rows"]
    assert energy.to_dict() == {"used": 3, "not_selected": 3}


def test_the_first_reason_is_the_lowest_bit_that_the_use_honours() -> None:
    bits = np.array(
        [0, Flag.NO_WIND, Flag.NO_WIND | Flag.EMPTY, Flag.FROZEN | Flag.WIND_RANGE, Flag.BAD_VALUE], np.uint32
    )
    assert first_reason(bits, "energy").tolist() == [0, 0, Flag.EMPTY, 0, 0]
    assert first_reason(bits, "availability").tolist() == [0, Flag.NO_WIND, Flag.EMPTY, Flag.WIND_RANGE, 0]
    assert first_reason(bits | np.uint32(Flag.FROZEN), "power_curve").tolist()[0] == Flag.FROZEN


def test_every_flag_has_its_own_bit_and_title() -> None:
    assert [int(flag) for flag in PRIORITY] == [1 << i for i in range(len(PRIORITY))]
    assert set(FLAG_TITLES) == set(PRIORITY)
    assert USES["energy"] & USES["availability"] == USES["energy"]
    assert USES["availability"] & USES["power_curve"] == USES["availability"]
