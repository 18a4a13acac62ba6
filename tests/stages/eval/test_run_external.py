"""Another generator's pictures in the eval stage: what is good is measured, the rest ends in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from painted import DEV, FIRST, ROWS, fill, manifest, paint

from eval.run import main as run_eval


def test_the_command_measures_what_is_good_and_ends_with_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "run").mkdir()
    folder = fill(tmp_path / "made")
    paint(folder / "sub" / "extra.png", FIRST, True, True, 77)
    paint(folder / "dev.png", DEV[0], True, True, 78)
    path = manifest(folder, ["gone.png," + ROWS[0].split(",", 1)[1], *ROWS, f"dev.png,{DEV[0]},gpt-image"])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))  # as Excel saves it
    flags = ["--config", "eval/recipes/mini.yaml", "--run", str(tmp_path / "run"), "--draws", "40"]
    flags += ["--reader", "painted:read_files", "--images", str(folder), "--manifest", str(path)]
    assert run_eval(flags) == 2
    said = capsys.readouterr()
    assert "9 of 10 rows" in said.out
    assert "1 of these are of pairs outside methods/test" in said.out
    assert f"that no row names: 1 ({Path('sub/extra.png')})" in said.out
    assert "gpt-image  50 % (" in said.out
    last = said.err.strip().splitlines()[-1]
    assert last.startswith("error: 1 of 10 rows of m.csv was not used")
    assert last.endswith("line 2: there is no picture 'gone.png'")


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
