"""A judge behind an endpoint, against a real server that runs the tiny one: verdicts, what they rest on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import synthetic
from chat_server import ChatServer
from endpoint import ABSENT, EVERY_WORD, OBJECTS, QUICK, ask
from scipy.special import expit

from minilab.render import render
from negjudge import Judge
from negjudge.errors import NegjudgeError
from negjudge.evaluation.metrics_file import Metrics
from negjudge.evaluation.recipe import JudgeRecipe, Price
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary
from negjudge.judge.endpoint.judge import EndpointJudge
from negjudge.judge.endpoint.ledger import Ledger


def test_one_request_a_picture_with_probabilities_gives_the_verdicts_of_the_judge_itself(
    server: ChatServer, local: Judge, pictures: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # loopback passes it by
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    found = ask(tmp_path, pictures, parameters=EVERY_WORD)
    assert len(server.bodies) == 3
    for one, own in zip(found, local.score(pictures, OBJECTS, ABSENT), strict=True):
        assert (one.details["logprobs"], one.details["structured"]) == (1, 1)
        assert one.object_present == pytest.approx(own.object_present, abs=1e-5)
        assert one.element_present == pytest.approx(own.element_present, abs=1e-5)
        assert one.success == pytest.approx(own.success, abs=1e-5)
        assert one.quality == pytest.approx(own.quality, abs=1e-4)
        assert one.contradiction == own.contradiction
        assert not one.abstained


def test_a_server_without_schemas_is_asked_question_by_question_and_found_out_once(
    server: ChatServer, local: Judge, pictures: list[Any], tmp_path: Path
) -> None:
    server.structured = False
    found = ask(tmp_path, pictures, parameters=EVERY_WORD)
    assert len(server.bodies) == 1 + 3 * 5
    assert ["response_format" in body for body in server.bodies] == [True] + [False] * 15
    for one, own in zip(found, local.score(pictures, OBJECTS, ABSENT), strict=True):
        assert (one.details["logprobs"], one.details["structured"]) == (1, 0)
        said = {name.removesuffix(".yes"): p for name, p in one.details.items() if name.endswith(".yes")}
        assert {"object.present", "element.present"} <= said.keys()  # to others it may say "bicycle"
        assert said == pytest.approx({name: expit(own.details[name]) for name in said}, abs=1e-5)
    # Another session asks once how this server is to be asked, and again what was not understood.
    lacking = sum(4 - sum(n.endswith(".yes") for n in one.details) + (one.quality is None) for one in found)
    assert ask(tmp_path, pictures, parameters=EVERY_WORD) == found
    assert len(server.bodies) == 17 + lacking


def test_prose_instead_of_json_is_a_refusal_too(
    server: ChatServer, pictures: list[Any], tmp_path: Path
) -> None:
    server.answer = "Yes, it does."
    (found,) = ask(tmp_path, pictures[:1])
    assert len(server.bodies) == 6
    assert found.details["object.present.yes"] == found.details["object.absent.yes"] == 1
    assert (found.contradiction, found.quality) == (True, None)  # a "yes" is no rating
    assert ask(tmp_path, pictures[:1]) == [found]
    assert len(server.bodies) == 8  # what was understood is not asked again


@pytest.mark.parametrize("logprobs", ["ignored", "refused"])
def test_without_probabilities_answers_are_0_or_1(
    server: ChatServer, pictures: list[Any], tmp_path: Path, logprobs: str
) -> None:
    server.logprobs = logprobs
    for one in ask(tmp_path, pictures):
        assert one.details["logprobs"] == 0
        said = {name: p for name, p in one.details.items() if name.endswith(".yes")}
        assert len(said) == 4
        assert set(said.values()) <= {0.0, 1.0}
        contrary = said["element.present.yes"] == said["element.absent.yes"]
        assert (one.element_present == pytest.approx(0.5)) == contrary
        if contrary:
            assert one.abstained
        assert one.quality in {1, 2, 3, 4, 5}
    assert len(server.bodies) == (3 if logprobs == "ignored" else 4)


def test_the_wording_is_the_callers(server: ChatServer, pictures: list[Any], tmp_path: Path) -> None:
    with EndpointJudge("tiny", Ledger(tmp_path / "e.jsonl", "gpt", "tiny"), patience=QUICK) as judge:
        question = {"element.present": "Does this picture show a seat?"}
        (found,) = judge.score(pictures[:1], ["bicycle"], ["seat"], questions=[question])
    assert (
        "element_present: Does this picture show a seat?"
        in server.bodies[0]["messages"][1]["content"][1]["text"]
    )
    assert (found.object_present, found.success, found.quality) == (None, None, None)
    assert 0 <= found.element_present <= 1


def test_a_model_that_only_talks_is_given_up(server: ChatServer, pictures: list[Any], tmp_path: Path) -> None:
    server.answer = "As a language model"
    ledger = Ledger(tmp_path / "endpoint.jsonl", "gpt", "tiny")
    judge = EndpointJudge("tiny", ledger, patience=QUICK)
    with judge, pytest.raises(NegjudgeError, match="last 20 answers"):
        judge.score(pictures * 2, "bicycle", "wheels")
    assert len(server.bodies) < 20 + 8


def test_requests_go_together_and_come_back_in_order(
    server: ChatServer, local: Judge, pictures: list[Any], tmp_path: Path
) -> None:
    many = [render("bicycle", ["wheels"] * (n % 2), seed=n) for n in range(16)]
    ledger = Ledger(tmp_path / "endpoint.jsonl", "gpt", "tiny")
    with EndpointJudge("tiny", ledger, patience=QUICK, concurrency=3, parameters=EVERY_WORD) as judge:
        found = judge.score(many, ["bicycle"] * 16, ["wheels"] * 16)
    own = local.score(many, "bicycle", "wheels")
    assert [v.element_present for v in found] == pytest.approx([v.element_present for v in own], abs=1e-5)
    assert server.busiest == 3


@pytest.mark.parametrize(
    ("objects", "said"),
    [(["cat"], "3 pictures but 1 objects"), ("", "give a noun"), (None, "the object is None")],
)
def test_wrong_nouns_are_said_before_anything_is_asked(
    server: ChatServer, pictures: list[Any], tmp_path: Path, objects: Any, said: str
) -> None:
    ledger = Ledger(tmp_path / "endpoint.jsonl", "gpt", "tiny")
    with EndpointJudge("tiny", ledger) as judge, pytest.raises(NegjudgeError, match=said):
        judge.score(pictures, objects, "wheels")
    assert server.bodies == []


def test_a_broken_picture_is_its_own_affair(server: ChatServer, pictures: list[Any], tmp_path: Path) -> None:
    found = ask(tmp_path, [pictures[0], "nowhere.png", pictures[2]])
    assert [v.error is None for v in found] == [True, False, True]


def test_an_evaluation_asks_it_counts_it_and_leaves_it_out(
    server: ChatServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = synthetic.make_run(tmp_path, control=False)
    price = Price(input=1, output=2)

    def measure(**more: Any) -> Metrics:
        judge = JudgeRecipe(kind="endpoint", source="tiny", price=price, **more)
        return evaluate(synthetic.recipe_for(run, judges={"gpt": judge}), run)

    metrics = measure(max_requests=50)
    assert "the budget is spent after 50 requests" in metrics.left_out["gpt"]
    assert "gpt" not in metrics.methods
    metrics = measure()
    assert {row.pictures for row in metrics.methods["gpt"]} == {synthetic.TESTED}
    (cost,) = metrics.costs
    # The 50 of the first time are not asked again.
    assert len(server.bodies) == cost.requests <= 3 * synthetic.TESTED
    tokens = 100 * cost.requests, cost.output_tokens
    assert cost.cost == pytest.approx((tokens[0] + 2 * tokens[1]) / 1e6)
    said = f"the judge gpt (tiny): {cost.requests} requests, {tokens[0]} tokens in"
    assert any(said in line for line in summary(metrics))
    # What was left unanswered is out of the tables, said, and asked again when the server is back.
    path = run / "verdicts.jsonl"
    whole = path.read_text()
    lines = whole.splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if '"gpt@' in line][:2]
    for place in places:
        lost = json.loads(lines[place]) | {
            "object_present": None,
            "error": "the endpoint gave no usable answer",
        }
        lines[place] = json.dumps(lost) + "\n"
    path.write_text("".join(lines))
    with monkeypatch.context() as away:
        away.delenv("NEGJUDGE_ENDPOINT")
        partly = measure()
    assert sum(partly.unanswered["gpt"].values()) == 2
    assert sum(row.pictures for row in partly.methods["gpt"]) == 3 * synthetic.TESTED - 2
    assert any("the judge gpt gave no answer on" in line for line in summary(partly))
    assert measure() == metrics
    assert sorted(path.read_text().splitlines()) != sorted("".join(lines).splitlines())
    assert measure() == metrics
    assert len(path.read_text().splitlines()) == len(lines)
    # What is known needs no server, and no address.
    monkeypatch.delenv("NEGJUDGE_ENDPOINT")
    assert measure() == metrics
    (run / "verdicts.jsonl").unlink()
    synthetic.judge_run(tmp_path, run)
    assert measure().left_out["gpt"].startswith("set NEGJUDGE_ENDPOINT")
    for path in [*run.glob("*.json*"), run / "judge" / "judge.json"]:
        assert server.key not in path.read_text()
        assert server.address not in path.read_text()
