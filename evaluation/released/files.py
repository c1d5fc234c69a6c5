"""The files that a benchmark's authors released, as JSON lines in a local folder.

What is missing, damaged or foreign is refused in one sentence that names the file and the line, and
says where the file comes from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest.object_lines import BadLine, read_objects


class BenchmarkFileError(ValueError):
    """A released file that is missing, damaged, empty or not of its benchmark."""


class MissingBenchmarkFile(BenchmarkFileError):
    """A released file that is not there."""


@dataclass(frozen=True)
class Source:
    """Where a benchmark's files come from.

    Args:
        benchmark: its name.
        files: what to get, as in "the file narrativeqa.jsonl of data.zip".
        url: from where.
        licence: of the files.
    """

    benchmark: str
    files: str
    url: str
    licence: str

    def __str__(self) -> str:
        return f"{self.files} of {self.benchmark} ({self.licence}) from {self.url}"


@dataclass(frozen=True)
class Record:
    """One line of a released file.

    Args:
        path, line: where it is; lines count from 1.
        index: its number among the records of the file, from 0.
        fields: the JSON object.
        source: where the file comes from.
    """

    path: Path
    line: int
    index: int
    fields: dict[str, Any]
    source: Source

    def text(self, name: str) -> str:
        """A field that is a text, perhaps an empty one.

        Raises:
            BenchmarkFileError: it is not there or no text.
        """
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise self.refusal(f'has no text "{name}"')
        return value

    def filled_text(self, name: str) -> str:
        """A field that is a text with something in it.

        Raises:
            BenchmarkFileError: it is not there, no text, or blank.
        """
        value = self.text(name)
        if not value.strip():
            raise self.refusal(f'has an empty "{name}"')
        return value

    def values(self, name: str) -> tuple[str, ...]:
        """A field that is a text, a number or a list of them, as texts; at least one.

        Raises:
            BenchmarkFileError: it is anything else, or an empty list.
        """
        value = self.fields.get(name)
        listed = value if isinstance(value, list) else [value]
        if len(listed) == 1 and isinstance(listed[0], list):
            listed = listed[0]
        if not listed or not all(_is_text_or_number(item) for item in listed):
            raise self.refusal(f'has no text, number or list of them as "{name}"')
        return tuple(map(str, listed))

    def refuse_other(self, own: Collection[str], all_tasks: Collection[str]) -> None:
        """Check that the line is not of another task; lines that name none are believed.

        Args:
            own: names that the field "dataset" may have here.
            all_tasks: names of all tasks of the benchmark.

        Raises:
            BenchmarkFileError: the field names another one of the tasks.
        """
        named = self.fields.get("dataset")
        if isinstance(named, str) and named in all_tasks and named not in own:
            raise self.refusal(f"is of {named}")

    def refusal(self, fault: str) -> BenchmarkFileError:
        """The error that says what is wrong with this line."""
        return _damaged(self.path, self.line, fault, self.source)


def find_file(folder: Path, names: Sequence[str], source: Source) -> Path:
    """The first of several paths inside a folder that is a file.

    Raises:
        MissingBenchmarkFile: none is; the sentence says where to get the file and where to put it.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise MissingBenchmarkFile(
        f"{folder / names[0]} is not there: get {source}, and put it there under that name."
    )


def records(path: Path, source: Source) -> Iterator[Record]:
    """Yield a file's lines as they are read; blank lines are passed over.

    Raises:
        BenchmarkFileError: the file cannot be read or has no records, or a line is no JSON object.
    """
    index = 0
    try:
        for line, fields in read_objects(path):
            yield Record(path, line, index, fields, source)
            index += 1
    except BadLine as error:
        raise _damaged(path, error.number, error.fault, source) from error
    except OSError as error:
        raise BenchmarkFileError(
            f"{path} cannot be read ({error.strerror}): make it readable, or get {source}."
        ) from error
    if not index:
        raise BenchmarkFileError(f"{path} is empty: get {source}, and put it in its place.")


def _damaged(path: Path, line: int, fault: str, source: Source) -> BenchmarkFileError:
    return BenchmarkFileError(
        f"{path}, line {line} {fault}, so the file is damaged or another one: get {source}, and "
        "put it in its place."
    )


def _is_text_or_number(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)
