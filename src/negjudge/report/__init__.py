"""The HTML report of an evaluated run."""
