"""`negjudge generate`: its options, and what is wrong with them before any model is loaded."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from negjudge.errors import NegjudgeError
from negjudge.generation.pipelines import DTYPES, find_model
from negjudge.generation.sweeps.plan import Asked, Output, Plan, find_output, plan_of
from negjudge.generation.sweeps.provenance import check_records_ours
from negjudge.generation.sweeps.values import Sweep, is_seed, parse_seeds, parse_sweep
from negjudge.guidance.methods import METHODS, AttentionGuidance, GuidanceMethod, method_from

_SIZES = {"steps": "num_inference_steps", "width": "width", "height": "height"}
"""Options that are arguments of the pipeline's call."""
_OURS = ("prompt", "negative_prompt", "generator", "output_type", "return_dict", "num_images_per_prompt")
"""Arguments of the pipeline's call that the command sets itself."""


def add_generate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser's subcommands."""
    parser = commands.add_parser("generate", help="make pictures", allow_abbrev=False)
    parser.add_argument("prompt", nargs="?")
    parser.add_argument("--without", help="the negative prompt")
    parser.add_argument("--model", help="a diffusers pipeline folder or a Hub id")
    parser.add_argument("--revision", help="branch, tag or commit of a Hub id")
    parser.add_argument("--method", choices=list(METHODS), help="vsf unless given")
    _add_settings(parser)
    parser.add_argument(
        "--sweep",
        action="append",
        metavar="NAME=VALUES",
        help="several values of a setting, scale=0:6:7 (both ends) or scale=1,2,4; twice for a table",
    )
    parser.add_argument("--seed", type=int, help="0 unless given")
    parser.add_argument("--seeds", help="several: 0:8 (the last left out) or 1,5,9; with a sheet of them")
    parser.add_argument("--steps", type=int, help="sampler steps; the pipeline's own number unless given")
    parser.add_argument("--width", type=int, help="pixels")
    parser.add_argument("--height", type=int, help="pixels")
    parser.add_argument(
        "--call",
        action="append",
        metavar="KEY=VALUE",
        help="an argument of the pipeline's call, such as max_sequence_length=256; may be repeated",
    )
    parser.add_argument("--device", choices=["auto", "cpu", "cuda", "mps"], help="auto unless given")
    parser.add_argument("--dtype", choices=DTYPES, help="float32 unless given")
    parser.add_argument(
        "--offload", action="store_true", help="keep parts of the pipeline that wait in main memory"
    )
    parser.add_argument(
        "--attention-map",
        action="store_true",
        help="beside each guided picture, a sheet of the attention it pays to the negative's tokens",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="PICTURE",
        help="repeat a picture that this command has made, in place of a prompt",
    )
    parser.add_argument("-o", "--output", required=True, help="where it goes: a PNG, or a folder")
    parser.set_defaults(run=_run)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    for name, defaults in _settings().items():
        default = next(iter(defaults.values()))
        told = "of " + ", ".join(f"{method} ({value})" for method, value in defaults.items())
        if isinstance(default, bool):
            parser.add_argument(f"--{name}", action="store_const", const=True, help=told)
        else:
            kind = type(default)
            parser.add_argument(f"--{name}", type=kind, metavar=kind.__name__.upper(), help=told)


def _settings() -> dict[str, dict[str, float | bool | str]]:
    """The settings of the methods by name: the default of each method that has it."""
    found: dict[str, dict[str, float | bool | str]] = {}
    for method, kind in METHODS.items():
        for field in dataclasses.fields(kind):
            if isinstance(field.default, float | bool | str):
                found.setdefault(field.name, {})[method] = field.default
    return found


def _run(arguments: argparse.Namespace) -> None:
    if arguments.source is None:
        _generate(arguments)
    else:
        _repeat(arguments)


def _repeat(arguments: argparse.Namespace) -> None:
    from negjudge.generation.sweeps.repeat import repeat

    kept = {"source", "model", "revision", "device", "dtype", "offload", "output", "run"}
    given = [
        name
        for name, value in vars(arguments).items()
        if name not in kept and value is not None and value is not False
    ]
    if given:
        named = "a prompt" if given[0] == "prompt" else f"--{given[0]}"
        raise NegjudgeError(f"--from repeats a picture as it was made; leave out {named}")
    output = find_output(arguments.output)
    source = Path(arguments.source)
    machine = {name: getattr(arguments, name) for name in ("model", "revision", "device", "dtype", "offload")}
    print(repeat(source, output, **machine))


def _generate(arguments: argparse.Namespace) -> None:
    method = _method(arguments)
    output = find_output(arguments.output)
    call = _call(arguments)
    plan = plan_of(_asked(arguments, method, call), _seeds(arguments), _sweeps(arguments, method), output)
    check_records_ours([picture.path for picture in plan.pictures] + ([plan.sheet] if plan.sheet else []))

    from negjudge.generation.sweeps.make import make_pictures, save_sheet, with_defaults
    from negjudge.generation.sweeps.single import call_defaults

    device, dtype = arguments.device or "auto", arguments.dtype or "float32"
    model = find_model(arguments.model, arguments.revision, device, dtype, arguments.offload)
    plan = with_defaults(plan, call_defaults(model))
    new = make_pictures(model, plan.pictures, call, arguments.attention_map)
    save_sheet(plan, model)
    print(_summary(plan, new, arguments, output, method))


def _asked(arguments: argparse.Namespace, method: GuidanceMethod, call: dict[str, Any]) -> Asked:
    negative = arguments.without or ""
    if arguments.prompt is None:
        raise NegjudgeError("there is no prompt; give one, or --from and a picture to repeat")
    if arguments.model is None:
        raise NegjudgeError("there is no --model; give a diffusers pipeline folder or a Hub id")
    if isinstance(method, AttentionGuidance) and not negative.strip():
        raise NegjudgeError(f"--method {method.name} needs --without; --method none takes no negative prompt")
    return Asked(arguments.prompt, "" if method.name == "none" else negative, method, 0, call)


def _method(arguments: argparse.Namespace) -> GuidanceMethod:
    given = {name: getattr(arguments, name) for name in _settings()}
    params = {name: value for name, value in given.items() if value is not None}
    return method_from(arguments.method or "vsf", params)


def _seeds(arguments: argparse.Namespace) -> Sequence[int]:
    if arguments.seeds is None:
        seed = arguments.seed or 0
        if not is_seed(seed):
            raise NegjudgeError(f"--seed is {seed}, expected 0 or more, and below 2**63")
        return [seed]
    if arguments.seed is not None:
        raise NegjudgeError("--seed and --seeds are both given; leave one out")
    return parse_seeds(arguments.seeds)


def _sweeps(arguments: argparse.Namespace, method: GuidanceMethod) -> list[Sweep]:
    sweeps = [parse_sweep(text, type(method)) for text in arguments.sweep or ()]
    names = [sweep.name for sweep in sweeps]
    if len(sweeps) > 2:
        raise NegjudgeError(f"--sweep is given {len(sweeps)} times, expected at most 2: columns and rows")
    for name in names:
        if names.count(name) > 1:
            raise NegjudgeError(f"--sweep is given twice for {name}; list all its values in one")
        if getattr(arguments, name) is not None:
            raise NegjudgeError(f"--{name} and --sweep {name} are both given; leave one out")
    return sweeps


def _call(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the call's arguments that were given, by the pipeline's names."""
    call: dict[str, Any] = {}
    for option, name in _SIZES.items():
        value = getattr(arguments, option)
        if value is not None and value < 1:
            raise NegjudgeError(f"--{option} is {value}, expected 1 or more")
        if value is not None:
            call[name] = value
    for text in arguments.call or ():
        name, value = _key_and_value(text)
        if name in _OURS:
            raise NegjudgeError(f"--call {text}: the command sets {name} itself; leave it out")
        if name in call:
            raise NegjudgeError(f"--call {text}: {name} is given twice; leave one out")
        call[name] = value
    return call


def _key_and_value(text: str) -> tuple[str, Any]:
    name, _, written = text.partition("=")
    if not name.isidentifier() or not written.strip():
        raise NegjudgeError(f"--call {text}: expected KEY=VALUE, such as max_sequence_length=256")
    try:
        value = yaml.safe_load(written)
        json.dumps(value, allow_nan=False)
    except (yaml.YAMLError, TypeError, ValueError):
        raise NegjudgeError(
            f"--call {text}: the value is no YAML of numbers, texts, true, false, null and lists of them"
        ) from None
    return name, value


def _summary(
    plan: Plan, new: int, arguments: argparse.Namespace, output: Output, method: GuidanceMethod
) -> str:
    """Return the line that says what was made and where."""
    wanted = f"{arguments.prompt!r} without {arguments.without or ''!r}"
    if plan.sheet is None:
        (picture,) = plan.pictures
        before = "" if new else " (it was there)"
        return f"{picture.path}: {wanted}, {method}, seed {picture.asked.seed}{before}"
    return f"{plan.sheet}: {wanted}, {len(plan.pictures)} pictures ({new} new) in {output.folder}"
