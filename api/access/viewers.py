"""Who is asking, and what decides the shape of the rules."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Text, Uuid, bindparam, literal_column

from api.models import Visibility


class ViewerKind(StrEnum):
    """What decides the shape of the access rules."""

    ANONYMOUS = "ANONYMOUS"
    GUEST = "GUEST"
    """Signed in, but not (or no longer) a member of the network: sees what is public."""
    MEMBER = "MEMBER"
    STAFF = "STAFF"


NOBODY = UUID(int=0)
"""The viewer id of someone who is no person here: it equals no person's id."""


@dataclass(frozen=True)
class Viewer:
    """Who is asking. `person_id` is None for anonymous callers and for officers without a profile."""

    kind: ViewerKind
    person_id: UUID | None = None
    account_id: UUID | None = None
    admin: bool = False
    roles: frozenset[str] = field(default_factory=frozenset[str])
    """For display: ALUMNUS, STUDENT, STAFF, ADMIN, and other dated roles of the person."""
    claim: "Claim | None" = None
    """Set when the token is good but its identity is linked to no account yet."""
    impersonation: UUID | None = None
    """Set when an administrator sees the network as this person: to read, and not what is for the person alone."""
    languages: tuple[str, ...] = ()
    """What the viewer reads, best first: tags of BCP 47 in their usual case."""

    @property
    def is_staff(self) -> bool:
        """Whether the viewer works for the office."""
        return self.kind is ViewerKind.STAFF

    @property
    def signed_in(self) -> bool:
        """Whether the viewer brought an acceptable token."""
        return self.kind is not ViewerKind.ANONYMOUS

    @property
    def impersonated(self) -> bool:
        """Whether somebody else looks through this viewer's eyes."""
        return self.impersonation is not None

    @property
    def shape(self) -> tuple[ViewerKind, bool]:
        """What decides the text of a statement: part of the key of whatever is compiled once."""
        return self.kind, self.impersonated

    @property
    def key(self) -> UUID:
        """The value of the bind parameter `viewer`."""
        return self.person_id or NOBODY


@dataclass(frozen=True)
class Claim:
    """An identity that an issuer vouches for and that nobody here has confirmed yet."""

    issuer: str
    subject: str
    email: str | None
    """Lower case, and only if the issuer says that it is verified."""


ANONYMOUS = Viewer(ViewerKind.ANONYMOUS)


def me(viewer: Viewer) -> ColumnElement[UUID]:
    """The viewer's person id as a bind parameter that carries its value and may be bound anew."""
    return bindparam("viewer", viewer.key, type_=Uuid())


def languages(viewer: Viewer) -> ColumnElement[Sequence[str]]:
    """What the viewer reads as a bind parameter that may be bound anew."""
    return bindparam("languages", list(viewer.languages), type_=ARRAY(Text()))


def level(*levels: Visibility) -> list[ColumnElement[str]]:
    """Visibility levels as literals of the SQL text."""
    return [literal_column(f"'{one.value}'") for one in levels]
