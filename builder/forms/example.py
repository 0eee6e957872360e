"""Make up answers that pass every check, from a seed: for trial runs, previews and tests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from random import Random

from builder.forms.compiled import CompiledForm
from builder.forms.journey import Known, around, assess
from builder.scenario.model import Json

__all__ = ["example_answers"]


def example_answers(
    cform: CompiledForm,
    seed: int,
    today: date,
    known: Known | None = None,
    answers: Mapping[str, Json] | None = None,
) -> dict[str, Json]:
    """Return answers to every question that these very answers lead to.

    The same seed gives the same answers. Answers given beforehand are kept.
    """
    chance = Random(seed)  # noqa: S311 (made-up answers, not secrets)
    made: dict[str, Json] = dict(answers or {})
    for pointer in cform.order:
        state = assess(cform, made, today, known)
        for control in cform.by_pointer[pointer]:
            asked = control.question.id in state.shown and not control.question.computed
            if asked and state.values.get(pointer) is None:
                rest = around(cform, state, today)
                made[pointer] = control.widget.example(control.question, chance, rest)
    return made
