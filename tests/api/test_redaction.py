"""What errors tell the log: where and of what kind, and none of the values behind it."""

import logging
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from api.logs import JsonFormatter, TerminalFormatter, request_id
from api.redaction import trace_of, without_secrets

SAID = "ada byron"
"""What somebody sent: never to be seen."""
MISREAD = "s3%zzcret"
TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("nothing of the kind, at 18:00", "nothing of the kind, at 18:00"),
        (f"Authorization: Bearer {TOKEN}", "Authorization: Bearer ***"),
        ("bearer abc/def+g== and more", "bearer *** and more"),
        (f"/graphql/{TOKEN}", "/graphql/***"),
        ("postgresql://me:s3cret@db/alumni", "postgresql://***@db/alumni"),
        ("postgresql://me:p@ss@db/alumni", "postgresql://***@db/alumni"),
        ("host=db password=s3cret user=me", "host=db password=*** user=me"),
        ('{"message":"Password: s3cret","level":"INFO"}', '{"message":"Password: ***","level":"INFO"}'),
        ("signed with whsec_c2VjcmV0+/=, twice", "signed with whsec_***, twice"),
        ("to zoë.o'hara+x@mail.example.org.", "to ***@***."),
        ('{"a":"ada@example.edu","b":1}', '{"a":"***@***","b":1}'),
    ],
)
def test_what_looks_like_a_secret_is_replaced_wherever_it_stands(given: str, told: str):
    assert without_secrets(given) == told


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "insert into accounts (id, email, role) values"
            " (gen_random_uuid(), :v, 'MEMBER'), (gen_random_uuid(), :v, 'MEMBER')",
            "23505, accounts, uq_accounts_email, duplicate key value violates unique constraint",
        ),
        ("select cast(:v as uuid)", "psycopg.errors.InvalidTextRepresentation: 22P02 [select cast("),
        ("select cast(:v as text) from nowhere", '42P01, relation "nowhere" does not exist'),
    ],
)
async def test_the_databases_errors_are_told_without_the_row(session: AsyncSession, statement: str, told: str):
    with pytest.raises(DBAPIError) as caught:
        await session.execute(text(statement), {"v": SAID})
    assert SAID in str(caught.value)
    trace = trace_of(caught.value, values=True)
    assert told in trace
    assert "sqlalchemy.exc." in trace
    assert "test_redaction.py" in trace
    assert SAID not in trace


def test_an_address_that_cannot_be_read_is_not_repeated():
    with pytest.raises(psycopg.Error) as caught:
        psycopg.connect(f"postgresql://me:{MISREAD}@127.0.0.1:1/alumni")
    assert MISREAD in str(caught.value)
    assert MISREAD not in trace_of(caught.value, values=True)


def fail_by_value() -> None:
    int(SAID)


def fail_by_key() -> None:
    dict[str, int]().__getitem__(SAID)


def fail_within() -> None:
    try:
        fail_by_value()
    except ValueError as error:
        raise RuntimeError("It went wrong.") from error


def fail_together() -> None:
    raise ExceptionGroup("Two at once", [ValueError(SAID), TypeError("None has no name")])


@pytest.mark.parametrize(
    ("fail", "told"),
    [
        (fail_by_value, ["\nValueError"]),
        (fail_by_key, ["\nKeyError"]),
        (fail_within, ["\nValueError", "and then:", "\nRuntimeError: It went wrong."]),
        (
            fail_together,
            ["ExceptionGroup: Two at once (2 sub-exceptions)", "ValueError", "TypeError: None has no name"],
        ),
    ],
)
def test_errors_that_quote_a_value_are_told_by_kind_and_place(fail: Callable[[], None], told: list[str]):
    with pytest.raises(Exception) as caught:  # noqa: PT011
        fail()
    trace = trace_of(caught.value, values=False)
    assert [part for part in told if part not in trace] == []
    assert f"in {fail.__name__}" in trace
    assert SAID not in trace
    assert SAID in trace_of(caught.value, values=True)


def record(error: BaseException, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("api", logging.ERROR, "", 0, "Failed for %s", ("ada@example.edu",), None)
    made.exc_info = type(error), error, None
    made.__dict__.update(more)
    return made


@pytest.mark.parametrize("formatter", [JsonFormatter(), TerminalFormatter()])
def test_both_forms_of_a_line_keep_secrets_out(formatter: logging.Formatter):
    token = request_id.set("number")
    line = formatter.format(record(ValueError(SAID), fields={"path": "/ada@example.edu"}))
    request_id.reset(token)
    assert "ValueError" in line
    assert [one for one in ("ada@", "example.edu", SAID) if one in line] == []
    assert SAID in formatter.format(record(ValueError(SAID), whole=True))


def test_what_asyncio_adds_of_a_task_is_left_to_the_trace():
    told = logging.LogRecord("asyncio", logging.ERROR, "", 0, "Never retrieved\nfuture: <Task ada byron>", None, None)
    assert SAID not in JsonFormatter().format(told)
