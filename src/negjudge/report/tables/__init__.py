"""The tables of the report: what a table is, each of them, and their files."""
