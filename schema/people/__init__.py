"""People in the graph: their types, how they are listed, filtered and searched, and what can be done to a profile."""
