"""What counts for events you may like, and how much. Chosen on the half of the meetups kept for choosing."""

from enum import StrEnum

from recommender.features import Space
from recommender.ranking import RankingConfig, Weight


class Feature(StrEnum):
    """One number about a person and an event."""

    ORGANIZER = "ORGANIZER"
    """How often, and how lately, the person came to those who hold it."""
    TIME = "TIME"
    """The same weekday at about the same hour, counted likewise."""
    VENUE = "VENUE"
    """The same house, counted likewise; of events at a place."""
    PLACE = "PLACE"
    """In a city where the person lives, works or came to events; of events at a place."""
    COMPANIONS = "COMPANIONS"
    """Who comes of those whom the person knows or often met at events, as far as the person may know of it."""
    LIKE_ATTENDED = "LIKE_ATTENDED"
    """Likeness to what the person came to: the mean of the best three."""
    LIKE_SAID = "LIKE_SAID"
    """Likeness to what the person says, seeks and did: the mean of the best three."""
    NAMED = "NAMED"
    """It names interests or skills of the person."""
    POPULAR = "POPULAR"
    """How many come, in fives."""


SPACE = Space(
    tuple(Feature),
    summed=frozenset({Feature.COMPANIONS, Feature.NAMED}),
    averaged=frozenset({Feature.LIKE_ATTENDED, Feature.LIKE_SAID}),
)
EVENTS = RankingConfig(
    SPACE,
    weights={
        Feature.ORGANIZER: Weight(4.0, half=4.0),
        Feature.TIME: Weight(2.0, half=8.0),
        Feature.VENUE: Weight(2.0, half=1.0),
        Feature.PLACE: Weight(1.0, half=0.5),
        Feature.COMPANIONS: Weight(5.0, half=15.0),
        Feature.LIKE_ATTENDED: Weight(4.0, half=1.0),
        Feature.LIKE_SAID: Weight(1.0, half=0.5),
        Feature.NAMED: Weight(1.0, half=4.0),
        Feature.POPULAR: Weight(0.5, half=20.0),
    },
    quotas={"soonest": 200, "habit": 100, "companions": 50, "similar": 50},
    half_life_years=1.0,
)
"""At most 400 candidates a list."""
