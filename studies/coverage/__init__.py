"""Do our intervals cover the truth? Outcomes simulated on a real design, and counted."""
