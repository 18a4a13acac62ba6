"""A judge behind an endpoint, against a real server that runs the tiny judge: verdicts, faults, secrets."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer, serving
from scipy.special import expit

from minilab.render import render
from negjudge import Judge
from negjudge.data.splits import read_splits
from negjudge.errors import NegjudgeError
from negjudge.evaluation.recipe import JudgeRecipe, Price
from negjudge.evaluation.stage import evaluate
from negjudge.evaluation.summary import summary
from negjudge.judge.endpoint.client import Patience
from negjudge.judge.endpoint.judge import EndpointJudge
from negjudge.judge.endpoint.ledger import Budget, Ledger

QUICK = Patience(tries=3, first=0.01, longest=0.02, asked=5)
# The tiny judge says "bicycle" to questions that it does not understand: its server lists all words it knows.
EVERY_WORD = {"top_logprobs": 1000}
TESTED = len(read_splits("data/mini/splits.json").methods["test"])
OBJECTS, ABSENT = ["bicycle", "cat", "bicycle"], ["wheels", "ears", "seat"]


@pytest.fixture(scope="module")
def local() -> Judge:
    return Judge.from_pretrained("data/mini/judge-base", device="cpu")


@pytest.fixture
def server(local: Judge, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with serving(local) as found:
        monkeypatch.setenv("NEGJUDGE_ENDPOINT", found.address + "/")
        monkeypatch.setenv("NEGJUDGE_API_KEY", found.key)
        yield found


@pytest.fixture
def pictures() -> list[Any]:
    return [
        render("bicycle", ["wheels", "seat"], seed=1),
        render("cat", [], seed=2),
        render("bicycle", ["wheels"], seed=3),
    ]


def ask(folder: Path, pictures: list[Any], budget: Budget | None = None, **more: Any) -> list[Any]:
    ledger = Ledger(folder / "endpoint.jsonl", "gpt", "tiny", budget)
    with EndpointJudge("tiny", ledger, patience=QUICK, **more) as judge:
        return judge.score(pictures, OBJECTS[: len(pictures)], ABSENT[: len(pictures)])


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


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_passing_faults_are_waited_out(
    server: ChatServer, pictures: list[Any], tmp_path: Path, form: str
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=2.5), usegmt=True)  # to the second, down
    server.retry_after = "1" if form == "seconds" else date
    server.faults = ["429", "hang-up", None, "500", "page"]  # type: ignore[list-item]
    start = time.monotonic()
    assert [v.error for v in ask(tmp_path, pictures[:2])] == [None, None]
    assert 1 <= time.monotonic() - start < 5
    assert len(server.bodies) == 6


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("503", "503, server_error"),
        ("hang-up", "no answer (RemoteProtocolError)"),
        ("429", "429, rate_limit"),
    ],
)
def test_a_lasting_fault_is_one_line_and_keeps_what_was_answered(
    server: ChatServer, pictures: list[Any], tmp_path: Path, fault: str, said: str
) -> None:
    server.faults = [None, *[fault] * 50]  # type: ignore[list-item]
    with pytest.raises(NegjudgeError) as error:
        ask(tmp_path, pictures)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert len((tmp_path / "endpoint.jsonl").read_text().splitlines()) == 1
    tried = len(server.bodies)
    server.faults = []
    assert [v.error for v in ask(tmp_path, pictures)] == [None] * 3
    assert len(server.bodies) == tried + 2  # the first picture was paid for


def test_a_long_wait_is_not_waited(server: ChatServer, pictures: list[Any], tmp_path: Path) -> None:
    server.retry_after, server.faults = "3600", ["429"]
    with pytest.raises(NegjudgeError, match="asks to wait 3600 s"):
        ask(tmp_path, pictures)


def test_nothing_ever_holds_key_or_address(
    server: ChatServer, pictures: list[Any], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The server puts both into everything that it says: into answers, into faults, into refusals."""
    caplog.set_level(logging.DEBUG)
    server.echo = True
    told = [repr(ask(tmp_path, pictures))]
    server.faults = ["500"] * 3
    faults: list[dict[str, Any]] = [{}, {"key": "sk-other"}, {"structured": False, "logprobs": "refused"}]
    for number, change in enumerate(faults):
        for name, value in change.items():
            setattr(server, name, value)
        try:
            told.append(repr(ask(tmp_path / str(number), pictures)))
        except NegjudgeError as error:
            told.append(str(error))
    files = [path.read_text() for path in tmp_path.rglob("*.jsonl")]
    assert len(files) == 1
    assert any("401" in one for one in told)
    where = server.address.removeprefix("http://").removesuffix("/v1")
    for text in [*told, *files, caplog.text]:
        for secret in ("sk-Secret", "sk_secret", "4711", "sk-other", where, "127.0.0.1"):
            assert secret not in text


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("NEGJUDGE_ENDPOINT", "", "set NEGJUDGE_ENDPOINT to a server's address"),
        ("NEGJUDGE_ENDPOINT", "secret-host.example", "is no address"),
        ("NEGJUDGE_ENDPOINT", "http://secret-host.example:99999999/v1", "is no address"),
        ("NEGJUDGE_API_KEY", "secret-key\nInjected: 1", "holds a character"),
        ("NEGJUDGE_API_KEY", "secret-keyé", "holds a character"),
        ("NEGJUDGE_API_KEY", "secret-wrong", "401, invalid_api_key: it wants another key"),
        ("NEGJUDGE_ENDPOINT", "http://127.0.0.1:1/secret", "no answer (ConnectError)"),
    ],
)
def test_what_is_wrong_with_the_surroundings_is_said_without_showing_it(
    server: ChatServer,
    pictures: list[Any],
    tmp_path: Path,
    monkeypatch: Any,
    name: str,
    value: str,
    said: str,
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(NegjudgeError) as error:
        ask(tmp_path, pictures)
    assert said in str(error.value)
    assert "secret" not in str(error.value)


def test_a_torn_line_is_asked_again_and_nothing_else(
    server: ChatServer, pictures: list[Any], tmp_path: Path
) -> None:
    found = ask(tmp_path, pictures)
    path = tmp_path / "endpoint.jsonl"
    path.write_bytes(path.read_bytes()[:-20])
    assert ask(tmp_path, pictures) == found
    assert len(server.bodies) == 4


def test_another_picture_question_model_or_parameter_is_another_request(
    server: ChatServer, pictures: list[Any], tmp_path: Path
) -> None:
    ask(tmp_path, pictures[:1])
    ask(tmp_path, pictures[2:])
    ask(tmp_path, pictures[:1], parameters={"seed": 1, "temperature": None})
    assert len(server.bodies) == 3
    assert "temperature" not in server.bodies[2]
    assert server.bodies[2]["seed"] == 1
    ledger = Ledger(tmp_path / "endpoint.jsonl", "gpt", "another")
    with EndpointJudge("another", ledger, patience=QUICK) as judge:
        judge.score(pictures[:1], OBJECTS[:1], ABSENT[:1])
    assert len(server.bodies) == 4


def test_cost_is_counted_by_the_servers_tokens(
    server: ChatServer, pictures: list[Any], tmp_path: Path
) -> None:
    budget = Budget(price=(2.0, 10.0))
    ask(tmp_path, pictures, budget)
    cost = Ledger(tmp_path / "endpoint.jsonl", "gpt", "tiny", budget).cost()
    lines = [json.loads(line) for line in (tmp_path / "endpoint.jsonl").read_text().splitlines()]
    assert (cost.requests, cost.input_tokens) == (3, 300)
    assert cost.output_tokens == sum(line["output_tokens"] for line in lines) > 3
    assert cost.cost == pytest.approx((2 * 300 + 10 * cost.output_tokens) / 1e6)


def test_budgets_stop_it_and_more_goes_on(server: ChatServer, pictures: list[Any], tmp_path: Path) -> None:
    with pytest.raises(NegjudgeError, match=r"spent after 2 requests \(max_requests 2\)"):
        ask(tmp_path, pictures, Budget(max_requests=2))
    assert len(server.bodies) == 2
    with pytest.raises(NegjudgeError, match="max_requests 2"):  # of the run, not of the session
        ask(tmp_path, pictures, Budget(max_requests=2))
    ask(tmp_path, pictures, Budget(max_requests=3))
    assert len(server.bodies) == 3
    with pytest.raises(NegjudgeError, match=r"max_cost 0\.5"):
        ask(tmp_path / "b", pictures, Budget((2000.0, 0.0), max_cost=0.5))  # a request costs 0.2
    assert len(server.bodies) == 5
    server.usage = False
    with pytest.raises(NegjudgeError, match="does not count tokens"):
        ask(tmp_path / "c", pictures, Budget((2000.0, 0.0), max_cost=0.5))


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
    server: ChatServer, synthetic: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = synthetic.make_run(tmp_path, control=False)
    price = Price(input=1, output=2)

    def measure(**more: Any) -> dict[str, Any]:
        judge = JudgeRecipe(kind="endpoint", source="tiny", price=price, **more)
        return evaluate(synthetic.recipe_for(run, judges={"gpt": judge}), run)

    metrics = measure(max_requests=50)
    assert "the budget is spent after 50 requests" in metrics["left_out"]["gpt"]
    assert "gpt" not in metrics["methods"]
    metrics = measure()
    assert {row["pictures"] for row in metrics["methods"]["gpt"]} == {TESTED}
    (cost,) = metrics["costs"]
    # The 50 of the first time are not asked again.
    assert len(server.bodies) == cost["requests"] <= 3 * TESTED
    tokens = 100 * cost["requests"], cost["output_tokens"]
    assert cost["cost"] == pytest.approx((tokens[0] + 2 * tokens[1]) / 1e6)
    said = f"the judge gpt (tiny): {cost['requests']} requests, {tokens[0]} tokens in"
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
    assert sum(partly["unanswered"]["gpt"].values()) == 2
    assert sum(row["pictures"] for row in partly["methods"]["gpt"]) == 3 * TESTED - 2
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
    assert measure()["left_out"]["gpt"].startswith("set NEGJUDGE_ENDPOINT")
    for path in [*run.glob("*.json*"), run / "judge" / "judge.json"]:
        assert server.key not in path.read_text()
        assert server.address not in path.read_text()
