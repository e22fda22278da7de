"""The dated roles of people."""

from datetime import date

import strawberry

from api import access, models
from schema.engine.sources import column, table


@strawberry.type(description="A role held from a day until another (exclusive).")
@table(models.PersonRole, access.sees_role)
class PersonRole:
    """See `models.PersonRole`."""

    kind: models.PersonRoleKind = column(models.PersonRole.kind, "The role.")
    starts_on: date | None = column(models.PersonRole.starts_on, "Its first day, where known.")
    ends_on: date | None = column(models.PersonRole.ends_on, "The day after its last; null while it lasts.")
