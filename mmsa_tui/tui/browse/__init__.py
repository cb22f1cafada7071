"""The main screen: the posts of one source, with what belongs to it alone."""
