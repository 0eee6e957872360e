"""Know who is at the door: local accounts now, a city's single sign-on by the same shape later."""

from builder.identity.accounts import Account, LocalAccounts, SignIn
from builder.identity.errors import AccountLocked, AccountUnknown, SignInRefused
from builder.identity.sessions import Sessions

__all__ = [
    "Account",
    "AccountLocked",
    "AccountUnknown",
    "LocalAccounts",
    "Sessions",
    "SignIn",
    "SignInRefused",
]
