"""A small believable network for demonstrations and benchmarks: invented people, organisations and addresses.

`loading` writes what `network` draws; the other modules are its tables. Nothing is imported here: a server asks for
`accounts` only, and the tables are megabytes.
"""
