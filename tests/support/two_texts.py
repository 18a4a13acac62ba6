"""A denoiser's arguments with two texts in them, each at positions of its own, made by hand a family."""

from __future__ import annotations

import contextlib
import functools

import torch
from cases import NEGATIVE, output_of

from negjudge.guidance.families import family_of
from negjudge.guidance.interception import replaced


def encode(pipe, case, arguments, text=NEGATIVE, padding="none"):
    return family_of(pipe).encode(pipe, text, padding, arguments, case.call())


def with_text(case, arguments, tokens):
    """The denoiser's arguments with other text, positions and masks by hand."""
    if case.module == "zimage":
        return {**arguments, "cap_feats": [tokens]}
    changed = {**arguments, "encoder_hidden_states": tokens[None]}
    if case.module == "flux":
        changed["txt_ids"] = arguments["txt_ids"].new_zeros(len(tokens), 3)
    if case.module == "flux2":
        ids = arguments["txt_ids"].new_zeros(1, len(tokens), 4)
        ids[0, :, 3] = torch.arange(len(tokens))
        changed["txt_ids"] = ids
    return changed


@contextlib.contextmanager
def two_texts(pipe, case, denoiser, arguments, negative, copies=1):
    """Arguments with prompt and negative in them, each at positions of its own; yields their lengths, too."""
    if case.module == "zimage":
        with two_captions(denoiser, arguments, negative, copies) as lengths:
            yield arguments, lengths
        return
    prompt = arguments["encoder_hidden_states"][0]
    texts = [prompt, *[negative] * copies]
    both = with_text(case, arguments, torch.cat(texts))
    if case.module == "flux2":
        own = [with_text(case, arguments, part)["txt_ids"] for part in texts]
        both["txt_ids"] = torch.cat(own, 1)
    with contextlib.ExitStack() as stack:
        if case.module == "qwenimage":
            original = denoiser.pos_embed.forward

            def positions(shapes, **others):
                parts = [original(shapes, **{**others, "max_txt_seq_len": len(text)}) for text in texts]
                return parts[0][0], torch.cat([part[1] for part in parts])

            stack.enter_context(replaced(denoiser.pos_embed, "forward", positions))
        yield both, (len(prompt), len(negative))


@contextlib.contextmanager
def two_captions(denoiser, arguments, negative, copies):
    """Z-Image: the refined negative is what the plain model would put beside the picture for it."""
    streams = []
    handle = denoiser.layers[0].register_forward_pre_hook(lambda _, args: streams.append(args))
    output_of(denoiser, {**arguments, "cap_feats": [negative]})
    output_of(denoiser, arguments)
    handle.remove()
    image = streams[0][0].shape[1] - -(-len(negative) // 32) * 32
    tokens, positions = (torch.cat([streams[0][i][:, image:]] * copies, 1) for i in (0, 2))

    def join(_, args, first):
        stream, mask, freqs, *others = args
        stream = torch.cat([stream, tokens], 1) if first else stream
        return (stream, mask, torch.cat([freqs, positions], 1), *others)

    hooks = [
        layer.register_forward_pre_hook(functools.partial(join, first=number == 0))
        for number, layer in enumerate(denoiser.layers)
    ]
    yield streams[1][0].shape[1] - image, tokens.shape[1] // copies
    for hook in hooks:
        hook.remove()
