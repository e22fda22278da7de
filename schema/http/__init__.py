"""GraphQL over HTTP: what a request asks, in which form it is answered, and who answers it."""

from schema.http.endpoint import GraphQLEndpoint, MakeContext
from schema.http.failures import database_is_away, errors_only, unavailable
from schema.http.persisted import PersistedDocuments

__all__ = ["GraphQLEndpoint", "MakeContext", "PersistedDocuments", "database_is_away", "errors_only", "unavailable"]
