"""What an endpoint has answered and what that cost: kept on disk, without address or key."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from negjudge.data.records import append_records, read_records
from negjudge.errors import NegjudgeError

FILE = "endpoint.jsonl"
MILLION = 1e6


@dataclass(frozen=True)
class Answered:
    """An answer of a model, paid for, as far as it was understood; nothing of its wording.

    ``request`` is the SHA-256 of model, messages (with the picture's SHA-256) and parameters. ``answers`` are
    the probability of "yes" to each question, and the rating; empty where the answer was something else.
    ``logprobs`` tells whether the server gave probabilities. Tokens are by the server's count.
    """

    request: str
    judge: str
    model: str
    answers: Mapping[str, float]
    logprobs: bool
    input_tokens: int | None
    output_tokens: int | None


@dataclass(frozen=True)
class Cost:
    """What a judge behind an endpoint has cost in a run; ``untold`` counts answers without a token count.

    ``cost`` is ``None`` without a price. ``logprobs`` is the share of answers with probabilities.
    """

    judge: str
    model: str
    requests: int
    input_tokens: int
    output_tokens: int
    untold: int
    cost: float | None
    logprobs: float


@dataclass(frozen=True)
class Budget:
    """What a judge may cost in a run; ``price`` is for a million tokens sent and a million answered."""

    price: tuple[float, float] | None = None
    max_cost: float | None = None
    max_requests: int | None = None


class Ledger:
    """The answers of one judge in a run, by request. Threads may share it."""

    def __init__(self, path: Path, judge: str, model: str, budget: Budget | None = None) -> None:
        self.path, self.judge, self.model = path, judge, model
        self.budget = budget or Budget()
        stored = read_records(path, Answered)
        # What could not be understood is paid for, and asked again by the next run.
        self._known = {one.request: one for one in stored if one.model == model and one.answers}
        self._paid = [one for one in stored if one.judge == judge]
        self._spent = sum(self._price(one) for one in self._paid)
        self._dearest = max((self._price(one) for one in self._paid), default=0.0)
        self._under_way = 0
        self._lock = threading.Lock()

    def get(self, request: str) -> Answered | None:
        """Return the answer to a request, if there is one."""
        return self._known.get(request)

    @contextlib.contextmanager
    def reserved(self) -> Iterator[None]:
        """Hold a place in the budget for one request; NegjudgeError where there is none left.

        Cost is told only afterwards: a request counts as the dearest so far until then.
        """
        with self._lock:
            self._check()
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def _check(self) -> None:
        most, cap = self.budget.max_requests, self.budget.max_cost
        made = len(self._paid) + self._under_way
        done = f"the budget is spent after {made} requests"
        if most is not None and made >= most:
            raise NegjudgeError(f"{done} (max_requests {most}); raise it to go on, what is answered is kept")
        expected = self._spent + self._dearest * (1 + self._under_way)
        if cap is not None and (expected > cap or self._spent >= cap):
            raise NegjudgeError(
                f"{done} that cost {self._spent:.4g} (max_cost {cap:g});"
                " raise it to go on, what is answered is kept"
            )

    def add(self, answered: Answered) -> None:
        """Write an answer down; NegjudgeError where its cost is limited and cannot be told."""
        with self._lock:
            append_records(self.path, [answered])
            self._paid.append(answered)
            self._spent += self._price(answered)
            self._dearest = max(self._dearest, self._price(answered))
            self._known[answered.request] = answered
        if self.budget.max_cost is not None and answered.input_tokens is None:
            raise NegjudgeError(
                "the endpoint does not count tokens, so max_cost cannot be kept; give max_requests instead"
            )

    def _price(self, one: Answered) -> float:
        if self.budget.price is None:
            return 0.0
        sent, answered = self.budget.price
        return (sent * (one.input_tokens or 0) + answered * (one.output_tokens or 0)) / MILLION

    def cost(self) -> Cost:
        """Return what the judge has cost in all."""
        paid = self._paid
        return Cost(
            judge=self.judge,
            model=self.model,
            requests=len(paid),
            input_tokens=sum(one.input_tokens or 0 for one in paid),
            output_tokens=sum(one.output_tokens or 0 for one in paid),
            untold=sum(one.input_tokens is None for one in paid),
            cost=None if self.budget.price is None else self._spent,
            logprobs=sum(one.logprobs for one in paid) / len(paid) if paid else 0.0,
        )


def request_id(
    model: str, messages: Sequence[Mapping[str, Any]], picture: str, parameters: Mapping[str, Any]
) -> str:
    """Return the SHA-256 of what determines an answer; ``picture`` is the picture's own."""
    content = {"model": model, "messages": messages, "picture": picture, "parameters": parameters}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
