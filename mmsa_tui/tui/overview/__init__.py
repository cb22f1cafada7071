"""A source as a whole, drawn."""
