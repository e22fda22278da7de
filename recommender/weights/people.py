"""What counts for people you should meet, and how much. Chosen on the half of the researchers kept for choosing."""

from enum import StrEnum

from recommender.features import Space
from recommender.ranking import RankingConfig, Weight


class Feature(StrEnum):
    """One number about a pair of people."""

    CONTACTS = "CONTACTS"
    """Adamic-Adar over mutual contacts, newer ties counting more."""
    EMPLOYER = "EMPLOYER"
    """Employers in common, counting more the smaller they are and the longer both were there at the same time."""
    PROGRAMME = "PROGRAMME"
    COHORT = "COHORT"
    PLACE = "PLACE"
    SKILL = "SKILL"
    INTEREST = "INTEREST"
    EVENTS = "EVENTS"
    """Events that both come to, small and late ones counting more."""
    TEXT = "TEXT"
    """Likeness of what they did, studied and say: the mean of the best three pairs of facts."""
    RECEIVES = "RECEIVES"
    """The other offers what this one seeks."""
    GIVES = "GIVES"
    """The other seeks what this one offers."""


SPACE = Space(
    tuple(Feature),
    summed=frozenset(
        {Feature.CONTACTS, Feature.EMPLOYER, Feature.PLACE, Feature.SKILL, Feature.INTEREST, Feature.EVENTS}
    ),
    averaged=frozenset({Feature.TEXT}),
    directed=(Feature.RECEIVES, Feature.GIVES),
)
PEOPLE = RankingConfig(
    SPACE,
    weights={
        Feature.CONTACTS: Weight(3.0, half=0.6),
        Feature.EMPLOYER: Weight(1.2, half=0.4),
        Feature.PROGRAMME: Weight(0.6, half=0.5),
        Feature.COHORT: Weight(0.5, half=0.5),
        Feature.PLACE: Weight(0.6, half=0.4),
        Feature.SKILL: Weight(0.5, half=0.6),
        Feature.INTEREST: Weight(0.5, half=0.6),
        Feature.EVENTS: Weight(1.0, half=0.5),
        Feature.TEXT: Weight(1.0, half=0.5),
        Feature.RECEIVES: Weight(1.5, half=0.5),
        Feature.GIVES: Weight(1.5, half=0.5),
    },
    quotas={
        "contacts": 170,
        "events": 20,
        "colleagues": 20,
        "shared": 40,
        "similar": 50,
        "circles": 40,
        "receives": 20,
        "gives": 20,
        "popular": 10,
        "chance": 10,
    },
)
"""At most 400 candidates a list."""
