"""Gzip files: read as their content, and within the limits."""

import gzip
import random
import tracemalloc

import pytest

from ingest import (
    DamagedDocument,
    EmptyDocument,
    IngestError,
    LimitExceeded,
    Limits,
    UnsupportedFormat,
    open_document,
)

TEXT = "".join(f"Jan 25 06:00:{at % 60:02} node03 app: event {at}\n" for at in range(2000))
PACKED = gzip.compress(TEXT.encode(), mtime=0)


@pytest.mark.parametrize(
    ("name", "title", "kind"),
    [
        ("syslog.gz", "syslog", "log"),
        ("app.log.GZ", "app", "log"),
        ("book.txt.gz", "book", "text"),
        ("code.py.gz", "code.py", "code"),
        ("noname", "noname", "log"),
    ],
)
def test_a_gzip_file_is_read_as_its_content(document, name, title, kind):
    opened = document(PACKED, name)
    assert "".join(segment.text for segment in opened.segments()) == TEXT
    assert (opened.title, opened.kind, opened.unit_count) == (title, kind, 2000)


def test_concatenated_gzip_files_are_read_as_one(whole_text):
    assert (
        whole_text(gzip.compress(b"one\n", mtime=0) + gzip.compress(b"two\n"), "a.txt.gz")
        == "one\ntwo\n"
    )


def test_a_truncated_gzip_file_gives_what_it_has_with_a_note(document):
    opened = document(PACKED[: len(PACKED) // 2], "a.log.gz")
    text = "".join(segment.text for segment in opened.segments())
    assert len(text) > 1000 and TEXT.startswith(text)
    assert opened.notes == ["The gzip file is cut short or damaged; what comes before was read."]


def test_a_gzip_file_from_which_nothing_can_be_unpacked_is_damaged(document):
    with pytest.raises(DamagedDocument, match="a.log.gz is a damaged gzip file"):
        document(PACKED[:14], "a.log.gz")


def test_a_gzip_file_with_an_empty_file_is_empty(document):
    with pytest.raises(EmptyDocument, match="holds an empty file"):
        document(gzip.compress(b"", mtime=0), "a.log.gz")


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        (b"%PDF-1.4 ...", "holds a PDF: unpack it"),
        (gzip.compress(b"x", mtime=0), "holds another gzip file"),
        (b"x" + bytes(256) + b"ustar" + bytes(200), "a tar archive"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
    ],
)
def test_a_gzip_file_with_another_kind_of_content_is_refused_by_name(document, inside, words):
    with pytest.raises(UnsupportedFormat, match=words):
        document(gzip.compress(inside), "a.gz")


def test_a_gzip_bomb_is_refused_in_bounded_memory(document):
    opened = document(gzip.compress(b"word " * 10_000_000), "bomb.txt.gz")
    tracemalloc.start()
    with pytest.raises(LimitExceeded, match="more than 250 times its size"):
        list(opened.segments())
    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()


def test_unpacked_bytes_are_limited(document):
    opened = document(PACKED, "a.txt.gz", limits=Limits(max_unpacked_bytes=50_000))
    with pytest.raises(LimitExceeded, match="more than 50,000 bytes"):
        list(opened.segments())


@pytest.mark.parametrize("seed", range(60))
def test_mutated_gzip_files_are_read_or_refused(tmp_path, seed):
    rng = random.Random(seed)
    data = bytearray(PACKED)
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] = rng.randrange(256)
    path = tmp_path / "fuzzed.log.gz"
    path.write_bytes(data[: rng.randrange(3, len(data))] if seed % 3 == 0 else data)
    try:
        for segment in open_document(path).segments():
            segment.text.encode("utf-8")
    except IngestError as error:
        assert "fuzzed.log.gz" in str(error)
