"""Write `docs/validation.md` from the list of validation cases, or check that it is up to date.

Every figure is computed here, by the whole pipeline on the packaged samples and by runs of the packaged turbines (less
than a minute):

    python scripts/write_validation.py            # write
    python scripts/write_validation.py --check    # exit code 1 if the page is out of date or a case fails
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.validation.cases import CASES
from tests.validation.page import PAGE, line, miss, page


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Write docs/validation.md.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if it is out of date")
    check = parser.parse_args().check
    found = [(case, case.compute()) for case in CASES]
    missed = [miss(case, ours) for case, ours in found if not case.passes(ours)]
    if missed:
        sys.exit("\n".join(["a failure is not to be documented:", *missed]))
    text = page({(case.case, case.quantity): line(case, ours) for case, ours in found})
    if not check:
        PAGE.write_text(text, encoding="utf-8", newline="\n")
    elif not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != text:
        sys.exit(f"docs/{PAGE.name} is out of date: run `python scripts/write_validation.py`")


if __name__ == "__main__":
    main()
