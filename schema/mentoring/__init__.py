"""Mentors and mentorships in the graph: their types, how mentors are listed, and what can be done."""
