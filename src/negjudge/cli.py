"""The command `negjudge`: score and make pictures, mind a benchmark, submit results, push a judge."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

from negjudge import __version__
from negjudge.benchmark.command import add_benchmark
from negjudge.errors import NegjudgeError, command
from negjudge.generate_command import add_generate
from negjudge.records import Verdict
from negjudge.submission.command import add_submission


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
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    for add in (_add_score, add_generate, add_benchmark, add_submission, _add_push, _add_doctor):
        add(commands)
    return parser


def _add_score(commands: Any) -> None:
    parser = commands.add_parser("score", help="judge pictures", allow_abbrev=False)
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--object", required=True, help="what the picture should show")
    parser.add_argument("--absent", required=True, help="what it should not show")
    parser.add_argument("--judge", required=True, help="a folder, such as runs/mini/judge, or a Hub id")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub id")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--json", action="store_true", help="one JSON object a picture")
    parser.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> None:
    """Print a verdict for each picture; those that cannot be judged are named, and end it with code 2."""
    if arguments.batch_size < 1:
        raise NegjudgeError(f"--batch-size is {arguments.batch_size}, expected 1 or more")
    faults = []
    for image, verdict in _verdicts(arguments):
        if verdict.error:
            faults.append(verdict.error)
        if arguments.json:
            print(json.dumps({"image": image, **dataclasses.asdict(verdict)}), flush=True)
        elif not verdict.error:
            print(_sentence(image, verdict, arguments.object, arguments.absent), flush=True)
    if faults:
        raise NegjudgeError(
            f"{len(faults)} of {len(arguments.images)} pictures not judged: {'; '.join(faults)}"
        )


def _verdicts(arguments: argparse.Namespace) -> Iterator[tuple[str, Verdict]]:
    """Judge batch by batch, with a bar on stderr where there is more than one."""
    from negjudge.judge import Judge
    from negjudge.progress import progress_bar

    images, size = arguments.images, arguments.batch_size
    judge = Judge.from_pretrained(arguments.judge, revision=arguments.revision)

    def batch(start: int) -> Iterator[tuple[str, Verdict]]:
        part = images[start : start + size]
        yield from zip(part, judge.score(part, arguments.object, arguments.absent, size), strict=True)

    if len(images) <= size:
        yield from batch(0)
        return
    with progress_bar("judging", len(images), "pictures") as advance:
        for start in range(0, len(images), size):
            for scored in batch(start):
                yield scored
                advance()


def _sentence(image: str, verdict: Verdict, wanted: str, unwanted: str) -> str:
    numbers = {wanted: verdict.object_present, unwanted: verdict.element_present, "success": verdict.success}
    parts = [f"{name} {value:.3f}" for name, value in numbers.items() if value is not None]
    if verdict.quality is not None:
        parts.append(f"quality {verdict.quality:.1f}")
    notes = [name for name in ("abstained", "contradiction") if getattr(verdict, name)]
    return f"{image}: {', '.join(parts)}{' (' + ', '.join(notes) + ')' if notes else ''}"


def _add_push(commands: Any) -> None:
    parser = commands.add_parser("push", help="upload a judge to the Hub", allow_abbrev=False)
    parser.add_argument("folder", help="such as runs/mini/judge")
    parser.add_argument("repository", metavar="USER/NAME")
    parser.add_argument("--private", action="store_true")
    parser.set_defaults(run=_push)


def _push(arguments: argparse.Namespace) -> None:
    from negjudge.hub import push

    print(push(arguments.folder, arguments.repository, private=arguments.private))


def _add_doctor(commands: Any) -> None:
    parser = commands.add_parser("doctor", help="what this machine has and lacks", allow_abbrev=False)
    parser.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> None:
    from negjudge.doctor import examine

    lacking = 0
    for name, found, fine in examine():
        print(f"{'  ' if fine else '! '}{name:<28} {found}", flush=True)
        lacking += not fine
    if lacking:
        raise NegjudgeError(f"{lacking} of the above should be seen to")


if __name__ == "__main__":
    sys.exit(main())
