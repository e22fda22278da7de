"""What counts for mentors, and how much. Chosen by judgement: there is no public set of who mentored whom."""

from enum import StrEnum

from recommender.features import Space
from recommender.ranking import RankingConfig, Weight


class Feature(StrEnum):
    """One number about a mentor and somebody who might ask them."""

    SOUGHT = "SOUGHT"
    """The mentor can be asked about what this one seeks, or offers it."""
    FITTING = "FITTING"
    """What this one does, likes or offers is what the mentor advises on or seeks: the mentor's side of it."""
    PATH = "PATH"
    """The mentor did the work that this one seeks."""
    WORK = "WORK"
    """Likeness of what they did, studied and say: the mean of the best three pairs of facts."""
    EMPLOYER = "EMPLOYER"
    PROGRAMME = "PROGRAMME"
    PLACE = "PLACE"
    AHEAD = "AHEAD"
    """The mentor finished here some years before: six or more, and fading after twenty."""
    CONTACTS = "CONTACTS"
    """Adamic-Adar over mutual contacts, newer ties counting more."""
    PLACES = "PLACES"
    """How many more people the mentor takes."""


SPACE = Space(
    tuple(Feature),
    summed=frozenset({Feature.SOUGHT, Feature.FITTING, Feature.EMPLOYER, Feature.PLACE, Feature.CONTACTS}),
    averaged=frozenset({Feature.WORK}),
    directed=(Feature.SOUGHT, Feature.FITTING),
)
MENTORS = RankingConfig(
    SPACE,
    weights={
        Feature.SOUGHT: Weight(3.0, half=0.7),
        Feature.FITTING: Weight(1.5, half=0.7),
        Feature.PATH: Weight(1.2, half=0.5),
        Feature.WORK: Weight(0.8, half=0.5),
        Feature.EMPLOYER: Weight(0.4, half=0.4),
        Feature.PROGRAMME: Weight(0.5, half=0.5),
        Feature.PLACE: Weight(0.4, half=0.4),
        Feature.AHEAD: Weight(0.6, half=0.5),
        Feature.CONTACTS: Weight(0.6, half=0.6),
        Feature.PLACES: Weight(0.2, half=2.0),
    },
    quotas={"topics": 120, "advice": 80, "texts": 60, "contacts": 40, "shared": 100},
    floor=1.0,
)
"""At most 400 candidates a list. Whoever is in the pool has said yes to somebody: a mentor of another field than one's
own does not sink as a stranger would, hence the floor."""
