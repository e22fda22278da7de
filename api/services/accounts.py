"""Who may sign in as whom: an identity is linked to an account only when its person confirms it (row 88)."""

from sqlalchemy import exists, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from api.access import Viewer
from api.errors import Conflict, NotFound, NotSignedIn
from api.models import Account, Identity, Person


async def confirm_identity(session: AsyncSession, viewer: Viewer) -> Account:
    """Link the viewer's claim to the account with the claim's verified e-mail address, and return the account.

    A viewer with an account gets that account, so that a repeated request does no harm. Everything that stands in the
    way (no verified address, no account with it, an account that this issuer already vouches for, a deceased person)
    is the same NotFound: nobody learns from it who has an account. Conflict: the identity was linked meanwhile.
    """
    if not viewer.signed_in:
        raise NotSignedIn("Sign in first.")
    if viewer.account_id is not None and (own := await session.get(Account, viewer.account_id)):
        return own
    claim = viewer.claim
    if claim is None or claim.email is None:
        raise _nothing_to_link()
    # The lock makes simultaneous confirmations for one account queue up: the second sees the first one's link.
    account = await session.scalar(
        select(Account)
        .where(
            Account.email == claim.email,
            ~exists().where(Person.id == Account.person_id, Person.deceased),
        )
        .with_for_update()
    )
    if account is None:
        raise _nothing_to_link()
    subjects = await session.scalars(
        select(Identity.subject).where(Identity.account_id == account.id, Identity.issuer == claim.issuer)
    )
    if linked := set(subjects):
        if claim.subject in linked:
            return account
        raise _nothing_to_link()
    try:
        async with session.begin_nested():
            session.add(Identity(account_id=account.id, issuer=claim.issuer, subject=claim.subject))
    except IntegrityError:
        raise Conflict("This sign-in was linked meanwhile. Reload to see the result.") from None
    return account


def _nothing_to_link() -> NotFound:
    return NotFound("No account can be linked to this sign-in. Ask the alumni office to check your e-mail address.")
