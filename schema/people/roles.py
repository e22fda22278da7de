"""The dated roles of people."""

from datetime import date

import strawberry

from api import models
from schema.engine.sources import column, table

PersonRoleKind = strawberry.enum(models.PersonRoleKind, description="What somebody is or was to the institution.")


@strawberry.type(description="A role held from a day until another (exclusive).")
@table(models.PersonRole, lambda _viewer, row: row.c.id.is_not(None))
class PersonRole:
    """See `models.PersonRole`."""

    kind: PersonRoleKind = column(models.PersonRole.kind, "The role.")
    starts_on: date | None = column(models.PersonRole.starts_on, "Its first day, where known.")
    ends_on: date | None = column(models.PersonRole.ends_on, "The day after its last; null while it lasts.")
