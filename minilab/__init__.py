"""The mini lab: a small drawn world, its oracle, its annotators, and the scripts that make the tiny models."""
