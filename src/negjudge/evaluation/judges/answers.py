"""How each judge in the comparison answers a question, the refitted base and the blind ones included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from negjudge.data.records import Verdict
from negjudge.evaluation.evidence.asks import View
from negjudge.evaluation.evidence.candidates import Role
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.judges.questions import Item, Topic, Truth, items, labels_of
from negjudge.statistics.calibration import fit_temperature, fit_threshold, log_odds
from negjudge.statistics.clusters import Floats
from negjudge.statistics.metrics import balanced_accuracy

TEXT_ONLY, BASE_JUDGE, AFFIRMATIVE, REFITTED, TUNED_JUDGE = (
    "text only",
    "base",
    "base, affirmative question alone",
    "base, refitted",
    "tuned",
)


@dataclass(frozen=True)
class Answers:
    """Probabilities of "yes" (items,), nan where there is none; from ``threshold`` on the answer is yes."""

    probabilities: Floats
    abstained: NDArray[np.bool_]
    threshold: float = 0.5


Answerer = Callable[[Sequence[Item]], Answers]
Probability = Callable[[Verdict], float | None]


def answerers(evidence: Evidence, topic: Topic, truth: Truth) -> dict[str, Answerer]:
    """Return the judges of the comparison by name, as far as the run has them.

    Whatever is fitted is fitted on validation pairs, the text-only one on those of the fine-tuning too.
    """
    known = [*evidence.group("train"), *evidence.group("validation")]
    found: dict[str, Answerer] = {}
    learnt = _text_only(items(evidence, known, topic, truth), topic)
    if learnt:
        found[TEXT_ONLY] = learnt
    if ("base", "plain") in evidence.verdicts:
        found |= _base(evidence, topic, truth)
    if ("tuned", "plain") in evidence.verdicts:
        found[TUNED_JUDGE] = _verdicts(evidence, "tuned", topic)
    # Of further judges, those that were asked about all test pictures, the ones about other objects too.
    others = [role for role in evidence.judges if role not in ("base", "tuned")]
    asked = [role for role in others if (role, "other") in evidence.verdicts]
    return found | {role: _verdicts(evidence, role, topic) for role in asked}


def blind_answerers(evidence: Evidence, topic: Topic) -> dict[str, Answerer]:
    """Return the judges that answer without the picture: a grey one or another sample's in its place."""
    roles: tuple[tuple[Role, str], ...] = (("base", BASE_JUDGE), ("tuned", TUNED_JUDGE))
    views: tuple[View, ...] = ("blank", "shuffled")
    return {
        f"{name}, {view} picture": _verdicts(evidence, role, topic, view)
        for role, name in roles
        for view in views
        if (role, view) in evidence.verdicts
    }


def _base(evidence: Evidence, topic: Topic, truth: Truth) -> dict[str, Answerer]:
    both = _verdicts(evidence, "base", topic)
    found = {BASE_JUDGE: both}
    if topic != "success":
        found[AFFIRMATIVE] = _verdicts(evidence, "base", topic, probability=_affirmative(topic))
    validation = items(evidence, evidence.group("validation"), topic, truth)
    if validation:
        found[REFITTED] = _refitted(list(found.values()), validation)
    return found


def _refitted(choices: Sequence[Answerer], validation: Sequence[Item]) -> Answerer:
    """Return the best of several answerers on validation, with temperature and threshold fitted there."""
    best: tuple[float, Answerer] | None = None
    labels = labels_of(validation)
    for choice in choices:
        raw = choice(validation).probabilities
        told = np.isfinite(raw)
        if not told.any():
            continue
        temperature = fit_temperature(log_odds(raw[told]), labels[told])
        scaled = expit(log_odds(raw[told]) / temperature)
        threshold = fit_threshold(scaled, labels[told])
        score = balanced_accuracy(scaled >= threshold, labels[told])(np.ones((1, int(told.sum()))))[0]
        if best is None or score > best[0]:
            best = (score, _scaled(choice, temperature, threshold))
    return best[1] if best else choices[0]


def _scaled(choice: Answerer, temperature: float, threshold: float) -> Answerer:
    def answer(found: Sequence[Item]) -> Answers:
        raw = choice(found)
        return Answers(expit(log_odds(raw.probabilities) / temperature), raw.abstained, threshold)

    return answer


def _verdicts(
    evidence: Evidence,
    role: Role,
    topic: Topic,
    view: View | None = None,
    probability: Probability | None = None,
) -> Answerer:
    """Return an answerer that looks its verdicts up: those of the item's own view, unless one is given."""
    read = probability or _said(topic)

    def answer(found: Sequence[Item]) -> Answers:
        said = [evidence.verdicts.get((role, view or item.view), {}).get(item.sample.id) for item in found]
        values = [read(verdict) if verdict else None for verdict in said]
        # A judge abstains from saying whether a picture succeeds, not from its answers about what is there.
        abstained = [topic == "success" and verdict is not None and verdict.abstained for verdict in said]
        return Answers(np.array([np.nan if v is None else v for v in values]), np.array(abstained))

    return answer


def _said(topic: Topic) -> Probability:
    return lambda verdict: {
        "object": verdict.object_present,
        "element": verdict.element_present,
        "success": verdict.success,
    }[topic]


def _affirmative(topic: Topic) -> Probability:
    def probability(verdict: Verdict) -> float | None:
        margin = verdict.details.get(f"{topic}.present")
        return None if margin is None else float(expit(margin))

    return probability


def _text_only(known: Sequence[Item], topic: Topic) -> Answerer | None:
    """Return a logistic regression on the words of the question, which never sees a picture."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    if len({item.label for item in known}) < 2:
        return None
    model = make_pipeline(DictVectorizer(), LogisticRegression(max_iter=1000))
    model.fit([_words(item, topic) for item in known], labels_of(known))

    def answer(found: Sequence[Item]) -> Answers:
        said = model.predict_proba([_words(item, topic) for item in found])[:, 1]
        return Answers(said, np.zeros(len(found), dtype=bool))

    return answer


def _words(item: Item, topic: Topic) -> dict[str, str]:
    words = {"object": item.object}
    return words if topic == "object" else {**words, "element": item.sample.element}
