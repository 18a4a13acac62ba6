"""What the stages hand to each other, and the files that hold it: standard library alone."""
