"""What `alumni serve` says once it answers: where it is, how to sign in, and a first query to paste."""

from datetime import timedelta

import typer

from api.cli.failures import CommandFailed
from api.cli.tokens import Caller, sign_in
from api.settings import Settings

FIRST_QUERY = (
    "{ viewer { person { displayName } } "
    "peopleYouShouldMeet(first: 3) { nodes { score person { displayName headline } evidence { kind text weight } } } }"
)
LIFETIME = timedelta(days=7)


def greet(settings: Settings, demo: bool) -> None:
    """To standard output, as plain text: lines are for copying, so nothing may wrap them."""
    address = f"http://{f'[{settings.host}]' if ':' in settings.host else settings.host}:{settings.port}"
    lines = ["", f"The server answers at {address}/graphql"]
    if settings.environment == "development":
        lines.append("Open that in a browser to explore the API with GraphiQL.")
    if demo:
        lines += _demo_lines(settings, address)
    typer.echo("\n".join([*lines, "", "Ctrl-C stops it, with its worker and its database.", ""]))


def _demo_lines(settings: Settings, address: str) -> list[str]:
    try:
        member = sign_in(settings, Caller.MEMBER, None, LIFETIME)
        staff = sign_in(settings, Caller.STAFF, None, LIFETIME)
    except CommandFailed as failed:
        return ["", str(failed)]
    return [
        "",
        "A token of a demo alumna (another: alumni token --as member):",
        f"  {member}",
        "A token of the alumni office (another: alumni token --as staff):",
        f"  {staff}",
        "",
        "Whom should she meet? Paste this into another terminal:",
        first_command(address, member),
    ]


def first_command(address: str, token: str) -> str:
    """A command for a POSIX shell; the query holds no single quote and no backslash."""
    return (
        f"curl -s {address}/graphql -H 'content-type: application/json' \\\n"
        f"  -H 'authorization: Bearer {token}' \\\n"
        f'  -d \'{{"query": "{FIRST_QUERY}"}}\''
    )
