"""The page a browser gets at /graphql: our own origin only, and in nobody's way who sends a GraphQL request."""

import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from schema.ide import ASSET_TYPES, IDE_FOLDER, ide_routes

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
BUILT_ASSETS = sorted(path.name for path in (IDE_FOLDER / "assets").iterdir())

# How a built script or stylesheet could load something: each must name a file beside it, never another origin.
LOADS = re.compile(
    r"""(?:\bimport\s*\(|\bfrom|\bimport|\bimportScripts\s*\(|\bnew\s+(?:Shared)?Worker\s*\(|\bfetch\s*\(|"""
    r"""\bnew\s+(?:WebSocket|EventSource)\s*\(|@import|\burl\s*\(|\.src\s*=)\s*["'`]?\s*((?:https?|wss?):)?//[\w.-]+\.\w"""
)


async def graphql(request: Request) -> Response:
    return PlainTextResponse(f"GraphQL by {request.method}")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[*ide_routes(), Route("/graphql", graphql, methods=["GET", "POST"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://network.test") as client:
        yield client


class References(HTMLParser):
    """What a page loads or runs."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.addresses += [value for name in ("src", "href") if (value := given.get(name))]
        if (tag == "script" and "src" not in given) or tag == "style" or any(name.startswith("on") for name in given):
            self.inline.append(tag)


async def test_a_browser_gets_the_page_under_a_policy_that_admits_our_origin_only(client: httpx.AsyncClient) -> None:
    response = await client.get("/graphql", headers=BROWSER)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["vary"] == "Accept"
    assert response.headers["cache-control"] == "no-cache"
    assert response.headers["x-content-type-options"] == "nosniff"
    policy = dict(rule.split(" ", 1) for rule in response.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


async def test_everything_the_page_names_is_served_from_below_its_own_path(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql", headers=BROWSER)
    references = References()
    references.feed(page.text)

    loaded = [address for address in references.addresses if not address.startswith("data:")]
    assert references.inline == []
    assert [address.rpartition(".")[2] for address in loaded] == ["css", "js"]
    for address in loaded:
        assert address.startswith("graphql/assets/")
        assert (await client.get(f"/{address}")).status_code == 200


@pytest.mark.parametrize("name", BUILT_ASSETS)
async def test_an_asset_has_its_type_and_is_kept_for_good(client: httpx.AsyncClient, name: str) -> None:
    response = await client.get(f"/graphql/assets/{name}")

    assert re.fullmatch(r"[a-z.]+-[0-9A-Z]{8}\.(css|js|ttf)", name), "a name without a content hash cannot be immutable"
    assert response.status_code == 200
    assert response.headers["content-type"] == ASSET_TYPES["." + name.rpartition(".")[2]]
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'self'" in response.headers["content-security-policy"]
    again = await client.get(f"/graphql/assets/{name}", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", [name for name in BUILT_ASSETS if not name.endswith(".ttf")])
def test_an_asset_loads_nothing_from_another_origin(name: str) -> None:
    text = (IDE_FOLDER / "assets" / name).read_text(encoding="utf-8")

    assert [match.group(0) for match in LOADS.finditer(text)] == []


@pytest.mark.parametrize(
    "leak",
    [
        'import("https://cdn.example.org/a.js")',
        'import a from"//cdn.example.org/a.js"',
        "new Worker('https://cdn.example.org/a.js')",
        "@import url(https://cdn.example.org/a.css)",
        "src:url(//cdn.example.org/a.woff2)",
        'e.src="https://cdn.example.org/a.js"',
        "fetch(`https://cdn.example.org/a.json`)",
    ],
)
def test_the_scan_for_other_origins_sees_each_way_of_loading(leak: str) -> None:
    assert LOADS.search(leak)


def test_every_worker_that_the_page_starts_is_there() -> None:
    [script] = (IDE_FOLDER / "assets").glob("graphiql-*.js")

    workers = re.findall(r"\"\./([a-z]+\.worker-[0-9A-Z]{8}\.js)\"", script.read_text(encoding="utf-8"))

    assert sorted({name.split(".")[0] for name in workers}) == ["editor", "graphql", "json"]
    assert set(workers) <= set(BUILT_ASSETS)


def test_the_built_page_stays_small_enough_to_keep_in_the_repository() -> None:
    assert sum(path.stat().st_size for path in (IDE_FOLDER / "assets").iterdir()) < 5.5e6


@pytest.mark.parametrize(
    ("method", "address", "headers"),
    [
        ("POST", "/graphql", BROWSER),
        ("GET", "/graphql", {"Accept": "application/graphql-response+json"}),
        ("GET", "/graphql", {"Accept": "*/*"}),
        ("GET", "/graphql?query=%7Bviewer%7Bid%7D%7D", BROWSER),
        ("GET", "/graphql?extensions=%7B%7D", BROWSER),
        ("GET", "/graphql?documentId=sha256:0", BROWSER),
    ],
)
async def test_a_graphql_request_passes_by_the_page(
    client: httpx.AsyncClient, method: str, address: str, headers: dict[str, str]
) -> None:
    response = await client.request(method, address, headers=headers)

    assert response.text == f"GraphQL by {method}"


@pytest.mark.parametrize(
    "address",
    [
        "/graphql/assets/",
        "/graphql/assets/absent.js",
        "/graphql/assets/../index.html",
        "/graphql/assets/%2e%2e/README.md",
        "/graphql/assets/%2e%2e/%2e%2e/ide.py",
        "/graphql/assets/%00",
    ],
)
async def test_nothing_but_the_built_assets_is_served(client: httpx.AsyncClient, address: str) -> None:
    response = await client.get(address)

    assert response.status_code == 404


async def test_an_unchanged_page_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/graphql", headers=BROWSER)

    again = await client.get("/graphql", headers={**BROWSER, "If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


def test_the_licences_of_what_is_bundled_lie_beside_it() -> None:
    licences = (IDE_FOLDER / "LICENSES.txt").read_text(encoding="utf-8")

    named = set(re.findall(r"^=+\n(\S+) \S+ \(.+\)\n=+$", licences, flags=re.MULTILINE))
    assert {"graphiql", "@graphiql/react", "monaco-editor", "graphql", "graphql-ws", "react", "react-dom"} <= named
