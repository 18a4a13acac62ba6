"""Pictures outside any run: one, several seeds, a sweep; with their provenance, and made again."""
