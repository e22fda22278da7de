"""What counts for openings, and how much.

Place, wishes, texts, titles and demand were chosen on the half of the views of openings kept for choosing. That set
knows no skills, former employers, contacts, earlier interests or dates: their weights are a judgement.
"""

from enum import StrEnum

from recommender.features import Space
from recommender.ranking import RankingConfig, Weight


class Feature(StrEnum):
    """One number about a member and an opening."""

    PLACE = "PLACE"
    """Where the work is, and where the member lives, works or would like to be."""
    SKILL = "SKILL"
    WISH = "WISH"
    """What the member wants to do, word by word."""
    SEEKS = "SEEKS"
    """Likeness to what the member says to be looking for."""
    WORK = "WORK"
    """Likeness to what the member did: the mean of the best three."""
    TITLE = "TITLE"
    """Words that the opening's title has in common with one of the member's."""
    EMPLOYER = "EMPLOYER"
    CONTACT = "CONTACT"
    """Contacts who work or worked there."""
    HABIT = "HABIT"
    """Likeness to what the member showed interest in."""
    DEMAND = "DEMAND"
    """How many are interested, in steps of five."""
    NEW = "NEW"


SPACE = Space(
    tuple(Feature),
    summed=frozenset({Feature.SKILL, Feature.CONTACT, Feature.HABIT}),
    averaged=frozenset({Feature.WORK}),
)
JOBS = RankingConfig(
    SPACE,
    weights={
        Feature.PLACE: Weight(3.5, half=0.6),
        Feature.SKILL: Weight(1.5, half=1.0),
        Feature.WISH: Weight(0.8, half=0.5),
        Feature.SEEKS: Weight(0.4, half=0.5),
        Feature.WORK: Weight(0.5, half=0.3),
        Feature.TITLE: Weight(0.8, half=0.5),
        Feature.EMPLOYER: Weight(0.5, half=0.5),
        Feature.CONTACT: Weight(1.0, half=1.0),
        Feature.HABIT: Weight(1.0, half=0.6),
        Feature.DEMAND: Weight(2.5, half=15.0),
        Feature.NEW: Weight(0.3, half=0.5),
    },
    quotas={"near": 190, "alike": 60, "worded": 80, "known": 20, "wanted": 30, "new": 20},
    repetition=0.1,
)
"""At most 400 candidates a list."""
