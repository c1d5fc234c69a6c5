"""The words of a text: which are names, and which carry its meaning."""

import unicodedata

import pytest

from app.service.answering.words import content_words, folded_name, names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Where does Agnes Tarrant live?", ["Agnes", "Tarrant"]),
        ("Where is it? There. And now: Here", []),
        ("Who is the captain O’Brien?", ["O’Brien"]),
        ("What did the WHO send?", ["WHO"]),
        ("What is The matter, and I'm lost", []),
        ("Is the language C# or AT&T's?", ["C#", "AT&T's"]),
        ("Did “Łukasz” come to Ødegård?", ["Łukasz", "Ødegård"]),
        ("В каком доме жил Фёдор?", ["Фёдор"]),
        ("배는 어디에 있습니까?", []),
        ("पुस्तकालय कहाँ है?", []),
        ("GPU 的功耗是多少 和 API 呢?", ["API"]),
        ("أين المكتبة في القاهرة؟", []),
        ("სად არის ბიბლიოთეკა აქ?", []),
    ],
)
def test_names_have_a_capital_letter_inside_a_sentence(text, names):
    assert names_in(text) == names
    assert names_in(unicodedata.normalize("NFD", text)) == names


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Núñez", {"nunez"}),
        ("Brooks", {"brook"}),
        ("O’Brien", {"brien", "obrien"}),
        ("WHO", {"^who"}),
        ("NASA", {"nasa"}),
        ("R&D", {"r&d"}),
        ("C#", {"c#"}),
    ],
)
def test_a_name_is_folded(name, forms):
    assert folded_name(name) == forms


def test_content_words_are_folded_and_no_stop_words():
    assert content_words("The café’s co-operative") == {*("cafe", "co", "operative", "cooperative")}
    assert content_words("機器学") == {"機器", "器学", "学"}
