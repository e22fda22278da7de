"""Who can sign in: accounts, the identities linked to them, and the institution whose network this is."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.careers import DirectoryField
from api.models.columns import Row, Timestamp, enum_column

_FIELDS = ",".join(DirectoryField)


class AccountRole(StrEnum):
    """What an account may do beyond being its person. Alumnus and student are dated roles of the person."""

    MEMBER = "MEMBER"
    STAFF = "STAFF"
    ADMIN = "ADMIN"


class Account(Row):
    """A way in for at most one person; an officer's account may have none."""

    __tablename__ = "accounts"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), unique=True)
    email: Mapped[str] = mapped_column(Text, unique=True)
    role: Mapped[AccountRole] = mapped_column(enum_column(AccountRole, "role"), server_default=text("'MEMBER'"))
    first_signed_in_at: Mapped[Timestamp | None]
    last_signed_in_at: Mapped[Timestamp | None]


class Identity(Row):
    """A subject at an OpenID issuer, linked to an account after the person confirmed it (row 88)."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)


class Institution(Row):
    """The one institution of this database, with the defaults that its members' choices start from."""

    __tablename__ = "institutions"
    __table_args__ = (
        CheckConstraint("sole", name="sole"),
        CheckConstraint("profiles_per_day > 0", name="profiles_per_day"),
        CheckConstraint(f"directory_information <@ '{{{_FIELDS}}}'::text[]", name="directory_information"),
        UniqueConstraint("sole"),
    )

    sole: Mapped[bool] = mapped_column(server_default=text("true"))
    name: Mapped[str] = mapped_column(Text)
    time_zone: Mapped[str] = mapped_column(Text, server_default=text("'UTC'"))
    locale: Mapped[str] = mapped_column(Text, server_default=text("'en'"))
    default_listed: Mapped[bool] = mapped_column(server_default=text("true"))
    default_suggestable: Mapped[bool] = mapped_column(server_default=text("true"))
    default_show_attendance: Mapped[bool] = mapped_column(server_default=text("false"))
    default_mentor_open: Mapped[bool] = mapped_column(server_default=text("false"))
    profiles_per_day: Mapped[int] = mapped_column(server_default=text("200"))
    """How many profiles of others somebody may see in a day (rule P19)."""
    directory_information: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default=text(f"'{{{_FIELDS}}}'"))
    """What of the registrar's record is shown without asking the person (rule P2); see `DirectoryField`."""
