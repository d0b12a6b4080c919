"""Property: whatever happens to a file's bytes, it is refused with a clear error or its rows add up."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.config import Source
from fleet.errors import FleetError
from fleet.readers import format_named, read, recognise
from fleet.schema import SCADA, dtypes

ABOUT = (
    "# Exported by Greenbyte\n#\n# Turbine: K 1\n# Time zone: Europe/London\n"
    "# Time interval: 2016-01-01 00:00:00 - 2017-01-01 00:00:00\n#\n"
)
FILES: dict[str, str] = {
    "engie_scada": "Wind_turbine_name,Date_time,P_avg,Ws_avg\n"
    "R1,2014-10-26T02:00:00+02:00,1.5,4\nR1,2014-10-26T02:00:00+01:00,NaN,\nR2,2014-10-26T02:00:00+01:00,2,5\n",
    "engie_assets": "Wind_turbine_name,Latitude,Rated_power,Model\nR1,48.4,2050,MM82\nR2,48.5,2050,\n",
    "greenbyte_turbine_data": ABOUT
    + '# Date and time,Power (kW),"Wind speed, Standard deviation (m/s)",Wind direction (°)\r\n'
    + "2016-10-30 01:00:00,900,0.5,NaN\r\n2016-10-30 01:00:00,NaN,NaN,NaN\r\n2016-03-27 01:30:00,1,2,3\r\n",
    "greenbyte_status": ABOUT
    + "Timestamp start,Timestamp end,Duration,Status,Code,Message,Comment,Service contract category,IEC category\n"
    + '2016-01-14 19:28:03,2016-01-23 14:36:32,211:08:29,Stop,111,"Stop, now",,,Forced outage\n'
    + "2016-02-01 19:44:13,-,-,Informational,1,Run-up,,,\n",
    "hill_of_towie_scada": "TimeStamp,StationId,wtc_AcWindSp_mean,wtc_PitcPosA_mean,wtc_PowerRef_endvalue\n"
    "2024-07-01 00:00:00,2304510,8.5,1.0,2300.0\n2024-07-01 00:00:00.000,2304511,,,\n",
    "hill_of_towie_timers": "TimeStamp,StationId,wtc_ScReToOp_timeon,wtc_ScTurSto_timeon,wtc_AlarmCde_endvalue\n"
    "2024-07-01 00:00:00,2304510,550.0,40.0,1005.0\n2024-07-01 00:00:00,2304511,,,\n",
    "hill_of_towie_alarms": "TimeOn,TimeOff,StationNr,Alarmcode\n"
    "2019-01-03 14:00:00,,2304510,20\n2019-01-01 00:04:48,2019-01-02 00:00:00,2304510.0,127.0\n",
    "hill_of_towie_assets": "Wind Farm,Turbine Name,Station ID,Rated power (kW)\n"
    "Hill,T01,2304510,2300\nHill,T02,2304511,2300\n",
    "hill_of_towie_shutdown": "TimeStamp_StartFormat,TurbineName,ShutdownDuration\n"
    "2024-07-01 00:00:00+00:00,T01,600.0\n2024-07-01 00:10:00Z,T02,0\n",
    "hill_of_towie_daily": "TimeStamp,StationId,Availabillity\n2024-07-02 00:00:00,2304510,75.5\n2024-07-02,2304511,\n",
    "sdwpf_scada": "TurbID,Day,Tmstamp,Wspd,Wdir,Etmp,Itmp,Ndir,Pab1,Pab2,Pab3,Prtv,Patv\n"
    "1,15,00:00,,,,,,,,,,\n1,15,00:10,5.5,-14.75,20.74,33.52,-93.07,1.0,2.0,96.0,-0.3,-0.5\n",
    "sdwpf_assets": "TurbID,x,y\n1,3349.8515,5939.23193\n2,3351.0017,\n",
    "openoa_meter": "time_utc,net_energy_kwh,availability_kwh\n"
    "2014-01-01 00:00:00+00:00,1.5,0\n2014-01-01 00:10:00Z,2,\n",
    "openoa_era5": ",datetime,t_2m,surf_pres,ws_100m,dens_100m\n0,2014-01-01 00:00:00,280,97000,7,1.2\n",
}
JUNK = [b"\x00", b'"', b"'", b",", b";", b"\n", b"\r", b"\xff", b"\xc2\xb0", b"#", b"-", b"NaN", b"9" * 30, b"\t", b"T"]

damage = st.lists(
    st.tuples(st.floats(0, 1), st.integers(0, 12), st.lists(st.sampled_from(JUNK), max_size=4).map(b"".join)),
    max_size=4,
)


@settings(max_examples=100)
@given(name=st.sampled_from(sorted(FILES)), cuts=damage)
def test_damaged_bytes_are_refused_or_add_up(
    tmp_path_factory: pytest.TempPathFactory, name: str, cuts: list[tuple[float, int, bytes]]
) -> None:
    data = FILES[name].encode()
    for where, removed, inserted in cuts:
        at = int(where * len(data))
        data = data[:at] + inserted + data[at + removed :]
    path = tmp_path_factory.getbasetemp() / "file.csv"
    path.write_bytes(data)
    recognise(path)
    try:
        batch = read(path, Source(format=name))
    except FleetError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert "file.csv" in said
        return
    assert batch.rows_in == len(batch.frame) + sum(batch.rejected.values())
    if format_named(name).kind == "scada":
        assert not batch.rejected
        assert {column: str(dtype) for column, dtype in batch.frame.dtypes.items()} == dtypes(SCADA)
        assert batch.frame["source_row"].tolist() == list(range(batch.rows_in))
