"""NegGenBench: its files and their rules, and pairs from another benchmark."""
