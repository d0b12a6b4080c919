"""What an installed wheel must hold; run by `wheel_test.sh` from outside the repository."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import distribution
from pathlib import Path


def main() -> None:
    """Check that the packages are the wheel's own and bring their samples."""
    repository = Path(sys.argv[1]).resolve()
    owned = {str(file) for file in distribution("windform").files or ()}
    for name in ("turbine", "gridforming", "fleet"):
        module = importlib.import_module(name)
        origin = Path(str(module.__file__)).resolve()
        if origin.is_relative_to(repository) or f"{name}/__init__.py" not in owned:
            sys.exit(f"{name} was imported from {origin}, not from the wheel")
        if f"{name}/py.typed" not in owned:
            sys.exit(f"{name}/py.typed is not in the wheel")
    if not any(file.endswith("LICENSE") for file in owned):
        sys.exit("the wheel has no licence file")

    from fleet import samples

    for name in ("hill_of_towie", "kelmarsh", "la_haute_borne", "penmanshiel", "sdwpf"):
        folder = samples.path(name)
        if folder.resolve().is_relative_to(repository):
            sys.exit(f"sample {name} was found in the repository, not in the wheel")
        for needed in ("farm.toml", "ATTRIBUTION.md"):
            if not (folder / needed).is_file():
                sys.exit(f"sample {name} has no {needed}")
    sys.stdout.write("samples in the wheel: " + ", ".join(samples.names()) + "\n")

    from gridforming.scenario import load_scenario, scenario_names

    for file in sorted((repository / "gridforming" / "scenarios").glob("*.toml")):
        if f"gridforming/scenarios/{file.name}" not in owned:
            sys.exit(f"scenario {file.name} is not in the wheel")
        load_scenario(file.stem)
    sys.stdout.write("scenarios in the wheel: " + ", ".join(scenario_names()) + "\n")


if __name__ == "__main__":
    main()
