"""SQuALITY: questions about stories that are answered by a summary.

A line of the file is a story: {"id", "document", "questions": [{"question", "references"}]}.

Source: "SQuALITY: Building a Long-Document Summarization Dataset the Hard Way" (arXiv 2205.11465).
"""

from __future__ import annotations

from evaluation.tasks.item import Item
from evaluation.tasks.local.files import (
    ANY_JSON_LINES,
    find_file,
    objects_of,
    read_json_lines,
    text_of,
    texts_of,
)
from evaluation.tasks.local.libraries import Document, shelve
from evaluation.tasks.options import TaskOptions, sample

PATTERNS = ("squality_*.jsonl", ANY_JSON_LINES)
SOURCE = "https://github.com/nyu-mll/SQuALITY, with the questions and references of a story joined"
METRIC = "rouge_l"
MAX_NEW_TOKENS = 200


def squality(options: TaskOptions) -> list[Item]:
    """Questions about each story, or about stories joined into books of the length asked for.

    Raises:
        ValueError: the file is missing or malformed.
        OSError: it cannot be opened.
    """
    stories = list(read_json_lines(find_file(options.data, "squality", PATTERNS, SOURCE)))
    documents: dict[str, Document] = {}
    for raw, where in stories:
        name = text_of(raw, "id", where)
        documents[name] = (f"Story {name}", text_of(raw, "document", where))
    shelves = shelve(documents, options)
    items = [
        summary_item(
            f"{raw['id']} {i}",
            shelves[str(raw["id"])],
            text_of(question, "question", where),
            texts_of(question, "references", where),
        )
        for raw, where in stories
        for i, question in enumerate(objects_of(raw, "questions", where))
    ]
    return sample(items, options)


def summary_item(
    name: str, documents: tuple[Document, ...], question: str, references: tuple[str, ...]
) -> Item:
    """An item without a prescribed prompt, whose answer is some sentences long."""
    return Item(
        id=name,
        documents=documents,
        question=question,
        prompt="",
        references=references,
        choices=(),
        max_new_tokens=MAX_NEW_TOKENS,
        metric=METRIC,
    )
