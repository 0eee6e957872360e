"""Faults of files: where they lie, what they are, and what became of them meanwhile."""

from connectors.errors import Fault

__all__ = [
    "FileAmbiguous",
    "FileChanged",
    "FileDamaged",
    "FileDigitsLost",
    "FileEncoding",
    "FileHeader",
    "FileLocked",
    "FileOutside",
    "FilePartsDiffer",
    "FileSheetUnknown",
    "FileTooBig",
]


class FileOutside(Fault):
    """A resource that leads out of the source's folder."""

    code = "source.outside"
    http = 422
    zh = "“{table}”指向数据源文件夹 {source} 之外。"
    en = "“{table}” leads out of the source's folder {source}."
    next_zh = "请把文件放进该文件夹；不接受“..”、绝对路径和指向外面的链接。"
    next_en = "Put the file into that folder; no “..”, absolute path or link out is followed."


class FileAmbiguous(Fault):
    """A name without ending that several files have."""

    code = "source.ambiguous"
    http = 422
    zh = "数据源 {source} 中有几个名为“{table}”的文件：{near}。"
    en = "Several files of the source {source} are called “{table}”: {near}."
    next_zh = "请在绑定中写出完整的文件名。"
    next_en = "Write the whole file name in the binding."


class FileChanged(Fault):
    """A file that was replaced or written while it was read."""

    code = "source.changed"
    http = 503
    zh = "读取期间文件 {file} 被改动，这次读取作废。"
    en = "The file {file} was changed while it was read; this reading does not count."
    next_zh = "请重试；更新文件时请先写到临时文件，再改名替换。"
    next_en = "Try again; update a file by writing another and renaming it into place."


class FileDamaged(Fault):
    """A file that is not what its ending says, or is cut off."""

    code = "source.file-damaged"
    http = 503
    zh = "文件 {file} 不是完好的 {format} 文件。"
    en = "The file {file} is no sound {format} file."
    next_zh = "请重新导出该文件；可能没有传完、行的列数不一、引号不成对，或带有密码。"
    next_en = (
        "Export it anew; it may be cut off, have rows of other lengths, an open quote, or a "
        "password."
    )


class FileEncoding(Fault):
    """Text in another encoding than the configured one."""

    code = "source.encoding"
    http = 503
    zh = "文件 {file} 不是 {encoding} 编码。"
    en = "The file {file} is not in the encoding {encoding}."
    next_zh = "看起来是 {seems}；请在 NODE.toml 中改 encoding，或另存为 UTF-8。"
    next_en = "It seems to be {seems}; change encoding in NODE.toml, or save it as UTF-8."


class FileTooBig(Fault):
    """A file beyond the configured limit."""

    code = "source.too-big"
    http = 503
    zh = "文件 {file} 超过 {limit} MB。"
    en = "The file {file} has more than {limit} MB."
    next_zh = "请拆成几个文件并用 * 绑定、改用 Parquet，或调大 max_mb。"
    next_en = "Split it and bind the parts by *, use Parquet, or raise max_mb."


class FileLocked(Fault):
    """A file that another program holds locked for writing."""

    code = "source.file-locked"
    http = 503
    zh = "文件 {file} 正被其他程序写入。"
    en = "The file {file} is being written by another program."
    next_zh = "请在写完后重试。"
    next_en = "Try again when it is done."


class FileHeader(Fault):
    """A table whose first row does not name every column once."""

    code = "source.header"
    http = 503
    zh = "文件 {file} 的首行应为列名，每列一个且不重复；第 {number} 列不是。"
    en = "The first row of {file} must name every column once; column {number} is not so named."
    next_zh = "请补上或改掉该列的列名。"
    next_en = "Give that column a name of its own."


class FileSheetUnknown(Fault):
    """An Excel file without the configured sheet."""

    code = "source.sheet-unknown"
    http = 503
    zh = "文件 {file} 中没有名为“{sheet}”的工作表。"
    en = "The file {file} has no sheet named “{sheet}”."
    next_zh = "其中有：{near}。请核对 NODE.toml 中的 sheet。"
    next_en = "It has: {near}. Check sheet in NODE.toml."


class FileDigitsLost(Fault):
    """An Excel column that holds long numbers as numbers, of which Excel keeps 15 digits."""

    code = "source.digits-lost"
    http = 502
    zh = (
        "文件 {file} 的列“{column}”中有超过 15 位的数字单元格：Excel 只保留 15 位，末尾几位已丢失。"
    )
    en = (
        "The column “{column}” of {file} holds numbers of more than 15 digits; Excel keeps 15, the "
        "last ones are lost."
    )
    next_zh = "请把该列设为文本格式，从原系统重新导出；改格式不能找回已丢的数字。"
    next_en = (
        "Make the column text and export it anew from where it came; a change of format does not "
        "bring the digits back."
    )


class FilePartsDiffer(Fault):
    """Parts of one resource that have other columns or types."""

    code = "source.parts-differ"
    http = 503
    zh = "“{table}”的各个文件列不一致：{file} 的列“{column}”与其他文件不同。"
    en = "The files of “{table}” differ: the column “{column}” of {file} is not as in the others."
    next_zh = "请用同一格式重新导出这些文件。"
    next_en = "Export them anew in one form."
