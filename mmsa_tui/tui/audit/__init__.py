"""The screen on which the random sample of an audit is labelled blind."""
