"""Who is asking: a bearer token becomes a Viewer, or a refusal that says what to do."""

from api.auth.authenticator import Authenticator
from api.auth.development import DevelopmentIssuer
from api.auth.issuers import IssuerUnreachable

__all__ = ["Authenticator", "DevelopmentIssuer", "IssuerUnreachable"]
