"""The other pipelines of each family: inpainting, ControlNet, editing; guided as the family's first is."""

from __future__ import annotations

import inspect

import diffusers
import pytest
import torch
from cases import CASES, NEGATIVE, PROMPT
from PIL import Image
from tiny import unet
from tiny.parts import seeded, widened

from negjudge.errors import NegjudgeError
from negjudge.guidance import CFG, NAG, NASA, VSF, Plain, guide, pipeline_arguments
from negjudge.guidance.families import family_of

# diffusers' inpainting pipelines warn of the size of their own masks
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")

SIZE = 32
PICTURE = Image.effect_noise((SIZE, SIZE), 90).convert("RGB")
MASK = Image.new("L", (SIZE, SIZE), 0)
MASK.paste(255, (0, 0, SIZE // 2, SIZE))
REDRAWN = {"image": PICTURE, "strength": 1.0}
PAINTED = {**REDRAWN, "mask_image": MASK}
SHOWN = {"image": PICTURE}
STEERED = {"control_image": PICTURE}


def unet_control(pipe):
    return diffusers.ControlNetModel.from_unet(pipe.unet, conditioning_embedding_out_channels=(8, 16))


def sd3_control(pipe):
    return diffusers.SD3ControlNetModel.from_transformer(
        pipe.transformer, num_layers=1, num_extra_conditioning_channels=0, load_weights_from_transformer=False
    )


def flux_control(pipe):
    return diffusers.FluxControlNetModel.from_transformer(
        pipe.transformer,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        load_weights_from_transformer=False,
    )


def wide_flux(pipe, channels):
    config = {**pipe.transformer.config, "in_channels": channels, "out_channels": 16}
    config.pop("_use_default_values", None)
    return widened(diffusers.FluxTransformer2DModel.from_config(config))


# Name of the pipeline's class: the case that it shares its parts with, further arguments, further parts.
SIBLINGS = {
    "StableDiffusionImg2ImgPipeline": ("sd", REDRAWN, None),
    "StableDiffusionInpaintPipeline": ("sd", PAINTED, None),
    "StableDiffusionControlNetPipeline": ("sd", SHOWN, unet_control),
    "StableDiffusionControlNetImg2ImgPipeline": ("sd", {**REDRAWN, **STEERED}, unet_control),
    "StableDiffusionControlNetInpaintPipeline": ("sd", {**PAINTED, **STEERED}, unet_control),
    "StableDiffusionXLImg2ImgPipeline": ("sdxl", REDRAWN, None),
    "StableDiffusionXLInpaintPipeline": ("sdxl", PAINTED, None),
    "StableDiffusionXLControlNetPipeline": ("sdxl", SHOWN, unet_control),
    "StableDiffusionXLControlNetImg2ImgPipeline": ("sdxl", {**REDRAWN, **STEERED}, unet_control),
    "StableDiffusionXLControlNetInpaintPipeline": ("sdxl", {**PAINTED, **STEERED}, unet_control),
    "StableDiffusion3Img2ImgPipeline": ("sd3", REDRAWN, None),
    "StableDiffusion3InpaintPipeline": ("sd3", PAINTED, None),
    "StableDiffusion3ControlNetPipeline": ("sd3", STEERED, sd3_control),
    "FluxImg2ImgPipeline": ("flux", REDRAWN, None),
    "FluxInpaintPipeline": ("flux", PAINTED, None),
    # Unless told otherwise it draws a megapixel, whatever was asked for.
    "FluxKontextPipeline": ("flux", {**SHOWN, "max_area": SIZE**2, "_auto_resize": False}, None),
    "FluxFillPipeline": ("flux", {**SHOWN, "mask_image": MASK}, lambda pipe: wide_flux(pipe, 16 + 16 + 16)),
    "FluxControlPipeline": ("flux", STEERED, lambda pipe: wide_flux(pipe, 32)),
    "FluxControlNetPipeline": ("flux", STEERED, flux_control),
    "QwenImageImg2ImgPipeline": ("qwen-image", REDRAWN, None),
    "QwenImageInpaintPipeline": ("qwen-image", PAINTED, None),
    "ZImageImg2ImgPipeline": ("z-image", REDRAWN, None),
    "ZImageInpaintPipeline": ("z-image", PAINTED, None),
}


def built(name):
    """A pipeline of a class with the parts of its case, and what a call of it is given."""
    kind, (case, arguments, more) = getattr(diffusers, name), SIBLINGS[name]
    with seeded(1):
        pipe = CASES[case].build()
        wanted = inspect.signature(kind.__init__).parameters
        parts = {part: value for part, value in pipe.components.items() if part in wanted}
        if "requires_safety_checker" in wanted:
            parts["requires_safety_checker"] = False
        made = more(pipe) if more else None
        if made is not None and isinstance(made, type(getattr(pipe, "transformer", None))):
            parts["transformer"] = made
        elif made is not None:
            parts["controlnet"] = widened(made)
        sibling = kind(**parts)
    sibling.set_progress_bar_config(disable=True)
    taken = inspect.signature(kind.__call__).parameters
    call = {n: v for n, v in {**CASES[case].call(), **arguments}.items() if n in taken}
    return sibling, call


def picture(pipe, call):
    with seeded(0):  # SD3's ControlNet draws its control's latents from nobody's generator
        output = pipe(prompt=PROMPT, generator=torch.Generator().manual_seed(0), **call)
    return output.images if hasattr(output, "images") else output.frames


@pytest.mark.parametrize("name", list(SIBLINGS))
def test_a_sibling_is_guided_and_a_large_offset_is_plain(name):
    pipe, call = built(name)
    call |= pipeline_arguments(pipe, VSF(), NEGATIVE)
    plain = picture(pipe, call)
    pictures = []
    for method in (VSF(scale=2.0), NAG(), NASA(scale=0.5)):
        with guide(pipe, method, NEGATIVE):
            pictures.append(picture(pipe, call))
    for guided in pictures:
        assert torch.isfinite(guided).all()
        assert (guided - plain).abs().max() > 1e-3
    with guide(pipe, VSF(offset=1e4), NEGATIVE):
        torch.testing.assert_close(picture(pipe, call), plain, rtol=1e-3, atol=2e-3)
    assert torch.equal(picture(pipe, call), plain)


@pytest.mark.parametrize(
    ("name", "xl"),
    [
        ("LatentConsistencyModelPipeline", False),
        ("StableDiffusionPipeline", False),
        ("StableDiffusionXLPipeline", True),
    ],
)
def test_an_embedded_guidance_scale_stays_the_users(name, xl):
    base = unet.build(xl=xl, consistency=True)
    kind = getattr(diffusers, name)
    wanted = inspect.signature(kind.__init__).parameters
    parts = {part: value for part, value in base.components.items() if part in wanted}
    more = {"requires_safety_checker": False} if "requires_safety_checker" in wanted else {}
    pipe = kind(**parts, **more)
    if name == "LatentConsistencyModelPipeline":
        pipe.scheduler = diffusers.LCMScheduler()
    pipe.set_progress_bar_config(disable=True)
    call = {**unet.call_arguments(), "guidance_scale": 8.0}
    assert pipeline_arguments(pipe, VSF(), NEGATIVE) == {}
    assert pipeline_arguments(pipe, Plain()) == {}
    plain, other = picture(pipe, call), picture(pipe, {**call, "guidance_scale": 2.0})
    assert (plain - other).abs().max() > 1e-4
    with guide(pipe, VSF(scale=2.0), NEGATIVE):
        assert (picture(pipe, call) - plain).abs().max() > 1e-3
    with guide(pipe, VSF(offset=1e4), NEGATIVE):
        torch.testing.assert_close(picture(pipe, call), plain, rtol=1e-3, atol=2e-3)
    with pytest.raises(NegjudgeError, match="guidance embedded and no CFG"):
        pipeline_arguments(pipe, CFG(4.0), NEGATIVE)


@pytest.mark.parametrize("name", ["FluxFillPipeline", "FluxControlPipeline"])
def test_a_pipeline_without_cfg_says_so(name):
    pipe, _ = built(name)
    with pytest.raises(NegjudgeError, match=f"{name} has no CFG: its call takes no true_cfg_scale"):
        pipeline_arguments(pipe, CFG(4.0), NEGATIVE)


def test_every_sibling_is_tested():
    own = {type(case.build()).__name__ for case in CASES.values()}
    listed = {
        name for family in {family_of(case.build()) for case in CASES.values()} for name in family.pipelines
    }
    consistency = {"LatentConsistencyModelPipeline", "LatentConsistencyModelImg2ImgPipeline"}  # above
    assert listed - own - consistency <= set(SIBLINGS)
