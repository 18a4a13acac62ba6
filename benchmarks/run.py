"""Every benchmark, one after another: what `make bench` runs."""

from benchmarks.attention import main as attention
from benchmarks.step import main as step

if __name__ == "__main__":
    attention()
    step()
