"""Keep the hub's register of nodes: where each department's node is, and by which key it is known.

A node without an address is embedded in the hub's own process. A retired node stays in the register
and is never asked again; its department may enrol a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update

from federation.hub.errors import NodeRetired, NodeUnknown
from federation.hub.tables import invitation_table, node_table
from federation.trust.enrol_errors import EnrolmentCodeExpired, EnrolmentCodeWrong

__all__ = [
    "ENROLLED",
    "RETIRED",
    "Registered",
    "enrol",
    "fill",
    "find",
    "invite",
    "listed",
    "look",
    "move",
    "retire",
    "spend_code",
]

ENROLLED, RETIRED = "enrolled", "retired"


@dataclass(frozen=True, slots=True)
class Registered:
    """A department's node, as the hub knows it.

    Attributes:
        url: ``https://host:port``; None for a node embedded in the hub's own process.
        public_key: the node's own key, by which its answers are believed.
        fingerprint: SHA-256 of its TLS certificate, where it has one.
        state: ``enrolled`` or ``retired``.
        steward_key: the key of the owner's steward, where the node told it when it was enrolled.
        certified_until: when its TLS certificate ends, where the hub knows.
    """

    party: str
    url: str | None
    public_key: str
    fingerprint: str | None
    state: str
    enrolled_at: datetime
    enrolled_by: str
    retired_at: datetime | None = None
    retired_by: str | None = None
    reason: str | None = None
    steward_key: str | None = None
    certified_until: datetime | None = None

    @property
    def is_retired(self) -> bool:
        """Tell whether it is never asked again."""
        return self.state == RETIRED

    @property
    def identity(self) -> str:
        """Return the identity its TLS certificate must carry."""
        return f"scenarist://node/{self.party}"


def listed(conn: Connection) -> tuple[Registered, ...]:
    """Return all nodes, retired ones too, by party."""
    return tuple(map(_node, conn.execute(select(node_table).order_by(node_table.c.party))))


def find(conn: Connection, party: str) -> Registered:
    """Return a party's node; raises `NodeUnknown`."""
    found = look(conn, party)
    if found is None:
        raise NodeUnknown(party=party)
    return found


def look(conn: Connection, party: str) -> Registered | None:
    """Return a party's node, retired or not; None where it has none."""
    row = conn.execute(select(node_table).where(node_table.c.party == party)).one_or_none()
    return None if row is None else _node(row)


def enrol(conn: Connection, node: Registered) -> None:
    """Enter a node; one that the party had before is forgotten."""
    conn.execute(delete(node_table).where(node_table.c.party == node.party))
    conn.execute(insert(node_table).values(**_row(node)))


def fill(conn: Connection, keys: Mapping[str, str], now: datetime, by: str) -> None:
    """Enter embedded nodes, party → public key; those that are there already stay as they are."""
    known = {node.party for node in listed(conn)}
    rows = [
        _row(Registered(party, None, key, None, ENROLLED, now, by))
        for party, key in keys.items()
        if party not in known
    ]
    if rows:
        conn.execute(insert(node_table), rows)


def move(
    conn: Connection,
    party: str,
    url: str | None,
    fingerprint: str | None,
    until: datetime | None = None,
) -> None:
    """Note that a node is at another address now, or has another certificate.

    Raises:
        NodeUnknown, NodeRetired: there is none to move.
    """
    if find(conn, party).is_retired:
        raise NodeRetired(party=party)
    conn.execute(
        update(node_table)
        .where(node_table.c.party == party)
        .values(url=url, fingerprint=fingerprint, certified_until=until)
    )


def retire(conn: Connection, party: str, *, by: str, reason: str, now: datetime) -> Registered:
    """Note that a node is never to be asked again.

    Raises:
        NodeUnknown, NodeRetired: there is none to retire.
    """
    if find(conn, party).is_retired:
        raise NodeRetired(party=party)
    conn.execute(
        update(node_table)
        .where(node_table.c.party == party)
        .values(state=RETIRED, retired_at=now, retired_by=by, reason=reason)
    )
    return find(conn, party)


def invite(conn: Connection, party: str, code: str, now: datetime, expires: datetime) -> None:
    """Keep the SM3 of a code in a start-up kit; the party's earlier kit is good for nothing."""
    conn.execute(delete(invitation_table).where(invitation_table.c.party == party))
    conn.execute(
        insert(invitation_table).values(party=party, code=code, issued_at=now, expires_at=expires)
    )


def spend_code(conn: Connection, party: str, code: str, now: datetime) -> None:
    """Take a code, by its SM3, out of use.

    Raises:
        EnrolmentCodeWrong: this party has no kit with this code, or it was used.
        EnrolmentCodeExpired: the kit is too old.
    """
    mine = invitation_table.c.party == party
    row = conn.execute(select(invitation_table).where(mine)).one_or_none()
    if row is None or row.code != code:
        raise EnrolmentCodeWrong(party=party)
    if now >= row.expires_at:
        raise EnrolmentCodeExpired(party=party)
    conn.execute(delete(invitation_table).where(mine))


def _node(row: Row[tuple[object, ...]]) -> Registered:
    return Registered(
        party=row.party,
        url=row.url,
        public_key=row.public_key,
        fingerprint=row.fingerprint,
        state=row.state,
        enrolled_at=row.enrolled_at,
        enrolled_by=row.enrolled_by,
        retired_at=row.retired_at,
        retired_by=row.retired_by,
        reason=row.reason,
        steward_key=row.steward_key,
        certified_until=row.certified_until,
    )


def _row(node: Registered) -> dict[str, object]:
    return {
        "party": node.party,
        "url": node.url,
        "public_key": node.public_key,
        "fingerprint": node.fingerprint,
        "state": node.state,
        "enrolled_at": node.enrolled_at,
        "enrolled_by": node.enrolled_by,
        "retired_at": node.retired_at,
        "retired_by": node.retired_by,
        "reason": node.reason,
        "steward_key": node.steward_key,
        "certified_until": node.certified_until,
    }
