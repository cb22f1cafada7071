"""Retraining from corrections, seen from the app."""
