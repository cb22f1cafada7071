"""Child processes that do the long work, so that whoever shows a screen never waits for it.

`messages` is what passes between the two, one JSON object a line; `child` runs one process and
speaks with it; `model_side` and `source_side` are what runs inside. A parent imports the first two
and never torch. A child ends when its parent does, however that ends.
"""
