"""Where the text of a book begins and ends."""

from dataclasses import replace

import pytest

from app.service.answering.text_proper import tells, without_what_follows, without_what_precedes
from tests.support.passages import passage

TOKENS = 100
PROSE = "Ann rowed over the lake to the mill. There she sold the old boat to Bob for a coat."


def made(*texts):
    return [
        replace(
            passage(i + 1, text),
            token_start=i * TOKENS,
            token_count=TOKENS,
            locator=f"page {i + 1}",
        )
        for i, text in enumerate(texts)
    ]


def follows(*texts, prose=20):
    passages = made(*[PROSE] * prose, *texts)
    found = without_what_follows(passages)
    return [p.text for p in found.passages[prose:]], found.left_out, found.where


def precedes(*texts, prose=40):
    passages = made(*texts, *[PROSE] * prose)
    found = without_what_precedes(passages, TOKENS * len(passages))
    return [p.text for p in found.passages[:-prose]], found.passages[-1].text


def test_a_text_without_anything_behind_it_is_whole():
    assert follows("And so they were married at last.") == (
        ["And so they were married at last."],
        "",
        "",
    )
    assert without_what_follows([]).passages == ()


@pytest.mark.parametrize(
    "begins",
    [
        "*** END OF THE PROJECT GUTENBERG EBOOK THE MILL ***",
        "*** END OF THIS PROJECT GUTENBERG EBOOK THE MILL ***",
        "End of the Project Gutenberg EBook of The Mill, by Ann",
        "End of Project Gutenberg's The Mill",
        "START: FULL LICENSE",
    ],
)
def test_the_licence_of_project_gutenberg_is_no_end(begins):
    last = "And so they were married.\n\nTHE END"
    licence = "You may copy it, give it away or re-use it under the terms of the licence."
    told, left_out, where = follows(f"{last}\n\n{begins}\n\n{licence}", licence, licence)
    assert told == [last] and "Gutenberg" in left_out and where == "page 21"


@pytest.mark.parametrize(
    "heading",
    [
        "INDEX",
        "Notes",
        "## Footnotes",
        "APPENDIX A",
        "About the Author",
        "ADVERTISEMENTS.",
        "Transcriber's Notes",
        "Anmerkungen",
        "Über die Autorin",
        "À propos de l’auteur",
        "Remerciements",
    ],
)
def test_what_has_the_heading_of_an_index_or_the_like_is_no_end(heading):
    last = "And so they were married."
    told, left_out, where = follows(f"{last}\n\n{heading}\n\n{PROSE}", PROSE)
    assert told == [last]
    assert left_out.strip("“”") in heading and where == "page 21"


@pytest.mark.parametrize(
    "text",
    [
        "She took notes\nof it all, and the index\nwas never written. So it ended.",
        "EPILOGUE\n\nMany years later they met again at the mill.",
    ],
)
def test_such_words_in_a_sentence_and_an_epilogue_belong_to_the_text(text):
    assert follows(text) == ([text], "", "")


def test_notes_that_a_chapter_follows_belong_to_the_text():
    texts = (f"NOTES\n\n{PROSE}", f"CHAPTER XII\n\n{PROSE}", PROSE)
    assert follows(*texts) == (list(texts), "", "")
    assert follows(f"CHAPTER XII\n\n{PROSE}\n\nNOTES\n\n{PROSE}")[1] == "“NOTES”"


def test_notes_in_the_middle_of_a_text_are_no_end_of_it():
    passages = made(PROSE, f"NOTES\n\n{PROSE}", *[PROSE] * 20)
    assert without_what_follows(passages).passages == tuple(passages)


def test_what_has_no_sentence_is_no_end_unless_nothing_has_one():
    told, left_out, where = follows("Abbey, 3, 17\nAnchor, 9\nApples, 4–8", "Zebra, 12")
    assert (told, where) == ([], "page 21") and left_out
    lines = made(*["10:00 INFO lamp lit"] * 30)
    assert without_what_follows(lines).passages == tuple(lines)


def test_licence_title_page_and_contents_are_no_beginning():
    licence = "This ebook is for the use of anyone anywhere at no cost whatsoever."
    start = "*** START OF THE PROJECT GUTENBERG EBOOK THE MILL ***"
    told, _ = precedes(
        licence, f"{licence}\n\n{start}\n\nProduced by Ann Smith and others.", "CONTENTS\n\nI\nII\n"
    )
    assert told == []


def test_a_preface_is_no_beginning_if_a_chapter_follows_it():
    first = "CHAPTER I\n\nOnce there was a mill by the weir."
    assert precedes("PREFACE", PROSE, f"{PROSE}\n\n{first}")[0] == [first]
    prologue = f"PROLOGUE\n\n{PROSE}"
    assert precedes(f"FOREWORD\n\n{PROSE}", prologue, first)[0] == [prologue, first]
    assert precedes(f"PREFACE\n\n{PROSE}")[0] == [f"PREFACE\n\n{PROSE}"]


def test_a_text_that_begins_at_once_is_whole():
    assert precedes(PROSE, "I. The mill")[0] == [PROSE, "I. The mill"]


def test_what_tells_has_a_sentence_about_something_else_than_its_making():
    assert tells(PROSE) and tells("The old mill\nby the weir was sold.")
    for text in ("Contents", "I. The mill by the old weir", "Copyright 1915 by Ann Smith and Bob."):
        assert not tells(text)
