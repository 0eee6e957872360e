"""The words that the sheet itself prints, zh and en side by side."""

from __future__ import annotations

from builder.scenario.model import Json

__all__ = ["words"]

_PAIRS = {
    "number": ("编号", "No."),
    "seal": ("此处盖章", "Seal here"),
    "check": (
        "扫码可核验真伪：\n打开政务服务网“文书核验”页，\n或运行 scenarist document check",
        "Scan to check: open the page\n“Check a document”, or run\nscenarist document check",
    ),
    "qr_alt": ("核验二维码", "QR code for checking"),
    "attached": ("文书内容与核验码", "Content and check code"),
    "valid": ("有效期至：", "Valid until: "),
    "demo": ("演示", "Demo"),
    "declare": (
        "本人承诺以上内容真实、准确、完整，如有不实，愿承担相应的法律责任。",
        "I declare that the above is true, exact and complete, and answer for it by law.",
    ),
    "signature": ("申请人（签字）", "Applicant's signature"),
    "handwritten_date": ("年　　月　　日", "Date"),
    "missing": (
        "〓 表示字库中没有的字，以电子档案为准：",
        "〓 stands for a character the fonts lack; the electronic record decides: ",
    ),
}


def words() -> dict[str, Json]:
    """Return the words by name; those of the page's foot have a language each."""
    said: dict[str, Json] = {name: {"zh": zh, "en": en} for name, (zh, en) in _PAIRS.items()}
    return {**said, "page_zh": "第 {at} 页，共 {of} 页", "page_en": "Page {at} of {of}"}
