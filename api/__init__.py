"""The application below GraphQL: settings, database, access rules, domain rules, and what wires them together."""
