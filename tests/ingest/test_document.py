"""Locators in words, and notes that stay few."""

import pytest

from ingest import Chapter, Locator, open_document
from ingest.document import MAX_NOTES, MORE_NOTES


@pytest.mark.parametrize(
    ("locator", "words"),
    [
        (Locator("page", 12, 12), "page 12"),
        (Locator("page", 12, 13), "pages 12–13"),
        (Locator("line", 7, 7), "line 7"),
        (Locator("line", 120, 131), "lines 120–131"),
        (Locator("page", 12, 12, "xii"), "page xii (12)"),
        (Locator("page", 12, 12, "xii", Chapter(1, "Preface")), "page xii (12, Preface)"),
        (Locator("page", 12, 12, None, Chapter(3, "Chapter II")), "page 12 (Chapter II)"),
    ],
)
def test_a_locator_is_written_in_words(locator, words):
    assert str(locator) == words


@pytest.mark.parametrize(("start", "end"), [(0, 1), (2, 1)])
def test_a_locator_with_an_invalid_range_is_refused(start, end):
    with pytest.raises(ValueError):
        Locator("line", start, end)


def test_notes_are_listed_once_and_of_very_many_the_first(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("A text.")
    document = open_document(path)
    for _ in range(2):
        for i in range(2 * MAX_NOTES):
            document.add_note(f"Note {i}.")
    assert len(document.notes) == MAX_NOTES + 1 and document.notes[-1] == MORE_NOTES
    assert document.notes[:-1] == [f"Note {i}." for i in range(MAX_NOTES)]
