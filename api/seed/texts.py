"""What people of the demo network say of themselves: sentences put together from parts, differently for each."""

from random import Random

from api.seed.careers import Track
from api.seed.drawing import chance, pick
from api.seed.tables import items

INTERESTS = items("""
hiking; choral singing; bread baking; chess; open-source software; birdwatching; community gardening; long-distance running;
local history; science fiction; pottery; sailing; jazz; photography; language exchange; board games; cycling; astronomy;
youth football; climate action; amateur theatre; cooking; rock climbing; poetry; woodworking; swimming; documentary film;
beekeeping; public libraries; microfinance; girls in science; refugee welcome; food banks; restoration of old houses
""")
OPENINGS = (
    "{title} at {place} in {city}.", "I work as {article} {title_lower} in {city}.", "Based in {city}, currently with {place}.",
    "After {years} years in the field I am now {article} {title_lower}.", "{city} is home; {place} is where you find me.",
    "Trained in {programme}, now {article} {title_lower}.", "My days go to {skill} and, when there is time, {interest}.",
)  # fmt: skip
MIDDLES = (
    "What I care about most is {skill}.", "Lately I have been deep in {skill} and {other_skill}.",
    "I moved from {programme} to {skill} and never looked back.", "My team works on {skill}.",
    "I came to {city} for the work and stayed for {interest}.", "Most of what I know about {skill} I learned from others.",
    "I try to bring {skill} to people who usually go without.", "{programme} taught me to ask; {skill} taught me to answer.",
)  # fmt: skip
CLOSINGS = (
    "Outside work: {interest}.", "Ask me about {interest}.", "On weekends I am usually busy with {interest}.",
    "Happy to talk about {other_skill} or {interest}.", "", "I still miss the campus in autumn.",
    "Always glad to meet people from my years.", "Parent, neighbour, and keen on {interest}.",
)  # fmt: skip
SEEKS = (
    "Advice on moving into {want}.", "I am looking for somebody who has done {want} in practice.",
    "People to exchange ideas on {want} with.", "A mentor for {want}, ideally near {city}.",
    "I would like to learn {want} and can give an evening a week.", "Partners for a small project on {want}.",
    "Somebody who can tell me honestly what {want} is like.", "Contacts in {other_city} who work with {want}.",
    "Help with {want} for a community group.", "A new role where {skill} meets {want}.",
)  # fmt: skip
OFFERS = (
    "Half an hour on {skill}, any time.", "I can review a first draft on {skill}.", "Mentoring in {skill} for recent graduates.",
    "A tour of {place} and a frank talk about {skill}.", "Introductions in {city}.", "Practice interviews for {title_lower} roles.",
    "Workshops on {skill} for student groups.", "Hands-on help with {skill} and {other_skill}.",
    "I have made most mistakes in {skill} and am glad to save you some.", "Advice on {skill} for those who change careers.",
)  # fmt: skip


def draw_words(
    random: Random,
    track: Track,
    *,
    title: str,
    place: str,
    city: str,
    other_city: str,
    programme: str,
    years: int,
    want: str,
) -> dict[str, str]:
    """What the sentences of one person are filled with."""
    lower = title[0].lower() + title[1:] if not title.startswith("HR") else title
    skill = pick(random, track.skills)
    return {
        "title": title,
        "title_lower": lower,
        "article": "an" if lower[0] in "aeiouH" else "a",
        "place": place,
        "city": city,
        "other_city": other_city,
        "programme": programme,
        "years": str(max(years, 2)),
        "skill": skill,
        "other_skill": pick(random, [one for one in track.skills if one != skill]),
        "interest": pick(random, INTERESTS),
        "want": want,
    }


def draw_bio(random: Random, words: dict[str, str]) -> str:
    """Two to four sentences."""
    parts = [pick(random, OPENINGS), pick(random, MIDDLES)]
    if chance(random, 0.5):
        parts.append(pick(random, MIDDLES))
    parts.append(pick(random, CLOSINGS))
    return " ".join(dict.fromkeys(part.format(**words) for part in parts if part))


def draw_seeks(random: Random, words: dict[str, str]) -> str:
    """What one person seeks."""
    return pick(random, SEEKS).format(**words)


def draw_offers(random: Random, words: dict[str, str]) -> str:
    """What one person offers."""
    first = pick(random, OFFERS).format(**words)
    second = pick(random, OFFERS).format(**words)
    return f"{first} {second}" if chance(random, 0.25) and second != first else first
