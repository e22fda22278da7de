"""The GraphQL API: types, queries, mutations, and the engine that plans reads. No SQL and no business rule lives here."""
