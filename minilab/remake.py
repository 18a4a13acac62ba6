"""Makes the mini lab's models anew, in order: ``python -m minilab.remake [--device cuda --minutes 8]``.

Autoencoder, teacher, student, base judge: each goes on from its checkpoint, or is skipped where it is done.
With ``--minutes`` the trainings share what is left of them; without, each takes its own number of steps.
``--pack FOLDER`` then puts the models and their logs into a few archives of at most 16 MB.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path

from minilab.loop import BUILD, Plan
from minilab.make_judge import make_judge, pool_of, read_options
from minilab.make_student import load_pipeline, make_student, teacher_pictures
from minilab.make_teacher import make_teacher
from minilab.make_vae import make_vae
from minilab.publish_generator import GENERATOR, publish
from negjudge.errors import NegjudgeError, command

# Of the minutes, for each training; what comes between them (rendering, sampling) is taken off what is left.
SHARES = {"encoder": 3, "decoder": 15, "teacher": 40, "student": 20, "seeing": 6, "answering": 16}
STEPS = {"encoder": 200, "decoder": 1500, "teacher": 3200, "student": 1000, "seeing": 400, "answering": 1500}
PATHS, PATHS_ON_GPU = 100, 600  # batches of the teacher's pictures that the student learns from
LARGEST = 16 * 2**20


class Budget:
    """Gives each training its share of the minutes that are left; without minutes, its steps alone."""

    def __init__(self, minutes: float | None, device: str) -> None:
        self.end = None if minutes is None else time.monotonic() + 60 * minutes
        self.device, self.shares = device, dict(SHARES)

    def wanted(self, made: Path, *names: str) -> bool:
        """Tell whether trainings are still to be done; those that are not leave their share to the others."""
        if made.exists():
            for name in names:
                del self.shares[name]
        return not made.exists()

    def plan(self, name: str) -> Plan:
        """Return the plan of a training that begins now. Raises NegjudgeError where no time is left."""
        minutes, share = None, self.shares.pop(name)
        if self.end is not None:
            minutes = (self.end - time.monotonic()) / 60 * share / (share + sum(self.shares.values()))
            if minutes <= 0:
                raise NegjudgeError(f"no time is left for the training '{name}'; give more --minutes")
        return Plan(STEPS[name], minutes, self.device, save_every=100 if self.device == "cpu" else 500)


def remake(budget: Budget, seed: int) -> None:
    """Run every training that is not done; the generator and the judge end in data/mini."""
    vae, teacher, student = BUILD / "vae", BUILD / f"teacher-{seed}", BUILD / f"student-{seed}"
    if budget.wanted(vae / "model", "encoder", "decoder"):
        make_vae((budget.plan("encoder"), budget.plan("decoder")), seed, vae)
    if budget.wanted(teacher / "model", "teacher"):
        make_teacher(budget.plan("teacher"), seed, teacher)
    if budget.wanted(student / "model", "student"):
        batches = PATHS if budget.device == "cpu" else PATHS_ON_GPU
        teacher_pictures(load_pipeline(teacher / "model"), batches, seed, student / "paths", budget.device)
        make_student(budget.plan("student"), batches, seed, student)
    publish(seed)
    options = read_options(["--seed", str(seed), "--device", budget.device])
    if budget.wanted(Path(options.build) / "answering/done", "seeing", "answering"):
        pool_of(options)
        make_judge((budget.plan("seeing"), budget.plan("answering")), options)
        (Path(options.build) / "answering/done").touch()


def pack(folder: Path, parts: Sequence[Path]) -> list[Path]:
    """Put files into archives of at most 16 MB, the largest first; NegjudgeError where one does not fit."""
    files = sorted((path for part in parts for path in part.rglob("*") if path.is_file()), key=_size)
    archives: list[list[Path]] = []
    for path in reversed(files):
        if _size(path) > LARGEST:
            raise NegjudgeError(f"{path} is larger than 16 MB and fits in no archive")
        fitting = (some for some in archives if sum(map(_size, [*some, path])) <= LARGEST)
        if (archive := next(fitting, None)) is None:
            archives.append(archive := [])
        archive.append(path)
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder / f"mini-{number}.tar" for number in range(len(archives))]
    for target, archive in zip(made, archives, strict=True):
        with tarfile.open(target, "w") as tar:
            for path in archive:
                tar.add(path)
    return made


def _size(path: Path) -> int:
    """Return what a file takes in an archive: its header, and its content in blocks."""
    return 2048 + path.stat().st_size


@command
def main(argv: list[str] | None = None) -> None:
    """Make what is not made yet, and pack it where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m minilab.remake", allow_abbrev=False)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--minutes", type=float)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pack", type=Path, metavar="FOLDER")
    arguments = parser.parse_args(argv)
    remake(Budget(arguments.minutes, arguments.device), arguments.seed)
    if arguments.pack:
        print(*pack(arguments.pack, (GENERATOR, Path("data/mini/judge-base"))), sep="\n")


if __name__ == "__main__":
    sys.exit(main())
