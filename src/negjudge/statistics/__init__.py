"""Intervals, tests, metrics and calibration for pictures that share objects and elements; no torch."""
