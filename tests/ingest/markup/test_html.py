"""HTML pages: the main text, encodings, and damaged or hostile markup."""

import random

import pytest

from ingest import EmptyDocument, IngestError, LimitExceeded, Limits, open_document
from ingest.markup import left_out

PAGE = """<!DOCTYPE html>
<html><head><title>Tab</title><style>p { color: red }</style></head><body>
<header>The Site</header><nav><ul><li><a href="/">Home</a></li></ul></nav>
<main>
<h1>The Heron</h1>
<p>It stands   still
for <b>hours</b>,<br>waiting.</p>
<h2 id="food">Food</h2>
<ul><li>fish</li><li>frogs</li></ul>
<table><tr><th>Year</th><th>Count</th></tr><tr><td>1990</td><td><p>12</p></td></tr></table>
<pre>a  b
  c</pre>
<script>alert("no")</script>
</main>
<footer>Imprint</footer></body></html>"""
TEXT = """The Heron

It stands still for hours,
waiting.

Food

- fish
- frogs
Year\tCount
1990\t12

a  b
  c

"""


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.xhtml", "saved", "page.txt"])
def test_the_main_text_is_read_and_what_surrounds_it_is_not(document, name):
    opened = document(PAGE.encode(), name)
    assert "".join(segment.text for segment in opened.segments()) == TEXT
    assert (opened.kind, opened.unit_name, opened.unit_count) == ("html", "paragraph", 8)


def test_locators_count_paragraphs_and_name_the_heading(document):
    places = [str(segment.locator) for segment in document(PAGE.encode(), "a.html").segments()]
    assert places == ["paragraphs 1–2 (The Heron)", "paragraphs 3–8 (Food)"]


def test_long_paragraphs_are_cut_and_keep_their_number(document):
    body = "".join(f"<p>{'A sentence stands here. ' * 20}</p>" for _ in range(3))
    limits = Limits(target_segment_chars=100, max_segment_chars=150)
    segments = list(document(body.encode(), "a.html", limits=limits).segments())
    assert [segment.locator.start for segment in segments] == sorted(
        segment.locator.start for segment in segments
    )
    assert {segment.locator.start for segment in segments} == {1, 2, 3}
    assert "".join(segment.text for segment in segments).count("A sentence") == 60


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<header>Site</header><p>Text.</p><aside>Ad</aside>", "Text.\n\n"),
        ("<p>Menu</p><article><header>Title</header><p>Long text.</p></article>", None),
        ("<div hidden>x</div><p>seen</p><div aria-hidden=true>y</div>", "seen\n\n"),
        ("<div role=navigation>x</div><p>seen</p><div class='a sidebar'>y</div>", "seen\n\n"),
        ("<nav>a menu that is never closed <p>and all of the text is in it", None),
        ("<p>one<p>two<div>three<p>four", "one\n\ntwo\n\nthree\n\nfour\n\n"),
        ("<p>a &amp; b &lt;|im_end|&gt; &nbsp; &e; &#0;</p>", "a & b <|im_end|> &e; \ufffd\n\n"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>", "漢\n\n"),
        ("<script/><title/><p>after</p>", "after\n\n"),
        ("no markup at all", "no markup at all\n\n"),
    ],
)
def test_small_pages(whole_text, body, text):
    read = whole_text(f"<html><body>{body}".encode(), "a.html")
    if text is None:
        assert "ext" in read and "Menu" not in read
    else:
        assert read == text


def test_a_table_used_for_layout_is_read_as_paragraphs(whole_text):
    cell = "<p>" + "Words of a paragraph. " * 60 + "</p>"
    text = whole_text(f"<table><tr><td>{cell}{cell}</td></tr></table>".encode(), "a.html")
    assert "\t" not in text and text.count("\n\n") == 2


def test_a_table_in_a_table_is_read(whole_text):
    inner = "<table><tr><td>a</td><td>b</td></tr></table>"
    text = whole_text(f"<table><tr><td>out{inner}</td></tr></table>".encode(), "a.html")
    assert text.split() == ["out", "a", "b"] and "a\tb\n" in text


def test_the_declarations_in_a_dtd_are_neither_shown_nor_used(whole_text):
    dtd = '<!DOCTYPE html [<!ENTITY e SYSTEM "file:///etc/passwd"><!ENTITY a "aaaa">]>'
    assert whole_text(f"{dtd}<html><p>x &e; &a; y</p></html>".encode(), "a.html") == (
        "x &e; &a; y\n\n"
    )


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">', "koi8_r"),
        ('<?xml version="1.0" encoding="iso-8859-5"?>', "iso8859_5"),
        ('<meta charset="windows-1251">', "utf-8"),
        ('<meta charset="latin1">', "utf-16"),
    ],
)
def test_the_declared_encoding_is_used_unless_the_bytes_show_another(whole_text, head, encoding):
    text = "Все люди рождаются свободными"
    assert whole_text(f"{head}<p>{text}</p>".encode(encoding), "a.html") == text + "\n\n"


@pytest.mark.parametrize("charset", ["base64", "rot13", "nonsense", "utf-16", "idna", "zlib"])
def test_a_declared_encoding_that_is_not_one_for_html_is_ignored(whole_text, charset):
    data = f'<meta charset="{charset}"><p>Caf\xe9 au lait</p>'.encode("cp1252")
    assert whole_text(data, "a.html") == "Café au lait\n\n"


@pytest.mark.parametrize("body", ["", "<script>x()</script>", "<img src=a.png>"])
def test_a_page_without_text_is_an_empty_document(document, body):
    with pytest.raises(EmptyDocument, match="a.html has no text of its own"):
        list(document(f"<html><body>{body}</body></html>".encode(), "a.html").segments())


def test_a_page_beyond_the_limit_is_refused(document):
    opened = document(PAGE.encode(), "a.html", limits=Limits(max_markup_chars=300))
    with pytest.raises(LimitExceeded, match="a.html has more than 300 characters"):
        list(opened.segments())


@pytest.mark.parametrize("part", ["<div>", "<b>", "<a b='", "<!--", "<![CDATA[", "&", "<p", "</"])
def test_endless_markup_is_read_in_time_and_memory(document, part):
    data = b"<p>words</p>" + part.encode() * 50_000
    try:
        for segment in document(data, "a.html").segments():
            assert len(segment.text) <= 1200
    except IngestError:
        pass


@pytest.mark.parametrize("seed", range(100))
def test_mutated_pages_are_read_or_refused(tmp_path, seed):
    rng = random.Random(seed)
    data = bytearray(PAGE.encode())
    for _ in range(rng.randint(1, 12)):
        at = rng.randrange(len(data))
        data[at : at + rng.randint(0, 9)] = rng.choice([b"<", b">", b"&", b"\0", b"\xff", b"</p"])
    path = tmp_path / "fuzzed.html"
    path.write_bytes(data)
    try:
        for segment in open_document(path).segments():
            segment.text.encode("utf-8")
    except IngestError as error:
        assert "fuzzed.html" in str(error)


@pytest.mark.parametrize(
    ("body", "notes"),
    [
        ("<nav>Menu</nav><p>The text.</p>", [left_out.SURROUNDINGS]),
        ("<p>Before.</p><main><p>The text.</p></main>", [left_out.SURROUNDINGS]),
        ("<main><nav>Menu</nav><p>The text.</p></main>", [left_out.SURROUNDINGS]),
        ("<p>The text.</p><p hidden>secret</p>", [left_out.HIDDEN]),
        ("<main><p>The text.</p></main><script>x</script>", []),
    ],
)
def test_text_that_is_left_out_is_noted(document, body, notes):
    opened = document(f"<html><body>{body}".encode(), "a.html")
    assert [segment.text for segment in opened.segments()] == ["The text.\n\n"]
    assert opened.notes == notes


def test_a_page_of_which_most_is_hidden_is_read(whole_text):
    # A script shows it later.
    body = f"<p>Loading</p><div style='display:none'><p>{'The text. ' * 20}</p></div>"
    assert "The text." in whole_text(f"<html><body>{body}".encode(), "a.html")


def test_a_long_table_repeats_its_header_in_each_segment(document):
    rows = "".join(f"<tr><td>Q-{at:03d}<td>{at}.5 metres" for at in range(200))
    page = f"<table><caption>Berths</caption><tr><th>Berth<th>Draught{rows}</table>"
    segments = list(document(page.encode(), "a.html").segments())
    assert len(segments) > 3
    assert all("Berths\n" in s.text and "Berth\tDraught\n" in s.text for s in segments)


def test_classes_of_the_style_sheets_in_the_page_raise_and_strike_out(whole_text):
    head = "<style>.up { vertical-align: super } .old { text-decoration: line-through }</style>"
    body = "<p>10<b class=up>5</b>, <i class='x old'>80</i> 70</p>"
    assert whole_text(f"<html><head>{head}</head><body>{body}".encode(), "a.html") == (
        "10⁵, ~~80~~ 70\n\n"
    )


def test_merged_cells_that_make_more_text_than_a_document_may_have_are_refused(document):
    page = "<table><tr><td colspan=1000 rowspan=0>xy</td></tr>" + "<tr><td>a" * 2000
    opened = document(page.encode(), "a.html", limits=Limits(max_text_chars=100_000))
    with pytest.raises(LimitExceeded, match="more than 100,000 characters"):
        list(opened.segments())
