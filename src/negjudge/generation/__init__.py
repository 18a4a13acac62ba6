"""Pictures from diffusers pipelines: a run's samples, and those of one command."""
