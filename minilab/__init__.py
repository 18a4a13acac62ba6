"""The mini lab: a small drawn world, its oracle and annotators, and the scripts that make the tiny models."""
