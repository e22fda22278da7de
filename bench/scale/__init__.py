"""How suggestions, the directory, search and vectors hold at a hundred thousand and at a million people."""
