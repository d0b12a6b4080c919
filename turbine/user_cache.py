"""Where the product keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["user_cache"]


def user_cache() -> Path:
    """Return the product's folder in the user's cache; the environment variable WINDFORM_CACHE moves it."""
    home = os.environ.get("WINDFORM_CACHE") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "windform"
