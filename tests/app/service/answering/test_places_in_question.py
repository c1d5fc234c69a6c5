"""Places in questions: pages, chapters and lines are recognised, and their passages come first."""

import pytest

import storage
from app.service.answering.contents import contents_of
from app.service.answering.named_places import missing_place
from app.service.answering.passage_search import find_passages
from app.service.answering.place_search import is_asked_for
from app.service.answering.places_in_question import Place, places_in
from app.service.answering.prompt import build_prompt
from storage import NewSegment
from tests.support.tokens import CharacterTokens

KINDS = ["chapter", "line", "page"]


@pytest.mark.parametrize(
    "question, places",
    [
        ("What is on page 3?", [Place("page", 3, 3, "3")]),
        ("What is on Page iii?", [Place("page", 3, 3, "iii")]),
        ("What is on p. 12?", [Place("page", 12, 12, "12")]),
        ("What is on page A-2?", [Place("page", 0, 0, "a-2")]),
        ("Summarise chapter four.", [Place("chapter", 4, 4)]),
        ("Summarise Chapter IV", [Place("chapter", 4, 4, "iv")]),
        ("Summarise the third chapter", [Place("chapter", 3, 3)]),
        ("What does the 2nd page say?", [Place("page", 2, 2, "2")]),
        ("Compare pages 3-5", [Place("page", 3, 5)]),
        ("Compare pages 3 – 5", [Place("page", 3, 5)]),
        ("chapters 3 and 5?", [Place("chapter", 3, 3, "3"), Place("chapter", 5, 5)]),
        ("line 120 of app.log", [Place("line", 120, 120, "120")]),
        ("Was steht auf Seite 7?", [Place("page", 7, 7, "7")]),
        ("Que dit le chapitre 2 ?", [Place("chapter", 2, 2, "2")]),
        ("Which chapter is the best?", []),
        ("Summarise chapter twenty-one", [Place("chapter", 21, 21)]),
        ("Summarise the twenty-first chapter", [Place("chapter", 21, 21)]),
        ("the thirtieth page", [Place("page", 30, 30)]),
        ("What is on page 1,024?", [Place("page", 1024, 1024, "1024")]),
        ("What is on page I?", [Place("page", 1, 1, "i")]),
        ("Compare the poem on page I with this.", [Place("page", 1, 1, "i")]),
        ("Who is on page two hundred?", []),
        ("On what page did he die?", []),
        ("Which chapter did she like?", []),
        ("What happens in the chapter I just read?", []),
        ("On which page I can find him?", []),
        ("the page I've read", []),
        ("la page d'accueil", []),
        ("Che cosa dice la pagina di Anna?", []),
        ("Is the homepage 3 years old?", []),
        ("slide 4", []),
        ("page " + "9" * 400, []),
    ],
)
def test_places_are_recognised_in_a_question(question, places):
    assert places_in(question, KINDS)[0] == places


@pytest.mark.parametrize(
    "question, number",
    [
        ("What is on the third page of the book?", 3),
        ("Summarise the second page of this old report.", 2),
        ("Summarise the third chapter of Moby Dick.", 3),
        ("the third chapter of “Moby Dick”", 3),
        ("What is the first line of app.log?", 1),
        ("What is the first line of the bells?", 1),
        ("What is the first line of the text?", 1),
        ("What does the second page of it say?", 2),
        ("Who dies in the third chapter in London?", 3),
        ("Who dies in the third chapter in the tavern?", 3),
        ("What does the third page's text say?", 3),
        ("Translate the first page into German", 1),
        ("Say the first page in its own words", 1),
        ("Does the third chapter support the claim?", 3),
        ("Which of them is in the second chapter - Anna or Ben?", 2),
    ],
)
def test_an_ordinal_counts_in_a_document(question, number):
    (found,) = places_in(question, KINDS, titles={"app.log", "The Bells"})[0]
    assert found.first == found.last == number


@pytest.mark.parametrize(
    "question",
    [
        "What is the first line of the poem?",
        "What was the third line of defence?",
        "What is written on the second page of the letter?",
        "When did the third chapter of his life begin?",
        "A second chapter in her life began; when?",
        "What stands on the first page of Anna's diary?",
        "What is the first line of the song?",
        "What is the first line in the poem?",
        "What is the first line of Kubla Khan?",
        "Who was the first page boy?",
        "Who was the second line manager?",
        "What is the first line of treatment?",
        "What was on the third page of the newspaper?",
        "Who stood in the second line of battle?",
        "Is there a second page from the will?",
        "What is the first line on her grave?",
    ],
)
def test_an_ordinal_in_what_a_text_tells_of_is_no_place(question):
    titles = {"app.log", "The Bells"}
    assert places_in(question, KINDS, titles=titles) == ([], question)


def test_a_page_of_a_chapter_is_both_places():
    assert places_in("the first page of the third chapter", KINDS)[0] == [
        Place("page", 1, 1),
        Place("chapter", 3, 3),
    ]
    assert places_in("the first page of chapter 3", KINDS)[0][0] == Place("page", 1, 1)


def test_a_unit_that_the_session_does_not_have_is_no_place():
    assert places_in("page 3", []) == ([], "page 3")
    assert places_in("What is on slide 4?", ["slide"])[0] == [Place("slide", 4, 4, "4")]


@pytest.fixture
def add(db):
    def add(title, *segments, **columns):
        document = storage.add_document(
            db, 1, title=title, kind="pdf", file_name=title, sha256=title, byte_count=1, **columns
        )
        storage.add_segments(db, document.id, segments)
        storage.set_start_position(db, document.id, 100 * document.id)
        return document

    return add


def page(number, text, label=None, chapter=None):
    locator = f"page {number}" if label is None else f"page {label} ({number})"
    start = 10 * number
    return NewSegment(text, locator, "page", number, number, start, 10, chapter)


def found(db, question, before=None):
    return [p.text for p in find_passages(db, 1, question, before).passages]


def test_a_question_about_a_page_is_answered_from_that_page_only(db, add):
    texts = ("The weir.", "The page of the ferry.", "The tower.")
    add("village", *(page(i, text) for i, text in enumerate(texts, 1)))
    assert found(db, "What is on page 3?") == ["The tower."]
    assert found(db, "Summarise pages 1 to 2.") == ["The weir.", "The page of the ferry."]
    assert find_passages(db, 1, "What is on page 3?", None).looked_at == "page 3 of village"


def test_of_a_page_that_is_not_there_it_is_said_which_there_are(db, add):
    add("village", *(page(i, text) for i, text in enumerate(("The weir.", "The page."), 1)))
    for question in ("What is on page 9?", "Is there a weir on page 9?"):
        missing = find_passages(db, 1, question, None)
        assert (missing.passages, missing.looked_at) == ([], "")
        assert missing.missing == "There is no page 9: village has pages 1–2."
    half = find_passages(db, 1, "Compare pages 2 and 9", None)
    assert ([p.text for p in half.passages], half.looked_at) == (["The page."], "page 2 of village")
    assert half.missing == "There is no page 9: village has pages 1–2."


def test_a_page_that_is_named_beside_a_subject_is_all_that_is_used(db, add):
    add("village", page(1, "The ferry sank."), page(2, "The tower."), page(3, "The ferry sails."))
    assert found(db, "Is there a ferry on page 3?") == ["The ferry sails."]


def test_after_a_place_is_not_that_place_and_up_to_it_is_all_before(db, add):
    add("village", page(1, "The ferry sank."), page(2, "The tower."), page(3, "The ferry sails."))
    assert places_in("What happens after page 3?", KINDS) == ([], "What happens after page 3?")
    assert places_in("What happens up to page 2?", KINDS)[0] == [Place("page", 1, 2)]
    assert found(db, "Which ferry sank before page 3?")[0] == "The ferry sank."


def test_pages_of_a_text_that_is_counted_in_lines_are_not_there(db, add):
    add("tale", NewSegment("The weir.", "lines 1–4", "line", 1, 4, 10, 10))
    assert find_passages(db, 1, "What is on page 3?", None).missing == (
        "There is no page 3: tale has lines 1–4."
    )
    other = find_passages(db, 1, "Which weir is named in chapter 3?", None)
    assert [p.text for p in other.passages] == ["The weir."], "its chapters may not be marked"


def lines(start, text):
    return NewSegment(text, f"lines {start}–{start + 9}", "line", start, start + 9, 10 * start, 10)


NOVEL = [
    "CONTENTS\n\nCHAPTER I. The Mill\nCHAPTER II. The Weir\nCHAPTER III. The Ferry\n",
    "CHAPTER I. The Mill\n\nA miller lived there with seven sons and a cat, who all were poor and "
    "worked from the morning to the evening at the great wheel of the mill.",
    "The chapter of accidents began.\n\nCHAPTER II.\n\nThe weir broke in the night.",
    "Nobody saw it.\n\nCHAPTER III. The Ferry\n\nThe ferry sank.",
]


def test_chapters_of_a_plain_text_are_found_by_their_headings(db, add):
    add("novel", *(lines(1 + 10 * i, text) for i, text in enumerate(NOVEL)))
    assert found(db, "Summarise chapter 2.") == [
        "CHAPTER II.\n\nThe weir broke in the night.",
        "Nobody saw it.\n\n",
    ]
    assert found(db, "What happens in the third chapter?") == found(db, "chapter III")
    assert found(db, "What happens in The Ferry?") == ["CHAPTER III. The Ferry\n\nThe ferry sank."]
    assert find_passages(db, 1, "Summarise chapter 7", None).missing == (
        "There is no chapter 7: novel has chapters 1–3, lines 1–40."
    )


def test_chapters_with_numbers_in_words_are_found_beyond_the_twelfth(db, add):
    numbers = ("Eleven", "Twelve", "Thirteen", "Twenty", "Twenty-One", "the Thirty Second")
    for i, number in enumerate(numbers):
        text = f"CHAPTER {number.upper()}\n\nIn {number} " + "the mill turned. " * 10
        add(f"{i}", lines(1, text))
    assert found(db, "Summarise chapter 13.")[0].startswith("CHAPTER THIRTEEN")
    assert found(db, "Summarise chapter thirteen.")[0].startswith("CHAPTER THIRTEEN")
    assert found(db, "Summarise chapter 21.")[0].startswith("CHAPTER TWENTY-ONE")
    assert found(db, "Summarise the 32nd chapter")[0].startswith("CHAPTER THE THIRTY SECOND")


def test_the_first_line_of_a_poem_is_looked_for_where_the_poem_is(db, add):
    add("tale", lines(1, "It rained."), lines(11, "The poem began: its first line was of a weir."))
    for question in ("What is the first line of the poem?", "the second page of the letter"):
        assert missing_place(db, 1, question, None) == ""
    chosen = find_passages(db, 1, "What is the first line of the poem?", None)
    assert (chosen.at_place, [p.locator for p in chosen.passages]) == (False, ["lines 11–20"])
    assert find_passages(db, 1, "What is the first line of the tale?", None).at_place
    assert found(db, "What is the first line of tale?") == ["It rained."]


def test_a_letter_that_is_a_document_has_pages(db, add):
    add("Letter to Anna", page(1, "The weir."), page(2, "The ferry."))
    assert found(db, "What is on the second page of the letter?") == ["The ferry."]
    assert missing_place(db, 1, "What is on the third page of the letter?", None) == (
        "There is no page 3: Letter to Anna has pages 1–2."
    )
    assert not find_passages(db, 1, "What is on the second page of the will?", None).at_place


def test_a_chapter_behind_too_many_headings_is_not_denied(db, add, monkeypatch):
    monkeypatch.setattr("app.service.answering.chapters.MAX_HEADINGS", 3)
    add("one", *(lines(10 * i, f"CHAPTER {i}.\n\n" + "The weir. " * 30) for i in (1, 2, 3)))
    assert missing_place(db, 1, "Summarise chapter 4", None).startswith("There is no chapter 4: ")
    add("two", lines(1, "CHAPTER 4.\n\nThe ferry."))
    assert missing_place(db, 1, "Summarise chapter 4", None) == ""


@pytest.mark.parametrize("question", ["On what page did he drown?", "Is the page I like there?"])
def test_a_word_after_page_is_no_page_that_is_missing(db, add, question):
    add("tale", NewSegment("He did drown.", "lines 1–4", "line", 1, 4, 10, 10))
    assert missing_place(db, 1, question, None) == ""


@pytest.mark.parametrize(
    "question, is_asked",
    [
        ("What happens in “The Mill”?", True),
        ("What happens in The Mill?", True),
        ("Summarise the mill.", True),
        ("Summarise the chapter The Mill", True),
        ("What is said in the chapter on the mill about the cat?", True),
        ("Who dies in The Mill chapter?", True),
        ("Who built the mill?", False),
        ("What happened to the mill?", False),
        ("Who lived in the mill?", False),
        ("What happens in the millrace?", False),
        ("What happens?", False),
    ],
)
def test_a_chapter_is_asked_for_by_its_title(question, is_asked):
    assert is_asked_for("The Mill", question) is is_asked
    assert not is_asked_for("III", "What is said in chapter 4?")


def test_a_titled_chapter_of_an_outline_is_the_place(db, add):
    def at(number, chapter, title):
        text = f"Sheet {number}."
        return NewSegment(text, f"page {number} ({title})", "page", number, number, 10, 10, chapter)

    add("book", at(1, 1, "The Mill"), at(2, 1, "The Mill"), at(3, 2, "The Weir"))
    chosen = find_passages(db, 1, "Summarise The Mill", None)
    assert [p.text for p in chosen.passages] == ["Sheet 1.", "Sheet 2."]
    assert chosen.looked_at == "chapter 1 (The Mill) of book"


def test_contents_that_are_cut_short_still_say_how_many_chapters_there_are(db, add):
    for title in ("one", "two", "three"):
        add(title, *(page(i, f"Sheet {i}.", chapter=i) for i in range(1, 201)))
    contents = contents_of(db, 1, "table of contents", None)
    assert [part.partition("\n")[0] for part in contents.text.split("\n\n")] == [
        f"{title}: 200 chapters, pages 1–200" for title in ("one", "two", "three")
    ]
    assert contents.text.count("\n") == 300 + 2 * 2
    assert contents.left_out == ("300 further chapters or headings are not listed.",)


def test_without_chapters_the_headings_above_the_paragraphs_are_the_contents(db, add):
    def below(number, heading):
        locator = f"paragraph {number} ({heading})" if heading else f"paragraph {number}"
        start = 10 * number
        return NewSegment("Text.", locator, "paragraph", number, number, start, 10)

    names = (None, "Setup", "Setup", "Memory (RAM)", "Setup", "2.1 Size", "Tools")
    add("manual", *(below(i, name) for i, name in enumerate(names, 1)))
    add("tale", below(1, None))
    assert contents_of(db, 1, "table of contents", None).text == (
        "manual: 4 headings, paragraphs 1–7\n- Setup, paragraph 2\n- Memory (RAM), paragraph 4\n"
        "- 2.1 Size, paragraph 6\n- Tools, paragraph 7\n\n"
        "tale: no chapters are marked in it; it has paragraph 1."
    )
    assert "Tools" not in contents_of(db, 1, "table of contents", 160).text


def test_what_there_is_is_said_of_one_chapter_and_of_nothing(db, add):
    assert missing_place(db, 1, "What is on page 3?", None) == (
        "There is no page 3: nothing was read."
    )
    add("tale", lines(1, "CHAPTER 1.\n\n" + "The weir. " * 30))
    assert missing_place(db, 1, "What is on page 3?", None) == (
        "There is no page 3: tale has chapter 1, lines 1–10."
    )


def test_contents_before_the_first_word_say_that_there_is_nothing(db, add):
    add("one", page(1, "Sheet."))
    assert contents_of(db, 1, "table of contents", 0).text == "Nothing was read up to there."


CONTRACT = (
    "2. Rent\n2.1 The rent is due.\n2.2 Late rent costs 5 %, see 2.3.\n2.2.1 A week is no delay.\n"
    "2.3 The rent may rise.\n3. Keys\n3.1 There are 2.2 keys."
)


def test_a_clause_is_the_lines_from_its_label_to_the_next(db, add):
    add("lease", NewSegment(CONTRACT, "paragraphs 1–7", "paragraph", 1, 7, 10, 10))
    chosen = find_passages(db, 1, "What does clause 2.2 say?", None)
    assert [p.text for p in chosen.passages] == [
        "2.2 Late rent costs 5 %, see 2.3.\n2.2.1 A week is no delay.\n"
    ]
    assert chosen.looked_at == "2.2 of lease"
    assert found(db, "the clause 2.3") == ["2.3 The rent may rise.\n"]
    assert find_passages(db, 1, "What does clause 2.9 say?", None).missing == (
        "There is no 2.9; there is 2.1, 2.2, 2.3."
    )
    assert found(db, "What does version 7.4 say about rent?") == [CONTRACT]
    for amount in ("Does the rent rise by 2.9?", "Is the rent due at 2.30?"):
        assert missing_place(db, 1, amount, None) == ""
        assert found(db, amount) == [CONTRACT]
    assert found(db, "Does the rent rise by 2.3 percent?") == [CONTRACT]


def test_a_printed_number_is_meant_before_a_counted_one(db, add):
    add("book", page(1, "Preface.", "i"), page(2, "Anchor.", "1"), page(3, "Bollard.", "2"))
    assert found(db, "What is on page 2?") == ["Bollard."]
    assert found(db, "What is on page i?") == ["Preface."]
    assert found(db, "What is on page 3?") == ["Bollard."]


def test_a_number_that_is_shown_without_a_label_is_meant_before_a_later_label(db, add):
    add("book", page(1, "Anchor."), page(2, "Weir."), page(3, "Index.", "1"), page(4, "End.", "2"))
    assert found(db, "What is on page 2?") == ["Weir."]
    assert found(db, "What is on page 1?") == ["Anchor."]


def test_a_passage_of_two_places_that_overlap_is_taken_once(db, add):
    add("book", *(page(i, f"Sheet {i}.", chapter=1) for i in (1, 2)))
    assert found(db, "What is on page 1 of chapter 1?") == ["Sheet 1."]
    assert found(db, "Compare pages 1 to 2 and 2") == ["Sheet 1.", "Sheet 2."]


def test_a_document_that_is_named_is_the_one_that_is_meant(db, add):
    add("holm.pdf", page(1, "Anchor."))
    add("brae.pdf", page(1, "Bollard."))
    assert found(db, "What is on page 1?") == ["Anchor.", "Bollard."]
    assert found(db, "What is on page 1 of brae.pdf?") == ["Bollard."]
    assert found(db, "What is on page 1 of brae?") == ["Bollard."]


def test_of_a_files_versions_the_newest_that_was_begun_is_meant(db, add):
    old = add("a.pdf", page(1, "Old."))
    add("a.pdf (2)", page(1, "New."), replaces=old.id, version=2)
    assert found(db, "What is on page 1?") == ["New."]
    assert found(db, "What is on page 1?", before=150) == ["Old."]
    assert found(db, "What is on page 1?", before=105) == []


def test_of_a_long_chapter_the_beginning_and_what_is_spread_over_it_is_taken(db, add):
    add("book", *(page(i, f"Sheet {i} of it.", chapter=4) for i in range(1, 10)))
    chosen = find_passages(db, 1, "Summarise chapter 4.", None)
    assert [p.locator for p in chosen.passages] == [f"page {number}" for number in (1, 3, 5, 7, 9)]
    assert (chosen.matching, chosen.at_place) == (9, True)
    best = find_passages(db, 1, "Which sheet of chapter 4 is 8?", None).passages[0]
    assert best.locator == "page 8"


def test_a_place_that_is_named_counts_as_found(db, add):
    add("book", page(1, "The weir."))
    passages = find_passages(db, 1, "Please summarise Page 1", None).passages
    asked = CharacterTokens(), "Please summarise Page 1", passages, [], 4000, 0
    assert build_prompt(*asked).found_nothing
    assert not build_prompt(*asked, at_place=True).found_nothing


def test_passages_that_match_as_well_are_counted(db, add):
    add("book", *(page(i, f"The lighthouse of Holm number {i}.") for i in range(1, 80)))
    add("other", *(page(i, f"The rope number {i} of a boat.") for i in range(1, 5)))
    assert find_passages(db, 1, "List all lighthouses.", None).matching == 60
    assert find_passages(db, 1, "Which rope?", None).matching == 4
    assert find_passages(db, 1, "zebra", None).matching == 0
