"""What of two rows that say the same, or of two records of one person, holds for the one that stays: the stricter."""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Row

from api.models import (
    AccountRole,
    ConnectionState,
    ContactStatus,
    MentorshipState,
    RegistrationState,
    Visibility,
)

LEVELS = tuple(Visibility)
"""From the strictest to the most open."""
AND_COLUMNS = frozenset({"listed", "suggestable", "show_attendance", "mentor_open", "profiled"})
"""Choices of a person that hold only if both records say so."""
OR_COLUMNS = frozenset({"deceased", "ferpa_hold"})
"""Restrictions of a person that hold if either record says so."""
FILLED_COLUMNS = frozenset({"given_name", "family_name", "name_at_graduation", "pronouns"})
"""What the dropped record says where the kept one says nothing."""
OTHER_COLUMNS = frozenset({"source", "external_id", "choices_made_at", "member_edited"})
"""Columns with a rule of their own, in `person`."""
KEPT_COLUMNS = frozenset({"id", "display_name", "created_at", "updated_at"})
"""What the kept record says, in any case. A test knows that every column of a person stands in one of these."""
Changes = Mapping[str, Any]


def stricter(one: str, other: str) -> str:
    """The stricter of two levels."""
    return min(one, other, key=lambda level: LEVELS.index(Visibility(level)))


def person(kept: Row[Any], dropped: Row[Any]) -> dict[str, Any]:
    """The columns of a kept person that change."""
    wanted: dict[str, Any] = {name: getattr(kept, name) and getattr(dropped, name) for name in AND_COLUMNS}
    wanted |= {name: getattr(kept, name) or getattr(dropped, name) for name in OR_COLUMNS}
    wanted |= {name: getattr(dropped, name) for name in FILLED_COLUMNS if getattr(kept, name) is None}
    if kept.external_id is None:
        wanted |= {"source": dropped.source, "external_id": dropped.external_id}
    wanted["choices_made_at"] = _latest(kept.choices_made_at, dropped.choices_made_at)
    wanted["member_edited"] = sorted({*kept.member_edited, *dropped.member_edited})
    return _changed(kept, wanted)


def _latest(one: Any, other: Any) -> Any:
    return max((at for at in (one, other) if at is not None), default=None)


def _earliest(one: Any, other: Any) -> Any:
    return min((at for at in (one, other) if at is not None), default=None)


def _changed(kept: Row[Any], wanted: Changes) -> dict[str, Any]:
    return {name: value for name, value in wanted.items() if getattr(kept, name) != value}


# ---------------------------------------------------------------- two rows that say the same


def _fact(kept: Row[Any], dropped: Row[Any]) -> Changes:
    return {"visibility": stricter(kept.visibility, dropped.visibility)}


def _education(kept: Row[Any], dropped: Row[Any]) -> Changes:
    """What the registrar vouches for in either record is held back as the registrar's (rule P4), unless its person has
    released it in each. The level is that which was chosen; whether a hold keeps it shut is seen to afterwards."""
    recorded = [row.released_at for row in (kept, dropped) if row.registrar_sourced]
    level = stricter(kept.chosen_visibility or kept.visibility, dropped.chosen_visibility or dropped.visibility)
    return {
        "visibility": level,
        "chosen_visibility": None,
        "registrar_sourced": bool(recorded),
        "released_at": max(recorded) if recorded and None not in recorded else None,
    }


def _contact(kept: Row[Any], dropped: Row[Any]) -> Changes:
    statuses = tuple(ContactStatus)
    status = max(kept.status, dropped.status, key=lambda one: statuses.index(ContactStatus(one)))
    return {**_fact(kept, dropped), "status": status}


def _registration(kept: Row[Any], dropped: Row[Any]) -> Changes:
    """Who has a seat by either record has one."""
    if dropped.state == RegistrationState.CONFIRMED != kept.state:
        return {"state": dropped.state, "registered_at": dropped.registered_at}
    return {}


def _mentorship(kept: Row[Any], dropped: Row[Any]) -> Changes:
    """Two open ones of one pair: what was said yes to goes on."""
    if dropped.state == MentorshipState.ACCEPTED != kept.state:
        return {"state": dropped.state, "answered_at": dropped.answered_at}
    return {}


def _mentor(kept: Row[Any], dropped: Row[Any]) -> Changes:
    return {
        "about": kept.about if kept.about is not None else dropped.about,
        "paused_until": _latest(kept.paused_until, dropped.paused_until),
    }


def _account(kept: Row[Any], dropped: Row[Any]) -> Changes:
    """The kept account keeps its rights: a merge gives nobody any."""
    return {
        "first_signed_in_at": _earliest(kept.first_signed_in_at, dropped.first_signed_in_at),
        "last_signed_in_at": _latest(kept.last_signed_in_at, dropped.last_signed_in_at),
    }


_RULES: Mapping[str, Callable[[Row[Any], Row[Any]], Changes]] = {
    **dict.fromkeys(
        ("experiences", "skills", "interests", "places", "links", "person_texts"),
        _fact,
    ),
    "educations": _education,
    "contact_points": _contact,
    "registrations": _registration,
    "mentorships": _mentorship,
    "mentor_profiles": _mentor,
    "accounts": _account,
}


def twin(table: str, kept: Row[Any], dropped: Row[Any]) -> dict[str, Any]:
    """The columns of a row that stays which change when another that says the same is removed in its favour."""
    rule = _RULES.get(table)
    return {} if rule is None else _changed(kept, rule(kept, dropped))


# ---------------------------------------------------------------- ties


def tie(kept: Row[Any], dropped: Row[Any], moved: Changes) -> dict[str, Any]:
    """The same for two connections with one and the same third person: each end's stricter level; and if the one that
    goes was accepted, so is the one that stays. `moved` has the ends of `dropped` as they are now."""
    wanted: dict[str, Any] = {
        name: stricter(getattr(kept, name), moved[name]) for name in ("low_visibility", "high_visibility")
    }
    if dropped.state == ConnectionState.ACCEPTED != kept.state:
        names = ("state", "message", "requested_at", "answered_at", "connected_at")
        wanted |= {name: getattr(dropped, name) for name in names} | {"requester_id": moved["requester_id"]}
    return _changed(kept, wanted)


OFFICERS = frozenset({AccountRole.STAFF, AccountRole.ADMIN})
"""Whose records an admin merges."""
