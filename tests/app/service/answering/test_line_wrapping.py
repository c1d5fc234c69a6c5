"""Line breaks that only the width of a page made are taken out; others stay."""

import pytest

from app.service.answering.line_wrapping import unwrapped

PROSE = (
    "The mill stood by the ford, and the old\nwidow who owned it had let the wheel run\n"
    "dry, for she was angry with the miller."
)
VERSE = "Stop thief, ho!\nGo-Swift, whoa!\nThe night is dark and the road is long and cold,\nO!"
LIST = "Bring with you:\n- a lamp\n- a rope of at least forty fathoms, well tarred\n- bread"


def test_wrapped_prose_is_one_line():
    joined = unwrapped(PROSE)
    assert joined == PROSE.replace("\n", " ") and "the old widow who" in joined


def test_a_passage_that_begins_at_the_end_of_a_line_is_unwrapped():
    assert "\n" not in unwrapped(f"came home.\n{PROSE}")


def test_breaks_between_paragraphs_stay():
    assert unwrapped(f"{PROSE}\n\n{PROSE}\n \n{VERSE}") == (
        f"{unwrapped(PROSE)}\n\n{unwrapped(PROSE)}\n \n{VERSE}"
    )


@pytest.mark.parametrize("text", [VERSE, LIST, "", "\n", "A title\n" + "word " * 60, "a\nb\nc"])
def test_other_lines_stay(text):
    assert unwrapped(text) == text
