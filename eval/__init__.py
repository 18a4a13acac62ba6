"""Measurement of judge and methods: recipes, and the command that runs them."""
