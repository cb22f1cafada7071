"""The formats: each module here reads one and holds its `READER`; `sources.registry` finds them."""
