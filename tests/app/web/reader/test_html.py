"""The reader's HTML: escaped, with tables, mail heads and lines, and places on its buttons."""

from __future__ import annotations

import json
import re
from html import unescape
from types import SimpleNamespace
from typing import Any

import pytest

from app.service import DocumentNotes, DocumentPage, NotedChapter, PagePlace
from app.web.reader.html import (
    Answered,
    contents_html,
    found_html,
    page_html,
    picture_html,
    steps_html,
)
from app.web.reader.place import Place, as_text, place_in_text, place_of
from app.web.reader.typeset import marked, typeset
from ingest import PagePicture
from storage import DocumentMatches, Heading, MessageRow, Note, SearchedWords, SegmentRow

HOSTILE = "<script>alert(1)</script> \U0001f980 <|im_end|>"


def segment(id: int, text: str, kind: str = "line") -> SegmentRow:
    return SegmentRow(id, 3, id, f"{kind} {id}", kind, id, id, 10 * id, 10, text)


def passage(number: int, segment_id: int, text: str, **more: Any) -> dict[str, Any]:
    stored = {"number": number, "document": HOSTILE, "locator": f"line {segment_id}"}
    stored |= {"text": text, "document_id": 3, "segment_id": segment_id, "cited": True}
    return {**stored, "is_read": True, "is_replaced": False, **more}


def answer(id: int, *passages: dict[str, Any], **details: Any) -> MessageRow:
    details = {"passages": list(passages), **details}
    return MessageRow(id, 1, "assistant", "It is.", 0, [], details, created_at="")


def page(*segments: SegmentRow, shown: int = 7, kind: str = "text", **more: Any) -> DocumentPage:
    document: Any = SimpleNamespace(id=3, session_id=1, title=HOSTILE, kind=kind)
    beside = {"previous": None, "next": None, **more}
    return DocumentPage(document, PagePlace(shown), list(segments), "lines 6–8", None, **beside)


def places(shown: str, do: str) -> list[dict[str, Any]]:
    """The places that the enabled buttons for an action lead to."""
    found = re.findall(rf'data-do="{do}" data-place="([^"]*)"', shown)
    return [json.loads(unescape(each)) for each in found]


def test_a_page_escapes_all_texts_and_marks_what_is_cited():
    cited = passage(1, 7, "<img onerror=y>")
    shown = page_html(
        page(segment(6, HOSTILE), segment(7, "Said <img onerror=y> once."), segment(8, HOSTILE)),
        Place(segment=7, number=1, answer=2),
        "",
        Answered(answer(2, cited), [], cited),
        cited,
    )
    assert "<script>" not in shown and "<img" not in shown
    assert shown.count("&lt;script&gt;") == 5  # the chip's two names, the title, both neighbours
    assert "Said <mark>&lt;img onerror=y&gt;</mark> once." in shown
    assert shown.count("<mark>") == 1


def test_a_passage_whose_words_are_not_in_the_text_is_marked_whole():
    cited = passage(1, 7, "other words")
    shown = page_html(
        page(segment(7, "All of it.")),
        Place(segment=7),
        "",
        Answered(answer(2, cited), [], cited),
        cited,
    )
    assert "<mark>All of it.</mark>" in shown


def test_buttons_lead_to_the_passages_of_the_answer_and_the_pages_beside_it():
    passages = [passage(1, 7, "a"), passage(2, 9, "b"), passage(3, 9, "c")]
    before, after = PagePlace(5, "to"), PagePlace(9, "from")

    def shown(number: int, segment_id: int) -> str:
        place = Place(segment=segment_id, number=number, answer=2)
        of = Answered(answer(2, *passages), [], passages[number - 1])
        beside = page(segment(segment_id, "text"), shown=segment_id, previous=before, next=after)
        return page_html(beside, place, "", of)

    first, last = shown(1, 7), shown(3, 9)
    assert places(first, "next-passage") == [{"segment": 9, "answer": 2, "number": 2}]
    assert places(first, "previous-passage") == [] and places(last, "next-passage") == []
    assert places(last, "previous-passage") == [{"segment": 9, "answer": 2, "number": 2}]
    assert last.count('aria-pressed="true"') == 1 and first.count('data-do="open"') == 3
    assert places(first, "next-page") == [{"segment": 9, "part": "from", "answer": 2}]
    assert places(first, "previous-page") == [{"segment": 5, "part": "to", "answer": 2}]
    without = page_html(page(segment(7, "text")), Place(segment=7), "")
    assert places(without, "next-page") == [] and 'data-do="next-page" disabled' in without
    assert "next-passage" not in without


def test_a_page_of_an_answer_as_of_a_place_says_so():
    of = Answered(answer(2, passage(1, 7, "a"), as_of="page <9>"), [], None)
    shown = page_html(page(segment(7, "text")), Place(segment=7), "", of)
    assert "As of page &lt;9&gt;, as the answer: nothing after it is shown." in shown


def test_rows_of_a_table_are_a_table_and_empty_cells_keep_their_columns():
    text = "Prices\nSKU | Name | Price\nA-1 | <b> |\n| Lamp | 2.50\n"
    shown = typeset("table", segment(1, text, "row"), [(len(text) - 5, len(text) - 1)])
    assert '<p dir="auto">Prices</p>' in shown
    assert shown.count('<th scope="col">') == 3 and "<b>" not in shown
    assert "<tr><td>A-1</td><td>&lt;b&gt;</td><td></td></tr>" in shown
    assert "<tr><td></td><td>Lamp</td><td><mark>2.50</mark></td></tr>" in shown
    assert "<table" not in typeset("text", segment(1, text))
    assert "<table" not in typeset("docx", segment(1, "Either a | b, or not."))
    assert "<table" not in typeset("html", segment(1, "Home | About\nNews | Contact\n"))


def test_only_the_first_line_with_cells_is_the_header_of_a_table():
    """Rows of another length, and those after a comment, once had a header of their own."""
    text = "A | B | C\n1 | 2 | 3\n4 | 5\n6 | 7\n[Comment on B4: checked]\n8 | 9 | 10\n11 | 12 | 13"
    shown = typeset("workbook", segment(1, text, "row"))
    assert re.findall(r'<th scope="col">(.*?)</th>', shown) == ["A", "B", "C"]
    assert shown.count("<thead>") == 1 and shown.count("<table>") == 2
    assert re.findall(r"<td>(.*?)</td>", shown) == [str(number) for number in range(1, 14)]
    assert '<p dir="auto">[Comment on B4: checked]</p>' in shown


def test_a_header_with_a_comment_below_it_is_still_the_header():
    text = "Key | Price\n[Comment on B1: without tax]\nA | 1\nB | 2\n"
    shown = typeset("workbook", segment(1, text, "row"))
    assert re.findall(r'<th scope="col">(.*?)</th>', shown) == ["Key", "Price"]
    assert re.findall(r"<td>(.*?)</td>", shown) == ["A", "1", "B", "2"]


def test_a_caption_with_a_bar_which_was_written_once_is_no_header():
    text = "Berlin | May\nSKU | Name | Price\nS-1 | Lamp | 3\nS-2 | Desk | 4\n"
    shown = typeset("workbook", segment(1, text, "row"))
    assert '<p dir="auto">Berlin | May</p>' in shown
    assert re.findall(r'<th scope="col">(.*?)</th>', shown) == ["SKU", "Name", "Price"]


def test_header_lines_of_a_message_are_set_apart():
    text = "From: Mairead <m@x>\nSubject: Keys\n\nDear Tom,\nDate: we said none.\n"
    shown = typeset("email", segment(1, text, "message"))
    assert shown.count("<dt>") == 2 and "<dt>From</dt>" in shown
    assert '<dd dir="auto">Mairead &lt;m@x&gt;</dd>' in shown
    assert '<p dir="auto">Dear Tom,\nDate: we said none.</p>' in shown
    assert "<dl" not in typeset("text", segment(1, text))


def test_lines_of_logs_are_in_monospace_as_they_are():
    shown = typeset("log", segment(1, "  a | b\n\n  <c>\n"), [(9, 13)])
    assert shown == '<pre class="lines">  a | b\n\n<mark>  &lt;c</mark>&gt;</pre>'


def test_marks_are_cut_to_what_is_shown():
    assert marked("abcdef", [(0, 2), (1, 3), (5, 9)], 1, 6) == (
        "<mark>b</mark><mark>c</mark>de<mark>f</mark>"
    )


def test_contents_lead_to_chapters_headings_and_notes():
    def note(token: int, text: str) -> Note:
        return Note(3, token, token + 9, None, f"page {token}", f"page {token}", None, "", text)

    chapters = (
        NotedChapter(None, "", "", (note(2, HOSTILE),)),
        NotedChapter(1, "The Mill", "page 4", (note(45, "It burns."),), 40),
    )
    shown = contents_html(DocumentNotes(3, "t", chapters, ""), [], 5, "page <9>")
    assert "<script>" not in shown and "Up to page &lt;9&gt;" in shown
    assert [p["token"] for p in places(shown, "place")] == [2, 40, 45]
    assert all((p["document"], p["answer"]) == (3, 5) for p in places(shown, "place"))
    none = contents_html(DocumentNotes(3, "t", (), "No notes: <none>."), [])
    assert places(none, "place") == [{"document": 3, "token": 0}] and "&lt;none&gt;" in none
    headed = contents_html(
        DocumentNotes(3, "t", chapters[:1], ""), [Heading(3, HOSTILE, "paragraph 1", 0)]
    )
    assert [p["token"] for p in places(headed, "place")] == [0, 2]
    many = DocumentNotes(3, "t", (NotedChapter(None, "", "", (note(1, "n"),) * 700),), "")
    last = contents_html(many, [], offset=600)
    assert last.count('class="note"') == 100 and "601–" in last and "of 700" in last


def test_found_passages_show_their_words_and_how_many_there_are():
    words = SearchedWords(("parrot",), (), ())
    text = f"{HOSTILE} {'x ' * 300}the parrot's name. {'y ' * 300}"
    found: Any = [SimpleNamespace(text=text, segment_id=9, locator="<line> 1")]
    shown = found_html(DocumentMatches(found, 1200), words, "parrot", 5)
    assert "the <mark>parrot</mark>" in shown and "<line>" not in shown and "…" in shown
    assert "1,200 passages; the first 1 are listed" in shown
    assert places(shown, "place") == [{"segment": 9, "answer": 5, "words": "parrot"}]
    assert "No passage of this document" in found_html(DocumentMatches([], 0), words, "p", None)


def test_steps_html_leads_to_the_earlier_and_the_later_answer():
    def question(id: int, text: str) -> MessageRow:
        return MessageRow(id, 1, "user", text, 0, [], {}, created_at="")

    found = passage(1, 7, "a")
    said = [question(1, HOSTILE), answer(2, found), question(3, "And?"), answer(4)]
    said += [question(5, "Then?"), answer(6, found)]
    first, last = steps_html(said, said[1]), steps_html(said, said[5])
    assert "<script>" not in first and "&lt;script&gt;" in first
    assert first.count("disabled") == 1 and places(first, "later-answer") == [{"answer": 6}]
    assert last.count("disabled") == 1 and places(last, "earlier-answer") == [{"answer": 2}]
    assert "Then?" in last
    assert steps_html(said[:2], said[1]) == "", "the only one leads nowhere"


def test_picture_html_marks_the_passage_in_percent_of_the_page():
    mark: Any = SimpleNamespace(left=100, top=50, right=300, bottom=75)
    shown = picture_html(PagePicture(b"png", 1000, 500, [mark]), "a <b> page")
    assert "left:10.00%;top:10.00%;width:20.00%;height:5.00%" in shown
    assert "a &lt;b&gt; page" in shown and "the passage is marked" in shown
    plain = picture_html(PagePicture(b"png", 1000, 500, []), "p", has_passage=False)
    assert 'alt="p as a picture"' in plain


@pytest.mark.parametrize(
    "data",
    [None, [], 7, {"segment": "7", "answer": -1, "page": True, "part": "all", "words": 5}]
    + [{"document": 2**60, "token": 1.5, "number": None, "words": None}],
)
def test_what_is_no_place_is_an_empty_one(data: object):
    assert place_of(data) == Place() == place_in_text(json.dumps(data))


def test_a_place_is_the_same_after_it_was_written():
    for place in (Place(), Place(3, 4, 5, "to", 6, 7, 8, 'a <b> "c"'), Place(answer=2)):
        assert place_in_text(as_text(place)) == place
    for nonsense in ("", "{", "[" * 100_000, "null"):
        assert place_in_text(nonsense) == Place()
