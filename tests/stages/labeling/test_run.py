"""`python -m labeling.run` refuses in one line each, with no Label Studio needed for it."""

import os
import socket

import lab
import pytest
import yaml

from labeling.run import main
from negjudge.data.runs import locked


@pytest.fixture
def busy_port():
    """A port that somebody else listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def run_stage(tmp_path, capsys):
    def stage(**changes):
        path = tmp_path / "recipe.yaml"
        path.write_text(yaml.safe_dump(lab.recipe_values(tmp_path / "run", **changes)))
        code = main(["--config", str(path)])
        return code, capsys.readouterr().err

    return stage


def test_a_busy_port_is_named_with_the_way_out(tmp_path, run_stage, busy_port):
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
def test_a_wrong_recipe_is_refused_in_one_line(tmp_path, run_stage, changes, reason):
    lab.fill(tmp_path / "run", 2)
    code, said = run_stage(**changes)
    assert code == 2
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert reason in said


def test_a_damaged_picture_is_refused_before_anything_starts(tmp_path, run_stage):
    (sample, _) = lab.fill(tmp_path / "run", 2)
    (tmp_path / "run" / sample.image).write_bytes(b"GIF89a")
    code, said = run_stage()
    assert (code, said.count("\n")) == (2, 1)
    assert f"{sample.id}.png is not the picture that was recorded" in said
    assert not (tmp_path / "run/labelstudio/server.log").exists()


def test_two_labellings_of_one_folder_are_refused(tmp_path, run_stage):
    lab.fill(tmp_path / "run", 2)
    with locked(tmp_path / "run", "label"):
        code, said = run_stage()
    assert code == 2
    assert f"is being written by another label (process {os.getpid()})" in said
