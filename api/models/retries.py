"""What a client's retry is recognised by."""

from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.columns import Row


class IdempotencyKey(Row):
    """A key that a caller gave with something to create, and what came of it."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(Text)
    input_digest: Mapped[bytes] = mapped_column(LargeBinary)
    """Of the operation and its input: the same key for another input is a mistake."""
    result_id: Mapped[UUID | None]
