"""Whatever is posted, no page breaks, nothing is half-written, and nothing typed can run."""

from __future__ import annotations

import pytest
from afterlife import DECEASED, begin, fill, hand_in
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import html

ODD = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "", " ", "\x00", "\u202e", "<script>alert(1)</script>", "{{7*7}}", "' OR 1=1 --",
            "%s%n", "../../etc/passwd", "9" * 400, "-1", "NaN", "１２３", "true", "null", "[]",
            "\r\n", "😀" * 50,
        ]
    ),
)  # fmt: skip
SOME = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FINE = {200, 302, 303, 400, 404, 409, 413, 422}


def names_on(reader) -> list[str]:
    return sorted({n for n in reader.tree.xpath("//main//form//@name") if n != "csrf_token"})


def token_of(reader) -> str:
    return reader.tree.xpath('//input[@name="csrf_token"]/@value')[0]


@pytest.mark.slow
def test_form_pages_take_any_post(sign_in):
    citizen = begin(sign_in("chen-jing"))
    fill(citizen, DECEASED).press("保存并继续")
    address, names, token = citizen.address, names_on(citizen), token_of(citizen)

    @SOME
    @given(st.dictionaries(st.sampled_from([*names, "x", "go"]), st.lists(ODD, max_size=3)))
    def post(data):
        version = citizen.open(address).tree.xpath('//input[@name="version"]/@value')
        sent = {"version": version[0] if version else "1", **data, "csrf_token": token}
        response = citizen.client.post(address, data=sent)
        assert response.status_code in FINE
        assert "<script>alert" not in response.text
        assert citizen.open(address).status in (200, 404)

    post()


@pytest.mark.slow
def test_decisions_take_any_post(sign_in):
    case_no = hand_in(sign_in("chen-jing"))
    officer = sign_in("officer-civil-affairs").open("/desk/").follow("受理申请")
    address, names, token = officer.address, names_on(officer), token_of(officer)

    @SOME
    @given(
        st.sampled_from(["approve", "reject", "return", "correct", "submit", "", "x"]),
        st.dictionaries(st.sampled_from([*names, "to", "fields"]), st.lists(ODD, max_size=2)),
    )
    def post(action, data):
        sent = {"version": "0", **data, "action": action, "csrf_token": token}
        response = officer.client.post(address, data=sent)
        assert response.status_code in FINE
        assert "<script>alert" not in response.text

    post()
    citizen = sign_in("chen-jing").open(f"/cases/{case_no}")
    assert citizen.status == 200


@SOME
@given(
    text=st.text(max_size=40), page=st.sampled_from(["/matters", "/desk/", "/audit/", "/grants"])
)
def test_questions_in_addresses_break_no_page(sign_in, text, page):
    reader = {"/matters": "chen-jing", "/desk/": "officer-police", "/audit/": "auditor"}
    client = sign_in(reader.get(page, "steward-police")).client
    keys = ("q", "domain", "state", "case", "journal", "kind", "dataset", "after", "lang", "theme")
    response = client.get(page, query_string=dict.fromkeys(keys, text))
    assert response.status_code == 200
    assert html.fromstring(response.data) is not None


@SOME
@given(text=st.text(alphabet=st.characters(codec="utf-8", exclude_characters="/?#"), max_size=40))
def test_numbers_that_lead_nowhere_read_alike(sign_in, text):
    client = sign_in("chen-jing").client
    for page in (f"/cases/{text}x", f"/drafts/{text}x/review", f"/matters/340100/{text}x"):
        assert client.get(page).status_code in (302, 308, 404)
