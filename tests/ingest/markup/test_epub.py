"""EPUB books: chapters, titles, and damaged or hostile files."""

import io
import random
import time
import zipfile

import pytest

from ingest import (
    DamagedDocument,
    EmptyDocument,
    EncryptedDocument,
    IngestError,
    LimitExceeded,
    Limits,
    open_document,
)
from tests.support.zip_samples import CONTAINER, chapter, make_epub, make_zip, nav_point

ONE = chapter("Down the Rabbit-Hole", "Alice was beginning to get very tired.")
TWO = chapter("The Pool of Tears", "Curiouser and curiouser!")
BOOK = make_epub({"c1.xhtml": ONE, "c2.xhtml": TWO})


def read(opened):
    return [(segment.text, str(segment.locator)) for segment in opened.segments()]


def test_chapters_in_reading_order_with_their_titles(document):
    opened = document(make_epub({"b.xhtml": TWO, "a.xhtml": ONE}, spine=["a.xhtml", "b.xhtml"]))
    assert (opened.kind, opened.unit_name) == ("epub", "chapter")
    assert read(opened) == [
        (
            "Down the Rabbit-Hole\n\nAlice was beginning to get very tired.\n\n",
            "chapter 1 (Down the Rabbit-Hole)",
        ),
        ("The Pool of Tears\n\nCuriouser and curiouser!\n\n", "chapter 2 (The Pool of Tears)"),
    ]
    assert (opened.unit_count, opened.notes) == (2, [])


@pytest.mark.parametrize(
    "contents",
    [
        {"nav": '<ol><li><a href="c1.xhtml">I. Down</a></li><li><a href="c2.xhtml">II</a></ol>'},
        {"ncx": nav_point("I. Down", "c1.xhtml") + nav_point("II", "c2.xhtml")},
    ],
    ids=["epub3", "epub2"],
)
def test_the_table_of_contents_names_the_chapters(document, contents):
    opened = document(make_epub({"c1.xhtml": ONE, "c2.xhtml": TWO}, **contents), "Alice.epub")
    assert opened.title == "Alice"
    assert [place for _, place in read(opened)] == ["chapter 1 (I. Down)", "chapter 2 (II)"]


def test_chapters_can_begin_at_anchors_inside_a_file(document):
    body = "<p>Preface.</p><h2 id='a'>A</h2><p>One.</p><p>Two <a id='b'/>Three.</p>"
    ncx = nav_point("First", "all.xhtml#a") + nav_point("Second", "all.xhtml#b")
    opened = document(make_epub({"all.xhtml": f"<html><body>{body}"}, ncx=ncx), "a.epub")
    assert read(opened) == [
        ("Preface.\n\n", "chapter 1"),
        ("A\n\nOne.\n\nTwo\n\n", "chapter 2 (First)"),
        ("Three.\n\n", "chapter 3 (Second)"),
    ]


def test_a_file_without_an_entry_in_the_table_of_contents_belongs_to_the_chapter_before(document):
    files = {"1.xhtml": ONE, "2.xhtml": "<p>She went on.</p>", "3.xhtml": TWO}
    opened = document(make_epub(files, ncx=nav_point("I", "1.xhtml")), "a.epub")
    places = [place for _, place in read(opened)]
    assert places == ["chapter 1 (I)", "chapter 2 (The Pool of Tears)"]
    assert read(opened)[0][0].endswith("She went on.\n\n")


def test_a_file_without_text_is_no_chapter_and_page_numbers_are_left_out(document):
    cover = '<html><body><img src="c.png"/></body></html>'
    page = '<p>One <span epub:type="pagebreak">169</span>two.</p><script src="x"/><p>Three.</p>'
    opened = document(make_epub({"cover.xhtml": cover, "1.xhtml": page}), "a.epub")
    assert read(opened) == [("One two.\n\nThree.\n\n", "chapter 1")]


def test_a_file_listed_twice_is_read_once(document):
    opened = document(make_epub({"c1.xhtml": ONE}, spine=["c1.xhtml"] * 3), "a.epub")
    assert len(read(opened)) == 1


def test_a_missing_chapter_is_noted_and_keeps_its_number(document):
    book = make_epub({"c1.xhtml": ONE, "c3.xhtml": TWO}, spine=["c1.xhtml", "c2.xhtml", "c3.xhtml"])
    opened = document(book, "a.epub")
    assert [place for _, place in read(opened)][1] == "chapter 3 (The Pool of Tears)"
    assert opened.notes == ["Left out, missing: OEBPS/c2.xhtml."]


@pytest.mark.parametrize("encoding", ["iso-8859-1", "utf-16", "utf-8"])
def test_a_chapter_is_read_in_its_declared_encoding(whole_text, encoding):
    text = ONE.replace("utf-8", encoding).replace("Alice", "Élise")
    book = make_epub({"c1.xhtml": text.encode(encoding)})
    assert "Élise was beginning" in whole_text(book, "a.epub")


@pytest.mark.parametrize("chapters", [[], ["c9.xhtml"]], ids=["none", "missing"])
def test_a_book_without_a_chapter_is_damaged(document, chapters):
    with pytest.raises(DamagedDocument, match="a.epub"):
        list(document(make_epub({}, spine=chapters), "a.epub").segments())


def test_a_book_of_pictures_needs_ocr(document):
    book = make_epub({"1.xhtml": "<html><body><img src='1.png'/></body></html>"})
    with pytest.raises(EmptyDocument, match="book of pictures.*OCR"):
        list(document(book, "a.epub").segments())


def encryption(algorithm, *names):
    data = "".join(
        f'<EncryptedData><EncryptionMethod Algorithm="{algorithm}"/><CipherData>'
        f'<CipherReference URI="{name}"/></CipherData></EncryptedData>'
        for name in names
    )
    return {"META-INF/encryption.xml": f"<encryption>{data}</encryption>"}


def test_a_protected_book_is_refused(document):
    others = encryption("http://www.w3.org/2001/04/xmlenc#aes256-cbc", "OEBPS/c1.xhtml")
    with pytest.raises(EncryptedDocument, match="a.epub is protected"):
        document(make_epub({"c1.xhtml": b"\x93\x11" * 40}, others=others), "a.epub")


def test_a_book_with_obfuscated_fonts_is_read(whole_text):
    others = encryption("http://www.idpf.org/2008/embedding", "OEBPS/font.otf")
    assert "Alice" in whole_text(make_epub({"c1.xhtml": ONE}, others=others), "a.epub")


def test_a_chapter_of_binary_data_is_left_out(document):
    opened = document(make_epub({"c1.xhtml": bytes(range(256)) * 9, "c2.xhtml": TWO}), "a.epub")
    assert len(read(opened)) == 1
    assert opened.notes == ["Left out, damaged: OEBPS/c1.xhtml."]


def test_entities_of_a_dtd_are_neither_loaded_nor_expanded(tmp_path, whole_text):
    (tmp_path / "secret.txt").write_text("the secret")
    dtd = f'<!DOCTYPE html [<!ENTITY e SYSTEM "file://{tmp_path}/secret.txt"><!ENTITY a "aaaa">]>'
    text = whole_text(make_epub({"c1.xhtml": f"{dtd}<html><p>x &e; &a; y</p></html>"}), "a.epub")
    assert text == "x &e; &a; y\n\n"


def test_external_entities_in_the_package_are_not_loaded(tmp_path, document):
    (tmp_path / "path.txt").write_text("OEBPS/book.opf")
    dtd = f'<!DOCTYPE container [<!ENTITY e SYSTEM "file://{tmp_path}/path.txt">]>'
    container = dtd + CONTAINER.replace("OEBPS/book.opf", "&e;")
    with pytest.raises(DamagedDocument):
        document(make_epub({"c": ONE}, others={"META-INF/container.xml": container}), "a.epub")


def test_entities_that_expand_exponentially_in_the_package_are_refused(document):
    names = "abcdefghij"
    entities = "".join(
        f'<!ENTITY {right} "{f"&{left};" * 10}">'
        for left, right in zip(names, names[1:], strict=False)
    )
    bomb = f'<!DOCTYPE c [<!ENTITY a "{"a" * 99}">{entities}]><c>&j;</c>'
    with pytest.raises(DamagedDocument):
        document(make_epub({"c": ONE}, others={"META-INF/container.xml": bomb}), "a.epub")


@pytest.mark.parametrize("name", ["../../c1.xhtml", "/etc/passwd", "http://a.b/c", "//[x"])
def test_paths_that_point_out_of_the_book_count_as_missing(document, name):
    book = make_epub({"c2.xhtml": TWO}, spine=[name, "c2.xhtml"])
    opened = document(book, "a.epub")
    assert len(read(opened)) == 1
    assert opened.notes[0].startswith("Left out, missing:")


def test_entries_with_names_outside_the_archive_write_no_file(tmp_path, whole_text):
    book = make_epub({"c1.xhtml": ONE}, others={"../../escape.txt": "out"})
    assert "Alice" in whole_text(book, "a.epub")
    assert [path.name for path in tmp_path.iterdir()] == ["a.epub"]


def test_a_chapter_that_unpacks_beyond_the_limit_is_left_out(document):
    book = make_epub({"c1.xhtml": "<p>" + "bomb " * 100_000, "c2.xhtml": TWO})
    opened = document(book, "a.epub", limits=Limits(max_stream_bytes=10_000))
    assert [place for _, place in read(opened)] == ["chapter 2 (The Pool of Tears)"]
    assert opened.notes == ["Left out, too large: OEBPS/c1.xhtml."]
    opened = document(make_epub({"c1.xhtml": "<p>" + "bomb " * 9999}), "b.epub")
    opened.reader = type(opened.reader)(opened.path, "b.epub", Limits(max_stream_bytes=9))
    with pytest.raises(LimitExceeded, match="unpacks within the limits"):
        read(opened)


def test_too_many_entries_are_refused(document):
    others = {f"extra{at}": "x" for at in range(50)}
    book = make_epub({"c1.xhtml": ONE}, others=others)
    with pytest.raises(LimitExceeded, match="54 files, the limit is 20"):
        document(book, "a.epub", limits=Limits(max_archive_entries=20))


def test_a_book_with_too_much_text_is_refused_naming_the_chapter(document):
    with pytest.raises(LimitExceeded, match="up to chapter 2"):
        read(document(BOOK, "a.epub", limits=Limits(max_text_chars=80)))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (BOOK[: len(BOOK) // 2], "damaged archive"),
        (b"<html>not found</html>", "named like an EPUB book but is none"),
        (make_zip({"mimetype": "application/epub+zip"}), "container.xml in a.epub is missing"),
        (make_zip({"META-INF/container.xml": CONTAINER}), "book.opf in a.epub is missing"),
        (make_zip({"META-INF/container.xml": "no xml"}), "list of chapters cannot be read"),
    ],
)
def test_files_that_are_not_epubs_are_refused(document, data, words):
    with pytest.raises(DamagedDocument, match=words):
        document(data, "a.epub")


@pytest.mark.parametrize("seed", range(250))
def test_mutated_books_are_read_or_refused_in_time(tmp_path, seed):
    rng = random.Random(seed)
    book = make_epub({"c1.xhtml": ONE, "c2.xhtml": TWO}, ncx=nav_point("I", "c1.xhtml"))
    data = bytearray(book)
    for _ in range(rng.randint(1, 9)):
        at = rng.randrange(len(data))
        data[at : at + rng.choice([0, 1, 1, 4])] = rng.randbytes(rng.choice([0, 1, 1, 4]))
    if seed % 5 == 0:
        at, length = rng.randrange(len(data)), rng.randrange(200)
        data[at:at] = data[at - length : at]
    path = tmp_path / "fuzzed.epub"
    path.write_bytes(data)
    started_s = time.thread_time()
    try:
        for segment in open_document(path).segments():
            segment.text.encode("utf-8")
    except IngestError as error:
        assert "fuzzed.epub" in str(error)
    assert time.thread_time() - started_s < 5.0


@pytest.mark.parametrize("seed", range(100))
def test_books_of_mutated_parts_are_read_or_refused(tmp_path, seed):
    rng = random.Random(seed)

    def spoiled(text):
        data = bytearray(text.encode())
        for _ in range(rng.randint(0, 6)):
            at = rng.randrange(len(data))
            data[at : at + rng.choice([0, 1, 9])] = rng.choice([b"<", b'"', b"&", b"\xff", b"/>"])
        return bytes(data)

    others = {"META-INF/container.xml": spoiled(CONTAINER)} if seed % 2 else {}
    book = make_epub(
        {"c1.xhtml": spoiled(ONE), "c2.xhtml": spoiled(TWO)},
        ncx=spoiled(nav_point("I", "c1.xhtml")).decode("latin-1"),
        others=others,
    )
    path = tmp_path / "fuzzed.epub"
    path.write_bytes(book)
    try:
        for segment in open_document(path).segments():
            segment.text.encode("utf-8")
    except IngestError as error:
        assert "fuzzed.epub" in str(error)


@pytest.mark.parametrize(
    ("stored", "reference"),
    [
        ("Chapter 1.xhtml", "Chapter%201.xhtml"),
        ("Chapter%201.xhtml", "Chapter%201.xhtml"),
        ("Cafe\u0301.xhtml", "Caf%C3%A9.xhtml"),
        ("Café&amp;2.xhtml", "Cafe\u0301&amp;2.xhtml"),
    ],
)
def test_chapters_are_found_by_encoded_names(document, stored, reference):
    book = make_epub(
        {},
        spine=[reference],
        ncx=nav_point("I. Down", reference),
        others={f"OEBPS/{stored.replace('&amp;', '&')}": ONE},
    )
    assert [place for _, place in read(document(book, "a.epub"))] == ["chapter 1 (I. Down)"]


@pytest.mark.parametrize(
    "empty", ["<a id='p'/>", "<script/>", "<textarea/>", "<iframe/>", "<del/>", "<i/>", "<div/>"]
)
def test_an_empty_element_does_not_swallow_the_text_after_it(whole_text, empty):
    text = f"<html><head><title/>{'<style/>'}</head><body><p>One {empty}two.</p><p>Three.</p>"
    read = whole_text(make_epub({"1.xhtml": text}), "a.epub")
    assert read.split() == ["One", "two.", "Three."]


def test_lists_notes_and_tables_of_a_book(document):
    rows = "".join(f"<tr><td>{at}</td><td>{at} herons</td></tr>" for at in range(1900, 2000))
    body = (
        "<ol start='4'><li>Fish<sup><a href='#n1'>1</a></sup></li></ol>"
        "<p>word <span class='pagenum'>[12]</span>by word</p><p style='display:none'>secret</p>"
        f"<table><tr><th>Year</th><th>Count</th></tr>{rows}</table>"
    )
    opened = document(make_epub({"1.xhtml": f"<html><body>{body}</body></html>"}), "a.epub")
    segments = [text for text, _ in read(opened)]
    assert segments[0].startswith("4. Fish[1]\n\nword by word\n\nYear\tCount\n1900\t1900 herons\n")
    assert len(segments) > 2 and all("Year\tCount\n" in text for text in segments)
    assert opened.notes == ["Hidden text was left out."]


def test_a_damaged_chapter_is_named_and_the_others_are_read(document):
    book = make_epub({"c1.xhtml": ONE, "c2.xhtml": TWO * 50})
    damaged = bytearray(book)
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        at = archive.getinfo("OEBPS/c2.xhtml").header_offset
    damaged[at + 100] ^= 0xFF
    opened = document(bytes(damaged), "a.epub")
    assert [place for _, place in read(opened)] == ["chapter 1 (Down the Rabbit-Hole)"]
    assert opened.notes == ["Left out, damaged: OEBPS/c2.xhtml."]


def test_classes_of_the_style_sheets_raise_and_strike_out(whole_text):
    package = (
        '<package><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="s" href="s.css" media-type="text/css"/>'
        '<item id="t" href="t.css" media-type="text/css"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    page = "<p>held 10<span class='up x'>5</span>, <span class='old'>80</span> 70</p>"
    others = {"OEBPS/s.css": ".up{vertical-align:super} .old{text-decoration:line-through}"}
    book = make_epub({"a.xhtml": page}, others=others | {"OEBPS/book.opf": package})
    assert whole_text(book, "a.epub") == "held 10⁵, ~~80~~ 70\n\n"
