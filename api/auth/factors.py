"""Whether an officer has signed in by a second factor, as far as the token says: what the office sees needs one."""

from collections.abc import Mapping

from api.auth.tokens import Verified
from api.errors import SecondFactorNeeded
from api.settings import Settings

SEVERAL = "mfa"
"""By which an issuer says that there was more than one factor."""
FACTORS: Mapping[str, frozenset[str]] = {
    "something known": frozenset({"pwd", "pin", "kba"}),
    "something held": frozenset({"otp", "sms", "tel", "hwk", "swk", "sc", "pop"}),
    "oneself": frozenset({"face", "fpt", "iris", "retina", "vbm"}),
}
"""What the methods of RFC 8176 prove. Two methods of one kind are one factor."""


class SecondFactor:
    """The rule of this installation for officers: see `Settings.staff_second_factor`."""

    def __init__(self, settings: Settings) -> None:
        self._asked = settings.staff_second_factor
        self._contexts = tuple(settings.staff_acr_values.split())

    def check(self, verified: Verified) -> None:
        """Raise SecondFactorNeeded unless this sign-in is good enough for an officer."""
        if self._asked == "off" or self._holds(verified):
            return
        if self._asked == "required" or self._stated(verified):
            raise SecondFactorNeeded(self._contexts)

    def _holds(self, verified: Verified) -> bool:
        methods = verified.methods or frozenset()
        kinds = sum(1 for known in FACTORS.values() if known & methods)
        return SEVERAL in methods or kinds > 1 or verified.context in self._contexts

    def _stated(self, verified: Verified) -> bool:
        """Whether the token says how its owner signed in, in words that are known here: an `acr` is one of ours or
        nothing that could be understood."""
        return verified.methods is not None or bool(self._contexts and verified.context is not None)
