"""Faults of files: what cannot be taken, and why, in the words of whoever sent it."""

from __future__ import annotations

from collections.abc import Mapping

from builder.errors import Fact, Fault, Lang
from builder.scenario.model import Text

__all__ = [
    "UploadActive",
    "UploadDamaged",
    "UploadEmpty",
    "UploadFault",
    "UploadFull",
    "UploadHuge",
    "UploadInfected",
    "UploadLocked",
    "UploadNameDiffers",
    "UploadNotAccepted",
    "UploadPacked",
    "UploadRefusedKind",
    "UploadScanSilent",
    "UploadScanWrong",
    "UploadSlow",
    "UploadTooLarge",
    "UploadUnknown",
    "UploadUnwritable",
    "UploadWaiting",
    "fault_named",
]


class UploadFault(Fault):
    """A file that is not taken; `file` is its cleaned name. Facts may be texts of two languages."""

    http = 422

    def __init__(self, **facts: Fact | Text) -> None:
        super().__init__()
        self._texts: Mapping[str, Fact | Text] = facts
        self.facts = self._facts("zh")

    def _facts(self, lang: Lang) -> dict[str, Fact]:
        return {name: _in(fact, lang) for name, fact in self._texts.items()}

    def message(self, lang: Lang = "zh") -> str:
        """Return what happened, in the reader's language."""
        return (self.zh if lang == "zh" else self.en).format(**self._facts(lang))

    def next_step(self, lang: Lang = "zh") -> str:
        """Return what to do."""
        return (self.next_zh if lang == "zh" else self.next_en).format(**self._facts(lang))

    def to_json(self, lang: Lang = "zh") -> dict[str, object]:
        """Return the one JSON shape of all errors."""
        return {**super().to_json(lang), "facts": self._facts(lang)}


def _in(fact: Fact | Text, lang: Lang) -> Fact:
    if isinstance(fact, Text):
        return fact.zh if lang == "zh" else fact.en
    if isinstance(fact, tuple):
        return ("、" if lang == "zh" else ", ").join(fact)
    return fact


class UploadEmpty(UploadFault):
    """No bytes at all."""

    code = "uploads.empty"
    zh = "文件“{file}”是空的。"
    en = "The file “{file}” is empty."
    next_zh = "请确认文件能正常打开，然后重新选择。"
    next_en = "Make sure that it opens on your device, then choose it again."


class UploadTooLarge(UploadFault):
    """More bytes than the field or the house takes."""

    code = "uploads.too-large"
    http = 413
    zh = "文件“{file}”超过 {limit}。"
    en = "The file “{file}” is larger than {limit}."
    next_zh = "请压缩图片、降低扫描分辨率或拆分成几个文件，然后重新选择。"
    next_en = "Scan it at a lower resolution or split it, then choose it again."


class UploadRefusedKind(UploadFault):
    """Content that is none of the kinds that can be taken."""

    code = "uploads.kind-unknown"
    zh = "文件“{file}”的内容不是可以接收的类型。"
    en = "What the file “{file}” holds is not a kind that can be taken."
    next_zh = "可以上传：{known}。请换成其中一种再选择。"
    next_en = "These can be uploaded: {known}. Save it as one of them and choose it again."


class UploadNotAccepted(UploadFault):
    """A kind that this question does not take."""

    code = "uploads.kind-not-accepted"
    zh = "文件“{file}”的类型是“{kind}”，这一项不接收。"
    en = "The file “{file}” is {kind}, which this question does not take."
    next_zh = "这一项可以上传：{known}。"
    next_en = "This question takes: {known}."


class UploadNameDiffers(UploadFault):
    """An extension that says one thing, and content that is another."""

    code = "uploads.name-differs"
    zh = "文件“{file}”的扩展名与内容不符：内容是“{kind}”。"
    en = "The name of “{file}” does not fit what it holds: it holds {kind}."
    next_zh = "请用正确的格式重新保存（扩展名 {known}），不要只改文件名。"
    next_en = "Save it again in the right format (ending {known}); renaming it is not enough."


class UploadDamaged(UploadFault):
    """A file of a known kind that cannot be opened."""

    code = "uploads.damaged"
    zh = "文件“{file}”已损坏或不完整，无法打开。"
    en = "The file “{file}” is damaged or incomplete and cannot be opened."
    next_zh = "请在本机上确认它能打开，重新扫描或导出后再选择。"
    next_en = "Make sure that it opens on your device; scan or export it again, then choose it."


class UploadHuge(UploadFault):
    """A picture with more pixels, or a document with more pages, than can be looked at."""

    code = "uploads.huge"
    zh = "文件“{file}”的尺寸太大：最多 {limit}。"
    en = "The file “{file}” is too big in its dimensions: at most {limit}."
    next_zh = "请缩小图片或拆分文件后重新选择。"
    next_en = "Make the picture smaller or split the document, then choose it again."


class UploadPacked(UploadFault):
    """A package that unpacks to too much, or holds what no document needs."""

    code = "uploads.package-unsafe"
    zh = "文件“{file}”的内部结构不安全（{problem}）。"
    en = "The file “{file}” is built in a way that is not safe ({problem})."
    next_zh = "请另存为 PDF 后重新选择。"
    next_en = "Save it as a PDF and choose that."


class UploadActive(UploadFault):
    """A document with programs in it: macros, scripts, markup."""

    code = "uploads.active"
    zh = "文件“{file}”含有宏、脚本或程序，不能接收。"
    en = "The file “{file}” holds macros, scripts or programs and cannot be taken."
    next_zh = "请另存为不含宏和脚本的 PDF 后重新选择。"
    next_en = "Save it as a PDF without macros or scripts and choose that."


class UploadLocked(UploadFault):
    """A document behind a password."""

    code = "uploads.locked"
    zh = "文件“{file}”设有密码，无法查看。"
    en = "The file “{file}” is protected by a password and cannot be read."
    next_zh = "请取消密码后重新选择。"
    next_en = "Take the password off and choose it again."


class UploadSlow(UploadFault):
    """A file that takes too long or too much memory to be looked at."""

    code = "uploads.too-complex"
    zh = "文件“{file}”太复杂，没有在规定的时间和内存内检查完。"
    en = "The file “{file}” is too complex: it was not looked through within the time allowed."
    next_zh = "请重新导出为普通的 PDF 或图片后再选择。"
    next_en = "Export it as a plain PDF or picture, then choose that."


class UploadFull(UploadFault):
    """A case that holds as many files as a case may."""

    code = "uploads.case-full"
    http = 409
    zh = "这件申请的附件已达上限（{limit}）。"
    en = "This application holds as many files as it may ({limit})."
    next_zh = "请先移除不需要的文件，再上传。"
    next_en = "Remove files that are not needed, then upload."


class UploadInfected(UploadFault):
    """A file in which the scanner found something."""

    code = "uploads.infected"
    zh = "文件“{file}”没有通过病毒查杀，已经销毁。"
    en = "A virus was found in the file “{file}”; the file was destroyed."
    next_zh = "请在本机查杀病毒后，重新扫描或导出一份再上传。"
    next_en = "Clean your device, scan or export the document again, then upload that."


class UploadWaiting(UploadFault):
    """Handing in while a file has not been scanned."""

    code = "uploads.waiting"
    http = 409
    zh = "有 {count} 个文件还在等待病毒查杀。"
    en = "{count} files still wait to be scanned for viruses."
    next_zh = "查杀服务恢复后会自动进行，填写的内容都已保存，请稍后再提交。"
    next_en = "It happens by itself; what you filled in is saved. Hand in again in a while."


class UploadUnknown(UploadFault):
    """No such file, or not one for this reader: both read the same."""

    code = "uploads.no-such-file"
    http = 404
    zh = "没有找到这个文件，或者您无权查看。"
    en = "This file was not found, or it is not yours to see."
    next_zh = "请从办件页面重新打开。"
    next_en = "Open it again from the page of the matter."


class UploadUnwritable(UploadFault):
    """The folder of files cannot be written."""

    code = "uploads.unwritable"
    http = 503
    zh = "文件暂时无法保存。"
    en = "The file could not be saved just now."
    next_zh = "已经保存的内容都在，请稍后再上传；管理员可运行 scenarist doctor 查看磁盘。"
    next_en = (
        "What was saved is still there; upload again later. "
        "For the operator: scenarist doctor looks at the disk."
    )


class UploadScanSilent(UploadFault):
    """The scanner does not answer."""

    code = "uploads.scanner-silent"
    http = 503
    zh = "病毒查杀服务（{scanner}）没有应答：{problem}。"
    en = "The virus scanner ({scanner}) does not answer: {problem}."
    next_zh = "请检查 scenarist.toml 的 upload_scan 和查杀服务；文件会排队，恢复后自动查杀。"
    next_en = (
        "Check upload_scan in scenarist.toml and the scanner; files wait and are scanned by "
        "themselves once it is back."
    )


class UploadScanWrong(UploadFault):
    """The setting names no scanner."""

    code = "uploads.scanner-unknown"
    http = 500
    zh = "设置项 upload_scan 写得不对。"
    en = "The setting upload_scan cannot be read."
    next_zh = "请写成 clamd://主机:端口、clamd:///套接字路径 或 command:/程序路径；留空则不查杀。"
    next_en = (
        "Write clamd://host:port, clamd:///path/of/socket or command:/path/of/scanner; "
        "empty for none."
    )


_FAULTS = (
    UploadActive,
    UploadDamaged,
    UploadEmpty,
    UploadHuge,
    UploadLocked,
    UploadPacked,
    UploadRefusedKind,
    UploadSlow,
)


def fault_named(code: str) -> type[UploadFault]:
    """Return the fault of a code that looking at a file can end with; damaged for any other."""
    return next((f for f in _FAULTS if f.code == code), UploadDamaged)
