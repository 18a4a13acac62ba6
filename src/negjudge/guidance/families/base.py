"""What a model family tells the guide: where its text and its attention are. An adapter is a subclass."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, ClassVar, Protocol

import torch

from negjudge.errors import NegjudgeError
from negjudge.guidance.base import Padding
from negjudge.guidance.kernels.layout import TokenLayout
from negjudge.guidance.negatives import Encoded, Negatives

Arguments = Mapping[str, Any]
MARK = "⁂"


class Hook(Protocol):
    """What changes the inside of a denoiser, for one forward after ``extend`` has set it."""

    def clear(self) -> None:
        """Leave the denoiser as it is from now on."""


class Family(ABC):
    """A model family. The guide calls these in the order in which they stand here.

    ``call`` holds the arguments of the pipeline's call and ``forward`` those of the denoiser's, by name.
    """

    pipelines: ClassVar[tuple[str, ...]]
    """Names of the pipeline classes, subclasses included."""
    processors: ClassVar[tuple[str, ...]]
    """Names of the attention processors that end in one plain attention call; the first is the default."""

    encoders: ClassVar[tuple[str, ...]] = ("tokenizer", "text_encoder")
    """The parts of the pipeline without which no negative can be encoded."""

    def denoisers(self, pipe: Any) -> list[torch.nn.Module]:
        """The modules whose forward is guided."""
        return [pipe.transformer]

    @abstractmethod
    def attention_modules(self, denoiser: Any) -> dict[str, torch.nn.Module]:
        """The modules, by name, whose one attention call sees both picture and text."""

    def check_pipeline(self, pipe: Any) -> None:  # noqa: B027 (most families have nothing to check)
        """Raise NegjudgeError where a pipeline of this family is in a mode that cannot be guided."""

    @abstractmethod
    def plain_arguments(self, pipe: Any) -> dict[str, Any]:
        """What a call of the pipeline needs so that it does no guidance of its own."""

    def cfg_arguments(self, pipe: Any, scale: float, negative_prompt: str | list[str]) -> dict[str, Any]:
        """What a call of the pipeline needs for CFG. Raises NegjudgeError where it has none."""
        return {"guidance_scale": scale, "negative_prompt": negative_prompt}

    @abstractmethod
    def check_call(self, pipe: Any, call: Arguments) -> None:
        """Raise NegjudgeError, naming the switch, where a call of the pipeline cannot be guided."""

    def text(self, forward: Arguments) -> torch.Tensor:
        """Positive text tokens of the denoiser, ``(batch, p, width)``; of one picture ``(p, width)``."""
        tokens: torch.Tensor = forward["encoder_hidden_states"]
        return tokens

    def pictures(self, forward: Arguments) -> int:
        """How many pictures a forward of the denoiser is for."""
        return len(self.text(forward))

    @abstractmethod
    def noise(self, forward: Arguments) -> float:
        """How much noise is left, from 1 at the beginning to 0 in the picture."""

    @abstractmethod
    def size(self, denoiser: Any, forward: Arguments) -> tuple[int, ...]:
        """Height and width of the picture in tokens, before them the frames of a video."""

    @abstractmethod
    def encode(self, pipe: Any, text: str, padding: Padding, forward: Arguments, call: Arguments) -> Encoded:
        """Encode one negative."""

    def hooked(self, denoiser: Any) -> AbstractContextManager[Hook | None]:
        """Put a hook into a denoiser for as long as the block lasts; ``extend`` gets what it yields."""
        return contextlib.nullcontext()

    @abstractmethod
    def extend(
        self, denoiser: Any, forward: Arguments, negatives: Negatives, hook: Any
    ) -> tuple[dict[str, Any], TokenLayout]:
        """Return the denoiser's arguments with the negatives in them, and where the tokens then are."""


def extend_keys(forward: Arguments, negatives: Negatives) -> tuple[dict[str, Any], TokenLayout]:
    """``Family.extend`` where attention is of every picture token over text without positions."""
    text, positive, mask = negatives.append_to(forward["encoder_hidden_states"])
    layout = negatives.layout(slice(None), 0, positive, mask)
    return {**forward, "encoder_hidden_states": text}, layout


def refuse_own_guidance(call: Arguments, switch: str, above: float, use: float) -> None:
    """Raise NegjudgeError where a pipeline's call turns on CFG by ``switch``, naming the value to ``use``."""
    value = call.get(switch)
    if value is not None and value > above:
        raise NegjudgeError(
            f"the pipeline's own guidance is on ({switch}={value:g}); "
            f"pass {switch}={use:g} to a pipeline inside guide"
        )


def refuse(call: Arguments, what: str, *names: str) -> None:
    """Raise NegjudgeError where a pipeline's call uses something that cannot be guided."""
    for name in names:
        if call.get(name) is not None:
            raise NegjudgeError(f"guidance together with {what} is not supported; leave out {name}")


def require_parts(pipe: Any, names: tuple[str, ...]) -> None:
    """Raise NegjudgeError where parts that encode a negative are not loaded, or were freed."""
    missing = [name for name in names if getattr(pipe, name, None) is None]
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        raise NegjudgeError(
            f"the negative prompt cannot be encoded: the pipeline's {' and '.join(missing)} {verb} None; "
            "keep the text encoders while the pipeline is guided"
        )


def spelled(tokenizer: Any, ids: list[int]) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """What tokens say, and which of them are begin, end or padding."""
    special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    return _words(tokenizer, ids), tuple(token in special for token in ids)


def with_inversions(pipe: Any, text: str, tokenizer: Any) -> str:
    """Return a text as the pipeline tokenizes it: an inversion of several vectors is as many tokens."""
    convert = getattr(pipe, "maybe_convert_prompt", None)
    expanded: str = text if convert is None else convert(text, tokenizer)
    return expanded


def chat(tokenizer: Any, **options: Any) -> Callable[[str], str]:
    """Return what puts a text into a tokenizer's chat template, as all that the user says."""

    def render(text: str) -> str:
        whole: str = tokenizer.apply_chat_template(
            [{"role": "user", "content": text}], tokenize=False, **options
        )
        return whole

    return render


def spelled_in_template(
    tokenizer: Any, render: Callable[[str], str], text: str
) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """What the tokens of a chat template around ``text`` say, and which of them are the template's.

    ``render`` puts a text into the template. Where the text stands is told by another one in its place: the
    text itself may be a word of the template.
    """
    whole, first, text = render(text), render(MARK).find(MARK), text.strip()
    encoded = tokenizer(whole, return_offsets_mapping=True, add_special_tokens=False)
    first = whole.find(text, first) if first >= 0 else -1
    if first < 0:  # the template changes the text
        first, text = 0, whole
    special = tuple(stop <= first or start >= first + len(text) for start, stop in encoded["offset_mapping"])
    return _words(tokenizer, encoded["input_ids"]), special


def _words(tokenizer: Any, ids: list[int]) -> tuple[str, ...]:
    """Tokens without the marks that tokenizers put for spaces and ends of words."""
    tokens = tokenizer.convert_ids_to_tokens(ids)
    spoken = [tokenizer.convert_tokens_to_string([token]) for token in tokens]
    return tuple(word.removesuffix("</w>").strip() or tokens[i] for i, word in enumerate(spoken))
