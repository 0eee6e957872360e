"""Know who is at the door: local accounts, and a city's single sign-on that leads to them."""

from builder.identity.accounts import Account, LocalAccounts, SignIn
from builder.identity.errors import AccountLocked, AccountUnknown, SignInRefused
from builder.identity.sessions import Door, Sessions
from builder.identity.tokens import IssuedToken, Token, Tokens
from builder.identity.tries import place_of

__all__ = [
    "Account",
    "AccountLocked",
    "AccountUnknown",
    "Door",
    "IssuedToken",
    "LocalAccounts",
    "Sessions",
    "SignIn",
    "SignInRefused",
    "Token",
    "Tokens",
    "place_of",
]
