"""Publishing: what would be uploaded loads anywhere, and nothing secret is said."""

import shutil

import pytest

from negjudge import Judge
from negjudge.errors import NegjudgeError
from negjudge.judge.settings import Base, read_judge_settings, write_judge_settings
from negjudge.publishing.hub import prepare, push

TOKEN = "hf_" + "secret" * 5


@pytest.fixture
def run(adapter, base, tmp_path):
    """A run folder whose judge has its card, and beside it the card of the judge before."""
    shutil.copytree(base.parent, tmp_path / "models")
    run = tmp_path / "models" / "runs" / "mini"
    (run / "card.md").write_text("# An older judge\n")
    (run / "judge" / "README.md").write_text("# A judge\n")
    return run


def test_what_is_uploaded_stands_alone(run, tmp_path, pictures, monkeypatch):
    expected = Judge.from_pretrained(run / "judge", device="cpu").score(pictures[0], "bicycle", "wheels")
    target = tmp_path / "upload"
    target.mkdir()
    prepare(run / "judge", target)
    shutil.rmtree(tmp_path / "models")
    judge = Judge.from_pretrained(target, device="cpu")
    verdict = judge.score(pictures[0], "bicycle", "wheels")
    assert verdict.details == pytest.approx(expected.details, abs=1e-4)
    assert judge.settings.calibration.object.present == 2.0
    assert (target / "README.md").read_text() == "# A judge\n"
    assert not (target / "adapter_config.json").exists()


def test_a_lora_on_a_model_of_the_hub_goes_as_it_is(run, tmp_path):
    settings = read_judge_settings(run / "judge")
    base = Base("Qwen/Qwen2.5-VL-7B-Instruct", revision="0" * 40)
    write_judge_settings(run / "judge", type(settings)(settings.calibration, base))
    target = tmp_path / "upload"
    target.mkdir()
    prepare(run / "judge", target)
    assert (target / "adapter_model.safetensors").exists()
    assert not (target / "model.safetensors").exists()
    assert read_judge_settings(target).base == base


@pytest.mark.parametrize(
    ("break_it", "word"),
    [
        (lambda run: (run / "judge" / "README.md").unlink(), "make eval card"),
        (lambda run: shutil.rmtree(run / "judge"), "holds no judge"),
    ],
)
def test_what_lacks_is_said(run, break_it, word):
    break_it(run)
    with pytest.raises(NegjudgeError, match=word):
        push(run / "judge", "user/name")


def test_wrong_name_and_no_token(run, monkeypatch):
    with pytest.raises(NegjudgeError, match="give USER/NAME"):
        push(run / "judge", "not/a/name")
    monkeypatch.setattr("negjudge.publishing.hub.get_token", lambda: None)
    with pytest.raises(NegjudgeError, match="not logged in"):
        push(run / "judge", "user/name")


def test_a_hub_out_of_reach_is_one_line_without_the_token(run, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(NegjudgeError) as error:
        push(run / "judge", "user/name")
    assert str(error.value).startswith("the Hub did not take user/name: ")
    assert "\n" not in str(error.value)
    assert TOKEN not in str(error.value)
