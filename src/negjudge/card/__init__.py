"""The model card of a judge."""
