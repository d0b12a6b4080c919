"""Islands of a network: what is connected, and what holds its voltage."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from gridforming.errors import NetworkError
from gridforming.groups import groups
from gridforming.system import Model

__all__ = ["Island", "islands", "require_one"]


@dataclass(frozen=True)
class Island:
    """Buses that are connected, and the names of what holds their voltage."""

    buses: tuple[str, ...]
    forming: tuple[str, ...]


def islands(model: Model, closed: Mapping[str, bool], blocked: Collection[str] = ()) -> tuple[Island, ...]:
    """Return the islands of a system with its breakers in a state, in the order of their first bus.

    Parameters
    ----------
    model : Model
        The system.
    closed : mapping of str to bool
        By breaker.
    blocked : collection of str
        Converters that hold nothing, since their pulses are blocked.
    """
    system, made = model.system, model.circuit
    place = {name: k for k, name in enumerate((*made.nodes, *made.sources))}
    ties = [(b.tail, b.head) for b in made.branches if b.head in place]
    ties += [pair for name, pair in made.breakers.items() if closed[name]]
    group = groups(len(place), [(place[a], place[b]) for a, b in ties])
    holding = [name for name in system.holding if name not in blocked]
    found: dict[int, list[str]] = {}
    for bus in system.network.bus_names:
        found.setdefault(int(group[place[bus]]), []).append(bus)
    return tuple(
        Island(tuple(buses), tuple(name for name in holding if group[place[name]] == key))
        for key, buses in found.items()
    )


def require_one(model: Model, closed: Mapping[str, bool]) -> None:
    """Refuse a system with no island that something holds, or with several: they have no frame in common.

    Raises
    ------
    NetworkError
        The islands are named.
    """
    found = islands(model, closed)
    held = [island for island in found if island.forming]
    if not held:
        names = "; ".join(", ".join(island.buses) for island in found)
        raise NetworkError(
            "no island has a grid, a grid-forming unit or a synchronous machine, expected one at least; islands: "
            f"{names}"
        )
    if len(held) > 1:
        names = "; ".join(f"{', '.join(island.buses)} (held by {', '.join(island.forming)})" for island in held)
        raise NetworkError(
            f"{len(held)} islands are held apart from each other, expected one: an operating point has one frequency; "
            f"close a breaker between them or begin dead; islands: {names}"
        )
