"""Where checkpoints are due: after so many tokens, or sooner at the end of a chapter."""

import pytest

import storage
from app.service.reading.checkpoint_policy import next_stop, prune
from app.settings import Retention, Settings

CHUNK = 16


@pytest.fixture
def document(db):
    """Chapters that end at tokens 100, 130 and 400."""
    row = storage.create_session(db, "s", {})
    found = storage.add_document(
        db, row.id, title="t", kind="text", file_name="t", sha256="t", byte_count=1
    )
    ends = (0, 100, 130, 400)
    segments = [
        storage.NewSegment("x", f"chapter {i}", "chapter", i, i, start, end - start, i)
        for i, (start, end) in enumerate(zip(ends, ends[1:], strict=False), 1)
    ]
    storage.add_segments(db, found.id, segments)
    return found


@pytest.mark.parametrize(
    "done, stop",
    [
        (0, 96),  # the grid point before the first chapter's end
        (96, 296),  # the second chapter ends too soon for a checkpoint of its own
        (200, 400),
        (400, 600),  # no chapter ends after that
    ],
)
def test_a_checkpoint_is_due_after_the_interval_or_at_a_chapters_end(
    db, tmp_path, document, done, stop
):
    settings = Settings(data_dir=tmp_path, checkpoint_tokens=200)
    assert next_stop(db, settings, document, done, CHUNK) == stop


def test_a_document_without_chapters_has_a_checkpoint_per_interval(db, tmp_path, document):
    other = storage.add_document(
        db, document.session_id, title="u", kind="text", file_name="u", sha256="u", byte_count=1
    )
    settings = Settings(data_dir=tmp_path, checkpoint_tokens=200)
    assert next_stop(db, settings, other, 40, CHUNK) == 240


def test_only_what_the_retention_keeps_is_left(db, tmp_path, document):
    for position in (10, 20, 30, 40):
        page = b"x" * position
        page_hash = storage.page_hash(page)
        storage.save_checkpoint(
            db,
            document.session_id,
            position=position,
            manifest={},
            pages={page_hash: page},
            page_hashes=[page_hash],
        )
    keep_all = Settings(data_dir=tmp_path, retention=Retention(every_tokens=1))
    prune(db, keep_all, document.session_id)
    assert len(storage.list_checkpoints(db, document.session_id)) == 4
    keep_little = Settings(data_dir=tmp_path, retention=Retention(budget_bytes=1))
    prune(db, keep_little, document.session_id)
    left = [c.position for c in storage.list_checkpoints(db, document.session_id)]
    assert left[0] == 40 and len(left) < 4
