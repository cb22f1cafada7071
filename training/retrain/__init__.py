"""A retrain from corrections: what is learned from, the refit, the gate."""
