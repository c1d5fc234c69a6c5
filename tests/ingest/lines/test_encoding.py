"""The encoding of text files, detected from their bytes."""

import io

import pytest

from ingest.lines.encoding import detect_encoding

FRENCH = "L'été, à la forêt, où l'on rêvait déjà ; le garçon naïf paya 5 € au « Cœur ».\n"
FINNISH = "Kaikki ihmiset syntyvät vapaina ja tasavertaisina arvoltaan ja oikeuksiltaan.\nHänellä\n"
RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах.\n"
POLISH = "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw.\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (FRENCH, "cp1252"),
        (FINNISH, "cp1252"),
        (RUSSIAN * 3, "cp1251"),
        (RUSSIAN * 3, "koi8_r"),
        (POLISH * 3, "cp1250"),
        (FRENCH, "utf-8"),
        ("plain ASCII\n", "utf-8"),
    ],
)
def test_unmarked_text_decodes_to_what_was_written(text, encoding):
    data = text.encode(encoding)
    assert data.decode(detect_encoding(io.BytesIO(data)).name) == text


def test_an_encoding_is_found_from_accents_late_in_a_long_ascii_file():
    data = b"An ASCII line.\n" * 20_000 + FRENCH.encode("cp1252")
    assert detect_encoding(io.BytesIO(data)).name == "cp1252"


@pytest.mark.parametrize(
    ("encoding", "guessed"), [("utf-8", False), ("utf-16", False), ("utf-16-le", True)]
)
def test_a_guessed_encoding_is_marked_as_a_guess(encoding, guessed):
    data = ("Plain words here.\n" * 4).encode(encoding)
    assert detect_encoding(io.BytesIO(data)).guessed is guessed
