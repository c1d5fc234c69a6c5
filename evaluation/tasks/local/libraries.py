"""Documents joined into libraries, so that questions are asked about more than one text."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evaluation.tasks.options import Encode, TaskOptions

Document = tuple[str, str]
"""Title and text."""
Shelves = dict[str, tuple[Document, ...]]
"""The library that each document is in, by the document's name."""


def libraries(documents: Mapping[str, Document], tokens: int, encode: Encode) -> Shelves:
    """Join documents, in their order, into libraries of at most `tokens` tokens.

    A document that is longer is a library of its own.

    Args:
        documents: by their names.

    Returns:
        The library of each document, by the document's name.
    """
    shelves: list[list[str]] = []
    left = 0
    for name, (_, text) in documents.items():
        cost = len(encode(text))
        if cost > left or not shelves:
            shelves.append([])
            left = tokens
        shelves[-1].append(name)
        left -= cost
    found: Shelves = {}
    for shelf in shelves:
        library = tuple(documents[name] for name in shelf)
        found |= dict.fromkeys(shelf, library)
    return found


def one_library(documents: Mapping[str, Document]) -> Shelves:
    """All documents in one library, by the documents' names."""
    return dict.fromkeys(documents, tuple(documents.values()))


def separate(documents: Mapping[str, Document]) -> Shelves:
    """Each document alone, by its name."""
    return {name: (document,) for name, document in documents.items()}


def shelve(
    documents: Mapping[str, Document],
    options: TaskOptions,
    otherwise: Callable[[Mapping[str, Document]], Shelves] = separate,
) -> Shelves:
    """Libraries of the length that was asked for; without one, what `otherwise` makes."""
    if options.lengths:
        return libraries(documents, options.lengths[0], options.encode)
    return otherwise(documents)
