"""Words: the key that copies share, what encoders see, and what is safe to show."""
