"""The search for settings on the dev pairs, and what it froze."""
