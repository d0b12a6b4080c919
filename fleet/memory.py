"""Memory that is free goes back to the system, which the allocators do not do by themselves."""

from __future__ import annotations

import ctypes
from contextlib import suppress

import pyarrow as pa

__all__ = ["give_back"]


def give_back() -> None:
    """Return free memory to the system: after a walk over records it is hundreds of megabytes."""
    pa.default_memory_pool().release_unused()
    with suppress(OSError, AttributeError):  # the GNU C library's; others have none of this name
        ctypes.CDLL("libc.so.6").malloc_trim(0)
