"""A judge behind `transformers serve`, which ignores schemas and probabilities and says nothing of it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from transformers_server import transformers_serving

from minilab.render import render
from negjudge import Judge
from negjudge.judge.endpoint.client import Patience
from negjudge.judge.endpoint.judge import EndpointJudge
from negjudge.judge.endpoint.ledger import Ledger

BASE = Path("data/mini/judge-base")
# The server looks for the answer's start in the prompt as the tokenizer decodes it: the tiny one's tokens are
# words, and come back with spaces between them.
ANSWER = {
    "start_anchor": "<|im_start|> assistant",
    "defaults": {"role": "assistant"},
    "fields": {"content": {"content": "text", "close": "<|im_end|>"}},
}
OBJECTS, ABSENT = ["bicycle", "cat", "bicycle"], ["wheels", "ears", "wheels"]
PICTURES = [
    render("bicycle", ["wheels", "seat"], seed=1),
    render("cat", [], seed=2),
    render("bicycle", ["seat"], seed=3),
]


def test_the_tiny_judge_served_by_transformers_says_what_it_says_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = shutil.copytree(BASE, tmp_path / "judge")
    settings = json.loads((model / "tokenizer_config.json").read_text())
    (model / "tokenizer_config.json").write_text(json.dumps(settings | {"response_template": ANSWER}))
    with transformers_serving(model, tmp_path / "server.log") as address:
        monkeypatch.setenv("NEGJUDGE_ENDPOINT", address)
        monkeypatch.delenv("NEGJUDGE_API_KEY", raising=False)
        ledger = Ledger(tmp_path / "ledger.jsonl", "served", str(model), None)
        with EndpointJudge(str(model), ledger, patience=Patience(tries=2, first=0.01)) as judge:
            served = judge.score(PICTURES, OBJECTS, ABSENT)
    local = Judge.from_pretrained(BASE, device="cpu").score(PICTURES, OBJECTS, ABSENT)
    for one, own in zip(served, local, strict=True):
        assert (one.error, one.details["structured"], one.details["logprobs"]) == (None, 0, 0)
        for question in ("object.present", "object.absent", "element.present"):
            assert one.details[f"{question}.yes"] == (own.details[question] > 0)
        # The likeliest rating, and the expected one.
        assert one.quality == pytest.approx(own.quality, abs=0.5)
