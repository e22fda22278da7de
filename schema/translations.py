"""In which language texts are shown that are there in several: the first that the viewer reads, or the original's."""

from typing import Any

import strawberry
from sqlalchemy import ColumnElement, FromClause, any_, func, literal_column, select
from sqlalchemy.orm import DeclarativeBase

from api import access
from api.services.inputs import UNSET
from api.services.translations import Translation, Translations
from schema.engine.parameters import Scope
from schema.engine.sources import expression, from_clause

LANGUAGE = "Which language the texts are shown in, of those that they are there in: BCP 47; null where nobody said."
SHOWN = "In the first language of your Accept-Language that it is there in, and otherwise as it was written."
OTHERS = "The texts in other languages, each once: they replace those that are there."
_LAST: ColumnElement[int] = literal_column("2147483647")


def shown(model: type[DeclarativeBase], owner: str, column: str, description: str) -> Any:
    """A field that is a text of its row, or of the row's translation in `model` that the viewer reads best. `owner` is
    the column there that names the row."""
    return expression(lambda scope, row: _shown(scope, row, model, owner, column), description)


def _shown(scope: Scope, row: FromClause, model: type[DeclarativeBase], owner: str, column: str) -> ColumnElement[Any]:
    translation, read = from_clause(model).alias(), access.languages(scope.viewer)
    place, of_original = func.array_position(read, translation.c.language), func.array_position(read, row.c.language)
    best = (
        select(translation.c[column])
        .where(
            translation.c[owner] == row.c.id,
            translation.c.language == any_(read),
            place < func.coalesce(of_original, _LAST),
        )
        .order_by(place)
        .limit(literal_column("1"))
        .correlate_except(translation)
        .scalar_subquery()
    )
    return func.coalesce(best, row.c[column])


def changed(given: Any, title: str) -> Translations:
    """The translations of an input, in whose entries what it is called stands under `title`."""
    if given is strawberry.UNSET or given is None:
        return UNSET if given is strawberry.UNSET else ()
    return tuple(
        Translation(language=one.language, title=getattr(one, title), description=one.description or None)
        for one in given
    )
