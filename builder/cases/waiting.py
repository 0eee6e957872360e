"""Say what a case waits for: which department has not answered, why, since when, what is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from builder.cases import questions
from builder.cases.keeping import StoredCase
from builder.cases.platform import Platform
from builder.errors import Fact, Fault, Lang, catalogue
from builder.process.calendar import SHANGHAI
from builder.process.case import PendingQuery
from builder.scenario.model import Json, QueryStep, Text

__all__ = ["Unheard", "Waiting", "note_for", "unheard", "waiting"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question that a department has not answered.

    Attributes:
        step: the query step.
        party: who is to answer.
        text: all of it in one sentence or two.
        why: what went wrong, in plain words.
        since: when it first went unanswered.
        attempts: how often it was asked.
        again: when it is asked next.
        is_tried: somebody is asking right now.
        mend: a person must mend something first; then `next_step` says what.
    """

    step: str
    party: str
    party_title: Text
    what: Text
    text: Text
    why: Text
    next_step: Text | None
    since: datetime
    attempts: int
    again: datetime
    is_tried: bool
    mend: bool


@dataclass(frozen=True, slots=True)
class Unheard:
    """A question that was given up: its department is asked by hand."""

    step: str
    text: Text


def waiting(platform: Platform, stored: StoredCase) -> tuple[Waiting, ...]:
    """Return what a case waits for that was asked and not answered, the longest first."""
    silent = [p for p in stored.case.pending.values() if p.fault is not None]
    if not silent:
        return ()
    tried = questions.read_tried(stored.deployment, stored.case_no, platform.clock())
    lines = [_line(platform, stored, p, tried.get(p.step)) for p in silent]
    return tuple(sorted(lines, key=lambda line: (line.since, line.step)))


def unheard(platform: Platform, stored: StoredCase) -> tuple[Unheard, ...]:
    """Return the questions of a case that were given up and are looked up by hand."""
    found = []
    for step_id in sorted(stored.case.unanswered):
        step = stored.scenario.step(step_id)
        if isinstance(step, QueryStep):
            who = platform.city.party_title(_party(platform, stored, step.query))
            what = stored.scenario.query(step.query).title
            found.append(
                Unheard(
                    step_id,
                    Text(
                        f"{who.zh}一直没有答复“{what.zh}”，请人工核对。",
                        f"The {who.en} never answered “{what.en}”; please check by hand.",
                    ),
                )
            )
    return tuple(found)


def note_for(lines: tuple[Waiting, ...], party: str) -> Text | None:
    """Return what is to be said beside a department's name; None when it has answered."""
    return next((line.text for line in lines if line.party == party), None)


def _line(
    platform: Platform, stored: StoredCase, pending: PendingQuery, tried: questions.Tried | None
) -> Waiting:
    party = _party(platform, stored, pending.query) or ""
    who, what = platform.city.party_title(party), stored.scenario.query(pending.query).title
    again = tried.again if tried else pending.retry_at or pending.asked_at
    why, next_step = _words(platform, pending)
    since = pending.since or pending.asked_at
    now = platform.clock()
    line = Waiting(
        step=pending.step,
        party=party,
        party_title=who,
        what=what,
        text=Text("", ""),
        why=why,
        next_step=next_step if pending.mend else None,
        since=since,
        attempts=pending.attempts,
        again=again,
        is_tried=tried is not None and tried.is_tried,
        mend=pending.mend,
    )
    return _said(line, now)


def _said(line: Waiting, now: datetime) -> Waiting:
    """Put it into words: who, since when, what is done about it."""
    since, again = _time(line.since, now), _time(line.again, now)
    who, count = line.party_title, line.attempts
    times = "once" if count == 1 else f"{count} times"
    if line.mend:
        zh = (
            f"{who.zh}未能答复：{line.why.zh}从 {since} 起已问 {count} 次，"
            f"需要先处理好，将在 {again} 再试；其余事项继续办理。"
        )
        en = (
            f"The {who.en} could not answer: {line.why.en} Asked {times} since {since}; this has "
            f"to be mended first. It is tried again at {again}. Everything else goes on."
        )
    else:
        zh = (
            f"{who.zh}暂未应答，已排队：从 {since} 起已问 {count} 次，"
            f"将在 {again} 重试；其余事项继续办理。"
        )
        en = (
            f"The {who.en} has not answered yet; asked {times} since {since}. "
            f"It is tried again at {again}. Everything else goes on."
        )
    return replace(line, text=Text(zh, en))


def _words(platform: Platform, pending: PendingQuery) -> tuple[Text, Text]:
    """Return a fault's text and next step in both languages, parties and data by their names."""
    found = next((f for f in catalogue() if f.code == pending.fault), None)
    try:
        zh, en = (_fault(platform, found, pending.facts, lang) for lang in ("zh", "en"))
        return (
            Text(zh.message("zh"), en.message("en")),
            Text(zh.next_step("zh"), en.next_step("en")),
        )
    except (KeyError, IndexError, TypeError, ValueError):
        return (
            Text(f"原因代码 {pending.fault}。", f"The reason's code is {pending.fault}."),
            Text("请告诉管理员。", "Tell the operator."),
        )


def _fault(
    platform: Platform, kind: type[Fault] | None, facts: Mapping[str, Json], lang: Lang
) -> Fault:
    if kind is None:
        raise KeyError
    named: dict[str, Fact] = {k: _named(platform, v, lang) for k, v in facts.items()}
    where = named.pop("where", None)
    return kind(where=where if isinstance(where, str) else None, **named)


def _named(platform: Platform, value: Json, lang: Lang) -> Fact:
    """Return a fact as a person reads it: ids of parties and datasets by their titles."""
    if isinstance(value, list | tuple):
        return [str(_named(platform, v, lang)) for v in value]
    if not isinstance(value, str):
        return value if isinstance(value, int | float) else str(value)
    if platform.catalog.find(value) is not None:
        title = platform.dataset_title(value)
    elif value in platform.hub.nodes:
        title = platform.city.party_title(value)
    else:
        return value
    return title.zh if lang == "zh" else title.en


def _party(platform: Platform, stored: StoredCase, query: str) -> str | None:
    dataset = stored.scenario.dataset(stored.scenario.query(query).dataset).dataset
    owner = platform.catalog.find(dataset)
    return None if owner is None else owner.party


def _time(moment: datetime, now: datetime) -> str:
    """Return the hour, with the day where it is not today."""
    local, today = moment.astimezone(SHANGHAI), now.astimezone(SHANGHAI).date()
    if local.date() == today:
        return f"{local:%H:%M}"
    return f"{local:%m-%d %H:%M}" if local.year == today.year else f"{local:%Y-%m-%d %H:%M}"
