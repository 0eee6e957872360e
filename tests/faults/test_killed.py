"""Whatever is killed, and whenever: nothing is lost, nothing happens twice, what broke is named."""

from __future__ import annotations

import pytest
from matter_checks import journals_hold, killing, look_at, whole_matter

pytestmark = [pytest.mark.slow, pytest.mark.processes]


@pytest.mark.parametrize("commit", [1, 2, 3])
@pytest.mark.parametrize("name", ["web", "worker"])
def test_a_program_killed_at_every_step_loses_nothing_and_repeats_nothing(town, name, commit):
    case_no, killed = whole_matter(town, killing(town, name, commit))
    look_at(town, case_no)
    journals_hold(town)
    assert killed or name != "web"
