"""What remains of an erased person: digests that tell an import whom not to bring back, and nothing else."""

from datetime import date

from sqlalchemy import CheckConstraint, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base


class Suppression(Base):
    """A keyed digest of what an erased person was known by: where they were imported from, or an e-mail address.

    Digests of one person are not tied to one another, and tell nothing without the salt and the value itself.
    """

    __tablename__ = "suppressions"

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    created_on: Mapped[date] = mapped_column(server_default=func.current_date())
    """The day, not the moment: moments would tie the digests of one person together."""


class SuppressionSalt(Base):
    """The key of the digests, made by the migration. It never leaves the database."""

    __tablename__ = "suppression_salts"
    __table_args__ = (CheckConstraint("sole", name="sole"),)

    sole: Mapped[bool] = mapped_column(primary_key=True, server_default=text("true"))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
