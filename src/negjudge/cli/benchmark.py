"""`negjudge benchmark`: check the pairs of a benchmark, split them, import those of another."""

from __future__ import annotations

import argparse
from pathlib import Path

from negjudge.benchmark.files import PARTS, benchmark_splits, check, sample, table
from negjudge.benchmark.original import import_pairs
from negjudge.data.durable import write_atomically
from negjudge.data.records import Pair, read_records, write_records
from negjudge.data.splits import splits_json, violations
from negjudge.errors import NegjudgeError


def add_benchmark(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command, which has commands of its own, to the parser's subcommands."""
    parser = commands.add_parser("benchmark", help="check, split and import pairs", allow_abbrev=False)
    actions = parser.add_subparsers(required=True, metavar="ACTION", parser_class=type(parser))
    checking = actions.add_parser("check", help="say what breaks the specification", allow_abbrev=False)
    checking.add_argument("path", metavar="FOLDER_OR_FILE", help="with dev.jsonl and test.jsonl, or a .jsonl")
    checking.add_argument("--show", type=int, default=0, metavar="N", help="print N pairs drawn at random")
    checking.add_argument("--seed", type=int, default=0, help="of the draw; 0 unless given")
    checking.set_defaults(run=_check)
    splitting = actions.add_parser("split", help="write splits.json", allow_abbrev=False)
    splitting.add_argument("folder", metavar="FOLDER", help="with dev.jsonl and test.jsonl")
    splitting.add_argument(
        "--seed", type=int, default=0, help="of the judge's validation pairs; 0 unless given"
    )
    splitting.set_defaults(run=_split)
    importing = actions.add_parser(
        "import", help="pairs from JSON with prompt, missing_element and two questions", allow_abbrev=False
    )
    importing.add_argument("file", metavar="FILE")
    importing.add_argument("-o", "--output", required=True, help="a .jsonl, or a folder for pairs.jsonl")
    importing.set_defaults(run=_import)


def _check(arguments: argparse.Namespace) -> None:
    if arguments.show < 0:
        raise NegjudgeError(f"--show is {arguments.show}, expected 0 or more")
    checked = check(arguments.path)
    print(table(checked.pairs))
    if arguments.show and checked.pairs:
        print(f"\n{sample(checked.pairs, arguments.show, arguments.seed)}")
    print()
    for line in checked.violations:
        print(line)
    if checked.violations:
        count = len(checked.violations)
        raise NegjudgeError(
            f"{arguments.path}: {checked.sizes} pairs, {count} violation{'s' * (count > 1)}; mend the above"
        )
    print(f"{checked.sizes} pairs, no violations")


def _split(arguments: argparse.Namespace) -> None:
    folder = Path(arguments.folder)
    dev, test = (_part(folder / f"{part}.jsonl") for part in PARTS)
    splits = benchmark_splits(dev, test, arguments.seed)
    wrong = violations(splits, {pair.id: pair for pair in (*dev, *test)})
    if wrong:
        raise NegjudgeError(
            f"{folder}: {wrong[0]}; run `negjudge benchmark check {folder}` and mend the pairs"
        )
    write_atomically(folder / "splits.json", splits_json(splits))
    sizes = ", ".join(f"judge {name} {len(ids)}" for name, ids in splits.judge.items() if ids)
    print(f"{folder / 'splits.json'}: methods dev {len(dev)}, methods test {len(test)}, {sizes}")


def _part(file: Path) -> list[Pair]:
    pairs = read_records(file, Pair)
    if not pairs:
        raise NegjudgeError(f"{file} is missing or empty; expected one pair a line")
    return pairs


def _import(arguments: argparse.Namespace) -> None:
    """Write the pairs that can be used, name the rows that cannot, and end with code 2 if there are any."""
    output = Path(arguments.output)
    output = output if output.suffix == ".jsonl" else output / "pairs.jsonl"
    if output.exists():
        raise NegjudgeError(f"{output} is there already; name another, or remove it")
    imported = import_pairs(arguments.file)
    if imported.pairs:
        write_records(output, imported.pairs)
        print(f"{output}: {len(imported.pairs)} pairs")
    for line in imported.refused:
        print(f"{arguments.file}: {line}")
    if imported.refused:
        raise NegjudgeError(
            f"{len(imported.refused)} of {len(imported.refused) + len(imported.pairs)} rows of "
            f"{arguments.file} not imported; the above say why"
        )
