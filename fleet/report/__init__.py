"""The fleet report: one self-contained page, its tables, its figures and a summary for machines.

`headline` is light; `write_report` draws figures and loads matplotlib only when it is called.
"""

from __future__ import annotations

from fleet.report.headline import headline
from fleet.report.write import write_report

__all__ = ["headline", "write_report"]
