"""What a command and a screen both call: each service does one thing from start to end and prints nothing."""
