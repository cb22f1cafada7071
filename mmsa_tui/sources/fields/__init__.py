"""What the fields of a record mean, by network, whichever tool wrote the file. Knows no file layout."""
