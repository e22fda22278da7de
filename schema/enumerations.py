"""The models' enumerations in the API, with their descriptions. Imported before any type that uses them."""

import strawberry

from api import models
from api.services.imports import ImportStatus
from recommender.evidence_kinds import EvidenceKind

for _kind, _description in (
    (models.AuditAction, "What an officer did."),
    (models.ContactKind, "How somebody is reached."),
    (models.ContactStatus, "Whether a contact point may be used."),
    (EvidenceKind, "What speaks for a suggestion."),
    (ImportStatus, "What became of a row of an import."),
    (models.LinkKind, "What a link leads to."),
    (models.PersonRoleKind, "What somebody is or was to the institution."),
    (models.PlaceKind, "What a place is to the person."),
    (models.TagKind, "Whether somebody has it, wants it, or offers it to others."),
    (models.TextKind, "What a text is about."),
    (models.Visibility, "Who sees a fact. Its owner always does."),
):
    strawberry.enum(_kind, description=_description)
