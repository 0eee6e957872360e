"""What a citizen does: find a matter, fill in, hand in, follow, see every use of one's data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from builder.cases import commands, views
from builder.cases.errors import CaseUnknown, FormUnreadable
from builder.cases.shapes import CaseLine, DraftLine, DraftPage, OwedPage, PageStep, Saved
from builder.forms.rows import MOVE
from builder.process.errors import SupplementEmpty
from builder.scenario.model import Text
from builder.web.access import CITIZEN
from builder.web.context import lang, platform, roles, texts, web, who
from builder.web.files import Taken, take_files, to_draft, to_owed
from builder.web.refusals import shown_fault

__all__ = ["citizen", "posted", "posted_version"]

citizen = Blueprint("citizen", __name__)


@dataclass(frozen=True, slots=True)
class Todo:
    """Something that waits for the reader, on the portal."""

    case_no: str
    title: Text
    note: str
    verb: str
    address: str


# ── Finding a matter ─────────────────────────────────────────────────────────────────────────────


@citizen.get("/matters")
def portal() -> str:
    """List the matters, searchable; on top what waits for the reader."""
    q = request.args.get("q", "").strip()[:60]
    domain = request.args.get("domain", "")[:60]
    cards = views.portal(platform(), g.who, q)
    domains = {c.domain.zh: c.domain for c in cards}
    found = [c for c in cards if domain in ("", c.domain.zh)]
    return render_template(
        "citizen/portal.html",
        cards=found,
        domains=[domains[name] for name in sorted(domains)],
        domain=domain,
        q=q,
        todo=_todo(),
    )


@citizen.get("/matters/<county>/<scenario>")
def matter(county: str, scenario: str) -> str:
    """Explain a matter: what, by whom, with which data, under which law."""
    found = views.matter(platform(), g.who, f"{county}/{scenario}")
    return render_template("citizen/matter.html", matter=found)


@citizen.post("/matters/<county>/<scenario>")
def begin(county: str, scenario: str) -> BaseResponse:
    """Begin an application."""
    draft = commands.open_draft(platform(), who(), f"{county}/{scenario}")
    return redirect(_resume_address(draft.case_no), code=303)


# ── Filling in ───────────────────────────────────────────────────────────────────────────────────


@citizen.get("/drafts/<case_no>")
def resume(case_no: str) -> BaseResponse:
    """Go on where the reader left off."""
    return _or_its_case(case_no, lambda: redirect(_resume_address(case_no)))


@citizen.get("/drafts/<case_no>/pages/<page_id>")
def page(case_no: str, page_id: str) -> BaseResponse:
    """Show one page of the form."""
    return _or_its_case(
        case_no, lambda: Response(_page(views.page(platform(), who(), case_no, page_id)))
    )


@citizen.post("/drafts/<case_no>/pages/<page_id>")
def save(case_no: str, page_id: str) -> BaseResponse:
    """Save one page and go on; with mistakes, show them where they are."""
    taken = take_files(posted(), to_draft(case_no, page_id))
    post, refused = taken.post, taken.refused
    if MOVE in post:  # a row comes, goes or moves: nothing is saved, nothing is found wrong yet
        return Response(_page(views.page(platform(), who(), case_no, page_id, post=post)))
    saved = commands.save_page(platform(), who(), case_no, page_id, post, posted_version(), refused)
    if taken.at is not None:
        return _stay(saved, page_id, taken)
    elsewhere = _elsewhere(saved, page_id)
    if elsewhere is not None:
        return elsewhere
    if saved.errors:
        again = views.page(platform(), who(), saved.case_no, page_id, post=post, refused=refused)
        return Response(_page(again), status=422)
    if saved.next_page is None:
        return redirect(url_for("citizen.review", case_no=saved.case_no), code=303)
    return redirect(_page_address(saved.case_no)(saved.next_page), code=303)


def _or_its_case(case_no: str, shown: Callable[[], BaseResponse]) -> BaseResponse:
    """Show a draft; one that was handed in meanwhile (the back button) leads to its case.

    Raises:
        CaseUnknown: neither this person's draft nor case.
    """
    try:
        return shown()
    except CaseUnknown:
        views.receipt(platform(), who(), case_no)  # a fault unless it is this person's case
        return redirect(url_for("citizen.case", case_no=case_no))


def _elsewhere(saved: Saved, page_id: str) -> BaseResponse | None:
    """Lead away from a saved page where that was the wish: to go on later, to fetch once more."""
    if request.form.get("go") == "later":
        flash("form.saved", "good")
        return redirect(url_for("citizen.mine"), code=303)
    if request.form.get("go") == "again":
        shown = commands.fetch_again(platform(), who(), saved.case_no, page_id)
        return redirect(_page_address(saved.case_no)(shown), code=303)
    return None


def _stay(saved: Saved, page_id: str, taken: Taken) -> BaseResponse:
    """Show a page again whose files were changed; what is not filled in yet is no mistake."""
    shown = views.page(
        platform(),
        who(),
        saved.case_no,
        page_id,
        post=taken.post,
        refused=taken.refused,
        unfinished=True,
    )
    if shown.page.errors:
        return Response(_page(shown), status=422)
    return redirect(f"{_page_address(saved.case_no)(page_id)}#q-{taken.at}", code=303)


@citizen.get("/drafts/<case_no>/review")
def review(case_no: str) -> BaseResponse:
    """Show everything answered, before handing in."""
    return _or_its_case(case_no, lambda: Response(_review_page(case_no)))


def _review_page(case_no: str) -> str:
    """Return the page that shows everything answered."""
    found = views.review(platform(), who(), case_no)
    return render_template(
        "citizen/review.html",
        review=found,
        steps=_with_review(found.steps, "current"),
        matter_address=_matter_address(found.deployment),
        page_address=_page_address(found.case_no),
        summary_html=web().renderer.summary(found.summary, lang(), _change(found.case_no)),
    )


@citizen.post("/drafts/<case_no>/review")
def submit(case_no: str) -> BaseResponse:
    """Hand in; twice gives the same receipt."""
    receipt = commands.submit(platform(), who(), case_no, posted_version())
    return redirect(url_for("citizen.receipt", case_no=receipt.case_no), code=303)


@citizen.get("/drafts/<case_no>/discard")
def discard(case_no: str) -> str:
    """Ask before throwing a draft away."""
    found = views.review(platform(), who(), case_no)
    return render_template("citizen/discard.html", review=found)


@citizen.post("/drafts/<case_no>/discard")
def discard_post(case_no: str) -> BaseResponse:
    """Throw a draft away."""
    commands.discard_draft(platform(), who(), case_no)
    flash("discard.done", "good")
    return redirect(url_for("citizen.mine"), code=303)


# ── Following ────────────────────────────────────────────────────────────────────────────────────


@citizen.get("/cases")
def mine() -> str:
    """List the reader's drafts and matters."""
    after = request.args.get("after", "")[:96] or None
    matters = views.handed_in(platform(), who(), after=after)
    return render_template(
        "citizen/mine.html",
        drafts=views.my_drafts(platform(), who()) if after is None else (),
        matters=matters.lines,
        more=matters.after,
        notices=views.notices(platform(), who()) if after is None else (),
    )


@citizen.get("/cases/<case_no>")
def case(case_no: str) -> str:
    """Show how far each department is, and every use of the reader's data."""
    found = views.case(platform(), who(), case_no)
    return render_template(
        "citizen/case.html",
        case=found,
        done=sum(p.state in ("done", "skipped") for p in found.parties),
        summary_html=_read_only(found.summary),
        results_html=_read_only(found.results),
    )


@citizen.get("/cases/<case_no>/receipt")
def receipt(case_no: str) -> str:
    """Show proof of handing in."""
    return render_template(
        "citizen/receipt.html", receipt=views.receipt(platform(), who(), case_no)
    )


@citizen.post("/cases/<case_no>/ask")
def ask(case_no: str) -> BaseResponse:
    """Ask the departments that have not answered once more, now."""
    outcome = commands.ask_again_for_own(platform(), who(), case_no)
    flash(f"task.asked_{outcome}", "good" if outcome == "answered" else "info")
    return redirect(url_for("citizen.case", case_no=case_no), code=303)


@citizen.get("/cases/<case_no>/supplement")
def supplement(case_no: str) -> str:
    """Show only what is owed, to be supplied now."""
    return _supplement(commands.owed_page(platform(), who(), case_no))


@citizen.post("/cases/<case_no>/supplement")
def supplement_post(case_no: str) -> BaseResponse:
    """Take in what is owed, some of it or all; with mistakes, show them where they are."""
    taken = take_files(posted(), to_owed(case_no))
    post, refused = taken.post, taken.refused
    if taken.at is not None:
        shown = commands.owed_page(platform(), who(), case_no, post, refused)
        return Response(_supplement(shown), status=422 if shown.page.errors else 200)
    try:
        errors = commands.supplement(platform(), who(), case_no, post, posted_version(), refused)
    except SupplementEmpty as fault:
        shown = commands.owed_page(platform(), who(), case_no)
        return Response(_supplement(shown, shown_fault(fault)), status=fault.http)
    if errors:
        shown = commands.owed_page(platform(), who(), case_no, post, refused)
        return Response(_supplement(shown), status=422)
    flash("supplement.done", "good")
    return redirect(url_for("citizen.case", case_no=case_no), code=303)


@citizen.post("/cases/<case_no>/urge")
def urge(case_no: str) -> BaseResponse:
    """Ask a department to hurry."""
    commands.urge(platform(), who(), case_no, request.form.get("task", "")[:96])
    flash("case.urged", "good")
    return redirect(url_for("citizen.case", case_no=case_no), code=303)


@citizen.get("/cases/<case_no>/withdraw")
def withdraw(case_no: str) -> str:
    """Ask before taking a matter back."""
    return render_template("citizen/withdraw.html", case=views.case(platform(), who(), case_no))


@citizen.post("/cases/<case_no>/withdraw")
def withdraw_post(case_no: str) -> BaseResponse:
    """Take a matter back."""
    commands.withdraw(platform(), who(), case_no, request.form.get("reason", "").strip()[:500])
    flash("withdraw.done", "good")
    return redirect(url_for("citizen.case", case_no=case_no), code=303)


@citizen.post("/cases/<case_no>/mend")
def mend(case_no: str) -> BaseResponse:
    """Open the form again, to answer a return or a correction."""
    draft = commands.reopen(platform(), who(), case_no)
    return redirect(_resume_address(draft.case_no), code=303)


# ── Shared ───────────────────────────────────────────────────────────────────────────────────────


def posted() -> dict[str, Sequence[str]]:
    """Return what was posted: each name with all its values."""
    return {name: request.form.getlist(name) for name in request.form}


def posted_version() -> int:
    """Return the version the page was shown at.

    Raises:
        FormUnreadable: no page of ours sends this.
    """
    version = request.form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) <= 9):
        raise FormUnreadable
    return int(version)


def _page(draft: DraftPage) -> str:
    renderer = web().renderer
    return render_template(
        "citizen/page.html",
        draft=draft,
        steps=_with_review(draft.steps, "todo"),
        matter_address=_matter_address(draft.deployment),
        page_address=_page_address(draft.case_no),
        errors_html=renderer.errors(draft.page, lang()),
        form_html=renderer.page(draft.page, lang()),
    )


def _supplement(shown: OwedPage, fault: Mapping[str, object] | None = None) -> str:
    renderer = web().renderer
    found = views.case(platform(), who(), shown.case_no)
    return render_template(
        "citizen/supplement.html",
        shown=shown,
        owed=[line for line in found.owed if line.state == "owed"],
        fault=fault,
        errors_html=renderer.errors(shown.page, lang()),
        form_html=renderer.page(shown.page, lang()),
    )


def _matter_address(deployment: str) -> str:
    county, _, scenario = deployment.partition("/")
    return url_for("citizen.matter", county=county, scenario=scenario)


def _page_address(case_no: str) -> Callable[[str], str]:
    return lambda page_id: url_for("citizen.page", case_no=case_no, page_id=page_id)


def _change(case_no: str) -> Callable[[str, str], str]:
    address = _page_address(case_no)
    return lambda page_id, anchor: f"{address(page_id)}#{anchor}"


def _resume_address(case_no: str) -> str:
    found = views.review(platform(), who(), case_no)
    first = _first_open(found.steps)
    if first is None:
        return url_for("citizen.review", case_no=found.case_no)
    return _page_address(found.case_no)(first)


def _first_open(steps: Sequence[PageStep]) -> str | None:
    return next((s.id for s in steps if s.state != "done"), None)


def _with_review(
    steps: Sequence[PageStep], state: Literal["current", "todo"]
) -> tuple[PageStep, ...]:
    """Return the path with its last step, which is no page of the form."""
    title = Text(*(web().texts[language]("review.title") for language in ("zh", "en")))
    return (*steps, PageStep("review", title, state))


def _read_only(summary: object) -> object:
    return web().renderer.summary(summary, lang()) if summary else None  # type: ignore[arg-type] # narrowed by the test


def _todo() -> tuple[Todo, ...]:
    if CITIZEN not in roles():
        return ()
    drafts = views.my_drafts(platform(), who())
    return (*map(_draft_todo, drafts), *map(_case_todo, views.waiting_for_me(platform(), who())))


def _draft_todo(draft: DraftLine) -> Todo:
    say = texts()
    return Todo(
        draft.case_no,
        draft.title,
        say(f"portal.draft_{draft.reason}"),
        say("mine.continue"),
        url_for("citizen.resume", case_no=draft.case_no),
    )


def _case_todo(line: CaseLine) -> Todo:
    say = texts()
    return Todo(
        line.case_no,
        line.title,
        say("mine.needs_you"),
        say("portal.look"),
        url_for("citizen.case", case_no=line.case_no),
    )
