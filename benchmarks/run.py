"""Every benchmark, one after another: what `make bench` runs."""

import sys

from benchmarks.attention import main as attention
from benchmarks.step import main as step
from benchmarks.training import main as training

if __name__ == "__main__":
    attention()
    step()
    training()
    training([*sys.argv[1:], "--true-class"])
