"""Labels from people or simulated annotators: recipes, and the command that runs them."""
