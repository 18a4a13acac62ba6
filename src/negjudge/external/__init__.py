"""Pictures of other generators, brought into a run folder by a manifest."""
