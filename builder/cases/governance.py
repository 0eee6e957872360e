"""Show and decide on grants; show, trace, verify and export what journals hold.

Node journals are read through the hub (`Hub.trail`): a node that is down is named, its lines are
missing, nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Literal

from builder.cases import questions
from builder.cases.errors import ActionNotAllowed
from builder.cases.keeping import load_case, load_draft
from builder.cases.platform import Platform
from builder.cases.shapes import AuditLine, GrantLine, JournalState, Trace
from builder.cases.words import AUDIT_KINDS
from builder.errors import Fault
from builder.identity import SignIn
from builder.scenario.model import Text
from federation.audit import Journal, Record, Report
from federation.crypto import Signer
from federation.hub.remote import JournalReport, TrailEntry
from federation.store import write
from federation.trust import PURPOSES, Grant

__all__ = [
    "audit",
    "decide_grant",
    "export",
    "grants",
    "journal_title",
    "names",
    "purpose_title",
    "trace",
    "verify",
    "verify_all",
]

_AT_ONCE = 8


# ── Grants ───────────────────────────────────────────────────────────────────────────────────────


def grants(
    platform: Platform, *, owner: str | None = None, reader: SignIn | None = None
) -> tuple[GrantLine, ...]:
    """Return grants, newest request first, with what `reader` may do to each."""
    found = platform.hub.grants(owner=owner)
    used = _used(platform, {g.ask.owner for g in found})
    return tuple(_grant_line(platform, g, used, reader) for g in found)


def decide_grant(
    platform: Platform, who: SignIn, grant: str, verb: str, remark: str | None, signer: Signer
) -> GrantLine:
    """Approve, refuse or revoke a grant as the owner's steward, with the steward's own key.

    Raises:
        ActionNotAllowed: another verb.
        Fault: as `federation.hub.Hub.approve_grant`.
    """
    by = who.account.principal
    hub = platform.hub
    match verb:
        case "approve":
            decided = hub.approve_grant(grant, signer, by, remark=remark)
            _ask_again(platform, decided.ask.owner)
        case "refuse":
            decided = hub.refuse_grant(grant, signer, by, remark=remark or "")
        case "revoke":
            decided = hub.revoke_grant(grant, signer, by, remark=remark or "")
        case _:
            raise ActionNotAllowed(action=verb, known=("approve", "refuse", "revoke"))
    return _grant_line(platform, decided, _used(platform, {decided.ask.owner}), who)


def _ask_again(platform: Platform, owner: str) -> None:
    """Let the questions that wait for this owner be asked at once: what refused them is mended."""
    now = platform.clock()
    for deployment in platform.deployments.all():
        with write(deployment.engine) as conn:
            questions.hurry(conn, now, party=owner)


def purpose_title(purpose: str) -> Text:
    """Return what a purpose is called."""
    known = PURPOSES.get(purpose)
    return Text(known.zh, known.en) if known else Text(purpose, purpose)


def _used(platform: Platform, owners: Iterable[str]) -> dict[str, int]:
    used: dict[str, int] = {}
    for owner in owners:
        try:
            used.update(platform.hub.grant_uses(owner))
        except Fault:
            continue
    return used


def _grant_line(
    platform: Platform, grant: Grant, used: Mapping[str, int], reader: SignIn | None
) -> GrantLine:
    asked = grant.ask
    state = grant.state_at(platform.clock())
    dataset = platform.catalog.find(asked.dataset)
    scenario = next(
        (
            d.current.meta.title
            for d in platform.deployments.all()
            if d.current.hash == asked.scenario
        ),
        None,
    )
    return GrantLine(
        id=grant.id,
        state=state,
        grantee_title=platform.city.party_title(asked.grantee),
        owner=asked.owner,
        owner_title=platform.city.party_title(asked.owner),
        purpose=asked.purpose,
        purpose_title=purpose_title(asked.purpose),
        dataset=asked.dataset,
        dataset_title=platform.dataset_title(asked.dataset),
        fields=platform.field_titles(asked.dataset, tuple(asked.uses)),
        grade=str(dataset.grade) if dataset else "",
        scenario=scenario,
        reason=Text(asked.reason, asked.reason),
        asked_at=grant.asked_at,
        valid_from=asked.valid_from,
        valid_to=asked.valid_to,
        used=used.get(grant.id, 0),
        max_uses=asked.max_uses,
        decided_by=grant.decided_by,
        decided_at=grant.decided_at,
        remark=grant.remark,
        may=_may(grant, state, reader),
    )


def _may(
    grant: Grant, state: str, reader: SignIn | None
) -> tuple[Literal["approve", "refuse", "revoke"], ...]:
    is_owner = (
        reader is not None
        and reader.account.party == grant.ask.owner
        and "steward" in reader.account.roles
        and reader.account.account != grant.asked_by
    )
    match state if is_owner else "":
        case "asked":
            return ("approve", "refuse")
        case "approved":
            return ("revoke",)
        case _:
            return ()


# ── Journals ─────────────────────────────────────────────────────────────────────────────────────


def audit(
    platform: Platform,
    *,
    journal: str | None = None,
    kind: str | None = None,
    case: str | None = None,
    dataset: str | None = None,
    limit: int = 100,
) -> Trace:
    """Return the newest entries of all journals (or one) that meet the filters."""
    wanted = [journal] if journal in set(names(platform)) else list(names(platform))
    lines, unanswered = _gather(platform, wanted, (case,) if case else (), limit)
    kept = [
        line
        for line in lines
        if (kind is None or line.kind == kind) and (dataset is None or line.dataset == dataset)
    ]
    kept.sort(key=lambda line: (line.at, line.seq), reverse=True)
    return Trace(case or "", Text("", ""), tuple(kept[:limit]), unanswered)


def trace(platform: Platform, case_no: str) -> Trace:
    """Return everything that was done with data for one case, over all journals, in time's order.

    Raises:
        CaseUnknown: the number leads nowhere.
    """
    deployment = platform.deployments.of_case(case_no)
    stored = load_case(deployment, case_no)
    draft = load_draft(deployment, case_no) if stored is None else None
    former = stored.former if stored else draft.former if draft else ()
    wanted = [
        name
        for name in names(platform)
        if not name.startswith("case:") or name == f"case:{deployment.id}"
    ]
    lines, unanswered = _gather(platform, wanted, (*former, case_no), 1000)
    ordered = tuple(sorted(lines, key=lambda line: (line.at, line.journal, line.seq)))
    return Trace(case_no, deployment.current.meta.title, ordered, unanswered)


def verify(name: str, platform: Platform, now: datetime) -> JournalState:
    """Verify every byte of one journal; one that is away now is not intact.

    What runs apart verifies its own journal and says what it found.
    """
    try:
        report = _report(name, platform, now)
    except Fault as fault:
        said = Text(fault.message("zh"), fault.message("en"))
        return JournalState(
            name, journal_title(platform, name), 0, intact=False, findings=(said,), head=""
        )
    return JournalState(
        journal=name,
        title=journal_title(platform, name),
        entries=report.entries,
        intact=not report.findings,
        findings=tuple(Text(f.message("zh"), f.message("en")) for f in report.findings),
        head=report.head,
        open_entries=len(report.unclosed),
    )


def _report(name: str, platform: Platform, now: datetime) -> Report | JournalReport:
    if name in platform.journals:
        return platform.journals[name].verify(now)
    kind, _, party = name.partition(":")
    return platform.hub.verify_journal(party) if kind == "node" else platform.hub.verify_issuer()


def verify_all(platform: Platform) -> Iterator[JournalState]:
    """Verify all journals of the city, one after the other."""
    for name in ("issuer", *names(platform)):
        yield verify(name, platform, platform.clock())


def export(name: str, journal: Journal, folder: Path) -> tuple[Path, int]:
    """Write a journal as JSON lines; return the file and how many lines it has."""
    path = folder / f"{name.replace(':', '-').replace('/', '-')}.jsonl"
    lines = 0
    with path.open("wb") as file:
        for line in journal.export():
            file.write(line)
            lines += 1
    return path, lines


def journal_title(platform: Platform, name: str) -> Text:
    """Return what a journal is called: the hub's, the issuer's, a node's, a deployment's."""
    kind, _, rest = name.partition(":")
    match kind:
        case "hub":
            return Text("数据中台", "Hub")
        case "issuer":
            return Text("办件凭证签发方", "Case issuer")
        case "node":
            title = platform.city.party_title(rest)
            return Text(f"{title.zh}节点", f"Node of {title.en}")
        case _:
            title = platform.deployments.get(rest).current.meta.title
            return Text(f"{title.zh}办件库", f"Cases of {title.en}")


def names(platform: Platform) -> Iterator[str]:
    """Yield the name of every journal of the city: the hub's, each deployment's, each node's."""
    yield "hub"
    for deployment in platform.deployments.all():
        yield f"case:{deployment.id}"
    for party in platform.hub.nodes:
        yield f"node:{party}"


def _gather(
    platform: Platform, names: Iterable[str], cases: tuple[str, ...], limit: int
) -> tuple[list[AuditLine], tuple[Text, ...]]:
    def read(name: str) -> list[AuditLine] | None:
        try:
            return list(_read(platform, name, cases, limit))
        except Fault:
            return None

    listed = list(names)
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        answers = list(pool.map(read, listed))
    lines = [line for found in answers if found for line in found]
    silent = tuple(
        journal_title(platform, name)
        for name, found in zip(listed, answers, strict=True)
        if found is None
    )
    return lines, silent


def _read(platform: Platform, name: str, cases: tuple[str, ...], limit: int) -> Iterator[AuditLine]:
    kind, _, rest = name.partition(":")
    for case in cases or (None,):
        entries: Iterable[Record | TrailEntry]
        if kind == "node":
            entries = platform.hub.trail(rest, case=case, limit=min(limit, 500))
        else:
            journal = platform.journal if kind == "hub" else platform.deployments.get(rest).journal
            entries = journal.search(case=case, limit=limit)
        for entry in entries:
            yield _line(platform, name, entry)


def _line(platform: Platform, name: str, entry: Record | TrailEntry) -> AuditLine:
    facts = entry.facts
    dataset = _text(facts, "dataset")
    outcome = _text(facts, "outcome")
    rows = facts.get("rows")
    fields = facts.get("fields")
    columns = tuple(str(f).rpartition(".")[2] for f in fields) if isinstance(fields, list) else ()
    return AuditLine(
        journal=name,
        journal_title=journal_title(platform, name),
        seq=entry.seq,
        at=entry.at.astimezone(platform.clock().tzinfo),
        kind=entry.kind,
        kind_title=AUDIT_KINDS.get(entry.kind, Text(entry.kind, entry.kind)),
        actor=entry.actor,
        party=_text(facts, "party") or "",
        case_no=_text(facts, "case"),
        dataset=dataset,
        dataset_title=platform.dataset_title(dataset) if dataset else None,
        fields=platform.field_titles(dataset, columns) if dataset else (),
        purpose=_text(facts, "purpose"),
        grant=_text(facts, "grant"),
        outcome=outcome,
        rows=rows if isinstance(rows, int) else None,
        hash=entry.hash,
        subject=_subject_title(platform, _text(facts, "subject")),
    )


def _subject_title(platform: Platform, subject: str | None) -> Text | None:
    if subject is None:
        return None
    for deployment in platform.deployments.all():
        for known in deployment.current.subjects:
            if known.id == subject:
                return known.title
    return Text(subject, subject)


def _text(facts: Mapping[str, object], key: str) -> str | None:
    value = facts.get(key)
    return value if isinstance(value, str) else None
