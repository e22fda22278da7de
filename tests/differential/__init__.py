"""The differential test: what the engine plans is compared with what a plain reading of the declarations gives.

`tables` reads whole tables and, for each declared source, what it says of every row by itself; `plain` resolves an
operation with graphql-core, value by value, from those; `drawing` makes operations of what is in the database;
`mutating` writes the same operations as clients would; `worlds` fills a database.
"""
