"""Openings in the graph: their type, how they are listed and filtered, and what can be done about them."""
