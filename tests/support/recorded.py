"""Records of pictures that were never drawn."""

from __future__ import annotations

from typing import Any

from negjudge.data.records import Sample


def sample(pair: str = "car-wheels", method: str = "vsf", seed: int = 0, **changes: Any) -> Sample:
    """Return the record of a picture of a pair, whose id is OBJECT-ELEMENT."""
    thing, element = pair.split("-")
    values: dict[str, Any] = {
        "id": f"{method}-{pair}-{seed}", "pair": pair, "object": thing, "element": element,
        "prompt": f"a {thing}", "negative": "" if method == "none" else element, "method": method,
        "params": {}, "seed": seed, "image": f"images/{method}-{pair}-{seed}.png", "sha256": "", "model": "m",
        "revision": "0", "steps": 4, "width": 8, "height": 8, "device": "cpu", "dtype": "float32",
    }  # fmt: skip
    return Sample(**(values | changes))
