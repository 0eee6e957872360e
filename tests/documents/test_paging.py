"""A registry read page by page shows every case once, in the same order as all of it."""

from dataclasses import replace

import pytest

from builder.cases import registries, walks
from builder.cases.registries import Wanted
from tests.documents.conftest import MATTER

MORE = 2


@pytest.fixture(scope="module")
def desk(finished):
    """Return a function that reads a page of the desk's registry, with more cases in it."""
    (walk,) = walks.read_walks(MATTER, "happy")
    first_act = next(i for i, s in enumerate(walk.steps) if s["do"] == "act")
    handed_in = replace(walk, steps=walk.steps[: first_act + 1])
    for _ in range(MORE):
        outcome = walks.run(finished.platform, finished.clock, finished.deployment.id, handed_in)
        assert outcome.fault is None, outcome.fault.message("en")
    who = finished.platform.accounts.named("officer-civil-affairs")

    def read(limit, **wanted):
        return registries.registry(
            finished.platform,
            who,
            finished.deployment.id,
            "applications",
            Wanted(**wanted),
            limit=limit,
        )

    return read


@pytest.mark.parametrize("limit", [1, 2])
def test_pages_of_a_registry_are_the_registry(desk, limit):
    whole = [r.case_no for r in desk(50).rows]
    assert len(whole) == len(set(whole)) == MORE + 1
    page, seen = desk(limit), []
    while True:
        assert page.total == MORE + 1
        seen += [r.case_no for r in page.rows]
        if page.after is None:
            break
        page = desk(limit, after=page.after)
    assert seen == whole


@pytest.mark.parametrize("after", ["", "|", "x|y|z", "2026-01-01|\N{FULLWIDTH VERTICAL LINE}"])
def test_a_page_mark_of_nobodys_is_no_error(desk, after):
    assert desk(2, after=after).total == MORE + 1
