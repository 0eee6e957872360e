"""Files to hand in: the answer is the id of one, or a list of ids; the facts come in beside."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from random import Random

from builder.errors import Fault
from builder.forms.errors import (
    AnswerFault,
    FileMissing,
    FileRefused,
    FileUnknown,
    OptionsWrong,
    TooManyFiles,
)
from builder.forms.files import FileFacts, ids_of
from builder.forms.question import Question
from builder.forms.widget import Around, Inputs, Look, Post, Widget, option_schema, same
from builder.scenario.model import Json, Text, ValueType
from builder.uploads.errors import UploadInfected, UploadNotAccepted, UploadTooLarge
from builder.uploads.folder import said_size
from builder.uploads.kinds import DEFAULT, KINDS, kind_titles

__all__ = ["LARGEST_BYTES", "WIDGET", "Upload", "accepted", "largest", "most"]

LARGEST_BYTES = 20 * 1024 * 1024
"""Bytes of a file at most, where the question does not say less."""

_MOST = 20
_SEVERAL = 5


class Upload(Widget):
    """One file in a text field, several in a list field.

    Options: ``accept``, kinds of `builder.uploads.KINDS` (pdf, jpeg and png where it does not say);
    ``max_files`` for a list (5); ``max_bytes`` of each file (20 MiB).
    """

    kind = "upload"
    types = frozenset[ValueType]({"text", "list"})
    options = option_schema(
        accept={
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(KINDS)},
        },
        max_files={"type": "integer", "minimum": 1, "maximum": _MOST},
        max_bytes={"type": "integer", "minimum": 1024, "maximum": 200 * 1024 * 1024},
    )
    several = True
    anew = True
    in_rows = False

    def read(self, post: Post, question: Question) -> tuple[str, ...]:
        """Return the ids that the page holds; the files themselves were taken in before."""
        raw = (text.strip()[:64] for text in post.get(question.name, ())[:200])
        return tuple(dict.fromkeys(text for text in raw if text))

    def convert(self, raw: tuple[str, ...], question: Question) -> Json:
        """Return the id, or the list of ids.

        Raises:
            FileUnknown: something else than ids.
        """
        ids = tuple(dict.fromkeys(text for text in raw if text))
        if not all(_is_id(text) for text in ids):
            raise FileUnknown(question)
        if question.type == "list":
            return list(ids)
        if len(ids) > 1:
            raise TooManyFiles(question, limit=1)
        return ids[0]

    def validate(self, value: Json, question: Question, around: Around) -> None:
        """Check that the files are there, of this field, sound and not too many."""
        ids = ids_of(value)
        if not ids or not all(_is_id(one) for one in ids):
            raise FileUnknown(question)
        if len(ids) > most(question):
            raise TooManyFiles(question, limit=most(question))
        if around.files is None:
            return
        for one in ids:
            file = around.files.get(one)
            if file is None or file.pointer != question.pointer:
                raise FileUnknown(question)
            fault = _wrong(file, question)
            if fault is not None:
                raise FileRefused(question, fault)

    def missing(self, question: Question) -> AnswerFault:
        """Ask for a file."""
        return FileMissing(question)

    def look(self, question: Question) -> Look:
        """Return what can be chosen, for the browser and in words."""
        kinds, limit, count = accepted(question), said_size(largest(question)), most(question)
        titles = kind_titles(kinds)
        files = Text(
            f"，最多 {count} 个文件" if count > 1 else "",
            f", at most {count} files" if count > 1 else "",
        )
        return Look(
            accept=",".join(f".{e}" for k in kinds for e in KINDS[k].extensions),
            limit=count,
            text=(
                (
                    Text(
                        f"可以上传：{titles.zh}；单个文件不超过 {limit}{files.zh}。",
                        f"You can upload: {titles.en}; {limit} at most for one file{files.en}.",
                    ),
                ),
            ),
        )

    def write(self, value: Json, question: Question) -> tuple[str, ...]:  # noqa: ARG002
        """Return the ids."""
        return ids_of(value)

    def show(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return how many files there are."""
        count = len(ids_of(value))
        return Text(f"{count} 个文件", "1 file" if count == 1 else f"{count} files")

    def mask(self, value: Json, question: Question) -> Text:  # noqa: ARG002
        """Return that it was answered."""
        return same("***")

    def findings(self, question: Question) -> Iterator[Fault]:
        """Yield several files asked for in a field that holds one."""
        if question.type == "text" and (question.whole("max_files") or 1) > 1:
            yield OptionsWrong(
                where=question.pointer,
                control=question.id,
                widget=self.kind,
                problem="max_files",
            )

    def example(self, question: Question, chance: Random, around: Around) -> Json:  # noqa: ARG002
        """Return ids; there are no files behind them."""
        count = 1 if question.type == "text" else chance.randint(1, most(question))
        ids = [str(uuid.UUID(int=chance.getrandbits(128), version=4)) for _ in range(count)]
        return list(ids) if question.type == "list" else ids[0]

    def inputs(self, raw: Sequence[str], question: Question, lang: str) -> Inputs:  # noqa: ARG002
        """Return nothing: the files are drawn from their facts."""
        return Inputs(())


def accepted(question: Question) -> tuple[str, ...]:
    """Return the kinds that a question takes."""
    found = question.options.get("accept")
    if not isinstance(found, list | tuple):
        return DEFAULT
    return tuple(str(kind) for kind in found)


def largest(question: Question) -> int:
    """Return how many bytes a file may have."""
    return question.whole("max_bytes") or LARGEST_BYTES


def most(question: Question) -> int:
    """Return how many files a question takes."""
    if question.type != "list":
        return 1
    limit = question.whole("max_files") or _SEVERAL
    return min(limit, question.keyword("maxItems") or limit)


def _wrong(file: FileFacts, question: Question) -> Fault | None:
    """Return what keeps a file from being an answer; it was checked when it came in."""
    if file.state == "refused":
        return UploadInfected(file=file.name)
    if file.kind not in accepted(question):
        return UploadNotAccepted(
            file=file.name, kind=KINDS[file.kind].title, known=kind_titles(accepted(question))
        )
    if file.size_bytes > largest(question):
        return UploadTooLarge(file=file.name, limit=said_size(largest(question)))
    return None


def _is_id(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


WIDGET = Upload()
