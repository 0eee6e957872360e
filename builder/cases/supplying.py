"""Take in what an applicant owes (补件), at any time while the case runs: some of it or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from builder import forms
from builder.cases import filing, keeping
from builder.cases.answers import Flat, flat, nested
from builder.cases.errors import AnswersMissing, CaseChanged
from builder.cases.files import add_to_owed, refuse_waiting
from builder.cases.filling import Filling, problems_json, ticks_of
from builder.cases.keeping import StoredCase
from builder.cases.local import taken_in
from builder.cases.moving import advance_case
from builder.cases.platform import Deployment, Platform
from builder.cases.settling import settle
from builder.cases.shapes import OwedPage
from builder.cases.whose import given_by, own_case, starting_actor
from builder.errors import Fault, Findings
from builder.forms import ParsedPage
from builder.forms.question import LATER
from builder.identity import SignIn
from builder.process.case import Supplement
from builder.process.errors import NothingOwed
from builder.process.owing import left_before
from builder.scenario.model import Json
from federation.store import write

__all__ = ["case_filling", "owed_page", "supplement", "supplement_with_answers"]


def case_filling(platform: Platform, deployment: Deployment, stored: StoredCase) -> Filling:
    """Return the applicant's form as a running case holds it."""
    form = deployment.form(stored.scenario, stored.scenario.process.form)
    scopes = form.form.scopes()
    answers = {p: v for p, v in flat(stored.case.answers).items() if p in scopes}
    own = {pointer.split("/")[1] for pointer in scopes}
    return Filling(
        form=form,
        scenario=stored.scenario,
        answers=answers | ticks_of(left_before(stored.case)),
        built_in={e: r for e, r in stored.case.answers.items() if e not in own},
        results=stored.case.results,
        provenance=stored.provenance,
        today=platform.clock().date(),
        files=given_by(deployment, stored.scenario, stored.case_no, stored.account),
    )


def owed_page(
    platform: Platform,
    who: SignIn,
    case_no: str,
    post: Mapping[str, Sequence[str]] | None = None,
    refused: Mapping[str, Fault] | None = None,
) -> OwedPage:
    """Return the page on which an applicant supplies what is owed.

    Args:
        post: the page as just posted, to show what was typed and what to mend.
        refused: control → why a file that came with the page was not taken.

    Raises:
        CaseUnknown: not this person's case.
        NothingOwed: nothing is, or nothing any more.
    """
    deployment, stored = own_case(platform, who, case_no)
    fields = _owed(stored)
    filling = case_filling(platform, deployment, stored)
    parsed = None if post is None else _parsed(filling, fields, post, refused)
    page = forms.view_open(
        filling.form,
        fields,
        filling.answers,
        filling.today,
        filling.known(),
        parsed=parsed,
        files=filling.files,
    )
    return OwedPage(case_no, stored.scenario.meta.title, stored.version, page)


def supplement(
    platform: Platform,
    who: SignIn,
    case_no: str,
    post: Mapping[str, Sequence[str]],
    version: int | None = None,
    refused: Mapping[str, Fault] | None = None,
) -> tuple[Mapping[str, object], ...]:
    """Supply what was filled in; what is left blank stays owed.

    `refused` says by control which file that came with the page was not taken.

    Returns:
        What the form refuses, as in `Saved.errors`; empty when it was taken.

    Raises:
        CaseUnknown: not this person's case.
        CaseChanged: somebody acted since `version`.
        ProcessFault: it may not be supplied now, or nothing was filled in.
    """
    deployment, stored = own_case(platform, who, case_no)
    if version is not None and version != stored.version:
        raise CaseChanged
    filling = case_filling(platform, deployment, stored)
    parsed = _parsed(filling, _owed(stored), post, refused)
    if parsed.errors:
        return problems_json(parsed.errors)
    _supply(platform, deployment, who, stored, filling, parsed)
    return ()


def supplement_with_answers(platform: Platform, who: SignIn, case_no: str, answers: Flat) -> None:
    """Supply answers by pointer, as the command line and walks do.

    Raises:
        AnswersMissing: a pointer that is not owed.
        Findings: what the form refuses.
        Fault: as `supplement`.
    """
    deployment, stored = own_case(platform, who, case_no)
    fields = _owed(stored)
    unknown = sorted(set(answers) - set(fields))
    if unknown:
        raise AnswersMissing(problem=f"? {', '.join(unknown[:3])}", where=unknown[0])
    filling = case_filling(platform, deployment, stored)
    answers = taken_in(
        answers,
        filling.form.controls(),
        lambda control, incoming, name: add_to_owed(
            platform, who, case_no, control, incoming, name
        ),
        filing.folder_of(platform, deployment).incoming,
    )
    filling = case_filling(platform, deployment, stored)
    parsed = _parsed(filling, fields, filling.posted(answers))
    if parsed.errors:
        raise Findings([p.placed for p in parsed.errors], where="/supplement")
    _supply(platform, deployment, who, stored, filling, parsed)


def _owed(stored: StoredCase) -> tuple[str, ...]:
    fields = tuple(owed.field for owed in stored.case.owing)
    if not fields and not stored.case.is_ended:
        raise NothingOwed
    return fields


def _parsed(
    filling: Filling,
    fields: Sequence[str],
    post: Mapping[str, Sequence[str]],
    refused: Mapping[str, Fault] | None = None,
) -> ParsedPage:
    return forms.parse_open(
        filling.form,
        fields,
        post,
        filling.answers,
        filling.today,
        filling.known(),
        files=filling.files,
        refused=refused,
    )


def _supply(
    platform: Platform,
    deployment: Deployment,
    who: SignIn,
    stored: StoredCase,
    filling: Filling,
    parsed: ParsedPage,
) -> None:
    final = filling.final({**filling.answers, **parsed.values})
    computed = {c.question.pointer for c in filling.form.controls() if c.question.computed}
    given: dict[str, Json] = {
        pointer: value
        for pointer, value in final.items()
        if pointer in parsed.values
        or (pointer in computed and filling.answers.get(pointer) != value)
    }
    action = Supplement(starting_actor(who, stored.scenario), nested(given))
    named = filing.named_in(given, stored.scenario)
    refuse_waiting(platform, deployment, stored.case_no, named)

    def hand_in(conn: Connection) -> None:
        if named:
            filing.hand_in(conn, stored.case_no, stored.account, named, platform.clock())

    advance_case(platform, deployment, stored, action, "case-supplemented", who, also=hand_in)
    _keep_in_draft(platform, deployment, stored.case_no, given)
    platform.soon(lambda: settle(platform, deployment, stored.case_no))


def _keep_in_draft(
    platform: Platform, deployment: Deployment, case_no: str, given: Mapping[str, Json]
) -> None:
    """Put what was supplied into a correction under way as well, so that it takes nothing back."""
    while (draft := keeping.load_draft(deployment, case_no)) is not None:
        answers = {**flat(draft.answers), **given, **{p + LATER: None for p in given}}
        changed = replace(
            draft,
            answers=nested(answers),
            version=draft.version + 1,
            updated_at=platform.clock(),
        )
        with write(deployment.engine) as conn:
            if keeping.write_draft(conn, changed, seen=draft.version):
                return
