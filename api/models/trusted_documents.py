"""Documents that the office has loaded: what an application may ask, known by an id before it asks."""

from sqlalchemy import Text, func
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base
from api.models.columns import Timestamp


class TrustedDocument(Base):
    """The text behind an id. It never changes: processes remember it."""

    __tablename__ = "trusted_documents"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    """As the application's build named it: a digest of the text, as a rule."""
    text: Mapped[str] = mapped_column(Text)
    loaded_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
