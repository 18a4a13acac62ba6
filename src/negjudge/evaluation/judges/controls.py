"""Judges that never see a picture: what words, pair, method and strength alone give away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from negjudge.evaluation.judges.questions import Item, Topic, labels_of
from negjudge.statistics.clusters import Floats

TEXT_ONLY = "text only"
SETTINGS_ONLY = "text and settings only"
GUESSER = "pair and method only"

Features = dict[str, str | float]


@dataclass(frozen=True)
class Answers:
    """Probabilities of "yes" (items,), nan where there is none; from ``threshold`` on the answer is yes.

    Items with equal ``alike`` are the same to a judge that does not see them.
    """

    probabilities: Floats
    abstained: NDArray[np.bool_]
    threshold: float = 0.5
    alike: Sequence[object] | None = None


Answerer = Callable[[Sequence[Item]], Answers]


def controls(known: Sequence[Item], topic: Topic) -> dict[str, Answerer]:
    """Return the judges that see no picture, by name; those that learn, learn from ``known`` items."""
    found: dict[str, Answerer] = {}
    if len({item.label for item in known}) > 1:
        found[TEXT_ONLY] = _regression(known, lambda item: _words(item, topic))
        found[SETTINGS_ONLY] = _regression(known, lambda item: _words(item, topic) | _settings(item))
    return found | {GUESSER: guess}


def guess(found: Sequence[Item]) -> Answers:
    """Answer with the rate of the pair's other pictures by the same method.

    It knows the truth about those, and so bounds what priors alone can do on these pictures: a judge that is
    no better may have learnt which parts usually go.
    """
    cells = [(item.sample.pair, item.sample.method, item.object) for item in found]
    total, positive = Counter(cells), Counter(c for c, item in zip(cells, found, strict=True) if item.label)
    others = [
        (positive[cell] - item.label) / (total[cell] - 1) if total[cell] > 1 else 0.5
        for cell, item in zip(cells, found, strict=True)
    ]
    return Answers(np.array(others), np.zeros(len(found), dtype=bool), alike=cells)


def _regression(known: Sequence[Item], features: Callable[[Item], Features]) -> Answerer:
    """Return a logistic regression on features of the question."""
    from sklearn.feature_extraction import DictVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MaxAbsScaler

    model = make_pipeline(DictVectorizer(), MaxAbsScaler(), LogisticRegression(max_iter=1000))
    model.fit([features(item) for item in known], labels_of(known))

    def answer(found: Sequence[Item]) -> Answers:
        said = model.predict_proba([features(item) for item in found])[:, 1]
        return Answers(said, np.zeros(len(found), dtype=bool))

    return answer


def _words(item: Item, topic: Topic) -> Features:
    words: Features = {"object": item.object}
    return words if topic == "object" else {**words, "element": item.sample.element}


def _settings(item: Item) -> Features:
    method, params = item.sample.method, item.sample.params
    values = {f"{method}.{name}": float(v) if isinstance(v, bool) else v for name, v in params.items()}
    return {"method": method, **values}
