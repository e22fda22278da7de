"""What is asked of every server, and what the floor runs for it: one statement each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.relations import SIMILAR, texts

PROFILE = "id displayName givenName familyName nameAtGraduation pronouns deceased classYear headline bio"
CARD = "id displayName pronouns classYear headline"
EXPERIENCES = "experiences { title startDate endDate current organization { name country } }"
EDUCATIONS = "educations { school degree programme startDate endDate }"


@dataclass(frozen=True)
class Work:
    """One question."""

    name: str
    title: str
    query: str
    """In our own schema; the textbook and Mercurius copy it."""
    floor: str
    """One statement: `$1` is the viewer, `$2` and on are `values`. It gives the whole answer under `data` as JSON."""
    values: tuple[str, ...] = ()
    """The variables that the floor's statement takes, in order."""
    same_work: bool = True
    """Whether our own server does no more than the others for it."""

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return not self.query.startswith("mutation")


def fill(statement: str) -> str:
    """The statement with what a member sees in place of `{people}` and the like."""
    for name, rows in texts().items():
        statement = statement.replace(f"{{{name}}}", f"({rows})")
    return statement


_PROFILE_COLUMNS = """
p.global_id as id, p.display_name as "displayName", p.given_name as "givenName", p.family_name as "familyName",
p.name_at_graduation as "nameAtGraduation", p.pronouns, p.deceased, p.class_year as "classYear", p.headline, p.bio
"""
_CARD_COLUMNS = """
p.global_id as id, p.display_name as "displayName", p.pronouns, p.class_year as "classYear", p.headline
"""

PERSON = Work(
    "Q1",
    "one person, ten fields",
    f"query ($id: ID!) {{ person(id: $id) {{ {PROFILE} }} }}",
    f"""
    select json_build_object('person', (
      select row_to_json(t) from (select {_PROFILE_COLUMNS} from {{people}} p where p.id = $2) t
    ))
    """,
    ("key",),
)
PAGE = Work(
    "Q2",
    "a page of 50 with totalCount",
    f"{{ people(first: 50) {{ totalCount nodes {{ {CARD} }} }} }}",
    f"""
    select json_build_object('people', json_build_object(
      'totalCount', (select count(*) from {{people}} c),
      'nodes', (select coalesce(json_agg(t), '[]') from (
        select {_CARD_COLUMNS} from (select * from {{people}} r order by r.name_sort, r.id limit 50) p
        order by p.name_sort, p.id
      ) t)
    ))
    """,
)
GRAPH = Work(
    "Q3",
    "20 people with experiences, organisations, educations",
    f"{{ people(first: 20) {{ nodes {{ id displayName {EXPERIENCES} {EDUCATIONS} }} }} }}",
    """
    select json_build_object('people', json_build_object('nodes', (
      select coalesce(json_agg(t), '[]') from (
        select p.global_id as id, p.display_name as "displayName",
          (select coalesce(json_agg(f), '[]') from (
            select x.title, x.start_date as "startDate", x.end_date as "endDate", x.current,
              (select row_to_json(g) from (select o.name, o.country from {organizations} o
                where o.id = x.organization_id) g) as organization
            from {experiences} x where x.person_id = p.id
            order by x.last_date desc, x.start_date desc nulls last, x.id
          ) f) as experiences,
          (select coalesce(json_agg(f), '[]') from (
            select e.school, e.degree, e.programme, e.start_date as "startDate", e.end_date as "endDate"
            from {educations} e where e.person_id = p.id
            order by e.last_date desc, e.first_date desc nulls last, e.id
          ) f) as educations
        from (select * from {people} r order by r.name_sort, r.id limit 20) p
        order by p.name_sort, p.id
      ) t
    )))
    """,
)
FILTERED = Work(
    "Q4",
    "20 of a filtered list",
    "query ($city: String!, $year: Int!) { people(first: 20, filter: {city: {eq: $city}, classYear: {eq: $year}})"
    f" {{ nodes {{ {CARD} }} }} }}",
    f"""
    select json_build_object('people', json_build_object('nodes', (
      select coalesce(json_agg(t), '[]') from (
        select {_CARD_COLUMNS} from (
          select * from {{people}} r
          where exists (select from {{places}} l where l.person_id = r.id and l.city_folded = $2::text)
            and exists (select from {{educations}} e where e.person_id = r.id and e.home and e.end_year = $3::int)
          order by r.name_sort, r.id limit 20
        ) p
        order by p.name_sort, p.id
      ) t
    )))
    """,
    ("city", "year"),
)
NEAREST = Work(
    "Q5",
    "the ten people nearest to one, with their employers",
    f"query ($id: ID!) {{ person(id: $id) {{ similarPeople(first: {SIMILAR}) {{ id displayName"
    " currentExperience { title organization { name } } } } }",
    """
    select json_build_object('person', (
      select row_to_json(t) from (
        select (
          select coalesce(json_agg(f), '[]') from (
            select q.global_id as id, q.display_name as "displayName",
              (select row_to_json(g) from (
                select x.title,
                  (select row_to_json(h) from (select o.name from {organizations} o
                    where o.id = x.organization_id) h) as organization
                from {experiences} x where x.person_id = q.id and x.current
                order by x.last_date desc, x.start_date desc nulls last, x.id limit 1
              ) g) as "currentExperience"
            from {similar} s join {people} q on q.id = s.id where s.person_id = p.id
            order by s.distance, s.id
          ) f
        ) as "similarPeople"
        from {people} p where p.id = $2
      ) t
    ))
    """,
    ("key",),
)
CHANGE = Work(
    "M1",
    "a profile update that returns the profile",
    "mutation ($pronouns: String!) { updateMyProfile(input: {pronouns: $pronouns})"
    f" {{ ... on UpdateProfilePayload {{ person {{ {PROFILE} {EXPERIENCES} }} }} }} }}",
    "",
)

WORKS: Sequence[Work] = (PERSON, PAGE, GRAPH, FILTERED, NEAREST, CHANGE)


def statement_of(work: Work) -> str:
    """The floor's statement with the access predicates in it."""
    return fill(work.floor)


def by_name(name: str) -> Work:
    """The work of this name."""
    return next(work for work in WORKS if work.name == name)


Variables = Mapping[str, Any]


_ROWS = f"p.id as key, {_PROFILE_COLUMNS}"
MERCURIUS: Mapping[str, str] = {
    "person": f"select {_ROWS} from {{people}} p where p.id = $2",
    "people": f"select {_ROWS} from {{people}} p order by p.name_sort, p.id limit $2",
    "filtered": f"""
      select {_ROWS} from {{people}} p
      where exists (select from {{places}} l where l.person_id = p.id and l.city_folded = $3::text)
        and exists (select from {{educations}} e where e.person_id = p.id and e.home and e.end_year = $4::int)
      order by p.name_sort, p.id limit $2
    """,
    "similar": f"""
      select {_ROWS} from {{similar}} s join {{people}} p on p.id = s.id where s.person_id = $2
      order by s.distance, s.id limit $3
    """,
    "count": "select count(*) from {people} p",
    "update": "update people set pronouns = $2, updated_at = now() where id = $1",
    "experiences": """
      select x.person_id, x.organization_id, x.title, x.start_date as "startDate", x.end_date as "endDate", x.current
      from {experiences} x where x.person_id = any($2::uuid[])
      order by x.last_date desc, x.start_date desc nulls last, x.id
    """,
    "currents": """
      select distinct on (x.person_id) x.person_id, x.organization_id, x.title, x.start_date as "startDate",
        x.end_date as "endDate", x.current
      from {experiences} x where x.person_id = any($2::uuid[]) and x.current
      order by x.person_id, x.last_date desc, x.start_date desc nulls last, x.id
    """,
    "educations": """
      select e.person_id, e.school, e.degree, e.programme, e.start_date as "startDate", e.end_date as "endDate"
      from {educations} e where e.person_id = any($2::uuid[])
      order by e.last_date desc, e.first_date desc nulls last, e.id
    """,
    "organizations": "select o.id, o.name, o.country from {organizations} o where o.id = any($1::uuid[])",
}
"""What the resolvers of Mercurius run, by the name that they use."""
