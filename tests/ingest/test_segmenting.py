"""Running text cut at the best boundaries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.segmenting import Row, cut_blocks, cut_rows, cut_text

TEXTS = st.text(alphabet="ab A.!\n\t。\u0301\u200d🙂", max_size=200)


@given(TEXTS, st.integers(1, 30), st.integers(0, 40))
def test_pieces_join_to_the_text_and_keep_the_limit(text, target, more):
    pieces = list(cut_text(text, target, target + more))
    assert "".join(pieces) == text
    assert all(0 < len(piece) <= target + more for piece in pieces)


@given(st.lists(TEXTS, max_size=6), st.integers(1, 30), st.integers(0, 40))
def test_rows_without_headers_are_cut_as_other_text(texts, target, more):
    pieces = cut_rows(map(Row, texts), target, target + more)
    assert [piece.text for piece in pieces] == list(cut_blocks(texts, target, target + more))


def test_paragraphs_are_merged_up_to_about_the_target():
    text = "".join(f"Paragraph {number} is short.\n\n" for number in range(10, 20))
    assert [piece.count("\n\n") for piece in cut_text(text, 80, 160)] == [3, 3, 4]


def test_a_long_paragraph_of_wrapped_lines_is_cut_between_sentences():
    text = ("The cat sat on the\nmat and purred. " * 20).strip()
    pieces = list(cut_text(text, 100, 200))
    assert all(piece.rstrip().endswith("purred.") for piece in pieces)


def test_text_is_cut_between_lines_if_no_line_begins_in_lower_case():
    text = "".join(f"10:{number} Started. Job {number} of many\n" for number in range(10, 40))
    assert all(piece.endswith("of many\n") for piece in cut_text(text, 100, 200))


@pytest.mark.parametrize("unit", ["e\u0301", "👩\u200d🔬"], ids=["accent", "emoji"])
def test_a_cut_inside_a_word_keeps_letters_and_accents_together(unit):
    pieces = list(cut_text("x" + unit * 100, 50, 50))
    assert all(piece.endswith(unit) for piece in pieces)


def test_the_labels_of_a_list_do_not_make_it_wrapped_prose():
    text = "".join(f"{letter}. The step is done. Then rest\n" for letter in "abcdefgh")
    pieces = list(cut_text(text, 60, 100))
    assert len(pieces) > 2 and all(piece.endswith("rest\n") for piece in pieces)
