"""Hebrew and Arabic that came out backwards, turned round.

An extractor cannot know whether a PDF draws right-to-left text in reading order or from left to
right as it looks; pypdf takes the second for granted. The letters tell: some stand only at the
end of a word, so where they begin the words, the text is backwards.
"""

import re

# Hebrew final kaf, mem, nun, pe, tsadi; Arabic teh marbuta and alef maksura.
_FINAL_ONLY = frozenset("ךםןףץةى")
_RTL = "\u0590-\u05ff\u0600-\u065f\u066a-\u06ef\u06fa-\u06ff\u0750-\u077f"
_WORD = re.compile(f"[{_RTL}]{{2,}}")
# From the first right-to-left letter to the last one, over spaces and punctuation but no other
# letters and digits, which keep their order; at a line's start with the punctuation before it.
_NEUTRAL = rf"[^\w\n{_RTL}]"
_RUN = re.compile(rf"(?:^{_NEUTRAL}+)?[{_RTL}]+(?:{_NEUTRAL}+[{_RTL}]+)*", re.MULTILINE)
_MIN_SIGNS = 2


def restore_reading_order(text: str) -> str:
    """Return the text, its right-to-left runs turned round if they are backwards."""
    starts, ends = 0, 0
    for match in _WORD.finditer(text):
        starts += match[0][0] in _FINAL_ONLY
        ends += match[0][-1] in _FINAL_ONLY
    if starts < _MIN_SIGNS or starts <= 2 * ends:
        return text
    return _RUN.sub(lambda match: match[0][::-1], text)
