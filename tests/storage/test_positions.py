"""Positions by locator: pages and chapters, in documents with and without pages."""

import storage
from storage import NewSegment


def add(db, session_id, title, *segments):
    document = storage.add_document(
        db, session_id, title=title, kind="pdf", file_name=title, sha256=title, byte_count=1
    )
    storage.add_segments(db, document.id, segments)
    storage.set_start_position(db, document.id, 100)
    db.execute("UPDATE documents SET tokens_read = 25 WHERE id = ?", [document.id])


def page(number, chapter, start):
    return NewSegment("x", f"page {number}", "page", number, number, start, 10, chapter)


def places(db, kind, number):
    found = storage.find_positions(db, 1, kind, number)
    return [(place.document_title, place.locator, place.position) for place in found]


def test_positions_of_chapters_are_found_with_and_without_pages(db, add_session):
    session = add_session(db)
    pages = [page(1, None, 0), page(2, 1, 10), page(3, 2, 20)]
    add(db, session.id, "pdf", *pages)
    add(db, session.id, "epub", NewSegment("x", "chapter 1", "chapter", 1, 1, 0, 10, 1))
    assert storage.locator_kinds(db, session.id) == ["chapter", "page"]
    assert places(db, "chapter", 1) == [("pdf", "page 2", 120), ("epub", "chapter 1", 110)]
    assert places(db, "chapter", 2)[0] == ("pdf", "page 3", None)
    assert places(db, "page", 1) == [("pdf", "page 1", 110)]
    assert places(db, "chapter", 0) == []


def test_locator_kinds_without_chapters_do_not_include_chapter(db, add_session):
    session = add_session(db)
    add(db, session.id, "pdf", page(1, None, 0))
    assert storage.locator_kinds(db, session.id) == ["page"]
    assert places(db, "chapter", 3) == []


def test_read_ranges_are_the_chapters_and_pages_that_were_read_completely(db, add_session):
    session = add_session(db)
    stalled_document = page(3, 2, 20)
    add(db, session.id, "pdf", page(1, None, 0), page(2, 1, 10), stalled_document)
    titled = NewSegment("x", "chapter 1 (The Mill (I))", "chapter", 1, 1, 0, 10, 1)
    rest = NewSegment("x", "chapter 1 (The Mill (I))", "chapter", 1, 1, 10, 20, 1)
    add(db, session.id, "epub", titled)
    add(db, session.id, "half an epub", titled, rest)
    found = [(s.document_id, s.kind, s.first, s.last, s.position) for s in ranges_of(db, session)]
    assert found == [(1, "chapter", 1, 1, 120), (1, "page", 1, 2, 120), (2, "chapter", 1, 1, 110)]
    assert [s.chapter_title for s in ranges_of(db, session)] == ["", "", "The Mill (I)"]
    for read in ranges_of(db, session):
        (place, *_) = (
            p
            for p in storage.find_positions(db, session.id, read.kind, read.last)
            if p.document_id == read.document_id
        )
        assert place.position == read.position


def ranges_of(db, session):
    return storage.read_ranges(db, session.id)


def test_a_label_names_its_page_and_a_number_the_counted_one_where_no_page_has_that_label(
    db, add_session
):
    session = add_session(db)
    locators = ("page i (1)", "page ii (2, Preface)", "page 1 (3)", "page 2 (4)", "page 1 (5)")
    pages = [
        NewSegment("x", name, "page", number, number, 10 * number, 10, None)
        for number, name in enumerate(locators, start=1)
    ]
    add(db, session.id, "pdf", *pages)

    def asked(number, label, counted=None):
        (found,) = storage.find_positions(db, session.id, "page", number, label, counted)
        return found.number, found.name("page")

    assert asked(None, "II") == (2, "page ii (2)")
    assert asked(1, "1") == (3, "page 1 (3)")
    assert asked(1, "1", 5) == (5, "page 1 (5)")
    assert asked(3, "3") == (3, "page 1 (3)")
    assert asked(9, "9") == (9, "page 9")
    assert storage.find_positions(db, session.id, "page", None, "iv") == []


def test_a_number_that_is_shown_without_a_label_is_meant_before_a_later_label(db, add_session):
    """An appendix is numbered from 1 again."""
    session = add_session(db)
    locators = ("page 1", "page 2 (Weir)", "page 3", "page 1 (4)", "page 2 (5)", "page 3 (6)")
    pages = [
        NewSegment("x", name, "page", number, number, 10 * number, 10, None)
        for number, name in enumerate(locators, start=1)
    ]
    add(db, session.id, "pdf", *pages)
    for number in (1, 2, 3):
        (found,) = storage.find_positions(db, session.id, "page", number, str(number))
        assert (found.number, found.name("page")) == (number, f"page {number}")
    (found,) = storage.find_positions(db, session.id, "page", 3, "3", 6)
    assert (found.number, found.name("page")) == (6, "page 3 (6)")
