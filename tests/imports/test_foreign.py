"""Documents in a foreign shape are judged as two others judge them, named exceptions apart."""

import json
from collections import Counter
from datetime import date

import jsonschema
import jsonschema_rs
import pytest

from builder.forms.chars import line
from builder.imports import read_foreign, write_foreign
from tests.imports.conftest import FORMS, NAMES, scenario, source
from tests.imports.instances import Maker, mutate, places

TODAY = date(2026, 11, 30)
EXCEPTIONS = json.loads((FORMS / "exceptions.json").read_text("utf-8"))
SAMPLE, WHOLE = 60, 1000


class Judges:
    """Two that others wrote, both with formats asserted."""

    def __init__(self, name: str) -> None:
        schema = source(name)["schema"]
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        self.python = jsonschema.Draft202012Validator(schema, format_checker=checker)
        self.rust = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)

    def say(self, doc: object) -> tuple[bool, bool]:
        return self.rust.is_valid(doc), self.python.is_valid(doc)


def _exception(doc: object, verdicts: tuple[bool, bool], codes: set[str]) -> str | None:
    """Return the name of the exception that explains a difference."""
    said = {(True, True): "accept", (False, True): "jsonschema alone accepts"}.get(verdicts)
    for entry in EXCEPTIONS:
        is_blank = any(isinstance(v, str) and not line(v) for v in _values(doc))
        if entry["sources"] != said or (entry.get("only_blank") and not is_blank):
            continue
        if codes and codes <= set(entry["codes"]):
            return entry["id"]
    return None


def _values(doc: object):
    for way in places(doc):
        value = doc
        for key in way:
            value = value[key]
        yield value


def _differences(name: str, count: int) -> tuple[list, Counter]:
    judges, unnamed, used = Judges(name), [], Counter()
    for seed in range(count):
        maker = Maker(source(name)["schema"], seed)
        kind, way, doc = mutate(maker.document(), maker)
        verdicts = judges.say(doc)
        read = read_foreign(scenario(name), doc, TODAY)
        here = not read.findings
        if verdicts == (here, here):
            continue
        codes = {fault.code for fault in read.findings}
        found = None if here else _exception(doc, verdicts, codes)
        if found is None:
            unnamed.append((seed, kind, way, verdicts, here, codes))
        else:
            used[found] += 1
    return unnamed, used


def test_broken_documents_are_refused_as_others_refuse_them(form_name):
    unnamed, _ = _differences(form_name, SAMPLE)
    assert not unnamed


@pytest.mark.prove
@pytest.mark.timeout(900)
def test_a_thousand_broken_documents_of_each_form_have_no_difference_without_a_name():
    used: Counter = Counter()
    for name in NAMES:
        unnamed, more = _differences(name, WHOLE)
        assert not unnamed, name
        used += more
    assert set(used) == {entry["id"] for entry in EXCEPTIONS}


def test_good_documents_are_taken_and_come_back_as_they_were(form_name):
    judges = Judges(form_name)
    for seed in range(24):
        doc = Maker(source(form_name)["schema"], seed).document(fill=seed % 11 / 10)
        assert judges.say(doc) == (True, True)
        read = read_foreign(scenario(form_name), doc, TODAY)
        assert not [(f.where, f.message("en")) for f in read.findings]
        back = write_foreign(scenario(form_name), {**read.answers, **read.others})
        assert back == _without_empty(doc)


def _without_empty(doc: object) -> object:
    """Return a document without empty objects, which say nothing and so come back as nothing."""
    if isinstance(doc, list):
        return [_without_empty(one) for one in doc]
    if not isinstance(doc, dict):
        return doc
    kept = {key: _without_empty(value) for key, value in doc.items()}
    return {key: value for key, value in kept.items() if value != {}}


def test_what_is_wrong_is_placed_in_the_document():
    doc = {
        "applicant_organization_name": 5,
        "key_contacts": [
            {"project_role": "x" * 46, "name": {"first_name": "A"},
             "address": {"country": "USA: UNITED STATES"},
             "phone": None, "email": "nobody", "stranger": 1},
        ],
    }  # fmt: skip
    read = read_foreign(scenario("key_contacts"), doc, TODAY)
    told = {fault.where: fault.code for fault in read.findings}
    row = "/key_contacts/0"
    assert told == {
        "/applicant_organization_name": "foreign.type",
        f"{row}/phone": "foreign.type",
        f"{row}/stranger": "foreign.key-unknown",
        f"{row}/project_role": "forms.too-long",
        f"{row}/name/last_name": "forms.required",
        f"{row}/address/street1": "forms.required",
        f"{row}/address/city": "forms.required",
        f"{row}/address/state": "forms.choose",
        f"{row}/address/zip_code": "forms.required",
        f"{row}/email": "forms.email",
    }


@pytest.mark.parametrize("doc", [None, [], "x", 5, True])
def test_a_document_that_is_no_object_is_refused(doc):
    (fault,) = read_foreign(scenario("sf424"), doc, TODAY).findings
    assert fault.code == "foreign.not-an-object"


def test_only_an_imported_matter_has_a_foreign_shape(s23):
    from builder.errors import Fault

    for use in (lambda: read_foreign(s23, {}, TODAY), lambda: write_foreign(s23, {})):
        with pytest.raises(Fault, match=r"foreign\.unmapped"):
            use()
