"""How two people stand to a skill or an interest that both name: who has, offers or looks for it. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from api.models import TagKind
from recommender.evidence_kinds import EvidenceKind

WANT, HAVE, OFFER = TagKind.WANT, TagKind.HAVE, TagKind.OFFER
OFFERED, SOUGHT = "offered", "sought"
"""What keys begin with that say what the other offers, or seeks, to whoever does not just share it."""


@dataclass(frozen=True)
class Standing:
    """The reason for one way in which two people may stand to a tag."""

    mine: Collection[TagKind]
    theirs: Collection[TagKind]
    words: Mapping[str, str]
    """By the name of the tag's kind of fact."""
    prefix: str = ""
    kind: EvidenceKind | None = None
    """None: what two people share."""

    def text(self, name: str, label: str) -> str:
        """The reason in words."""
        return self.words[name].format(label)

    def key(self, name: str, value: str) -> str:
        """What it is about."""
        return f"{self.prefix}-{name}:{value}" if self.prefix else f"{name}:{value}"


STANDINGS = (
    Standing(
        {WANT},
        {OFFER},
        dict.fromkeys(("skill", "interest"), "Offers {}, which you seek"),
        OFFERED,
        EvidenceKind.THEY_OFFER_WHAT_YOU_SEEK,
    ),
    Standing(
        {OFFER},
        {WANT},
        dict.fromkeys(("skill", "interest"), "Seeks {}, which you offer"),
        SOUGHT,
        EvidenceKind.YOU_OFFER_WHAT_THEY_SEEK,
    ),
    Standing(
        {HAVE, OFFER},
        {HAVE, OFFER},
        {"skill": "You share the skill {}", "interest": "You share an interest in {}"},
    ),
    Standing(
        {WANT},
        {HAVE},
        {"skill": "Has the skill {}, which you seek", "interest": "Has an interest in {}, which you seek"},
    ),
    Standing(
        {HAVE},
        {WANT},
        {"skill": "Seeks {}, a skill of yours", "interest": "Seeks {}, an interest of yours"},
        SOUGHT,
    ),
    Standing({WANT}, {WANT}, dict.fromkeys(("skill", "interest"), "You both seek {}"), SOUGHT),
)
"""The first that fits is told."""


def standing(pairs: Collection[str]) -> Standing:
    """How two people stand to a tag, of which each may say several things: `pairs` are like "WANT OFFER", the viewer's
    first."""
    found = [(TagKind(mine), TagKind(theirs)) for mine, theirs in (pair.split() for pair in pairs)]
    return next(one for one in STANDINGS if any(mine in one.mine and theirs in one.theirs for mine, theirs in found))
