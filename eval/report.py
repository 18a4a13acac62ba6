"""Writes the report of an evaluated run: ``python -m eval.report --config FILE``."""

from __future__ import annotations

import sys

from negjudge.contest.recipe import load_evaluation
from negjudge.data.runs import run_folder
from negjudge.errors import command
from negjudge.report.page import write_report


@command
def main(argv: list[str] | None = None) -> None:
    """Write report/index.html, its tables and the pairs' pictures beside it, and say where it is."""
    recipe = load_evaluation(argv, prog="python -m eval.report")
    page = write_report(recipe, run_folder(recipe.run))
    beside = sum(path.stat().st_size for path in page.parent.glob("*/*"))
    print(
        f"{page} ({page.stat().st_size / 1e6:.1f} MB, opens offline; "
        f"{beside / 1e6:.1f} MB of tables and pictures beside it)"
    )


if __name__ == "__main__":
    sys.exit(main())
