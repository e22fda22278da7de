"""The whole schema: queries and mutations merged from the nouns, with the engine installed."""

import strawberry
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from schema.engine.execution import Engine
from schema.engine.resolving import install
from schema.errors import HANDLERS
from schema.people.facts import ContactPoint, Education, Experience, Interest, Link, PersonText, Place, Skill
from schema.people.queries import PeopleQuery
from schema.scalars import SCALARS


def build_schema() -> strawberry.Schema:
    """The schema, ready to run. Each call gives a new one."""
    schema = strawberry.Schema(
        query=merge_types("Query", (PeopleQuery,)),
        types=[Education, Experience, Skill, Interest, Place, ContactPoint, Link, PersonText],
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=True),
        exception_handlers=HANDLERS,
    )
    schema.engine = Engine(schema._schema)
    install(schema._schema, schema.engine)
    return schema
