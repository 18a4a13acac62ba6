"""How each kind of judge is loaded and asked; brings torch only when one is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from negjudge.data.records import Pair, Verdict
from negjudge.evaluation.evidence.asks import Ask
from negjudge.evaluation.evidence.candidates import Candidate, Role
from negjudge.evaluation.recipe import EndpointModel, LocalModel, VQAScoreModel
from negjudge.judge.endpoint.ledger import FILE, Budget, Cost, Ledger
from negjudge.judge.prompts import QUESTIONS, questions_about

if TYPE_CHECKING:
    from negjudge.judge.endpoint.judge import EndpointJudge
    from negjudge.judge.scorer import Scorer

Answer = Callable[[Sequence[Ask]], list[Verdict]]


@contextlib.contextmanager
def asker(candidate: Candidate, run: Path, pairs: Mapping[str, Pair], batch_size: int) -> Iterator[Answer]:
    """Load a judge and yield what asks it; NegjudgeError where it is missing or cannot answer."""
    model = candidate.judge
    if model.kind == "endpoint":
        with _endpoint(model, _ledger(candidate.role, model, run)) as judge:
            yield lambda asks: judge.score(
                [ask.image() for ask in asks],
                objects=[ask.object for ask in asks],
                absent=[ask.element for ask in asks],
                questions=[wording(ask, pairs[ask.sample.pair]) for ask in asks],
            )
    else:
        scorer = _loaded(model)

        def answer(asks: Sequence[Ask]) -> list[Verdict]:
            named = [nouns(ask, pairs[ask.sample.pair]) for ask in asks]
            return scorer.score(
                [ask.image() for ask in asks],
                objects=[found for found, _ in named],
                absent=[element for _, element in named],
                batch_size=batch_size,
            )

        yield answer


def _loaded(model: LocalModel | VQAScoreModel) -> Scorer:
    from negjudge.judge.judge import Judge
    from negjudge.judge.vqascore import VQAScore

    kind = VQAScore if model.kind == "vqascore" else Judge
    return kind.from_pretrained(model.source, revision=model.revision, device=model.device)


def _endpoint(model: EndpointModel, ledger: Ledger) -> EndpointJudge:
    from negjudge.judge.endpoint.judge import EndpointJudge

    return EndpointJudge(model.source, ledger, concurrency=model.concurrency, parameters=model.parameters)


def _ledger(role: Role, model: EndpointModel, run: Path) -> Ledger:
    price = None if model.price is None else (model.price.input, model.price.output)
    budget = Budget(price, model.max_cost, model.max_requests)
    return Ledger(run / FILE, role, model.source, budget)


def costs(candidates: Sequence[Candidate], run: Path) -> list[Cost]:
    """Return what the judges behind endpoints have cost in this run so far, those that were asked at all."""
    models = [(candidate.role, candidate.judge) for candidate in candidates]
    found = [_ledger(role, model, run).cost() for role, model in models if model.kind == "endpoint"]
    return [cost for cost in found if cost.requests]


def nouns(ask: Ask, pair: Pair) -> tuple[str, str]:
    """Return the object and the element to ask about: the pair's own as its questions name them."""
    obj, element = pair.asked
    return obj if ask.object == pair.object else ask.object, element if ask.part is None else ask.element


def wording(ask: Ask, pair: Pair) -> dict[str, str]:
    """Return the questions by name: the pair's own where it has them and they fit, else the usual ones.

    About a part that should stay, nothing else is asked.
    """
    texts = dict(zip(QUESTIONS, questions_about(ask.object, ask.element), strict=True))
    if ask.part is not None:
        return {name: text for name, text in texts.items() if name.startswith("element")}
    own = {"element.present": pair.element_question, "element.absent": pair.absence_question}
    if ask.object == pair.object:
        own["object.present"] = pair.object_question
    return texts | {name: text for name, text in own.items() if text}
