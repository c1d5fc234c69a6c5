"""Pages: stored under their hash, checked when read, freed when unused."""

import hashlib

import pytest

import storage


def flip_a_byte(db, hash):
    data = bytearray(db.value("SELECT data FROM pages WHERE hash = ?", [hash]))
    data[len(data) // 2] ^= 1
    db.execute("UPDATE pages SET data = ? WHERE hash = ?", [bytes(data), hash])


def test_the_page_hash_is_the_sha256_of_the_bytes():
    assert storage.page_hash(b"abc") == hashlib.sha256(b"abc").hexdigest()


@pytest.mark.parametrize("data", [b"", b"\0", b"abc", bytes(100_000)])
def test_a_page_is_read_back_unchanged(db, add_session, save, data):
    save(db, add_session(db).id, 1, data)
    assert storage.read_page(db, storage.page_hash(data)) == data


def test_a_page_with_a_flipped_byte_is_refused_and_its_hash_named(db, add_session, save):
    save(db, add_session(db).id, 1, b"sound", b"damaged")
    hash = storage.page_hash(b"damaged")
    flip_a_byte(db, hash)
    with pytest.raises(storage.DamagedPage, match=hash):
        storage.read_page(db, hash)
    assert storage.read_page(db, storage.page_hash(b"sound")) == b"sound"


@pytest.mark.parametrize("value", ["'text'", "42", "CAST(x'ff' AS TEXT)", "x''"])
def test_a_page_of_another_type_is_refused(db, add_session, save, value):
    save(db, add_session(db).id, 1, b"damaged")
    db.execute(f"UPDATE pages SET data = {value}")
    with pytest.raises(storage.DamagedPage):
        storage.read_page(db, storage.page_hash(b"damaged"))


def test_saving_a_damaged_page_again_repairs_it(db, add_session, save):
    session = add_session(db)
    save(db, session.id, 1, b"damaged")
    flip_a_byte(db, storage.page_hash(b"damaged"))
    save(db, session.id, 2, b"damaged")
    assert storage.read_page(db, storage.page_hash(b"damaged")) == b"damaged"


def test_a_missing_page_is_reported(db):
    with pytest.raises(storage.NotFound, match="no checkpoint page abc"):
        storage.read_page(db, "abc")
    assert not storage.has_page(db, "abc")


def test_freeing_unused_pages_returns_their_bytes(db, add_session, save, count):
    save(db, add_session(db).id, 1, b"used")
    db.execute("INSERT INTO pages (hash, byte_count, data) VALUES ('x', 3, x'aabbcc')")
    assert storage.free_unused_pages(db) == 3
    assert storage.free_unused_pages(db) == 0
    assert count(db, "pages") == 1
