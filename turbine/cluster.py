"""The address of a Dask cluster's scheduler, checked before a client tries it."""

from __future__ import annotations

from turbine.errors import WindformError

__all__ = ["PATIENCE_S", "check_scheduler"]

PATIENCE_S = 10.0  #: how long an answer is waited for


def check_scheduler(scheduler: str, error: type[WindformError]) -> None:
    """Refuse an address that nothing answers at; a client of Dask's takes long to give up, and is loud.

    Parameters
    ----------
    scheduler : str
        Such as tcp://host:8786.
    error : type of WindformError
        What is raised.
    """
    import socket

    scheme, _, place = scheduler.partition("://")
    host, _, port = place.rpartition(":")
    if scheme != "tcp" or not host or not port.isdecimal():
        raise error(f"scheduler: found {scheduler!r}, expected an address such as tcp://host:8786")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE_S).close()
    except (OSError, OverflowError) as problem:
        raise error(
            f"scheduler {scheduler}: cannot be reached ({problem}), expected the address of a Dask scheduler"
        ) from None
