"""`negjudge submission make` and `check`: a run's results in a form that anyone can recompute."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from negjudge.errors import NegjudgeError


def add_submission(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser's subcommands."""
    parser = commands.add_parser("submission", help="results that others can check", allow_abbrev=False)
    actions = parser.add_subparsers(required=True, metavar="make|check", parser_class=type(parser))
    make = actions.add_parser("make", help="write a submission of an evaluated run", allow_abbrev=False)
    make.add_argument("--config", required=True, help="the recipe of the evaluation")
    make.add_argument("--run", dest="folder", metavar="RUN", help="another run folder than the recipe's")
    make.add_argument("--methods", help="those to submit, as none,vsf,nag; all unless given")
    make.add_argument("--contact", default="", help="whom to ask")
    make.add_argument("--licence", default="", help="under which these files may be used")
    make.add_argument("-o", "--output", required=True, metavar="FOLDER")
    make.set_defaults(run=_make)
    check = actions.add_parser("check", help="recompute a submission", allow_abbrev=False)
    check.add_argument("folder", metavar="FOLDER")
    check.add_argument("--pairs", type=Path, help="the benchmark's file or folder; data/NAME/ unless given")
    check.add_argument("--splits", type=Path, help="the benchmark's; data/NAME/splits.json unless given")
    check.set_defaults(run=_check)


def _make(arguments: argparse.Namespace) -> None:
    """Write a submission that passes its own check, or say what stands in its way and write nothing."""
    from negjudge.contest.recipe import load_evaluation
    from negjudge.data.runs import run_folder
    from negjudge.evaluation.wording import SOURCE_NAMES
    from negjudge.submission.check import faults_of
    from negjudge.submission.format import CLAIMS, write_submission
    from negjudge.submission.make import About, make_submission

    output = Path(arguments.output)
    if output.exists() and not (
        output.is_dir() and ((output / CLAIMS).exists() or not any(output.iterdir()))
    ):
        raise NegjudgeError(f"--output: {output} is there and no submission; name another folder")
    flags = ["--config", arguments.config, *(["--run", arguments.folder] if arguments.folder else [])]
    recipe = load_evaluation(flags, prog="negjudge submission make")
    methods = [name.strip() for name in (arguments.methods or "").split(",") if name.strip()]
    about = About(methods, arguments.contact, arguments.licence)
    made = make_submission(recipe, run_folder(recipe.run), about)
    claims, outcomes = made.claims, made.outcomes
    faults = faults_of(claims, outcomes, Path(recipe.pairs), Path(recipe.splits))
    if faults:
        _say(faults)
        raise NegjudgeError(f"nothing written: such a submission has {_count(faults)}; see above")
    write_submission(output, claims, outcomes)
    print(f"{len(outcomes)} outcomes of {len(claims.methods)} methods in {output}")
    for source in made.left_out:
        print(f"left out, {SOURCE_NAMES[source]}: not of equally many pictures of each pair and method")
    if not claims.equal_budgets:
        print(f"budgets are stated to be unequal: {claims.budgets_note}")


def _check(arguments: argparse.Namespace) -> None:
    """Print every fault, or the figures that the outcomes give."""
    from negjudge.evaluation.wording import SOURCE_NAMES, percent
    from negjudge.guidance.methods import METHOD_NAMES
    from negjudge.submission.check import check_submission

    checked = check_submission(Path(arguments.folder), arguments.pairs, arguments.splits)
    if checked.faults or checked.claims is None:
        _say(checked.faults)
        raise NegjudgeError(f"{arguments.folder} has {_count(checked.faults)}; see above")
    claims = checked.claims
    for row in claims.figures:
        success = percent(row.success)
        told = f"success {success}, {row.pictures} pictures of {row.pairs} pairs"
        print(f"{METHOD_NAMES[row.method]} by {SOURCE_NAMES[row.source]}: {told}")
    budgets = "equal" if claims.equal_budgets else f"unequal: {_one_line(claims.budgets_note)}"
    print(f"{arguments.folder} is in order: every figure is what its outcomes give; budgets {budgets}")


def _say(faults: Sequence[str]) -> None:
    for fault in faults:
        print(_one_line(fault), flush=True)


def _one_line(text: str) -> str:
    """Return text from a stranger's file on one line, free of what a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in " ".join(text.split()))


def _count(faults: Sequence[str]) -> str:
    return f"{len(faults)} fault{'' if len(faults) == 1 else 's'}"
