"""How bytes become records and rows, whatever they mean."""
