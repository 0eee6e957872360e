"""Faults of answering a form, and of a form that cannot be compiled.

An `AnswerFault` is read by whoever fills the form, beside the question it concerns: each says what
to do, in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from builder.errors import Fact, Fault, Lang
from builder.forms.question import Question
from builder.scenario.model import Text

__all__ = [
    "AnswerFault",
    "AnswerMissing",
    "AnswerRepeated",
    "CardChecksum",
    "CardLength",
    "Cell",
    "ChoiceMissing",
    "DateTooEarly",
    "DateTooLate",
    "EmailWrong",
    "ExampleMissing",
    "FileMissing",
    "FileRefused",
    "FileUnknown",
    "FormCircular",
    "HiddenCharacters",
    "IdBirthDate",
    "IdChecksum",
    "IdLength",
    "IdRegion",
    "LandlineWrong",
    "LeftTwice",
    "LicenceMissing",
    "LinkWrong",
    "MobileWrong",
    "NotADate",
    "NotANumber",
    "NotAPlainNumber",
    "NotFitting",
    "NotListed",
    "NotWhole",
    "OptionsWrong",
    "PageUnknown",
    "PatternWrong",
    "PromiseMissing",
    "RegionMissing",
    "RowsMissing",
    "RowsWrong",
    "StreetMissing",
    "TooFewChosen",
    "TooFewRows",
    "TooLarge",
    "TooLong",
    "TooManyChosen",
    "TooManyDecimals",
    "TooManyFiles",
    "TooManyRows",
    "TooShort",
    "TooSmall",
    "WidgetMisfit",
    "WidgetUnknown",
]

TextFact: TypeAlias = Fact | Text


class AnswerFault(Fault):
    """An answer that cannot be taken as it is.

    Facts may be texts in both languages; ``label`` is always the question's label. Facts never
    hold the answer.
    """

    http = 422
    next_zh = "改好后请再保存一次。"
    next_en = "Change it, then save again."

    def __init__(self, question: Question, **facts: TextFact) -> None:
        super().__init__(where=question.pointer)
        self.question = question
        self._texts: Mapping[str, TextFact] = {"label": question.label, **facts}
        self.facts = self._facts("zh")

    def _facts(self, lang: Lang) -> dict[str, Fact]:
        return {
            name: (fact.zh if lang == "zh" else fact.en) if isinstance(fact, Text) else fact
            for name, fact in self._texts.items()
        }

    def message(self, lang: Lang = "zh") -> str:
        """Return what to do, in the reader's language."""
        return (self.zh if lang == "zh" else self.en).format(**self._facts(lang))

    def next_step(self, lang: Lang = "zh") -> str:
        """Return what comes after."""
        return (self.next_zh if lang == "zh" else self.next_en).format(**self._facts(lang))

    def to_json(self, lang: Lang = "zh") -> dict[str, object]:
        """Return the one JSON shape of all errors."""
        return {**super().to_json(lang), "facts": self._facts(lang)}

    @property
    def both(self) -> Text:
        """Return the message in both languages."""
        return Text(self.message("zh"), self.message("en"))


class AnswerMissing(AnswerFault):
    """A required question left blank."""

    code = "forms.required"
    zh = "请填写“{label}”。"
    en = "Enter “{label}”."


class ChoiceMissing(AnswerFault):
    """A required choice not made."""

    code = "forms.choose"
    zh = "请选择“{label}”。"
    en = "Select “{label}”."


class PromiseMissing(AnswerFault):
    """A declaration not confirmed."""

    code = "forms.promise"
    zh = "请阅读“{label}”，同意后勾选。"
    en = "Read “{label}” and tick the box if you agree."


class FileMissing(AnswerFault):
    """A required file not given."""

    code = "forms.file-required"
    zh = "请上传“{label}”。"
    en = "Upload “{label}”."


class LicenceMissing(AnswerFault):
    """A required licence that was not asked for yet."""

    code = "forms.licence-required"
    zh = "请先调取“{label}”。"
    en = "Have “{label}” fetched first."


class FileUnknown(AnswerFault):
    """An answer that leads to no file of this field."""

    code = "forms.file-unknown"
    zh = "“{label}”里有一个文件已不在，请重新选择。"
    en = "A file of “{label}” is no longer there; choose it again."


class TooManyFiles(AnswerFault):
    """More files than a question takes."""

    code = "forms.too-many-files"
    zh = "“{label}”最多上传 {limit} 个文件，请先移除多余的。"
    en = "“{label}” takes at most {limit} files; remove some first."


class FileRefused(AnswerFault):
    """A file that was not taken; says what `builder.uploads` said of it."""

    code = "forms.file-refused"
    zh = "“{label}”有一个文件没有收下：{said}{then}"
    en = "A file for “{label}” was not taken. {said} {then}"

    def __init__(self, question: Question, fault: Fault) -> None:
        super().__init__(
            question,
            said=Text(fault.message("zh"), fault.message("en")),
            then=Text(fault.next_step("zh"), fault.next_step("en")),
        )
        self.reason = fault.code


class LeftTwice(AnswerFault):
    """A question both to be answered later and promised."""

    code = "forms.left-twice"
    zh = "“{label}”：以后补交和书面承诺只能选一项。"
    en = "“{label}”: choose either to supply it later or to promise it, not both."


class AnswerRepeated(AnswerFault):
    """Several different answers to a question that takes one."""

    code = "forms.repeated"
    zh = "“{label}”收到了几个不同的答案，请只填一个。"
    en = "“{label}” came with several different answers; give one."


class HiddenCharacters(AnswerFault):
    """Control or direction-changing characters, which nobody types on purpose."""

    code = "forms.hidden-characters"
    zh = "“{label}”里混入了看不见的字符，已经去掉，请核对后再保存。"
    en = "“{label}” contained invisible characters; they are removed. Check it, then save again."


class TooLong(AnswerFault):
    """More characters than the field takes."""

    code = "forms.too-long"
    zh = "“{label}”最多 {limit} 个字，请删去 {over} 个。"
    en = "“{label}” takes at most {limit} characters; remove {over}."


class TooShort(AnswerFault):
    """Fewer characters than the field needs."""

    code = "forms.too-short"
    zh = "“{label}”至少 {limit} 个字，请补充完整。"
    en = "“{label}” needs at least {limit} characters; add the rest."


class PatternWrong(AnswerFault):
    """Text that does not have the field's form."""

    code = "forms.pattern"
    zh = "请按示例填写“{label}”，如 {example}。"
    en = "Enter “{label}” like this example: {example}."


class NotANumber(AnswerFault):
    """Something else where a number belongs."""

    code = "forms.not-a-number"
    zh = "请用数字填写“{label}”，如 {example}。"
    en = "Enter “{label}” in digits, like {example}."


class NotAPlainNumber(AnswerFault):
    """A number with more digits than anything has."""

    code = "forms.number-too-long"
    zh = "“{label}”的数字过长，请核对。"
    en = "“{label}” has too many digits; check it."


class NotWhole(AnswerFault):
    """A fraction where whole numbers count."""

    code = "forms.not-whole"
    zh = "“{label}”请填整数，不要小数。"
    en = "Enter “{label}” as a whole number."


class TooManyDecimals(AnswerFault):
    """More decimal places than the unit has."""

    code = "forms.decimals"
    zh = "“{label}”最多 {limit} 位小数。"
    en = "“{label}” takes at most {limit} decimal places."


class TooSmall(AnswerFault):
    """Under the least allowed."""

    code = "forms.too-small"
    zh = "“{label}”不能小于 {limit}。"
    en = "“{label}” must be {limit} or more."


class TooLarge(AnswerFault):
    """Over the most allowed."""

    code = "forms.too-large"
    zh = "“{label}”不能大于 {limit}。"
    en = "“{label}” must be {limit} or less."


class NotADate(AnswerFault):
    """Something else where a date belongs, or a day the calendar does not have."""

    code = "forms.not-a-date"
    zh = "请填写真实存在的日期，如 2026-11-23。"
    en = "Enter a real date, like 2026-11-23."


class DateTooEarly(AnswerFault):
    """Before the first day allowed."""

    code = "forms.date-early"
    zh = "“{label}”不能早于{limit}。"
    en = "“{label}” must not be before {limit}."


class DateTooLate(AnswerFault):
    """After the last day allowed."""

    code = "forms.date-late"
    zh = "“{label}”不能晚于{limit}。"
    en = "“{label}” must not be after {limit}."


class NotListed(AnswerFault):
    """A choice that is not offered."""

    code = "forms.not-listed"
    zh = "请从列出的选项中选择“{label}”。"
    en = "Choose “{label}” from the list."


class TooFewChosen(AnswerFault):
    """Fewer chosen than needed."""

    code = "forms.too-few"
    zh = "“{label}”至少选择 {limit} 项。"
    en = "Select at least {limit} for “{label}”."


class TooManyChosen(AnswerFault):
    """More chosen than allowed."""

    code = "forms.too-many"
    zh = "“{label}”最多选择 {limit} 项。"
    en = "Select at most {limit} for “{label}”."


class EmailWrong(AnswerFault):
    """Not an email address."""

    code = "forms.email"
    zh = "请填写完整的电子邮箱地址，如 name@example.com。"
    en = "Enter a whole email address, like name@example.com."


class LinkWrong(AnswerFault):
    """Not a web address."""

    code = "forms.link"
    zh = "请填写完整的网址，如 https://www.example.com/。"
    en = "Enter a whole web address, like https://www.example.com/."


@dataclass(frozen=True, slots=True)
class Cell:
    """What is wrong with one cell of a table."""

    question: Question
    fault: AnswerFault


class RowsMissing(AnswerFault):
    """A required table without a row."""

    code = "forms.rows-missing"
    zh = "请至少填写一行“{label}”。"
    en = "Fill in at least one row of “{label}”."


class TooFewRows(AnswerFault):
    """Fewer rows than needed."""

    code = "forms.rows-few"
    zh = "“{label}”至少填写 {limit} 行。"
    en = "Fill in at least {limit} rows of “{label}”."


class TooManyRows(AnswerFault):
    """More rows than taken."""

    code = "forms.rows-many"
    zh = "“{label}”最多 {limit} 行，请删去多余的。"
    en = "“{label}” takes at most {limit} rows; remove the others."


class RowsWrong(AnswerFault):
    """Cells of a table to mend.

    Attributes:
        cells: which, and what is wrong with each, in reading order.
    """

    code = "forms.rows"
    zh = "“{label}”有 {count} 处需要修改。"
    en = "“{label}” has {count} to mend."

    def __init__(self, question: Question, cells: Sequence[Cell]) -> None:
        super().__init__(question, count=len(cells))
        self.cells = tuple(cells)


class IdLength(AnswerFault):
    """Not an 18-character ID number."""

    code = "forms.id-length"
    zh = "请填写 18 位身份证号码。"
    en = "Enter the 18-character ID number."


class IdRegion(AnswerFault):
    """The first digits name no province."""

    code = "forms.id-region"
    zh = "身份证号码前两位不是省级代码，请核对开头几位。"
    en = "The ID number does not begin with a province code; check its first digits."


class IdBirthDate(AnswerFault):
    """Digits 7 to 14 are no birth date."""

    code = "forms.id-birth"
    zh = "身份证号码第 7 至 14 位应是出生日期，请核对。"
    en = "Digits 7 to 14 of the ID number must be the birth date; check them."


class IdChecksum(AnswerFault):
    """The last character does not follow from the others."""

    code = "forms.id-checksum"
    zh = "身份证号码有一位不对，请对照证件逐位核对。"
    en = "One character of the ID number is wrong; compare it with the card."


class MobileWrong(AnswerFault):
    """Not a mobile number."""

    code = "forms.mobile"
    zh = "请填写 11 位手机号码。"
    en = "Enter the 11-digit mobile number."


class LandlineWrong(AnswerFault):
    """Neither a mobile number nor a landline with area code."""

    code = "forms.landline"
    zh = "请填写 11 位手机号码，或带区号的固定电话，如 0551-62345678。"
    en = "Enter an 11-digit mobile number, or a landline with area code like 0551-62345678."


class CardLength(AnswerFault):
    """Not the length of a bank card number."""

    code = "forms.card-length"
    zh = "请填写 12 至 19 位银行卡号。"
    en = "Enter the bank card number of 12 to 19 digits."


class CardChecksum(AnswerFault):
    """The check digit does not follow from the others."""

    code = "forms.card-checksum"
    zh = "银行卡号有一位不对，请对照卡面逐位核对。"
    en = "One digit of the bank card number is wrong; compare it with the card."


class RegionMissing(AnswerFault):
    """An address without its region."""

    code = "forms.region"
    zh = "请选择“{label}”所在的区县。"
    en = "Select the district or county of “{label}”."


class StreetMissing(AnswerFault):
    """An address without its street part."""

    code = "forms.street"
    zh = "请填写“{label}”的详细地址，如街道、小区和门牌号。"
    en = "Enter the rest of “{label}”: street, estate and number."


class NotFitting(AnswerFault):
    """A rule of the record's own schema that has no sentence of its own."""

    code = "forms.does-not-fit"
    zh = "“{label}”不符合要求，请核对。"
    en = "“{label}” does not meet the rules of this field; check it."


# ── Forms that cannot be compiled ────────────────────────────────────────────────────────────────


class WidgetUnknown(Fault):
    """A control names a widget that is not installed."""

    code = "forms.no-such-widget"
    http = 422
    zh = "没有名为“{widget}”的控件。"
    en = "There is no widget “{widget}”."
    next_zh = "可用的控件有：{known}。"
    next_en = "These are available: {known}."


class WidgetMisfit(Fault):
    """A widget on a field whose values it cannot carry."""

    code = "forms.widget-misfit"
    http = 422
    zh = "控件“{control}”用的“{widget}”填不了类型为 {type} 的字段。"
    en = "Control “{control}”: widget “{widget}” cannot fill a field of type {type}."
    next_zh = "请换控件，或把字段改为以下类型之一：{known}。"
    next_en = "Use another widget, or give the field one of these types: {known}."


class OptionsWrong(Fault):
    """Options that the widget does not have, or with values it does not take."""

    code = "forms.options"
    http = 422
    zh = "控件“{control}”的选项不对：{problem}。"
    en = "Control “{control}” has a wrong option: {problem}."
    next_zh = "请对照控件“{widget}”的选项说明修改。"
    next_en = "Correct it to the options of widget “{widget}”."


class ExampleMissing(Fault):
    """A field with a pattern and nobody told how it looks."""

    code = "forms.no-example"
    http = 422
    zh = "控件“{control}”的字段规定了写法（pattern），却没有示例，填错的人无从得知怎样才对。"
    en = "Control “{control}” fills a field with a pattern but gives no example to follow."
    next_zh = "请在控件的选项里加 example，或在字段里加 examples，写一个符合写法的例子。"
    next_en = "Add option “example” to the control, or “examples” to the field, that fits it."


class FormCircular(Fault):
    """Conditions or calculations that wait for each other."""

    code = "forms.circular"
    http = 422
    zh = "表单“{form}”里这些字段的显示条件或计算互相等待：{fields}。"
    en = "In form “{form}” these fields wait for each other to be shown or computed: {fields}."
    next_zh = "请去掉其中一个引用。"
    next_en = "Remove one of the references."


class PageUnknown(Fault):
    """A page that the form does not have."""

    code = "forms.no-such-page"
    http = 404
    zh = "表单里没有“{page}”这一页。"
    en = "The form has no page “{page}”."
    next_zh = "请从表单第一页重新开始。"
    next_en = "Begin again from the first page."
