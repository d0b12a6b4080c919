"""The sample farms that come with the product: real measurements with attribution, found in a wheel and in a clone."""

from __future__ import annotations

from pathlib import Path

from fleet.errors import InputError, nearest

__all__ = ["names", "path"]

_IN_WHEEL = "_samples"
_IN_REPOSITORY = Path("data", "scada_samples")


def names() -> tuple[str, ...]:
    """Return the names of the sample farms, sorted.

    Raises
    ------
    InputError
        If the installation has no samples.
    """
    return tuple(sorted(folder.name for folder in _root().iterdir() if (folder / "farm.toml").is_file()))


def path(name: str) -> Path:
    """Return the folder of a sample farm.

    Parameters
    ----------
    name : str
        One of `names()`.

    Returns
    -------
    Path
        Folder with the publisher's files, `farm.toml` and `ATTRIBUTION.md`. Treat it as read-only.

    Raises
    ------
    InputError
        If there is no such sample, with the nearest name.
    """
    known = names()
    if name not in known:
        raise InputError(f'there is no sample farm "{name}"{nearest(name, known)}; there are: {", ".join(known)}')
    return _root() / name


def _root() -> Path:
    package = Path(__file__).resolve().parent
    # A wheel holds the samples inside the package; an editable install leaves them in the repository.
    for root in (package / _IN_WHEEL, package.parent / _IN_REPOSITORY):
        if root.is_dir():
            return root
    raise InputError(
        f"the sample farms are missing: expected {package / _IN_WHEEL}; install the windform wheel again, "
        "or work from a clone of the repository"
    )
