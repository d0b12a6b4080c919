"""Settings for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# Examples are drawn afresh at a desk, where a new failure is welcome, and the same ones in CI, where it would come at
# random. Time is never asserted: a slow machine is no defect of the product.
settings.register_profile("desk", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "desk")
