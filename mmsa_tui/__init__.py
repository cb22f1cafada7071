"""mmsa-tui: what a mass of tweets feels, from words and pictures together."""

__version__ = "0.1.0"
