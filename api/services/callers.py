"""As whom a caller acts."""

from uuid import UUID

from api.access import Viewer
from api.errors import NotFound


def own_person_id(viewer: Viewer) -> UUID:
    """The caller's own person. Raises NotFound for officers and others without a profile."""
    if viewer.person_id is None:
        raise NotFound("You have no profile here yet.")
    return viewer.person_id
