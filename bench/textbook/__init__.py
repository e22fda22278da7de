"""The textbook: Strawberry resolvers over SQLAlchemy entities, with DataLoaders and no read engine."""
