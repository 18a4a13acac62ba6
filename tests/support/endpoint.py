"""How tests ask a judge behind an endpoint: the tiny judge, of three pictures, without patience."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from negjudge.judge.endpoint.client import Patience
from negjudge.judge.endpoint.judge import EndpointJudge
from negjudge.judge.endpoint.ledger import Budget, Ledger

QUICK = Patience(tries=3, first=0.01, longest=0.02, asked=5)
# The tiny judge says "bicycle" to questions that it does not understand: its server lists all words it knows.
EVERY_WORD = {"top_logprobs": 1000}
OBJECTS, ABSENT = ["bicycle", "cat", "bicycle"], ["wheels", "ears", "seat"]


def ask(folder: Path, pictures: list[Any], budget: Budget | None = None, **more: Any) -> list[Any]:
    ledger = Ledger(folder / "endpoint.jsonl", "gpt", "tiny", budget)
    with EndpointJudge("tiny", ledger, patience=QUICK, **more) as judge:
        return judge.score(pictures, OBJECTS[: len(pictures)], ABSENT[: len(pictures)])
