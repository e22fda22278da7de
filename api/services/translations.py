"""What is said of an event or an opening in other languages: each language once, beside that of the original."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Table, delete
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from api.services.inputs import UNSET, Checker, Unset, input_path

MOST = 30
"""Languages of one thing."""
LONGEST_TITLE, LONGEST_DESCRIPTION = 200, 10_000
_PATH = input_path("translations")


@dataclass(frozen=True, kw_only=True)
class Translation:
    """The texts in one language. What has no description in it is shown with that of the original."""

    language: str
    """BCP 47."""
    title: str
    """What it is called."""
    description: str | None = None


Translations = Sequence[Translation] | Unset | None
"""None takes all translations away, as an empty list does."""


def check_translations(check: Checker, given: Translations, title: str, original: str | None) -> Translations:
    """The translations as they are stored; what is wrong is noted. `title` is what clients call it, `original` the
    language that needs none."""
    if given is UNSET or given is None or not check.count(_PATH, given, most=MOST):
        return UNSET if given is UNSET else ()
    known = {Checker().language(_PATH, original)}
    clean: list[Translation] = []
    for place, one in enumerate(given):
        path = (*_PATH, str(place))
        language = check.language((*path, "language"), one.language, required=True)
        named = check.text((*path, title), one.title, most=LONGEST_TITLE, required=True)
        about = check.text((*path, "description"), one.description, most=LONGEST_DESCRIPTION, multiline=True)
        if language is not None and language in known:
            check.note((*path, "language"), f"{language} is there already: each language once, the original's included")
        known.add(language)
        clean.append(Translation(language=language or "", title=named or "", description=about))
    return clean


async def write_translations(session: AsyncSession, table: Table, owner_id: UUID, given: Translations) -> None:
    """Replace the translations of one thing; what is UNSET stays as it is."""
    if given is UNSET:
        return
    owner, title = (("event_id", "name"), ("job_id", "title"))["job_id" in table.c]
    await session.execute(delete(table).where(table.c[owner] == owner_id))
    rows = [
        {
            "id": uuid7(),
            owner: owner_id,
            "language": one.language,
            title: one.title,
            "description": one.description,
        }
        for one in given or ()
    ]
    if rows:
        await session.execute(table.insert(), rows)
