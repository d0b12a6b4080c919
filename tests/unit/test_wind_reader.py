"""Reader of a user's wind series: headers with units, and errors that name file, line and column."""

from pathlib import Path

import numpy as np
import pytest

from turbine.errors import WindError
from turbine.wind import read_wind_csv


def write(folder: Path, text: str) -> Path:
    path = folder / "mast.csv"
    path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize(
    ("text", "step", "speeds"),
    [
        ("time [s],wind speed [m/s]\n0,8\n0.5,9\n1,10\n", 0.5, [8.0, 9.0, 10.0]),
        ("\ufefftime (min);wind (km/h)\r\n0;36\r\n1;18\r\n", 60.0, [10.0, 5.0]),
        ("# mast 3\n\ntime_s,wind_m_s\n# begin\n100,8\n\n100.1,9\n", 0.1, [8.0, 9.0]),
        ("t_h\tv_kn\n0\t10\n1\t20\n", 3600.0, [10 * 1852 / 3600, 20 * 1852 / 3600]),
        ("wind [mph],time [ms]\n10,0\n20,20\n", 0.02, [4.4704, 8.9408]),
        ('time_s,power_kw,"wind [m/s]"\n0,,"8"\n1,,"9"\n', 1.0, [8.0, 9.0]),
    ],
)
def test_units_in_the_header_are_understood(tmp_path: Path, text: str, step: float, speeds: list[float]) -> None:
    series = read_wind_csv(write(tmp_path, text))
    assert series.time_step == pytest.approx(step, rel=1e-12)
    np.testing.assert_allclose(series.wind_speed, speeds, rtol=1e-12)


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = write(tmp_path, "time_s,nacelle_m_s,mast_m_s\n0,7,8\n1,7,9\n")
    assert read_wind_csv(path, wind_column="mast").wind_speed.tolist() == [8.0, 9.0]
    assert read_wind_csv(path, wind_column="nacelle_m_s").wind_speed.tolist() == [7.0, 7.0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no line, expected a header"),
        (
            "time,wind [m/s]\n0,8\n",
            r"line 1: no column of time with its unit, found time, wind \[m/s\]; expected one in s",
        ),
        ("# a\ntime [s],wind\n0,8\n", r"line 2: no column of wind speed with its unit"),
        ("time [s],wind [furlong]\n0,8\n", r"no column of wind speed with its unit"),
        ("time_s,a_m_s,b_m_s\n0,8,8\n", r"several columns may be the wind speed: a_m_s, b_m_s"),
        ("time_s,wind_m_s\n0,8\n1,eight\n", r'line 3: column "wind_m_s": found "eight", expected a number'),
        (
            "time_s;wind_m_s\n0;8,5\n1;8,6\n",
            r'line 2: column "wind_m_s": found "8,5", expected a number with a decimal point',
        ),
        ("time_s,wind_m_s\n0,8\n1,8,9\n", r"line 3: found 3 fields, expected 2"),
        ('time_s,wind_m_s\n0,"8\n1,9"\n2\n', r"line 4: found 1 fields, expected 2"),
        ("time_s,wind_m_s\n# note\n0,8\n1,\n2,8\n", r"line 4: wind speed is nan"),
        ("time_s,wind_m_s\n0,8\n1,8\n2,8\n\n4,8\n5,8\n", r"line 6: time is 2 s after the one before, expected 1 s"),
        ("time_s,wind_m_s\n0,8\n", "at least two"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(WindError, match=message) as error:
        read_wind_csv(path)
    assert str(error.value).startswith(str(path))


def test_unknown_column_is_answered_with_the_nearest(tmp_path: Path) -> None:
    path = write(tmp_path, "time_s,mast_m_s,temperature\n0,7,8\n1,7,9\n")
    with pytest.raises(WindError, match=r'no column "mats_m_s" \(did you mean "mast_m_s"\?\)'):
        read_wind_csv(path, wind_column="mats_m_s")
    with pytest.raises(WindError, match=r'column "temperature" names the unit "", expected one in m/s'):
        read_wind_csv(path, wind_column="temperature")


def test_files_that_cannot_be_opened_or_are_not_text(tmp_path: Path) -> None:
    with pytest.raises(WindError, match=r"absent\.csv: cannot be read: No such file"):
        read_wind_csv(tmp_path / "absent.csv")
    path = tmp_path / "binary.csv"
    path.write_bytes(b"time_s,wind_m_s\n\xff\xfe")
    with pytest.raises(WindError, match=r"not text in UTF-8 \(byte 16\)"):
        read_wind_csv(path)
