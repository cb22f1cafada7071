"""Searching for a better recipe: a study of many fits, on posts that the frozen split does not hold."""
