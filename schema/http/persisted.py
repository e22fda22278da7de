"""Documents by their ids: what clients let us remember, and what the office has loaded as trusted."""

from hashlib import sha256

from api.db import Database
from api.services.trusted_documents import find_document
from schema.engine.documents import request_error
from schema.engine.remembering import Remembered
from schema.http.failures import BadRequest
from schema.http.requests import Parameters

MOST = 4_000_000
"""How many characters of documents are remembered by their ids."""


class PersistedDocuments:
    """The texts behind ids. What is asked for again is remembered: the text of an id never changes.

    With `trusted_only` nothing runs but what `alumni documents import` has loaded.
    """

    def __init__(self, db: Database, *, trusted_only: bool) -> None:
        self._db = db
        self._trusted_only = trusted_only
        self.known: Remembered[str] = Remembered(MOST)

    async def source(self, parameters: Parameters) -> str:
        """The text to run. Raises BadRequest, or GraphQLError where the text of an id is not known."""
        name, text = parameters.document_id, parameters.query
        if text is not None:
            if self._trusted_only:
                raise BadRequest("Only documents that were registered are run: send an id.", "QUERY_NOT_IN_SAFELIST")
            if name is not None and not parameters.automatic:
                raise BadRequest("Send query or documentId, not both.")
            if name is not None and name != sha256(text.encode()).hexdigest():
                raise BadRequest("extensions.persistedQuery.sha256Hash is not the SHA-256 of query.")
            return text
        found = (self.known.get(name) or await self._trusted(name)) if name else None
        if found is None:
            raise request_error("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
        return found

    def remember(self, parameters: Parameters) -> None:
        """Remember the text of a request that is valid, if its client asks for that."""
        if parameters.automatic and parameters.query is not None and parameters.document_id is not None:
            self._keep(parameters.document_id, parameters.query)

    async def _trusted(self, name: str) -> str | None:
        async with self._db.read() as reader:
            text = await find_document(reader, name)
        if text is not None:
            self._keep(name, text)
        return text

    def _keep(self, name: str, text: str) -> None:
        self.known.keep(name, text, len(text) + len(name))
