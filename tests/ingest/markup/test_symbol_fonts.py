"""Characters of fonts that draw others than are stored."""

import pytest

from ingest.markup.symbol_fonts import symbol, with_symbols


@pytest.mark.parametrize(
    ("font", "code", "sign"),
    [
        *(("Symbol", 0xF0B1, "±"), ("symbol", 0xB0, "°"), ("Symbol", 0xF061, "α")),
        *(("Symbol", 0xF0D6, "√"), ("Symbol", 0xF0F2, "∫"), ("Symbol", 0xF07A, "ζ")),
        *(("Wingdings", 0xF0FC, "✓"), ("Wingdings", 0xF0E0, "→"), ("Wingdings", 0xF083, "③")),
        *(("Wingdings", 0xF0A8, "☐"), ("Wingdings 2", 0xF050, "✓"), ("Webdings", 0xF061, "✓")),
        *(("Arial", 0x263A, "☺"), ("Arial", 0xF0B7, None), ("Wingdings", 0xF0C0, None)),
        *(("Arial", 0x7, None), ("Arial", 0xD800, None), ("Arial", 10**9, None)),
    ],
)
def test_a_code_gives_what_the_font_draws(font, code, sign):
    assert symbol(font, code) == sign


def test_only_private_characters_in_text_are_those_of_the_font():
    assert with_symbols("a \uf061 = 30\uf0b0", "Symbol") == ("a α = 30°", 0)
    assert with_symbols("plain", "Symbol") == ("plain", 0)
    assert with_symbols("\uf0b7 item", "") == ("\ufffd item", 1)
