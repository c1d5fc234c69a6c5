"""Words put into reading order by their positions."""

import random
import sys
import time

import pytest

from ingest.pdf.layout import page_layout
from ingest.sandbox.pdfium import PageWord

SIZE = 10.0


def words(text, x, y, size=SIZE, letter=0.5, **more):
    """Return the words of a line that begins at (x, y), each letter half as wide as high."""
    found = []
    for word in text.split():
        width = letter * size * len(word)
        found.append(PageWord(word, x, x + width, y, size, **more))
        x += width + 0.25 * size
    return found


def lines(texts, x, top=700, step=14, **more):
    return [word for n, text in enumerate(texts) for word in words(text, x, top - step * n, **more)]


LEFT = ["Left column begins here and", "tells of the old mill that", "stood above the weir."]
RIGHT = [
    "Right column is another one,",
    "a story about the ferry and",
    "its two oars, both broken.",
]


def test_values_that_are_drawn_first_stand_beside_their_labels():
    values = lines(["12.50", "3.20", "15.70"], 420)
    goods = lines(["Rope, ten fathoms", "Tar, one can", "Sum to pay"], 90)
    assert page_layout(values + goods).split("\n") == [
        *("Rope, ten fathoms\t12.50", "Tar, one can\t3.20", "Sum to pay\t15.70"),
    ]


@pytest.mark.parametrize("lower", [0, 6], ids=["on the same lines", "on other lines"])
def test_columns_of_prose_are_read_one_after_the_other(lower):
    heading = words("A HEADING OVER BOTH OF THE TWO COLUMNS OF THE PAGE", 60, 740)
    across = lines(LEFT * 2, 50) + lines(RIGHT * 2, 320, 700 - lower)
    random.Random(3).shuffle(across)
    text = page_layout(heading + across)
    assert " ".join(text.split()) == " ".join(
        ["A HEADING OVER BOTH OF THE TWO COLUMNS OF THE PAGE", *LEFT, *LEFT, *RIGHT, *RIGHT]
    )


def test_empty_cells_are_kept():
    rows = [
        ("Port", "Depth", "Crane"),
        ("Holm", "4 m", "yes"),
        ("Brae", "", "no"),
        ("Vik", "9 m", ""),
    ]
    cells = [
        word
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
        for word in words(text, 72 + 150 * column, 600 - 18 * row)
    ]
    assert page_layout(cells) == "Port\tDepth\tCrane\nHolm\t4 m\tyes\nBrae\t\tno\nVik\t9 m"


def test_a_title_and_a_page_number_far_apart_are_one_line():
    text = page_layout(
        words("The Title", 50, 800) + words("12", 500, 800) + lines(LEFT, 50, step=12)
    )
    assert text.split("\n")[0] == "The Title 12"


@pytest.mark.parametrize(
    ("raised", "joined"),
    [("5", "10⁵"), ("-3", "10⁻³"), ("th", "10th"), ("2a", "10^2a"), ("*", "10*")],
)
def test_a_raised_figure_is_no_digit_of_the_number(raised, joined):
    ten = PageWord("10", 100, 110, 700, SIZE)
    mark = PageWord(raised, 110, 114, 704, 6.5)
    assert page_layout([ten, mark, *words("cells", 118, 700)]) == f"{joined} cells"


def test_what_is_small_and_raised_but_apart_is_not_joined():
    note = PageWord("5", 300, 303, 704, 6.5)
    assert "⁵" not in page_layout([PageWord("10", 100, 110, 700, SIZE), note])


def test_a_word_that_is_drawn_twice_to_look_bold_is_there_once():
    bold = words("Total due", 50, 700) + words("Total due", 50.4, 700.2)
    assert page_layout(bold + words("Total due", 50, 650)) == "Total due\nTotal due"


def test_a_drop_cap_belongs_to_its_word():
    cap = PageWord("T", 50, 68, 672, 36.0)
    text = page_layout([cap, *words("here was a mill", 70, 700), *words("by the weir", 70, 686)])
    assert text.split("\n")[0].strip() == "There was a mill"
    apart = [cap._replace(text="A"), *words("mill was", 70, 700, has_space=True)]
    assert "Amill" not in page_layout(apart)


def test_an_indented_line_begins_with_a_space():
    text = page_layout([*words("  By the weir", 62, 714), *lines(LEFT, 50)])
    assert text.split("\n")[0] == " By the weir"


def test_other_directions_are_left_to_the_drawing():
    assert page_layout([]) == ""
    assert page_layout(words("שלום עולם", 50, 700)) == ""
    assert page_layout(lines(LEFT, 50) + lines(RIGHT, 320, angle=90)) == ""
    margin = words("arXiv", 20, 300, angle=90)
    assert page_layout(lines(LEFT * 5, 50, step=12) + margin).endswith("weir.\narXiv")


def test_many_words_take_little_time():
    rng = random.Random(7)
    many = [
        PageWord(",", x := rng.uniform(0, 600), x + 3, rng.uniform(0, 800), rng.uniform(1, 40))
        for _ in range(20_000)
    ]
    began_s = time.process_time()
    assert page_layout(many)
    assert page_layout([PageWord("x", 1, 2, 3, 0.0)] * 20_000)
    assert time.process_time() - began_s < 20


def test_rows_of_thousands_of_words_take_time_in_proportion_to_their_words():
    def steps(count):
        """Return how many lines of code run for two rows of so many words far apart."""
        cells = [
            PageWord("x", 20.0 * n, 20.0 * n + 5, y, SIZE) for y in (700, 686) for n in range(count)
        ]
        calls = 0

        def count_line(frame, event, argument):
            nonlocal calls
            calls += event == "line"
            return count_line

        before = sys.gettrace()
        sys.settrace(count_line)
        try:
            text = page_layout(cells)
        finally:
            sys.settrace(before)
        assert text == "\n".join(["\t".join(["x"] * count)] * 2)
        return calls

    assert steps(800) < 5 * steps(200)


def test_a_page_of_far_apart_words_in_one_row_is_laid_out():
    cells = [PageWord("x", 20.0 * n, 20.0 * n + 5, 700.0, SIZE) for n in range(20_000)]
    assert page_layout(cells) == "\t".join(["x"] * 20_000)
