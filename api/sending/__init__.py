"""Messages on their way to webhooks: how one looks, where it may go, and that none overtakes another."""

from api.sending.deliveries import deliver
from api.sending.posting import Poster

__all__ = ["Poster", "deliver"]
