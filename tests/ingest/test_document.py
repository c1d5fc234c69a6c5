"""Locators in words."""

import pytest

from ingest import Chapter, Locator


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
