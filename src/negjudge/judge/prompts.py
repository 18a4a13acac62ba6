"""How questions become tokens: the chat template split at the question, escaping, unknown words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from negjudge.data.questions import (
    NO,
    POLARITIES,
    QUALITY_QUESTION,
    RATINGS,
    YES,
    presence_question,
    with_article,
)
from negjudge.errors import NegjudgeError

TEMPLATE_VERSION = (
    1  # of SYSTEM and of the wording in negjudge.questions; a judge is tied to what it was tuned on
)
SYSTEM = "Answer with one word."
QUESTIONS = ("object.present", "object.absent", "element.present", "element.absent", "quality")
ANSWERS = (YES, NO, *RATINGS)


@dataclass(frozen=True)
class Template:
    """What stands before and after a question, as token ids, and the ids of the answers.

    ``head`` ends where the question begins and holds one image token, to be repeated for each patch group.
    """

    head: tuple[int, ...]
    tail: tuple[int, ...]
    image_token: int
    answers: tuple[int, ...]


def messages(question: str) -> list[dict[str, str]]:
    """Return the conversation that ends in a question; the picture goes before the user's text."""
    return [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}]


def questions_about(obj: str, element: str) -> tuple[str, ...]:
    """Return the texts of ``QUESTIONS`` about an object and an element, articles added where needed."""
    nouns = (with_article(obj.strip()), with_article(element.strip()))
    return (*(presence_question(noun, p) for noun in nouns for p in POLARITIES), QUALITY_QUESTION)


def each(nouns: str | Sequence[str], what: str, count: int) -> list[str]:
    """Return a noun for each picture; a string counts for all. NegjudgeError where they do not fit."""
    if nouns is None:
        raise NegjudgeError(f"the {what} is None; give a noun, or a list of them")
    listed = [nouns] * count if isinstance(nouns, str) else list(nouns)
    if len(listed) != count:
        raise NegjudgeError(f"{count} pictures but {len(listed)} {what}s; give one for each, or one for all")
    for noun in listed:
        if not isinstance(noun, str) or not noun.strip():
            raise NegjudgeError(f"the {what} to ask about is {noun!r}; give a noun such as 'wheels'")
    return listed


def noun_pairs(
    objects: str | Sequence[str], absent: str | Sequence[str], count: int, tokenizer: Any = None
) -> list[tuple[str, str]]:
    """Return the object and the element to ask about for each of ``count`` pictures.

    A string counts for all pictures. With a tokenizer the nouns are escaped. Raises NegjudgeError for lists
    of another length, for what is no noun, and for words that the tokenizer does not know.
    """
    found = []
    for nouns, what in ((objects, "object"), (absent, "element")):
        listed = each(nouns, what, count)
        if tokenizer is not None:
            clean = {noun: clean_noun(tokenizer, noun, what) for noun in set(listed)}
            listed = [clean[noun] for noun in listed]
        found.append(listed)
    return list(zip(*found, strict=True))


def read_template(processor: Any, instructed: bool = True) -> Template:
    """Split the processor's chat template at the question; NegjudgeError where a judge cannot work so.

    ``instructed`` puts our system message before the conversation, else the template's own stands, if any.
    """
    tokenizer, mark = processor.tokenizer, presence_question("x")
    conversation = structured(mark) if instructed else structured(mark)[1:]
    rendered = processor.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True)
    head, found, tail = rendered.partition(mark)
    if not found or not head.endswith("<|vision_end|>"):
        raise NegjudgeError("the model's chat template does not put the question right after the picture")
    image_token = tokenizer.convert_tokens_to_ids("<|image_pad|>")
    template = Template(
        head=tuple(token_ids(tokenizer, head)),
        tail=tuple(token_ids(tokenizer, tail)),
        image_token=image_token,
        answers=tuple(_single_token(tokenizer, answer) for answer in ANSWERS),
    )
    whole = [*template.head, *token_ids(tokenizer, mark), *template.tail]
    if template.head.count(image_token) != 1 or whole != token_ids(tokenizer, rendered):
        raise NegjudgeError("the model's tokenizer joins the question with what surrounds it")
    return template


def structured(question: str) -> list[dict[str, Any]]:
    """Return ``messages(question)`` with the place of the picture, as a processor's template wants it."""
    system, user = messages(question)
    return [
        {"role": "system", "content": [{"type": "text", "text": system["content"]}]},
        {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": user["content"]}]},
    ]


def token_ids(tokenizer: Any, text: str) -> list[int]:
    """Return the token ids of a text, without anything added around it."""
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


def _single_token(tokenizer: Any, answer: str) -> int:
    ids = token_ids(tokenizer, answer)
    if len(ids) != 1 or ids[0] == tokenizer.unk_token_id:
        raise NegjudgeError(f"the answer {answer!r} is not one token of this model; it cannot be judged with")
    return ids[0]


def escape(tokenizer: Any, text: str) -> str:
    """Break up what the tokenizer would read as a special token, by a space after its first character.

    "<|im_end|>" becomes "< |im_end|>", which is tokenized as ordinary text. Runs of white space become one
    space.
    """
    text = " ".join(text.split())
    special = sorted(map(str, tokenizer.get_added_vocab()), key=len, reverse=True)
    for token in special:
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def clean_noun(tokenizer: Any, noun: str, what: str) -> str:
    """Return the escaped noun; NegjudgeError when it has a word the judge does not know."""
    noun = escape(tokenizer, noun)
    unknown = unknown_words(tokenizer, noun)
    if unknown:
        words = ", ".join(map(repr, unknown))
        raise NegjudgeError(
            f"this judge does not know the word {words} in the {what} {noun!r}; ask with others"
        )
    return noun


def unknown_words(tokenizer: Any, text: str) -> list[str]:
    """Return the words that the tokenizer has no token for; a tokenizer of sub-words knows every word."""
    if tokenizer.unk_token_id is None:
        return []
    return [word for word in text.split() if tokenizer.unk_token_id in token_ids(tokenizer, word)]


def question_ids(tokenizer: Any, template: Template, questions: Sequence[str]) -> list[list[int]]:
    """Return for each question its token ids and the template's tail: what follows the picture's prefix."""
    return [[*token_ids(tokenizer, question), *template.tail] for question in questions]
