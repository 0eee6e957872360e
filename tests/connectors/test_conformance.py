"""Every kind of source keeps every law."""

import pytest

from connectors.conformance import LAWS, SCANS, prove
from connectors.scan import Scan


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_a_kind_keeps_the_law(kit, law):
    prove(law, kit)


@pytest.mark.parametrize("name", SCANS)
def test_the_laws_own_scans_are_in_the_grammar(name):
    scan = Scan(SCANS[name])
    assert Scan.from_json(scan.to_json()) == scan
