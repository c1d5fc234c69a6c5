"""QuALITY: questions about stories with two options or more, answered by likelihood.

A line of the file is a question: {"id", "article_id", "question", "options", "gold"}, where "gold"
is the number of the right option, from 0 on; the text is the file articles/ARTICLE_ID.txt beside
it. The models see the question without the options; the one that they find the most likely answer,
per byte of it, is chosen.

Source: "QuALITY: Question Answering with Long Input Texts, Yes!" (arXiv 2112.08608).
"""

from __future__ import annotations

from evaluation.tasks.item import Item
from evaluation.tasks.local.files import find_file, read_json_lines, read_text, text_of, texts_of
from evaluation.tasks.local.libraries import Document, shelve
from evaluation.tasks.options import TaskOptions, sample

FOLDERS = "quality*"
PATTERNS = ("questions*.jsonl", f"{FOLDERS}/questions*.jsonl")
SOURCE = "https://github.com/nyu-mll/quality, as a JSON Lines file with the articles beside it"


def quality(options: TaskOptions) -> list[Item]:
    """Questions about each story, or about stories joined into books of the length asked for.

    Raises:
        ValueError: a file is missing or malformed.
        OSError: a file cannot be opened.
    """
    path = find_file(options.data, "quality", PATTERNS, SOURCE)
    questions = list(read_json_lines(path))
    documents: dict[str, Document] = {}
    for raw, where in questions:
        name = text_of(raw, "article_id", where)
        if name not in documents:
            text = read_text(path.parent / "articles" / f"{name}.txt")
            documents[name] = (text.strip().partition("\n")[0].strip(), text)
    shelves = shelve(documents, options)
    items = []
    for raw, where in questions:
        choices, gold = texts_of(raw, "options", where), raw.get("gold")
        if not isinstance(gold, int) or not 0 <= gold < len(choices):
            raise ValueError(f"{where} has no number 'gold' of one of its options.")
        items.append(
            Item(
                id=text_of(raw, "id", where),
                documents=shelves[str(raw["article_id"])],
                question=text_of(raw, "question", where),
                prompt="",
                references=(choices[gold],),
                choices=choices,
                max_new_tokens=0,
                metric="exact_match",
            )
        )
    return sample(items, options)
