"""Places that are quoted by code: what asks for them, and how much of them is quoted."""

from dataclasses import replace

import pytest

from app.service.answering.clauses import clause_labels, without_label
from app.service.answering.places_in_question import places_in
from app.service.answering.quoting import MAX_QUOTED_CHARS, is_quoted, quote, wanted_of
from tests.support.passages import passage

KINDS = ["chapter", "line", "page", "paragraph", "row"]


def wanted(question, *names):
    places, rest = places_in(question, KINDS)
    if not places:
        (label,) = clause_labels(question)
        rest = without_label(question, label)
    return wanted_of(question, rest, names)


@pytest.mark.parametrize(
    "question",
    [
        "What is on line 100?",
        "What's on line 100?",
        "line 5",
        "What does line 5 say?",
        "What does it say on line 5?",
        "What is written in row 3 of the table?",
        "What stands in paragraph 12?",
        "Can you tell me what is on line 7 of the log file?",
        "What does entry 9 contain?",
        "What does clause 2.2 say?",
        "What does section 4 of the contract state?",
        "Was steht in Zeile 100?",
        "Was steht in § 4?",
        "Wie lautet Zeile 7?",
        "Was sagt Abschnitt 4.2?",
        "Que dit la ligne 5 ?",
        "Qu'est-ce qui est écrit à la ligne 5 ?",
        "What is on page 3?",
    ],
)
def test_what_is_written_at_a_place_is_asked_for(question):
    assert wanted(question) == "text"


@pytest.mark.parametrize(
    "question",
    [
        "show lines 20-30 of app.log",
        "Show me line 5, please.",
        "Please quote page 20.",
        "Quote section 4",
        "read me page 20",
        "Read page 20 aloud",
        "Could you print lines 3 to 9?",
        "I want to see line 5",
        "Give me the text of page 3.",
        "List lines 1-5",
        "What are the exact words of page 20?",
        "What is the wording of clause 2.2?",
        "What does page 3 say, word for word?",
        "Zeige mir Zeile 5.",
        "Zitiere Seite 20 wörtlich",
        "Wie ist der genaue Wortlaut von Seite 3?",
        "Montre-moi les lignes 20 à 30",
        "Citez la page 3 mot pour mot",
    ],
)
def test_the_words_of_a_place_are_asked_for(question):
    assert wanted(question, "app", "log") == "words"


@pytest.mark.parametrize(
    "question",
    [
        "Which user is named on line 100?",
        "What happens on page 20?",
        "Who speaks on line 5?",
        "Explain line 5.",
        "Translate line 5 into German.",
        "What does line 5 mean?",
        "How many words are on line 5?",
        "Is there an error on line 5?",
        "Show me who is named on page 3",
        "Quote what Anna says on page 3",
        "Why does line 5 say that?",
        "Summarise chapter 4",
        "Compare lines 3 and 9",
        "When is the price due under clause 2.2?",
        "What does clause 2.2 say about the price?",
        "Show how line 5 differs",
        "Welcher Benutzer steht in Zeile 5?",
        "Qui est nommé à la ligne 5 ?",
    ],
)
def test_what_asks_something_about_a_place_is_answered_by_the_model(question):
    assert wanted(question) == "other"


def test_the_name_of_the_document_is_no_question():
    assert wanted("What is on line 5 of harbour.txt?") == "other"
    assert wanted("What is on line 5 of harbour.txt?", "harbour", "txt") == "text"


def test_a_page_is_quoted_only_if_its_words_are_asked_for_and_a_line_always():
    page = [passage(1, "word " * 100)]
    assert is_quoted(page, "words", is_small=False) and is_quoted(page, "text", is_small=True)
    assert not is_quoted(page, "text", is_small=False)
    assert not is_quoted(page, "other", is_small=True) and not is_quoted([], "words", True)
    many = [passage(n, "word " * 100) for n in range(9)]
    assert not is_quoted(many, "text", is_small=True) and is_quoted(many, "words", is_small=True)


def test_a_quotation_is_the_text_character_by_character_with_its_numbers():
    quoted = quote([passage(1, "\n  a  [1] b\nc\n"), passage(2, "d\n")], "page 1 of Book")
    assert quoted.text == "  a  [1] b\nc [1]\nd [2]"
    assert len(quoted.passages) == 2 and not quoted.left_out


def test_of_several_documents_each_is_named():
    other = replace(passage(2, "b"), document_id=2, document_title="Other", locator="line 5")
    assert quote([passage(1, "a"), other], "line 5").text == (
        "Book, page 1:\na [1]\n\nOther, line 5:\nb [2]"
    )


def test_of_a_long_place_the_beginning_is_quoted_and_the_rest_is_counted():
    long = [passage(n, "x" * 2_500) for n in range(1, 5)]
    quoted = quote(long, "chapter 2 of Book")
    assert quoted.text.count("x") == MAX_QUOTED_CHARS and quoted.text.endswith("… [3]")
    assert len(quoted.passages) == 3
    assert quoted.left_out == (
        "Only the first 6,000 of 10,000 characters of chapter 2 of Book are quoted."
    )
