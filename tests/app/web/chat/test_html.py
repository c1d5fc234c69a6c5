"""The conversation as HTML: marks, underlined sentences, chips, what an answer rests on."""

import json
import re
from html.parser import HTMLParser

import gradio as gr
import pytest
from gradio.utils import diff

from app.service import REPEATS_QUESTION, AnswerView
from app.web.chat import html
from app.web.chat.basis import about_words, picture_html, quiet_line, sentences_on
from app.web.chat.html import EXCERPT_CHARS, conversation, excerpt, footing_html, message_html
from app.web.chat.tab import lay_out_chat
from storage import MessageRow

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</div></article><!-- ",
    "' onmouseover='x' \" autofocus",
    "\u202etxet\u202d \u2066abc",
    "${alert(1)} {{value}} $$x^2$$ &lt;b&gt; **bold**",
    "w" * 10_000,
]


def passage(at, **other):
    return {
        "number": at,
        "document": "Moby Dick",
        "locator": f"page {at + 11}",
        "text": f"Passage {at} tells of the whale.",
        "document_id": 3,
        "segment_id": 70 + at,
        "cited": at == 1,
        "is_read": True,
        "is_replaced": False,
        **other,
    }


def answer(text, sentences=(), passages=(1, 2, 3), **details):
    checked = [
        {"text": said, "supported_by": numbers, "unknown": unknown}
        for said, numbers, unknown in sentences
    ]
    found = [p if isinstance(p, dict) else passage(p) for p in passages]
    details = {"passages": found, "sentences": checked, **details}
    return MessageRow(8, 1, "assistant", text, 0, [], details, created_at="2031-01-01T00:00:00Z")


def marks(page):
    """The numbers of the passages that the marks lead to, in their order."""
    return [int(n) - 70 for n in re.findall(r'class="mark" data-do="open" data-id="(\d+)"', page)]


class Parsed(HTMLParser):
    """The elements of a page, and the text that is shown by those of class "said"."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.names, self.open, self.said = set(), set(), [], ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.names |= {name for name, _ in attrs}
        self.open.append((tag, dict(attrs).get("class", "")))

    def handle_endtag(self, tag):
        assert self.open and self.open[-1][0] == tag, "elements are closed in their order"
        self.open.pop()

    def handle_data(self, data):
        classes = [name for _, name in self.open]
        if "said" in classes and not {"unseen", "mark"} & set(classes):
            self.said += data


def test_a_supported_sentence_ends_with_the_marks_of_its_passages():
    page = message_html(
        answer("It is white. It left.", [("It is white.", [2, 1], []), ("It left.", [3], [])])
    )
    assert marks(page) == [2, 1, 3]
    assert re.search(
        r"It is white\.<button[^>]*>\[2\]</button><button[^>]*>\[1\]</button></bdi> ", page
    )
    assert 'aria-label="Passage 2: Moby Dick, page 13"' in page
    assert Parsed(page).said == "It is white. It left."


@pytest.mark.parametrize("text", ["It is white [2].", "It is white. [2]", "It is white.[2][1]"])
def test_a_number_that_the_model_wrote_is_a_mark_and_not_doubled(text):
    said = text if text.endswith("].") else "It is white."
    page = message_html(answer(f"{text} Then [9].", [(said, [1, 2], [])]))
    assert sorted(marks(page)) == [1, 2]
    assert "[9]" in Parsed(page).said, "no passage has that number"


def test_an_unsupported_sentence_is_underlined_and_says_why():
    said = [("It is white.", [1], []), ("In 1874 it left.", [], ["1874"])]
    page = message_html(answer("It is white. In 1874 it left.", said))
    why = "No passage supports this (in no passage: 1874)."
    assert page.count('class="unsupported"') == 1
    assert f'<bdi class="unsupported" title="{why}">In 1874 it left.' in page
    assert f'<span class="unseen"> ({why})</span>' in page
    declined = message_html(answer("It left.", [("It left.", [], [])], declined=True))
    assert "unsupported" not in declined, "it says itself that it found nothing"


def test_a_sentence_is_found_where_it_stands_as_a_whole():
    text = "Nodding. No one. - No."
    page = message_html(answer(text, [("No one.", [1], []), ("No.", [2], [])]))
    assert "Nodding. <bdi>No one.<button" in page and "- <bdi>No.<button" in page
    assert Parsed(page).said == text
    missing = message_html(answer(text, [("Nod", [1], []), ("No one.", [2], [])]))
    assert marks(missing) == [2]


def test_old_answers_and_damaged_details_are_shown_as_they_are_written():
    old = MessageRow(8, 1, "assistant", "It is [1].", 0, [passage(1)], {}, created_at="")
    page = message_html(old)
    assert marks(page) == [1] and 'class="option"' in page and "<details" not in page
    for damaged in (
        {"sentences": 7, "passages": "x", "rests_on": [], "seconds": "soon", "left_out": 3},
        {"sentences": [None, {"text": 5, "supported_by": {}, "unknown": 1}], "passages": [None]},
        {
            "passages": [passage(1, number="one", segment_id=None, text=None)],
            "sentences": [{"text": "It"}],
        },
        {"sentences": [{"text": "It is [1].", "supported_by": [[], None, 4], "unknown": {}}]},
    ):
        row = MessageRow(8, 1, "assistant", "It is [1].", 0, [], damaged, created_at="")
        assert Parsed(message_html(row)).said == "It is [1]."


def test_an_answer_by_code_has_its_numbers_as_marks_and_says_what_was_looked_at():
    text = "2 were found:\n- Ann [1]\n- Bob [2]"
    page = message_html(
        answer(text, passages=(1, 2), kind="list", looked_at="every passage", seconds=0.01)
    )
    assert marks(page) == [1, 2] and "unsupported" not in page
    assert "Answered at once from 2 passages." in page and "Looked at: every passage." in page


def test_cited_passages_have_chips_and_the_others_are_behind_what_it_rests_on():
    page = message_html(answer("It is.", passages=(1, 2)))
    shown, _, behind = page.partition("<details")
    assert "[1] Moby Dick, page 12</button>" in shown and "page 13" not in shown
    assert "[2] Moby Dick, page 13 (also looked at)</button>" in behind
    assert 'data-excerpt="Passage 1 tells of the whale."' in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_are_shown_as_they_are_written(text):
    of_it = passage(1, document=text, locator=text, text=text)
    found = message_html(
        answer(
            f"{text}\n  And [1].",
            [(text, [1], []), ("And [1].", [], [text])],
            [of_it],
            looked_at=text,
            as_of=text,
            left_out=[text],
        )
    )
    view = AnswerView(text, text=text)
    running = html.turn(view) + "</div></article>"
    asked = message_html(MessageRow(7, 1, "user", text, 0, [], {}, created_at=""))
    welcome = html.welcome_html([text])
    for page in (found, running, asked, html.stopped_turn(view), welcome):
        parsed = Parsed(page)
        assert not {"script", "img", "b"} & parsed.tags and parsed.open == []
        assert not {name for name in parsed.names if name.startswith("on") or name == "autofocus"}
    assert Parsed(found).said == f"{text}\n  And ."


def test_a_long_answer_is_shown_whole_and_a_repeated_one_costs_little():
    sentences = [f"Sentence {n} is here." for n in range(5_000)]
    text = " ".join(sentences)
    assert len(text) > 100_000
    page = message_html(answer(text, [(said, [1], []) for said in sentences]))
    assert Parsed(page).said == text and marks(page)[0] == 1
    assert len(message_html(answer("a" * 100_000, [("a" * 50_000, [1], [])]))) < 110_000


def test_an_answer_that_grows_sends_only_what_is_new():
    before, now = (html.turn(AnswerView("Who?", text=text)) for text in ("It is", "It is <b"))
    assert diff(before, now) == [["append", [], " &lt;b"]]


def test_a_stored_message_does_not_change_when_others_follow():
    one, two = answer("It is."), answer("It was.")
    first = conversation([one])
    assert message_html(one) in first and message_html(one) in conversation([one, two])
    assert "at-end" in first and "at-end" not in conversation([one], is_end=False)


def test_an_excerpt_is_cut_between_words():
    assert excerpt(" The  whale\nis white. ") == "The whale is white."
    cut = excerpt("whale " * 100)
    assert len(cut) <= EXCERPT_CHARS + 1 and cut.endswith("whale…")
    assert excerpt("\u9be8" * 400) == "\u9be8" * EXCERPT_CHARS + "…"


def test_the_quiet_line_says_how_long_from_how_many_passages_and_as_of_where():
    details = {"seconds": 5.12, "as_of": "page 3"}
    assert quiet_line(details, 1) == "Answered in 5.1 s from 1 passage, as of page 3."
    assert quiet_line({"seconds": 125}, 0) == "Answered in 2 min 5 s."
    assert quiet_line({"as_of": "page 3"}, 0) == "As of page 3." and quiet_line({}, 0) == ""
    without = answer("It left.", passages=(2, 3), seconds=5.12)
    assert "</data> s.<" in message_html(without), "it cites none"


def test_that_an_answer_only_repeats_its_question_is_said_in_the_quiet_line_and_once():
    sentences = [{"text": "the well", "supported_by": [], "unknown": []}]
    details = {"seconds": 5.12, "repeats_question": True, "sentences": sentences}
    assert quiet_line(details, 0) == f"Answered in 5.1 s. {REPEATS_QUESTION}"
    shown = message_html(answer("the well", **details))
    assert shown.count(REPEATS_QUESTION) == 1 and "unsupported" not in shown


def test_what_an_answer_rests_on_is_said_in_words_and_pages():
    had = {"passages": 2, "passage_tokens": 410, "window_tokens": 1616, "memory_tokens": 90_000}
    details = {"rests_on": had, "first_word_s": 2.94, "seconds": 5.12, "left_out": ["No tables."]}
    said = sentences_on({**details, "as_of": "page 3"})
    assert said[0] == "As of page 3: nothing after it was used."
    assert "2 passages, about 310 words (1 page). Names, numbers" in said[1]
    assert said[2].endswith("the end of what was read, about 1,200 words (4 pages).")
    assert "about 68,000 words (225 pages) before that" in said[3]
    assert said[4:] == [
        "No tables.",
        "The first word came after 2.9 s, the last one after 5.1 s.",
    ]
    more = {"rests_on": {**had, "matching_passages": 60}}
    assert "the best 2 of 60 or more matching passages" in sentences_on(more)[0]
    assert about_words(1) == "about 1 word" and not re.search("token", json.dumps(said))


def test_the_parts_that_an_answer_rests_on_are_drawn_in_proportion_and_said():
    had = {"passages": 2, "passage_tokens": 410, "window_tokens": 1616, "memory_tokens": 90_000}
    drawn = picture_html({"rests_on": had})
    assert re.findall(r'"(\w+)" style="flex-grow:(\d+)"', drawn) == [
        ("outline", "90000"),
        ("exact", "1616"),
        ("again", "410"),
    ]
    assert "remembered in outline: about 68,000 words (225 pages); known" in drawn
    assert "outline" not in picture_html({"rests_on": {**had, "memory_tokens": 0}})
    assert picture_html({}) == picture_html({"rests_on": {"window_tokens": "x"}}) == ""
    shown = message_html(answer("It is.", rests_on=had, seconds=5.1))
    assert drawn in shown and shown.index("rests-bar") < shown.index("Read again just before")


def test_numbers_of_ours_are_marked_for_the_browser_and_those_of_names_are_not():
    had = {"passages": 2, "passage_tokens": 410, "window_tokens": 1616, "memory_tokens": 90_000}
    details = {"rests_on": had, "seconds": 5.12, "first_word_s": 2.94, "as_of": "1,001 Nights: 2.5"}
    shown = footing_html(details, 1, "", "2031-01-25T06:12:00+00:00")
    assert 'Answered in <data value="5.1">5.1</data> s from 1 passage, as of 1,001 Nights' in shown
    assert 'about <data value="68000">68,000</data> words' in shown
    assert shown.count("1,001 Nights: 2.5") == 2 and 'value="1001"' not in shown
    assert '<time datetime="2031-01-25T06:12:00+00:00">2031-01-25 06:12 UTC</time>' in shown


def test_nothing_in_a_message_is_a_template():
    """The component fills its value in as it is: templates are of the page only."""
    with gr.Blocks():
        chat = lay_out_chat()
    for component in (chat.messages, chat.running):
        assert component.html_template == "${value}" and component.css_template == ""
