"""What this machine has of what negjudge needs: platform, devices, free disk, packages."""

from __future__ import annotations

import argparse
import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from negjudge import preflight
from negjudge.errors import NegjudgeError
from negjudge.version import __version__, installed


def _add_doctor(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("doctor", help="what this machine has and lacks", allow_abbrev=False)
    parser.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace) -> None:

    lacking = 0
    for name, found, fine in examine():
        print(f"{'  ' if fine else '! '}{name:<28} {found}", flush=True)
        lacking += not fine
    if lacking:
        raise NegjudgeError(f"{lacking} of the above should be seen to")


# By the extra that brings them, in the order in which a person meets the stages.
PACKAGES = {
    "judge": ("torch", "torchvision", "transformers", "peft", "scikit-learn", "matplotlib"),
    "generate": ("diffusers", "optuna"),
    "label": ("label-studio-sdk", "krippendorff"),
    "train": ("trl", "datasets", "bitsandbytes"),
}
Line = tuple[str, str, bool]
"""What was looked at, what was found, and whether it is fine."""


def examine() -> Iterator[Line]:
    """Yield what was found, one line a thing; nothing is fetched or changed."""
    yield "negjudge", __version__, True
    yield from _machine()
    for extra, names in PACKAGES.items():
        for name in names:
            version = installed(name)
            yield (
                f"{name} [{extra}]",
                version or f"missing; make install, or pip install '.[{extra}]' in the project's folder",
                version is not None or not _needed(name),
            )
    yield from _devices()
    server = Path(".venv-labelstudio/bin/label-studio")
    yield (
        "Label Studio",
        str(server) if server.is_file() else "not installed here; `make label` does it",
        True,
    )


def _machine() -> Iterator[Line]:
    system, machine, macos = platform.system(), platform.machine(), platform.mac_ver()[0]
    fault = preflight.platform_fault(system, machine, macos)
    yield "platform", fault or f"{system} {machine} {macos}".strip(), fault is None
    fault = preflight.python_fault(sys.version_info[:2])
    yield "Python", fault or platform.python_version(), fault is None
    free = shutil.disk_usage(".").free / 1e9
    yield "free disk", f"{free:.1f} GB here", free > 1


def _needed(name: str) -> bool:
    return name != "bitsandbytes" or platform.system() == "Linux"


def _devices() -> Iterator[Line]:
    if importlib.util.find_spec("torch") is None:
        return
    import torch

    yield "CPU threads", str(torch.get_num_threads()), True
    for index in range(torch.cuda.device_count()):
        properties = torch.cuda.get_device_properties(index)
        yield f"CUDA device {index}", f"{properties.name}, {properties.total_memory / 1e9:.0f} GB", True
    if torch.backends.mps.is_available():
        yield "MPS", "available", True
    if not torch.cuda.is_available() and not torch.backends.mps.is_available():
        yield "GPU", "none; the mini profile needs none", True
