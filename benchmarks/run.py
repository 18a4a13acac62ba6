"""Every benchmark, one after another: what `make bench` runs."""

from benchmarks.attention import main as attention

if __name__ == "__main__":
    attention()
