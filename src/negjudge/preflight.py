"""What a machine must have before anything large is fetched: platform, Python, venv, free disk.

Run by path from the Makefile under whatever Python the machine has, before there is an environment:
standard library alone, and a syntax that old Pythons read, so that they say what is wrong.
"""

import importlib.util
import os
import platform
import shutil
import sys

PYTHON_FIRST, PYTHON_BEYOND = (3, 11), (3, 14)  # as requires-python in pyproject.toml
INSTALL_GB = 8  # the CUDA wheels of torch on Linux unpack to about 6 GB, and uv unpacks beside its cache
MACOS_FIRST = 14


def platform_fault(system: str, machine: str, macos: str = "") -> "str | None":
    """Return what is wrong with this platform, or None; arguments as ``platform`` reports them."""
    if system == "Linux" and machine in ("x86_64", "aarch64", "arm64"):
        return None
    if system == "Darwin" and machine == "arm64":
        if int((macos or "0").split(".")[0]) >= MACOS_FIRST:
            return None
        return "macOS {} is too old; torch needs macOS {} or later".format(macos or "?", MACOS_FIRST)
    if system == "Darwin":
        return "Macs with Intel processors have no torch wheels any more; use Apple silicon or Linux"
    if system == "Windows" or system.startswith(("MINGW", "MSYS", "CYGWIN")):
        return "Windows is supported through WSL2: run this inside a WSL2 Linux"
    return "{} on {} is not supported; use Linux (x86-64, arm64) or macOS 14+ on arm64".format(
        system, machine
    )


def python_fault(version: "tuple[int, ...]") -> "str | None":
    """Return what is wrong with this Python, or None."""
    if PYTHON_FIRST <= tuple(version[:2]) < PYTHON_BEYOND:
        return None
    found = ".".join(map(str, version[:2]))
    return "Python {} is not supported; run make with PYTHON=python3.11, 3.12 or 3.13".format(found)


def venv_fault() -> "str | None":
    """Return what to do when this Python cannot make virtual environments, or None."""
    if all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        return None
    package = "python{}.{}-venv".format(*sys.version_info[:2])
    return "this Python has no venv module; install it (Debian, Ubuntu: apt install {})".format(package)


def disk_fault(folder: str, gigabytes: float) -> "str | None":
    """Return a line when the disk that holds ``folder`` has less than this much room, or None."""
    free = shutil.disk_usage(folder).free / 1e9
    if free >= gigabytes:
        return None
    where = os.path.abspath(folder)
    return "{:.1f} GB free on the disk of {}, {:g} needed; free some room".format(free, where, gigabytes)


def faults(gigabytes: float = INSTALL_GB) -> "list[str]":
    """Return every reason why the environment cannot be installed here; empty when it can."""
    found = [
        platform_fault(platform.system(), platform.machine(), platform.mac_ver()[0]),
        python_fault(sys.version_info[:2]),
        venv_fault(),
        disk_fault(".", gigabytes),
    ]
    return [fault for fault in found if fault]


if __name__ == "__main__":
    needed = float(sys.argv[1]) if len(sys.argv) > 1 else INSTALL_GB
    lines = faults(needed)
    for line in lines:
        sys.stderr.write("error: {}\n".format(line))
    sys.exit(2 if lines else 0)
