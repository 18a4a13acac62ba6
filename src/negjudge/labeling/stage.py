"""The labelling stage: pictures to a Label Studio server, votes back from it, labels computed from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from negjudge.data.records import Label
from negjudge.data.runs import LABELS, QUARANTINE, locked, run_folder
from negjudge.labeling.agreement import Agreement, agreement
from negjudge.labeling.pictures import adopt, choose_samples
from negjudge.labeling.recipe import LabelRecipe
from negjudge.labeling.votes import VoteBook


@dataclass(frozen=True)
class Labelled:
    """What the stage has made: labels, how far the annotators agree, and what is missing or set aside."""

    run: Path
    labels: list[Label]
    agreements: list[Agreement]
    votes: int
    quarantined: int
    missing: int

    def summary(self) -> str:
        """Return what was made and where, and the agreement, a line each."""
        ratings = sum(label.question == "quality" for label in self.labels)
        lines = [
            f"{len(self.labels)} labels of {ratings} pictures in {self.run / LABELS}, from {self.votes} votes"
        ]
        undecided = sum(
            label.answer in ("tie", "unsure") for label in self.labels if label.question != "quality"
        )
        lines.append(f"{undecided} answers on object or element are a tie or unsure")
        lines += [_agreement_line(one) for one in self.agreements]
        if self.quarantined:
            lines.append(f"{self.quarantined} answers set aside, with reasons, in {self.run / QUARANTINE}")
        if self.missing:
            lines.append(f"{self.missing} annotations to go; the same command goes on")
        return "\n".join(lines)


def _agreement_line(one: Agreement) -> str:
    alpha = "undefined (one answer only)" if one.alpha is None else f"{one.alpha:.2f}"
    return (
        f"  {one.question:8} alpha {alpha}, raw agreement {one.raw:.2f}, unsure {one.unsure:.2f} "
        f"({one.pictures} pictures, {one.annotators} {one.source} annotators)"
    )


def label(recipe: LabelRecipe) -> Labelled:
    """Collect the votes that are missing, and compute the labels; nothing is started when none are.

    Raises NegjudgeError as ``serve``, ``choose_samples`` and ``read_picture`` do, and when another process
    labels in the same run folder.
    """
    run = run_folder(recipe.run)
    with locked(run, "label"):
        source = Path(recipe.samples) if recipe.samples else run
        samples = choose_samples(source, recipe.pairs, recipe.splits, recipe.parts, recipe.per_pair)
        if source != run:
            adopt(samples, source, run)
        book = VoteBook(run, recipe.source)
        if book.missing(samples, recipe.annotators):
            from negjudge.labeling.collect import collect  # imports the SDK, which takes two seconds

            collect(recipe, run, samples, book)
        labels = book.write_labels()
        missing = len(book.missing(samples, recipe.annotators))
        # The report gives the intervals of the agreement: they take ten seconds.
        agreements = agreement(book.votes, draws=0)
        return Labelled(run, labels, agreements, len(book.votes), len(book.quarantined), missing)
