"""From votes to labels: the majority's answer to each question of each picture."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from negjudge.data.records import Answer, Label, Question, Vote


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
