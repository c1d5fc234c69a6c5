"""Characters of the fonts that draw other characters than those that are stored.

A Word document names such a character by its number in the font, often in the private area of
Unicode (U+F0B1 of Symbol is ±).

Source: the tables that the Unicode Consortium publishes for Symbol; the Wingdings fonts by sight.
"""

import re

_SYMBOL = {
    0x20: " !∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_",
    0x60: "‾αβχδεφγηιϕκλμνοπθρστυϖωξψζ",
    0x7B: "{|}∼",
    0xA0: "€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…⏐⎯↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓◊〈®©™∑⎛⎜⎝⎡⎢⎣⎧⎨⎩⎪",
    0xF1: "〉∫⌠⎮⌡⎞⎟⎠⎤⎥⎦⎫⎬⎭",
}
_WINGDINGS = {
    0x20: " ✏✂✁",
    0x28: "☎✆✉",
    0x36: "⌛",
    0x3F: "✍",
    0x41: "✌",
    0x43: "👍👎☜☞☝☟",
    0x4A: "☺",
    0x4C: "☹",
    0x4E: "☠",
    0x51: "✈☼",
    0x54: "❄",
    0x6C: "●❍■□",
    0x71: "❑❒⬧⧫◆❖⬥",
    0x80: "⓪①②③④⑤⑥⑦⑧⑨⑩⓿❶❷❸❹❺❻❼❽❾❿",
    0x9E: "·•",
    0xA1: "○",
    0xA4: "◉",
    0xA7: "▪☐",
    0xAB: "★",
    0xD8: "➢",
    0xDC: "➲",
    0xDF: "←→↑↓↖↗↙↘",
    0xE8: "➔",
    0xEF: "⇦⇨⇧⇩⬄",
    0xFB: "✗✓☒☑",
}
_WINGDINGS_2 = {0x4F: "✗✓☒☑☒", 0x97: "●", 0xA3: "□"}
_WINGDINGS_3 = {0x66: "←→↑↓", 0x7D: "▶"}
_WEBDINGS = {0x61: "✓", 0x63: "□", 0x67: "■", 0x6E: "●", 0x72: "✗"}
_FONTS = {
    name: {first + at: sign for first, signs in rows.items() for at, sign in enumerate(signs)}
    for name, rows in {
        "symbol": _SYMBOL,
        "wingdings": _WINGDINGS,
        "wingdings 2": _WINGDINGS_2,
        "wingdings 3": _WINGDINGS_3,
        "webdings": _WEBDINGS,
    }.items()
}
_PRIVATE = range(0xF000, 0xF100)
_HAS_PRIVATE = re.compile("[\uf000-\uf0ff]")


def is_symbol_font(font: str) -> bool:
    """Return whether a font is known to draw other characters than those that are stored."""
    return font.lower() in _FONTS


def symbol(font: str, code: int) -> str | None:
    """Return the character that a font draws for a code, None if it is not known.

    >>> symbol("Symbol", 0xF0B1), symbol("Wingdings", 0xFC), symbol("Arial", 0x41)
    ('±', '✓', 'A')
    """
    signs = _FONTS.get(font.lower())
    if signs is not None:
        return signs.get(code - 0xF000 if code in _PRIVATE else code)
    if code in _PRIVATE or not 0x20 <= code < 0x110000 or 0xD800 <= code < 0xE000:
        return None
    return chr(code)


def with_symbols(text: str, font: str) -> tuple[str, int]:
    """Return text with the characters that a font draws for private ones; count those not known.

    A character that is not known becomes U+FFFD.
    """
    if text.isascii() or not _HAS_PRIVATE.search(text):
        return text, 0
    found = [symbol(font, ord(sign)) if ord(sign) in _PRIVATE else sign for sign in text]
    return "".join(sign or "\ufffd" for sign in found), found.count(None)
