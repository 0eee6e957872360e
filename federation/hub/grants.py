"""Keep the hub's list of grants: what was asked, what the owners decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, insert, null, select, update

from federation.hub.tables import grant_table
from federation.trust import Grant, GrantAsk

__all__ = ["add", "find", "fitting", "lapse", "listed", "lost", "put"]

_LOST = "节点停用 / node retired"
"""The remark of a grant that ended because its node was retired."""


def add(conn: Connection, grant: Grant) -> None:
    """Enter a grant that was asked."""
    conn.execute(insert(grant_table).values(**_row(grant), sealed=None))


def put(conn: Connection, grant: Grant, sealed: Mapping[str, object]) -> None:
    """Enter the owner's decision on a grant."""
    conn.execute(
        update(grant_table)
        .where(grant_table.c.id == grant.id)
        .values(**_row(grant), sealed=dict(sealed))
    )


def lapse(conn: Connection, owner: str, by: str, now: datetime) -> tuple[str, ...]:
    """Note that what an owner had given is not available any more; return which grants."""
    given = [g for g in listed(conn, owner=owner, grantee=None, dataset=None) if _holds(g, now)]
    for grant in given:
        ended = replace(grant, state="revoked", decided_by=by, decided_at=now, remark=_LOST)
        conn.execute(
            update(grant_table)
            .where(grant_table.c.id == grant.id)
            .values(**_row(ended), sealed=null())
        )
    return tuple(g.id for g in given)


def lost(conn: Connection, owner: str, now: datetime) -> tuple[Grant, ...]:
    """Return the grants that ended with an owner's node and would hold still, newest only."""
    found: dict[tuple[object, ...], Grant] = {}
    for grant in reversed(listed(conn, owner=owner, grantee=None, dataset=None)):
        about = (grant.ask.grantee, grant.ask.dataset, grant.ask.purpose, grant.ask.scenario)
        found[about] = grant
    return tuple(
        g
        for g in found.values()
        if g.state == "revoked" and g.remark == _LOST and g.ask.valid_to > now
    )


def find(conn: Connection, grant: str) -> Grant | None:
    """Return a grant by its id."""
    row = conn.execute(
        select(grant_table.c.document).where(grant_table.c.id == grant)
    ).one_or_none()
    return None if row is None else _grant(row.document)


def listed(
    conn: Connection, *, owner: str | None, grantee: str | None, dataset: str | None
) -> tuple[Grant, ...]:
    """Return grants, newest request first."""
    query = select(grant_table.c.document).order_by(grant_table.c.asked_at.desc(), grant_table.c.id)
    for column, value in (("owner", owner), ("grantee", grantee), ("dataset", dataset)):
        if value is not None:
            query = query.where(grant_table.c[column] == value)
    return tuple(_grant(row.document) for row in conn.execute(query))


def fitting(
    conn: Connection, dataset: str, purpose: str, scenario: str, now: datetime
) -> Grant | None:
    """Return the grant to go by for one use: one that holds now if there is one.

    A grant bound to this scenario comes before an unbound one; among equals the one that ends last.
    Where none holds, the last decided one is returned, so that the refusal can say why.
    """
    query = select(grant_table.c.document).where(
        grant_table.c.dataset == dataset, grant_table.c.purpose == purpose
    )
    grants = [_grant(row.document) for row in conn.execute(query)]
    usable = [g for g in grants if g.ask.scenario in (None, scenario) and g.state != "asked"]
    return max(usable, key=lambda g: _rank(g, now), default=None)


def _holds(grant: Grant, now: datetime) -> bool:
    return grant.state_at(now) == "approved"


def _rank(grant: Grant, now: datetime) -> tuple[bool, bool, datetime]:
    holds = grant.state_at(now) == "approved" and grant.ask.valid_from <= now
    return (holds, grant.ask.scenario is not None, grant.ask.valid_to)


def _row(grant: Grant) -> dict[str, object]:
    return {
        "id": grant.id,
        "owner": grant.ask.owner,
        "grantee": grant.ask.grantee,
        "dataset": grant.ask.dataset,
        "purpose": grant.ask.purpose,
        "state": grant.state,
        "asked_at": grant.asked_at,
        "document": grant.to_json(),
    }


def _grant(document: Mapping[str, Any]) -> Grant:
    """Read back what `Grant.to_json` wrote into our own store."""
    decided = document["decided_at"]
    return Grant(
        id=document["id"],
        hub=document["hub"],
        ask=GrantAsk(
            grantee=document["grantee"],
            owner=document["owner"],
            purpose=document["purpose"],
            dataset=document["dataset"],
            uses=MappingProxyType({c: tuple(p) for c, p in document["uses"].items()}),
            reason=document["reason"],
            valid_from=datetime.fromisoformat(document["valid_from"]),
            valid_to=datetime.fromisoformat(document["valid_to"]),
            scenario=document["scenario"],
            max_uses=document["max_uses"],
        ),
        asked_by=document["asked_by"],
        asked_at=datetime.fromisoformat(document["asked_at"]),
        state=document["state"],
        decided_by=document["decided_by"],
        decided_at=datetime.fromisoformat(decided) if decided else None,
        remark=document["remark"],
    )
