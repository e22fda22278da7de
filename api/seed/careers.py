"""Careers of the demo network: for each track its titles from junior to senior, their ISCO-08 code, and its skills."""

from dataclasses import dataclass
from random import Random

from api.seed.drawing import draw_some, pick
from api.seed.tables import items, rows

TABLE = """
academia | 2310 | Teaching Assistant; Lecturer; Associate Professor; Professor | curriculum design; academic writing; peer review; supervision
accounting | 2411 | Junior Accountant; Accountant; Senior Auditor; Finance Director | auditing; tax planning; bookkeeping; forecasting
actuary | 2120 | Actuarial Analyst; Actuary; Senior Actuary; Chief Actuary | risk modelling; statistics; pricing; reserving
analyst | 2421 | Junior Analyst; Business Analyst; Senior Analyst; Head of Analysis | dashboards; requirements; forecasting; process mapping
architecture | 2161 | Architectural Assistant; Architect; Senior Architect; Partner | urban housing; building codes; timber construction; daylight design
arts | 2651 | Studio Assistant; Artist; Exhibiting Artist; Studio Director | painting; printmaking; grant writing; exhibitions
biomedical | 2149 | Research Engineer; Biomedical Engineer; Senior Engineer; Head of Devices | medical devices; clinical trials; signal processing; regulatory affairs
chemical | 2145 | Process Engineer; Chemical Engineer; Plant Engineer; Plant Manager | process safety; catalysis; water treatment; scale-up
chemistry | 2113 | Laboratory Chemist; Chemist; Senior Chemist; Laboratory Head | spectroscopy; polymers; quality control; green chemistry
civil | 2142 | Graduate Engineer; Civil Engineer; Senior Engineer; Chief Engineer | bridges; hydraulics; earthquake design; site safety
communications | 2432 | Communications Assistant; Press Officer; Communications Manager; Communications Director | media relations; speech writing; crisis communication; storytelling
construction | 1323 | Site Engineer; Site Manager; Project Manager; Construction Director | scheduling; procurement; low-carbon concrete; contracts
consulting | 2421 | Associate; Consultant; Senior Consultant; Partner | strategy; facilitation; change management; market entry
data | 2511 | Data Analyst; Data Scientist; Senior Data Scientist; Head of Data | machine learning; statistics; data visualisation; forecasting
design | 2166 | Junior Designer; Product Designer; Senior Designer; Design Director | user research; typography; accessibility; prototyping
economics | 2631 | Research Assistant; Economist; Senior Economist; Chief Economist | labour markets; econometrics; trade policy; cost-benefit analysis
electrical | 2151 | Junior Engineer; Electrical Engineer; Senior Engineer; Engineering Manager | power grids; embedded systems; batteries; circuit design
energy | 2149 | Energy Analyst; Energy Engineer; Senior Engineer; Head of Renewables | solar power; wind power; energy storage; grid planning
environment | 2133 | Field Assistant; Environmental Scientist; Senior Scientist; Programme Lead | climate adaptation; biodiversity; water quality; impact assessment
film | 2654 | Production Assistant; Editor; Producer; Director | documentary film; editing; script development; sound design
finance | 2412 | Analyst; Financial Adviser; Portfolio Manager; Investment Director | valuation; impact investing; venture capital; risk management
founder | 1120 | Co-founder; Chief Product Officer; Founder; Chief Executive | fundraising; hiring; product strategy; pitching
geology | 2114 | Field Geologist; Geologist; Senior Geologist; Exploration Manager | geothermal energy; mapping; groundwater; seismology
itops | 2522 | Support Engineer; Systems Administrator; Site Reliability Engineer; Head of Infrastructure | cloud infrastructure; networks; incident response; automation
journalism | 2642 | Reporter; Journalist; Editor; Editor-in-Chief | investigative reporting; interviewing; fact checking; podcasts
law | 2611 | Trainee Lawyer; Lawyer; Senior Counsel; Partner | contract law; immigration law; intellectual property; mediation
library | 2622 | Library Assistant; Librarian; Digital Curator; Head Librarian | archives; metadata; open access; information literacy
manufacturing | 2141 | Production Engineer; Manufacturing Engineer; Quality Manager; Operations Director | lean production; robotics; quality management; supplier audits
marketing | 2431 | Marketing Assistant; Brand Manager; Marketing Manager; Marketing Director | brand strategy; content marketing; market research; campaigns
mechanical | 2144 | Design Engineer; Mechanical Engineer; Senior Engineer; Head of Engineering | thermodynamics; prototyping; simulation; materials
medicine | 2211 | Resident Physician; Physician; Attending Physician; Chief Physician | primary care; rural health; telemedicine; clinical teaching
museum | 2621 | Museum Assistant; Curator; Senior Curator; Museum Director | exhibitions; provenance; conservation; public programmes
music | 2652 | Music Teacher; Performer; Ensemble Leader; Artistic Director | chamber music; composition; violin; choir conducting
nonprofit | 1349 | Programme Assistant; Programme Officer; Programme Manager; Executive Director | fundraising; grant writing; volunteer management; advocacy
nursing | 2221 | Registered Nurse; Charge Nurse; Nurse Practitioner; Director of Nursing | palliative care; patient education; triage; wound care
people_ops | 2423 | HR Assistant; Recruiter; People Partner; Head of People | interviewing; career coaching; inclusion; compensation
pharmacy | 2262 | Pharmacist; Clinical Pharmacist; Senior Pharmacist; Pharmacy Director | drug safety; patient counselling; clinical trials; regulation
physics | 2111 | Research Assistant; Physicist; Senior Physicist; Group Leader | optics; quantum sensors; numerical simulation; detectors
planning | 2164 | Planning Assistant; Urban Planner; Senior Planner; Director of Planning | public transport; participatory planning; housing policy; street design
policy | 2422 | Policy Assistant; Policy Adviser; Senior Adviser; Director of Policy | climate policy; education policy; legislation; stakeholder dialogue
primary | 2341 | Primary Teacher; Class Teacher; Head of Year; Head Teacher | early literacy; classroom management; inclusive teaching; outdoor education
product | 2421 | Associate Product Manager; Product Manager; Senior Product Manager; Head of Product | product discovery; roadmaps; pricing; user research
psychology | 2634 | Psychology Assistant; Psychologist; Senior Psychologist; Clinical Lead | cognitive therapy; child psychology; research methods; supervision
public_health | 2269 | Health Promoter; Epidemiologist; Senior Epidemiologist; Programme Director | epidemiology; vaccination; health equity; surveillance
research_life | 2131 | Research Assistant; Biologist; Senior Scientist; Principal Investigator | genomics; cell culture; bioinformatics; ecology
security | 2529 | Security Analyst; Security Engineer; Security Architect; Chief Security Officer | threat modelling; cryptography; incident response; penetration testing
social_work | 2635 | Case Worker; Social Worker; Team Lead; Service Director | youth work; family support; refugee support; supervision
software | 2512 | Junior Developer; Software Engineer; Senior Engineer; Engineering Manager | distributed systems; python; web development; code review
supply | 1324 | Logistics Coordinator; Supply Planner; Supply Chain Manager; Logistics Director | procurement; demand planning; cold chains; negotiation
teaching | 2330 | Student Teacher; Secondary Teacher; Head of Department; School Principal | lesson design; mathematics teaching; mentoring teachers; assessment
therapy | 2264 | Physiotherapist; Senior Physiotherapist; Clinic Lead; Clinic Director | sports injuries; rehabilitation; manual therapy; ergonomics
translation | 2643 | Translator; Senior Translator; Language Lead; Agency Director | interpreting; localisation; terminology; subtitling
veterinary | 2250 | Veterinary Assistant; Veterinarian; Senior Veterinarian; Practice Owner | wildlife medicine; surgery; herd health; animal welfare
writing | 2641 | Copywriter; Author; Senior Editor; Publisher | fiction; editing; creative workshops; publishing
"""

PLACES_OF_WORK = items("""
Alder & Finch; Amberline; Arclight Studios; Ashgrove Clinics; Aster Foundation; Aurelia Bank; Bayside Transit; Beacon Learning;
Birch Hollow School; Blue Harbour Shipping; Brightwater Utilities; Brackenridge Hospital; Calder Engineering; Canopy Analytics;
Cedar Street Theatre; Cinder Labs; Clearfield Energy; Cobalt Systems; Common Ground Housing; Corvid Security; Crestline Media;
Dovetail Design; Eastgate Museum; Echo Valley Press; Elmstead Council; Emberlight Films; Evergreen Trust; Fairmile Logistics;
Fathom Ocean Institute; Fernleaf Foods; Field & Furrow; Forge Robotics; Foxglove Pharma; Gable Architects; Glasswing Ventures;
Goldcrest Insurance; Granite Peak Construction; Greenlight Mobility; Halcyon Health; Harrow & Vale; Hearthstone Homes; Highmoor Academy;
Hollow Tree Records; Horizon Relief; Indigo Textiles; Ironbridge Steel; Juniper Genomics; Kestrel Aerospace; Kite Street Library;
Lantern Press; Larkfield Schools; Ledgerline; Lighthouse Legal; Lindenhof Music; Lumen Optics; Maple Bay Fisheries; Meridian Consulting;
Mosaic Refugee Support; Millrace Hydro; Moonrise Games; Northlight Observatory; Nimbus Cloud; Oakhaven Hospital; Old Quay Brewery;
Open Fields Institute; Orchard Therapeutics; Osprey Environmental; Paperboat Publishing; Parallax Software; Pebble Payments;
Pinnacle Sports Medicine; Pioneer Planning Partners; Prairie Wind Power; Quarry Lane Studios; Quillpoint; Redwood Veterinary; Riverbend Credit Union;
Rowan Street Chambers; Saltmarsh Conservancy; Sapling Schools; Seabright Port; Silverline Rail; Skylark Travel; Solstice Solar; Sparrow Health;
Springboard Labs; Stonebridge Capital; Summit Outdoor; Sycamore Insurance; Tallgrass Research; Tandem Bicycles; Terrace Housing Trust; Thistle Marketing;
Tidewater Chemistry; Torchlight Journal; Trellis Biotech; Umber Ceramics; Underhill Archives; Valley Relief Fund; Vantage Data; Verdant Agriculture;
Vista Actuarial; Wayfarer Maps; Waterwheel Foods; Wellspring Charity; Westbrook Institute; Willow Park Hospice; Windmill Theatre; Woodlark School;
Wrenfield University; Yonder Aerials; Zinnia Skincare; City of Larkhaven; County of Ashbourne; Ministry of Coastal Affairs; Province Health Board
""")


@dataclass(frozen=True)
class Track:
    """One line of work."""

    key: str
    isco: str
    titles: tuple[str, ...]
    skills: tuple[str, ...]


TRACKS: dict[str, Track] = {row[0]: Track(row[0], row[1], items(row[2]), items(row[3])) for row in rows(TABLE)}


@dataclass(frozen=True)
class Job:
    """One experience; `end` is None while it lasts."""

    title: str
    organization: int
    start: int
    end: int | None


def draw_career(random: Random, track: Track, from_year: int, to_year: int) -> list[Job]:
    """One to five jobs of the track, one after the other, growing in seniority; the last one lasts."""
    years = to_year - from_year
    if years < 0:
        return []
    count = min(5, 1 + years // 6 + (random.random() < 0.4))
    homes = PLACES_BY_TRACK[track.key]
    starts = sorted({from_year, *draw_some(random, range(from_year + 1, to_year + 1), count - 1)})
    jobs: list[Job] = []
    for place, start in enumerate(starts):
        last = place == len(starts) - 1
        level = min(len(track.titles) - 1, (start - from_year) // 7 + (place > 0 and random.random() < 0.5))
        jobs.append(Job(track.titles[level], pick(random, homes), start, None if last else starts[place + 1]))
    return jobs


PLACES_BY_TRACK: dict[str, tuple[int, ...]] = {
    key: tuple(sorted(Random(key).sample(range(len(PLACES_OF_WORK)), 14))) for key in TRACKS
}
"""Where people of a track work: some fourteen places each, so that colleagues meet."""
