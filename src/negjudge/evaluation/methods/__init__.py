"""The guidance methods' figures by one source, and how they differ."""
