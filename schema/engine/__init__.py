"""The read engine: fields declare where values come from, an operation is planned once, PostgreSQL answers in JSON.

`docs/engine.md` follows a query through it.
The stages, one file each: `documents` (parse, validate, remember) -> `selections` (which fields, on which type) ->
`compiler` with `pages` and `filters` (one SELECT) -> `running` (bind, run, note what officers saw) -> `resolving`
(hand rows to graphql-core where it answers) .
"""
