"""Guesses about a table of no known format: how its stamps and numbers are written, and what its columns may be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from fleet.readers.stamps import parse_stamps
from fleet.readers.text import MISSING
from fleet.readers.units import known_units

__all__ = [
    "counted_stamps",
    "exchanged_days",
    "guess_decimal",
    "guess_signals",
    "guess_time_column",
    "guess_time_format",
    "guess_turbine_column",
    "normal",
    "split_unit",
]

_DATES = (
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%Y",
    "%d %b %Y",
)
_HOURS = ("%H:%M", "%H:%M:%S", "%H:%M:%S.%f", "%I:%M %p", "%I:%M:%S %p", "%H.%M", "%Hh%M")
_FORMATS = (
    *(f"{date} {hour}" for date in _DATES for hour in _HOURS),
    *(f"{date}T{hour}" for date in _DATES for hour in _HOURS[:3]),
    "%Y%m%d%H%M",  # before the longer one, which would read it as well
    "%Y%m%d%H%M%S",
    "%Y%m%d %H:%M:%S",
    "%Y%m%d %H:%M",
    "%Y%m%d %H%M",
)
_SAMPLE = 5000  #: distinct stamps that decide
_FIRST = 20  #: of which so many sort out most formats
_MONTH_DAYS = 28  #: the shortest
_READABLE = 0.9  #: share of the stamps that a format has to read

#: Canonical column -> how other exports call it in English, German, French and Spanish, written as `normal` writes it.
_WORDS: dict[str, str] = {
    "power_kw": (
        r"(lv |grid |mean |average )?(active ?power|power|kilowatts?)( active| output)?|p|p ?(avg|mean|act)|patv"
        r"|(grid production )power|(mittlere )?(wirk)?leistung( p)?|puissance( active| electrique)?"
        r"|potencia( activa| electrica)?"
    ),
    "wind_speed": (
        r"(nacelle |mean |average )?wind ?sp(ee)?d.*|ws( ?avg)?|wspd|wind|v ?wind|(mittlere )?windgeschw.*|wind ?v"
        r"|vitesse( moyenne)?( du| de)? ?vent.*|vent|velocidad( media)?( del| de)? ?viento.*|viento|vitesse"
    ),
    "wind_direction_deg": (
        r".*wind ?dir.*|wdir|wd|windrichtung.*|direction( du| de)? ?vent.*|direccion( del| de)? ?viento.*"
    ),
    "nacelle_direction_deg": (
        r"nac(elle)? ?(dir|pos).*|ndir|yaw.*|gondel(position|richtung|stellung|azimut).*"
        r"|(position|direction|orientation)( de la| de)? ?nacelle.*|(posicion|orientacion)( de la)? ?gondola.*"
    ),
    "ambient_temperature_degc": (
        r"amb.*temp.*|outdoor.*temp.*|etmp|temp(erature?)?( ?(amb|out|ext|air|aussen|umgebung).*)?"
        r"|(aussen|umgebungs|luft) ?temp.*|temperatura( (amb|ext|del aire).*)?"
    ),
    "pitch_angle_deg": (
        r"pitch.*|blade ?angle.*|pab1|blatt(einstell)?winkel.*|pitchwinkel.*|angle( de| des)? ?(pale|calage).*"
        r"|angulo( de)?( la)? ?(pala|paso).*"
    ),
    "rotor_speed_rpm": (
        r"rotor ?(speed|rpm|drehzahl).*|rtr ?rpm.*|rotordrehzahl.*|drehzahl( des)? rotors?"
        r"|vitesse( du| de)? ?rotor.*|velocidad( del| de)? ?rotor.*"
    ),
    "generator_speed_rpm": (
        r"gen(erator)? ?(speed|rpm|drehzahl).*|generatordrehzahl.*|vitesse( du| de)? ?generat.*"
        r"|velocidad( del| de)? ?generador.*"
    ),
    "air_pressure_pa": r"(air |barometric |atmospheric )?pressure|luftdruck.*|pression( atmos.*)?|presion( atmos.*)?",
}
#: What a mean value of the turbine's own is not.
_NOT_MEAN = re.compile(
    r"\b(max|min|std|stdev|stddev|dev|deviation|standardabweichung|ecart|desviacion|maximum|minimum|maximale?|minimale?"
    r"|soll|sollwert|set ?point|consigne|consigna|reactive|reactiva|blind\w*|possible|potential|theor\w*)\b"
)
_MEAN = re.compile(r"\b(avg|average|mean|mittel|mittelwert|moyenne?|media)\b")
_TIME = re.compile(
    r"(time ?stamp|date ?time|date|time|pctimestamp|zeit|zeitstempel|datum|uhrzeit)\b.*"
    r"|(horodat\w*|heure|fecha|hora|tiempo)\b.*"
    r"|(datum|date|fecha) .*|.* (time ?stamp|zeitstempel)"
)
_TURBINE = re.compile(
    r"(wind )?turbine?s?\b.*|turb ?id|wtgs?\b.*|station\b.*|unit|asset|device|machine|maschine\b.*"
    r"|(wind(energie)?)?anlagen?(name|nummer|nr|id|bezeichnung)?\b.*"
    r"|weas?\b.*|wkas?\b.*|eolienne\b.*|aerogenerat\w*\b.*|aerogenerador\b.*|turbina\b.*|maquina\b.*"
)
_TITLE = re.compile(r"^(?P<title>.*?)\s*[(\[](?P<unit>[^()\[\]]*)[)\]]$")
_SUFFIX = re.compile(r"^(?P<title>.+?)[ _,;]+(?:in )?(?P<unit>kW|MW|W|m/s|mps|km/h|rpm|°C|degC|deg|hPa|mbar|K)$", re.I)
_UNIT_WORDS = {
    "mps": "m/s",
    "ms": "m/s",
    "m s-1": "m/s",
    "m*s-1": "m/s",
    "c": "degC",
    "celsius": "degC",
    "grad": "deg",
    "grad c": "degC",
    "degre": "deg",
    "degres": "deg",
    "grados": "deg",
    "degrees": "deg",
    "u/min": "rpm",
    "min-1": "rpm",
    "tr/min": "rpm",
    "trs/min": "rpm",
    "1/min": "rpm",
}
_PLAIN = re.compile(r"\d+(\.\d+)?")
#: What numbers of the years 1990 to 2100 count.
_COUNTED = (
    ("days since 1900, as spreadsheets count them", 32_874, 73_051),
    ("seconds since 1970", 631_152_000, 4_102_444_800),
    ("milliseconds since 1970", 631_152_000_000, 4_102_444_800_000),
)
_NUMBER = re.compile(r"^[+-]?\d*(?P<mark>[.,])\d+([eE][+-]?\d+)?$")


def normal(name: str) -> str:
    """Return a column's name in lower case, without accents, with single blanks for signs."""
    plain = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    letters = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    return " ".join(re.sub(r"[^a-z0-9°%]+", " ", letters).split())


def split_unit(name: str) -> tuple[str, str]:
    """Return the title and the unit of a column such as "Power (kW)", "Leistung [MW]" or "P_kW"."""
    match = _TITLE.match(name) or _SUFFIX.match(name)
    return (match["title"], match["unit"].strip()) if match else (name, "")


def guess_decimal(cells: Sequence[str]) -> str:
    """Return the decimal mark that most of the numbers are written with; a point where there is none."""
    marks = [match["mark"] for match in map(_NUMBER.match, cells) if match]
    return "," if 2 * marks.count(",") > len(marks) else "."


def guess_time_format(stamps: Sequence[str]) -> str | None:
    """Return a `strptime` format that reads nearly all stamps; empty for ISO 8601, None where none does.

    Where days and months could be either way round, the more regular series decides.

    Parameters
    ----------
    stamps : sequence of str
        Stamps as written, with date and time of day, in record order.
    """
    words = [word.strip() for word in dict.fromkeys(stamps) if word and word.strip() not in MISSING][:_SAMPLE]
    if not words:
        return None
    column = pa.chunked_array([pa.array(words)])
    if _readable(column, "") >= _READABLE and any(":" in word for word in words[:_FIRST]):
        return ""
    offset = re.search(r"(Z|[+-]\d{2}:?\d{2})$", words[0]) is not None
    start = column.slice(0, _FIRST)
    fits: list[tuple[float, str]] = []
    for known in _FORMATS:
        written = f"{known}%z" if offset else known
        if _readable(start, written) > 0.0 and _readable(column, written) >= _READABLE:
            fits.append((_regularity(column, written), written))
    return max(fits, key=lambda fit: fit[0])[1] if fits else None


def counted_stamps(stamps: Sequence[str]) -> str:
    """Return what numbers that stand for times count; an empty string where most stamps are written otherwise."""
    words = [word.strip().replace(",", ".") for word in stamps[:_SAMPLE]]
    numbers = np.array([float(word) if _PLAIN.fullmatch(word) else np.nan for word in words])
    for title, low, high in _COUNTED:
        if 2 * np.count_nonzero((numbers >= low) & (numbers < high)) > len(numbers):
            return title
    return ""


def exchanged_days(stamps: Sequence[str], time_format: str) -> str:
    """Return the format with days and months the other way round, where it alone gives days that follow each other.

    Up to the twelfth of a month both ways can be read. The wrong one makes of neighbouring days the same day of
    neighbouring months.

    Parameters
    ----------
    stamps : sequence of str
        Distinct stamps as written.
    time_format : str
        The `strptime` format that is given; empty where days and months have a fixed order.
    """
    if "%d" not in time_format or "%m" not in time_format:
        return ""
    other = time_format.replace("%d", "%\0").replace("%m", "%d").replace("%\0", "%m")
    column = pa.chunked_array([pa.array(stamps)])
    days = []
    for known in (time_format, other):
        clock = parse_stamps(column, known).clock
        there = np.unique(clock[~np.isnat(clock)].astype("datetime64[D]"))
        if len(there) < 2 or len(clock) - np.count_nonzero(np.isnat(clock)) < _READABLE * len(clock):
            return ""
        days.append(np.diff(there).astype(np.int64))
    return other if days[0].min() >= _MONTH_DAYS and days[1].max() < _MONTH_DAYS else ""


def _readable(column: pa.ChunkedArray, time_format: str) -> float:
    return float(np.mean(~np.isnat(parse_stamps(column, time_format).clock)))


def _regularity(column: pa.ChunkedArray, time_format: str) -> float:
    """Return the share of the most frequent step, times the share of readable stamps."""
    clock = parse_stamps(column, time_format).clock
    there = np.unique(clock[~np.isnat(clock)])
    if len(there) < 2:
        return 0.0
    counts = np.unique(np.diff(there), return_counts=True)[1]
    return float(counts.max() / counts.sum() * len(there) / len(clock))


def guess_time_column(names: Sequence[str], cells: dict[str, list[str]]) -> tuple[str, str]:
    """Return the column that holds stamps and their format, empty strings where none does.

    Parameters
    ----------
    names : sequence of str
        All columns.
    cells : dict of str to list of str
        Some cells of each column.
    """
    for name in sorted(names, key=lambda name: not _TIME.fullmatch(normal(split_unit(name)[0]))):
        found = guess_time_format(cells[name])
        if found is not None:
            return name, found
    return "", ""


def guess_turbine_column(names: Sequence[str]) -> str:
    """Return the column that names the turbines, an empty string where none looks like it."""
    return next((name for name in names if _TURBINE.fullmatch(normal(name))), "")


def guess_signals(names: Sequence[str]) -> dict[str, tuple[str, str, str]]:
    """Return canonical column -> (column, unit that can be converted, unit as written) by the columns' names.

    A column that says it is a mean comes before one that does not; extremes, deviations and set-points do not count.
    """
    found: dict[str, tuple[str, str, str]] = {}
    for canonical, pattern in _WORDS.items():
        fitting: list[tuple[bool, str]] = []
        for name in names:
            title = normal(split_unit(name)[0])
            plain = " ".join(_MEAN.sub(" ", title).split())
            if plain and re.fullmatch(pattern, plain) and not _NOT_MEAN.search(title):
                fitting.append((_MEAN.search(title) is None, name))
        if fitting:
            name = min(fitting, key=lambda fit: fit[0])[1]
            written = split_unit(name)[1]
            found[canonical] = (name, _unit(canonical, written), written)
    return found


def _unit(canonical: str, written: str) -> str:
    known = known_units(canonical)
    exact = {unit: unit for unit in known}
    by_case = {unit.lower(): unit for unit in reversed(known)}
    word = _UNIT_WORDS.get(written.lower(), written)
    return exact.get(word) or by_case.get(word.lower(), "")
