"""A judge behind an OpenAI-compatible endpoint: the same questions, the same verdicts."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any

from PIL import Image

from negjudge.data.records import Verdict
from negjudge.errors import NegjudgeError
from negjudge.judge.endpoint.answers import (
    Said,
    plain_messages,
    read_plain,
    read_structured,
    response_format,
    structured_messages,
    verdict_of,
)
from negjudge.judge.endpoint.client import Client, Patience, RefusedError, StoppedError
from negjudge.judge.endpoint.ledger import Answered, Ledger, request_id
from negjudge.judge.pictures import Picture, as_batch, readable
from negjudge.judge.prompts import QUESTIONS, noun_pairs, questions_about
from negjudge.pictures import encoded

Questions = Mapping[str, str]  # by the names in prompts.QUESTIONS
ALL_TOKENS, ONE_WORD = 200, 8  # tokens that an answer to all questions, and to one, may have
LISTED = 20  # the likeliest tokens whose probabilities are asked for: the most that OpenAI and vLLM give
NONSENSE = 20  # so many unusable answers in a row, and this is no model that can be asked


@dataclass(frozen=True)
class Mode:
    """How the server is asked: all questions at once by a schema or one by one, with probabilities or not."""

    structured: bool = True
    logprobs: bool = True

    def without(self, parameter: str | None) -> Mode | None:
        """Return the mode to try when the server does not take this one; ``None`` when there is none left."""
        if self.logprobs and (parameter == "logprobs" or not self.structured):
            return replace(self, logprobs=False)
        return replace(self, structured=False) if self.structured else None


class EndpointJudge:
    """A vision-language model behind an OpenAI-compatible server, asked as ``Judge`` asks its own.

    NEGJUDGE_ENDPOINT holds the server's address up to /v1, NEGJUDGE_API_KEY its key, if it wants one. Answers
    are kept in the ledger's file and never paid for twice.
    """

    def __init__(
        self,
        model: str,
        ledger: Ledger,
        *,
        concurrency: int = 4,
        parameters: Mapping[str, Any] | None = None,
        patience: Patience | None = None,
    ) -> None:
        """Read the environment; ``parameters`` are added to each request, ``None`` takes one out.

        Raises NegjudgeError where the address is missing.
        """
        self.model, self.ledger, self.concurrency = model, ledger, concurrency
        self.parameters = dict(parameters or {})
        self.client = Client(patience)
        self._mode = Mode()
        self._met = False
        self._nonsense = 0
        self._lock = threading.Lock()

    def __enter__(self) -> EndpointJudge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()

    def score(
        self,
        images: Sequence[Picture],
        objects: str | Sequence[str],
        absent: str | Sequence[str],
        batch_size: int = 16,
        questions: Sequence[Questions] | None = None,
    ) -> list[Verdict]:
        """Judge pictures, in their order; ``batch_size`` is of no account, for requests go one by one.

        ``questions`` words the questions about each picture, all or some of those that are asked otherwise. A
        picture that cannot be read, or about which no answer is usable, gives a verdict with ``error`` set.
        Raises NegjudgeError where the server fails or the budget is spent; what was answered is kept.
        """
        images = as_batch(images)
        if questions is None:
            texts = [questions_about(*pair) for pair in noun_pairs(objects, absent, len(images))]
            questions = [dict(zip(QUESTIONS, own, strict=True)) for own in texts]
        jobs = list(zip(images, questions, strict=True))
        if not jobs:
            return []
        # The first one of all, alone, finds out how this server can be asked.
        alone = 0 if self._met else 1
        found = [self._judge(*job) for job in jobs[:alone]]
        self._met = True
        return found + self._together(jobs[alone:])

    def _together(self, jobs: Sequence[tuple[Picture, Questions]]) -> list[Verdict]:
        with ThreadPoolExecutor(self.concurrency) as pool:
            futures = [pool.submit(self._judge, *job) for job in jobs]
            try:
                done, _ = wait(futures, return_when=FIRST_EXCEPTION)
                faults = [error for future in done if (error := future.exception()) is not None]
                if faults:
                    raise next((e for e in faults if not isinstance(e, StoppedError)), faults[0])
            except BaseException:
                self.client.stopped.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return [future.result() for future in futures]

    def _judge(self, image: Picture, questions: Questions) -> Verdict:
        picture = readable(image)
        if isinstance(picture, str):
            return Verdict(error=picture, judge=self.ledger.judge)
        shown, mode = _Shown.of(picture), self._mode
        while mode.structured:
            said = self._ask(mode, shown, questions)
            if said is not None:
                return verdict_of(said.answers, said.logprobs, True, self.ledger.judge)
            mode = self._mode
        replies = [self._ask_one(shown, {name: text}) for name, text in questions.items()]
        answers = {name: value for said in replies if said for name, value in said.answers.items()}
        sure = all(said.logprobs for said in replies if said)
        return verdict_of(answers, sure, False, self.ledger.judge)

    def _ask_one(self, shown: _Shown, question: Questions) -> Said | None:
        while True:
            mode = self._mode
            said = self._ask(mode, shown, question)
            if said is not None or mode == self._mode:
                return said

    def _ask(self, mode: Mode, shown: _Shown, questions: Questions) -> Said | None:
        """Return the answers, from the ledger or the server; ``None`` for nonsense or a mode of no use."""
        parameters = self._parameters(mode, questions)
        pose = structured_messages if mode.structured else _one
        request = request_id(self.model, pose(questions, "picture"), shown.sha256, parameters)
        known = self.ledger.get(request)
        if known is None:
            body = {"model": self.model, "messages": pose(questions, shown.uri), **parameters}
            try:
                known = self._send(request, body, questions, mode)
            except RefusedError as error:
                self._lower(mode, error.parameter, error)
                return None
        if not known.answers and mode.structured:
            self._lower(mode, "response_format", None)
        return Said(known.answers, known.logprobs) if known.answers else None

    def _send(self, request: str, body: Mapping[str, Any], questions: Questions, mode: Mode) -> Answered:
        """Ask the server, and write down what it says."""
        with self.ledger.reserved():
            completion = self.client.post(body)
            read = read_structured if mode.structured else _read_one
            said = read(completion, questions)
            found = self._answered(request, said, completion)
            self.ledger.add(found)
        self._count(said)
        return found

    def _parameters(self, mode: Mode, questions: Questions) -> dict[str, Any]:
        own: dict[str, Any] = {"temperature": 0, "max_tokens": ALL_TOKENS if mode.structured else ONE_WORD}
        if mode.structured:
            own["response_format"] = response_format(questions)
        if mode.logprobs:
            own |= {"logprobs": True, "top_logprobs": LISTED}
        return {name: value for name, value in {**own, **self.parameters}.items() if value is not None}

    def _lower(self, seen: Mode, parameter: str | None, error: RefusedError | None) -> None:
        """Ask otherwise from now on, unless another request has seen to that already."""
        with self._lock:
            if self._mode != seen:
                return
            lower = seen.without(parameter)
            if lower is None:
                raise error or NegjudgeError("the endpoint cannot be asked")
            self._mode = lower

    def _count(self, said: Said | None) -> None:
        with self._lock:
            self._nonsense = self._nonsense + 1 if said is None else 0
            if self._nonsense >= NONSENSE:
                raise NegjudgeError(
                    f"the endpoint's last {NONSENSE} answers are none of those asked for; try another model"
                )

    def _answered(self, request: str, said: Said | None, completion: Mapping[str, Any]) -> Answered:
        usage = completion.get("usage")
        tokens = [usage.get(name) if isinstance(usage, dict) else None for name in TOKENS]
        sent, answered = (n if isinstance(n, int) and not isinstance(n, bool) else None for n in tokens)
        answers, sure = (said.answers, said.logprobs) if said else ({}, False)
        return Answered(request, self.ledger.judge, self.model, answers, sure, sent, answered)


TOKENS = ("prompt_tokens", "completion_tokens")


@dataclass(frozen=True)
class _Shown:
    """A picture as it is sent, and the SHA-256 of its pixels."""

    uri: str = field(repr=False)
    sha256: str

    @classmethod
    def of(cls, picture: Image.Image) -> _Shown:
        digest = hashlib.sha256(f"{picture.width}x{picture.height}".encode() + picture.tobytes())
        uri = f"data:image/png;base64,{base64.b64encode(encoded(picture, 'PNG')).decode()}"
        return cls(uri, digest.hexdigest())


def _one(questions: Questions, picture: str) -> list[dict[str, Any]]:
    (text,) = questions.values()
    return plain_messages(text, picture)


def _read_one(completion: Mapping[str, Any], questions: Questions) -> Said | None:
    (name,) = questions
    return read_plain(completion, name)
