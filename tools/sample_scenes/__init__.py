"""The pictures of the sample posts, drawn by code; nothing in the app depends on this."""
