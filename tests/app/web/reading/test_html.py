"""The card of what is being read: its words, escaped, and its sentence cut between words."""

import re
from dataclasses import replace

import pytest

from app.service import CurrentReading, Stage
from app.web.formatting import time_left
from app.web.reading.html import (
    ASK_ALREADY,
    HEADINGS,
    SENTENCE_CHARS,
    card_html,
    passing,
    place_html,
)
from storage import CurrentDocument, CurrentText, DocumentState

HOSTILE = '<img src=x onerror="alert(1)"> & more'


def reading(stage=Stage.READING, text="A whale. It was white.", speed=50.0, **changed):
    fields = {
        "id": 1,
        "session_id": 1,
        "is_reread": False,
        "is_followed": False,
        "title": "Moby Dick",
        "kind": "pdf",
        "state": DocumentState.READING,
        "error": None,
        "unit_count": 80,
        "unit_name": "page",
        "token_count": 40_000,
        "tokens_read": 10_000,
        "text": CurrentText(text, "page", 12, 9_900, 200),
    }
    return CurrentReading(CurrentDocument(**{**fields, **changed}), stage, speed)


def replaced(**changed):
    whole = reading()
    return replace(whole, document=replace(whole.document, **changed))


def words(html):
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", html))


def test_the_card_says_what_is_read_where_how_fast_and_how_long_it_takes():
    said = words(card_html(reading()))
    for part in ("Moby Dick", "page 12 of 80", "50 tokens/s", "about 10 minutes left", ASK_ALREADY):
        assert part in said
    assert said.count(ASK_ALREADY) == 1 and 'aria-valuenow="25"' in card_html(reading())
    assert card_html(None) == ""


@pytest.mark.parametrize("stage", list(Stage))
def test_every_stage_has_words_and_what_comes_from_documents_is_escaped(stage):
    shown = card_html(reading(stage, title=HOSTILE, text=HOSTILE * 3, error=HOSTILE))
    assert HEADINGS[stage] in shown and "<img" not in shown
    assert (ASK_ALREADY in shown) == (stage in (Stage.READING, Stage.NOTING, Stage.ANSWERING))


def test_a_rereading_says_so_instead():
    shown = card_html(reading(is_reread=True))
    assert "Read again" in shown and ASK_ALREADY not in shown


def test_a_place_has_a_total_only_if_that_counts_the_same():
    assert words(place_html(reading())).split() == ["page", "12", "of", "80"]
    assert words(place_html(reading(unit_count=None))).split() == ["page", "12"]
    assert words(place_html(reading(unit_name="line"))).split() == ["page", "12"]
    assert (
        place_html(reading(text=None)) == "" if reading(text=None).document.text is None else True
    )


def test_the_sentence_is_the_one_at_the_position():
    text = "First one. " * 10 + "Here it is! " + "Then more. " * 10
    at = CurrentText(text, "line", 1, 1000, len(text))
    begin = text.index("Here")
    assert passing(at, 1000 + begin + 3).startswith("Here it is! Then")
    assert passing(at, 0).startswith("First") and passing(at, 10**9) != text
    assert passing(None, 5) == "" and passing(CurrentText("", "line", 1, 0, 0), 5) == ""


@pytest.mark.parametrize("word", ["whale ", "\u9be8\u9b5a", "a\nb\t "])
def test_the_sentence_is_one_line_cut_at_a_word(word):
    shown = passing(CurrentText(word * 400, "page", 1, 0, 100), 0)
    assert "\n" not in shown and len(shown) <= SENTENCE_CHARS + 1 and shown.endswith("…")
    if word == "whale ":
        assert shown.endswith("whale…")


@pytest.mark.parametrize(
    "seconds, said",
    [
        (0, "less than a minute left"),
        (61, "about 1 minute left"),
        (600, "about 10 minutes left"),
        (3_600, "about 1 hour left"),
        (7_900, "about 2 hours 10 minutes left"),
        (90_000, "about 25 hours left"),
    ],
)
def test_time_left_is_said_in_words(seconds, said):
    assert time_left(seconds) == said
