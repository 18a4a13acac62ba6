"""A guided pipeline in several threads, and two pipelines at once."""

from __future__ import annotations

import copy
import threading

import pytest
import torch
from guided import in_thread, is_as_before

from negjudge.errors import NegjudgeError
from negjudge.guidance import NAG, VSF, guide


def test_a_guided_pipeline_may_be_called_from_another_thread(pipe, pictures):
    with guide(pipe, VSF(), "wheels"):
        here = pictures(pipe)
        assert torch.equal(in_thread(lambda: pictures(pipe)), here)


def test_two_calls_of_one_pipeline_at_once_are_refused(pipe, pictures):
    others = []

    def during(pipe, step, timestep, tensors):
        others.append(in_thread(lambda: pictures(pipe, "a clock")))
        return tensors

    with guide(pipe, VSF(), "wheels"):
        expected = pictures(pipe)
        disturbed = pictures(pipe, callback_on_step_end=during)
        assert torch.equal(disturbed, expected)
        assert len(others) == 2
        assert all(isinstance(error, NegjudgeError) and "in use already" in str(error) for error in others)
        assert torch.equal(pictures(pipe), expected)


def test_a_second_guide_on_the_same_pipeline_is_refused(pipe, pictures):
    def second():
        with guide(pipe, NAG(), "hands"):
            pass

    with guide(pipe, VSF(), "wheels"):
        expected = pictures(pipe)
        with pytest.raises(NegjudgeError, match="is guided already"):
            second()
        assert "is guided already" in str(in_thread(second))
        assert torch.equal(pictures(pipe), expected)
    assert is_as_before(pipe)


def test_a_pipeline_that_shares_the_denoiser_cannot_be_guided_meanwhile(pipe, pictures):
    shared = type(pipe)(**pipe.components)
    with guide(pipe, VSF(), "wheels"):
        pictures(pipe)
        with pytest.raises(NegjudgeError, match="is guided already"), guide(shared, VSF(), "hands"):
            pass


def test_a_pipeline_that_shares_the_denoiser_stays_plain_inside_the_block(pipe, pictures):
    shared = type(pipe)(**{**pipe.components, "scheduler": copy.deepcopy(pipe.scheduler)})
    plain, others = pictures(shared), []

    def during(pipe, step, timestep, tensors):
        others.extend([pictures(shared), in_thread(lambda: pictures(shared))])
        return tensors

    with guide(pipe, VSF(), "wheels"):
        expected = pictures(pipe)
        assert torch.equal(pictures(shared), plain)
        assert torch.equal(pictures(pipe, callback_on_step_end=during), expected)
    assert len(others) == 4
    assert all(torch.equal(picture, plain) for picture in others)
    assert not torch.equal(expected, plain)


def test_two_pipelines_in_two_threads_are_independent(build_pipeline, pictures):
    pipes = [build_pipeline(seed=seed) for seed in (1, 2)]
    work = list(zip(pipes, [VSF(offset=0.3), NAG()], ["wheels", "big hands"], strict=True))

    def guided(pipe, method, negative, meet=lambda *_: None):
        def step(pipe, i, timestep, tensors):
            meet()
            return tensors

        with guide(pipe, method, negative):
            return pictures(pipe, steps=6, callback_on_step_end=step)

    alone = [guided(*one) for one in work]
    barrier = threading.Barrier(2, timeout=600)  # against a deadlock alone
    together: list = [None, None]

    def run(i):
        together[i] = guided(*work[i], barrier.wait)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for a, b in zip(alone, together, strict=True):
        assert torch.equal(a, b)
