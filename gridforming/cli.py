"""`wind-sim`: the command line of the simulator.

Exit codes: 0 done, 2 wrong option or input, 4 cannot write.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from turbine.cli import app as turbine_app
from turbine.errors import WindformError

__all__ = ["app", "main"]

_NOT_YET = (
    "wind-sim: this release has no simulations of scenarios; they come with the next one. One turbine is simulated by: "
    "wind-sim turbine --help."
)
_REFUSED, _NOT_WRITTEN = 2, 4  #: exit codes

app = typer.Typer(
    name="wind-sim",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Simulate wind turbines; storage and their converters, grid-following or grid-forming, come with the next "
    "release. Reports of measured farms: wind-fleet.\n\n"
    "Example: wind-sim turbine iea_15mw --wind 12 --turbulence B --seconds 600 --seed 1 --out run_12",
    epilog="Exit codes: 0 done, 2 wrong option or input, 4 cannot write.",
)
app.add_typer(turbine_app, name="turbine")


def main() -> None:
    """Run the command line; a user's mistake ends in one message on standard error and a non-zero exit code."""
    try:
        app()
    except WindformError as error:
        from turbine.folder import OutputError

        typer.echo(f"wind-sim: {error}", err=True)
        sys.exit(_NOT_WRITTEN if isinstance(error, OutputError) else _REFUSED)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"windform {version('windform')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None: ...


@app.command(
    "run",
    help="Simulate a scenario of turbines, storage, converters and a grid. Comes with the next release.",
    epilog="Example: wind-sim run scenario.toml",
    # Whatever is asked for, the answer is the same sentence, not "no such option".
    context_settings={
        "allow_extra_args": True,
        "ignore_unknown_options": True,
        "help_option_names": ["-h", "--help"],
    },
)
def _scenario() -> None:
    typer.echo(_NOT_YET, err=True)
    raise typer.Exit(_REFUSED)
