"""The directory office in the graph: graduations, outcomes, corrections, lost people and merges."""
