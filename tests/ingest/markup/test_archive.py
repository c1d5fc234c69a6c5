"""ZIP archives: entries within the limits, and references that stay inside."""

import zipfile

import pytest

from ingest import DamagedDocument, EncryptedDocument, LimitExceeded, Limits
from ingest.markup.archive import Archive, EntryMissing, entry_path
from tests.support.zip_samples import make_zip


@pytest.fixture
def open_archive(tmp_path):
    def make(data, limits=None):
        path = tmp_path / "a.zip"
        path.write_bytes(data)
        return Archive(path, "a.zip", limits or Limits())

    return make


def test_entries_are_read_by_name(open_archive):
    with open_archive(make_zip({"one.txt": "1", "folder/two.txt": b"\xff\0"})) as archive:
        assert archive.names() == ["one.txt", "folder/two.txt"]
        assert "one.txt" in archive and "three.txt" not in archive
        assert archive.read("folder/two.txt", 10) == b"\xff\0"
        with pytest.raises(EntryMissing, match=r"three.txt in a.zip is missing"):
            archive.read("three.txt", 10)


def test_an_entry_beyond_the_limit_for_one_part_is_refused(open_archive):
    with open_archive(make_zip({"a": "x" * 100})) as archive:
        assert len(archive.read("a", 100)) == 100
        with pytest.raises(LimitExceeded, match="more than 99 bytes, the limit for one part"):
            archive.read("a", 99)


def test_unpacked_bytes_are_counted_over_all_entries(open_archive):
    data = make_zip({name: "x" * 60 for name in "abc"})
    with open_archive(data, Limits(max_unpacked_bytes=150)) as archive:
        archive.read("a", 100)
        archive.read("b", 100)
        with pytest.raises(LimitExceeded, match="a.zip unpacks to more than 150 bytes"):
            archive.read("c", 100)


def test_a_size_in_the_directory_is_not_trusted(open_archive):
    data = bytearray(make_zip({"a": "x" * 1000}))
    at = data.index(b"PK\x01\x02") + 24
    data[at : at + 4] = (10).to_bytes(4, "little")
    with open_archive(bytes(data)) as archive, pytest.raises((DamagedDocument, LimitExceeded)):
        archive.read("a", 500)


def test_a_damaged_entry_gives_what_comes_before_and_then_an_error(open_archive):
    data = bytearray(make_zip({"a": bytes(i * i % 251 for i in range(500_000))}))
    data[len(data) // 2] ^= 0xFF
    given = 0
    with open_archive(bytes(data)) as archive, pytest.raises(DamagedDocument, match="a in a.zip"):
        for block in archive.stream("a"):
            given += len(block)
    assert given <= 500_000


def test_an_encrypted_entry_is_refused(open_archive):
    data = bytearray(make_zip({"a": "x"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with open_archive(bytes(data)) as archive:
        with pytest.raises(EncryptedDocument, match="a in a.zip is encrypted"):
            archive.read("a", 9)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", make_zip({"a": "x"})[:-10]])
def test_an_archive_without_a_directory_is_damaged(open_archive, data):
    with pytest.raises(DamagedDocument, match="a.zip is a damaged archive"):
        open_archive(data)


def test_a_directory_that_is_too_large_is_refused_before_it_is_read(open_archive, monkeypatch):
    data = make_zip({f"{at:0200}": "" for at in range(500)})
    monkeypatch.setattr(zipfile, "ZipInfo", None)  # nothing is made of it
    with pytest.raises(LimitExceeded, match="lists more files than the limits allow"):
        open_archive(data, Limits(max_archive_entries=10))


@pytest.mark.parametrize(
    ("base", "reference", "entry"),
    [
        ("OEBPS/book.opf", "c1.xhtml", "OEBPS/c1.xhtml"),
        ("OEBPS/book.opf", "../c%201.xhtml#top", "c 1.xhtml"),
        ("OEBPS/book.opf", "#top", "OEBPS/book.opf"),
        ("", "a/./b/../c", "a/c"),
        ("OEBPS/book.opf", "../../c", None),
        ("", "/etc/passwd", None),
        ("", "http://a.b/c", None),
        ("", "//host/c", None),
        ("", "//[x", None),
        ("a/b", "..", None),
    ],
)
def test_a_reference_gives_an_entry_of_the_archive_or_nothing(base, reference, entry):
    assert entry_path(base, reference) == entry


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ("a/Chapter%201.xhtml", "a/Chapter 1.xhtml"),
        ("a/Cafe\u0301.xhtml", "a/Café.xhtml"),
        ("a/Café.xhtml", "a/Cafe\u0301.xhtml"),
        ("A/one.XHTML", "a/One.xhtml"),
        ("第3章.xhtml".encode().decode("cp437"), "第3章.xhtml"),
        ("a/b.xhtml", "a/b.xhtml"),
    ],
)
def test_an_entry_is_found_whose_name_is_written_in_another_way(open_archive, stored, wanted):
    with open_archive(make_zip({stored: "x", "other": "y"})) as archive:
        assert archive.find(wanted) == stored


def test_an_entry_is_not_found_among_several_of_which_no_name_is_the_same(open_archive):
    with open_archive(make_zip({"a.txt": "x", "A.txt": "y"})) as archive:
        assert archive.find("a.txt") == "a.txt"
        assert archive.find("a.TXT") is None and archive.find("b.txt") is None
