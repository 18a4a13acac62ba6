"""The report's pair by pair section and its sheets."""
