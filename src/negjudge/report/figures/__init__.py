"""The figures of the report, drawn and written."""
