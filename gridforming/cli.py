"""`wind-sim`: the command line of the simulator."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

__all__ = ["app", "main"]

_NOT_YET = (
    "wind-sim: this release has no simulations; they come with the next one. windform 0.1 holds the fleet report: "
    "wind-fleet --help."
)
_NOTHING_DONE = 2  #: exit code: nothing was simulated

app = typer.Typer(add_completion=False)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"windform {version('windform')}")
        raise typer.Exit


@app.command(
    help="Simulate wind turbines, storage and their converters, grid-following or grid-forming. Comes with the next "
    "release; this one holds the fleet report: wind-fleet.",
    # Whatever is asked for, the answer is the same sentence, not "no such option".
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": ["-h", "--help"],
    },
)
def _answer(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    typer.echo(_NOT_YET, err=True)
    raise typer.Exit(_NOTHING_DONE)


def main() -> None:
    """Run the command line."""
    app()
