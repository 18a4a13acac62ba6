"""Pictures with every guidance method: recipes, and the command that runs them."""
