"""SD3 the slow way: processors of our own whose attention is a dense table of who sees whom."""

from __future__ import annotations

import contextlib
import math

import torch

from negjudge.guidance import NASA, VSF

T5_LENGTH = 8


class SlowProcessor:
    """SD3's joint attention over picture, prompt and negative, by a table of who sees whom."""

    def __init__(self, method, prompt, negative):
        self.method, self.prompt, self.negative = method, prompt, negative

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        def heads(x):
            return x.unflatten(-1, (attn.heads, -1)).transpose(1, 2)

        def normed(norm, x):
            return x if norm is None else norm(x)

        query = normed(attn.norm_q, heads(attn.to_q(hidden_states)))
        key = normed(attn.norm_k, heads(attn.to_k(hidden_states)))
        value = heads(attn.to_v(hidden_states))
        picture = hidden_states.shape[1]
        if encoder_hidden_states is None:  # SD3.5's attention of the picture alone
            out = table_attention(query, key, value, torch.zeros(picture, picture))
            return attn.to_out[0](out)
        text = encoder_hidden_states
        query = torch.cat([query, normed(attn.norm_added_q, heads(attn.add_q_proj(text)))], 2)
        key = torch.cat([key, normed(attn.norm_added_k, heads(attn.add_k_proj(text)))], 2)
        value = torch.cat([value, heads(attn.add_v_proj(text))], 2)
        out = self.attend(query, key, value, picture)
        text = out[:, picture:]
        if not attn.context_pre_only:
            text = attn.to_add_out(text)
        return attn.to_out[0](out[:, :picture]), text

    def attend(self, query, key, value, picture):
        n = query.shape[2]
        first = picture + self.prompt
        image, prompt, negative = range(picture), range(picture, first), range(first, n)
        if isinstance(self.method, VSF):
            return self.vsf(query, key, value, [list(image), list(prompt), list(negative)])
        plus = table_attention(
            query,
            key,
            value,
            seen(
                n,
                n,
                {
                    **rows(image, [*image, *prompt]),
                    **rows(prompt, [*image, *prompt]),
                    **rows(negative, [*image, *negative]),
                },
            ),
        )
        minus = table_attention(query, key, value, seen(n, n, rows(range(n), [*image, *negative])))
        z, w = plus[:, :picture], minus[:, :picture]
        if isinstance(self.method, NASA):
            guided = z - self.method.scale * w
        else:
            guided = z + self.method.phi * (z - w)
            ratio = guided.abs().sum(-1, keepdim=True) / z.abs().sum(-1, keepdim=True)
            guided = guided * ratio.clamp(max=self.method.tau) / ratio
            guided = self.method.alpha * guided + (1 - self.method.alpha) * z
        return torch.cat([guided, plus[:, picture:]], 1)

    def vsf(self, query, key, value, groups):
        image, prompt, negative = groups
        n = query.shape[2]
        seer = {}
        if self.method.leak:  # the table of the original code: rows and columns I, P, A, B, then C
            half = len(negative) // 2
            shown, negative = negative[:half], negative[half:]
            flipped = list(range(n, n + half))
            seer |= rows(shown, [*image, *prompt, *shown])
        else:
            shown, flipped = [], list(range(n, n + len(negative)))
        seer |= rows(image, [*image, *prompt, *shown, *flipped])
        seer |= rows(prompt, [*image, *prompt, *shown])
        seer |= rows(negative, [*image, *negative])
        bias = seen(n, n + len(flipped), seer)
        bias[: len(image), n:] -= self.method.offset
        key = torch.cat([key, key[:, :, negative]], 2)
        value = torch.cat([value, -self.method.scale * value[:, :, negative]], 2)
        return table_attention(query, key, value, bias)


def rows(which, columns):
    return dict.fromkeys(which, columns)


def seen(n_rows, n_columns, seer):
    bias = torch.full((n_rows, n_columns), -math.inf, dtype=torch.float64)
    for row, columns in seer.items():
        bias[row, columns] = 0.0
    return bias


def table_attention(query, key, value, bias):
    scores = torch.einsum("bhqd,bhkd->bhqk", query, key) / math.sqrt(query.shape[-1]) + bias
    return torch.einsum("bhqk,bhkd->bqhd", scores.softmax(-1), value).flatten(2)


def encoded(pipe, text, full):
    """A negative's tokens by hand: CLIP's two encoders side by side, then T5's."""
    clip = []
    for tokenizer, encoder in [(pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2)]:
        ids = tokenizer(text).input_ids
        if full:
            ids = ids + [tokenizer.pad_token_id] * (pipe.tokenizer_max_length - len(ids))
        clip.append(encoder(torch.tensor([ids]), output_hidden_states=True).hidden_states[-2])
    width = pipe.transformer.config.joint_attention_dim
    joined = torch.cat(clip, -1)
    parts = [torch.nn.functional.pad(joined, (0, width - joined.shape[-1]))]
    if pipe.text_encoder_3 is not None:
        ids = pipe.tokenizer_3(text).input_ids
        if full:
            ids = ids + [pipe.tokenizer_3.pad_token_id] * (T5_LENGTH - len(ids))
        parts.append(pipe.text_encoder_3(torch.tensor([ids]))[0])
    elif full:
        parts.append(torch.zeros(1, T5_LENGTH, width, dtype=joined.dtype))
    return torch.cat(parts, 1)


@torch.no_grad()
def reference(pipe, pictures, method, prompt, negative, **arguments):
    """One picture by the slow way."""
    text, pooled = positive(pipe, prompt)
    with slowly(pipe, method, text, negative) as tokens:
        return pictures(pipe, None, prompt_embeds=tokens, pooled_prompt_embeds=pooled, **arguments)


def positive(pipe, prompt):
    settings = {"device": "cpu", "do_classifier_free_guidance": False, "max_sequence_length": T5_LENGTH}
    text, _, pooled, _ = pipe.encode_prompt(prompt, None, None, **settings)
    return text, pooled


@contextlib.contextmanager
def slowly(pipe, method, text, negative):
    """Set the slow processors; yields the text tokens that go with them."""
    tokens = encoded(pipe, negative, method.padding == "full")
    copies = [tokens, tokens] if isinstance(method, VSF) and method.leak else [tokens]
    before = pipe.transformer.attn_processors
    pipe.transformer.set_attn_processor(SlowProcessor(method, text.shape[1], tokens.shape[1]))
    try:
        yield torch.cat([text, *copies], 1)
    finally:
        pipe.transformer.set_attn_processor(before)


def double(pipe):
    for name in ("transformer", "text_encoder", "text_encoder_2", "text_encoder_3"):
        if getattr(pipe, name) is not None:
            getattr(pipe, name).double()
    return pipe
