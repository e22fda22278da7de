"""What the arguments mean that many fields have: said once, shown beside each of them."""

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from schema.engine.pages import MAX_FACET_VALUES, MAX_PAGE

PAGES = {
    "first": f"How many, from the start of the list: 1 to {MAX_PAGE}.",
    "after": "Only what comes after this cursor.",
    "last": f"How many, from the end of the list: 1 to {MAX_PAGE}. Give exactly one of first and last.",
    "before": "Only what comes before this cursor.",
    "filter": "Only what meets these conditions.",
    "orderBy": "The order: the first term decides, the next where it leaves a tie. Ties left are broken by id.",
}
OTHERS = {
    "id": "The global id.",
    "ids": "The global ids.",
    "text": "What to look for, in words.",
    "input": "What to do.",
    "profiled": "Whether the order may look at you; false gives a plain one (newest, soonest or longest there first).",
}
FACET_SIZE = f"The most frequent so many values: 1 to {MAX_FACET_VALUES}."


def describe_arguments(schema: GraphQLSchema) -> None:
    """Give the arguments that say nothing of themselves the description of their name."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for definition in kind.fields.values():
                known = PAGES | OTHERS if "after" in definition.args else OTHERS | {"first": FACET_SIZE}
                for name, argument in definition.args.items():
                    argument.description = argument.description or known.get(name)
