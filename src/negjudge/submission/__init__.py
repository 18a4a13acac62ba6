"""Results that anyone can recompute: what a submission is, making it, reading and checking it."""
