"""The command `negjudge`: score and make pictures, mind a benchmark, submit results, push a judge."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from negjudge.cli.benchmark import add_benchmark
from negjudge.cli.doctor import _add_doctor
from negjudge.cli.generate import add_generate
from negjudge.cli.push import _add_push
from negjudge.cli.score import _add_score
from negjudge.cli.submission import add_submission
from negjudge.errors import NegjudgeError, command
from negjudge.version import __version__


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of a page of usage."""

    def error(self, message: str) -> NoReturn:
        raise NegjudgeError(f"{message}; see {self.prog} --help")


@command
def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line; the exit code is 0, or 2 after a line on stderr that says what is wrong."""
    arguments = _parser().parse_args(argv)
    arguments.run(arguments)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("negjudge", description=__doc__, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"negjudge {__version__}")
    commands: argparse._SubParsersAction[argparse.ArgumentParser] = parser.add_subparsers(
        required=True, metavar="COMMAND", parser_class=_Parser
    )
    for add in (_add_score, add_generate, add_benchmark, add_submission, _add_push, _add_doctor):
        add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
