"""Any two characters find every name they stand in, and the very name comes first."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.ledger import Catalog, Dataset, Field, Grade, Search, Text, load_catalog

WORDS = [
    "人口",
    "身份证",
    "号码",
    "出生",
    "日期",
    "户籍",
    "地址",
    "单位",
    "名称",
    "统一",
    "社会",
    "信用",
    "代码",
    "法定",
    "代表人",
    "登记",
    "机关",
    "金额",
    "状态",
    "公积金",
    "账户",
    "缴存",
    "医疗",
    "保险",
    "参保",
    "死亡",
    "证明",
    "火化",
    "养老",
    "待遇",
    "办理",
    "时间",
    "联系",
    "电话",
    "银行",
    "𠮷",
    "企业",
]


def _made(n: int) -> Catalog:
    """Return a catalogue of n fields whose names are Chinese words put together."""
    drawn = random.Random(7)  # noqa: S311 - the same catalogue every time
    text = Text("释义", "definition")
    fields = [
        Field(f"f_{i}", Text("".join(drawn.choices(WORDS, k=drawn.randint(1, 4))), f"field {i}"),
              "text", "业务记录", Grade.L2, False, text)
        for i in range(n)
    ]  # fmt: skip
    path = (text, text, text, text)
    return Catalog(
        [
            Dataset(f"p.t{k}", f"p{k % 500}", Text("表", "table"), text, path, f"t{k}", "有条件",
                    Grade.L2, "daily", tuple(fields[k : k + 100]))
            for k in range(0, n, 100)
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def large() -> tuple[Search, list[str]]:
    catalog = _made(10_000)
    titles = [f.title.zh for d in catalog.datasets.values() for f in d.fields]
    return Search(catalog), titles


@pytest.fixture(scope="module")
def shipped() -> Search:
    return Search(load_catalog())


def _parts(titles: list[str], size: int) -> Iterator[str]:
    seen: set[str] = set()
    for title in titles:
        for start in range(len(title) - size + 1):
            part = title[start : start + size]
            if part not in seen:
                seen.add(part)
                yield part


@pytest.mark.parametrize("size", [2, 3, 5])
def test_every_name_that_holds_the_characters_is_found(large, size):
    search, titles = large
    parts = list(_parts(titles, size))
    drawn = random.Random(size).sample(parts, min(60, len(parts)))  # noqa: S311 - repeatable
    for part in drawn:
        wanted = sum(part in title for title in titles)
        found = [hit for hit in search.find(part, limit=20_000) if hit.field]
        assert len([hit for hit in found if part in hit.title.zh]) == wanted > 0, part
        assert len(found) == wanted, "and nothing else is"


def test_pages_of_a_search_are_the_whole_in_order(large):
    search, _ = large
    whole = search.find("公积金", limit=300)
    paged = [hit for at in range(0, 300, 70) for hit in search.find("公积金", limit=70, offset=at)]
    assert tuple(paged[:300]) == whole


@pytest.mark.parametrize(
    "text",
    ["姓名", "公民身份号码", "id_card", "police.household.id_card", "Citizen ID number", " 姓名 "],
)
def test_the_very_name_comes_first(shipped, text):
    first = shipped.find(text)[0]
    names = {first.title.zh, first.title.en, first.field, f"{first.dataset}.{first.field}"}
    assert text.strip() in names


def test_wide_and_capital_letters_and_half_a_latin_word_find_the_same(shipped):
    plain = shipped.find("household")
    assert plain
    assert shipped.find("ＨＯＵＳＥＨＯＬＤ") == plain
    assert set(plain) <= set(shipped.find("househ", limit=1000))


def test_several_words_must_all_be_there(shipped):
    both = shipped.find("公积金 账", limit=1000)
    assert both
    assert set(both) == set(shipped.find("公积金", limit=1000)) & set(
        shipped.find("账", limit=1000)
    )


def test_a_party_and_a_grade_narrow_a_search(shipped):
    everything = shipped.find("姓名", limit=1000)
    for party, grade in ((None, Grade.L2), ("police", None), ("police", Grade.L2)):
        narrowed = shipped.find("姓名", party=party, grade=grade, limit=1000)
        wanted = [h for h in everything if party in (None, h.party) and grade in (None, h.grade)]
        assert sorted(narrowed, key=repr) == sorted(wanted, key=repr)
        assert narrowed


def test_facets_count_what_is_found(shipped):
    found = shipped.find("姓名", limit=1000)
    facets = shipped.facets("姓名")
    assert facets["party"]["police"] == sum(hit.party == "police" for hit in found)
    assert sum(facets["grade"].values()) == sum(facets["party"].values()) == len(found)


def test_no_words_list_everything_and_no_letters_nothing(shipped):
    catalog = load_catalog()
    everything = sum(1 + len(d.fields) for d in catalog.datasets.values())
    assert len(shipped.find("", limit=100_000)) == everything
    assert shipped.find("!?()") == ()
    assert shipped.facets("!?()") == {"party": {}, "grade": {}}


@pytest.mark.parametrize(
    "text", ['"', "a OR", "NEAR(", "*", "' --", "\x00", "name : x", "姓名\u202e", "-姓"]
)
def test_search_takes_any_text_a_person_types(shipped, text):
    shipped.find(text)
    shipped.facets(text)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=120))
def test_no_text_is_read_as_a_language(shipped, text):
    for hit in shipped.find(text, limit=3):
        assert hit.dataset


def test_many_threads_ask_one_index():
    search = Search(load_catalog())
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(search.find, ["姓名", "公积金"] * 20))
    assert told[0]
    assert all(t == told[n % 2] for n, t in enumerate(told))
