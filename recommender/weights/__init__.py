"""How much what counts: per kind of suggestion its features and the configuration of its ranking. Pure, and published.

One module a noun. To change an order, change a weight here: its digest stands with every impression made with it.
"""
