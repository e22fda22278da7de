"""The other facts about a person: skills, interests, places, contact points, links, and texts."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, Computed, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.careers import search_column
from api.models.columns import Fact, embeddable_key, enum_column, holders_index


class TagKind(StrEnum):
    """Whether somebody has it, wants it, or offers it to others."""

    HAVE = "HAVE"
    WANT = "WANT"
    OFFER = "OFFER"


class Skill(Fact):
    """A skill by name, with its ESCO concept where known."""

    __tablename__ = "skills"
    __table_args__ = (
        UniqueConstraint("person_id", "name_folded", "kind"),
        holders_index("skills", "name_folded"),
        Index("ix_skills_search", "search", postgresql_using="gin"),
    )

    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(Text, Computed("alumni_fold(name)", persisted=True))
    kind: Mapped[TagKind] = mapped_column(enum_column(TagKind, "kind"))
    esco_uri: Mapped[str | None] = mapped_column(Text)
    search: Mapped[str] = search_column("name")


class Interest(Fact):
    """Something somebody cares about, by name."""

    __tablename__ = "interests"
    __table_args__ = (
        UniqueConstraint("person_id", "name_folded", "kind"),
        holders_index("interests", "name_folded"),
        Index("ix_interests_search", "search", postgresql_using="gin"),
    )

    name: Mapped[str] = mapped_column(Text)
    name_folded: Mapped[str] = mapped_column(Text, Computed("alumni_fold(name)", persisted=True))
    kind: Mapped[TagKind] = mapped_column(enum_column(TagKind, "kind"))
    search: Mapped[str] = search_column("name")


class PlaceKind(StrEnum):
    """What a place is to the person."""

    HOME = "HOME"
    WORK = "WORK"
    ORIGIN = "ORIGIN"


class Place(Fact):
    """Where somebody lives, works or comes from, down to the city."""

    __tablename__ = "places"
    __table_args__ = (
        UniqueConstraint("person_id", "kind"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_format"),
        holders_index("places", "city_folded", "country"),
        Index("ix_places_country", "country"),
        Index("ix_places_search", "search", postgresql_using="gin"),
    )

    kind: Mapped[PlaceKind] = mapped_column(enum_column(PlaceKind, "kind"))
    city: Mapped[str | None] = mapped_column(Text)
    city_folded: Mapped[str | None] = mapped_column(Text, Computed("alumni_fold(city)", persisted=True))
    region: Mapped[str | None] = mapped_column(Text)
    country: Mapped[str] = mapped_column(Text)
    """ISO 3166-1 alpha-2."""
    time_zone: Mapped[str | None] = mapped_column(Text)
    """IANA name."""
    search: Mapped[str] = search_column("city", "region")


class ContactKind(StrEnum):
    """How somebody is reached."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"


class ContactStatus(StrEnum):
    """Whether a contact point may be used."""

    ACTIVE = "ACTIVE"
    HELD = "HELD"
    SUPPRESSED = "SUPPRESSED"


class ContactPoint(Fact):
    """An e-mail address (lower case) or a phone number (E.164). Addresses may be shared by people."""

    __tablename__ = "contact_points"
    __table_args__ = (
        UniqueConstraint("person_id", "kind", "value"),
        Index("ix_contact_points_value", "value"),
        Index("ix_contact_points_search", "search", postgresql_using="gin"),
    )

    kind: Mapped[ContactKind] = mapped_column(enum_column(ContactKind, "kind"))
    value: Mapped[str] = mapped_column(Text)
    status: Mapped[ContactStatus] = mapped_column(enum_column(ContactStatus, "status"), server_default=text("'ACTIVE'"))
    search: Mapped[str] = search_column("value")


class LinkKind(StrEnum):
    """What a link leads to."""

    WEBSITE = "WEBSITE"
    LINKEDIN = "LINKEDIN"
    GITHUB = "GITHUB"
    ORCID = "ORCID"
    OTHER = "OTHER"


class Link(Fact):
    """A page of the person on the web."""

    __tablename__ = "links"
    __table_args__ = (
        UniqueConstraint("person_id", "url"),
        Index("ix_links_search", "search", postgresql_using="gin"),
    )

    kind: Mapped[LinkKind] = mapped_column(enum_column(LinkKind, "kind"))
    url: Mapped[str] = mapped_column(Text)
    search: Mapped[str] = search_column("url")


class TextKind(StrEnum):
    """What a text is about. A photo is a text too: its URL."""

    BIO = "BIO"
    SEEKS = "SEEKS"
    OFFERS = "OFFERS"
    PHOTO = "PHOTO"


class PersonText(Fact):
    """What somebody says in their own words: bio, what I seek, what I offer; and the photo's URL."""

    __tablename__ = "person_texts"
    __table_args__ = (
        embeddable_key(),
        UniqueConstraint("person_id", "kind"),
        Index("ix_person_texts_search", "search", postgresql_using="gin"),
    )

    kind: Mapped[TextKind] = mapped_column(enum_column(TextKind, "kind"))
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(Text)
    """BCP 47."""
    search: Mapped[str] = search_column("case when kind <> 'PHOTO' then text end")
