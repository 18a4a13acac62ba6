"""Pictures of other generators, brought into a run folder by a manifest, each row accounted for."""

from __future__ import annotations

import csv
import io
import itertools
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PureWindowsPath

from negjudge.data.durable import write_atomically
from negjudge.data.pairs import read_pairs
from negjudge.data.records import Sample, read_records
from negjudge.data.runs import EXTERNAL, SAMPLES, locked
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.external.manifest import Entry, Manifest, Rejected, read_manifest
from negjudge.external.store import Key, Store, key_of
from negjudge.pictures import PictureError, fingerprint, load
from negjudge.progress import progress_bar

REJECTED = "rejected.csv"
SHOWN = 10  # rejected rows that the last line tells of; the file tells of all


@dataclass(frozen=True)
class Imported:
    """What became of a manifest's rows: each is new, known already, or rejected.

    ``unnamed`` are pictures in the folder that no row names, ``unmeasured`` the used rows of pairs on which
    methods are not compared.
    """

    manifest: Path
    folder: Path
    store: Path
    new: int = 0
    known: int = 0
    unmeasured: int = 0
    rejected: Sequence[Rejected] = ()
    unnamed: Sequence[str] = ()

    def lines(self) -> Iterator[str]:
        """Yield what a person is told before the tables."""
        used, rows = self.new + self.known, self.new + self.known + len(self.rejected)
        if not rows:
            return
        yield f"{used} of {rows} rows of {self.manifest} used, {self.new} of them new, in {self.store}"
        if self.unmeasured:
            yield f"{self.unmeasured} of these are of pairs outside methods/test, which no table counts"
        if self.unnamed:
            some = ", ".join(self.unnamed[:5]) + (", …" if len(self.unnamed) > 5 else "")
            yield f"pictures in {self.folder} that no row names: {len(self.unnamed)} ({some})"

    def require_all(self) -> None:
        """Raise NegjudgeError that tells which rows were not used, if there are any."""
        if not self.rejected:
            return
        rows = self.new + self.known + len(self.rejected)
        said = [f"line {row.line}: {row.reason}" for row in self.rejected[:SHOWN]]
        said += [f"and {len(self.rejected) - SHOWN} more"] if len(self.rejected) > SHOWN else []
        count = f"{len(self.rejected)} of {rows} rows of {self.manifest.name}"
        were = "was" if len(self.rejected) == 1 else "were"
        raise NegjudgeError(f"{count} {were} not used (see {self.store / REJECTED}): {'; '.join(said)}")


def import_pictures(
    run: Path,
    images: str | None,
    manifest_file: str | None,
    pairs_file: str,
    splits_file: str,
    replaces: bool = False,
) -> Imported:
    """Copy the pictures in ``images`` that a manifest names into ``external/`` of a run folder.

    Good rows enter, the others are listed in ``external/rejected.csv``; the same call again adds nothing.
    With ``replaces`` a row takes the place of a stored picture of its pair, method and seed. Nothing at all
    happens without a manifest. Raises NegjudgeError where folder or manifest cannot be read, and where no row
    is good and the run has no other pictures to measure.
    """
    if manifest_file is None or images is None:
        return Imported(Path(), Path(), run / EXTERNAL)
    folder, pairs = Path(images), read_pairs(pairs_file)
    if not folder.is_dir():
        raise NegjudgeError(f"there is no folder of pictures {folder}; --images names it")
    tested = read_splits(splits_file).methods["test"]
    with locked(run, "eval"):
        own = {sample.method for sample in read_records(run / SAMPLES, Sample)}
        manifest = read_manifest(Path(manifest_file), pairs, own)
        store = Store(run / EXTERNAL, pairs)
        found = _sort(manifest, folder, store, replaces)
        _list(store.folder / REJECTED, manifest.columns, found.rejected)
        _copy(found.new, folder, store, manifest.path.name)
    imported = Imported(
        manifest=manifest.path,
        folder=folder,
        store=store.folder,
        new=len(found.new),
        known=len(found.known),
        unmeasured=sum(entry.pair not in tested for entry in (*found.new, *found.known)),
        rejected=found.rejected,
        unnamed=list(unnamed(folder, manifest.named)),
    )
    if not (own or found.new or store.held):
        imported.require_all()
    return imported


def _copy(entries: Sequence[Entry], folder: Path, store: Store, name: str) -> None:
    with progress_bar(f"{name}, copying", len(entries), "pictures", shown=bool(entries)) as advance:
        for entry in entries:
            store.add(entry, load(inside(folder, entry.image)))
            advance()


@dataclass(frozen=True)
class _Sorted:
    """A manifest's usable rows, apart into new ones and those that are stored already, and the rejected."""

    new: list[Entry]
    known: list[Entry]
    rejected: list[Rejected]


def _sort(manifest: Manifest, folder: Path, store: Store, replaces: bool) -> _Sorted:
    """Look at every picture, and decide about every row."""
    rejected, pixels = list(manifest.rejected), dict[int, str]()
    with progress_bar(f"{manifest.path.name}, checking", len(manifest.entries), "pictures") as advance:
        for entry in manifest.entries:
            try:
                pixels[entry.line] = fingerprint(load(inside(folder, entry.image)))
            except PictureError as error:
                rejected.append(Rejected(entry.line, str(error), entry.cells))
            advance()
    entries = [entry for entry in _numbered(manifest.entries, pixels, store) if entry.line in pixels]
    faults = _doubled(entries, pixels, store, replaces)
    rejected += [
        Rejected(entry.line, faults[entry.line], entry.cells) for entry in entries if entry.line in faults
    ]
    good = [entry for entry in entries if entry.line not in faults]
    known = [e for e in good if key_of(e) in store.held and not store.differs(e, pixels[e.line])]
    new = [entry for entry in good if entry not in known]
    return _Sorted(new, known, sorted(rejected, key=lambda row: row.line))


def _numbered(entries: Sequence[Entry], pixels: Mapping[int, str], store: Store) -> list[Entry]:
    """Return the entries with seeds: a row without one has its picture's, or the next free number.

    Numbers are free where no other row of the manifest has them. A picture that is stored keeps its number,
    so that a manifest whose faulty rows were put right brings those alone.
    """
    seeds = {entry.line: entry.seed for entry in entries if entry.seed is not None}
    claimed = {(entry.pair, entry.method, seeds[entry.line]) for entry in entries if entry.line in seeds}
    stored: dict[tuple[str, str, str], list[Key]] = {}
    for key, held in store.held.items():
        if key not in claimed:
            stored.setdefault((*key[:2], held.source.pixels), []).append(key)
    open_entries = [entry for entry in entries if entry.seed is None]
    for entry in open_entries:
        alike = stored.get((entry.pair, entry.method, pixels.get(entry.line, "")))
        if alike:
            seeds[entry.line] = alike[0][2]
            claimed.add(alike.pop(0))
    for entry in open_entries:
        if entry.line not in seeds:
            free = (n for n in itertools.count() if (entry.pair, entry.method, n) not in claimed)
            seeds[entry.line] = next(free)
            claimed.add((entry.pair, entry.method, seeds[entry.line]))
    return [replace(entry, seed=seeds[entry.line]) for entry in entries]


def _doubled(
    entries: Sequence[Entry], pixels: Mapping[int, str], store: Store, replaces: bool
) -> dict[int, str]:
    """Return what is wrong, by line, with rows whose place is taken already.

    Two rows may show the same pixels: guidance did nothing, or a filter painted both black. That is what
    failure looks like, and it counts.
    """
    faults: dict[int, str] = {}
    rows: dict[Key, int] = {}
    for entry in entries:
        key = key_of(entry)
        differs = store.differs(entry, pixels[entry.line]) if key in store.held else None
        if key in rows:
            faults[entry.line] = f"pair, method and seed are those of line {rows[key]}"
        elif differs and not replaces:
            faults[entry.line] = f"{_place(key)} is there already with {differs}; --replace true changes it"
        else:
            rows[key] = entry.line
    return faults


def _place(key: Key) -> str:
    return f"{key[0]}, {key[1]}, seed {key[2]}"


def _list(path: Path, columns: Sequence[str], rejected: Sequence[Rejected]) -> None:
    """Write the rejected rows as CSV; without any, the list of an earlier call goes."""
    if not rejected:
        path.unlink(missing_ok=True)
        return
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["line", "reason", *columns])
    writer.writerows([row.line, row.reason, *row.cells] for row in rejected)
    write_atomically(path, text.getvalue())


SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff", ".ppm"))


def inside(folder: Path, name: str) -> Path:
    """Return the file that a manifest names; PictureError where it is not a file inside the folder."""
    if Path(name).is_absolute() or PureWindowsPath(name).drive or ".." in PureWindowsPath(name).parts:
        raise PictureError(f"{name!r} is not a path inside the folder of pictures")
    try:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise PictureError(f"{name!r} leads out of the folder of pictures")
        if path.is_file():
            return path
        there = path.exists()
    except (OSError, ValueError, RuntimeError):  # a name too long, with a zero byte, a loop of links
        raise PictureError(f"{name!r} cannot be a file's name") from None
    raise PictureError(f"{name!r} is not a file" if there else f"there is no picture {name!r}")


def unnamed(folder: Path, named: Collection[str]) -> Iterator[str]:
    """Yield the pictures of a folder, by their ending, that no row names; in order."""
    files = {(folder / name) for name in named}
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(place) / name
            if path.suffix.lower() in SUFFIXES and path not in files:
                yield str(path.relative_to(folder))
