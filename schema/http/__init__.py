"""GraphQL over HTTP: what a request asks, in which form it is answered, and who answers it."""

from schema.http.admission import Admission
from schema.http.endpoint import GraphQLEndpoint
from schema.http.failures import errors_only
from schema.http.languages import preferred
from schema.http.operations import MakeContext, Operations
from schema.http.persisted import PersistedDocuments
from schema.http.rates import Rates
from schema.http.sockets import GraphQLSockets

__all__ = [
    "Admission",
    "GraphQLEndpoint",
    "GraphQLSockets",
    "MakeContext",
    "Operations",
    "PersistedDocuments",
    "Rates",
    "errors_only",
    "preferred",
]
