"""Fine-tuning and calibrating the judge on the labels of a run."""
