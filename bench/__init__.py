"""How fast the API is beside others, on one machine, in one run: `make bench`. Nothing imports it."""
