"""Compiled functions and their cache.

Numba's own cache keeps running old machine code when a callee or a constant in another file has changed. So kernels are
cached in a folder that is named after all that they are made of: the sources of all modules that hold kernels, and the
versions of Numba and NumPy. A change anywhere begins a new folder; nothing stale is ever loaded.

Modules that hold kernels import this one; a kernel takes functions and constants of the project from such modules only,
so that the name covers them (a test holds that).
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import numba
import numpy as np
from numba.extending import register_jitable

from turbine.user_cache import user_cache

__all__ = ["cache_folder", "inlined_kernel", "jitable", "kernel", "kernel_sources", "loop_kernel"]

F = TypeVar("F", bound=Callable[..., Any])

_MARK = b"\nfrom turbine.compiled import"
_PACKAGES = ("turbine", "gridforming", "fleet")


def kernel_sources() -> tuple[Path, ...]:
    """Return the source files that hold kernels, of every package of the product, sorted."""
    root = Path(__file__).resolve().parent.parent
    files = (path for package in _PACKAGES for path in sorted((root / package).rglob("*.py")))
    # This file writes about the mark without importing itself.
    here = root / "turbine" / Path(__file__).name
    return (here, *(path for path in files if _MARK in b"\n" + path.read_bytes()))


@cache
def cache_folder() -> Path:
    """Return where compiled kernels are kept: a folder of the user's cache, named after what they are made of."""
    digest = hashlib.sha256(f"{numba.__version__} {np.__version__} {sys.implementation.cache_tag}".encode())
    for path in kernel_sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return user_cache() / "kernels" / digest.hexdigest()[:16]


def kernel(function: F) -> F:
    """Compile a function on its first call, or load it from the cache."""
    return _compiled(function, "never")


def inlined_kernel(function: F) -> F:
    """Compile as `kernel` does, and put the function into the kernels that call it.

    For the few that take whole sets of parameters: passing hundreds of numbers costs more than what they compute.
    """
    return _compiled(function, "always")


def loop_kernel(function: F) -> F:
    """Compile as `kernel` does, without counting references to arrays: for loops that make none.

    Where a loop reaches dozens of arrays through a NamedTuple, counting them costs more than the arithmetic. Numba
    refuses to compile what would make an array.
    """
    return _compiled(function, "never", counting=False)


def _compiled(function: F, inline: Literal["never", "always"], *, counting: bool = True) -> F:
    config: Any = numba.config
    before, config.CACHE_DIR = config.CACHE_DIR, str(cache_folder())
    try:
        njit: Any = numba.njit  # `_nrt` is no part of its stated options
        compiled: Any = njit(cache=True, nogil=True, error_model="numpy", inline=inline, _nrt=counting)(function)
    finally:
        config.CACHE_DIR = before
    found: F = compiled
    return found


def jitable(function: F) -> F:
    """Let kernels call a function that stays plain Python for everybody else, who may give it arrays."""
    marked: F = register_jitable(function)
    return marked
