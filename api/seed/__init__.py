"""A small believable network for demonstrations and benchmarks: invented people, organisations and addresses."""

from api.seed.loading import has_people, load_network
from api.seed.network import COLUMNS, DEMO_ADMIN_EMAIL, DEMO_MEMBER_EMAIL, DEMO_STAFF_EMAIL, generate

__all__ = [
    "COLUMNS",
    "DEMO_ADMIN_EMAIL",
    "DEMO_MEMBER_EMAIL",
    "DEMO_STAFF_EMAIL",
    "generate",
    "has_people",
    "load_network",
]
