"""The texts of what is not a person: what events, openings and mentors' profiles say, one vector each."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ColumnElement,
    FromClause,
    SmallInteger,
    Table,
    Text,
    Uuid,
    bindparam,
    delete,
    false,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import AnySelect
from api.models import (
    DIMENSION,
    Event,
    ItemVector,
    Job,
    JobSkill,
    MentorProfile,
    MentorTopic,
    Organization,
    Person,
)
from recommender.vectors.texts import Missing, ModelId

COLUMNS = ("event_id", "job_id", "mentor_id")
ONE: ColumnElement[int] = literal_column("1")
LONGEST = 4000
"""The model reads no more; the rest of a long description is not sent to it."""


def _columns(item: FromClause, column: str, words: Any) -> list[Any]:
    keys = [(item.c.id if name == column else null().cast(Uuid)).label(name) for name in COLUMNS]
    return [item.c.id.label("item_id"), *keys, func.left(words, LONGEST).label("words")]


def _listed(of: FromClause, name: str, *belongs: Any) -> Any:
    """The names that belong to an item, as one line."""
    names = func.string_agg(of.c.name, aggregate_order_by(literal_column("', '", Text()), of.c[name]))
    return select(names).where(*belongs).correlate_except(of).scalar_subquery()


def item_texts() -> Any:
    """All items that are embedded, with the text that stands for each, as a subselect: published events, openings, and
    the profiles of mentors who let themselves be profiled."""
    event, job, organization = Event.__table__.alias(), Job.__table__.alias(), Organization.__table__.alias()
    skill, topic = JobSkill.__table__.alias(), MentorTopic.__table__.alias()
    profile, person = MentorProfile.__table__.alias(), Person.__table__.alias()
    gathering = func.concat_ws(". ", event.c.name, event.c.organizer, event.c.description)
    opening = func.concat_ws(
        ". ",
        func.concat_ws(" at ", job.c.title, organization.c.name),
        _listed(skill, "name_folded", skill.c.job_id == job.c.id),
        job.c.description,
    )
    advice = func.concat_ws(". ", _listed(topic, "name_folded", topic.c.profile_id == profile.c.id), profile.c.about)
    draft: ColumnElement[str] = literal_column("'STAFF'")
    parts: list[AnySelect] = [
        select(*_columns(event, "event_id", gathering)).where(event.c.audience != draft),
        select(*_columns(job, "job_id", opening))
        .join_from(job, organization, organization.c.id == job.c.organization_id)
        .where(job.c.audience != draft),
        select(*_columns(profile, "mentor_id", advice))
        .join_from(profile, person, person.c.id == profile.c.person_id)
        .where(person.c.profiled, advice != literal_column("''")),
    ]
    return union_all(*parts).subquery("items")


class ItemTexts:
    """See `TextSource`. An item that says something new lacks a vector until it is embedded again."""

    def missing(self, model_id: ModelId, person_ids: Sequence[UUID] | None = None) -> AnySelect:
        """See `TextSource.missing`. What is one person's waits for the next sweep."""
        items, vector = item_texts(), ItemVector.__table__.alias()
        known = (
            select(ONE)
            .select_from(vector)
            .where(
                vector.c.item_id == items.c.item_id,
                vector.c.model_id == model_id,
                vector.c.digest == func.md5(items.c.words),
            )
            .correlate_except(vector)
            .exists()
        )
        statement = select(items.c.item_id.label("id"), items.c.words).where(~known)
        return statement if person_ids is None else statement.where(false())

    async def known(self, session: AsyncSession, model_id: int, hashes: Sequence[bytes]) -> Mapping[bytes, str]:
        """See `TextSource.known`. Hardly ever do two say the same."""
        return {}

    async def store(self, session: AsyncSession, model_id: int, made: Sequence[tuple[Missing, bytes, str]]) -> None:
        """See `TextSource.store`."""
        items = item_texts()
        source = select(
            *(items.c[name] for name in COLUMNS),
            bindparam("model_id", model_id, SmallInteger()),
            func.md5(items.c.words),
            bindparam("spelled", type_=Text()).cast(HALFVEC(DIMENSION)),
        ).where(
            items.c.item_id == bindparam("item_id", type_=Uuid()), items.c.words == bindparam("words", type_=Text())
        )
        statement = insert(cast(Table, ItemVector.__table__)).from_select(
            [*COLUMNS, "model_id", "digest", "embedding"], source, include_defaults=False
        )
        fresh = {name: statement.excluded[name] for name in ("digest", "embedding")} | {"created_at": func.now()}
        await session.execute(
            statement.on_conflict_do_update(index_elements=["item_id", "model_id"], set_=fresh),
            [
                {"item_id": one.id, "words": one.text, "spelled": spelled, "model_id": model_id}
                for one, _, spelled in made
            ],
        )

    async def forget(self, session: AsyncSession, but: int) -> None:
        """See `TextSource.forget`."""
        await session.execute(delete(ItemVector).where(ItemVector.model_id != but))


ITEMS = ItemTexts()
