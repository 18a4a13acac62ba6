"""All that is known of a run's pictures, and what each source says of each of them."""
