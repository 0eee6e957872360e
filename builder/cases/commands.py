"""Do what people ask for: begin, save, hand in, act, withdraw. All effects of a case lie here.

A command reads, computes by pure functions, asks the departments *outside* any transaction, and
then writes everything that belongs together in one transaction, on the version it had read. Whoever
comes second is told so; nothing is half-written.

Each lives where it belongs: `drafting` (up to the hand-in), `handling` (officers, withdrawal),
`settling` (what happens by itself); `whose` says what is a person's own, `moving` holds the one way
in which a case changes.
"""

from builder.cases.drafting import (
    answer_page,
    apply_from_answers,
    county_code,
    discard_draft,
    fetch_again,
    fill_in,
    find_deployment,
    open_draft,
    reopen,
    save_answers,
    save_page,
    submit,
)
from builder.cases.handling import (
    Wish,
    act,
    act_with_answers,
    ask_again,
    ask_again_for_own,
    urge,
    withdraw,
)
from builder.cases.settling import ask_for_case, ask_now, forget_expired, settle
from builder.cases.supplying import owed_page, supplement, supplement_with_answers
from builder.cases.whose import (
    applicant_of,
    filling_of,
    may_start,
    officer_filling,
    officers_task,
    own_case,
    own_draft,
    receipt_of,
)
from builder.identity import SignIn

__all__ = [
    "SignIn",
    "Wish",
    "act",
    "act_with_answers",
    "answer_page",
    "applicant_of",
    "apply_from_answers",
    "ask_again",
    "ask_again_for_own",
    "ask_for_case",
    "ask_now",
    "county_code",
    "discard_draft",
    "fetch_again",
    "fill_in",
    "filling_of",
    "find_deployment",
    "forget_expired",
    "may_start",
    "officer_filling",
    "officers_task",
    "open_draft",
    "owed_page",
    "own_case",
    "own_draft",
    "receipt_of",
    "reopen",
    "save_answers",
    "save_page",
    "settle",
    "submit",
    "supplement",
    "supplement_with_answers",
    "urge",
    "withdraw",
]
