"""The accounts of the demo network that one signs in with."""

DEMO_MEMBER_EMAIL = "amara.okafor@alumni.example.edu"
DEMO_STAFF_EMAIL = "office@alumni.example.edu"
DEMO_ADMIN_EMAIL = "admin@alumni.example.edu"
