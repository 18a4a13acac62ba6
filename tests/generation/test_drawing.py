"""A picture never depends on the batch that it is drawn in."""

import dataclasses
import random

import numpy as np
import pytest
import torch

from negjudge.generation.drawing import batches, draw
from negjudge.generation.jobs import drawn_jobs, jobs_of
from negjudge.generation.strengths import Spaces
from negjudge.guidance import CFG, NAG, NASA, VSF, Plain

# Matrix products may sum in another order where a row lies elsewhere in its batch: a step of 255, no more.
ROUNDING = 1

METHODS = [Plain(), CFG(3.0), VSF(1.0, 0.5), NAG(), NASA(0.2)]


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.name)
def test_pixels_do_not_depend_on_the_batch(model, pairs, rendering, method):
    jobs = jobs_of(list(pairs.values()), [method], seeds=2)
    whole = {job: draw(model.pipe, [job], rendering)[0] for job in jobs}
    assert _apart(*list(whole.values())[:2]) > 10 * ROUNDING  # of two seeds, so that a mix-up would show
    shuffled = random.Random(0).sample(jobs, len(jobs))
    for batch in batches(model.pipe, shuffled, rendering.batch_size):
        for job, image in zip(batch, draw(model.pipe, batch, rendering), strict=True):
            assert _apart(image, whole[job]) <= ROUNDING


def test_without_guidance_the_picture_is_the_pipelines_own(model, pairs, rendering):
    job = jobs_of(list(pairs.values())[:1], [Plain()], 1)[0]
    (ours,) = draw(model.pipe, [job], dataclasses.replace(rendering, batch_size=1))
    (plain,) = model.pipe(
        job.pair.prompt,
        generator=torch.Generator().manual_seed(job.seed),
        num_inference_steps=2,
        width=32,
        height=32,
        guidance_scale=0,
        max_sequence_length=8,
    ).images
    assert np.array_equal(np.asarray(ours), np.asarray(plain))


def test_a_batch_has_one_method_and_negatives_of_one_length(model, pairs):
    jobs = jobs_of(list(pairs.values()), METHODS, seeds=3)
    made = list(batches(model.pipe, jobs, 4))
    assert sorted(map(id, jobs)) == sorted(id(job) for batch in made for job in batch)
    for batch in made:
        assert 1 <= len(batch) <= 4
        assert len({job.method for job in batch}) == 1
        assert len({len(job.pair.negative.split()) for job in batch}) == 1


def test_drawn_strengths_share_a_forward_two_and_two_and_every_picture_is_as_when_alone(
    model, pairs, rendering
):
    spaces = Spaces({"vsf": {"scale": [0, 4, 0.05]}}, {})
    jobs = drawn_jobs(list(pairs.values())[:2], ["none", "vsf"], 4, spaces, together=2)
    made = list(batches(model.pipe, jobs, 4))
    assert sorted(map(id, jobs)) == sorted(id(job) for batch in made for job in batch)
    assert {len(batch) for batch in made if batch[0].method.guides} == {2}
    assert max(len(batch) for batch in made if not batch[0].method.guides) == 4
    batch = next(batch for batch in made if batch[0].method.guides)
    pair, alone = draw(model.pipe, batch, rendering), draw(model.pipe, batch[1:], rendering)
    assert _apart(pair[1], alone[0]) <= ROUNDING


def _apart(one, other):
    return np.abs(np.asarray(one).astype(int) - np.asarray(other).astype(int)).max()
