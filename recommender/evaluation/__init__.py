"""How well the product's own pipelines find what people did next, beside baselines that they have to beat.

One module a noun; `reports` has what all share: which queries are asked, and the figures.
"""
