"""Fine-tuning of the judge: recipes, and the command that runs them."""
