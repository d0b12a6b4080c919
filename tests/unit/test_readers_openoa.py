"""Plant meter and reanalysis, on rows written for the test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fleet.config import Source
from fleet.readers import Batch, read, recognise
from fleet.schema import METER, REANALYSIS, dtypes


def _read(folder: Path, expected: str, text: str) -> Batch:
    path = folder / "table.csv"
    path.write_text(text)
    known = recognise(path)
    assert known is not None
    assert known.name == expected
    return read(path, Source(format=known.name))


def test_meter(tmp_path: Path) -> None:
    batch = _read(
        tmp_path,
        "openoa_meter",
        "time_utc,net_energy_kwh,availability_kwh,curtailment_kwh\n"
        "2014-01-01 00:00:00+00:00,369.726,0.0,1.5\nnever,1,1,1\n2014-01-01 00:10:00+00:00,?,,\n",
    )
    assert {name: str(dtype) for name, dtype in batch.frame.dtypes.items()} == dtypes(METER)
    assert batch.rejected == {"unreadable time stamp": 1}
    assert batch.rows_in == 3
    assert batch.frame["energy_kwh"].tolist()[0] == 369.726
    assert np.isnan(batch.frame["energy_kwh"].tolist()[1])
    assert batch.frame.loc[0, "time"] == pd.Timestamp("2014-01-01", tz="UTC")
    assert any("found '?', expected a number" in line for line in batch.examples)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "openoa_era5",
            ",datetime,u_100,t_2m,surf_pres,ws_100m,dens_100m\n0,2014-01-01 00:00:00,1,280.15,97000,7,1.2\n",
        ),
        (
            "openoa_merra2",
            ",datetime,surface_pressure,temp_2m,temp_10m,ws_50m,dens_50m\n0,2014-01-01 00:00:00,97000,280.15,3,7,1.2\n",
        ),
    ],
)
def test_reanalysis(tmp_path: Path, name: str, text: str) -> None:
    frame = _read(tmp_path, name, text).frame
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == dtypes(REANALYSIS)
    assert frame.iloc[0, 1:].tolist() == pytest.approx([7.0, 7.0, 97_000.0, 1.2])


def test_meter_whose_stamps_label_the_end(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("time_utc,net_energy_kwh\n2014-01-01 00:10:00+00:00,1\n2014-01-01 00:20:00+00:00,2\n")
    frame = read(path, Source(format="openoa_meter", stamps="end")).frame
    assert frame["time"].tolist() == [pd.Timestamp(f"2014-01-01 00:{m}0", tz="UTC") for m in (0, 1)]
