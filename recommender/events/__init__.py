"""Events for a member: what the pipeline of `recommender.pages` is made of for them.

`attendance` knows what the viewer came to and with whom, `sources` which events might fit, and `signals` what speaks
for each.
"""

from recommender.events.signals import read_signals
from recommender.events.sources import find_events, soonest_first, suggestable
from recommender.evidence import Evidence
from recommender.evidence_kinds import EvidenceKind
from recommender.pages import Pipeline
from recommender.signals import quote
from recommender.weights.events import EVENTS

PIPELINE = Pipeline(
    item="event_id",
    config=EVENTS,
    allowed=suggestable,
    find=find_events,
    read=read_signals,
    plain=soonest_first,
    quote=quote,
    otherwise=Evidence(EvidenceKind.COHORT, "Is open to members here, and soon", 0.0),
)
