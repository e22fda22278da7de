"""When an administrator saw the network as somebody else, and why."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row, Timestamp


class Impersonation(Row):
    """Until it is ended or expires, the account may read what this person would. The person sees that, and why."""

    __tablename__ = "impersonations"
    __table_args__ = (CheckConstraint("expires_at > created_at", name="expires"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("people.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(Text)
    expires_at: Mapped[Timestamp]
    ended_at: Mapped[Timestamp | None]
