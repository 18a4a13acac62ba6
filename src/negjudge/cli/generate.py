"""`negjudge generate`: its options by mode, and what is wrong with them before any model is loaded."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from negjudge.errors import NegjudgeError
from negjudge.generation.pipelines import DTYPES, Model, find_model
from negjudge.generation.sweeps.plan import Asked, Output, Plan, find_output, plan_of
from negjudge.generation.sweeps.provenance import check_records_ours
from negjudge.generation.sweeps.values import Sweep, Value, is_seed, parse_call, parse_seeds, parse_sweep
from negjudge.guidance.methods import METHODS, VSF, AttentionGuidance, GuidanceMethod, method_from

_SIZES = {"steps": "num_inference_steps", "width": "width", "height": "height"}
"""Options that are arguments of the pipeline's call."""


@dataclass(frozen=True)
class Machine:
    """Which model makes the pictures, and how it is loaded."""

    model: str | None
    revision: str | None
    device: str | None
    dtype: str | None
    offload: bool

    def name_given(self) -> str:
        """Return the model's folder or Hub id. Raises NegjudgeError where none was given."""
        if self.model is None:
            raise NegjudgeError("there is no --model; give a diffusers pipeline folder or a Hub id")
        return self.model

    def find_model(self) -> Model:
        """Return the model, not loaded yet."""
        device, dtype = self.device or "auto", self.dtype or "float32"
        return find_model(self.name_given(), self.revision, device, dtype, self.offload)


@dataclass(frozen=True)
class OnePicture:
    """The mode that makes one picture of a prompt."""

    prompt: str | None
    without: str | None
    method: str | None
    settings: Mapping[str, Value]
    seed: int | None
    steps: int | None
    width: int | None
    height: int | None
    call: Sequence[str] | None
    attention_map: bool

    def run(self, machine: Machine, output: str) -> str:
        """Make what is missing, and return the line that says what was made and where."""
        method, place, call = self.guidance(), find_output(output), self.arguments()
        asked = self.asked(machine, method, call)
        plan = plan_of(asked, self.every_seed(), self.every_sweep(method), place)
        check_records_ours([picture.path for picture in plan.pictures] + ([plan.sheet] if plan.sheet else []))

        from negjudge.generation.sweeps.make import make_pictures, save_sheet, with_defaults
        from negjudge.generation.sweeps.single import call_defaults

        model = machine.find_model()
        plan = with_defaults(plan, call_defaults(model))
        new = make_pictures(model, plan.pictures, call, self.attention_map)
        save_sheet(plan, model)
        return self.summary(method, plan, new, place)

    def guidance(self) -> GuidanceMethod:
        """Return the method with the settings that were given."""
        return method_from(self.method or VSF.name, self.settings)

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of the pipeline's call that were given, by its names."""
        sizes = {}
        for option, name in _SIZES.items():
            value = getattr(self, option)
            if value is not None and value < 1:
                raise NegjudgeError(f"--{option} is {value}, expected 1 or more")
            if value is not None:
                sizes[name] = value
        return parse_call(self.call or (), sizes)

    def asked(self, machine: Machine, method: GuidanceMethod, call: Mapping[str, Any]) -> Asked:
        """Return what is asked for, at seed 0."""
        negative = self.without or ""
        if self.prompt is None:
            raise NegjudgeError("there is no prompt; give one, or --from and a picture to repeat")
        machine.name_given()
        if isinstance(method, AttentionGuidance) and not negative.strip():
            raise NegjudgeError(
                f"--method {method.name} needs --without; --method none takes no negative prompt"
            )
        if self.attention_map and not isinstance(method, AttentionGuidance):
            raise NegjudgeError(
                f"--attention-map: the method {method.name!r} does not act inside the attention; "
                "use vsf, nag or nasa"
            )
        return Asked(self.prompt, negative if method.guides else "", method, 0, call)

    def every_seed(self) -> Sequence[int]:
        """Return the seeds to make a picture from."""
        seed = self.seed or 0
        if not is_seed(seed):
            raise NegjudgeError(f"--seed is {seed}, expected 0 or more, and below 2**63")
        return [seed]

    def every_sweep(self, method: GuidanceMethod) -> Sequence[Sweep]:
        """Return the settings of the method that take several values."""
        return []

    def given(self) -> Iterator[str]:
        """Yield what a person has given, as the command line has it."""
        for each in dataclasses.fields(self):
            value = getattr(self, each.name)
            if each.name == "settings":
                yield from (f"--{name}" for name in value)
            elif value is not None and value is not False:
                yield "a prompt" if each.name == "prompt" else "--" + each.name.replace("_", "-")

    def summary(self, method: GuidanceMethod, plan: Plan, new: int, output: Output) -> str:
        """Return the line that says what was made and where."""
        wanted = f"{self.prompt!r} without {self.without or ''!r}"
        if plan.sheet is None:
            (picture,) = plan.pictures
            before = "" if new else " (it was there)"
            return f"{picture.path}: {wanted}, {method}, seed {picture.asked.seed}{before}"
        return f"{plan.sheet}: {wanted}, {len(plan.pictures)} pictures ({new} new) in {output.folder}"


@dataclass(frozen=True)
class Several(OnePicture):
    """The mode that makes a picture from each seed or with each value of a setting, and a sheet of them."""

    sweep: Sequence[str] | None
    seeds: str | None

    def every_seed(self) -> Sequence[int]:
        """Return the seeds to make a picture from."""
        if self.seeds is None:
            return super().every_seed()
        if self.seed is not None:
            raise NegjudgeError("--seed and --seeds are both given; leave one out")
        return parse_seeds(self.seeds)

    def every_sweep(self, method: GuidanceMethod) -> Sequence[Sweep]:
        """Return the settings of the method that take several values."""
        sweeps = [parse_sweep(text, type(method)) for text in self.sweep or ()]
        names = [sweep.name for sweep in sweeps]
        if len(sweeps) > 2:
            raise NegjudgeError(f"--sweep is given {len(sweeps)} times, expected at most 2: columns and rows")
        for name in names:
            if names.count(name) > 1:
                raise NegjudgeError(f"--sweep is given twice for {name}; list all its values in one")
            if name in self.settings:
                raise NegjudgeError(f"--{name} and --sweep {name} are both given; leave one out")
        return sweeps


@dataclass(frozen=True)
class Again:
    """The mode that repeats a picture from what it says of itself."""

    source: str

    def run(self, machine: Machine, output: str) -> str:
        """Make the picture, and return the line that says whether it is the same."""
        from negjudge.generation.sweeps.repeat import repeat

        return repeat(Path(self.source), find_output(output), **dataclasses.asdict(machine))


def _run(arguments: argparse.Namespace) -> None:
    print(_mode(arguments).run(_filled(Machine, arguments), arguments.output))


def _mode(arguments: argparse.Namespace) -> OnePicture | Again:
    given = {name: getattr(arguments, name) for name in _settings()}
    settings = {name: value for name, value in given.items() if value is not None}
    several = _filled(Several, arguments, settings=settings)
    if arguments.source is not None:
        option = next(several.given(), None)
        if option is not None:
            raise NegjudgeError(f"--from repeats a picture as it was made; leave out {option}")
        return _filled(Again, arguments)
    if several.sweep is None and several.seeds is None:
        return _filled(OnePicture, arguments, settings=settings)
    return several


Options = TypeVar("Options", Machine, OnePicture, Several, Again)


def _filled(kind: type[Options], arguments: argparse.Namespace, **others: Any) -> Options:
    """Build a dataclass of options from what the parser found under their names."""
    given = {**vars(arguments), **others}
    return kind(**{each.name: given[each.name] for each in dataclasses.fields(kind)})


def add_generate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser's subcommands."""
    parser = commands.add_parser("generate", help="make pictures", allow_abbrev=False)
    _add_picture(parser.add_argument_group("a picture"))
    _add_several(parser.add_argument_group("several pictures, and a sheet of them"))
    _add_again(parser.add_argument_group("a picture again"))
    _add_machine(parser.add_argument_group("model and machine"))
    parser.add_argument("-o", "--output", required=True, help="where it goes: a PNG, or a folder")
    parser.set_defaults(run=_run)


def _add_picture(group: argparse._ArgumentGroup) -> None:
    group.add_argument("prompt", nargs="?")
    group.add_argument("--without", help="the negative prompt")
    group.add_argument("--method", choices=list(METHODS), help="vsf unless given")
    for name, defaults in _settings().items():
        default = next(iter(defaults.values()))
        told = "of " + ", ".join(f"{method} ({value})" for method, value in defaults.items())
        if isinstance(default, bool):
            group.add_argument(f"--{name}", action="store_const", const=True, help=told)
        else:
            kind = type(default)
            group.add_argument(f"--{name}", type=kind, metavar=kind.__name__.upper(), help=told)
    group.add_argument("--seed", type=int, help="0 unless given")
    group.add_argument("--steps", type=int, help="sampler steps; the pipeline's own number unless given")
    group.add_argument("--width", type=int, help="pixels")
    group.add_argument("--height", type=int, help="pixels")
    group.add_argument(
        "--call",
        action="append",
        metavar="KEY=VALUE",
        help="an argument of the pipeline's call, such as max_sequence_length=256; may be repeated",
    )
    group.add_argument(
        "--attention-map",
        action="store_true",
        help="beside each guided picture, a sheet of the attention it pays to the negative's tokens",
    )


def _add_several(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--sweep",
        action="append",
        metavar="NAME=VALUES",
        help="several values of a setting, scale=0:6:7 (both ends) or scale=1,2,4; twice for a table",
    )
    group.add_argument("--seeds", help="several: 0:8 (the last left out) or 1,5,9; with a sheet of them")


def _add_again(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--from",
        dest="source",
        metavar="PICTURE",
        help="repeat a picture that this command has made, in place of a prompt",
    )


def _add_machine(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--model", help="a diffusers pipeline folder or a Hub id")
    group.add_argument("--revision", help="branch, tag or commit of a Hub id")
    group.add_argument("--device", choices=["auto", "cpu", "cuda", "mps"], help="auto unless given")
    group.add_argument("--dtype", choices=DTYPES, help="float32 unless given")
    group.add_argument(
        "--offload", action="store_true", help="keep parts of the pipeline that wait in main memory"
    )


def _settings() -> dict[str, dict[str, float | bool | str]]:
    """The settings of the methods by name: the default of each method that has it."""
    found: dict[str, dict[str, float | bool | str]] = {}
    for method, kind in METHODS.items():
        for field in dataclasses.fields(kind):
            if isinstance(field.default, float | bool | str):
                found.setdefault(field.name, {})[method] = field.default
    return found
