"""Keys of the cache of converted data: everything that the content of an entry depends on.

A file's entry depends on its bytes, on how its format and settings read it, on the code that reads, and on the data
base of time zones. Size and time of the last change stand for the bytes where a file was seen before; `--verify` reads
them again.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import TZPATH

__all__ = ["MODULES", "code_version", "digest", "time_zone_version"]

#: Packages whose release may change what is read from a file.
_LIBRARIES = ("numpy", "pandas", "pyarrow")
#: Modules beside the readers that decide what an entry holds; a test compares them with what `fleet.prepare` imports.
MODULES = (
    "cache_keys", "clock", "clock_correction", "clock_evidence", "clock_holes", "clock_json", "clock_rows", "config",
    "continuity", "converted", "dataset", "far_stamps", "farm_file", "flags", "intervals", "places", "prepare",
    "recorded", "sampling", "schema", "site", "store", "times", "unpacking", "wording", "zip_member",
)  # fmt: skip


def digest(*parts: object) -> str:
    """Return a name for what the parts say, as JSON: 32 hexadecimal digits."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def code_version() -> str:
    """Return a name for the code that reads, checks and stores records, and for the libraries that it reads with.

    As for compiled kernels the sources count, not a number that somebody has to remember to raise. Drawing, reports and
    commands do not decide what is stored.
    """
    here = Path(__file__).parent
    found = hashlib.sha256(" ".join(f"{name} {version(name)}" for name in _LIBRARIES).encode())
    for path in [*(here / f"{name}.py" for name in MODULES), *sorted((here / "readers").glob("*.py"))]:
        found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]


@cache
def time_zone_version() -> str:
    """Return the release of the data base of time zones that Python uses: the system's, else the package's."""
    for folder in TZPATH:
        for name in ("tzdata.zi", "+VERSION"):
            try:
                with (Path(folder) / name).open(encoding="ascii", errors="replace") as file:
                    return file.readline().strip()
            except OSError:
                continue
    try:
        return f"tzdata {version('tzdata')}"
    except PackageNotFoundError:
        return "none"
