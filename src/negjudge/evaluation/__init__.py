"""Measuring a run on held-out pairs: methods, judge, and the controls that say what figures mean."""

from negjudge.oracle.outcomes import Outcome, outcome

__all__ = ["Outcome", "outcome"]
