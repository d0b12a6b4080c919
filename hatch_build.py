"""Build hook: puts the sample farms into the wheel.

Hatch's own `force-include` would copy them at every editable install as well, where `fleet.samples` reads them from
`data/scada_samples`: twice the same files, and the copy out of date at the first change.
"""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class SamplesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Adds `data/scada_samples` to standard wheels as `fleet/_samples`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the folder unless the build is an editable one."""
        if version != "editable":
            build_data["force_include"]["data/scada_samples"] = "fleet/_samples"
