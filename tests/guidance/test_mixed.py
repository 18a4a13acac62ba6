"""Several settings of one method in one batch: each picture is as when alone."""

from __future__ import annotations

import pytest
import torch
from cases import CASES, PROMPT, run

from negjudge.errors import NegjudgeError
from negjudge.guidance import CFG, NAG, NASA, VSF, AttentionRecord, Plain, guide
from negjudge.guidance.mixed import alike, varied

SETTINGS = {
    "vsf": [VSF(0.5, 0.0), VSF(2.0, 0.7), VSF(1.0, 3.0)],
    "vsf without offset": [VSF(0.5), VSF(2.0), VSF(1.0)],
    "nag": [NAG(2.0, 1.5, 0.2), NAG(8.0, 5.0, 1.0), NAG(0.0, 2.0, 0.5)],
    "nasa": [NASA(0.1), NASA(0.6), NASA(0.0)],
    "a schedule": [VSF(0.5, schedule="linear"), VSF(2.0, schedule="linear"), VSF(1.0, schedule="linear")],
}
NEGATIVES = ["wheels", "big hands", "tail"]


@pytest.mark.parametrize("name", ["sd3", "flux", "qwen-image", "z-image", "wan2.1", "sdxl"])
@pytest.mark.parametrize("settings", SETTINGS)
def test_each_picture_is_as_when_alone(name, settings):
    case, methods = CASES[name], SETTINGS[settings]
    pipe = case.build()
    with guide(pipe, methods, NEGATIVES):
        together = run(pipe, case, [PROMPT] * 3, seeds=(0, 1, 2))
    for row, (method, negative) in enumerate(zip(methods, NEGATIVES, strict=True)):
        with guide(pipe, method, negative):
            alone = run(pipe, case, PROMPT, seeds=(row,))
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-3, atol=2e-3)


@pytest.mark.parametrize("form", ["lse", "sdpa", "mask"])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float16])
def test_every_form_takes_a_setting_a_picture(form, dtype):
    from negjudge.guidance import TokenLayout, vsf_attention

    torch.manual_seed(0)
    qkv = [torch.randn(3, 2, 12, 8).to(dtype) for _ in range(3)]
    layout = TokenLayout(slice(0, 5), slice(5, 9), slice(9, 12))
    scales, offsets = (torch.tensor(v, dtype=dtype).view(3, 1, 1, 1) for v in ([0.5, 1, 3], [0.0, 0.4, 2]))
    found = vsf_attention(*qkv, layout, scale=scales, offset=offsets, form=form)
    assert found.dtype == dtype
    for row in range(3):
        alone = vsf_attention(
            *(x[row : row + 1] for x in qkv),
            layout,
            scale=scales[row].item(),
            offset=offsets[row].item(),
            form=form,
        )
        tolerance = 1e-12 if dtype == torch.float64 else 5e-3
        torch.testing.assert_close(found[row : row + 1], alone, rtol=0, atol=tolerance)


def test_what_differs_in_more_than_strength_is_refused():
    for methods in ([VSF(), NAG()], [VSF(), VSF(padding="full")], [VSF(), VSF(leak=True)], [Plain(), VSF()]):
        with pytest.raises(NegjudgeError, match="cannot share a batch"), guide(None, methods, "wheels"):
            pass
    assert alike(CFG(2.0)) != alike(CFG(3.0))
    assert varied([VSF(1.0, 0.5), VSF(2.0, 0.5)]) == {"scale": (1.0, 2.0)}
    assert varied([NAG(), NAG()]) == {}


def test_settings_must_fit_the_batch_and_have_no_record():
    case = CASES["flux"]
    pipe = case.build()
    two = [VSF(1.0), VSF(2.0)]
    with pytest.raises(NegjudgeError, match="2 settings do not fit 3 pictures"), guide(pipe, two, "wheels"):
        run(pipe, case, [PROMPT] * 3, seeds=(0, 1, 2))
    with (
        pytest.raises(NegjudgeError, match="a record of attention needs one setting"),
        guide(pipe, two, "wheels", record=AttentionRecord()),
    ):
        pass
