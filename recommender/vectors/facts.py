"""The texts of people's facts: one vector for each fact that staff or members may see."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from pgvector.sqlalchemy import HALFVEC
from sqlalchemy import (
    ColumnElement,
    FromClause,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    delete,
    func,
    literal_column,
    null,
    select,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, distinct_on, insert
from sqlalchemy.ext.asyncio import AsyncSession

from api.db import AnySelect
from api.models import DIMENSION, Education, Experience, FacetKind, FactVector, Organization, Person, PersonText
from recommender.vectors.texts import Missing, ModelId

ONE: ColumnElement[int] = literal_column("1")


def _columns(fact: FromClause, facet: ColumnElement[Any], column: str, words: ColumnElement[Any]) -> list[Any]:
    keys = {
        name: (fact.c.id if name == column else null().cast(Uuid)).label(name)
        for name in ("education_id", "experience_id", "text_id")
    }
    return [
        fact.c.id.label("fact_id"),
        fact.c.person_id,
        fact.c.visibility.cast(Text).label("visibility"),
        facet.label("facet"),
        *keys.values(),
        words.label("words"),
    ]


def _facet(kind: FacetKind) -> ColumnElement[str]:
    return literal_column(f"'{kind.value}'", Text())


def fact_texts() -> Any:
    """All embeddable facts of people who let themselves be profiled, with their texts, as a subselect."""
    education, experience = Education.__table__.alias(), Experience.__table__.alias()
    organization, said = Organization.__table__.alias(), PersonText.__table__.alias()
    studied = func.concat_ws(
        ", ", func.concat_ws(" in ", education.c.degree, education.c.programme), education.c.school
    )
    worked = func.concat_ws(
        ". ", func.concat_ws(" at ", experience.c.title, organization.c.name), experience.c.description
    )
    selects: list[AnySelect] = [
        select(*_columns(education, _facet(FacetKind.EDUCATION), "education_id", studied)).select_from(education),
        select(*_columns(experience, _facet(FacetKind.EXPERIENCE), "experience_id", worked)).join_from(
            experience, organization, organization.c.id == experience.c.organization_id
        ),
        select(*_columns(said, said.c.kind.cast(Text), "text_id", said.c.text))
        .select_from(said)
        .where(said.c.kind != literal_column("'PHOTO'")),
    ]
    facts = (education, experience, said)
    person = Person.__table__.alias()
    whole = [
        one.join(person, person.c.id == fact.c.person_id).where(person.c.profiled, _embeddable(fact))
        for one, fact in zip(selects, facts, strict=True)
    ]
    return union_all(*whole).subquery("facts")


def _embeddable(fact: FromClause) -> ColumnElement[bool]:
    return fact.c.visibility.in_([literal_column("'STAFF'"), literal_column("'MEMBERS'"), literal_column("'PUBLIC'")])


class FactTexts:
    """See `TextSource`."""

    def missing(self, model_id: ModelId, person_ids: Sequence[UUID] | None = None) -> AnySelect:
        """See `TextSource.missing`."""
        facts, vector = fact_texts(), FactVector.__table__.alias()
        known = (
            select(ONE)
            .select_from(vector)
            .where(vector.c.fact_id == facts.c.fact_id, vector.c.model_id == model_id)
            .correlate_except(vector)
            .exists()
        )
        statement = select(facts.c.fact_id.label("id"), facts.c.words).where(~known)
        if person_ids is not None:
            statement = statement.where(facts.c.person_id == any_(bindparam(None, list(person_ids), ARRAY(Uuid()))))
        return statement

    async def known(self, session: AsyncSession, model_id: int, hashes: Sequence[bytes]) -> Mapping[bytes, str]:
        """See `TextSource.known`."""
        vector = FactVector.__table__.alias()
        rows = await session.execute(
            select(vector.c.input_hash, vector.c.embedding.cast(Text).label("spelled"))
            .ext(distinct_on(vector.c.input_hash))
            .where(
                vector.c.model_id == model_id,
                vector.c.input_hash == any_(bindparam(None, list(hashes), ARRAY(LargeBinary()))),
            )
        )
        return {bytes(row.input_hash): row.spelled for row in rows}

    async def store(self, session: AsyncSession, model_id: int, made: Sequence[tuple[Missing, bytes, str]]) -> None:
        """See `TextSource.store`."""
        facts = fact_texts()
        source = select(
            facts.c.person_id,
            facts.c.visibility,
            facts.c.facet,
            facts.c.education_id,
            facts.c.experience_id,
            facts.c.text_id,
            bindparam("model_id", model_id, SmallInteger()),
            bindparam("input_hash", type_=LargeBinary()),
            bindparam("spelled", type_=Text()).cast(HALFVEC(DIMENSION)),
        ).where(
            facts.c.fact_id == bindparam("fact_id", type_=Uuid()), facts.c.words == bindparam("words", type_=Text())
        )
        names = [
            "person_id",
            "visibility",
            "facet",
            "education_id",
            "experience_id",
            "text_id",
            "model_id",
            "input_hash",
        ]
        statement = (
            insert(cast(Table, FactVector.__table__))
            .from_select([*names, "embedding"], source, include_defaults=False)
            .on_conflict_do_nothing()
        )
        await session.execute(
            statement,
            [
                {"fact_id": one.id, "words": one.text, "input_hash": key, "spelled": spelled, "model_id": model_id}
                for one, key, spelled in made
            ],
        )

    async def forget(self, session: AsyncSession, but: int) -> None:
        """See `TextSource.forget`."""
        await session.execute(delete(FactVector).where(FactVector.model_id != but))


FACTS = FactTexts()
