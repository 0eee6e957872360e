"""Say who may open which page: one table for every route, checked before any page runs.

A route that is missing here stops the application from starting. What a reader may see *within* a
page (whose case, which department's task) is decided by `builder.cases.views`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from builder.identity.roles import (
    AUDITOR,
    CITIZEN,
    COUNTY,
    DESIGNER,
    OFFICER,
    ROLES,
    SCIENTIST,
    STEWARD,
)

__all__ = [
    "ACCESS",
    "ANYONE",
    "AUDITOR",
    "CITIZEN",
    "COUNTY",
    "DESIGNER",
    "OFFICER",
    "ROLES",
    "SCIENTIST",
    "SIGNED_IN",
    "STEWARD",
    "home_endpoint",
    "is_allowed",
]

Audience = frozenset[str]
ANYONE: Final[Audience] = frozenset({"*"})
SIGNED_IN: Final[Audience] = frozenset(ROLES)
_PEOPLE: Final[Audience] = frozenset({CITIZEN})
_PAPERS: Final[Audience] = frozenset({CITIZEN, OFFICER})
_DESK: Final[Audience] = frozenset({OFFICER})
_HALL: Final[Audience] = frozenset({COUNTY})
_READERS: Final[Audience] = _PEOPLE | _DESK
_GRANTS: Final[Audience] = frozenset({STEWARD, AUDITOR})
_OWNERS: Final[Audience] = frozenset({STEWARD})
_LEDGER: Final[Audience] = frozenset({STEWARD, AUDITOR, DESIGNER, COUNTY, SCIENTIST})
_WATCHERS: Final[Audience] = frozenset({COUNTY, AUDITOR})
_AUDIT: Final[Audience] = frozenset({AUDITOR})

ACCESS: Final[Mapping[str, Audience]] = {
    "static": ANYONE,
    "site.health": ANYONE,
    "site.home": ANYONE,
    "auth.sign_in": ANYONE,
    "auth.sign_in_post": ANYONE,
    "auth.sign_out": SIGNED_IN,
    "sso.start": ANYONE,
    "sso.callback": ANYONE,
    "sso.back_channel": ANYONE,
    "account.password": SIGNED_IN,
    "account.password_post": SIGNED_IN,
    "account.notices": SIGNED_IN,
    "account.read_notices": SIGNED_IN,
    "account.choose_mail": SIGNED_IN,
    "account.undelivered": _WATCHERS,
    "account.send_again": frozenset({COUNTY}),
    "account.sign_ins": SIGNED_IN,
    "account.end_sign_in": SIGNED_IN,
    "account.end_others": SIGNED_IN,
    "citizen.portal": ANYONE,
    "citizen.matter": ANYONE,
    "citizen.begin": _PEOPLE,
    "citizen.resume": _PEOPLE,
    "citizen.page": _PEOPLE,
    "citizen.save": _PEOPLE,
    "files.attach": _PEOPLE,
    "files.attach_to_owed": _PEOPLE,
    "files.attach_to_task": _DESK,
    "files.file": _READERS,
    "files.preview": _READERS,
    "files.picture": _READERS,
    "citizen.review": _PEOPLE,
    "citizen.submit": _PEOPLE,
    "citizen.discard": _PEOPLE,
    "citizen.discard_post": _PEOPLE,
    "citizen.mine": _PEOPLE,
    "citizen.case": _PEOPLE,
    "citizen.ask": _PEOPLE,
    "citizen.receipt": _PEOPLE,
    "citizen.withdraw": _PEOPLE,
    "citizen.withdraw_post": _PEOPLE,
    "citizen.mend": _PEOPLE,
    "documents.fetch": _PAPERS,
    "documents.word": _DESK,
    "documents.application": _PEOPLE,
    "documents.blank": ANYONE,
    "documents.check": ANYONE,
    "documents.check_post": ANYONE,
    "kiosk.home": ANYONE,
    "kiosk.enter": ANYONE,
    "kiosk.end": ANYONE,
    "kiosk.stay": ANYONE,
    "kiosk.call": ANYONE,
    "kiosk.leave": ANYONE,
    "kiosk.leave_post": ANYONE,
    "kiosk.calls": _HALL,
    "kiosk.answer": _HALL,
    "citizen.supplement": _PEOPLE,
    "citizen.supplement_post": _PEOPLE,
    "citizen.urge": _PEOPLE,
    "desk.worklist": _DESK,
    "desk.task": _DESK,
    "desk.act": _DESK,
    "desk.ask": _DESK,
    "lists.index": _DESK,
    "lists.registry": _DESK,
    "lists.export": _DESK,
    "lists.worklist": _DESK,
    "steward.grants": _GRANTS,
    "steward.grant": _GRANTS,
    "steward.decide": _OWNERS,
    "steward.ledger": _LEDGER,
    "steward.dataset": _LEDGER,
    "audit.journals": _AUDIT,
    "audit.trace": _AUDIT,
    "audit.verify": _AUDIT,
    "api.act": _DESK,
    "api.ask_departments": _PEOPLE,
    "api.ask_for_task": _DESK,
    "api.begin_draft": _PEOPLE,
    "api.begin_token": ANYONE,
    "api.check_draft": _PEOPLE,
    "api.decide_grant": _OWNERS,
    "api.discard_draft": _PEOPLE,
    "api.end_token": SIGNED_IN,
    "api.hand_in": _PEOPLE,
    "api.hand_in_at_once": _PEOPLE,
    "api.list_cases": _PEOPLE,
    "api.list_drafts": _PEOPLE,
    "api.list_grants": _GRANTS,
    "api.list_matters": ANYONE,
    "api.list_notices": _PEOPLE | _DESK,
    "api.list_tasks": _DESK,
    "api.list_tokens": SIGNED_IN,
    "api.list_uses": _PEOPLE,
    "api.mend_case": _PEOPLE,
    "api.openapi": ANYONE,
    "api.put_answers": _PEOPLE,
    "api.put_page": _PEOPLE,
    "api.reference": ANYONE,
    "api.search_ledger": _LEDGER,
    "api.show_case": _PEOPLE,
    "api.show_dataset": _LEDGER,
    "api.show_draft": _PEOPLE,
    "api.show_grant": _GRANTS,
    "api.show_health": ANYONE,
    "api.show_matter": ANYONE,
    "api.show_me": SIGNED_IN,
    "api.show_receipt": _PEOPLE,
    "api.show_task": _DESK,
    "api.supply": _PEOPLE,
    "api.urge_task": _PEOPLE,
    "api.withdraw_case": _PEOPLE,
}

_HOMES: Final = (
    (OFFICER, "desk.worklist"),
    (STEWARD, "steward.grants"),
    (AUDITOR, "audit.journals"),
    (SCIENTIST, "steward.ledger"),
    (DESIGNER, "steward.ledger"),
    (COUNTY, "citizen.portal"),
    (CITIZEN, "citizen.portal"),
)


def is_allowed(endpoint: str, roles: Iterable[str]) -> bool:
    """Tell whether someone with these roles may open a page; no roles means not signed in."""
    audience = ACCESS[endpoint]
    return audience is ANYONE or not audience.isdisjoint(roles)


def home_endpoint(roles: Iterable[str]) -> str:
    """Return the page where someone's work begins."""
    held = set(roles)
    return next((page for role, page in _HOMES if role in held), "citizen.portal")
