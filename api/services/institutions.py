"""Whose network this is, and who works in its office: what must be said before anything else."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.models import Account, AccountRole, DirectoryField, Education, Institution
from api.queue import EMBED_MISSING, enqueue
from api.services.disclosures import keep_back
from api.services.inputs import Checker

LONGEST_NAME = 200
MOST_PROFILES = 100_000


@dataclass(frozen=True)
class InstitutionChanges:
    """What is to be set; None leaves a thing as it is, or at its default."""

    name: str
    time_zone: str | None = None
    """An IANA name."""
    locale: str | None = None
    """BCP 47."""
    default_listed: bool | None = None
    """What the four choices of a member start from, until the member makes them (rule P18)."""
    default_suggestable: bool | None = None
    default_show_attendance: bool | None = None
    default_mentor_open: bool | None = None
    profiles_per_day: int | None = None
    """How many profiles of others somebody may see in a day (rule P19)."""
    directory_information: Sequence[str] | None = None
    """What of the registrar's record is shown without asking the person: see `DirectoryField`. It may be nothing."""


async def set_institution(session: AsyncSession, changes: InstitutionChanges) -> None:
    """Name the institution of this database. Degrees of a school of that name are its own from now on; of those that
    the registrar recorded only directory information is shown from now on, and what their people released.

    Raises Invalid, naming each wrong value.
    """
    check = Checker()
    name = check.text(("name",), changes.name, most=LONGEST_NAME, required=True)
    check.time_zone(("timeZone",), changes.time_zone)
    check.language(("locale",), changes.locale)
    if changes.profiles_per_day is not None and not 1 <= changes.profiles_per_day <= MOST_PROFILES:
        check.note(("profilesPerDay",), f"must be from 1 to {MOST_PROFILES:,}")
    directory = [
        check.choice(("directoryInformation", str(place)), one, DirectoryField)
        for place, one in enumerate(changes.directory_information or ())
    ]
    check.raise_problems()
    given = {one.name: value for one in fields(changes) if (value := getattr(changes, one.name)) is not None}
    values = given | {"name": name}
    if "directory_information" in values:
        values["directory_information"] = sorted({str(one) for one in directory})
    # Whoever writes an education meanwhile has read the former list: they finish first, or begin when this is done.
    await session.execute(text("LOCK TABLE educations IN SHARE ROW EXCLUSIVE MODE"))
    await session.execute(
        insert(Institution).values(**values).on_conflict_do_update(index_elements=[Institution.sole], set_=values)
    )
    here = func.alumni_fold(Education.school) == func.alumni_fold(name)
    await session.execute(
        update(Education).where(Education.home != here).values(home=here),
        execution_options={"synchronize_session": False},
    )
    if await keep_back(session):
        await enqueue(session, EMBED_MISSING, lock=EMBED_MISSING)


async def make_officer(session: AsyncSession, email: str, role: AccountRole) -> UUID:
    """Give the account with this address a role in the office, or make one that whoever brings the address signs in
    with. The account's id. Raises Invalid for a bad address."""
    check = Checker()
    address = check.email(("email",), email, required=True)
    check.raise_problems()
    made = insert(Account).values(email=(address or "").lower(), role=role)
    account_id = await session.scalar(
        made.on_conflict_do_update(index_elements=[Account.email], set_={"role": role}).returning(Account.id)
    )
    if account_id is None:
        raise RuntimeError("An upsert gave no row.")
    return account_id
