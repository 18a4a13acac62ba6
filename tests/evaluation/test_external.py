"""Pictures of other generators: every row of a manifest is used or named, and the good ones are measured."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from eval.run import main as run_eval
from negjudge.data.records import Pair, Sample, read_records
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.evaluation.methods.table import Comparison
from negjudge.evaluation.recipe import EvalRecipe
from negjudge.evaluation.stage import evaluate
from negjudge.external.bring import Brought
from negjudge.external.bring import bring as bring_pictures
from negjudge.report.page import write_report

PAIRS = {pair.id: pair for pair in read_records("data/mini/pairs.jsonl", Pair)}
NUMBERS = {pair_id: number for number, pair_id in enumerate(PAIRS)}
TEST = read_splits("data/mini/splits.json").methods["test"]
DEV = read_splits("data/mini/splits.json").methods["dev"]
FIRST, SECOND = TEST[:2]


def paint(
    path: Path, pair: str, kept: bool, removed: bool, mark: int, size: tuple[int, int] = (48, 32)
) -> None:
    """Draw a picture that says in its colours what ``read_files`` shall see, a mark apart from all others."""
    picture = Image.new("RGB", size, (NUMBERS[pair], 255 * kept, 255 * removed))
    picture.putpixel((size[0] - 1, size[1] - 1), (mark % 256, mark // 256, 7))
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)


@dataclass(frozen=True)
class Seen:
    """What the reader found in a picture."""

    object: str | None
    parts: tuple[str, ...]
    residual: float = 0.0
    difficulty: float = 0.0


def read_files(paths: Sequence[Path]) -> list[Seen]:
    """Read painted pictures, and the scenes that those of the synthetic run carry."""
    found = []
    for path in paths:
        with Image.open(path) as image:
            if "scene" in image.info:
                scene = json.loads(image.info["scene"])
                found.append(Seen(scene["object"], tuple(scene["parts"])))
                continue
            number, kept, removed = image.getpixel((0, 0))  # type: ignore[misc]
        pair = list(PAIRS.values())[number]
        found.append(Seen(pair.object if kept else None, () if removed else (pair.element,)))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two pictures of each of four test pairs; the second of each succeeds."""
    for number, pair in enumerate(TEST[:4]):
        for seed in range(2):
            paint(tmp_path / "made" / f"{pair}-{seed}.png", pair, True, seed == 1, 2 * number + seed)
    return tmp_path / "made"


ROWS = [f"{pair}-{seed}.png,{pair},gpt-image" for pair in TEST[:4] for seed in range(2)]


def manifest(
    folder: Path, rows: Sequence[str], columns: str = "image,pair,method", name: str = "m.csv"
) -> Path:
    path = folder.parent / name
    path.write_text("\n".join([columns, *rows]) + "\n")
    return path


def bring(recipe: EvalRecipe, run: Path) -> Brought:
    """Bring in what the recipe names, as the commands do."""
    return bring_pictures(run, recipe.images, recipe.manifest, recipe.pairs, recipe.splits, recipe.replace)


@pytest.fixture
def recipe(synthetic: Any, tmp_path: Path, folder: Path) -> Callable[..., Any]:
    """Recipes for ``tmp_path/run`` with the folder and a manifest."""

    def make(path: Path, **changes: Any) -> Any:
        run = tmp_path / "run"
        run.mkdir(exist_ok=True)
        values: dict[str, Any] = {
            "reader": f"{__name__}:read_files",
            "images": str(folder),
            "manifest": str(path),
        }
        return synthetic.recipe_for(run, **{**values, **changes})

    return make


def stored(run: Path) -> dict[tuple[str, str, int], Sample]:
    samples = read_records(run / "external" / "samples.jsonl", Sample)
    return {(sample.pair, sample.method, sample.seed): sample for sample in samples}


def rejected(run: Path) -> dict[int, dict[str, str]]:
    with open(run / "external" / "rejected.csv", newline="") as file:
        return {int(row["line"]): row for row in csv.DictReader(file)}


def contents(run: Path) -> dict[str, bytes]:
    place = run / "external"
    return {str(p.relative_to(place)): p.read_bytes() for p in sorted(place.rglob("*")) if p.is_file()}


# ---- good rows


def test_another_generators_pictures_stand_in_tables_comparisons_and_page(
    synthetic: Any, folder: Path, tmp_path: Path
) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    path = manifest(folder, [f"{row},28" for row in ROWS], "image,pair,method,evaluations")
    values = {"reader": f"{__name__}:read_files", "images": str(folder), "manifest": str(path)}
    recipe = synthetic.recipe_for(run, **values)
    bring(recipe, run).require_all()
    metrics = evaluate(recipe, run)
    row = next(r for r in metrics.methods["oracle"] if r.method == "gpt-image")
    assert (row.pictures, row.pairs, row.success.estimate) == (8, 4, 0.5)
    assert (row.params, row.evaluations, row.collateral) == ({}, 28, None)
    compared = {(c.first, c.second): c for c in metrics.comparisons["oracle"] if c.measure == "success"}
    assert compared["vsf", "none"].paired_by == "pair and seed"
    far = compared["vsf", "gpt-image"]
    assert (far.paired_by, far.pairs) == ("pair", 4)
    assert far.difference.estimate == pytest.approx(_gap(run, far), abs=1e-6)
    assert metrics.finding.best.method == "vsf"  # 50 % of 4 pairs of another generator prove nothing
    assert "gpt-image less no guidance †" in " ".join(write_report(recipe, run).read_text().split())


def _gap(run: Path, comparison: Comparison) -> float:
    """Return the difference of the methods' means over the pairs, from what the reader wrote down."""
    seen = {
        entry["sample"]: entry for entry in map(json.loads, (run / "oracle.jsonl").read_text().splitlines())
    }
    samples = [*read_records(run / "samples.jsonl", Sample), *stored(run).values()]

    def mean(method: str, pair: str) -> float:
        mine = [s for s in samples if (s.method, s.pair) == (method, pair)]
        return fmean(seen[s.id]["object"] == s.object and s.element not in seen[s.id]["parts"] for s in mine)

    first, second = comparison.first, comparison.second
    return fmean(mean(first, pair) - mean(second, pair) for pair in TEST[:4])


def test_a_run_of_other_generators_alone_is_measured(folder: Path, recipe: Callable[..., Any]) -> None:
    made = recipe(manifest(folder, ROWS))
    run = Path(made.run)
    bring(made, run).require_all()
    metrics = evaluate(made, run)
    assert [(r.method, r.pictures) for r in metrics.methods["oracle"]] == [("gpt-image", 8)]
    assert metrics.finding is None
    assert "gpt-image" in write_report(made, run).read_text()


def test_pictures_are_stored_upright_bare_and_whole(folder: Path, recipe: Callable[..., Any]) -> None:
    turned = Image.new("RGB", (1400, 900), "navy")
    exif = turned.getexif()
    exif[0x0112], exif[0x010E] = 6, "a secret"  # turned by 90 degrees; a description
    turned.save(folder / "phone.jpg", exif=exif, comment=b"a secret")
    text = PngInfo()
    text.add_text("prompt", "a secret")
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(folder / "clear.png", pnginfo=text)
    made = recipe(manifest(folder, [f"phone.jpg,{FIRST},a", f"clear.png,{FIRST},b"]))
    run = Path(made.run)
    bring(made, run).require_all()
    phone, clear = stored(run)[FIRST, "a", 0], stored(run)[FIRST, "b", 0]
    assert (phone.width, phone.height) == (900, 1400)
    for sample in (phone, clear):
        content = (run / "external" / sample.image).read_bytes()
        assert hashlib.sha256(content).hexdigest() == sample.sha256
        assert b"secret" not in content
        with Image.open(run / "external" / sample.image) as image:
            assert (image.format, image.mode, image.size, image.info) == (
                "PNG", "RGB", (sample.width, sample.height), {},
            )  # fmt: skip
            assert sample is phone or image.getpixel((0, 0)) == (255, 255, 255)
    assert (phone.device, phone.steps, phone.params, phone.prompt) == ("external", 0, {}, PAIRS[FIRST].prompt)


def test_the_same_call_again_adds_nothing(folder: Path, recipe: Callable[..., Any]) -> None:
    made = recipe(manifest(folder, ROWS))
    run = Path(made.run)
    assert (bring(made, run).new, len(stored(run))) == (8, 8)
    before = contents(run)
    again = bring(made, run)
    assert (again.new, again.known) == (0, 8)
    assert contents(run) == before


def test_a_manifest_put_right_brings_the_faulty_row_alone(folder: Path, recipe: Callable[..., Any]) -> None:
    wrong = [ROWS[0].replace(f",{FIRST},", f",{FIRST}s,"), *ROWS[1:]]
    made = recipe(manifest(folder, wrong))
    run = Path(made.run)
    brought = bring(made, run)
    assert (brought.new, len(brought.rejected)) == (7, 1)
    before = stored(run)
    brought = bring(recipe(manifest(folder, ROWS)), run)
    assert (brought.new, brought.known, list(brought.rejected)) == (1, 7, [])
    assert stored(run).items() >= before.items()
    assert not (run / "external" / "rejected.csv").exists()


def test_manifests_add_up_and_replace_only_when_told(folder: Path, recipe: Callable[..., Any]) -> None:
    run = Path(recipe(manifest(folder, ROWS)).run)
    bring(recipe(manifest(folder, ROWS)), run)
    paint(folder / "new.png", FIRST, True, True, 99)
    other = manifest(
        folder, [f"new.png,{FIRST},gpt-image,0", f"new.png,{SECOND},other,5"], "image,pair,method,seed"
    )
    brought = bring(recipe(other), run)
    assert [row.line for row in brought.rejected] == [2]
    assert "is there already with another picture; --replace true" in brought.rejected[0].reason
    assert len(stored(run)) == 9
    old = stored(run)[FIRST, "gpt-image", 0]
    one = manifest(folder, [f"new2.png,{FIRST},gpt-image,0"], "image,pair,method,seed")
    paint(folder / "new2.png", FIRST, True, True, 100)
    assert bring(recipe(one, replace=True), run).new == 1
    assert len(stored(run)) == 9
    assert stored(run)[FIRST, "gpt-image", 0].sha256 != old.sha256
    assert old in read_records(run / "external" / "retired.jsonl", Sample)
    assert (run / "external" / old.image).exists()


def test_a_stored_picture_that_was_lost_is_brought_again(folder: Path, recipe: Callable[..., Any]) -> None:
    made = recipe(manifest(folder, ROWS))
    run = Path(made.run)
    bring(made, run)
    before = contents(run)
    shutil.rmtree(run / "external" / "images")
    with pytest.raises(NegjudgeError, match="bring it in again with --images and --manifest"):
        evaluate(made, run)
    assert bring(made, run).new == 8
    assert {name: c for name, c in contents(run).items() if name in before and "images" in name} == {
        name: c for name, c in before.items() if "images" in name
    }


# ---- bad rows


def _links(folder: Path) -> None:
    (folder / "out.png").symlink_to(Path("docs/images/hero.png").resolve())


def _animation(folder: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])


def _huge(folder: Path) -> None:
    Image.new("1", (9000, 9000)).save(folder / "huge.png")


def _copy(folder: Path) -> None:
    with Image.open(folder / f"{FIRST}-0.png") as image:
        image.save(folder / "copy.bmp")


BAD: list[tuple[str, Callable[[Path], object], str]] = [
    ("gone.png,{pair},gpt-image", lambda f: None, "there is no picture 'gone.png'"),
    (".,{pair},gpt-image", lambda f: None, "'.' is not a file"),
    ("../made/x.png,{pair},gpt-image", lambda f: None, "is not a path inside the folder"),
    ("/etc/hostname,{pair},gpt-image", lambda f: None, "is not a path inside the folder"),
    ("out.png,{pair},gpt-image", _links, "leads out of the folder"),
    ("a\0b.png,{pair},gpt-image", lambda f: None, "cannot be a file's name"),
    (f"{'x' * 300}.png,{{pair}},gpt-image", lambda f: None, "cannot be a file's name"),
    ("text.png,{pair},gpt-image", lambda f: (f / "text.png").write_text("no"), "no readable picture"),
    ("moving.gif,{pair},gpt-image", _animation, "it has 2 frames"),
    ("huge.png,{pair},gpt-image", _huge, "it has more than 67 million pixels"),
    ("copy.bmp,{pair},gpt-image", _copy, "the picture is that of line 2"),
    (f"{FIRST}-0.png,{SECOND},other", lambda f: None, "the picture is that of line 2"),
    ("x.png,nothing,gpt-image", lambda f: None, "there is no pair 'nothing'"),
    ("x.png,{pair},", lambda f: None, "the method has no name"),
    ("x.png,{pair},<script>", lambda f: None, "is not a name"),
    ("x.png,{pair},NAG", lambda f: None, "reads like 'nag'"),
    ("x.png,{pair}", lambda f: None, "it has 2 cells, the header has 3"),
    ("x.png,{pair},gpt-image,", lambda f: None, "it has 4 cells, the header has 3"),
    ('"x.png,{pair},gpt-image', lambda f: None, "its quotes do not match"),
    (",,", lambda f: None, "the image has no name and the pair has no name and the method has no name"),
]  # fmt: skip


@pytest.mark.parametrize(("row", "prepare", "reason"), BAD, ids=[reason for _, _, reason in BAD])
def test_a_bad_row_is_named_and_the_others_enter(
    folder: Path, recipe: Callable[..., Any], row: str, prepare: Callable[[Path], object], reason: str
) -> None:
    prepare(folder)
    bad = row.format(pair=FIRST)
    made = recipe(manifest(folder, [*ROWS[:3], bad, *ROWS[3:]]))
    brought = bring(made, Path(made.run))
    assert [line.line for line in brought.rejected] == [5]
    assert reason in brought.rejected[0].reason
    assert "\n" not in brought.rejected[0].reason
    assert (brought.new, len(stored(Path(made.run)))) == (8, 8)
    listed = (Path(made.run) / "external" / "rejected.csv").read_text()
    assert listed.startswith("line,reason,image,pair,method\n5,")
    with pytest.raises(
        NegjudgeError, match=r"1 of 9 rows of m\.csv was not used \(see .*rejected\.csv\): line 5: "
    ):
        brought.require_all()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ("1.5,", "the seed '1.5' is not a whole number from 0 on"),
        ("-1,", "the seed '-1'"),
        ("99999999999999999999,", "the seed"),
        ("0,0", "the evaluations '0' is not a whole number from 1 on"),
        ("7,", "pair, method and seed are those of line 2"),
    ],
)
def test_bad_numbers_and_a_place_taken_twice(
    folder: Path, recipe: Callable[..., Any], cells: str, reason: str
) -> None:
    rows = [f"{FIRST}-0.png,{FIRST},a,7,30", f"{FIRST}-1.png,{FIRST},a,{cells}"]
    made = recipe(manifest(folder, rows, "image,pair,method,seed,evaluations"))
    (bad,) = bring(made, Path(made.run)).rejected
    assert bad.line == 3
    assert reason in bad.reason


def test_a_picture_stored_elsewhere_is_not_taken_twice(folder: Path, recipe: Callable[..., Any]) -> None:
    made = recipe(manifest(folder, ROWS))
    bring(made, Path(made.run))
    (bad,) = bring(recipe(manifest(folder, [f"{FIRST}-0.png,{SECOND},b", ROWS[5]])), Path(made.run)).rejected
    assert bad.reason == f"the picture is there already as {FIRST}, gpt-image, seed 0"


def test_a_method_that_the_run_makes_itself_is_refused(synthetic: Any, folder: Path, tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    path = manifest(folder, [ROWS[0].replace("gpt-image", "vsf"), ROWS[1]])
    recipe = synthetic.recipe_for(run, images=str(folder), manifest=str(path))
    (bad,) = bring(recipe, run).rejected
    assert bad.reason.startswith("the run makes pictures with 'vsf' itself")


def test_the_command_measures_what_is_good_and_ends_with_the_rest(
    synthetic: Any, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    paint(folder / "sub" / "extra.png", FIRST, True, True, 77)
    paint(folder / "dev.png", DEV[0], True, True, 78)
    path = manifest(folder, ["gone.png," + ROWS[0].split(",", 1)[1], *ROWS, f"dev.png,{DEV[0]},gpt-image"])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))  # as Excel saves it
    flags = ["--config", "eval/recipes/mini.yaml", "--run", str(tmp_path / "run"), "--draws", "40"]
    flags += ["--reader", f"{__name__}:read_files", "--images", str(folder), "--manifest", str(path)]
    assert run_eval(flags) == 2
    said = capsys.readouterr()
    assert "9 of 10 rows" in said.out
    assert "1 of these are of pairs outside methods/test" in said.out
    assert f"that no row names: 1 ({Path('sub/extra.png')})" in said.out
    assert "gpt-image  50 % (" in said.out
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("error: 1 of 10 rows of m.csv was not used")
    assert last.endswith("line 2: there is no picture 'gone.png'")


def test_no_good_row_and_no_run_is_one_error(folder: Path, recipe: Callable[..., Any]) -> None:
    made = recipe(manifest(folder, [f"gone.png,{FIRST},a"]))
    with pytest.raises(NegjudgeError, match=r"1 of 1 rows of m\.csv was not used"):
        bring(made, Path(made.run))
    assert rejected(Path(made.run))[2]["image"] == "gone.png"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "has no header"),
        (b"image,pair,method\n", "has a header and no rows"),
        (b"image,pair,methd\nx.png,a,b\n", "line 1: unknown column 'methd'; did you mean 'method'?"),
        (b"image,pair,method,notes\nx,a,b,c\n", "unknown column 'notes'; known are image, pair"),
        (b"image,pair\nx.png,a\n", "the column 'method' is missing"),
        (b"image,pair,pair,method\nx,a,a,b\n", "the column 'pair' is there twice"),
        (b"image;pair;method\nx.png;a;b\n", "the columns are not separated by commas"),
        ("image,pair,method\nÄ.png,a,b\n".encode("latin-1"), "line 2 is not UTF-8"),
    ],
)
def test_a_manifest_that_cannot_be_trusted_changes_nothing(
    folder: Path, recipe: Callable[..., Any], content: bytes, said: str
) -> None:
    path = manifest(folder, [])
    path.write_bytes(content)
    made = recipe(path)
    with pytest.raises(NegjudgeError, match=r"m\.csv") as caught:
        bring(made, Path(made.run))
    assert said in str(caught.value)
    assert not (Path(made.run) / "external").exists()


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--images", "docs/images"], "key 'manifest' is missing"),
        (["--images", "docs/images", "--manifest", "nowhere.csv"], "there is no manifest nowhere.csv"),
        (["--images", "nowhere", "--manifest", "nowhere.csv"], "there is no folder of pictures nowhere"),
        (["--replace", "true"], "key 'replace' needs 'images' and 'manifest'"),
    ],
)
def test_keys_that_do_not_go_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], said: str
) -> None:
    assert run_eval(["--config", "eval/recipes/mini.yaml", "--run", str(tmp_path), *flags]) == 2
    assert said in capsys.readouterr().err
