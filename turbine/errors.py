"""The common base of every error that the product raises for a user's mistake."""

from __future__ import annotations

__all__ = ["WindformError"]


class WindformError(Exception):
    """A problem the user can mend: the message says where, what was found and what was expected."""
