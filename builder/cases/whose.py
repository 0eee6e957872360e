"""Find what is a person's own: drafts, cases, tasks, and the form that belongs to them."""

from __future__ import annotations

from collections.abc import Mapping

from builder.cases import filing, keeping
from builder.cases.answers import flat
from builder.cases.errors import CaseUnknown, MayNotAct, TaskUnknown
from builder.cases.filling import Filling
from builder.cases.keeping import Draft, StoredCase
from builder.cases.platform import Deployment, Platform
from builder.cases.shapes import Receipt
from builder.errors import Fault
from builder.forms.files import FileFacts
from builder.identity import SignIn
from builder.process.case import Actor, TaskState
from builder.process.engine import find_task
from builder.scenario.model import PARAMS, Json, Scenario, Task
from federation.trust import Principal

__all__ = [
    "applicant_facts",
    "applicant_of",
    "applicant_principal",
    "filling_of",
    "given_by",
    "has_open_task",
    "is_own",
    "may_start",
    "named_answers",
    "officer_filling",
    "officers_task",
    "own_case",
    "own_draft",
    "receipt_of",
    "starting_actor",
    "with_built_in",
]

_APPLICANT = "applicant"


def may_start(scenario: Scenario, who: SignIn | None) -> bool:
    """Tell whether an account's roles begin a matter."""
    if who is None:
        return False
    account = who.account
    return any(
        role.start
        and (
            "citizen" in account.roles
            if role.party is None
            else role.party in ("*", account.party) and role.id in account.roles
        )
        for role in scenario.roles
    )


def own_draft(platform: Platform, who: SignIn, case_no: str) -> tuple[Deployment, Draft]:
    """Return a person's own draft; raises `CaseUnknown` alike for none and for another's."""
    deployment = platform.deployments.of_case(case_no)
    draft = keeping.load_draft(deployment, case_no)
    if draft is None or draft.account != who.account.account:
        raise CaseUnknown(case=case_no)
    return deployment, draft


def own_case(platform: Platform, who: SignIn, case_no: str) -> tuple[Deployment, StoredCase]:
    """Return a person's own case; raises `CaseUnknown` alike for none and for another's."""
    deployment = platform.deployments.of_case(case_no)
    stored = keeping.load_case(deployment, case_no)
    if stored is None or not is_own(stored, who):
        raise CaseUnknown(case=case_no)
    return deployment, stored


def officers_task(
    platform: Platform, who: SignIn, case_no: str, task_id: str
) -> tuple[Deployment, StoredCase, TaskState]:
    """Return a task of the officer's own department and role.

    Raises:
        TaskUnknown: there is none, or it is another department's: both read the same.
    """
    try:
        deployment = platform.deployments.of_case(case_no)
    except CaseUnknown:
        raise TaskUnknown from None
    stored = keeping.load_case(deployment, case_no)
    if stored is None:
        raise TaskUnknown
    try:
        task = find_task(stored.case, task_id)
    except Fault:
        raise TaskUnknown from None
    if task.party is None or task.party != who.account.party:
        raise TaskUnknown
    if task.role not in who.account.roles:
        raise MayNotAct(party=platform.city.party_title(task.party).zh)
    return deployment, stored, task


def applicant_of(platform: Platform, case_no: str) -> SignIn:
    """Return the applicant of a case, for the operator's own command line."""
    deployment = platform.deployments.of_case(case_no)
    stored = keeping.load_case(deployment, case_no)
    draft = keeping.load_draft(deployment, case_no)
    account = stored.account if stored else draft.account if draft else None
    if account is None:
        raise CaseUnknown(case=case_no)
    return platform.accounts.named(account)


def receipt_of(stored: StoredCase) -> Receipt:
    """Return the receipt of a case; always the same for the same hand-in."""
    name = stored.applicant.get("name")
    at = stored.case.submitted_at
    assert at is not None  # noqa: S101 - a stored case was handed in
    return Receipt(
        case_no=stored.case_no,
        deployment=stored.deployment.id,
        title=stored.scenario.meta.title,
        at=at,
        applicant=name if isinstance(name, str) else stored.account,
        seal=stored.seal,
    )


def filling_of(platform: Platform, deployment: Deployment, who: SignIn, draft: Draft) -> Filling:
    """Return a draft's form with everything its expressions read."""
    scenario = deployment.scenario(draft.scenario_hash)
    built_in = with_built_in(scenario, who, {})
    return Filling(
        form=deployment.form(scenario, draft.form),
        scenario=scenario,
        answers=flat(draft.answers),
        built_in=built_in,
        results=draft.results,
        provenance=draft.provenance,
        today=platform.clock().date(),
        files=given_by(deployment, scenario, draft.case_no, draft.account),
    )


def given_by(
    deployment: Deployment, scenario: Scenario, case_no: str, account: str
) -> dict[str, FileFacts]:
    """Return the files of a case that one person gave: nobody answers with another's."""
    files = filing.files_of(deployment, scenario, case_no)
    return {i: file for i, file in files.items() if file.account == account}


def officer_filling(
    platform: Platform,
    deployment: Deployment,
    stored: StoredCase,
    task: TaskState,
    who: SignIn | None = None,
) -> Filling | None:
    """Return the form of an officer's step with the officer's files, None where it has none."""
    step = stored.scenario.step(task.step)
    if not isinstance(step, Task) or step.form is None:
        return None
    form = deployment.form(stored.scenario, step.form)
    scopes = form.form.scopes()
    everything = flat(stored.case.answers)
    return Filling(
        form=form,
        scenario=stored.scenario,
        answers={p: v for p, v in everything.items() if p in scopes},
        built_in={
            e: r
            for e, r in stored.case.answers.items()
            if not any(s.startswith(f"/{e}/") for s in scopes)
        },
        results=stored.case.results,
        provenance={},
        today=platform.clock().date(),
        files=_for_officer(deployment, stored, scopes, who) if who else {},
    )


def _for_officer(
    deployment: Deployment, stored: StoredCase, scopes: frozenset[str], who: SignIn
) -> dict[str, FileFacts]:
    """Return the files an officer answers with: the own ones, and what colleagues recorded."""
    files = filing.files_of(deployment, stored.scenario, stored.case_no)
    return {
        i: file
        for i, file in files.items()
        if file.pointer in scopes
        and (file.account == who.account.account or file.handed_in is not None)
    }


def is_own(stored: StoredCase, who: SignIn) -> bool:
    """Tell whether a person handed this case in."""
    return stored.account == who.account.account


def has_open_task(stored: StoredCase, who: SignIn) -> bool:
    """Tell whether a task of this case waits for an officer's department and role."""
    return any(
        t.party == who.account.party and t.role in who.account.roles for t in stored.case.open_tasks
    )


def starting_actor(who: SignIn, scenario: Scenario) -> Actor:
    """Return a person as the process knows who begins a matter."""
    role = next((r.id for r in scenario.roles if r.start), _APPLICANT)
    return Actor(who.account.account, who.account.party, role)


def applicant_facts(who: SignIn) -> dict[str, str]:
    """Return the built-in ``applicant`` entity, from sign-in."""
    person = who.account.person
    return {name: person.get(name, "") for name in ("name", "id_card", "phone")}


def named_answers(
    answers: Mapping[str, Mapping[str, Json]], who: SignIn
) -> dict[str, Mapping[str, Json]]:
    """Return answers with the built-in ``applicant``."""
    return {**answers, _APPLICANT: applicant_facts(who)}


def with_built_in(
    scenario: Scenario, who: SignIn, answers: Mapping[str, Mapping[str, Json]]
) -> dict[str, Mapping[str, Json]]:
    """Return answers with the built-in ``applicant`` and the deployment's parameters."""
    params = {p.id: p.default for p in scenario.parameters}
    return {**answers, _APPLICANT: applicant_facts(who), PARAMS: params}


def applicant_principal(stored: StoredCase) -> Principal:
    """Return the applicant as the one in whose name the process asks."""
    name, key = stored.applicant.get("name"), stored.applicant.get("id_card")
    return Principal(
        stored.account, str(name or ""), None, (_APPLICANT,), key if isinstance(key, str) else None
    )
