"""Faults of documents: fonts that are not there, documents that are not what they seem."""

from builder.errors import Fault

__all__ = [
    "DocumentAltered",
    "DocumentForeign",
    "DocumentForged",
    "DocumentNotSet",
    "DocumentOtherEdition",
    "DocumentUnknown",
    "DocumentUnreadable",
    "DocumentVoided",
    "ExportTooLarge",
    "FontsMissing",
    "JournalExportBroken",
    "ListTooLong",
    "TemplateRefused",
    "TypesetterMissing",
    "WordMissing",
]


class FontsMissing(Fault):
    """The Chinese fonts that documents are set in were not built."""

    code = "documents.fonts-missing"
    http = 503
    zh = "文书用的中文字体不在：{fonts}。"
    en = "The Chinese fonts that documents are set in are not there: {fonts}."
    next_zh = "请运行 make assets；从安装包安装的，请重新安装。"
    next_en = "Run make assets; where it was installed from a wheel, install it again."


class TypesetterMissing(Fault):
    """The library that sets documents cannot be loaded on this machine."""

    code = "documents.typesetter-missing"
    http = 503
    zh = "这台机器上没有排版组件 typst，暂时不能生成 PDF。"
    en = "The typesetting library typst is not on this machine; no PDF can be made."
    next_zh = "请运行 pip install typst 后重试；其他功能不受影响。"
    next_en = "Run pip install typst and try again; nothing else is affected."


class DocumentNotSet(Fault):
    """A document could not be laid out."""

    code = "documents.not-set"
    http = 500
    zh = "文书“{document}”没有排出来：{problem}。"
    en = "The document “{document}” could not be laid out: {problem}."
    next_zh = "文书的内容没有丢失；请把这条提示告诉系统维护人员。"
    next_en = "Nothing of its content is lost; tell the people who run the system."


class DocumentUnreadable(Fault):
    """What was given holds no statement of ours."""

    code = "documents.unreadable"
    http = 422
    zh = "读不出核验码：这不是本系统出具的文书，或者核验码不完整。"
    en = "No check code can be read: this is no document of this system, or the code is incomplete."
    next_zh = "请扫描文书左下角的二维码，把内容完整粘贴过来；或使用下载的原始 PDF 文件。"
    next_en = "Scan the QR code at the bottom left and paste all of it, or use the PDF as fetched."


class DocumentForged(Fault):
    """A statement whose signature is not ours."""

    code = "documents.forged"
    http = 422
    zh = "核验码上的签名不是本城市的：这份文书不是真的。"
    en = "The signature of the check code is not this city's: the document is not genuine."
    next_zh = "请不要采信；可携原件到出具部门的窗口核实。"
    next_en = "Do not rely on it; ask at the counter of the department that it names."


class DocumentForeign(Fault):
    """A statement of another city."""

    code = "documents.foreign"
    http = 422
    zh = "这份文书由另一个城市（{city}）出具，这里没有它的公钥，无法核验。"
    en = "This document is another city's ({city}); its public key is not here to check it with."
    next_zh = "请到出具城市的核验页面核验，或取得该城市导出的留痕后在本机核验。"
    next_en = "Check it on that city's own page, or with an export of that city's journal."


class DocumentUnknown(Fault):
    """A statement that the journal knows nothing of."""

    code = "documents.unknown"
    http = 404
    zh = "留痕中没有编号 {number} 的出具记录。"
    en = "The journal has no record that number {number} was issued."
    next_zh = "若导出的留痕早于出具时间，请重新导出后再核验；否则请不要采信。"
    next_en = "If the export is older than the document, export again; otherwise do not rely on it."


class DocumentAltered(Fault):
    """A document that does not say what was issued."""

    code = "documents.altered"
    http = 422
    zh = "文书 {number} 的内容与出具时不一致（{what}）。"
    en = "Document {number} does not say what was issued ({what})."
    next_zh = "请不要采信；申请人可以在“我的办件”里重新下载原件。"
    next_en = "Do not rely on it; its owner can fetch the original from “My matters”."


class DocumentOtherEdition(Fault):
    """A genuine statement beside a page that this release cannot lay out again."""

    code = "documents.other-edition"
    http = 409
    zh = "文书 {number} 的核验码是真的，但它由另一个版本（{edition}）排版，这里不能逐字节比对版面。"
    en = (
        "The check code of {number} is genuine, but another release ({edition}) laid the page out; "
        "it cannot be compared byte by byte here."
    )
    next_zh = "请把版面与核验结果中列出的内容逐项对照，或用出具它的版本核验。"
    next_en = "Compare the page with what the check lists, or check with the release that made it."


class DocumentVoided(Fault):
    """A genuine document that does not hold any more."""

    code = "documents.voided"
    http = 410
    zh = "文书 {number} 是真的，但已于 {at} 作废。"
    en = "Document {number} is genuine but was voided on {at}."
    next_zh = "请向申请人索要新的文书；新文书有新的编号。"
    next_en = "Ask its owner for the new document; it has a new number."


class JournalExportBroken(Fault):
    """An export of a journal that does not verify."""

    code = "documents.journal-broken"
    http = 422
    zh = "导出的留痕本身没有通过验证，不能用来核验文书。"
    en = "The exported journal does not verify itself, so that nothing can be checked with it."
    next_zh = "请用 scenarist audit export 重新导出，并用 scenarist audit verify 找出被改动的条目。"
    next_en = (
        "Export it again by scenarist audit export; scenarist audit verify names what changed."
    )


class ExportTooLarge(Fault):
    """A list too long, or too sensitive, to be carried away at once."""

    code = "documents.export-needs-approval"
    http = 403
    zh = "这次导出有 {rows} 行，含 {grade} 级字段，超过了不经审批可以导出的 {limit} 行。"
    en = (
        "This export has {rows} rows with fields of grade {grade}, more than the {limit} that may "
        "leave without an approval."
    )
    next_zh = "请用筛选缩小范围后再导出；确需全部数据的，请由数据管理员按授权流程提供。"
    next_en = (
        "Narrow the list by its filters and export again; for all of it, ask the data steward for "
        "a grant."
    )


class ListTooLong(Fault):
    """A list too long to be printed."""

    code = "documents.list-too-long"
    http = 422
    zh = "这份清单有 {rows} 行，PDF 最多印 {limit} 行。"
    en = "This list has {rows} rows; a PDF holds {limit} at most."
    next_zh = "请用筛选缩小范围，或改为导出 Excel、CSV。"
    next_en = "Narrow it by its filters, or take it as Excel or CSV."


class TemplateRefused(Fault):
    """A Word template that cannot be used."""

    code = "documents.template-refused"
    http = 422
    zh = "Word 模板“{template}”不能使用：{problem} {detail}。"
    en = "The Word template “{template}” cannot be used: {problem} {detail}."
    next_zh = (
        "no-file 表示场景目录里没有这个文件；name 表示用了这份文书没有列出的名称；"
        "construct 表示写了“{{{{ 实体.字段 }}}}”以外的语句；"
        "no-docx、too-large、too-slow 表示文件不是普通的 .docx。"
    )
    next_en = (
        "no-file: it is not in the scenario's folder; name: the document does not use this name; "
        "construct: more than “{{{{ entity.field }}}}”; no-docx, too-large, too-slow: no plain "
        ".docx."
    )


class WordMissing(Fault):
    """The library that fills Word templates is not here."""

    code = "documents.word-missing"
    http = 503
    zh = "这台机器上没有 docxtpl，不能填写 Word 模板。"
    en = "The library docxtpl is not on this machine; Word templates cannot be filled."
    next_zh = "请运行 pip install docxtpl 后重试；PDF 不受影响。"
    next_en = "Run pip install docxtpl and try again; PDFs are not affected."
