"""The GraphQL API: types, queries, mutations, and the engine that plans reads. No business rule is here."""

from schema import enumerations as enumerations
