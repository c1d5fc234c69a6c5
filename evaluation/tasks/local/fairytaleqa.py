"""FairytaleQA: questions about tales, with the tales joined into one library.

A line of the file is a tale: {"id", "story", "questions": [{"question", "answers"}]}.

Source: "Fantastic Questions and Where to Find Them: FairytaleQA" (arXiv 2203.13947).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from evaluation.tasks.item import Item
from evaluation.tasks.local.files import find_file, objects_of, read_json_lines, text_of, texts_of
from evaluation.tasks.local.libraries import Document, one_library, shelve
from evaluation.tasks.options import TaskOptions, sample

FOLDER = "fairytaleqa"
PATTERNS = ("fairytaleqa_*.jsonl",)
SOURCE = "https://github.com/uci-soe/FairytaleQAData, with the tales and questions of a part joined"
METRIC = "token_f1"
MAX_NEW_TOKENS = 48


@dataclass(frozen=True)
class Tale:
    """A tale with its questions, each with its right answers."""

    name: str
    document: Document
    questions: tuple[tuple[str, tuple[str, ...]], ...]


def read_tales(options: TaskOptions) -> list[Tale]:
    """All tales of the file.

    Raises:
        ValueError: the file is missing or malformed.
        OSError: it cannot be opened.
    """
    tales = []
    for raw, where in read_json_lines(find_file(options.data, FOLDER, PATTERNS, SOURCE)):
        name = text_of(raw, "id", where)
        document = name.replace("-", " ").capitalize(), text_of(raw, "story", where)
        questions = tuple(
            (text_of(q, "question", where), texts_of(q, "answers", where))
            for q in objects_of(raw, "questions", where)
        )
        tales.append(Tale(name, document, questions))
    return tales


def fairytaleqa(options: TaskOptions) -> list[Item]:
    """Questions about the library of all tales, or about libraries of the length asked for.

    Raises:
        ValueError: the file is missing or malformed.
        OSError: it cannot be opened.
    """
    tales = read_tales(options)
    documents = {tale.name: tale.document for tale in tales}
    shelves = shelve(documents, options, one_library)
    items = [
        tale_item(f"{tale.name} {i}", shelves[tale.name], question, answers)
        for tale in tales
        for i, (question, answers) in enumerate(tale.questions)
    ]
    return sample(items, options)


def tale_item(
    name: str, documents: tuple[Document, ...], question: str, answers: tuple[str, ...]
) -> Item:
    """An item without a prescribed prompt; without answers it cannot be answered."""
    return Item(
        id=name,
        documents=documents,
        question=question,
        prompt="",
        references=answers,
        choices=(),
        max_new_tokens=MAX_NEW_TOKENS,
        metric=METRIC,
    )


def unanswerable(options: TaskOptions) -> list[Item]:
    """Questions of one tale asked of another, and as many of its own: half of the items each.

    A tale's question counts as unanswerable if none of its answers occurs in the other tale. Its
    item has no references: the right answer is to decline.

    Raises:
        ValueError: the file is missing or malformed, or has fewer than two tales.
        OSError: it cannot be opened.
    """
    tales = [tale for tale in read_tales(options) if tale.questions]
    if len(tales) < 2:
        raise ValueError(f"{options.data} needs two tales or more for unanswerable questions.")
    rng = Random(options.seed)
    pairs = (options.items or 2 * len(tales)) // 2 or 1
    items: list[Item] = []
    for i in range(pairs):
        tale, other = tales[i % len(tales)], tales[(i + 1 + i // len(tales)) % len(tales)]
        if tale is other:
            other = tales[(tales.index(tale) + 1) % len(tales)]
        own = rng.choice(tale.questions)
        items.append(tale_item(f"answerable/{tale.name} {i}", (tale.document,), *own))
        foreign = [question for question, answers in other.questions if _absent(answers, tale)]
        if foreign:
            name = f"unanswerable/{tale.name} {i}"
            items.append(tale_item(name, (tale.document,), rng.choice(foreign), ()))
    return items


def _absent(answers: tuple[str, ...], tale: Tale) -> bool:
    text = tale.document[1].lower()
    return all(answer.strip(" .").lower() not in text for answer in answers)
