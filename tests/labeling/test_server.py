"""What the stage and the server's start refuse, in one line each, with no Label Studio needed for it."""

import os
import stat
import sys
from pathlib import Path

import pytest
import yaml

from labeling.run import main
from negjudge.data.pairs import read_pairs
from negjudge.data.runs import locked
from negjudge.data.splits import sound_splits
from negjudge.errors import NegjudgeError
from negjudge.labeling.labelstudio.logins import keep_logins
from negjudge.labeling.labelstudio.server import is_running, serve
from negjudge.labeling.recipe import LabelRecipe
from negjudge.recipes import load_recipe

# Somebody else's server: it looks well, and knows nothing of our logins.
STRANGER = """#!{python}
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else {status})
        self.end_headers()
        self.wfile.write(b'{{"status": "UP"}}')
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def run_stage(lab, tmp_path, capsys):
    def stage(**changes):
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(lab.recipe_values(tmp_path / "run", **changes)))
        code = main(["--config", str(path)])
        return code, capsys.readouterr().err

    return stage


RECIPES = {path.stem: path for path in Path("labeling/recipes").glob("*.yaml")}


@pytest.mark.parametrize("name", RECIPES)
def test_the_recipes_are_valid(name):
    recipe = load_recipe(LabelRecipe, ["--config", str(RECIPES[name])])
    assert recipe.source == ("simulated" if name in ("mini", "mini-contest") else "people")
    assert recipe.run == f"runs/{name}"
    splits = sound_splits(recipe.splits, read_pairs(recipe.pairs))
    assert all(part.split("/")[1] in getattr(splits, part.split("/")[0]) for part in recipe.parts)


def test_a_busy_port_is_named_with_the_way_out(lab, tmp_path, run_stage, busy_port):
    lab.fill(tmp_path / "run", 2)
    code, said = run_stage(port=busy_port)
    assert code == 2
    assert said.count("\n") == 1
    assert said.startswith(f"error: port {busy_port} is taken by another program; choose another with --port")
    assert not (tmp_path / "run/votes.jsonl").exists()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        (
            {"executable": "nowhere/label-studio"},
            "no Label Studio at nowhere/label-studio; `make label` installs",
        ),
        ({"voter": "voters:nobody"}, "key 'voter': cannot load 'voters:nobody'"),
        ({"voter": None}, "key 'voter' goes with source 'simulated'"),
        ({"annotators": ["Anna"]}, "key 'annotators' needs different names of lower-case letters"),
        ({"annotators": ["a", "a"]}, "key 'annotators' needs different names"),
        ({"port": 70000}, "key 'port' is 70000, expected 0 to 65535"),
        ({"per_pair": 0}, "key 'per_pair' is 0, expected 1 or more"),
        ({"prot": 8090}, "unknown key 'prot'; did you mean 'port'?"),
        ({"source": "robots"}, "key 'source'"),
    ],
)
def test_a_wrong_recipe_is_refused_in_one_line(lab, tmp_path, run_stage, changes, reason):
    lab.fill(tmp_path / "run", 2)
    code, said = run_stage(**changes)
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert reason in said


def test_a_damaged_picture_is_refused_before_anything_starts(lab, tmp_path, run_stage):
    (sample, _) = lab.fill(tmp_path / "run", 2)
    (tmp_path / "run" / sample.image).write_bytes(b"GIF89a")
    code, said = run_stage()
    assert (code, said.count("\n")) == (2, 1)
    assert f"{sample.id}.png is not the picture that was recorded" in said
    assert not (tmp_path / "run/labelstudio/server.log").exists()


def test_two_labellings_of_one_folder_are_refused(lab, tmp_path, run_stage):
    lab.fill(tmp_path / "run", 2)
    with locked(tmp_path / "run", "label"):
        code, said = run_stage()
    assert code == 2
    assert f"is being written by another label (process {os.getpid()})" in said


def test_a_server_that_ends_at_once_is_reported(tmp_path):
    with (
        pytest.raises(NegjudgeError, match=r"ended while starting; .*server\.log says why"),
        serve(tmp_path / "server", "false", 0, ["anna"]),
    ):
        pass
    assert not is_running(tmp_path / "server")


@pytest.mark.parametrize("status", [200, 401])
def test_what_answers_must_be_ours_and_is_ended(tmp_path, status):
    program = tmp_path / "stranger"
    program.write_text(STRANGER.format(python=sys.executable, status=status))
    program.chmod(0o755)
    with (
        pytest.raises(NegjudgeError, match="is not the Label Studio of"),
        serve(tmp_path / "server", str(program), 0, ["anna"]),
    ):
        pass
    assert not is_running(tmp_path / "server")


def test_logins_are_the_owners_alone_and_stay(tmp_path):
    first = keep_logins(tmp_path, ["anna"])
    second = keep_logins(tmp_path, ["anna", "ben"])
    path = tmp_path / "logins.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert second.token == first.token
    assert second.passwords.items() > first.passwords.items()
    assert len(set(second.passwords.values())) == 3
    assert not any(secret in repr(second) for secret in (second.token, *second.passwords.values()))
    path.write_text("{}")
    with pytest.raises(NegjudgeError, match="is damaged"):
        keep_logins(tmp_path, ["anna"])
