"""Places counted from an end, and in German and French words, are found by their numbers."""

import pytest

import storage
from app.service.answering.named_places import find_named_place
from app.service.answering.places_by_order import numbered_by_order

LAST = {"page": 80, "chapter": 12, "row": 40, "line": 9000}


@pytest.mark.parametrize(
    "question, written",
    [
        ("What is on the last page?", "What is on page 80?"),
        ("What is on the very last page of the book?", "What is on page 80 of the book?"),
        ("What is on the second-to-last page?", "What is on page 79?"),
        ("Summarise the last two chapters.", "Summarise chapters 11 to 12."),
        ("Summarise the first three chapters.", "Summarise chapters 1 to 3."),
        ("How does the final chapter of The Mill end?", "How does chapter 12 of The Mill end?"),
        ("What are the last 500 pages about?", "What are pages 1 to 80 about?"),
        ("Compare the first and the last chapter.", "Compare chapter 1 and chapter 12."),
        ("What is in the last row?", "What is in row 40?"),
        ("Was steht auf der letzten Seite des Buches?", "Was steht auf page 80 des Buches?"),
        ("Was geschieht im dritten Kapitel?", "Was geschieht im chapter 3?"),
        ("Fasse die letzten drei Kapitel zusammen.", "Fasse chapters 10 to 12 zusammen."),
        ("Résume les deux derniers chapitres.", "Résume chapters 11 to 12."),
        ("Que dit la deuxième page du livre ?", "Que dit page 2 du livre ?"),
    ],
)
def test_a_place_counted_from_an_end_is_written_as_a_number(question, written):
    assert numbered_by_order(question, LAST, ["the mill"]) == written


@pytest.mark.parametrize(
    "question",
    [
        "What is on the last page of the letter?",
        "What is the last chapter of his life about?",
        "What does the last page of chapter 3 say?",
        "Was steht auf der letzten Seite des Briefes?",
        "What was the last line of the log?",
        "When was the page last changed?",
        "What does the third page say?",  # read as it is
        "Who had the last word?",
        "What does the last slide say?",  # there are none
    ],
)
def test_other_questions_are_left_as_they_are(question):
    assert numbered_by_order(question, LAST, ["the mill"]) == question


def add(db, title: str, chapters: list[str], pages: int = 0) -> None:
    """Add a document with chapters, or with pages that have one passage each."""
    document = storage.add_document(
        db, 1, title=title, kind="pdf", file_name=title, sha256=title, byte_count=1
    )
    kind = "page" if pages else "chapter"
    names = [str(n + 1) for n in range(pages)] or [f"{n} ({t})" for n, t in enumerate(chapters, 1)]
    storage.add_segments(
        db,
        document.id,
        [
            storage.NewSegment(
                f"{title} {name}.", f"{kind} {name}", kind, n, n, 10 * n, 10, None if pages else n
            )
            for n, name in enumerate(names, 1)
        ],
    )


def test_the_last_chapter_is_the_last_one_of_the_text(db):
    add(db, "mill", ["Dawn", "Dusk", "Index"])
    found = find_named_place(db, 1, "What happens in the last chapter?", 3, None)
    assert [p.text for p in found.passages] == ["mill 2 (Dusk)."]
    found = find_named_place(db, 1, "Summarise the first two chapters", 3, None)
    assert [p.text for p in found.passages] == ["mill 1 (Dawn).", "mill 2 (Dusk)."]


def test_the_last_page_is_that_of_the_document_that_is_named(db):
    add(db, "mill", [], pages=3)
    add(db, "wreck", [], pages=5)
    found = find_named_place(db, 1, "What is on the last page of wreck?", 3, None)
    assert [p.text for p in found.passages] == ["wreck 5."] and "page 5" in found.looked_at
    assert find_named_place(db, 1, "What is on the last page?", 3, None) is None
