"""Say what a question, its answer and the record of its use are; and what the hub must offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from sqlalchemy import Connection

from federation.audit import Journal
from federation.crypto import Signer
from federation.ledger import Catalog
from federation.link import Link
from federation.trust import CaseToken, Grant, Policy

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Answer", "CasePapers", "Outcome", "Platform", "Question", "Use", "Value"]

Value: TypeAlias = str | int | Decimal | bool | date | datetime | None
Outcome: TypeAlias = Literal["answered", "empty"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question about one subject of one case.

    Attributes:
        sql: one SELECT over one dataset; parameters as ``:name``. The filter on the subject is
            never written: the node adds it.
        purpose: purpose id.
        datasets: name in the SQL → dataset id; what is not listed here cannot be asked.
        params: values for the parameters.
        case: case number.
        subject: the subject's id in the spec, e.g. ``deceased``.
        grant: id of the grant; None lets the hub choose one that fits.
        timeout_s: the budget for the node's answer.
    """

    sql: str
    purpose: str
    datasets: Mapping[str, str]
    params: Mapping[str, Value] = field(default_factory=dict)
    case: str | None = None
    subject: str | None = None
    grant: str | None = None
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Use:
    """One use of somebody's data, as "my matters" shows it.

    Attributes:
        at: when the node answered.
        node: party whose node answered.
        dataset: dataset id.
        fields: field ids that were used, for showing or for filtering.
        subject: the subject's id in the case.
        purpose: purpose id.
        grant: grant id.
        asked_by: account of who made the call.
        outcome: ``answered``, or ``empty`` where the record does not exist.
        rows: rows that left the node.
        entry: the node's journal entry, ``"<party>#<seq>"``.
    """

    at: datetime
    node: str
    dataset: str
    fields: tuple[str, ...]
    subject: str
    purpose: str
    grant: str
    asked_by: str
    outcome: Outcome
    rows: int
    entry: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question gave.

    Attributes:
        table: the rows, in the ledger's types and under the names of the SELECT list. Purpose
            ``verify`` gives one row: ``answer`` (bool) and ``reference`` (text or null).
        uses: the uses of data it took.
        receipt: the node's sealed answer; for ``verify`` the case issuer takes it as proof.
    """

    table: pa.Table
    uses: tuple[Use, ...]
    receipt: Mapping[str, object]

    def rows(self) -> list[dict[str, Value]]:
        """Return the rows as Python values."""
        listed: list[dict[str, Value]] = self.table.to_pylist()
        return listed


@dataclass(frozen=True, slots=True)
class CasePapers:
    """What the case issuer gave for one question: the token (open and sealed) and the statement."""

    token: CaseToken
    sealed_token: Mapping[str, object]
    statement: Mapping[str, object]


class Platform(Protocol):
    """What `execute` needs of a hub."""

    @property
    def id(self) -> str:
        """The hub's name."""

    @property
    def signer(self) -> Signer:
        """The hub's key."""

    @property
    def catalog(self) -> Catalog:
        """The ledger."""

    @property
    def journal(self) -> Journal:
        """The hub's journal."""

    @property
    def clock(self) -> Callable[[], datetime]:
        """The hub's clock."""

    @property
    def nonce(self) -> Callable[[], str]:
        """Draw a nonce."""

    def writing(self) -> AbstractContextManager[Connection]:
        """Give a connection of the hub's store that commits at the end of the block."""

    def link(self, party: str) -> Link:
        """Return the link to a party's node; a Fault where no such node is registered."""

    def node_key(self, party: str) -> str:
        """Return the public key of a party's node."""

    def policy(self, party: str, *, fresh: bool = False) -> Policy | None:
        """Return the owner's policy as its node last offered it; None when it cannot say now."""

    def grant_for(
        self, dataset: str, purpose: str, scenario: str, grant: str | None
    ) -> Grant | None:
        """Return the grant of that id, or the best one for this use; None when there is none."""

    def papers(self, case: str, subject: str, fields: tuple[str, ...]) -> CasePapers:
        """Fetch a case token for these fields and a fresh statement from the issuer."""
