"""Pictures of other generators: every row of a manifest is used or named, and the good ones are stored."""

from __future__ import annotations

import csv
import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import synthetic
from painted import (
    FIRST,
    PAIRS,
    ROWS,
    SECOND,
    contents,
    fill,
    import_for,
    manifest,
    paint,
    recipe_for,
    stored,
)
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from negjudge.data.records import Sample, read_records
from negjudge.errors import NegjudgeError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return fill(tmp_path / "made")


@pytest.fixture
def recipe(tmp_path: Path, folder: Path) -> Callable[..., Any]:
    """Recipes for ``tmp_path/run`` with the folder and a manifest."""
    return lambda path, **changes: recipe_for(tmp_path / "run", folder, path, **changes)


def rejected(run: Path) -> dict[int, dict[str, str]]:
    with open(run / "external" / "rejected.csv", newline="") as file:
        return {int(row["line"]): row for row in csv.DictReader(file)}


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
    import_for(made, run).require_all()
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
    assert (import_for(made, run).new, len(stored(run))) == (8, 8)
    before = contents(run)
    again = import_for(made, run)
    assert (again.new, again.known) == (0, 8)
    assert contents(run) == before


def test_a_manifest_put_right_brings_the_faulty_row_alone(folder: Path, recipe: Callable[..., Any]) -> None:
    wrong = [ROWS[0].replace(f",{FIRST},", f",{FIRST}s,"), *ROWS[1:]]
    made = recipe(manifest(folder, wrong))
    run = Path(made.run)
    imported = import_for(made, run)
    assert (imported.new, len(imported.rejected)) == (7, 1)
    before = stored(run)
    imported = import_for(recipe(manifest(folder, ROWS)), run)
    assert (imported.new, imported.known, list(imported.rejected)) == (1, 7, [])
    assert stored(run).items() >= before.items()
    assert not (run / "external" / "rejected.csv").exists()


def test_manifests_add_up_and_replace_only_when_told(folder: Path, recipe: Callable[..., Any]) -> None:
    run = Path(recipe(manifest(folder, ROWS)).run)
    import_for(recipe(manifest(folder, ROWS)), run)
    paint(folder / "new.png", FIRST, True, True, 99)
    other = manifest(
        folder, [f"new.png,{FIRST},gpt-image,0", f"new.png,{SECOND},other,5"], "image,pair,method,seed"
    )
    imported = import_for(recipe(other), run)
    assert [row.line for row in imported.rejected] == [2]
    assert "is there already with another picture; --replace true" in imported.rejected[0].reason
    assert len(stored(run)) == 9
    old = stored(run)[FIRST, "gpt-image", 0]
    one = manifest(folder, [f"new2.png,{FIRST},gpt-image,0"], "image,pair,method,seed")
    paint(folder / "new2.png", FIRST, True, True, 100)
    assert import_for(recipe(one, replace=True), run).new == 1
    assert len(stored(run)) == 9
    assert stored(run)[FIRST, "gpt-image", 0].sha256 != old.sha256
    assert old in read_records(run / "external" / "retired.jsonl", Sample)
    assert (run / "external" / old.image).exists()


def test_a_stored_picture_that_was_lost_is_brought_again(folder: Path, recipe: Callable[..., Any]) -> None:
    made = recipe(manifest(folder, ROWS))
    run = Path(made.run)
    import_for(made, run)
    before = contents(run)
    shutil.rmtree(run / "external" / "images")
    assert import_for(made, run).new == 8
    assert {name: c for name, c in contents(run).items() if name in before and "images" in name} == {
        name: c for name, c in before.items() if "images" in name
    }


def _links(folder: Path) -> None:
    (folder / "out.png").symlink_to(Path("docs/images/hero.png").resolve())


def _animation(folder: Path) -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:])


def _huge(folder: Path) -> None:
    Image.new("1", (9000, 9000)).save(folder / "huge.png")


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
    imported = import_for(made, Path(made.run))
    assert [line.line for line in imported.rejected] == [5]
    assert reason in imported.rejected[0].reason
    assert "\n" not in imported.rejected[0].reason
    assert (imported.new, len(stored(Path(made.run)))) == (8, 8)
    listed = (Path(made.run) / "external" / "rejected.csv").read_text()
    assert listed.startswith("line,reason,image,pair,method\n5,")
    with pytest.raises(
        NegjudgeError, match=r"1 of 9 rows of m\.csv was not used \(see .*rejected\.csv\): line 5: "
    ):
        imported.require_all()


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
    (bad,) = import_for(made, Path(made.run)).rejected
    assert bad.line == 3
    assert reason in bad.reason


def test_pictures_that_look_alike_are_failures_that_count(folder: Path, recipe: Callable[..., Any]) -> None:
    """Guidance that did nothing, and a filter's black picture for every seed and pair."""
    black = folder / "black.png"
    Image.new("RGB", (64, 64)).save(black)
    rows = [f"black.png,{pair},{method}" for pair in (FIRST, SECOND) for method in ("a", "b")]
    made = recipe(manifest(folder, [*rows, *rows]))  # without seeds each row is a picture of its own
    for new in (8, 0):
        imported = import_for(made, Path(made.run))
        assert (imported.new, imported.known, list(imported.rejected)) == (new, 8 - new, [])
    assert set(stored(Path(made.run))) == {
        (p, m, n) for p in (FIRST, SECOND) for m in ("a", "b") for n in (0, 1)
    }


def test_a_method_that_the_run_makes_itself_is_refused(folder: Path, tmp_path: Path) -> None:
    run = synthetic.make_run(tmp_path, judges=False, labels=False, control=False)
    path = manifest(folder, [ROWS[0].replace("gpt-image", "vsf"), ROWS[1]])
    recipe = synthetic.recipe_for(run, images=str(folder), manifest=str(path))
    (bad,) = import_for(recipe, run).rejected
    assert bad.reason.startswith("the run makes pictures with 'vsf' itself")


def test_no_good_row_and_no_run_is_one_error(folder: Path, recipe: Callable[..., Any]) -> None:
    made = recipe(manifest(folder, [f"gone.png,{FIRST},a"]))
    with pytest.raises(NegjudgeError, match=r"1 of 1 rows of m\.csv was not used"):
        import_for(made, Path(made.run))
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
        import_for(made, Path(made.run))
    assert said in str(caught.value)
    assert not (Path(made.run) / "external").exists()
