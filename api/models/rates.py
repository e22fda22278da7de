"""How much callers may still ask for: one row each, shared by all processes."""

from sqlalchemy import Float, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base
from api.models.columns import Timestamp


class RateBucket(Base):
    """A bucket that fills up again by itself. It is not logged: after a crash all are full."""

    __tablename__ = "rate_buckets"
    __table_args__ = {"prefixes": ["UNLOGGED"]}

    key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    """A digest of who it is for: neither accounts nor addresses stand here."""
    left: Mapped[float] = mapped_column(Float)
    filled_at: Mapped[Timestamp]
