"""Settling posts that analysts label differently."""
