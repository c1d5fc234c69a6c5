"""Questions about the whole: real phrasings in three languages, and others that only sound so."""

import time

import pytest

from app.service.answering.overview import focus_of
from app.service.answering.overview_questions import MAX_CHARS, is_about_the_whole
from app.service.answering.question_kinds import recognise
from storage import DocumentKey


@pytest.mark.parametrize(
    "question",
    [
        "Summarise the whole.",
        "Summarize the book",
        "Please summarise the whole story in three sentences.",
        "Can you summarize this document for me?",
        "Sum up everything so far",
        "Summarise what happened in the story",
        "Summarize it.",
        "Give me a short summary of the report.",
        "Write an overview of the whole thing",
        "What's the summary of the meeting?",
        "A synopsis of the novel, please",
        "summary",
        "What is the book about?",
        "What's this all about?",
        "What is it all about?",
        "Summarise the contents of this book.",
        "What are these documents about?",
        "What was the meeting about?",
        "What was discussed in the meeting?",
        "What were the main topics?",
        "What was the purpose of the meeting?",
        "What happens in the story?",
        "What is the plot?",
        "What is the plot of the story?",
        "Tell me the story",
        "Describe the setting of the story.",
        "Where does the story take place?",
        "What are the main themes of the novel?",
        "What are the key findings of the report?",
        "Who are the main characters?",
        "How does she change?",
        "How does Cornelia change throughout the novel?",
        "How do Bob's feelings for Starre develop over the course of the story?",
        "How does Ben's relationship with Laura change over time?",
        "Trace the development of Mr. Dombey.",
        "What happens to Ezra Karn throughout the story?",
        "Who is Thig and what happens to him throughout the story?",
        "Describe the relationship between Harvey and Joe through the story.",
        "What is the relationship between Gabe Lockard and the stranger?",
        "Describe the character of Grannie Annie",
        "What role does Charlie Taggart play in the story?",
        "Fasse das Buch zusammen.",
        "Fass bitte das ganze Dokument kurz zusammen",
        "Fasse alles zusammen",
        "Gib mir eine kurze Zusammenfassung der Geschichte.",
        "Worum geht es in dem Roman?",
        "Worum geht es?",
        "Wovon handelt das Buch?",
        "Was passiert in der Geschichte?",
        "Was wurde in der Besprechung beschlossen?",
        "Wie verändert sich Cornelia im Laufe des Romans?",
        "Wie entwickelt sich sie?",
        "Beschreibe die Beziehung zwischen Anna und Karl.",
        "Was sind die wichtigsten Themen des Buches?",
        "Résume le livre.",
        "Résumez-moi ce texte",
        "Fais-moi un résumé du roman.",
        "De quoi parle ce livre ?",
        "Que se passe-t-il dans le livre ?",
        "Quelle est l'intrigue du roman ?",
        "Comment Emma change-t-elle ?",
        "Comment évolue Emma au cours du roman ?",
        "Décris la relation entre Emma et Charles.",
        "Quels sont les thèmes principaux du livre ?",
    ],
)
def test_a_question_about_the_whole_is_an_overview(question):
    assert recognise(question).kind == "overview"


@pytest.mark.parametrize(
    "question",
    [
        "Summarise chapter 7.",
        "Summarise pages 3 to 5",
        "Summarise the third chapter",
        "Summarise what X says about bees.",
        "Summarise what Anna says about the book",
        "Summarise the argument about the fence",
        "Summarize the discussion about disk space",
        "What did the team think about the meeting?",
        "What was said about the parser interface?",
        "What is the letter about the fire?",
        "What is on the table?",
        "Who wrote the book?",
        "What is the book called?",
        "When was the meeting?",
        "Who was at the meeting?",
        "Who walked through the book fair?",
        "How did the weather change?",
        "How did the beanstalk change the village?",
        "How did Michael develop the film?",
        "What happened to the wolf?",
        "What happened in 1912?",
        "What is the relationship between voltage and current?",
        "What is the significance of the red light?",
        "What does the book cost?",
        "Which plot did he buy?",
        "What is the plot of land worth?",
        "Tell me about Anna.",
        "What is it?",
        "Where did the bear take place?",
        "Fasse Kapitel 7 zusammen.",
        "Fasse zusammen, was Anna über Karl sagt.",
        "Was steht im Vertrag?",
        "Worum bittet der König?",
        "Wie verändert sich der Preis?",
        "Résume le chapitre 3.",
        "Quelle est la capitale ?",
        "De quoi Emma a-t-elle peur ?",
    ],
)
def test_a_question_about_a_fact_or_a_place_is_no_overview(question):
    assert recognise(question).kind == "passages"


@pytest.mark.parametrize(
    "question",
    [
        "Summarise Moby Dick",
        "What is “Moby Dick” about?",
        "Worum geht es in Moby Dick?",
        "Fasse Moby Dick zusammen.",
        "Résume Moby Dick",
        "How does Ahab change throughout Moby Dick?",
    ],
)
def test_a_document_may_be_called_by_its_title(question):
    assert recognise(question, titles=["Moby Dick"]).kind == "overview"
    assert recognise("Who wrote Moby Dick?", titles=["Moby Dick"]).kind == "passages"


def test_lists_counts_and_contents_remain_what_they_are():
    assert recognise("Show me the table of contents of the book").kind == "contents"
    assert recognise("List all the ships in the story").kind == "list"
    assert recognise("How many times is Ahab mentioned in the book?").kind == "count"


def test_a_long_question_is_no_overview_and_takes_no_time():
    assert not is_about_the_whole("Summarise the book " + "in one word " * MAX_CHARS)
    began = time.perf_counter()
    for beginning in ("Summarise the book in", "What is the relationship between", "Describe the"):
        for filling in (" a", " Ann", " of the", " in one"):
            is_about_the_whole((beginning + filling * MAX_CHARS)[:MAX_CHARS])
    assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize(
    "question, focus",
    [
        ("How does Cornelia change throughout the novel?", "cornelia"),
        ("Describe the relationship between Harvey and Joe.", "harvey joe"),
        ("What is the plot of the story?", ""),
        ("Summarise the whole.", ""),
        ("Summarise Moby Dick", ""),
        ("Wie verändert sich Cornelia im Laufe des Romans?", "cornelia"),
        ("Worum geht es in dem Buch?", ""),
        ("De quoi parle ce livre ?", ""),
    ],
)
def test_the_words_that_a_question_is_about_are_those_beyond_its_frame(question, focus):
    assert focus_of(question, [called("Moby Dick")]) == focus


def called(title):
    """A document of this title."""
    fields = dict.fromkeys(DocumentKey._fields) | {"title": title, "file_name": "pg1.txt"}
    return DocumentKey(**fields)


@pytest.mark.parametrize(
    "question, focus",
    [
        ("How does Emma change?", "emma"),
        ("How does Emma change throughout Emma?", "emma"),
        ("How does Emma change throughout “Emma”?", "emma"),
        ("How does Harriet change throughout Emma?", "harriet"),
        ("Describe the relationship between Emma and Harriet.", "emma harriet"),
        ("Wie verändert sich Emma im Laufe des Romans?", "emma"),
        ("Comment évolue Emma au cours du roman ?", "emma"),
        ("Summarise Emma.", ""),
        ("What is the plot of Emma?", ""),
        ("Worum geht es in Emma?", ""),
    ],
)
def test_a_name_that_is_a_title_is_what_a_question_is_about(question, focus):
    assert focus_of(question, [called("Emma")]) == focus


def test_a_name_that_is_in_a_title_is_what_a_question_is_about():
    book = called("Emma Woodhouse")
    assert focus_of("How does Emma change?", [book]) == "emma"
    assert focus_of("How does Emma Woodhouse change?", [book]) == "emma woodhouse"
    assert focus_of("Summarise Emma Woodhouse.", [book]) == ""
    assert focus_of("Summarise the mill story.", [called("The Mill")]) == ""


def test_the_title_of_a_file_may_be_written_with_spaces():
    titles = ["the_thirty_nine-steps", "mill"]
    for question in ("Summarise The Thirty-Nine Steps.", "What is the Thirty-nine steps about?"):
        assert is_about_the_whole(question, titles)
    assert not is_about_the_whole("Summarise The Thirty-Nine Steps.", ["thirty_nine", "_", ""])


@pytest.mark.parametrize(
    "question",
    ["How does Emma change?", "Describe Emma's personality.", "Summarise Emma."],
)
def test_the_title_of_a_document_may_be_the_name_of_somebody_in_it(question):
    assert is_about_the_whole(question, ["Emma"])


def test_ten_thousand_titles_take_no_time():
    titles = [f"Report number {i} of the archive" for i in range(10_000)]
    began = time.perf_counter()
    assert not is_about_the_whole("Who wrote the letter to Anna?", titles)
    assert is_about_the_whole("Summarise Report number 9999 of the archive.", titles)
    assert time.perf_counter() - began < 1.0
