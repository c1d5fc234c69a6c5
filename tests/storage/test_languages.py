"""Languages: which one a text is in, and the stems of its words."""

import sys

import pytest

from storage.languages import _SCRIPTS, _STEMMERS_OF_SCRIPTS, detect_language, stem, stems

PROSE = {
    "english": "The keeper of the lighthouse went down to the harbour and mended the nets.",
    "german": "Der Wärter des Leuchtturms ging zum Hafen hinunter und flickte die Netze.",
    "french": "Le gardien du phare descendit au port et répara les filets des pêcheurs.",
    "spanish": "El guardián del faro bajó al puerto y reparó las redes de los pescadores.",
    "italian": "Il guardiano del faro scese al porto, perché voleva riparare le reti degli altri.",
    "dutch": "De vuurtorenwachter ging naar de haven en herstelde de netten van de vissers.",
    "polish": "Latarnik zszedł do portu i naprawił sieci rybaków, którzy wrócili z morza.",
    "turkish": "Fenerin bekçisi limana indi ve balıkçıların ağlarını onardı.",
    "russian": "Смотритель маяка спустился в гавань и починил сети рыбаков.",
    "greek": "Ο φύλακας του φάρου κατέβηκε στο λιμάνι και επισκεύασε τα δίχτυα.",
    "hindi": "पुस्तकालय दिल्ली में है और बाज़ार सोमवार को बंद रहता है।",
}


@pytest.mark.parametrize("language", PROSE)
def test_the_language_of_prose_is_found(language):
    assert detect_language(PROSE[language]) == language


@pytest.mark.parametrize(
    "text",
    ["", "12 34", "x = foo(bar) + 1", "灯台の守り人は港へ下りた。", "2031-01-25 INFO port=80"],
)
def test_a_text_without_a_known_language_is_taken_for_english(text):
    assert detect_language(text) == "english"


def test_english_is_found_without_the_model_of_languages(monkeypatch):
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)
    assert detect_language(PROSE["english"]) == "english"
    assert detect_language('10.0.0.1 - - [25/Jan/2031] "GET / HTTP/1.1" 200 17') == "english"


@pytest.mark.parametrize("language", [*_SCRIPTS, *_STEMMERS_OF_SCRIPTS.values()])
def test_every_language_has_a_stemmer(language):
    assert stem("ab", language) == "ab"
    assert stem("lighthouses", language)


def test_words_of_another_script_are_cut_as_its_own_language_does():
    assert stem("lamps", "russian") == "lamp"
    assert stem("книги", "english") == stem("книга", "german")
    assert stem("שלום", "english") == "שלום"


def test_codes_and_signs_are_not_cut():
    assert [stem(word, "english") for word in ("ab120s", "c++", ".nets", "12.5")] == [
        *("ab120s", "c++", ".nets", "12.5")
    ]


def test_stems_in_several_languages_come_once():
    assert stems("nations", ["english", "german"]) == ("nation",)
    assert stems("hauser", ["english", "german"]) == ("hauser", "haus")
