"""The encoding of text files, detected from their bytes."""

import io

import pytest

from ingest import UnknownEncoding
from ingest.lines.encoding import Encoding, detect_encoding, named_encoding
from tests.support.encoded_texts import encoded_texts

FRENCH = "L'été, à la forêt, où l'on rêvait déjà ; le garçon naïf paya 5 € au « Cœur ».\n"
FINNISH = "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.\nHänellä\n"
RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах.\n"
POLISH = "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.\n"


def detected(data: bytes) -> Encoding:
    return detect_encoding(io.BytesIO(data))


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        (FINNISH, "cp1252"),
        (RUSSIAN * 3, "cp1251"),
        (RUSSIAN * 3, "koi8_r"),
        (POLISH * 3, "cp1250"),
        (FRENCH, "iso8859_15"),
        (FRENCH, "utf-8"),
        ("plain ASCII\n", "utf-8"),
    ],
)
def test_unmarked_text_decodes_to_what_was_written(text, encoding):
    data = text.encode(encoding)
    assert data.decode(detected(data).name) == text


@pytest.mark.parametrize(
    ("language", "encoding", "text"),
    [pytest.param(*case, id=f"{case[0]}-{case[1]}-{len(case[2])}") for case in encoded_texts()],
)
def test_a_text_of_any_length_is_read_in_the_encoding_of_its_language(language, encoding, text):
    data = text.encode(encoding)
    found = detected(data)
    assert data.decode(found.name) == text
    assert found.guessed


@pytest.mark.parametrize(
    ("word", "encoding"),
    [
        *[(word, "cp1252") for word in ("café", "naïve", "Größe", "señor", "à", "déjà vu")],
        *[(word, "cp1252") for word in ("It’s", "20 °C", "© 2020 Acme", "“so” – here", "€ 5")],
        *[(word, "cp1252") for word in ("CAFÉ AU LAIT", "C:\\Büro\\Übersicht.txt", "São Paulo")],
        *[(word, "mac_roman") for word in ("café", "naïve façade")],
        *[(word, "cp850") for word in ("Müller", "café")],
        *[("Ошибка: файл не найден", encoding) for encoding in ("cp1251", "koi8_r", "cp866")],
    ],
)
def test_a_single_word_beyond_ascii_is_read_as_a_word(word, encoding):
    data = f"{word}\n".encode(encoding)
    assert data.decode(detected(data).name) == f"{word}\n"


def test_an_encoding_is_found_from_accents_late_in_a_long_ascii_file():
    data = b"An ASCII line.\n" * 20_000 + FRENCH.encode("cp1252")
    assert detected(data).name == "cp1252"


def test_a_utf_8_character_across_a_block_of_a_line_without_end_is_no_error():
    for before in range(4):
        data = b"x" * before + "日本語".encode() * 60_000
        assert detected(data) == Encoding("utf-8")


def test_replacement_characters_in_utf_8_do_not_speak_for_another_encoding():
    assert detected("\ufffd\ufffd caf\ufffd\n".encode()) == Encoding("utf-8")


@pytest.mark.parametrize(
    ("encoding", "guessed"), [("utf-8", False), ("utf-16", False), ("utf-16-le", True)]
)
def test_a_guessed_encoding_is_marked_as_a_guess(encoding, guessed):
    data = ("Plain words here.\n" * 4).encode(encoding)
    assert detected(data).guessed is guessed


def test_the_note_on_a_guess_names_the_languages_of_the_encoding():
    turkish = "Adadaki fırıncı, gemi boğazdan geçince taze ekmek satıyor.\n"
    assert detected(turkish.encode("cp1254")).note() == (
        "The text's encoding was not marked; it was read as cp1254 (Turkish)."
    )
    assert detected(turkish.encode()).note() is None


@pytest.mark.parametrize("other", ["cp1252", "cp1251", "gb18030"])
def test_lines_in_utf_8_and_in_another_encoding_are_told_apart(other):
    lines = {
        "cp1252": "Größe prüfen, Müller",
        "cp1251": "Ошибка: файл не найден",
        "gb18030": "文件不存在",
    }
    data = b"".join(
        [
            f"ligne {at} : déjà reçu\n".encode() + f"{lines[other]} {at}\n".encode(other)
            for at in range(5)
        ]
    )
    found = detected(data)
    assert (found.name, found.for_other_lines) == ("utf-8", other)
    assert "lines in another encoding" in (found.note() or "")


@pytest.mark.parametrize(
    ("encoding", "word"), [("cp866", "сам"), ("euc_kr", "찼"), ("cp1251", "Щё")]
)
def test_lines_that_are_utf_8_by_chance_do_not_make_a_text_mixed(encoding, word):
    text = "Все люди рождаются свободными.\n" if encoding != "euc_kr" else "모든 사람은 자유롭다.\n"
    data = (text * 5 + f"{word}\n" + text).encode(encoding)
    assert data.decode(detected(data).name) == text * 5 + f"{word}\n" + text


def test_colours_in_their_8_bit_form_do_not_make_a_text_western():
    assert detected(b"\x9b31mred\x9b0m and plain\n" * 3).name == "iso8859-1"


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("latin-1", "iso8859-1"),
        ("UTF-8", "utf-8-sig"),
        (" koi8-r ", "koi8-r"),
        ("sjis", "shift_jis"),
    ],
)
def test_a_named_encoding_is_known_by_its_usual_names(name, known):
    assert named_encoding(name) == Encoding(known, given=True)


@pytest.mark.parametrize(
    "name", ["", "klingon", "base64", "rot13", "idna", "zip", "a\0b", "x" * 999]
)
def test_a_name_that_is_no_text_encoding_is_refused_in_one_sentence(name):
    with pytest.raises(UnknownEncoding, match="There is no text encoding named") as caught:
        named_encoding(name)
    assert len(str(caught.value)) < 250 and "\n" not in str(caught.value)
