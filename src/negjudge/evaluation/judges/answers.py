"""How each judge in the comparison answers a question, the refitted base and the blind ones included."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy.special import expit

from negjudge.data.records import Verdict
from negjudge.evaluation.evidence.asks import View
from negjudge.evaluation.evidence.candidates import Role
from negjudge.evaluation.evidence.evidence import Evidence
from negjudge.evaluation.judges.controls import Answerer, Answers, controls
from negjudge.evaluation.judges.questions import Item, Topic, Truth, items, labels_of
from negjudge.statistics.calibration import fit_temperature, fit_threshold, log_odds
from negjudge.statistics.metrics import balanced_accuracy

BASE_JUDGE, AFFIRMATIVE, REFITTED, TUNED_JUDGE = (
    "base",
    "base, affirmative question alone",
    "base, refitted",
    "tuned",
)

Probability = Callable[[Verdict], float | None]


def answerers(evidence: Evidence, topic: Topic, truth: Truth) -> dict[str, Answerer]:
    """Return the judges of the comparison by name, as far as the run has them.

    Whatever is fitted is fitted on validation pairs, what sees no picture on those of the fine-tuning too.
    """
    known = [*evidence.group("train"), *evidence.group("validation")]
    found = controls(items(evidence, known, topic, truth), topic)
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
    found = {
        BASE_JUDGE: both,
        AFFIRMATIVE: _verdicts(evidence, "base", topic, probability=_affirmative(topic)),
    }
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
    """Return the probability by the affirmative questions alone; success as if both were independent."""

    def present(verdict: Verdict, name: str) -> float | None:
        margin = verdict.details.get(f"{name}.present")
        return None if margin is None else float(expit(margin))

    def success(verdict: Verdict) -> float | None:
        named, element = present(verdict, "object"), present(verdict, "element")
        return None if named is None or element is None else named * (1 - element)

    return success if topic == "success" else lambda verdict: present(verdict, topic)
