"""How much may come out of a packed file: the limits, and gzip within them. Nothing is ever unpacked to disk."""

from __future__ import annotations

import gzip
import io
import zlib

from fleet.errors import InputError

__all__ = ["MOST_MEMBERS", "MOST_RATIO", "MOST_UNPACKED", "SMALL", "allowed", "gunzip", "nested", "too_large"]

#: Of one file [byte]. Public exports reach 0.3 GB for a turbine and year; a reader holds some three copies in memory.
MOST_UNPACKED = 2 << 30
#: Unpacked over packed size. SCADA text packs 5 to 20 times, a table of 300 columns without any value some 240 times,
#: because its stamps go on; a bomb of one repeated byte reaches 1000, the most that deflate can do.
MOST_RATIO = 500
#: Below it the ratio says nothing: a short table of zeros is no bomb [byte].
SMALL = 16 << 20
#: Of one archive: a file per turbine and day of a large farm's year are some 40 000.
MOST_MEMBERS = 100_000

_ARCHIVES = ((b"\x1f\x8b", "gzip file"), (b"PK\x03\x04", "zip archive"), (b"PK\x05\x06", "zip archive"))


def allowed(packed: int) -> int:
    """Return how large a file of that packed size may become [byte]."""
    return min(MOST_UNPACKED, max(SMALL, MOST_RATIO * packed))


def too_large(where: str, size: int, packed: int) -> InputError:
    """Return the error of a packed file that would become at least so large [byte]."""
    return InputError(
        f"{where}: would unpack from {packed:,} to {size:,} bytes or more; expected at most {MOST_RATIO} times the "
        f"packed size, and {MOST_UNPACKED >> 30} GiB a file; unpack it yourself if it is sound"
    )


def nested(where: str, data: bytes) -> InputError | None:
    """Return the error of an archive that lies within an archive, None where the unpacked data begin otherwise."""
    kind = next((title for magic, title in _ARCHIVES if data.startswith(magic)), "")
    return InputError(f"{where}: a {kind} within an archive; expected a table: unpack it once") if kind else None


def gunzip(data: bytes, where: str) -> bytes:
    """Return the content of a gzip file.

    Raises
    ------
    InputError
        If it ends early, is damaged, would become too large, or holds another archive.
    """
    most = allowed(len(data))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            content = file.read(most + 1)
    except EOFError as error:
        raise InputError(f"{where}: the gzip file ends early; expected a complete one: copy it again") from error
    except (zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{where}: the gzip file is damaged ({error}); copy it again") from error
    if len(content) > most:
        raise too_large(where, len(content), len(data))
    if problem := nested(where, content):
        raise problem
    return content
