"""On paper: every citizen page black on white, without the screen's frame, rows in one piece."""

from __future__ import annotations

import re
from pathlib import Path

import pypdfium2
import pytest
from browsing import Look, opened

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = {
    "matter": "/matters/340100/s23-afterlife",
    "application": "/drafts/{draft}/pages/who",
    "review": "/drafts/{draft}/review",
    "receipt": "/cases/{case}/receipt",
    "case": "/cases/{case}",
    "mine": "/cases",
}
_COLOURS = """() => {
  const seen = new Set();
  for (const e of document.querySelectorAll('body, body *')) {
    if (!e.checkVisibility() || e.closest('svg, .visually-hidden, .sr-only')) continue;
    const style = getComputedStyle(e);
    seen.add(style.backgroundColor);
    const speaks = n => n.nodeType === 3 && n.textContent.trim();
    if ([...e.childNodes].some(speaks)) seen.add(style.color);
  }
  return [...seen];
}"""
_UNBROKEN = """() => ['.summary-list > div', '.party', '.table tr', '.use', '.row']
  .flatMap(rule => [...document.querySelectorAll(rule)])
  .filter(e => getComputedStyle(e).breakInside !== 'avoid').map(e => e.className)"""


@pytest.mark.parametrize(("theme", "skin"), [("light", "standard"), ("dark", "elder")])
def test_paper_is_white_and_ink_is_grey_at_most(served, chromium, things, theme, skin):
    with opened(chromium, served.address, Look(theme=theme, skin=skin), "chen-jing") as page:
        page.emulate_media(media="print")
        for name, path in PAGES.items():
            page.goto(path.format(**things))
            for colour in page.evaluate(_COLOURS):
                red, green, blue, *alpha = (float(x) for x in re.findall(r"[\d.]+", colour))
                assert red == green == blue, (name, colour)
                assert alpha == [0.0] or red in (0, 255) or red <= 0x44, (name, colour)
            assert page.evaluate(_UNBROKEN) == [], name
            for frame in (".nav", ".tools", ".help-bar", ".btn", ".foot", ".demo-strip"):
                assert page.locator(f"{frame} >> visible=true").count() == 0, (name, frame)


@pytest.mark.parametrize("name", PAGES)
def test_a_printed_page_says_all_and_nothing_of_the_screen(
    served, chromium, things, tmp_path, name
):
    with opened(chromium, served.address, Look(), "chen-jing") as page:
        page.goto(PAGES[name].format(**things))
        paper = tmp_path / f"{name}.pdf"
        page.pdf(path=paper, format="A4", prefer_css_page_size=True)
        heading = page.get_by_role("heading", level=1).inner_text()
    said, sheets = read(paper)
    assert heading.replace(" ", "") in said.replace(" ", "").replace("\r", "").replace("\n", "")
    assert "打印时间" in said
    for word in ("长辈模式", "English", "外观", "退出登录", "跳到正文", "结束办理"):
        assert word not in said
    assert sheets <= 6


def read(paper: Path) -> tuple[str, int]:
    """Return the text of a PDF and how many sheets it has."""
    with pypdfium2.PdfDocument(paper) as sheets:
        texts = []
        for number in range(len(sheets)):
            sheet = sheets[number]
            words = sheet.get_textpage()
            texts.append(words.get_text_bounded())
            words.close()
            sheet.close()
        return "\n".join(texts), len(texts)
