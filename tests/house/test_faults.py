"""The catalogue of faults is complete in both languages."""

import importlib
import pkgutil
import re
import string

import pytest

import builder
import connectors
import federation
from builder.errors import Fault, catalogue

_NOT_FOR_IMPORT = (".migrations", ".conformance", ".__main__")
"""Run by alembic, by pytest, by `python -m`."""


def _import_everything() -> None:
    for package in (connectors, federation, builder):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not any(part in module.name for part in _NOT_FOR_IMPORT):
                importlib.import_module(module.name)


_import_everything()
FAULTS = sorted(set(catalogue()), key=lambda f: f.code)


_OWN_WORDS = re.compile("平台|系统|应用|采购|工程|不予共享")
"""Words of the spec itself that an English text has to quote."""


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_no_two_faults_share_a_code():
    codes = [f.code for f in FAULTS]
    assert len(codes) == len(set(codes)), sorted({c for c in codes if codes.count(c) > 1})


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f.code)
def test_a_fault_says_what_happened_and_what_to_do_in_both_languages(fault: type[Fault]):
    room, _, problem = fault.code.partition(".")
    assert room.isidentifier()
    assert problem
    assert problem.replace("-", "").isalnum(), "codes are room.kebab-case"
    assert 400 <= fault.http <= 599
    for text in (fault.zh, fault.next_zh):
        assert any("\u4e00" <= c <= "\u9fff" for c in text), text
    for text in (fault.en, fault.next_en):
        assert text.strip()
        assert not any("\u4e00" <= c <= "\u9fff" for c in _OWN_WORDS.sub("", text)), text
    assert _placeholders(fault.zh) == _placeholders(fault.en)
    assert _placeholders(fault.next_zh) | _placeholders(fault.zh) == (
        _placeholders(fault.next_en) | _placeholders(fault.en)
    )
