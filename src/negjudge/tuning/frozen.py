"""What a contest froze before it looked at a test pair: the settings, and what will be compared."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from negjudge.data.durable import write_atomically
from negjudge.data.nested import from_dict, parsed
from negjudge.data.records import Params, Sample, sample_id
from negjudge.data.runs import FROZEN, SAMPLES
from negjudge.errors import NegjudgeError
from negjudge.guidance.methods import UNGUIDED

PRIMARY_OUTCOME = "success at the setting chosen on dev, on the test pairs"


@dataclass(frozen=True)
class Level:
    """Where methods are held equal when they are compared.

    ``at`` is a share of what the unguided pictures have, for "kept" and "quality", and a rate for
    "collateral".
    """

    measure: Literal["kept", "quality", "collateral"]
    at: float


@dataclass(frozen=True)
class Chosen:
    """A contestant after the search: its settings on test, the chosen one first, and what dev said of it.

    ``settings`` are the whole parameters of the method, as samples record them. ``evaluations`` are those of
    the denoiser in one sampler step.
    """

    method: str
    settings: tuple[Params, ...]
    dev: Mapping[str, float]
    evaluations: int


@dataclass(frozen=True)
class Frozen:
    """All that a contest decided on the dev pairs, by contestant's name.

    ``test`` are the ids of the test pairs; ``seeds`` are the pictures of each with the chosen settings,
    ``frontier_seeds`` with the others. ``history`` is the SHA-256 of the settings tried, ``search`` how they
    were searched. ``plan`` is 16 hex over all that was known before the search, the pairs' texts included.
    """

    primary: str
    contestants: Mapping[str, Chosen]
    matched: tuple[Level, ...]
    test: tuple[str, ...]
    seeds: int
    frontier_seeds: int
    plan: str
    history: str
    search: Mapping[str, Any]

    @property
    def digest(self) -> str:
        """16 hex over everything here."""
        return sample_id(**_content(self))

    def named(self, samples: Iterable[Sample], chosen: bool = True) -> list[Sample]:
        """Return samples under their contestants' names, as their method; unguided ones as they are.

        Samples of other than the chosen settings are left out, or with ``chosen`` false of other than all
        settings. A picture that two contestants have in common comes once for each.
        """
        names: dict[str, list[str]] = {}
        for name, contestant in self.contestants.items():
            for setting in contestant.settings[:1] if chosen else contestant.settings:
                names.setdefault(_key(contestant.method, setting), []).append(name)
        return [
            dataclasses.replace(sample, method=name)
            for sample in samples
            for name in (
                [UNGUIDED] if sample.method == UNGUIDED else names.get(_key(sample.method, sample.params), [])
            )
        ]

    def evaluations(self, name: str) -> int:
        """Return a contestant's denoiser evaluations in one sampler step."""
        return self.contestants[name].evaluations if name in self.contestants else 1


def _key(method: str, params: Params) -> str:
    return f"{method} {setting_key(params)}"


def setting_key(params: Params) -> str:
    """Return text that is equal for equal settings of a method, numbers written 1 or 1.0 alike."""
    return repr(sorted(params.items(), key=lambda item: item[0])).replace(".0,", ",").replace(".0)", ")")


def require_plan(run: Path, plan: str) -> None:
    """Raise NegjudgeError where a run was frozen under another plan, or its plan is lost; nothing is made."""
    before = read_frozen(run)
    if before is None and (run / SAMPLES).is_file():
        raise NegjudgeError(
            f"{run} has pictures and no {FROZEN}, so what was decided before they were made is not known; "
            "choose another run folder"
        )
    if before is not None and before.plan != plan:
        raise NegjudgeError(
            f"{run / FROZEN} is of another contest (its contestants, spaces, budget, pairs or seeds differ), "
            "and the test pairs may have been looked at since; choose another run folder"
        )


def freeze(run: Path, frozen: Frozen) -> Frozen:
    """Write what was decided, once; NegjudgeError where the run was frozen with something else before."""
    before = read_frozen(run)
    if before is None:
        text = json.dumps(_content(frozen), indent=1, ensure_ascii=False, allow_nan=False)
        write_atomically(run / FROZEN, text + "\n")
    elif before.digest != frozen.digest:
        raise NegjudgeError(
            f"{run / FROZEN} froze other settings, and the test pairs may have been looked at since; "
            "choose another run folder"
        )
    return frozen


def read_frozen(run: Path) -> Frozen | None:
    """Return what a contest froze in a run folder, or ``None`` where the run is no contest."""
    path = run / FROZEN
    try:
        return from_dict(parsed(path.read_text(encoding="utf-8")), Frozen, FROZEN)
    except FileNotFoundError:
        return None
    except (ValueError, NegjudgeError) as error:
        raise NegjudgeError(
            f"{path} is not what a contest wrote ({error}); choose another run folder"
        ) from None


def _content(frozen: Frozen) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(frozen)))
    return plain
