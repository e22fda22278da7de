"""GraphQL over HTTP: what a request asks, in which form it is answered, and who answers it."""

from schema.http.admission import Admission
from schema.http.endpoint import GraphQLEndpoint, MakeContext
from schema.http.failures import errors_only
from schema.http.persisted import PersistedDocuments

__all__ = ["Admission", "GraphQLEndpoint", "MakeContext", "PersistedDocuments", "errors_only"]
