"""The averaging period against the step of made-up records."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet.config import Farm
from fleet.errors import ConfigError
from fleet.sampling import check_sampling, most_frequent_step
from fleet.times import series_us
from tests.farms import farm_rows, run_cli, write_generic

SOURCES = pd.DataFrame({"file": ["a.csv", "b.csv"], "turbines": ["T1", "T2, T3"]})
CONFIG = Path("farm.toml")


def _times(step: str, count: int = 50) -> pd.Series:
    return pd.Series(pd.date_range("2015-01-01", periods=count, freq=step, tz="UTC"))


def _check(times: pd.Series, **settings: int) -> None:
    check_sampling(
        {"T3": most_frequent_step(series_us(times.dropna()))},
        Farm.model_validate({"name": "x", **settings}),
        SOURCES,
        CONFIG,
    )


def _refused(times: pd.Series, **settings: int) -> str:
    with pytest.raises(ConfigError) as caught:
        _check(times, **settings)
    return str(caught.value)


def test_another_step_is_refused_with_file_step_setting_and_what_to_set() -> None:
    message = _refused(_times("600s"), averaging_period_s=60)
    assert message == (
        'farm.toml: key "averaging_period_s": found 60 s, but in b.csv the records of T3 are 600 s apart (49 of 49 '
        "steps); set averaging_period_s = 600"
    )
    assert "found 600 s (the default)" in _refused(_times("1h"))
    assert "set averaging_period_s = 3600" in _refused(_times("1h"))


@pytest.mark.parametrize("step", ["1D", "420s", "2h"])
def test_a_step_that_cannot_be_set_is_not_advised(step: str) -> None:
    assert "divides a day and is at most 3600 s" in _refused(_times(step))


def test_order_gaps_duplicates_and_jitter_do_not_matter() -> None:
    rng = np.random.default_rng(3)
    times = _times("600s", 200)
    _check(times.sample(frac=0.8, random_state=1))
    _check(pd.concat([times, times, pd.Series([pd.NaT], dtype=times.dtype)]))
    _check(times + pd.to_timedelta(rng.integers(-2, 3, 200), unit="s"))


def test_few_or_irregular_records_show_nothing() -> None:
    _check(_times("1h", 10))
    rng = np.random.default_rng(4)
    _check(pd.Timestamp("2015-01-01", tz="UTC") + pd.Series(pd.to_timedelta(rng.integers(0, 10**7, 200), unit="s")))


@pytest.mark.parametrize(("setting", "parts"), [("60", ("600 s apart",)), ("1800", ("600 s apart",))])
def test_the_report_is_refused(setting: str, parts: tuple[str, ...], tmp_path: Path) -> None:
    folder = write_generic(tmp_path / "farm", farm_rows(1, 0.5), turbines=1, parts=2)
    text = (folder / "farm.toml").read_text()
    (folder / "farm.toml").write_text(f"averaging_period_s = {setting}\n{text}")
    result = run_cli("report", str(folder), "--out", str(tmp_path / "out"), "--quiet")
    assert result.code == 2
    assert [part for part in ("farm.toml", "data_000.csv", *parts) if part not in result.err] == []
