"""One vector per embedded fact and model, tied to its fact so that it can neither outlive nor outshine it."""

from enum import StrEnum
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    LargeBinary,
    SmallInteger,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from api.db import Base
from api.models.columns import Timestamp, Visibility, enum_column

DIMENSION = 384


class EmbeddingModel(Base):
    """A model that vectors were made with. One is active: searches use its vectors, and only they are compared."""

    __tablename__ = "embedding_models"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        Index("uq_embedding_models_active", "active", unique=True, postgresql_where=text("active")),
    )

    id: Mapped[int] = mapped_column(SmallInteger, Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    active: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())


class FacetKind(StrEnum):
    """Which kind of fact a vector stands for."""

    EDUCATION = "EDUCATION"
    EXPERIENCE = "EXPERIENCE"
    BIO = "BIO"
    SEEKS = "SEEKS"
    OFFERS = "OFFERS"


class ItemVector(Base):
    """The vector of what an event, an opening or a mentor's profile says. Whoever reads it joins the item's rule."""

    __tablename__ = "item_vectors"
    __table_args__ = (
        CheckConstraint("num_nonnulls(event_id, job_id, mentor_id) = 1", name="one_item"),
        UniqueConstraint("item_id", "model_id"),
        *(
            Index(f"ix_item_vectors_{name}", name, postgresql_where=text(f"{name} is not null"))
            for name in ("event_id", "job_id", "mentor_id")
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    event_id: Mapped[UUID | None] = mapped_column(ForeignKey("events.id", ondelete="CASCADE"))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    mentor_id: Mapped[UUID | None] = mapped_column(ForeignKey("mentor_profiles.id", ondelete="CASCADE"))
    """The mentor's profile."""
    item_id: Mapped[UUID] = mapped_column(Uuid, Computed("coalesce(event_id, job_id, mentor_id)", persisted=True))
    model_id: Mapped[int] = mapped_column(ForeignKey("embedding_models.id"))
    digest: Mapped[str] = mapped_column(Text)
    """MD5 of the text, by which PostgreSQL notices that the item says something else now."""
    embedding: Mapped[list[float]] = mapped_column(HALFVEC(DIMENSION))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
    """Since when the item has said this: what is ranked as of an earlier moment does not read it."""


class FactVector(Base):
    """The vector of one fact's text. Only facts that staff or members may see are embedded."""

    __tablename__ = "fact_vectors"
    __table_args__ = (
        CheckConstraint("visibility in ('STAFF', 'MEMBERS', 'PUBLIC')", name="embeddable"),
        CheckConstraint("num_nonnulls(education_id, experience_id, text_id) = 1", name="one_fact"),
        UniqueConstraint("fact_id", "model_id"),
        *(
            ForeignKeyConstraint(
                [column, "person_id", "visibility"],
                [f"{table}.id", f"{table}.person_id", f"{table}.visibility"],
                ondelete="CASCADE",
                onupdate="CASCADE",
                name=f"fk_fact_vectors_{column}",
            )
            for column, table in (
                ("education_id", "educations"),
                ("experience_id", "experiences"),
                ("text_id", "person_texts"),
            )
        ),
        Index("ix_fact_vectors_person_id", "person_id"),
        Index("ix_fact_vectors_education_id", "education_id", postgresql_where=text("education_id is not null")),
        Index("ix_fact_vectors_experience_id", "experience_id", postgresql_where=text("experience_id is not null")),
        Index("ix_fact_vectors_text_id", "text_id", postgresql_where=text("text_id is not null")),
        Index("ix_fact_vectors_input_hash_model_id", "input_hash", "model_id"),
        Index(
            "ix_fact_vectors_members",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "halfvec_cosine_ops"},
            postgresql_where=text("visibility in ('MEMBERS', 'PUBLIC')"),
        ),
        Index(
            "ix_fact_vectors_staff",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "halfvec_cosine_ops"},
            postgresql_where=text("visibility = 'STAFF'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    person_id: Mapped[UUID]
    visibility: Mapped[Visibility] = mapped_column(enum_column(Visibility, "visibility"))
    facet: Mapped[FacetKind] = mapped_column(enum_column(FacetKind, "facet"))
    education_id: Mapped[UUID | None]
    experience_id: Mapped[UUID | None]
    text_id: Mapped[UUID | None]
    fact_id: Mapped[UUID] = mapped_column(
        Uuid, Computed("coalesce(education_id, experience_id, text_id)", persisted=True)
    )
    model_id: Mapped[int] = mapped_column(ForeignKey("embedding_models.id"))
    input_hash: Mapped[bytes] = mapped_column(LargeBinary)
    embedding: Mapped[list[float]] = mapped_column(HALFVEC(DIMENSION))
    created_at: Mapped[Timestamp] = mapped_column(server_default=func.now())
