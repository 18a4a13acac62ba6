"""The command `negjudge`: what a person may ask for, and nothing that a program would call."""
