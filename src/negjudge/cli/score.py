"""`negjudge score`: pictures on the command line, verdicts on stdout."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator

from negjudge.data.records import Verdict
from negjudge.errors import NegjudgeError


def _add_score(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
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
    from negjudge.judge.judge import Judge
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
