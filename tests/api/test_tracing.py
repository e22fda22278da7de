"""Spans as OpenTelemetry's conventions have them, and that nobody pays for what was not asked for."""

import json
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from api.app import create_app
from api.auth import DevelopmentIssuer
from api.measuring import Tracing, exporting
from api.measuring.tracing import summary_of
from api.settings import Settings
from tests.conftest import asking
from tests.databases import LockedDatabase
from tests.factories import make_member

TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SECRET = "Nobody Hears Of This"


class Spans:
    """What was exported so far."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracing = Tracing(provider)

    def operations(self) -> list[ReadableSpan]:
        return [one for one in self.exporter.get_finished_spans() if one.kind is SpanKind.SERVER]

    def statements_of(self, operation: ReadableSpan) -> list[ReadableSpan]:
        return [
            one
            for one in self.exporter.get_finished_spans()
            if one.parent is not None and operation.context is not None
            if one.parent.span_id == operation.context.span_id
        ]


def begun(span: ReadableSpan) -> int:
    assert span.start_time is not None
    return span.start_time


@pytest.fixture
def spans() -> Spans:
    return Spans()


@asynccontextmanager
async def client_of(settings: Settings, db: LockedDatabase, spans: Spans) -> AsyncGenerator[httpx.AsyncClient]:
    app = create_app(settings, db, tracing=spans.tracing)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
    ):
        yield client


async def test_an_operation_is_a_span_and_each_statement_of_its_reads_a_child(
    settings: Settings, db: LockedDatabase, session: AsyncSession, issuer: DevelopmentIssuer, spans: Spans
):
    account = await make_member(session)
    await session.flush()
    async with asking(create_app(settings, db, tracing=spans.tracing), db, issuer) as api:
        answer = await api("query Listed($n: Int) { people(first: $n) { nodes { displayName } } }", account, n=3)

    assert answer.status == 200
    [operation] = spans.operations()
    assert (operation.name, operation.status.status_code) == ("query", StatusCode.UNSET)
    assert operation.attributes == {"graphql.operation.type": "query", "graphql.operation.name": "Listed"}
    assert operation.parent is None
    statements = spans.statements_of(operation)
    assert len(statements) == len(answer.statements) > 1
    assert len(spans.exporter.get_finished_spans()) == 1 + len(statements)
    for one in statements:
        assert one.kind is SpanKind.CLIENT
        assert one.attributes is not None
        assert one.attributes["db.system.name"] == "postgresql"
        assert begun(operation) < begun(one)
    assert "people" in statements[-1].name.split()


async def test_a_trace_that_began_elsewhere_is_continued(settings: Settings, db: LockedDatabase, spans: Spans):
    async with client_of(settings, db, spans) as client:
        for traceparent in (f"00-{TRACE}-{PARENT}-01", "00-nonsense"):
            await client.post("/graphql", json={"query": "{ __typename }"}, headers={"traceparent": traceparent})

    ours, nobodys = spans.operations()
    assert ours.parent is not None
    assert ours.context is not None
    assert (f"{ours.context.trace_id:032x}", f"{ours.parent.span_id:016x}") == (TRACE, PARENT)
    assert nobodys.parent is None


async def test_no_span_holds_what_was_asked_or_answered(
    settings: Settings, db: LockedDatabase, session: AsyncSession, issuer: DevelopmentIssuer, spans: Spans
):
    account = await make_member(session, SECRET)
    await session.flush()
    searched = "query($t: String!) { searchPeople(text: $t, first: 3) { nodes { person { displayName } } } }"
    named = """{ people(first: 2, filter: {name: {contains: "Nobody Hears"}}) { nodes { displayName } } }"""
    async with asking(create_app(settings, db, tracing=spans.tracing), db, issuer) as api:
        answers = [await api(searched, account, t=SECRET), await api(named, account)]

    assert [SECRET in answer.text for answer in answers] == [True, True], answers
    assert len(spans.operations()) == 2
    told = "".join(one.to_json() for one in spans.exporter.get_finished_spans())
    assert not [part for part in SECRET.split() if part in told]


async def test_our_faults_fail_the_span_and_the_clients_own_do_not(
    settings: Settings, db: LockedDatabase, session: AsyncSession, issuer: DevelopmentIssuer, spans: Spans
):
    account = await make_member(session)
    await session.flush()
    async with asking(create_app(settings, db, tracing=spans.tracing), db, issuer) as api:
        signed_out = await api("{ people(first: 1) { nodes { id } } }")
        await session.execute(text("alter table events rename to elsewhere"))
        broken = await api("{ events(first: 1) { nodes { id } } }", account)

    assert signed_out.codes == ["UNAUTHENTICATED"]
    assert broken.codes == ["INTERNAL_SERVER_ERROR"]
    theirs, ours = spans.operations()
    assert theirs.status.status_code is StatusCode.UNSET
    assert (ours.status.status_code, ours.status.description) == (StatusCode.ERROR, None)
    assert ours.attributes is not None
    assert ours.attributes["error.type"] == "INTERNAL_SERVER_ERROR"
    failed = [one for one in spans.statements_of(ours) if one.status.status_code is StatusCode.ERROR]
    assert [(one.attributes or {})["error.type"] for one in failed] == ["UndefinedTable"]
    assert all(not one.events for one in spans.exporter.get_finished_spans())


def test_a_statement_is_called_by_the_tables_that_it_reads():
    found = "SELECT a.x FROM people AS a JOIN (SELECT 1 FROM anon_1) AS b ON true\\nJOIN tags ON true, x FROM people"
    assert summary_of(found.replace("\\n", "\n")) == "SELECT people tags"


@pytest.mark.timeout(60)
def test_without_an_endpoint_nothing_of_it_is_loaded():
    program = """
import asyncio, json, sys, httpx
from api.app import create_app
from api.settings import Settings
app = create_app(Settings(database_url="postgresql://nobody@/nothing?host=/nowhere"))
async def ask():
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
        return (await client.post("http://test/graphql", json={"query": "{ __typename }"})).status_code
status = asyncio.run(ask())
print(json.dumps([status, [m for m in sys.modules if m.split(".")[0] in {"opentelemetry", "prometheus_client"}]]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == [503, []]


# ---------------------------------------------------------------- over the wire


@contextmanager
def collector() -> Generator[tuple[str, list[ExportTraceServiceRequest]]]:
    """A receiver of OTLP over HTTP on loopback; gives its address and what it took."""
    taken: list[ExportTraceServiceRequest] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            assert self.path == "/v1/traces"
            taken.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(200)
            self.end_headers()

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Taking) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", taken
        finally:
            server.shutdown()
            thread.join()


async def test_spans_go_where_the_environment_says_and_the_last_at_the_end(
    settings: Settings, db: LockedDatabase, monkeypatch: pytest.MonkeyPatch
):
    with collector() as (address, taken):
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
        app = create_app(settings, db)
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client,
        ):
            await client.post("/graphql", json={"query": "query Q { __typename }"})

    sent = [part for request in taken for part in request.resource_spans]
    about = {one.key: one.value.string_value for one in sent[0].resource.attributes}
    assert about["service.name"] == "alumni"
    assert about["deployment.environment.name"] == "test"
    assert [span.name for part in sent for scope in part.scope_spans for span in scope.spans] == ["query"]


@pytest.mark.parametrize("off", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_TRACES_EXPORTER": "none"}])
def test_what_the_environment_turns_off_stays_off(off: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    assert exporting()
    for name, value in off.items():
        monkeypatch.setenv(name, value)
    assert not exporting()
