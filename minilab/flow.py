"""Flow matching on the tiny generator's latents: encoding of pictures and captions, the loss, sampling."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusion3Pipeline
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from minilab.generator import TEXT_LENGTH

TIMESTEPS = 1000


class Denoiser(nn.Module):
    """The parts of the pipeline that are trained together: the transformer and both text encoders."""

    def __init__(self, pipe: StableDiffusion3Pipeline) -> None:
        super().__init__()
        self.transformer = pipe.transformer.train()
        self.text_encoder = pipe.text_encoder.train()
        self.text_encoder_2 = pipe.text_encoder_2.train()

    def forward(self, noisy: torch.Tensor, time: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Return the velocity of latents (batch, 12, 16, 16) at times (batch,) in [0, 1], 1 being noise.

        ``tokens`` (batch, 16) are the caption's. The text is put together as the pipeline does it: both
        encoders side by side, then as many zero tokens as the T5 encoder that is not there would give.
        """
        first = self.text_encoder(tokens, output_hidden_states=True)
        second = self.text_encoder_2(tokens, output_hidden_states=True)
        text = torch.cat([first.hidden_states[-2], second.hidden_states[-2]], dim=-1)
        text = torch.cat([text, torch.zeros_like(text)], dim=1)
        pooled = torch.cat([first[0], second[0]], dim=-1)
        velocity: torch.Tensor = self.transformer(
            hidden_states=noisy,
            timestep=time * TIMESTEPS,
            encoder_hidden_states=text,
            pooled_projections=pooled,
            return_dict=False,
        )[0]
        return velocity

    def matrices(self) -> list[nn.Parameter]:
        """Return the weights of the blocks' linear layers, which Muon trains."""
        blocks = ("transformer_blocks.", "encoder.layers.")
        return [
            weight
            for name, weight in self.named_parameters()
            if weight.ndim == 2 and any(block in name for block in blocks)
        ]

    def put_into(self, pipe: StableDiffusion3Pipeline) -> StableDiffusion3Pipeline:
        """Copy the weights into a pipeline, in float32 and ready to sample."""
        for name in ("transformer", "text_encoder", "text_encoder_2"):
            getattr(pipe, name).load_state_dict(getattr(self, name).state_dict())
            getattr(pipe, name).cpu().eval()
        return pipe


def tokenize(pipe: StableDiffusion3Pipeline, captions: Sequence[str]) -> torch.Tensor:
    """Return the tokens of captions (batch, 16), padded as the pipeline pads."""
    encoded = pipe.tokenizer(
        list(captions), padding="max_length", max_length=TEXT_LENGTH, truncation=True, return_tensors="pt"
    )
    tokens: torch.Tensor = encoded.input_ids
    return tokens


@torch.no_grad()
def encode_pictures(vae: AutoencoderKL, pictures: np.ndarray, batch: int = 128) -> torch.Tensor:
    """Return the scaled latents (n, 12, 16, 16), float16, of uint8 pictures (n, 3, 64, 64)."""
    parts = []
    for start in range(0, len(pictures), batch):
        pixels = torch.from_numpy(pictures[start : start + batch]).to(vae.device).float() / 127.5 - 1
        latents = vae.encode(pixels).latent_dist.mean
        parts.append(((latents - vae.config.shift_factor) * vae.config.scaling_factor).half())
    return torch.cat(parts)


def flow_loss(
    denoiser: nn.Module,
    clean: torch.Tensor,
    noise: torch.Tensor,
    time: torch.Tensor,
    tokens: torch.Tensor,
) -> torch.Tensor:
    """Return the squared error of the velocity from clean latents to noise, at times (batch,).

    The arguments may be on any device and in any precision; they are brought to the denoiser's.
    """
    device = next(denoiser.parameters()).device
    clean, noise, time = (value.to(device).float() for value in (clean, noise, time))
    tokens, mix = tokens.to(device), time.view(-1, 1, 1, 1)
    with torch.autocast(device.type, torch.bfloat16), _attention(device):
        velocity = denoiser((1 - mix) * clean + mix * noise, time, tokens)
    return (velocity.float() - (noise - clean)).square().mean()


def _attention(device: torch.device) -> AbstractContextManager[None]:
    """Return what chooses the attention for training: on a CPU the fused kernel's backward pass is slower."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()


@torch.no_grad()
def sample_latents(
    denoiser: nn.Module,
    noise: torch.Tensor,
    tokens: torch.Tensor,
    empty: torch.Tensor | None,
    steps: int,
    scale: float,
) -> torch.Tensor:
    """Integrate from noise to latents with Euler steps; ``empty`` tokens (1, 16) turn on CFG at ``scale``."""
    device = next(denoiser.parameters()).device
    latents, tokens = noise.to(device), tokens.to(device)
    empty = empty if empty is None else empty.to(device)
    times = torch.linspace(1, 0, steps + 1, device=device)
    for now, later in itertools.pairwise(times):
        time = now.expand(len(latents))
        with torch.autocast(device.type, torch.bfloat16):
            if empty is None:
                velocity = denoiser(latents, time, tokens).float()
            else:
                both = denoiser(
                    torch.cat([latents, latents]),
                    torch.cat([time, time]),
                    torch.cat([tokens, empty.expand_as(tokens)]),
                ).float()
                conditional, unconditional = both.chunk(2)
                velocity = unconditional + scale * (conditional - unconditional)
        latents = latents + (later - now) * velocity
    return latents
