"""How often the oracle itself is wrong, by pictures looked at by eye, and which differences outlive that."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from negjudge.errors import NegjudgeError
from negjudge.guidance.methods import METHODS
from negjudge.statistics.clusters import Interval, proportion


@dataclass(frozen=True)
class OracleError:
    """The share of a method's pictures, labelled by eye with the method unseen, that the oracle misread.

    ``unclear`` pictures, of which the eye could not tell, are not among the ``pictures``.
    """

    method: str
    pictures: int
    error: Interval
    unclear: int = 0


def read_oracle_check(path: str | None) -> list[OracleError]:
    """Read a JSON file like {"vsf": {"pictures": 60, "wrong": 1}}; nothing without a path.

    A picture is wrong when kept or removed is not what the eye sees. NegjudgeError names a file that is
    missing or of another form.
    """
    if path is None:
        return []
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        checked = [(method, content[method]) for method in METHODS if method in content]
        return [
            OracleError(
                m, int(c["pictures"]), proportion(c["wrong"], c["pictures"]), int(c.get("unclear", 0))
            )
            for m, c in checked
        ]
    except FileNotFoundError:
        raise NegjudgeError(f"{path} is missing; leave oracle_check out, or add it") from None
    except (ValueError, KeyError, TypeError, ZeroDivisionError):
        expected = 'expected {"vsf": {"pictures": 60, "wrong": 1}, …}'
        raise NegjudgeError(f"{path} is not an oracle check; {expected}") from None
