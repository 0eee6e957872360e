"""Say to whom a task can be passed on (转办), and read which of them was meant."""

from __future__ import annotations

from builder.cases.keeping import StoredCase
from builder.cases.platform import Platform
from builder.cases.shapes import FieldChoice
from builder.identity import Account
from builder.process.case import TaskState
from builder.process.pausing import is_desk
from builder.scenario.model import Task, Text

__all__ = ["person_name", "target", "targets"]


def target(word: str) -> tuple[str, str, str | None]:
    """Return party, role and person of ``party/role`` or ``party/role/account``.

    >>> target("tax/officer"), target("tax/officer/li-na")
    (('tax', 'officer', None), ('tax', 'officer', 'li-na'))
    """
    party, _, rest = word.partition("/")
    role, _, account = rest.partition("/")
    return party, role, account or None


def targets(platform: Platform, stored: StoredCase, task: TaskState) -> tuple[FieldChoice, ...]:
    """Return to whom an open task can be passed on: colleagues, roles, allowed other parties."""
    step = stored.scenario.step(task.step)
    if not isinstance(step, Task) or task.party is None:
        return ()
    people = platform.accounts.all()
    found: list[FieldChoice] = []
    for party in dict.fromkeys((task.party, step.party or task.party, *step.transfer_to)):
        for role in stored.scenario.roles:
            if not is_desk(stored.scenario, party, role.id):
                continue
            if (party, role.id, None) != (task.party, task.role, task.assignee):
                title = _title(platform, party, role.title)
                found.append(FieldChoice(f"{party}/{role.id}", title))
            if party == task.party:
                found += _colleagues(people, party, role.id, role.title, task.assignee)
    return tuple(found)


def person_name(platform: Platform, account: str | None) -> Text | None:
    """Return what an officer is called; None for nobody."""
    found = platform.accounts.load(account) if account else None
    if found is None:
        return Text(account, account) if account else None
    return Text(found.name["zh"], found.name["en"])


def _colleagues(
    people: tuple[Account, ...], party: str, role: str, title: Text, assignee: str | None
) -> list[FieldChoice]:
    found = [p for p in people if p.party == party and role in p.roles]
    if len(found) == 1 and assignee is None:
        return []  # the desk is this one person
    return [
        FieldChoice(
            f"{party}/{role}/{p.account}",
            Text(f"{title.zh}：{p.name['zh']}", f"{title.en}: {p.name['en']}"),
        )
        for p in found
        if p.account != assignee
    ]


def _title(platform: Platform, party: str, role: Text) -> Text:
    name = platform.city.party_title(party)
    return Text(f"{name.zh}（{role.zh}）", f"{name.en} ({role.en})")
