"""What is in the export of a person: all that is held about them, read by one statement through the access rules.

PostgreSQL makes the document; a long log is never taken apart here. docs/export.md tells its form, which `VERSION`
names: a part that is added leaves it as it is, a part that goes or means something else raises it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, cast

from pgvector.sqlalchemy import HALFVEC, VECTOR
from sqlalchemy import (
    ARRAY,
    REAL,
    Alias,
    ColumnElement,
    DateTime,
    FromClause,
    LargeBinary,
    Table,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by

from api import access, models
from api.access import FACTS, Viewer, ViewerKind
from api.db import AnySelect, Base, Reader
from api.services.callers import own_person_id
from api.statements import Prepared, prepare

FORMAT, VERSION = "alumni-network-export", 1
MOST = 10_000
"""So many of the latest rows of each log are in one document; `until` leads to those that came earlier."""
_OWNERS = ("person_id", "viewer_id", "account_id")
"""Columns that say no more than that the row is the person's."""
_NUMBERS = ARRAY[float](REAL[float]())
Json = ColumnElement[Any]
Object = Mapping[str, Json]


async def export_person(reader: Reader, viewer: Viewer, until: datetime | None) -> bytes:
    """The document, as JSON. `until` leaves out of the logs what came later. Raises NotFound without a profile."""
    own_person_id(viewer)
    prepared = statement(viewer.kind)
    values = {"viewer": viewer.key, "account": viewer.account_id, "until": until}
    ((document,),) = await reader.rows(prepared.text, prepared.values(values))
    return document


@cache
def statement(kind: ViewerKind) -> Prepared:
    """The one statement, for all viewers of a kind."""
    return prepare(select(_object(parts(Viewer(kind)), "json_build_object").label("document")))


def parts(viewer: Viewer) -> dict[str, Json]:
    """The parts of the document, by name."""
    return {
        "format": _text(FORMAT),
        "version": literal_column(str(VERSION)),
        "generatedAt": func.now(),
        **_about_the_person(viewer),
        "facts": _object({_camel(cast(Table, of.__table__).name): _facts(viewer, of) for of in FACTS}),
        **_between_people(viewer),
        **_doings(viewer),
        **_acting(viewer),
        **_logs(viewer),
    }


# ---------------------------------------------------------------- shapes


def _text(value: str) -> ColumnElement[str]:
    return literal_column(f"'{value}'")


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def _object(parts: Object, build: str = "jsonb_build_object") -> Json:
    return getattr(func, build)(*(one for name, value in parts.items() for one in (_text(name), value)))


def _columns(row: FromClause, *without: str) -> dict[str, Json]:
    """All columns of a table that are no copies of others, by their names in the document."""
    stored = [column.name for column in cast(Table, cast(Alias, row).element).c if column.computed is None]
    return {_camel(name): _spelled(row.c[name]) for name in stored if name not in {*_OWNERS, *without}}


def _spelled(column: ColumnElement[Any]) -> Json:
    if isinstance(column.type, LargeBinary):
        return func.encode(column, _text("hex"))
    if isinstance(column.type, HALFVEC):
        return column.cast(VECTOR()).cast(_NUMBERS)
    return column


def _list(row: FromClause, parts: Object, *conditions: ColumnElement[bool]) -> Json:
    """The rows that meet the conditions, in the order in which they were made; an empty list if there are none."""
    listed = func.jsonb_agg(aggregate_order_by(_object(parts), row.c.id))
    return _one(row, func.coalesce(listed, literal_column("'[]'::jsonb")), *conditions)


def _one(row: FromClause, value: Json, *conditions: ColumnElement[bool]) -> Json:
    return select(value).select_from(row).where(*conditions).correlate_except(row).scalar_subquery()


def _alias(model: type[Base]) -> FromClause:
    return model.__table__.alias()


def _person(viewer: Viewer, person_id: ColumnElement[Any]) -> Json:
    """Somebody whom the viewer sees, by id and name; null for anybody else."""
    person = _alias(models.Person)
    named = _object({"id": person.c.id, "displayName": person.c.display_name})
    return _one(person, named, person.c.id == person_id, access.sees_person(viewer, person))


def _event(viewer: Viewer, event_id: ColumnElement[Any]) -> Json:
    event = _alias(models.Event)
    named = _object({"id": event.c.id, "name": event.c.name, "startsAt": event.c.starts_at})
    return _one(event, named, event.c.id == event_id, access.sees_event(viewer, event))


def _job(viewer: Viewer, job_id: ColumnElement[Any]) -> Json:
    job = _alias(models.Job)
    named = _object({"id": job.c.id, "title": job.c.title, "organization": _organization(job)})
    return _one(job, named, job.c.id == job_id, access.sees_job(viewer, job))


def _mentor(viewer: Viewer, profile_id: ColumnElement[Any]) -> Json:
    profile = _alias(models.MentorProfile)
    named = _object({"id": profile.c.id, "person": _person(viewer, profile.c.person_id)})
    return _one(profile, named, profile.c.id == profile_id, access.sees_mentor(viewer, profile))


def _organization(row: FromClause) -> Json:
    """The name of the organisation of a row that the viewer may read."""
    organization = _alias(models.Organization)
    return _one(organization, organization.c.name, organization.c.id == row.c.organization_id)


# ---------------------------------------------------------------- the person


def _about_the_person(viewer: Viewer) -> dict[str, Json]:
    person, role, account = _alias(models.Person), _alias(models.PersonRole), _alias(models.Account)
    identity, key, lost = _alias(models.Identity), _alias(models.IdempotencyKey), _alias(models.LostPerson)
    merge, alias = _alias(models.PersonMerge), _alias(models.PersonAlias)
    mine, me = access.owns_account(viewer, account), access.me(viewer)
    identities = _list(identity, _columns(identity), identity.c.account_id == account.c.id)
    keys = {"key": key.c.key, "createdAt": key.c.created_at}
    return {
        "person": _one(person, _object(_columns(person)), access.is_viewer(viewer, person)),
        "roles": _list(role, _columns(role), access.owns(viewer, role)),
        "account": _one(account, _object({**_columns(account), "identities": identities}), mine),
        "lost": _one(lost, _object(_columns(lost)), access.owns(viewer, lost)),
        "mergedRecords": _list(alias, _columns(alias, "kept_id", "merge_id"), alias.c.kept_id == me),
        "merges": _list(merge, _columns(merge, "kept_id", "merged_by", "content"), merge.c.kept_id == me),
        "idempotencyKeys": _list(key, keys, access.some_row(account, account.c.id == key.c.account_id, mine)),
    }


def _facts(viewer: Viewer, of: type[models.Fact]) -> Json:
    fact = _alias(of)
    parts = _columns(fact, "organization_id")
    if of is models.Experience:
        parts["organization"] = _organization(fact)
    return _list(fact, parts, access.owns(viewer, fact), access.sees_fact(viewer, fact))


# ---------------------------------------------------------------- between people


def _between_people(viewer: Viewer) -> dict[str, Json]:
    tie, block, ship = _alias(models.Connection), _alias(models.Block), _alias(models.Mentorship)
    low = tie.c.low_id == access.me(viewer)
    connection: Object = {
        "id": tie.c.id,
        "with": _person(viewer, case((low, tie.c.high_id), else_=tie.c.low_id)),
        "state": access.told_state(viewer, tie),
        "requestedByMe": tie.c.requester_id == access.me(viewer),
        "message": tie.c.message,
        "visibility": case((low, tie.c.low_visibility), else_=tie.c.high_visibility),
        "requestedAt": tie.c.requested_at,
        "answeredAt": access.told_answer(viewer, tie),
        "connectedAt": tie.c.connected_at,
    }
    blocked = {"id": block.c.blocked_id, "displayName": access.blocked_name(block)}
    ends = {name: _person(viewer, ship.c[f"{name}_id"]) for name in ("mentor", "mentee")}
    mine = or_(ship.c.mentor_id == access.me(viewer), ship.c.mentee_id == access.me(viewer))
    asked = {**_columns(ship, "mentor_id", "mentee_id", "updated_at"), **ends}
    return {
        "connections": _list(tie, connection, access.concerns_oneself(viewer, tie)),
        "blocks": _list(
            block,
            {"id": block.c.id, "blocked": _object(blocked), "createdAt": block.c.created_at},
            access.owns_block(viewer, block),
        ),
        "mentorships": _list(ship, asked, mine, access.sees_mentorship(viewer, ship)),
    }


# ---------------------------------------------------------------- what the person does


def _doings(viewer: Viewer) -> dict[str, Json]:
    seat, interest, job = _alias(models.Registration), _alias(models.JobInterest), _alias(models.Job)
    skill, profile, topic = _alias(models.JobSkill), _alias(models.MentorProfile), _alias(models.MentorTopic)
    coming = {**_columns(seat, "event_id"), "event": _event(viewer, seat.c.event_id)}
    liking = {**_columns(interest, "job_id"), "job": _job(viewer, interest.c.job_id)}
    skills = _list(skill, _columns(skill, "job_id"), skill.c.job_id == job.c.id)
    said = _alias(models.JobTranslation)
    posted = {
        **_columns(job, "poster_id", "organization_id"),
        "organization": _organization(job),
        "skills": skills,
        "translations": _list(said, _columns(said, "job_id"), said.c.job_id == job.c.id),
    }
    told = _alias(models.Notification)
    topics = _list(topic, _columns(topic, "profile_id"), topic.c.profile_id == profile.c.id)
    return {
        "registrations": _list(seat, coming, access.owns(viewer, seat)),
        "jobInterests": _list(interest, liking, access.owns(viewer, interest)),
        "jobsPosted": _list(job, posted, access.posted(viewer, job)),
        "mentorProfile": _one(profile, _object({**_columns(profile), "topics": topics}), access.owns(viewer, profile)),
        "notifications": _list(told, _columns(told, "connection_id", "event_id"), access.owns(viewer, told)),
        "proposals": _proposals(viewer),
        "vectors": _vectors(viewer),
        "itemVectors": _item_vectors(viewer),
    }


def _proposals(viewer: Viewer) -> Json:
    """What the person proposed to correct about others. What others proposed is theirs and the office's."""
    proposal, change = _alias(models.UpdateProposal), _alias(models.ProposedChange)
    changes = _list(change, _columns(change, "proposal_id"), change.c.proposal_id == proposal.c.id)
    parts = {**_columns(proposal, "proposer_id"), "about": _person(viewer, proposal.c.person_id), "changes": changes}
    mine = proposal.c.proposer_id == access.me(viewer)
    return _list(proposal, parts, mine, access.sees_proposal(viewer, proposal))


def _vectors(viewer: Viewer) -> Json:
    vector = _alias(models.FactVector)
    parts = _columns(vector, "model_id", "education_id", "experience_id", "text_id")
    parts |= {"factId": vector.c.fact_id, "model": _model(vector)}
    return _list(vector, parts, access.owns(viewer, vector))


def _item_vectors(viewer: Viewer) -> Json:
    """The vectors of the openings that the person posted, and of their mentor profile."""
    vector = _alias(models.ItemVector)
    parts = {**_columns(vector, "model_id"), "model": _model(vector)}
    return _list(vector, parts, _is_own_item(viewer, vector))


def _model(vector: FromClause) -> Json:
    model = _alias(models.EmbeddingModel)
    return _one(model, _object({"name": model.c.name, "version": model.c.version}), model.c.id == vector.c.model_id)


def _is_own_item(viewer: Viewer, row: FromClause) -> ColumnElement[bool]:
    job, profile = _alias(models.Job), _alias(models.MentorProfile)
    return or_(
        access.some_row(job, job.c.id == row.c.job_id, access.posted(viewer, job)),
        access.some_row(profile, profile.c.id == row.c.mentor_id, access.owns(viewer, profile)),
    )


# ---------------------------------------------------------------- logs


def _logs(viewer: Viewer) -> dict[str, Json]:
    shown, told = _alias(models.Suggestion), _alias(models.Suggestion)
    outcome, event = _alias(models.SuggestionOutcome), _alias(models.AuditEvent)
    own = shown.c.viewer_id == access.me(viewer)
    about = or_(func.coalesce(told.c.person_id == access.me(viewer), false()), _is_own_item(viewer, told))
    of_mine = {"id": outcome.c.id, "outcome": outcome.c.outcome, "reason": outcome.c.reason}
    act = {**_columns(event, "actor_id", "updated_at"), "actor": access.actor_name(event)}
    return {
        "suggestionsShown": _log(shown, _impression(viewer, shown), own),
        "suggestedToOthers": _log(told, _exposure(told), about),
        "suggestionOutcomes": _log(
            outcome,
            {**of_mine, "item": _item(viewer, outcome), "createdAt": outcome.c.created_at},
            outcome.c.viewer_id == access.me(viewer),
        ),
        "auditLog": _log(event, act, access.owns(viewer, event), access.sees_audit(viewer, event)),
    }


def _log(row: FromClause, parts: Object, *conditions: ColumnElement[bool]) -> Json:
    """The latest rows, with the number of all: who wants the earlier ones asks for those until the first of these."""
    until = bindparam("until", None, type_=DateTime(timezone=True))
    past = or_(until.is_(None), row.c.created_at <= until)  # what was logged at one moment is never parted
    latest: AnySelect = select(row.c.id, _object(parts).label("entry")).where(*conditions, past)
    page = latest.order_by(row.c.id.desc()).limit(literal_column(str(MOST))).correlate_except(row).subquery()
    entries = func.jsonb_agg(aggregate_order_by(page.c.entry, page.c.id))
    total = select(func.count()).select_from(row).where(*conditions).correlate_except(row).scalar_subquery()
    listed = func.coalesce(entries, literal_column("'[]'::jsonb"))
    return _object({"total": total, "entries": _one(page, listed)})


def _impression(viewer: Viewer, shown: FromClause) -> dict[str, Json]:
    return {
        "id": shown.c.id,
        "item": _item(viewer, shown),
        "listId": shown.c.list_id,
        "position": shown.c.position,
        "score": shown.c.score,
        "features": shown.c.features,
        "evidence": _evidence(viewer, shown),
        "rankingDigest": func.encode(shown.c.ranking_digest, _text("hex")),
        "shownAt": shown.c.created_at,
    }


def _exposure(told: FromClause) -> dict[str, Json]:
    """That the person, or what is theirs, was suggested: not to whom."""
    as_ = case(
        (told.c.job_id.is_not(None), _text("JOB")),
        (told.c.mentor_id.is_not(None), _text("MENTOR")),
        else_=_text("PERSON"),
    )
    return {"as": as_, "position": told.c.position, "score": told.c.score, "shownAt": told.c.created_at}


def _item(viewer: Viewer, row: FromClause) -> Json:
    """What it was about: its kind, and what the viewer may still see of it."""
    kinds: Sequence[tuple[str, Json]] = (
        ("person", _person(viewer, row.c.person_id)),
        ("event", _event(viewer, row.c.event_id)),
        ("job", _job(viewer, row.c.job_id)),
        ("mentor", _mentor(viewer, row.c.mentor_id)),
    )
    return case(*((row.c[f"{kind}_id"].is_not(None), _object({kind: named})) for kind, named in kinds), else_=null())


def _acting(viewer: Viewer) -> dict[str, Json]:
    """When an administrator saw the network as the person, and what the person did as one."""
    webhook = _alias(models.Webhook)
    set_up = _columns(webhook, "secret", "previous_secret")
    of_me, by_me = _alias(models.Impersonation), _alias(models.Impersonation)
    told = {**_columns(by_me), "as": _person(viewer, by_me.c.person_id)}
    return {
        "impersonations": _list(of_me, _columns(of_me), access.owns(viewer, of_me)),
        "impersonationsOfOthers": _list(by_me, told, access.owns_impersonation(viewer, by_me)),
        "webhooks": _list(webhook, set_up, access.sets_up(viewer, webhook)),
    }


def _evidence(viewer: Viewer, shown: FromClause) -> Json:
    """The reasons as they were given, without the words of those that name what the viewer does not see any more."""
    given = func.jsonb_array_elements(shown.c.evidence).table_valued("value", with_ordinality="place").render_derived()
    reason = given.c.value.cast(JSONB)
    text, key = reason["text"], reason["key"].astext
    of_somebody = and_(_sees_person(viewer, shown), access.told_again(viewer, shown, key))
    of_something = and_(_sees_item(viewer, shown), access.told_of_item(viewer, key))
    words = case((or_(of_somebody, of_something), text), else_=null())
    parts = {"kind": reason["kind"], "weight": reason["weight"], "text": words}
    listed = func.jsonb_agg(aggregate_order_by(_object(parts), given.c.place))
    return _one(given, func.coalesce(listed, literal_column("'[]'::jsonb")))


def _sees_person(viewer: Viewer, shown: FromClause) -> ColumnElement[bool]:
    """Whether it was a person or a mentor, and the viewer still sees them: the reasons are about them."""
    profile = _alias(models.MentorProfile)
    mentor = access.some_row(profile, profile.c.id == shown.c.mentor_id, access.sees_mentor(viewer, profile))
    return or_(access.person_visible(viewer, shown.c.person_id), mentor)


def _sees_item(viewer: Viewer, shown: FromClause) -> ColumnElement[bool]:
    """Whether it was an event or an opening, and the viewer still sees it."""
    event, job = _alias(models.Event), _alias(models.Job)
    return or_(
        access.some_row(event, event.c.id == shown.c.event_id, access.sees_event(viewer, event)),
        access.some_row(job, job.c.id == shown.c.job_id, access.sees_job(viewer, job)),
    )
