"""What people of the demo network studied: programmes with CIP 2020 codes, degrees, schools, and where they lead."""

from dataclasses import dataclass
from random import Random

from api.seed.drawing import Weighted
from api.seed.tables import items, rows

HOME_SCHOOL = "Northbridge University"

PROGRAMMES_TABLE = """
Computer Science | 11.0701 | science | 60 | software, software, data, security, product, itops
Information Science | 11.0401 | science | 16 | itops, data, product, library, security
Data Science | 30.7001 | science | 18 | data, data, software, analyst
Civil Engineering | 14.0801 | engineering | 26 | civil, civil, construction, planning
Mechanical Engineering | 14.1901 | engineering | 30 | mechanical, mechanical, manufacturing, energy
Electrical and Electronics Engineering | 14.1001 | engineering | 24 | electrical, electrical, energy, software
Chemical Engineering | 14.0701 | engineering | 14 | chemical, chemical, energy, manufacturing
Biomedical Engineering | 14.0501 | engineering | 14 | biomedical, biomedical, research_life
Industrial Engineering | 14.3501 | engineering | 12 | manufacturing, supply, consulting
Environmental Engineering | 14.1401 | engineering | 12 | environment, environment, energy, civil
Biology | 26.0101 | science | 30 | research_life, research_life, environment, medicine, teaching
Biochemistry | 26.0202 | science | 16 | research_life, research_life, medicine, pharmacy
Chemistry | 40.0501 | science | 14 | chemistry, chemistry, chemical, teaching
Physics | 40.0801 | science | 14 | physics, physics, data, software, teaching
Geology | 40.0601 | science | 8 | geology, geology, environment, energy
Mathematics | 27.0101 | science | 18 | data, analyst, actuary, teaching, software
Statistics | 27.0501 | science | 12 | data, actuary, analyst, public_health
Environmental Studies | 03.0103 | arts | 16 | environment, environment, policy, nonprofit
Nursing | 51.3801 | nursing | 34 | nursing, nursing, nursing, public_health
Medicine | 51.1201 | medicine | 24 | medicine
Pharmacy | 51.2001 | pharmacy | 12 | pharmacy
Public Health | 51.2201 | health | 18 | public_health, public_health, nonprofit, policy
Physical Therapy | 51.2308 | therapy | 8 | therapy
Veterinary Medicine | 01.8001 | veterinary | 6 | veterinary
Law | 22.0101 | law | 26 | law, law, law, policy
Business Administration | 52.0201 | business | 60 | consulting, marketing, product, supply, people_ops, founder, finance
Accounting | 52.0301 | business | 22 | accounting, accounting, finance
Finance | 52.0801 | business | 30 | finance, finance, analyst
Marketing | 52.1401 | business | 24 | marketing, marketing, communications, product
Entrepreneurship | 52.0701 | business | 10 | founder, founder, product, marketing
Economics | 45.0601 | arts | 40 | economics, analyst, finance, consulting, policy
Political Science | 45.1001 | arts | 30 | policy, policy, law, journalism, nonprofit
International Relations | 45.0901 | arts | 20 | policy, nonprofit, nonprofit, journalism
Sociology | 45.1101 | arts | 16 | social_work, nonprofit, policy, people_ops
Anthropology | 45.0201 | arts | 10 | museum, nonprofit, design, academia
Psychology | 42.0101 | arts | 36 | psychology, psychology, people_ops, social_work, design
Social Work | 44.0701 | social | 18 | social_work, social_work, nonprofit
Public Policy | 44.0501 | policy | 14 | policy, policy, economics, nonprofit
Elementary Education | 13.1202 | education | 22 | primary, primary, teaching
Secondary Education | 13.1205 | education | 18 | teaching, teaching, primary
English Literature | 23.0101 | arts | 30 | writing, journalism, communications, teaching, library
History | 54.0101 | arts | 24 | museum, teaching, law, journalism, academia
Philosophy | 38.0101 | arts | 14 | academia, law, writing, policy
Modern Languages | 16.0101 | arts | 14 | translation, translation, teaching, nonprofit
Journalism | 09.0401 | arts | 18 | journalism, journalism, communications
Communication | 09.0100 | arts | 22 | communications, communications, marketing
Graphic Design | 50.0409 | arts | 16 | design, design, arts
Music | 50.0901 | arts | 12 | music, music, teaching
Theatre Arts | 50.0501 | arts | 10 | film, film, arts, communications
Studio Art | 50.0702 | arts | 10 | arts, arts, museum, design
Architecture | 04.0201 | architecture | 16 | architecture, architecture, planning
Urban Planning | 04.0301 | planning | 10 | planning, planning, policy
"""

DEGREES = {
    "science": (("BS", 4, 70), ("MS", 2, 22), ("PhD", 5, 8)),
    "engineering": (("BEng", 4, 70), ("MEng", 1, 22), ("PhD", 5, 8)),
    "arts": (("BA", 4, 78), ("MA", 2, 18), ("PhD", 5, 4)),
    "nursing": (("BSN", 4, 80), ("MSN", 2, 20)),
    "medicine": (("MD", 4, 100),),
    "pharmacy": (("PharmD", 4, 100),),
    "health": (("BS", 4, 40), ("MPH", 2, 60)),
    "therapy": (("DPT", 3, 100),),
    "veterinary": (("DVM", 4, 100),),
    "law": (("JD", 3, 85), ("LLM", 1, 15)),
    "business": (("BBA", 4, 65), ("MBA", 2, 35)),
    "social": (("BSW", 4, 45), ("MSW", 2, 55)),
    "policy": (("MPP", 2, 100),),
    "education": (("BEd", 4, 70), ("MEd", 1, 30)),
    "architecture": (("BArch", 5, 60), ("MArch", 3, 40)),
    "planning": (("MUP", 2, 100),),
}
"""Per kind of programme: degree, years it takes, weight."""

FIRST_DEGREES = {"BS", "BEng", "BA", "BSN", "BBA", "BSW", "BEd", "BArch"}
FOLLOW_UPS = ("Business Administration", "Public Policy", "Public Health", "Law", "Data Science", "Urban Planning")
"""What people come back for years after a first degree in something else."""

OTHER_SCHOOLS = items("""
Ardmere College; Bellhaven State University; Calder Bay University; Claremount Technical University; Dunhollow College;
Eastmarch University; Fairwick Polytechnic; Glenrowan University; Harrowgate Institute of Technology;
Isle of Wren College; Kestrel Valley University; Lakeshire University; Maplethorpe College; Norhaven University;
Osterly Hills University; Pinecrest Community College; Queensferry Bay University; Redwater State University;
St Aldric's College; Tamarind Coast University; Upper Savanna University; Vesterbo University; Westmarch Business School;
Yarrow Park University; Zephyr Coast Institute
""")
HONOURS = ("cum laude", "magna cum laude", "summa cum laude", "with distinction", "Dean's list")


@dataclass(frozen=True)
class Programme:
    """A course of study; `number` is its place in `PROGRAMMES`, `tracks` the careers it leads to."""

    number: int
    name: str
    cip_code: str
    kind: str
    weight: int
    tracks: tuple[str, ...]


@dataclass(frozen=True)
class Degree:
    """What a programme ends with."""

    name: str
    years: int

    @property
    def first(self) -> bool:
        """Whether it needs no degree before it."""
        return self.name in FIRST_DEGREES


PROGRAMMES: tuple[Programme, ...] = tuple(
    Programme(number, row[0], row[1], row[2], int(row[3]), items(row[4], ","))
    for number, row in enumerate(rows(PROGRAMMES_TABLE))
)
BY_NAME = {programme.name: programme for programme in PROGRAMMES}
_PROGRAMMES = Weighted(PROGRAMMES, [programme.weight for programme in PROGRAMMES])
_BEFORE = Weighted(
    [one for one in PROGRAMMES if one.kind in {"arts", "science"}],
    [one.weight for one in PROGRAMMES if one.kind in {"arts", "science"}],
)
_DEGREES = {
    kind: Weighted([Degree(name, years) for name, years, _ in options], [weight for _, _, weight in options])
    for kind, options in DEGREES.items()
}
_FIRST = {kind: degrees.options[0] for kind, degrees in _DEGREES.items()}
_LAST = {kind: tuple(one for one in degrees.options if not one.first) for kind, degrees in _DEGREES.items()}


def draw_programme(random: Random) -> Programme:
    """A programme, the large ones more often."""
    return _PROGRAMMES.draw(random)


def draw_degree(random: Random, programme: Programme) -> Degree:
    """What somebody finishes the programme with."""
    return _DEGREES[programme.kind].draw(random)


def draw_previous(random: Random) -> tuple[Programme, Degree]:
    """The first degree of somebody whose main degree needs one."""
    programme = _BEFORE.draw(random)
    return programme, _FIRST[programme.kind]


def follow_up(name: str) -> tuple[Programme, Degree]:
    """The postgraduate degree of a programme that people come back for."""
    programme = BY_NAME[name]
    return programme, _LAST[programme.kind][0]
