"""Kinds of questions: real phrasings of each, and questions that only sound so."""

import time

import pytest

from app.service.answering.question_kinds import MAX_CHARS, recognise


@pytest.mark.parametrize(
    "question, subject",
    [
        ("List all the lighthouses.", "lighthouses"),
        ("List all keepers of the lamp in the book", "keepers of the lamp"),
        ("Please list every mention of the parrot.", "parrot"),
        ("Can you list all of the errors in the log?", "errors"),
        ("Name all the ferries.", "ferries"),
        ("Show me all lines with timeout", "timeout"),
        ("Find all references to clause penalties", "to clause penalties"),
        ("Give me every passage about the storm", "storm"),
        ("Which ships are mentioned?", "ships"),
        ("What ships are mentioned in the book?", "ships"),
        ("Where is the parrot mentioned?", "parrot"),
        ("Where does the word “anchor” occur?", "anchor"),
        ("Where does the word anchor occur?", "anchor"),
        ("Which errors were logged on 3 May?", "errors on 3 May"),
        ("What are all the gifts?", "gifts"),
        ("List all mentions of reasons", "reasons"),
        ("Nenne alle Leuchttürme im Buch.", "Leuchttürme"),
        ("Liste alle Fehler auf", "Fehler"),
    ],
)
def test_a_list_is_recognised_with_what_is_listed(question, subject):
    asked = recognise(question)
    assert asked.kind == "list"
    assert set(subject.lower().split()) - {"to"} <= set(asked.subject.lower().split())
    assert not {"list", "all", "book", "mentioned", "alle"} & set(asked.subject.lower().split())


@pytest.mark.parametrize(
    "question, subject",
    [
        ("How many times is Ozymandias mentioned?", "Ozymandias"),
        ("How often does the word “lamp” occur?", "lamp"),
        ("How often is the captain named in the book?", "captain"),
        ("How many times does the word 'sea' appear?", "sea"),
        ("How many times is the name Ahab mentioned?", "Ahab"),
        ("How many errors were found in the log?", "errors"),
        ("How many ships are named in the book?", "ships"),
        ("How many times is the WHO mentioned?", "WHO"),
        ("How many passages mention the parrot?", "parrot"),
        ("How many lines contain timeout?", "timeout"),
        ("How many errors are in the log?", "errors"),
        ("How many errors are there in the log file?", "errors"),
        ("How many lighthouses are mentioned?", "lighthouses"),
        ("How many ships does the document list?", "ships"),
        ("Count all failed logins.", "failed logins"),
        ("What is the number of timeouts in the log?", "timeouts"),
        ("Wie oft wird der Papagei erwähnt?", "Papagei"),
    ],
)
def test_a_count_is_recognised_with_what_is_counted(question, subject):
    asked = recognise(question)
    assert asked.kind == "count"
    assert set(subject.lower().split()) <= set(asked.subject.lower().split())
    assert not {"how", "many", "log", "book", "mentioned"} & set(asked.subject.lower().split())


@pytest.mark.parametrize(
    "question",
    [
        "Show me the table of contents.",
        "What are the contents of the book?",
        "the contents of this document",
        "List all chapters.",
        "List every chapter.",
        "How many chapters are there in Moby Dick?",
        "List all documents.",
        "Show me all files in this session.",
        "How many documents are in this session?",
        "Which chapters are there?",
        "How many chapters does the book have?",
        "What are the chapters of the book?",
        "Give me an outline of the book.",
        "Inhaltsverzeichnis bitte",
        "Welche Kapitel hat das Buch?",
    ],
)
def test_the_contents_are_recognised(question):
    assert recognise(question).kind == "contents"


@pytest.mark.parametrize(
    "question",
    [
        "How many sons did she have?",
        "How many years later did he return?",
        "How many people died in the storm?",
        "How often did the train run?",
        "How many times did he knock?",
        "How many were they?",
        "What are all the tin soldiers made from?",
        "How many times has the boundary post been present?",
        "What were some things that were found in the grass?",
        "Tell me all about the king.",
        "Tell me everything.",
        "What was on the list of gifts?",
        "Who listed all the ships?",
        "Name the king.",
        "Show me the way to the tower.",
        "Where is the parrot?",
        "Where did she appear to be happy?",
        "What are the contents of the box?",
        "What are the contents of page 3?",
        "Which chapter is the best?",
        "What is chapter 3 about?",
        "What does the outline of the tower look like?",
        "Did all the keepers leave?",
        "What happened to all of them?",
        "Was he counted among the dead?",
        "List all.",
        "Who is he?",
        "",
        "How many soldiers were found dead?",
        "How many bodies were found?",
        "How many letters were written by her?",
        "How many people were reported missing?",
        "How many men were named captain?",
        "How many ships are described as lost?",
        "How often was she found in the garden?",
        "Which ship is mentioned first?",
        "Which ships are most often mentioned?",
        "Which man was named captain?",
        "What child is named after the king?",
        "Where does Anna appear for the first time?",
        "What was the number of the house in the story?",
        "Explain the number of deaths in this report.",
        "Why did the number of accidents in the report fall?",
        "How did the number of errors in the log change?",
        "Why are all mentions of the king removed?",
        "Does the author explain all references to Homer?",
        "Summarise all passages about war.",
        "What are the contents of this document about?",
        "How many chapters are there in which Ahab dies?",
        "Who is Anna and how many times is she mentioned?",
        "How many pages has this book and who wrote it?",
        "How many sentences have to be served before parole?",
        "How many messages have been sent?",
        "How many pages have you read?",
        "How many words are in the document?",
        "Show me all pages.",
        "List all the reasons why he left.",
        "Find all contradictions in the document.",
        "Give me all the important details about the wedding.",
        "What are all the steps?",
        "How many reasons are mentioned?",
        "Name all of them.",
        "How many times is she mentioned in the book?",
    ],
)
def test_a_question_that_only_sounds_so_is_answered_from_passages(question):
    assert recognise(question).kind == "passages"


@pytest.mark.parametrize(
    "question, kind",
    [
        ("How many errors were there on 3 May?", "count"),
        ("How many requests failed?", "count"),
        ("List the errors of 3 May", "list"),
        ("List all events", "list"),
        ("Which IP address requested /a.pdf?", "passages"),
    ],
)
def test_in_logs_and_tables_things_are_counted(question, kind):
    assert recognise(question, is_records=True).kind == kind
    assert recognise(question, is_records=False).kind == "passages"


@pytest.mark.parametrize(
    "question",
    [
        "How many years did he live there?",
        "How many seconds did the job take?",
        "Wie viele Stunden dauerte es?",
        "Show me the biggest error",
    ],
)
def test_in_logs_and_tables_no_lines_are_counted_for_an_amount(question):
    assert recognise(question, is_records=True).kind == "passages"


@pytest.mark.parametrize(
    "question, kind",
    [
        ("How many people are in the story?", "passages"),
        ("How many characters appear in the book?", "passages"),
        ("How many animals are there in the tale?", "passages"),
        ("How many children are there in the story?", "passages"),
        ("How many kings are there in this book?", "passages"),
        ("How many wolves are in the story?", "passages"),
        ("How many of the brothers are in the story?", "passages"),
        ("How many wolves appear?", "passages"),
        ("How many murders are there in the old novel?", "passages"),
        ("How many women are mentioned?", "passages"),
        ("How many people does the book mention?", "passages"),
        ("How many main characters are named in the novel?", "passages"),
        ("What is the number of people in the story?", "passages"),
        ("What is the number of wolves in the story?", "passages"),
        ("Count the characters.", "passages"),
        ("Count all the people in the book.", "passages"),
        ("Name all the characters.", "passages"),
        ("List all the people in the story.", "passages"),
        ("List all names.", "passages"),
        ("List all dates in the document.", "passages"),
        ("Which characters are mentioned in the book?", "passages"),
        ("What animals are mentioned in the tale?", "passages"),
        ("Which people appear in the story?", "passages"),
        ("Who are all the characters?", "passages"),
        ("Who is the main character?", "passages"),
        ("What are all the characters called?", "passages"),
        ("How many times did she cry in the book?", "passages"),
        ("How many days does the story last?", "passages"),
        ("How old is the youngest princess?", "passages"),
        ("Why does the wolf appear at the door?", "passages"),
        ("How does the story end?", "passages"),
        ("What lesson does the story teach?", "passages"),
        ("Find all the clues in the story.", "passages"),
        ("Give me all the problems he had.", "passages"),
        ("How many dragons did he kill?", "passages"),
        ("Wie viele Personen kommen im Buch vor?", "passages"),
        ("Wie viele Wölfe kommen im Märchen vor?", "passages"),
        ("Nenne alle Personen im Buch.", "passages"),
        ("Nenne alle Gründe.", "passages"),
        ("Combien de personnages apparaissent dans le livre ?", "passages"),
        ("What is the third wish?", "passages"),
        ("Is there a dragon in the story?", "passages"),
        ("How many times does the wolf appear in the story?", "count"),
        ("How often does the word wolf occur in the story?", "count"),
        ("How often is Anna mentioned in the story?", "count"),
        ("How many sentences mention the king?", "count"),
        ("How many chapters mention the whale?", "count"),
        ("How many times is the word 'people' mentioned?", "count"),
        ("How many “people” are there in the book?", "count"),
        ("How many errors are there in the report?", "count"),
        ("How many requirements are in the document?", "count"),
        ("How many lighthouses are mentioned?", "count"),
        ("List every mention of the king.", "list"),
        ("List all mentions of people", "list"),
        ("Where is the king mentioned?", "list"),
        ("List all the gifts.", "list"),
        ("Which ships are mentioned in the book?", "list"),
        ("Find all references to women", "list"),
        ("Show me all the poems in the book.", "list"),
        ("Which chapters does the book have?", "contents"),
    ],
)
def test_what_readers_of_a_tale_ask_is_counted_only_where_words_are_meant(question, kind):
    assert recognise(question).kind == kind


@pytest.mark.parametrize(
    "question, kind",
    [
        ("How many people are in the table?", "count"),
        ("How many names are in the list?", "count"),
        ("List all names", "list"),
        ("List all people", "list"),
    ],
)
def test_in_tables_people_and_names_are_listed_and_counted(question, kind):
    assert recognise(question, is_records=True).kind == kind


def test_a_question_of_the_greatest_length_is_recognised_at_once():
    began = time.monotonic()
    for repeated in ("wie viele kommen ", "how many is ", "the number of ", "where is a b "):
        recognise(repeated * (4000 // len(repeated)))
    assert time.monotonic() - began < 3


def test_the_contents_of_a_title_are_those_of_a_document():
    assert recognise("What are the contents of Moby Dick?", titles=["Moby Dick"]).kind == "contents"
    assert recognise("What are the contents of Moby Dick?").kind == "passages"


def test_a_very_long_question_takes_no_time():
    for words in ("how many ", "number of ", "how many a is in a "):
        began = time.perf_counter()
        assert recognise(words * 5000).kind == "passages"
        recognise((words * MAX_CHARS)[:MAX_CHARS].strip())
        assert time.perf_counter() - began < 1.0
