"""The bars of farms side by side, as the index of reports and the comparison of farms show them."""

from __future__ import annotations

import pandas as pd

from fleet.marks import MARK
from fleet.report.blocks import Figure, draw

__all__ = ["farm_bars"]


def farm_bars(farms: pd.DataFrame, more: str = "") -> tuple[Figure, ...]:
    """Return the figure of farms side by side; none where no farm has a share to draw.

    Parameters
    ----------
    farms : DataFrame
        `fleet.side_by_side.FarmComparison.headline`.
    more : str
        Ends the caption.
    """
    from fleet import plots

    shares = plots.known_shares(farms)
    if not shares:
        return ()
    words = [f"Of each farm: {', '.join(shares.values())}."]
    if "availability_time" in shares and (farms["availability_note"] != "").any():
        words.append(f"{MARK}: too high, the table says why.")
    return (draw("farms", " ".join([*words, more]).strip(), plots.plot_farm_bars(farms)),)
