"""Questions about the beginning or the end of a text, in three languages, and their siblings."""

import time

import pytest

import storage
from app.service.answering.end_questions import (
    AskedEnd,
    asked_end,
    asked_end_of_place,
    speaks_of_a_text,
)
from app.service.answering.named_places import find_named_place
from app.service.answering.overview_questions import MAX_CHARS
from app.service.answering.places_in_question import places_in

TITLES = ["Emma", "the_thirty_nine_steps"]


def which(question, titles=TITLES):
    asked = asked_end(question, titles)
    return None if asked is None else asked.which


@pytest.mark.parametrize(
    "question",
    [
        "How does the story end?",
        "How did the novel end",
        "How does this book end, and why?",
        "So how does the tale turn out?",
        "Tell me how the story ends.",
        "Can you tell me how the book ends?",
        "How does it end?",
        "How does it all end?",
        "How does the story end for Hannay?",
        "How does Emma end?",
        "How does The Thirty-Nine Steps end?",
        "What happens at the end?",
        "What happens in the end?",
        "What happened at the very end of the story?",
        "What happens to Hannay at the end?",
        "What happens to Emma at the end of Emma?",
        "What becomes of the hero in the end?",
        "At the end of the book, what happens to Ann?",
        "What finally happens to Ann?",
        "What happens last in the story?",
        "What is the ending?",
        "What is the ending of the novel like?",
        "Describe the end of the story.",
        "Summarise the ending of the book.",
        "What is the book's ending?",
        "What is the conclusion of the story?",
        "Who dies at the end?",
        "Which characters survive at the end of the novel?",
        "Who marries Ann in the end?",
        "Where is Hannay at the end of the book?",
        "What does Hannay do at the end of the story?",
        "Does the story have a happy ending?",
        "Is there a happy ending?",
        "Does it end well?",
        "Where does the story end?",
        "How does this meeting end?",
        "How does the document end?",
        "How does the log end?",
        "Wie endet die Geschichte?",
        "Wie endet es?",
        "Wie geht die Geschichte aus?",
        "Wie geht das Buch zu Ende?",
        "Wie hört der Roman auf?",
        "Was passiert am Ende?",
        "Was geschieht am Schluss der Geschichte?",
        "Was passiert am Ende von Emma?",
        "Was passiert mit Anna am Ende des Romans?",
        "Erzähl mir, wie das Buch endet.",
        "Wie ist das Ende des Romans?",
        "Beschreibe das Ende.",
        "Geht die Geschichte gut aus?",
        "Comment finit l'histoire ?",
        "Comment finit l’histoire ?",
        "Comment se termine le livre ?",
        "Comment l'histoire se termine-t-elle ?",
        "Comment finit Emma ?",
        "Comment ça finit ?",
        "Que se passe-t-il à la fin ?",
        "Que se passe-t-il à la fin du roman ?",
        "Qu'arrive-t-il à Anna à la fin de l'histoire ?",
        "Quelle est la fin du roman ?",
        "Raconte-moi la fin de l'histoire.",
    ],
)
def test_the_end_of_a_text_is_asked_about(question):
    assert which(question) == "end"
    assert not asked_end(question, TITLES).is_literal


@pytest.mark.parametrize(
    "question",
    [
        "How does it begin?",
        "How does the story begin?",
        "How did the book start?",
        "How does the novel open?",
        "What happens at the beginning?",
        "What happens at the start of the book?",
        "Describe the opening of the novel.",
        "Where does the story begin?",
        "Who is Hannay at the beginning of the story?",
        "How does Emma begin?",
        "Wie beginnt die Geschichte?",
        "Wie fängt der Roman an?",
        "Wie geht das Buch los?",
        "Was passiert am Anfang?",
        "Was geschieht zu Beginn der Geschichte?",
        "Comment commence l'histoire ?",
        "Comment débute le roman ?",
        "Comment l'histoire commence-t-elle ?",
        "Que se passe-t-il au début du livre ?",
    ],
)
def test_the_beginning_of_a_text_is_asked_about(question):
    assert which(question) == "beginning"
    assert not asked_end(question, TITLES).is_literal


@pytest.mark.parametrize(
    "question, end",
    [
        ("What is at the end of the document?", "end"),
        ("What stands at the very end of the file?", "end"),
        ("What is the last sentence of the book?", "end"),
        ("Read the last five lines of the file.", "end"),
        ("What is on the last two pages?", "end"),
        ("With which words does the novel end?", "end"),
        ("What is the first sentence of the novel?", "beginning"),
        ("Quote the opening line of the book.", "beginning"),
    ],
)
def test_the_lines_at_an_end_are_asked_about_whatever_they_are(question, end):
    assert asked_end(question) == AskedEnd(end, is_literal=True)


@pytest.mark.parametrize(
    "question",
    [
        "How does the war end?",
        "How did World War II end?",
        "How did the war begin?",
        "How does the fight in the story end?",
        "How does the story about the dragon end?",
        "How does Anna's story end?",
        "How does his story end?",
        "How does the first story end?",
        "How does the movie end?",
        "How does the meeting end?",
        "How does the letter end?",
        "How does the pump start?",
        "How does it open?",
        "How does it close?",
        "How does it work?",
        "How do I start?",
        "How does the program start?",
        "How does the file open in the editor?",
        "How does the book end up in the river?",
        "How does the manual begin the section on safety?",
        "When does the contract end?",
        "When does the story end?",
        "When does the play begin?",
        "Where does the road end?",
        "What is at the end of the rope?",
        "What happens at the end of the day?",
        "What happens at the end of the war?",
        "What happens at the end of the chase?",
        "What happens to the ring in the end?",
        "What is the end of the line?",
        "What is the end?",
        "What is the ending of the word Haus?",
        "What is the conclusion of the report?",
        "What are the conclusions of the paper?",
        "What is the outcome of the trial?",
        "How old is Hannay at the beginning of the story?",
        "Which ship sinks at the end of the story?",
        "Who wrote the end of the book?",
        "What was his last line?",
        "What is the last line of the poem?",
        "What are the last words of the king?",
        "In the end, who was right about the money?",
        "Why does the story end?",
        "Does the story end?",
        "Does the war end well?",
        "How does chapter 3 end?",
        "What happens at the end of chapter 3?",
        "How does page 20 begin?",
        "Summarise the book from beginning to end.",
        "Wie endet der Krieg?",
        "Wann endet der Vertrag?",
        "Was ist am Ende des Seils?",
        "Was passiert am Ende des Krieges?",
        "Wie geht es Anna?",
        "Wie geht es?",
        "Wie endet Kapitel 3?",
        "Wie fängt man Fische an?",
        "Wie hört er das Geräusch?",
        "Comment finit la guerre ?",
        "Quand finit le contrat ?",
        "Qu'y a-t-il au bout de la corde ?",
        "Que se passe-t-il à la fin de la guerre ?",
        "Comment commence le chapitre 3 ?",
        "Quelle est la fin de la phrase ?",
    ],
)
def test_what_a_text_tells_of_has_an_end_too(question):
    assert which(question) is None


def test_a_meeting_is_the_text_if_its_document_is_called_so():
    assert which("How does the meeting end?", ["Meeting of 3 May"]) == "end"
    assert which("How does the war end?", ["The War"]) == "end"
    assert which("How does the war end?", ["The War of the Roses"]) is None


@pytest.mark.parametrize(
    "question, is_pronoun",
    [
        ("How does it end?", True),
        ("Wie endet es?", True),
        ("Comment finit-elle ?", True),
        ("Does it end well?", True),
        ("How does the story end?", False),
        ("Comment l'histoire se termine-t-elle ?", False),
        ("What happens at the end?", False),
        ("What happens to him at the end?", False),
    ],
)
def test_it_is_told_apart_from_a_text_that_is_named(question, is_pronoun):
    assert asked_end(question).is_pronoun == is_pronoun


def test_it_may_be_a_text_if_the_question_before_speaks_of_one():
    for before in ("What is the book about?", "Who wrote the novel?", "Who wrote Emma?"):
        assert speaks_of_a_text(before, TITLES)
    for before in ("What is the war about?", "When was the meeting?", "Who is Hannay?"):
        assert not speaks_of_a_text(before, TITLES)


@pytest.mark.parametrize(
    "question, end",
    [
        ("How does chapter 3 end?", "end"),
        ("Tell me how chapter 3 ends.", "end"),
        ("How does the third chapter end?", "end"),
        ("What happens at the end of chapter 3?", "end"),
        ("Who dies at the end of chapter 3?", "end"),
        ("Wie endet Kapitel 3?", "end"),
        ("Wie geht Kapitel 3 aus?", "end"),
        ("Was passiert am Ende von Kapitel 3?", "end"),
        ("Comment finit le chapitre 3 ?", "end"),
        ("Que se passe-t-il à la fin du chapitre 3 ?", "end"),
        ("How does page 20 begin?", "beginning"),
        ("What happens at the beginning of chapter 3?", "beginning"),
        ("Wie beginnt Kapitel 3?", "beginning"),
        ("Comment commence le chapitre 3 ?", "beginning"),
        ("How does the wedding end in chapter 3?", None),
        ("Who wins the war that ends in chapter 3?", None),
        ("What is at the end of the rope in chapter 3?", None),
        ("Summarise chapter 3.", None),
    ],
)
def test_a_place_has_an_end_too(question, end):
    places, rest = places_in(question, ["page", "chapter"])
    assert len(places) == 1 and asked_end_of_place(rest) == end


def test_the_end_of_a_page_is_told_from_its_last_passages(db):
    document = storage.add_document(
        db, 1, title="mill", kind="pdf", file_name="mill", sha256="mill", byte_count=1
    )
    texts = [f"Ann mends wheel {i}. She ends at dusk." for i in range(12)]
    segments = [
        storage.NewSegment(text, f"page {i // 6 + 1}", "page", i // 6 + 1, i // 6 + 1, 10 * i, 10)
        for i, text in enumerate(texts)
    ]
    storage.add_segments(db, document.id, segments)
    for question, expected in (
        ("How does page 1 end?", [texts[5], texts[4]]),
        ("What happens at the beginning of page 2?", texts[6:8]),
    ):
        found = find_named_place(db, 1, question, 2, None)
        assert [p.text for p in found.passages] == expected
        assert found.looked_at.startswith(("the end of page 1 ", "the beginning of page 2 "))
    assert find_named_place(db, 1, "How does page 3 end?", 2, None).missing


def test_a_long_question_asks_about_no_end_and_takes_no_time():
    assert asked_end("How does the story end" + ", please" * MAX_CHARS) is None
    began = time.perf_counter()
    for beginning in ("How does the story end", "What happens at the end of", "Tell me how"):
        for filling in (" please", " Ann", " of the", " the very"):
            asked_end((beginning + filling * MAX_CHARS)[:MAX_CHARS], TITLES)
    assert time.perf_counter() - began < 2.0
