"""The disk: what may be touched, archives, and files that are written whole or not at all."""
