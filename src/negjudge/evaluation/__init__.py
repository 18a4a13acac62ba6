"""Measuring a run on held-out pairs: methods, judge, and the controls that say what figures mean."""
