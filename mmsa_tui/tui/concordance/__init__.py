"""Every hit of a search in one line below the other, with the words around it."""
