"""What an HTTP request asks of GraphQL: its members, each of its type, or a refusal that says what is wrong."""

import re
from dataclasses import dataclass
from typing import Any, cast

import orjson
from starlette.requests import ClientDisconnect, Request

from api.services.trusted_documents import ID, PREFIX
from schema.http.failures import BadRequest
from schema.http.negotiation import JSON

MAX_BODY = 1_000_000
PREFLIGHT = ("apollo-require-preflight", "x-apollo-operation-name", "x-requested-with")
"""A page of another origin can send a GET in its visitor's name; with one of these its browser must ask us first."""
ENCODINGS = {"utf-8", "utf8", "us-ascii", '"utf-8"'}
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Parameters:
    """What a GraphQL request says. It has a `query`, or the `document_id` of one, or both."""

    query: str | None
    document_id: str | None
    """What stands for the text of the document: its SHA-256 in hexadecimal, or an id from a manifest."""
    automatic: bool
    """Whether the id came as one of automatic persisted queries: with the text, it asks us to remember that."""
    operation_name: str | None
    variables: dict[str, Any]


async def read_parameters(request: Request) -> Parameters:
    """What the request asks. Raises BadRequest for anything that is no GraphQL request."""
    if request.method in {"GET", "HEAD"}:
        return _of_address(request)
    if request.method != "POST":
        raise BadRequest("Use POST, or GET for queries.", status=405, headers={"allow": "GET, POST"})
    _check_content_type(request.headers.get("content-type", ""))
    return check_parameters(_parse(await read_body(request), "body"))


def _of_address(request: Request) -> Parameters:
    if not any(request.headers.get(name) for name in PREFLIGHT):
        raise BadRequest(f"A GET needs one of these headers, of any value: {', '.join(PREFLIGHT)}.")
    given = request.query_params
    return check_parameters(
        {
            **{name: given.get(name) for name in ("query", "documentId", "id", "operationName")},
            **{name: _parse(given.get(name, "null").encode(), name) for name in ("variables", "extensions")},
        }
    )


def _check_content_type(given: str) -> None:
    kind, *parameters = (piece.strip().lower() for piece in given.split(";"))
    if kind != JSON:
        raise BadRequest(f"Send the request as {JSON}.", status=415, headers={"accept": JSON})
    for one in parameters:
        name, _, value = one.partition("=")
        if name.strip() == "charset" and value.strip() not in ENCODINGS:
            raise BadRequest("Send the request in UTF-8.", status=415, headers={"accept": JSON})


async def read_body(request: Request) -> bytes:
    """The body, up to the limit."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > MAX_BODY:
                raise BadRequest(f"The request is larger than {MAX_BODY} bytes.", status=413)
            chunks.append(chunk)
    except ClientDisconnect:
        raise BadRequest("The client went away.") from None
    return b"".join(chunks)


def _parse(raw: bytes, what: str) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The {what} is not JSON in UTF-8: {error.msg} at character {error.pos}.") from None


def check_parameters(body: Any) -> Parameters:
    """The parts of a request, each of its type."""
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object with the key query.")
    members = cast(dict[str, Any], body)
    query, name = (_text(members, key) for key in ("query", "operationName"))
    variables, extensions = (_object(members, key) for key in ("variables", "extensions"))
    document_id, automatic = _document_id(members, extensions)
    query = query if query and query.strip() else None
    if query is None and document_id is None:
        raise BadRequest("query is missing: send the GraphQL document as a string.")
    return Parameters(query, document_id, automatic, name or None, variables)


def _text(members: dict[str, Any], key: str) -> str | None:
    value = members.get(key)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{key} must be a string.")
    return value


def _object(members: dict[str, Any], key: str) -> dict[str, Any]:
    value = members.get(key)
    if value is not None and not isinstance(value, dict):
        raise BadRequest(f"{key} must be an object.")
    return cast(dict[str, Any], value or {})


def _document_id(members: dict[str, Any], extensions: dict[str, Any]) -> tuple[str | None, bool]:
    """The id of the document by any of its three names: of the draft, of Relay, of automatic persisted queries."""
    given = _text(members, "documentId") or _text(members, "id")
    if given is not None:
        if ID.fullmatch(given) is None:
            raise BadRequest("documentId must be 1 to 200 printable characters.")
        return given.removeprefix(PREFIX), False
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None, False
    if not isinstance(persisted, dict):
        raise BadRequest("extensions.persistedQuery must be an object.")
    said = cast(dict[str, Any], persisted)
    if said.get("version") != 1:
        raise BadRequest("extensions.persistedQuery.version must be 1.")
    digest = said.get("sha256Hash")
    if not isinstance(digest, str) or SHA256.fullmatch(digest) is None:
        raise BadRequest("extensions.persistedQuery.sha256Hash must be 64 hexadecimal digits.")
    return digest, True
