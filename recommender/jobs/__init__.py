"""Openings for a member: what the pipeline of `recommender.pages` is made of for them.

`traits` knows the viewer, `contacts` where contacts work, `sources` what might interest the viewer, `titles` compares
titles, and `signals` says what speaks for each opening.
"""

from recommender.evidence import Evidence
from recommender.evidence_kinds import EvidenceKind
from recommender.jobs.signals import read_signals
from recommender.jobs.sources import find_jobs, newest_first, suggestable
from recommender.pages import Pipeline
from recommender.weights.jobs import JOBS

PIPELINE = Pipeline(
    item="job_id",
    config=JOBS,
    allowed=suggestable,
    find=find_jobs,
    read=read_signals,
    plain=newest_first,
    otherwise=Evidence(EvidenceKind.COHORT, "Is open to members here, and new to you", 0.0),
)
