"""Retention: checkpoints at ends and at intervals of tokens are kept, within the budget."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import storage
from storage import NewSegment


def positions(db, session):
    return [checkpoint.position for checkpoint in storage.list_checkpoints(db, session.id)]


def test_within_the_budget_all_checkpoints_are_kept(db, add_session, save):
    session = add_session(db)
    for position in range(1, 6):
        save(db, session.id, position, b"%d" % position * 10)
    assert storage.prune_checkpoints(db, session.id, budget_bytes=50) == 0
    assert positions(db, session) == [5, 4, 3, 2, 1]


def test_over_the_budget_the_oldest_checkpoints_are_deleted_first(db, add_session, save):
    session = add_session(db)
    for position in range(1, 6):
        save(db, session.id, position, b"%d" % position * 10, b"shared")
    assert storage.prune_checkpoints(db, session.id, budget_bytes=40) == 2
    assert positions(db, session) == [5, 4, 3]
    assert storage.checkpoint_bytes(db, session.id) == 36
    assert db.integrity_check() == []


@pytest.mark.parametrize(("keep", "left"), [(1, [5]), (2, [5, 4]), (9, [5, 4, 3, 2, 1])])
def test_the_latest_checkpoints_are_kept_over_the_budget(db, add_session, save, keep, left):
    session = add_session(db)
    for position in range(1, 6):
        save(db, session.id, position, b"%d" % position * 10)
    storage.prune_checkpoints(db, session.id, keep_latest=keep, budget_bytes=0)
    assert positions(db, session) == left


def test_over_the_budget_checkpoints_at_ends_of_documents_are_deleted_last(
    db, add_session, add_text, save
):
    session = add_session(db)
    document = add_text(db, session.id, "one")  # ten tokens
    for tokens in (4, 10):
        save(
            db, session.id, tokens, b"%3d" % tokens, document_id=document.id, document_tokens=tokens
        )
    for position in (20, 30, 40):
        save(db, session.id, position, b"%3d" % position)
    storage.prune_checkpoints(db, session.id, keep_latest=1, budget_bytes=6)
    assert positions(db, session) == [40, 10]
    storage.prune_checkpoints(db, session.id, keep_latest=1, budget_bytes=3)
    assert positions(db, session) == [40]


def test_pruning_does_not_change_other_sessions(db, add_session, save):
    session, other = add_session(db), add_session(db, "other")
    for position in (1, 2, 3):
        save(db, session.id, position, b"%d" % position)
        save(db, other.id, position, b"%d" % position)
    storage.prune_checkpoints(db, session.id, keep_latest=1, budget_bytes=0)
    assert positions(db, other) == [3, 2, 1]
    assert storage.has_page(db, storage.page_hash(b"1"))


def test_pruning_all_checkpoints_is_refused(db, add_session):
    with pytest.raises(ValueError, match="At least one"):
        storage.prune_checkpoints(db, add_session(db).id, keep_latest=0, budget_bytes=0)


def add_chapters(db, session_id, title, lengths, start):
    """Add a document of chapters of these token counts, in segments of ten; None: no chapters."""
    document = storage.add_document(
        db, session_id, title=title, kind="pdf", file_name=title, sha256=title, byte_count=1
    )
    at, segments = 0, []
    for chapter, length in enumerate(lengths, start=1):
        for _ in range(length // 10):
            number = chapter if len(lengths) > 1 else None
            segments.append(NewSegment("x", "p", "page", 1, 1, at, 10, number))
            at += 10
    storage.add_segments(db, document.id, segments)
    storage.set_start_position(db, document.id, start)
    return storage.finish_indexing(db, document.id, token_count=at, unit_count=1, unit_name="page")


def read(db, session, save, document, step, **kept):
    """Save a checkpoint at each interval of tokens and at the end, pruning after each."""
    start = document.start_position
    for tokens in [*range(step, document.token_count, step), document.token_count]:
        page = b"%8d" % (start + tokens)
        save(db, session.id, start + tokens, page, document_id=document.id, document_tokens=tokens)
        storage.prune_checkpoints(db, session.id, **{"budget_bytes": 10**9, **kept})


def test_the_last_checkpoint_of_each_chapter_is_kept(db, add_session, save):
    session = add_session(db)
    book = add_chapters(db, session.id, "book", [50, 30, 100], 0)
    read(db, session, save, book, 20, every_tokens=1000)
    # 40 and 80 are the last checkpoints of chapters 1 and 2; the others are the latest two.
    assert positions(db, session) == [180, 160, 80, 40]


def test_the_last_checkpoint_of_each_interval_is_kept_in_long_chapters_and_without_any(
    db, add_session, save
):
    session = add_session(db)
    plain = add_chapters(db, session.id, "plain", [100], 0)
    read(db, session, save, plain, 10, every_tokens=30)
    assert positions(db, session) == [100, 90, 60, 30]
    book = add_chapters(db, session.id, "book", [80, 20], 100)
    read(db, session, save, book, 10, every_tokens=30)
    assert positions(db, session) == [200, 190, 180, 160, 130, 100, 90, 60, 30]


def test_chapter_ends_are_listed_in_order(db, add_session):
    session = add_session(db)
    book = add_chapters(db, session.id, "book", [50, 30, 100], 0)
    plain = add_chapters(db, session.id, "plain", [100], 180)
    assert storage.chapter_ends(db, book.id) == [50, 80, 180]
    assert storage.chapter_ends(db, plain.id) == []


def test_an_interval_without_tokens_is_refused(db, add_session):
    with pytest.raises(ValueError, match="between checkpoints must be 1 or more, not 0"):
        storage.prune_checkpoints(db, add_session(db).id, budget_bytes=9, every_tokens=0)


def test_pruning_returns_free_pages_to_the_disk_except_for_the_next_checkpoint(
    file_db, add_session, save
):
    session = add_session(file_db)
    for position in range(1, 9):
        save(file_db, session.id, position, bytes([position]) * 400_000)
    full = file_db.size_bytes()
    storage.prune_checkpoints(file_db, session.id, budget_bytes=400_000)
    assert positions(file_db, session) == [8]
    free = file_db.value("PRAGMA freelist_count") * file_db.value("PRAGMA page_size")
    assert 300_000 < free < 500_000
    assert file_db.value("PRAGMA page_count") * file_db.value("PRAGMA page_size") < full / 2


LENGTHS = st.lists(st.integers(1, 6).map(lambda n: n * 10), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(LENGTHS, min_size=1, max_size=4), st.data())
def test_pruning_keeps_its_rules_for_random_readings(books, data):
    """Random documents, chapters, intervals, page sizes, sharing and budgets."""
    every, budget = data.draw(st.integers(1, 80)), data.draw(st.integers(0, 400))
    with storage.Database(":memory:") as db:
        session, start = storage.create_session(db, "s", {}), 0
        for number, lengths in enumerate(books):
            book = add_chapters(db, session.id, f"book {number}", lengths, start)
            tokens = 0
            while tokens < book.token_count:
                tokens = min(tokens + data.draw(st.integers(1, 30)), book.token_count)
                save_some(db, session.id, book, tokens, data)
                before = storage.list_checkpoints(db, session.id)
                storage.prune_checkpoints(db, session.id, budget_bytes=budget, every_tokens=every)
                check(db, session.id, before, every, budget)
            start += book.token_count


def save_some(db, session_id, book, tokens, data):
    """Save a checkpoint of its own page and, perhaps, one that others share."""
    position = book.start_position + tokens
    sizes = [data.draw(st.integers(8, 60))]
    pages = [b"%8d" % position * (size // 8) for size in sizes]
    pages += [b"shared %d" % n * 3 for n in data.draw(st.sets(st.integers(0, 2)))]
    by_hash = {storage.page_hash(page): page for page in pages}
    return storage.save_checkpoint(
        db,
        session_id,
        position=position,
        manifest={"pages": list(by_hash)},
        pages=by_hash,
        page_hashes=list(by_hash),
        document_id=book.id,
        document_tokens=tokens,
    )


def check(db, session_id, before, every, budget):
    kept = storage.list_checkpoints(db, session_id)
    latest = before[0]
    used = storage.checkpoint_bytes(db, session_id)
    ends = {d.id: d.token_count for d in storage.list_documents(db, session_id)}

    def is_end(row):
        return row.document_tokens == ends[row.document_id]

    assert kept[0].id == latest.id, "the latest is always there"
    assert used <= budget or len(kept) == 1, "the budget is kept whenever it can be"
    stored = {row["hash"] for row in db.rows("SELECT hash FROM pages")}
    assert stored == {page for row in kept for page in row.manifest["pages"]}, "no orphan pages"
    for row in kept:
        for page in row.manifest["pages"]:
            assert storage.read_page(db, page), "each is whole"
    lost_ends = [row for row in before if is_end(row) and row not in kept]
    if lost_ends:
        # Only the budget deletes these: then only ends and the latest are left.
        assert all(is_end(row) for row in kept[1:])
    of_document = [row for row in kept if row.document_id == latest.document_id]
    assert (
        len(of_document)
        <= ends[latest.document_id] // every + len(storage.chapter_ends(db, latest.document_id)) + 3
    ), "one for each interval and chapter, and the latest two"
