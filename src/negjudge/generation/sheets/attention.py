"""A run's sheets of attention: what pictures of its first test pair pay to the negative."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from negjudge.data.durable import write_atomically
from negjudge.data.runs import SHEETS
from negjudge.generation.jobs import Job, Rendering
from negjudge.guidance.methods import AttentionGuidance
from negjudge.pictures import encoded

if TYPE_CHECKING:
    from negjudge.generation.pipelines import Model

STEM = "attention"


def write_attention_sheets(
    model: Model, jobs: Sequence[Job], run: Path, rendering: Rendering, new: bool
) -> list[Path]:
    """Draw ``sheets/attention-METHOD.png`` for the first job of each method inside the attention.

    Where nothing in the run is ``new``, sheets that are there are left as they are. Returns all of them.
    """
    first: dict[str, Job] = {}
    for job in jobs:
        if isinstance(job.method, AttentionGuidance):
            first.setdefault(job.method.name, job)
    paths = {name: run / SHEETS / f"{STEM}-{name}.png" for name in first}
    for name, job in first.items():
        if new or not paths[name].exists():
            write_atomically(paths[name], _sheet(model, job, rendering))
    return list(paths.values())


def _sheet(model: Model, job: Job, rendering: Rendering) -> bytes:
    from negjudge.generation.drawing import draw
    from negjudge.generation.sheets.heatmaps import draw_heatmaps
    from negjudge.generation.videos import middle_frame
    from negjudge.guidance import AttentionRecord

    record = AttentionRecord()
    (drawn,) = draw(model.pipe, [job], rendering, record)
    picture = middle_frame(drawn) if isinstance(drawn, list) else drawn
    title = f"{job.pair.prompt} without {job.pair.negative}, {job.method!r}, seed {job.seed}"
    return encoded(draw_heatmaps(picture, record, title=title), "PNG")
