"""How well the judges answer, by stratum."""
