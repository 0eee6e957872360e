"""Read the options of a folder of files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from connectors.faults import SourceOptions

__all__ = ["FilesOptions", "read_options"]

_KIND = "files"
_ENCODINGS = ("utf-8", "gb18030")
_MOST_MB = 65_536
_PATH = "path of a folder"


@dataclass(frozen=True, slots=True)
class FilesOptions:
    """How a folder is read.

    Attributes:
        path: the folder; nothing outside it is ever read.
        encoding: of CSV files: ``utf-8``, with or without mark, or ``gb18030``, which also reads
            GBK and GB2312.
        delimiter: of CSV files; in ``.tsv`` it is always a tab.
        null: text without quotes that stands for a missing value, beside none at all.
        sheet: of Excel files; empty for the first.
        max_mb: the largest file that is read.
    """

    path: Path
    encoding: str = "utf-8"
    delimiter: str = ","
    null: str = ""
    sheet: str = ""
    max_mb: int = 2_048


def read_options(options: Mapping[str, object]) -> FilesOptions:
    """Read options.

    Raises:
        SourceOptions: another option, one that is missing, or a value it cannot have.
    """
    for option, value in options.items():
        expected = _unfit(option, value)
        if expected is not None:
            raise SourceOptions(kind=_KIND, option=option, expected=expected)
    if "path" not in options:
        raise SourceOptions(kind=_KIND, option="path", expected=_PATH)
    read: dict[str, object] = {**options, "path": Path(str(options["path"]))}
    if "encoding" in read:
        read["encoding"] = str(read["encoding"]).lower()
    return FilesOptions(**read)  # type: ignore[arg-type] # checked above


def _unfit(option: str, value: object) -> str | None:
    """Return what an option should be, where it is not."""
    match option:
        case "path":
            is_path = isinstance(value, str | Path) and str(value) and "\0" not in str(value)
            return None if is_path else _PATH
        case "encoding":
            return None if str(value).lower() in _ENCODINGS else ", ".join(_ENCODINGS)
        case "delimiter":
            is_one = isinstance(value, str) and len(value) == 1 and value.isascii()
            return None if is_one and str(value) not in '"\r\n\0' else "one ASCII character"
        case "null" | "sheet":
            return None if isinstance(value, str) else "a text"
        case "max_mb":
            is_number = isinstance(value, int) and not isinstance(value, bool)
            return None if is_number and 1 <= int(str(value)) <= _MOST_MB else f"1 … {_MOST_MB}"
    return "path, encoding, delimiter, null, sheet, max_mb"
