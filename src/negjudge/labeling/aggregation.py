"""From votes to labels: majority, and Dawid and Skene's weighing of annotators."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from negjudge.data.records import (
    Answer,
    Label,
    Question,
    Vote,
)

if TYPE_CHECKING:
    pass


def dawid_skene(
    votes: Iterable[Vote], question: Question, iterations: int = 100
) -> dict[str, dict[str, float]]:
    """Return for each sample the probability of each answer, annotators weighed by their errors.

    Crowd-kit's Dawid–Skene (1979). Votes "unsure" are an answer like the others. It takes annotators to err
    independently of each other; where they do not, its probabilities are too sure.
    """
    import pandas as pd
    from crowdkit.aggregation import DawidSkene

    rows = [(vote.sample, vote.annotator, vote.answer) for vote in votes if vote.question == question]
    if not rows:
        return {}
    table = pd.DataFrame(rows, columns=["task", "worker", "label"]).drop_duplicates(
        ["task", "worker"], keep="last"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # crowd-kit's own use of pandas
        found = DawidSkene(n_iter=iterations).fit_predict_proba(table)
    return {
        str(sample): {str(answer): float(value) for answer, value in row.items()}
        for sample, row in found.iterrows()
    }


def labels_from(votes: Iterable[Vote]) -> list[Label]:
    """Return the majority of the votes on each question of each picture, in the order of the votes.

    Only each annotator's last vote on a question counts. The answer with the most votes wins, "unsure" like
    any other; where several lead, the answer is "tie".
    """
    latest = {(v.sample, v.question, v.annotator): v for v in votes}
    groups: dict[tuple[str, Question], list[Vote]] = defaultdict(list)
    for vote in latest.values():
        groups[vote.sample, vote.question].append(vote)
    return [_majority(sample, question, group) for (sample, question), group in groups.items()]


def _majority(sample: str, question: Question, votes: Sequence[Vote]) -> Label:
    counts = Counter[Answer](sorted(vote.answer for vote in votes))
    (first, most), *others = counts.most_common()
    tied = any(count == most for _, count in others)
    return Label(
        sample=sample,
        question=question,
        answer="tie" if tied else first,
        probability=_mean_rating(counts) if question == "quality" else _share_of_yes(counts),
        counts={str(answer): count for answer, count in counts.items()},
        source=votes[0].source,
    )


def _share_of_yes(counts: Mapping[Answer, int]) -> float | None:
    decided = counts["yes"] + counts["no"]
    return counts["yes"] / decided if decided else None


def _mean_rating(counts: Mapping[Answer, int]) -> float:
    return sum(int(rating) * count for rating, count in counts.items()) / sum(counts.values())
