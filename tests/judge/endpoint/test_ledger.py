"""What was paid for is not asked again, and budgets hold over sessions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chat_server import ChatServer
from endpoint import ABSENT, OBJECTS, QUICK, ask

from negjudge.errors import NegjudgeError
from negjudge.judge.endpoint.judge import EndpointJudge
from negjudge.judge.endpoint.ledger import Budget, Ledger


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
