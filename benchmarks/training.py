"""Questions a second of a training step: a sequence a question, packed, with kept features, and TRL's own.

    python -m benchmarks.training [--true-class] [--device cpu|cuda] [--pictures 6] [--rounds 5]

All steps are about the same pictures and questions, in one run: batching, forward and backward pass. "TRL's
vision recipe" is what TRL documents for such models: its collator, a row a question, the loss over the whole
vocabulary, gradient checkpointing.
It is the mini lab's base judge, or with --true-class random weights of the true Qwen2.5-VL class with its
real vocabulary and 729 picture tokens, narrow and of few layers. Memory is the card's peak; on a CPU the peak
above what the process held before the step, where Linux tells it.
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import get_peft_model
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from benchmarks.timing import measure
from minilab.judge_model import build_processor
from minilab.render import render
from minilab.world import OBJECTS, words
from negjudge.judge.loading import load_model, load_processor, quiet
from negjudge.judge.prompts import ANSWERS, questions_about, read_template
from negjudge.training.data import Row, to_dataset
from negjudge.training.features import PictureFeatures, freeze_vision
from negjudge.training.loop import lora_config
from negjudge.training.packing import PackedCollator, by_picture, to_packed_dataset
from negjudge.training.recipe import LoraSettings
from negjudge.training.trainers import AnswerCollator, AnswerTrainer, PackedTrainer

MINI = Path("data/mini/judge-base")
VOCABULARY = 151_936  # of Qwen2.5-VL-3B; the 7B has 152,064
SIDE = 27 * 28  # pixels: 27 by 27 picture tokens

Step = Callable[[], Any]


def mini() -> tuple[Any, Any, int]:
    """Return the mini lab's base, its processor, and the side of its pictures."""
    return load_model(MINI, torch.float32), load_processor(MINI), 64


def true_class() -> tuple[Any, Any, int]:
    """Return random weights of the true class, narrow, with its patches, windows, heads and vocabulary."""
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2VLImageProcessor

    processor = build_processor(words())
    area = SIDE**2
    processor.image_processor = Qwen2VLImageProcessor(size={"shortest_edge": area, "longest_edge": area})
    token = processor.tokenizer.convert_tokens_to_ids
    text = {
        "vocab_size": VOCABULARY,
        "hidden_size": 512,
        "intermediate_size": 2752,
        "num_hidden_layers": 3,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]},
        "bos_token_id": None,
        "eos_token_id": processor.tokenizer.eos_token_id,
        "pad_token_id": processor.tokenizer.pad_token_id,
    }
    vision = {
        "depth": 3,
        "hidden_size": 320,
        "intermediate_size": 856,
        "num_heads": 4,
        "out_hidden_size": 512,
        "fullatt_block_indexes": [2],
    }
    config = Qwen2_5_VLConfig(
        text_config=text,
        vision_config=vision,
        image_token_id=token("<|image_pad|>"),
        video_token_id=token("<|video_pad|>"),
        vision_start_token_id=token("<|vision_start|>"),
        vision_end_token_id=token("<|vision_end|>"),
        tie_word_embeddings=True,
    )
    return Qwen2_5_VLForConditionalGeneration(config), processor, SIDE


def questions(folder: Path, pictures: int, side: int) -> list[Row]:
    """Return the judge's five questions about each of some renders, with soft answers."""
    found = []
    for number, name in enumerate(sorted(OBJECTS)[:pictures]):
        path, part = folder / f"{number}.png", next(iter(OBJECTS[name].parts))
        render(name, [part], seed=number).resize((side, side)).save(path)
        target = tuple(1 / len(ANSWERS) for _ in ANSWERS)
        found += [Row(str(path), question, target) for question in questions_about(name, part)]
    return found


def steps(base: Any, processor: Any, rows: Sequence[Row], folder: Path, device: str) -> dict[str, Step]:
    """Return each form's training step over all the rows."""
    template = read_template(processor)
    freeze_vision(base)
    kept = PictureFeatures(folder / "features", base, processor)
    model = get_peft_model(base, lora_config(LoraSettings(dropout=0.0))).to(device).train()
    asked = to_packed_dataset(by_picture(rows), processor.tokenizer, template)

    def step(kind: type[AnswerTrainer], dataset: Any, collate: Callable[[Any], dict[str, Any]]) -> Step:
        trainer = kind.__new__(kind)  # a loss needs no more of a trainer than this
        trainer.answers = torch.tensor(template.answers)

        def call() -> None:
            batch = collate([dataset[i] for i in range(len(dataset))])
            moved = {name: value.to(device) for name, value in batch.items()}
            trainer.compute_loss(model, moved).backward()
            model.zero_grad()

        return call

    one_by_one = AnswerCollator(DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True))
    pixels, features = (PackedCollator(base, processor, template, base.dtype, f) for f in (None, kept))
    return {
        "a sequence a question": step(AnswerTrainer, to_dataset(rows), one_by_one),
        "packed": step(PackedTrainer, asked, pixels),
        "packed, features kept": step(PackedTrainer, asked, features),
    }


def documented(base: Any, processor: Any, rows: Sequence[Row], device: str) -> Step:
    """Return the step of TRL's documentation over all the rows; the LoRA is in ``base`` already."""
    collate = DataCollatorForVisionLanguageModeling(processor, completion_only_loss=True)
    dataset = to_dataset(rows).remove_columns("target")

    def call() -> None:
        batch = collate([dataset[i] for i in range(len(dataset))])
        base.gradient_checkpointing_enable({"use_reentrant": False})
        try:
            base(**{name: value.to(device) for name, value in batch.items()}).loss.backward()
        finally:
            base.gradient_checkpointing_disable()
        base.zero_grad()

    return call


def peak_memory(call: Step) -> float | None:
    """Return the GB by which the process grew at most during a call, or None where that cannot be read."""
    gc.collect()
    try:
        ctypes.CDLL("libc.so.6").malloc_trim(0)  # or what an earlier call freed would be taken again
        Path("/proc/self/clear_refs").write_text("5")
        before = _status("VmRSS")
        call()
        return (_status("VmHWM") - before) / 1e6
    except OSError:
        return None


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def main(argv: list[str] | None = None) -> None:
    """Print a row a form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--true-class", action="store_true")
    parser.add_argument("--pictures", type=int)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as name, quiet():
        base, processor, side = true_class() if options.true_class else mini()
        rows = questions(Path(name), options.pictures or (2 if options.true_class else 6), side)
        found = steps(base, processor, rows, Path(name), options.device)
        found["TRL's vision recipe"] = documented(base, processor, rows, options.device)
        table(found, len(rows), options)


def table(found: dict[str, Step], count: int, options: argparse.Namespace) -> None:
    """Measure the steps and print their rows, ratios to the first."""
    where = torch.cuda.get_device_name() if options.device == "cuda" else f"{torch.get_num_threads()} threads"
    subject = "true class, random weights" if options.true_class else "mini base"
    print(f"{subject}, {options.device} ({where}), torch {torch.__version__}, {count} questions a step\n")
    seconds, peaks = measure(found, options.rounds, options.device)
    if options.device == "cpu":
        peaks = {name: peak for name, call in found.items() if (peak := peak_memory(call)) is not None}
    first = next(iter(found))
    print("| form | questions a second | times as many | peak GB |\n" + "|---" * 4 + "|")
    for name in found:
        memory = f"{peaks[name]:.2f}" if name in peaks else "?"
        rate, ratio = count / seconds[name], seconds[first] / seconds[name]
        print(f"| {name} | {rate:.1f} | {ratio:.2f} | {memory} |")


if __name__ == "__main__":
    main()
