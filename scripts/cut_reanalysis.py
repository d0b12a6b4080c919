"""Cut an hourly reanalysis file to whole years, line by line: the rows that stay are the publisher's bytes.

Made `data/scada_samples/la_haute_borne/era5_wind_la_haute_borne.csv.gz` from the file of the same name in the OpenOA
package:

    python scripts/cut_reanalysis.py SOURCE.csv.gz TARGET.csv.gz --years 2014 2015
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

STAMP = 1  #: position of the time stamp; the first column is a running number


def cut(source: Path, target: Path, years: frozenset[str]) -> tuple[int, int]:
    """Copy the header and the rows of some years.

    Parameters
    ----------
    source, target : Path
        Gzipped CSV files with an ISO 8601 stamp in the second column.
    years : frozenset of str
        Four-digit years to keep.

    Returns
    -------
    tuple of int
        Rows read and rows kept.
    """
    rows, kept = 0, []
    with gzip.open(source, "rb") as stream:
        header = stream.readline()
        for line in stream:
            rows += 1
            if line.split(b",", STAMP + 1)[STAMP][:4].decode() in years:
                kept.append(line)
    # Without a time and a name in its header the same rows give the same file.
    with target.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as stream:
        stream.write(header)
        stream.writelines(kept)
    return rows, len(kept)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Cut an hourly reanalysis file to whole years.")
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--years", nargs="+", required=True)
    options = parser.parse_args()
    rows, kept = cut(options.source, options.target, frozenset(options.years))
    sys.stdout.write(f"{rows} rows read, {kept} kept\n")


if __name__ == "__main__":
    main()
