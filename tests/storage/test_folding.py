"""Folding: spellings that are the same word to a reader are found by each other."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.folding import fold, join_lines
from storage.fts_query import match_bonus, question_terms
from storage.stop_words import STOP_WORDS
from storage.tokens import index_tokens


def finds(question, text, language="english"):
    tokens = index_tokens(text, language, STOP_WORDS)
    return match_bonus([tokens], question_terms(question, [language])) > [0.0]


SAME = """
case            Straße STRASSE | Weiß weiss | İstanbul istanbul | ISPARTA ısparta
case            ILICA ılıca
case            Երևան ԵՐԵՒԱՆ | ΟΔΥΣΣΕΥΣ Οδυσσεύς | ẞ ss | Ǆ dž | ŉ 'n | ſie sie | ꭰ Ꭰ
accents         José Jose | Núñez nunez | Zoë zoe | Müller Muller | François francois
accents         Ångström angstrom
accents         Việt viet | Đà da | Phở pho | naïve naive | façade facade | Αθήνα αθηνα
accents         ᾳ α
letters         Müller Mueller | Mueller Müller | Muller Müller | Müller Muller | MÜLLER Mueller
letters         mueller MÜLLER | Düsseldorf Duesseldorf | Jaeger Jäger | Jäger Jaeger
letters         Schröder Schroeder | Schroeder Schröder | Weiss Weiß | Grossmann Großmann
letters         Goethe Göthe | Göthe Goethe | Mu\u0308ller Mueller | Mueller Mu\u0308ller
letters         Søren Soeren | Soeren Søren | Soren Søren | Søren Sören | Sören Søren
letters         Aarhus Århus | Århus Aarhus | Arhus Århus | Aabenraa Åbenrå | Åbenrå Aabenraa
letters         Kjær Kjaer | Kjaer Kjær | Sjælland Själland | Själland Sjælland
letters         København Koebenhavn | Koebenhavn København | Kobenhavn København
letters         Tromsø Tromsoe | Tromsoe Tromsø | Haakon Håkon | Håkon Haakon | Hakon Håkon
letters         Bjørnson Bjoernson | Bjoernson Bjørnson | Ærø Aeroe | Aeroe Ærø | Aero Ærø
letters         Göteborg Goeteborg | Goeteborg Göteborg | Malmoe Malmö | Aasa Åsa
letters         Ångström Aangstroem
letters         Djokovic Đoković | Đoković Djokovic | Dokovic Đoković | coeur cœur | cœur coeur
letters         Mueller Müllers | Müllers Mueller | Mueller-Schmidt Müller-Schmidt
letters         Müller-Lüdenscheidt Mueller-Luedenscheidt | Muellerluedenscheidt Müller-Lüdenscheidt
letters         Wassermuehle Wasser-Mühle | Ueberfuehrung Überführung | Überführung Ueberfuehrung
strokes         Łukasz Lukasz | Wałęsa Walesa | Søren Soren | Ødegård odegard | Đorđe Dorde
strokes         Ħamrun Hamrun
strokes         Þór Thor | Ægir Aegir | œuvre oeuvre | Guðrún gudrun | ŋ n | Əli Eli
cyrillic        Ёлка елка | Фёдор федор | за́мок замок | Ђорђе ЂОРЂЕ
invisible       light\u00adhouse lighthouse | tele\u200bgraph telegraph
invisible       می\u200cخواهد میخواهد
invisible       \u202aAmmon\u202c ammon | \ufeffTitle title | word\u2060joiner wordjoiner
invisible       क्\u200dष क्ष
arabic          مُحَمَّد محمد | أحمد احمد | إسلام اسلام | آمنة امنه | کتاب كتاب | یحیی يحيي
arabic          كـــتاب كتاب
arabic          مصطفى مصطفي | ٱلله الله | لا ﻻ
hebrew          בְּרֵאשִׁית בראשית | צה״ל צה"ל | ג׳ירפה ג'ירפה | בית־ספר בית-ספר
indic           बाज़ार बाजार | हाँ हां | क़लम कलम
width           ＡＢＣ abc | ｶﾞﾗｽ ガラス | ﬁnal final | Ⅷ viii | ㎏ kg | １２３ 123
width           ﬀ ff
digits          ٣٤٥ 345 | १२३ 123 | ๑๒๓ 123 | ۱۲۳ 123 | 𝟙𝟚 12
apostrophes     l’eau l'eau | O’Brien O'Brien | OBrien O'Brien | O‘Brien obrien
apostrophes     rock’n’roll rocknroll
apostrophes     eau l’eau | Artagnan d’Artagnan | Ahab Ahab’s | Hawaiʻi hawai'i
apostrophes     dell’acqua acqua
dashes          AB–1204 AB-1204 | COVID‑19 COVID-19 | twenty‐one twenty-one | ﹣5 5
dashes          well−known well-known
joined          cooperative co-operative | co-operative cooperative | wifi wi-fi
joined          wi-fi wifi | email e-mail
joined          quarterdeck quarter-deck | read_file readfile | light-¶house lighthouse
joined          lighthouse light-¶house
joined          lighthouse light\u00ad¶house | light-house light-¶house
joined          light‐¶house lighthouse
codes           AB1204 AB-1204 | AB-1204 AB1204 | ab-1204 AB.1204 | 66A 66a | H₂O H2O
codes           m² m2 | MP3 mp-3
codes           0x80070005 0X80070005 | A4 a-4 | COVID19 COVID-19 | B2B b2b
thousands       1250000 1,250,000 | 1,250,000 1250000 | 1234567 1.234.567 | 48500 48,500
thousands       1234 1'234 | 1234 1’234
thousands       1.234.567 1,234,567 | 1234.56 1,234.56 | 1234,56 1.234,56
thousands       1234567 1\u202f234\u202f567
decimals        12,5 12.5 | 12.5 12,5 | 3.14 3,14 | ٣٫١٤ 3.14 | 1.5 1,5
dotted          US U.S. | U.S.A. USA | e.g. eg | 3.11 3.11.7 | example.com example.com
signs           C# c# | C++ c++ | .NET .net | ASP.NET asp.net | R&D r&d | AT&T at&t
plurals         lighthouse lighthouses | nations nation | sailing sailed
plurals         Leuchtturm Leuchtturms
unspaced        猫 黑猫 | 机器 机器学习 | 도서관 도서관은 | ガラス ガラス工場
unspaced        ตลาด ตลาดเปิด | ສາລາ ສາລາວັນ
unspaced        ភ្នំ ភ្នំពេញ | ရန်ကုန် ရန်ကုန်မြို့ | 々 佐々木 | 〇 二〇
mixed           GPU GPU的功耗 | 2022 2022年 | 功耗 GPU的功耗 | API APIの鍵
"""
NOT_SAME = """
signs           C# C++ | C++ C# | C C# | C C++ | C# C | C++ C | F# F | .NET C# | R&D R
accents         й ц | ия ий | nation station
letters         Mueller Muller | Muller Mueller | does dos | dos does | blue blu | blu blue
letters         poet pot | pot poet | true tru | Aaron Aron | Aron Aaron | Mueller Möller
letters         Миüл Миюл | Mueller Мӱллер | zoë zooe
numbers         105 10⁵ | 10⁵ 105 | 5200³ 52003 | 125 12,5 | 12.5 125 | 1250 1,250,000
numbers         21 2½ | 101 10①
codes           AB1204 AB1205 | 660 66a | 120 AB-1204
joined          lighthouse light | operate cooperative | wife wi-fi
words           whale ship | Ahab Bahab | ship shop | 猫 犬 | 器机 机器 | مكتب كاتب
marks           की का | น้ำ นา | か が
dashes          lighthouse light—house | lighthouse light--house
"""


def pairs(table):
    """The pairs of a table: a kind, and spellings of two words; ¶ is a line break."""
    for line in table.strip().splitlines():
        kind, _, rest = line.partition(" ")
        for pair in rest.split("|"):
            question, text = pair.replace("¶", "\n").strip(" ").split(" ", 1)
            yield pytest.param(question, text, id=f"{kind} {pair.strip(' ')!a}")


@pytest.mark.parametrize(("question", "text"), list(pairs(SAME)))
def test_a_text_is_found_by_another_spelling(question, text):
    assert finds(question, text)


NAMES = "Müller Mueller Søren Soeren Århus Aarhus Kjær Kjaer Göteborg Goeteborg Håkon Haakon"
LANGUAGES = ["english", "german", "danish", "norwegian", "swedish", "finnish"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_name_is_found_in_a_text_of_any_language_with_one_letter_or_two(language):
    names = NAMES.split()
    for one, two in zip(names[::2], names[1::2], strict=True):
        assert finds(one, two, language) and finds(two, one, language)
        assert finds(fold(one), one, language) and finds(one, fold(one), language)


@pytest.mark.parametrize(("question", "text"), list(pairs(NOT_SAME)))
def test_a_text_is_not_found_by_another_word(question, text):
    assert not finds(question, text)


ANY = st.text(st.characters(codec=None))


@settings(deadline=None)
@given(ANY)
def test_folding_twice_changes_nothing_more(text):
    assert fold(fold(text)) == fold(text)


@settings(deadline=None)
@given(st.text())
def test_composed_and_decomposed_text_folds_alike(text):
    forms = {fold(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")}
    assert len(forms) == 1


@settings(deadline=None)
@given(st.text())
def test_case_does_not_matter(text):
    tokens = index_tokens(text, "english", frozenset())
    assert index_tokens(text.lower(), "english", frozenset()) == tokens


@pytest.mark.parametrize(
    ("text", "joined"),
    [
        ("light-\nhouse", "light-house"),
        ("light\u00ad \r\n house", "lighthouse"),
        ("a list\n- of\n- lines", "a list\n- of\n- lines"),
        ("he said--\nand went", "he said--\nand went"),
        ("no break-", "no break-"),
    ],
)
def test_a_word_on_two_lines_is_joined(text, joined):
    assert join_lines(text) == joined
