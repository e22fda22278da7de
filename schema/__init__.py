"""The GraphQL API: types, queries, mutations, and the engine that plans reads. No SQL text and no business rule is here."""

from schema import enumerations
