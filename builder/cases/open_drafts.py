"""Show a draft to programs: the answers as they stand, where they came from, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from builder import forms
from builder.cases import commands, views
from builder.cases.filling import Filling, read_provenance
from builder.cases.platform import Deployment, Platform
from builder.cases.shapes import PageStep
from builder.errors import Fault
from builder.forms import CompiledForm
from builder.identity import SignIn
from builder.scenario.model import Text

__all__ = ["AnswerSource", "DraftShown", "Gap", "draft", "form_of_draft", "gaps"]


@dataclass(frozen=True, slots=True)
class AnswerSource:
    """Where an answer came from without asking."""

    dataset: str
    field: str
    party: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that keeps a draft from being handed in."""

    pointer: str
    page: str
    code: str
    message: Text


@dataclass(frozen=True, slots=True)
class DraftShown:
    """An application being filled in, as its applicant's program sees it."""

    case_no: str
    deployment: str
    title: Text
    reason: Literal["new", "returned", "correction"]
    message: str | None
    """What the officer wrote, where the draft answers a return or a correction."""
    version: int
    updated: datetime
    expires: datetime
    pages: tuple[PageStep, ...]
    answers: Mapping[str, Mapping[str, object]]
    sources: Mapping[str, AnswerSource]
    """By pointer."""
    complete: bool
    missing: tuple[Gap, ...]


def draft(platform: Platform, who: SignIn, case_no: str) -> DraftShown:
    """Return one's own draft.

    Raises:
        CaseUnknown: not this person's draft.
    """
    deployment, kept = commands.own_draft(platform, who, case_no)
    filling = commands.filling_of(platform, deployment, who, kept)
    review = views.review(platform, who, case_no)
    missing = gaps(filling)
    return DraftShown(
        case_no=case_no,
        deployment=deployment.id,
        title=review.title,
        reason=review.reason,
        message=review.message,
        version=kept.version,
        updated=kept.updated_at,
        expires=kept.expires_at,
        pages=review.steps,
        answers=kept.answers,
        sources={
            pointer: AnswerSource(p.dataset, p.field, p.party, p.at)
            for pointer, p in read_provenance(kept.provenance).items()
        },
        complete=not missing,
        missing=missing,
    )


def gaps(filling: Filling) -> tuple[Gap, ...]:
    """Return what keeps a form from being handed in, in reading order."""
    found = forms.validate_all(filling.form, filling.answers, filling.today, filling.known())
    return tuple(Gap(p.pointer, p.page, p.code, p.message) for p in found)


def gaps_as_faults(filling: Filling) -> list[Fault]:
    """Return the same as Faults with JSON pointers."""
    found = forms.validate_all(filling.form, filling.answers, filling.today, filling.known())
    for problem in found:
        problem.fault.where = problem.pointer
    return [p.fault for p in found]


def form_of_draft(platform: Platform, who: SignIn, case_no: str) -> tuple[Deployment, CompiledForm]:
    """Return the form that one's own draft fills in.

    Raises:
        CaseUnknown: not this person's draft.
    """
    deployment, kept = commands.own_draft(platform, who, case_no)
    return deployment, commands.filling_of(platform, deployment, who, kept).form
