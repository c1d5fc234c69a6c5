"""The words of a text: which are names, and which carry its meaning."""

import unicodedata

import pytest

from app.service.answering.words import content_words, count_shared, folded_name, names_in


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Where does Agnes Tarrant live?", ["Agnes", "Tarrant"]),
        ("Where is it? There. And now: Here", []),
        ("Who is the captain O’Brien?", ["O’Brien"]),
        ("Where does Mr. Harding meet the Rev. Bold? No. Here", ["Mr", "Harding", "Rev", "Bold"]),
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
        ("Müller", {"muller", "mueller"}),
        ("Mueller", {"mueller"}),
        ("ÅRHUS", {"arhus", "aarhus"}),
        ("Kjær", {"kjaer"}),
    ],
)
def test_a_name_is_folded(name, forms):
    assert folded_name(name) == forms


def test_content_words_are_folded_and_no_stop_words():
    words = content_words("The café’s co-operative")
    assert set(words) == {*("cafe", "co", "operative", "cooperative")} == set(words.values())
    assert set(content_words("機器学")) == {"機器", "器学", "学"}


@pytest.mark.parametrize("one", ["Müller", "Mueller"])
@pytest.mark.parametrize("other", ["Müller", "Mueller"])
def test_a_word_is_shared_once_in_any_spelling(one, other):
    answer, passage = content_words(f"Anna {one} spoke"), content_words(f"the poet {other}, {one}")
    assert count_shared(answer, passage) == 1
    assert count_shared(content_words("Muller"), content_words("Müller")) == 1
    assert count_shared(content_words("a poet, true"), content_words("pot, tru")) == 0
