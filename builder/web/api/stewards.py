"""Govern data: the grants asked of a department, and the one ledger of all datasets."""

from __future__ import annotations

from dataclasses import dataclass

from builder.cases import governance
from builder.cases.shapes import GrantLine
from builder.scenario.model import Text
from builder.web.access import AUDITOR
from builder.web.api.door import after
from builder.web.api.lists import one_page
from builder.web.api.operation import PAGING, Answer, Ask, Parameter, Registry
from builder.web.api.shapes import closed
from builder.web.errors import GrantMissing, RemarkMissing
from builder.web.steward import ledger_hits
from federation.ledger import Grade

__all__ = ["DatasetField", "DatasetShown", "LedgerHit", "registry"]

registry = Registry()
_STATES = ("asked", "approved", "refused", "revoked", "expired")


@dataclass(frozen=True, slots=True)
class LedgerHit:
    """A dataset, or a field of one, that a search found."""

    dataset: str
    field: str | None
    title: Text
    definition: Text
    path: tuple[Text, ...]
    party: str
    party_title: Text
    grade: str
    personal: bool
    share_type: str


@dataclass(frozen=True, slots=True)
class DatasetField:
    """A field as the ledger describes it; never a value of it."""

    name: str
    title: Text
    definition: Text
    type: str
    grade: str
    personal: bool


@dataclass(frozen=True, slots=True)
class DatasetShown:
    """A dataset as the ledger describes it."""

    id: str
    title: Text
    definition: Text
    path: tuple[Text, ...]
    party: str
    party_title: Text
    grade: str
    share_type: str
    fields: tuple[DatasetField, ...]


@registry.add(
    "GET",
    "/grants",
    tag="grants",
    scope="grants:read",
    title=Text("授权", "Grants"),
    query=(
        Parameter("state", {"enum": list(_STATES)}, Text("状态", "state of the grants")),
        *PAGING,
    ),
    list_of=GrantLine,
)
def list_grants(ask: Ask) -> Answer:
    """List the grants asked of the steward's department, newest first; an auditor sees all."""
    state = ask.query.get("state")
    lines = [g for g in _grants(ask) if state in (None, g.state)]
    lines.sort(key=_place, reverse=True)
    return one_page(lines, _place, after(ask, "list_grants"), ask.limit, newest_first=True)


@registry.add(
    "GET",
    "/grants/<grant_id>",
    tag="grants",
    scope="grants:read",
    title=Text("一项授权", "One grant"),
    gives=GrantLine,
)
def show_grant(ask: Ask) -> Answer:
    """Show a grant and what may be decided."""
    return Answer(_one(ask))


@registry.add(
    "POST",
    "/grants/<grant_id>/decisions",
    tag="grants",
    scope="grants:write",
    title=Text("审批授权", "Decide on a grant"),
    note=Text(
        "用本部门数据管理员的密钥签名。拒绝和撤销须写明理由。",
        "Signed with the department's steward key. A refusal or a revocation takes a remark.",
    ),
    takes=closed(
        {
            "verb": {"enum": ["approve", "refuse", "revoke"]},
            "remark": {"type": "string", "maxLength": 500},
        },
        optional=("remark",),
    ),
    gives=GrantLine,
)
def decide_grant(ask: Ask) -> Answer:
    """Approve, refuse or revoke."""
    found, verb = _one(ask), ask.body["verb"]
    remark = ask.body.get("remark", "").strip()
    if verb != "approve" and not remark:
        raise RemarkMissing(where="/remark")
    signer = ask.platform.steward_signer(found.owner)
    return Answer(
        governance.decide_grant(ask.platform, ask.person, found.id, verb, remark or None, signer)
    )


@registry.add(
    "GET",
    "/ledger",
    tag="ledger",
    scope="ledger",
    title=Text("查一本账", "Search the ledger"),
    query=(
        Parameter("q", {"type": "string", "maxLength": 60}, Text("两个字即可", "words")),
        Parameter("party", {"type": "string", "maxLength": 64}, Text("部门", "the owner")),
        Parameter("grade", {"enum": [g.value for g in Grade]}, Text("数据级别", "data grade")),
        *PAGING,
    ),
    list_of=LedgerHit,
)
def search_ledger(ask: Ask) -> Answer:
    """Find datasets and fields of all departments; without words, the datasets alone."""
    place = int(after(ask, "search_ledger") or 0)
    asked = [ask.query.get(name, "") for name in ("q", "party", "grade")]
    hits = ledger_hits(asked[0].strip(), asked[1], asked[2], place, ask.limit + 1)
    shown = [
        LedgerHit(
            h.dataset, h.field, _text(h.title), _text(h.definition),
            tuple(_text(p) for p in h.path), h.party, ask.platform.city.party_title(h.party),
            h.grade.value, h.personal, h.share_type,
        )
        for h in hits[: ask.limit]
    ]  # fmt: skip
    return Answer(shown, place=str(place + ask.limit) if len(hits) > ask.limit else None)


@registry.add(
    "GET",
    "/ledger/<dataset_id>",
    tag="ledger",
    scope="ledger",
    title=Text("一个数据集", "One dataset"),
    gives=DatasetShown,
)
def show_dataset(ask: Ask) -> Answer:
    """Show a dataset's fields with their grades; never a row."""
    found = ask.platform.catalog.get(ask.path["dataset_id"])
    return Answer(
        DatasetShown(
            found.id, _text(found.title), _text(found.definition),
            tuple(_text(p) for p in found.path), found.party,
            ask.platform.city.party_title(found.party), found.grade.value, found.share_type,
            tuple(
                DatasetField(
                    f.name, _text(f.title), _text(f.definition), str(f.type), f.grade.value,
                    f.personal,
                )
                for f in found.fields
            ),
        )
    )  # fmt: skip


def _grants(ask: Ask) -> tuple[GrantLine, ...]:
    account = ask.person.account
    owner = None if AUDITOR in account.roles else account.party or ""
    return governance.grants(ask.platform, owner=owner, reader=ask.person)


def _one(ask: Ask) -> GrantLine:
    found = next((g for g in _grants(ask) if g.id == ask.path["grant_id"]), None)
    if found is None:
        raise GrantMissing
    return found


def _place(line: GrantLine) -> str:
    return f"{line.asked_at.isoformat()}|{line.id}"


def _text(pair: object) -> Text:
    return Text(pair.zh, pair.en)  # type: ignore[attr-defined] # the ledger's own pair of texts
