"""The fleet report: one self-contained page, its tables, its figures and a summary for machines.

`headline` is light; `write_report` and `write_comparison` draw figures and load matplotlib only when they are called.
"""

from __future__ import annotations

from fleet.report.headline import headline
from fleet.report.write import write_report
from fleet.report.write_comparison import write_comparison

__all__ = ["headline", "write_comparison", "write_report"]
