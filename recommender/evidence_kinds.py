"""The kinds of reason that a suggestion can give."""

from enum import StrEnum


class EvidenceKind(StrEnum):
    """What speaks for a suggestion."""

    MUTUAL_CONNECTION = "MUTUAL_CONNECTION"
    SHARED_EMPLOYER = "SHARED_EMPLOYER"
    SHARED_PROGRAMME = "SHARED_PROGRAMME"
    SHARED_COHORT = "SHARED_COHORT"
    SHARED_PLACE = "SHARED_PLACE"
    SHARED_SKILL = "SHARED_SKILL"
    SHARED_INTEREST = "SHARED_INTEREST"
    THEY_OFFER_WHAT_YOU_SEEK = "THEY_OFFER_WHAT_YOU_SEEK"
    YOU_OFFER_WHAT_THEY_SEEK = "YOU_OFFER_WHAT_THEY_SEEK"
    SIMILAR_EXPERIENCE = "SIMILAR_EXPERIENCE"
    SIMILAR_STUDIES = "SIMILAR_STUDIES"
    SIMILAR_TEXT = "SIMILAR_TEXT"
    COHORT = "COHORT"
    """Nothing more particular: somebody of your time here."""
